/*
 * resident_pages.h
 *	  How much of a range of addresses is in memory.
 */
#ifndef ARX_PROFILER_RESIDENT_PAGES_H
#define ARX_PROFILER_RESIDENT_PAGES_H

#include <stddef.h>
#include <stdint.h>

/*
 * Bytes of the range, widened to whole pages, that are in memory, by mincore()
 * in steps of a few thousand pages; a step in which something is not mapped
 * counts as nothing.  Untouched pages that were only read count, though RSS
 * does not have them: they are the system's one page of zeros.  Keeps errno.
 */
extern size_t ah_resident(uintptr_t start, size_t length);

#endif
