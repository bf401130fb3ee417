/*
 * leak_tree.h
 *	  Which sites to judge together, and which call to name for them.
 *
 * A leak may come in many stacks: the leaf varies, or the way to it.  Sites
 * that are each too small to judge, but share a caller, are judged as one
 * there.  And what is named for several sites is the deepest call that still
 * holds nearly all of what survived, not the one where their stacks part.
 *
 * Frames are small numbers that the caller chose: equal for equal calls.  No
 * memory is allocated: all arrays are the caller's.
 */
#ifndef ARX_LIBARX_LEAK_TREE_H
#define ARX_LIBARX_LEAK_TREE_H

#include "libarx/leak_verdict.h"

#define ARX_LEAK_NODE_SHARE \
	0.8 /* of the mature bytes that a named node holds */

/* A site, as the tree sees it. */
typedef struct ArxLeakBranch
{
	const uint32_t *frames; /* from the root to the allocating call */
	uint32_t nframes;
	uint64_t mature_samples;
	double mature_bytes;
	size_t group; /* out: index into the groups */
} ArxLeakBranch;

/* The named node is the first depth frames of the site example. */
typedef struct ArxLeakGroup
{
	uint32_t depth;
	size_t example;
	size_t count; /* sites */
	uint64_t mature_samples;
} ArxLeakGroup;

/*
 * Divides sites into groups, each below one call, and sets their group.  A
 * call's children with at least enough mature samples are divided on their
 * own; what remains becomes a group once it has as many, and else is left to
 * the caller of the call, up to the root.  Every site is in exactly one group;
 * the last group alone, of what is left at the root, may be smaller than
 * enough.
 *
 * order is scratch of nsites elements, groups has room for nsites.  Returns the
 * number of groups.
 */
extern size_t
arx_leak_group(ArxLeakBranch *sites, size_t nsites, uint64_t enough,
			   size_t *order, ArxLeakGroup *groups);

/*
 * The deepest node that holds ARX_LEAK_NODE_SHARE of the mature bytes of all
 * these sites, whose group becomes 0.  order is scratch of nsites elements.
 */
extern ArxLeakGroup
arx_leak_node(ArxLeakBranch *sites, size_t nsites, size_t *order);

/*
 * Sums of the sites of a group, to be judged as one.  The arrays are the
 * caller's: room for as many cohorts as there are epochs, and for as many
 * classes of deaths as there are.
 */
typedef struct ArxLeakSum
{
	ArxLeakCohort *cohorts;
	size_t max_cohorts;
	ArxLeakDeaths *deaths;
	size_t max_deaths;
	ArxLeakSite site; /* the sum so far; points to the two arrays */
	double
		recurring; /* live bytes of sites that have survivors of several epochs */
	double bytes; /* live bytes of all */
} ArxLeakSum;

/* Begins a sum at this age of the profile; arrays and room are set. */
extern void arx_leak_sum_start(ArxLeakSum *sum, double now);

/*
 * Adds a site.  Cohorts and classes of deaths that begin at the same time
 * count as the same.  False when there is no room: the sum is then of no use.
 */
extern bool arx_leak_sum_add(ArxLeakSum *sum, const ArxLeakSite *site);

/*
 * Judges the sum.  Many sites that each kept one block are what a program
 * does that sets up things as they are first needed; together they look like
 * a leak.  So unless most bytes are of sites with survivors of several
 * epochs, the verdict is at most suspect.
 */
extern void
arx_leak_sum_judge(const ArxLeakSum *sum, const ArxLeakParameters *parameters,
				   ArxLeakFinding *finding);

#endif
