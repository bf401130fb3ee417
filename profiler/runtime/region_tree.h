/*
 * region_tree.h
 *	  Ranges of addresses that do not overlap, ordered, found in O(log n).
 *
 * A treap (Seidel and Aragon, "Randomized search trees", 1996) whose nodes lie
 * in blocks of the runtime's own memory, mapped as they are needed and used
 * again, never given back.  The caller holds whatever lock protects the tree.
 */
#ifndef ARX_PROFILER_REGION_TREE_H
#define ARX_PROFILER_REGION_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The first two blocks hold AH_REGIONS_FIRST nodes, each further one as many as
 * all before it.
 */
#define AH_REGIONS_FIRST 2048
#define AH_REGIONS_BLOCKS 6
#define AH_REGIONS_MAX 65535 /* node 0 stands for none */

typedef struct AhRegion
{
	uintptr_t start;
	size_t length;	  /* bytes, never 0 */
	uint64_t born_ns; /* CLOCK_MONOTONIC */
	uint32_t site;	  /* or AH_NO_SITE */
	uint8_t kind;	  /* ArxHeapSiteKind */
	bool shared; /* MAP_SHARED: its pages are no memory of this process alone */
} AhRegion;

typedef struct AhRegionNode
{
	AhRegion region;
	uint32_t left; /* 0 none */
	uint32_t right;
} AhRegionNode;

/* All zero but the limit: empty. */
typedef struct AhRegionTree
{
	uint32_t root;
	uint32_t used;	/* nodes ever handed out */
	uint32_t spare; /* freed nodes, a list by left */
	uint32_t count; /* regions */
	size_t limit;	/* bytes of the blocks, at most */
	AhRegionNode *blocks[AH_REGIONS_BLOCKS];
} AhRegionTree;

/*
 * The first region that ends after address: the one that holds it, or the next
 * one; NULL when there is none.  The caller may change its members, and its
 * range within the free space around it.  Valid until the next insert or remove.
 */
extern AhRegion *ah_region_at(const AhRegionTree *tree, uintptr_t address);

/* The last region that begins before address, or NULL. */
extern AhRegion *ah_region_before(const AhRegionTree *tree, uintptr_t address);

/* Inserts a region that overlaps no other.  False when there is no room. */
extern bool ah_region_insert(AhRegionTree *tree, const AhRegion *region);

/* Removes the region that begins at start, if there is one. */
extern void ah_region_remove(AhRegionTree *tree, uintptr_t start);

#endif
