/*
 * program_check.h
 *	  Can a program be preloaded at all?  Asked before it is started.
 */
#ifndef ARX_PROFILER_PROGRAM_CHECK_H
#define ARX_PROFILER_PROGRAM_CHECK_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ArxProgramCheck
{
	char path[4096];	/* what would be executed */
	bool found;			/* false: no such program; errno says why */
	char obstacle[512]; /* why it cannot be profiled; "" when it can */
} ArxProgramCheck;

/*
 * Looks at the program that execvp(name) would start; for a script, at its
 * interpreter.  Reads files only.  Obstacles: no ELF program, statically
 * linked, of another architecture, runs with the rights of somebody else
 * (setuid, setgid, file capabilities), brings a malloc that is not to be
 * replaced.
 */
extern void arx_program_check(const char *name, ArxProgramCheck *check);

/*
 * Finds libarxheap.so: named (an option or ARXHEAP_RUNTIME), or where it lies
 * beside this command.  Absolute, in buffer; false after an error was said.
 */
extern bool arx_runtime_find(const char *named, char *buffer, size_t size);

#endif
