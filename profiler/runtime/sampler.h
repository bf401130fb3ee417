/*
 * sampler.h
 *	  Which blocks become samples, and what happens to those that did.
 *
 * Poisson sampling of bytes: each thread draws the distance to its next sample
 * from an exponential distribution and counts down as it allocates; the block
 * in which the count runs out is sampled.  A block of S bytes is so sampled
 * with p = 1 - exp(-S / R), whatever came before it.
 *
 * The entry points do the counting; everything here is their slow side.
 */
#ifndef ARX_PROFILER_SAMPLER_H
#define ARX_PROFILER_SAMPLER_H

#include "runtime/runtime.h"
#include "runtime/unwind.h"

/*
 * Takes bytes off the thread's count; true when it ran out.  Without a sign: a
 * request of more than half the address space makes it run out, too.  (In C the
 * same takes two instructions more, in every malloc.)
 */
static inline bool
ah_count_down(size_t bytes)
{
	bool ran_out;

	__asm__("subq %2, %0"
			: "+m"(ah_thread.left), "=@ccc"(ran_out)
			: "er"(bytes));
	return __builtin_expect(ran_out, 0);
}

/*
 * The count ran out in an allocation of this size with these flags of
 * jemalloc's (alignment, zero).  Returns a sampled block, or NULL: then the
 * caller allocates as if nothing had happened.
 */
extern void *ah_sample_alloc(const AhRegisters *from, size_t size, int flags);

/*
 * The same for a block that is not sampled and grows by so many bytes: on
 * success it was moved to the returned sampled block, and freed.
 */
extern void *ah_sample_grow(const AhRegisters *from, void *old, size_t old_size,
							size_t size, size_t growth);

/*
 * free() of what lies below the end of the range: a sample, NULL, or a block
 * where the system maps memory low.
 */
extern void ah_free_low(void *block);

/* free() and realloc() of a sampled block. */
extern void ah_sample_free(void *block);
extern void *ah_sample_realloc(void *block, size_t size);

/* A fresh start for the calling thread, in the child of a fork. */
extern void ah_sampler_forked(void);

#endif
