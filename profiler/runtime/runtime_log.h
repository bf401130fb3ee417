/*
 * runtime_log.h
 *	  One line on stderr, before the program's own code runs.
 */
#ifndef ARX_PROFILER_RUNTIME_LOG_H
#define ARX_PROFILER_RUNTIME_LOG_H

/*
 * Writes "arxheap: WHAT (DETAIL)" on the standard error; detail may be NULL.
 * Only the constructor calls it: later that descriptor may be anything.
 */
extern void ah_say(const char *what, const char *detail);

#endif
