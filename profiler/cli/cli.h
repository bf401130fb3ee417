/*
 * cli.h
 *	  What the commands of arxheap share: their table, options, exit statuses.
 */
#ifndef ARX_PROFILER_CLI_H
#define ARX_PROFILER_CLI_H

#include <stdbool.h>
#include <stdio.h>

#define ARX_CLI_VERSION "1.0"

/* Exit statuses; part of the interface. */
#define ARX_EXIT_OK 0
#define ARX_EXIT_USAGE 1
#define ARX_EXIT_FAILED 2 /* could not run: nothing is said about leaks */
#define ARX_EXIT_LEAK 3	  /* leaks --fail found one */

typedef struct ArxCommand
{
	const char *name;
	const char *arguments; /* "DIR|PID" */
	const char *summary;   /* one line for the list of commands */
	const char *help;	   /* the whole text of "arxheap NAME --help" */
	int (*run)(int argc, char **argv); /* argv[0] is the command's name */
} ArxCommand;

/* All commands, the last one with a NULL name. */
extern const ArxCommand arx_commands[];

/* The command of this name, NULL when there is none. */
extern const ArxCommand *arx_command_find(const char *name);

/* "error: ..." and, unless hint is NULL, "hint: ..." on stderr. */
extern void arx_say_error(const char *hint, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* "note: ..." on stderr: what the user should know, though all went well. */
extern void
arx_say_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * What long work is doing just now, on one line of stderr that the next one
 * overwrites; shown when stderr is a terminal or progress was asked for
 * (then one line each).  arx_progress_end() clears the line; say_* do so
 * themselves.
 */
extern void arx_progress_enable(bool always);
extern void
arx_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));
extern void arx_progress_end(void);

/*
 * Flushes stdout and says so when that failed (a full disk, a closed pipe).
 * Returns status, or ARX_EXIT_FAILED.
 */
extern int arx_finish_output(int status);

#endif
