/*
 * tables.h
 *	  Stacks, sites and live samples: what the runtime knows.
 *
 * A stack is a list of addresses, the allocating call first; a site is a stack
 * with a label and a kind; a live sample is a block that has not been freed.
 * One lock protects all three from changes, and whoever takes it has ah_thread.inside set.
 * Blocks of the program are sampled, so the lock is taken once in half a
 * megabyte of allocations.
 *
 * All memory comes from ah_map(); what does not fit is dropped and counted.
 */
#ifndef ARX_PROFILER_TABLES_H
#define ARX_PROFILER_TABLES_H

#include "runtime/runtime.h"

#define AH_NO_SITE UINT32_MAX

/* Where an allocation came from, as the unwinder found it. */
typedef struct AhStack
{
	uint32_t nframes;
	uint32_t flags;						   /* ARX_HEAP_SITE_* */
	uintptr_t frames[ARX_HEAP_MAX_FRAMES]; /* inside the calling instructions */
} AhStack;

/* A live sample, as a snapshot sees it. */
typedef struct AhSampleCopy
{
	uint64_t size; /* now */
	uint64_t
		counted;   /* bytes that had a chance to be sampled: p comes from it */
	uint64_t mean; /* sampling interval at that time */
	uint64_t born_ns; /* CLOCK_MONOTONIC */
	uint32_t site;
} AhSampleCopy;

/* A site, as a snapshot sees it. */
typedef struct AhSiteCopy
{
	uint32_t site;
	uint32_t kind;
	uint32_t flags;
	uint32_t nframes;
	const uintptr_t *frames; /* the allocating call first; good until
							  * ah_tables_evict() is called next */
	uint64_t label;
	uint64_t births;
	double birth_bytes;
	uint64_t frees;
	uint64_t live;
	const uint32_t
		*lifetimes; /* ARX_HEAP_LIFETIME_CLASSES, or NULL: all zero */
} AhSiteCopy;

/* Reserves the tables.  False when there is no memory for them. */
extern bool ah_tables_start(void);

/* Finds or makes the site; the lock is held.  AH_NO_SITE when full. */
extern uint32_t
ah_site_intern(const AhStack *stack, uint64_t label, ArxHeapSiteKind kind);

/* Counts a birth or a death of something that is not a live sample of malloc
 * (a mapping); the lock is held. */
extern void ah_site_born(uint32_t site, double bytes);
extern void ah_site_died(uint32_t site, uint64_t age_ns);

extern void ah_tables_lock(void);
extern void ah_tables_unlock(void);

/* ---- samples, called by the sampler ---- */

/* Records a new sample.  False when it was dropped. */
extern bool ah_sample_add(void *block, size_t size, size_t counted,
						  uint64_t mean, const AhStack *stack, uint64_t label);

/* The block is freed.  False when it is not a sample. */
extern bool ah_sample_remove(void *block);

/*
 * Before a block may move, and afterwards, at its new place.  In between its
 * sample lives on under an address that no block has: a snapshot sees it.
 * counted: the bytes that it now counts as chosen for.
 */
typedef struct AhSampleState
{
	AhSampleCopy sample;
	uintptr_t meanwhile; /* that address */
	bool known;
} AhSampleState;
extern AhSampleState ah_sample_take(void *block);
extern void ah_sample_put(void *block, size_t size, size_t counted,
						  const AhSampleState *state);

/*
 * The block that was taken out is no sample any more, though it lives on:
 * counts as freed at once, so that it says nothing about how long blocks live.
 */
extern void ah_sample_end(const AhSampleState *state);

/* ---- for the snapshot thread ---- */

/*
 * Copies up to n samples, or sites, from *position on, which begins at 0 and is
 * moved; returns how many, 0 at the end.  Reads without the lock, in small
 * steps, each again when the tables changed meanwhile; a step that does not
 * succeed takes the lock for that long, and the longest such hold is kept in
 * ARX_HEAP_COUNT_PAUSE_MAX_NS.  Only the writer of snapshots calls them.
 */
extern size_t ah_samples_copy(uint32_t *position, AhSampleCopy *out, size_t n);
extern size_t ah_sites_copy(uint32_t *position, AhSiteCopy *out, size_t n);

/* Estimate of all live bytes that were malloc'ed, kept up to date. */
extern double ah_live_bytes(void);

/*
 * Frees sites that hold nothing and were not used for two calls of this
 * function, when memory is short.  Only the snapshot thread calls it.
 */
extern void ah_tables_evict(void);

/* In the child of a fork: samples of the parent count as inherited. */
extern void ah_tables_forked(void);

#endif
