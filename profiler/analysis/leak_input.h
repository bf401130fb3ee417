/*
 * leak_input.h
 *	  What the verdict asks for, from snapshots of one process.
 */
#ifndef ARX_PROFILER_LEAK_INPUT_H
#define ARX_PROFILER_LEAK_INPUT_H

#include "analysis/profile.h"
#include "analysis/profile_arena.h"
#include "libarx/leak_verdict.h"

/* The sites of a snapshot that can leak, and what is known of each. */
typedef struct ArxLeakInput
{
	const ArxProfile *latest;
	ArxProfileArena *arena;
	size_t nsites;
	const ArxProfileSite **sites; /* by id; without reserved address space */
	ArxLeakSite *facts;			  /* of each */
	size_t max_history;
} ArxLeakInput;

/* Begins with the latest snapshot; room for so many earlier ones. */
extern void arx_leak_input_begin(ArxLeakInput *input, const ArxProfile *latest,
								 size_t max_history, ArxProfileArena *arena);

/*
 * Adds what the sites had in an earlier snapshot; call it from the oldest one
 * on.  The snapshot is not needed afterwards.
 */
extern void
arx_leak_input_history(ArxLeakInput *input, const ArxProfile *earlier);

#endif
