/*
 * sample_range.h
 *	  The address range that sampled blocks, and no others, live in.
 *
 * A jemalloc arena of our own takes its address space from one reservation.
 * So free() learns from the address alone whether a block is sampled, which is
 * one comparison for all the blocks that are not.
 *
 * A lock, last in rank, protects the cache of free blocks; its holder has
 * ah_thread.inside set.
 */
#ifndef ARX_PROFILER_SAMPLE_RANGE_H
#define ARX_PROFILER_SAMPLE_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct AhRange
{
	uintptr_t base;	 /* set once, before the first sample */
	uintptr_t span;	 /* 0: there is no range, no block is sampled; may shrink */
	uintptr_t limit; /* end of the range; nothing else that is freed is below,
					  * where the system lets us choose, save NULL */
} AhRange;

extern __attribute__((visibility("hidden"))) AhRange ah_range;

static inline bool
ah_in_range(const void *block)
{
	return __builtin_expect((uintptr_t) block - ah_range.base < ah_range.span,
							0);
}

/*
 * For free(), which must decide in one comparison: true for sampled blocks, for
 * NULL, and for whatever else lies low.
 */
static inline bool
ah_below_range_end(const void *block)
{
	return __builtin_expect((uintptr_t) block < ah_range.limit, 0);
}

/*
 * Reserves the range, below all that is mapped, and makes its arena.  Asks for a terabyte of address
 * space (no memory), then for less and less; under a limit on address space
 * for an eighth of it at most.  False when even 64 MiB cannot be had.
 */
extern bool ah_range_start(void);

/*
 * The process is about to be limited to so many bytes of address space: gives
 * back what is beyond an eighth of that and was never used.
 */
extern void ah_range_shrink(uint64_t limit);

/*
 * A block in the range, size at least 1, with these flags of jemalloc's
 * (alignment, zero); NULL when there is no room.  Resized and freed by the
 * other two; ah_range_resize() may move it.
 */
extern void *ah_range_alloc(size_t size, int flags);
extern void *ah_range_resize(void *block, size_t size);
extern void ah_range_free(void *block);

/* For a fork: held over it, so that the child finds the cache whole. */
extern void ah_range_lock(void);
extern void ah_range_unlock(void);
extern void ah_range_forked(void);

#endif
