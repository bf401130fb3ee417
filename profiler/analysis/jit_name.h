/*
 * jit_name.h
 *	  Takes apart what V8 calls the code that it generates.
 */
#ifndef ARX_PROFILER_JIT_NAME_H
#define ARX_PROFILER_JIT_NAME_H

#include <stdbool.h>

#include "analysis/profile_arena.h"

/*
 * Splits "JS:*load /srv/app.js:12:3" into "load", "/srv/app.js" and 12; what
 * stands before the name is the kind of code and how well it is optimised,
 * which change while a program runs.  False when the name is not of that form,
 * or the function has none; then it is to be shown as it is.
 */
extern bool
arx_jit_name_split(ArxProfileArena *arena, const char *text, const char **name,
				   const char **file, unsigned *line);

#endif
