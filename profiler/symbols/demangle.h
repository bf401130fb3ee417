/*
 * demangle.h
 *	  Names of C++ and Rust functions as they are written in the source.
 *
 * Uses the demangler of the C++ library where that is installed: the command
 * does not depend on it.
 */
#ifndef ARX_PROFILER_DEMANGLE_H
#define ARX_PROFILER_DEMANGLE_H

/*
 * Returns the name as the source has it, to be freed by the caller with
 * free(), or NULL when this is no mangled name, there is no demangler, or
 * memory is exhausted.
 */
extern char *arx_demangle(const char *name);

#endif
