/*
 * snapshot_scratch.h
 *	  Memory for the time of one snapshot.
 *
 * Beside the tables that ARXHEAP_MEMORY bounds, and at most half as much again
 * (but at least AH_SCRATCH_LEAST); mapped for each use and given back after it.
 * One user at a time: whoever holds the writer's lock (snapshot_writer.c).
 */
#ifndef ARX_PROFILER_SNAPSHOT_SCRATCH_H
#define ARX_PROFILER_SNAPSHOT_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

#define AH_SCRATCH_LEAST (1024 * 1024)

/*
 * Begins a use, with wanted bytes when they can be had, else with as many as
 * there are.  False when there are not even AH_SCRATCH_LEAST.
 */
extern bool ah_scratch_begin(size_t wanted);

/* Zeroed memory, aligned to 16, until ah_scratch_end(); NULL when used up. */
extern void *ah_scratch_take(size_t bytes);
extern size_t ah_scratch_left(void);

/* Ends a use; does nothing when there is none. */
extern void ah_scratch_end(void);

#endif
