/*
 * child_process.h
 *	  Runs a program as if the user had started it without us.
 */
#ifndef ARX_PROFILER_CHILD_PROCESS_H
#define ARX_PROFILER_CHILD_PROCESS_H

#include <stdbool.h>

/* Becomes the program; returns only when that failed, with errno. */
extern void arx_child_exec(char **argv);

/*
 * Starts the program and waits for it, passing on signals that were sent to
 * this process.  *status is what a shell would make of its end: its exit
 * status, or 128 + N after signal N.  False, the reason said, when it could
 * not be started.  LD_PRELOAD is for the program only: it is unset here.
 */
extern bool arx_child_run(char **argv, int *status);

#endif
