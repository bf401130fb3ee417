/*
 * cli.h
 *	  What the commands of arxheap share: their table, options, exit statuses.
 */
#ifndef ARX_PROFILER_CLI_H
#define ARX_PROFILER_CLI_H

#include <stdbool.h>
#include <stdio.h>

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
	int (*run) (int argc, char **argv); /* argv[0] is the command's name */
} ArxCommand;

/* All commands, the last one with a NULL name. */
extern const ArxCommand arx_commands[];

/* "error: ..." and, unless hint is NULL, "hint: ..." on stderr. */
extern void arx_say_error(const char *hint, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
