/*
 * snapshot_scratch.h
 *	  Memory for the time of one snapshot.
 *
 * AH_SCRATCH_BYTES are reserved when the first snapshot is in sight, so that
 * there are snapshots, smaller ones, when the tables have filled the rest of
 * ARXHEAP_MEMORY.  Its pages are given back after each use.  One user at a
 * time: whoever holds the writer's lock (snapshot_writer.c).
 */
#ifndef ARX_PROFILER_SNAPSHOT_SCRATCH_H
#define ARX_PROFILER_SNAPSHOT_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

#define AH_SCRATCH_BYTES (1024 * 1024)

/* Reserves it; may be called again.  False when there is no memory. */
extern bool ah_scratch_reserve(void);

/*
 * Begins a use, with wanted bytes when they can be had, else with as many as
 * there are.  False when there are none.
 */
extern bool ah_scratch_begin(size_t wanted);

/* Zeroed memory, aligned to 16, until ah_scratch_end(); NULL when used up. */
extern void *ah_scratch_take(size_t bytes);
extern size_t ah_scratch_left(void);

extern void ah_scratch_end(void);

/* In the child of a fork: ends what the parent was at. */
extern void ah_scratch_forked(void);

#endif
