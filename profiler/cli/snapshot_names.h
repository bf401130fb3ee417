/*
 * snapshot_names.h
 *	  Writes the names of functions into a snapshot file.
 */
#ifndef ARX_PROFILER_SNAPSHOT_NAMES_H
#define ARX_PROFILER_SNAPSHOT_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "symbols/symbols.h"

/* How many addresses of a snapshot have names now, and how many have none. */
typedef struct ArxNameCount
{
	size_t named;
	size_t nameless;
} ArxNameCount;

/*
 * Gives a snapshot a SYMBOLS section; all other sections stay byte for byte.
 * Names that it had and that cannot be found now are kept.  The file is
 * replaced as a whole, or, after an error was said (false), stays as it was.
 * count may be NULL.
 */
extern bool arx_snapshot_add_names(const char *path, ArxSymbolizer *symbolizer,
								   ArxNameCount *count);

#endif
