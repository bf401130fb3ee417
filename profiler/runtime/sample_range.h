/*
 * sample_range.h
 *	  The address range that sampled blocks, and no others, live in.
 *
 * A jemalloc arena of our own takes its address space from one reservation.
 * So free() learns from the address alone whether a block is sampled, which is
 * one subtraction and one comparison for all the blocks that are not.
 */
#ifndef ARX_PROFILER_SAMPLE_RANGE_H
#define ARX_PROFILER_SAMPLE_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct AhRange
{
	uintptr_t base; /* set once, before the first sample */
	uintptr_t span; /* 0: there is no range, no block is sampled */
	int flags;		/* for je_mallocx() */
} AhRange;

extern __attribute__((visibility("hidden"))) AhRange ah_range;

static inline bool
ah_in_range(const void *block)
{
	return __builtin_expect((uintptr_t) block - ah_range.base < ah_range.span, 0);
}

/*
 * Reserves the range and makes its arena.  Asks for a terabyte of address
 * space (no memory), then for less and less; under a limit on address space
 * for an eighth of it at most.  False when even 64 MiB cannot be had.
 */
extern bool ah_range_start(void);

#endif
