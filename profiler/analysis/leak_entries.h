/*
 * leak_entries.h
 *	  Judges the sites of one process, alone and together.
 */
#ifndef ARX_PROFILER_LEAK_ENTRIES_H
#define ARX_PROFILER_LEAK_ENTRIES_H

#include "analysis/leak_input.h"
#include "analysis/leak_series.h"

/*
 * Judges each site, and those that have too few samples together with others
 * below the same call.  A group that leaks (or may) takes the place of its
 * sites.  Sets *entries to an array of the arena, unsorted, and returns its
 * length.  The snapshot is symbolized.
 */
extern size_t
arx_leak_entries(const ArxLeakInput *input, const ArxLeakParameters *parameters,
				 ArxProfileArena *arena, ArxLeakEntry **entries);

#endif
