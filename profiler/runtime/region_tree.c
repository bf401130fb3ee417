/*
 * region_tree.c
 *	  Ranges of addresses that do not overlap, ordered, found in O(log n).
 */
#include "runtime/region_tree.h"

#include "runtime/private_memory.h"

_Static_assert(AH_REGIONS_MAX + 1 ==
				   AH_REGIONS_FIRST << (AH_REGIONS_BLOCKS - 1),
			   "the blocks hold all nodes");

/* The block of a node, and the number of the block's first node. */
static uint32_t
block_of(uint32_t index, uint32_t *first)
{
	uint32_t log;

	*first = 0;
	if (index < AH_REGIONS_FIRST)
		return 0;
	log = 31 - (uint32_t) __builtin_clz(index);
	*first = 1u << log;
	return log - (uint32_t) __builtin_ctz(AH_REGIONS_FIRST) + 1;
}

static AhRegionNode *
node_at(const AhRegionTree *tree, uint32_t index)
{
	uint32_t first;
	uint32_t block = block_of(index, &first);

	return &tree->blocks[block][index - first];
}

/* The block whose first node is this one; NULL beyond the limit. */
static AhRegionNode *
map_block(const AhRegionTree *tree, uint32_t first)
{
	size_t nodes = first == 0 ? AH_REGIONS_FIRST : first;

	if ((first + nodes) * sizeof(AhRegionNode) > tree->limit)
		return NULL;
	return ah_map(nodes * sizeof(AhRegionNode));
}

/* A node that is in no tree; 0 when there is no room. */
static uint32_t
take_node(AhRegionTree *tree)
{
	uint32_t index = tree->spare;
	uint32_t first;
	uint32_t block;

	if (index != 0)
	{
		tree->spare = node_at(tree, index)->left;
		return index;
	}
	if (tree->used == AH_REGIONS_MAX)
		return 0;
	index = tree->used + 1;
	block = block_of(index, &first);
	if (tree->blocks[block] == NULL)
		tree->blocks[block] = map_block(tree, first);
	if (tree->blocks[block] == NULL)
		return 0;
	tree->used = index;
	return index;
}

/* A treap's random priority.  Any number that looks random will do: 32-bit finalizer of MurmurHash3. */
static uint32_t
priority_of(uint32_t index)
{
	uint32_t hash = index;

	hash = (hash ^ (hash >> 16)) * 0x85ebca6bu;
	hash = (hash ^ (hash >> 13)) * 0xc2b2ae35u;
	return hash ^ (hash >> 16);
}

AhRegion *
ah_region_at(const AhRegionTree *tree, uintptr_t address)
{
	AhRegion *best = NULL;
	uint32_t at = tree->root;

	while (at != 0)
	{
		AhRegionNode *node = node_at(tree, at);
		bool beyond = node->region.start + node->region.length > address;

		if (beyond)
			best = &node->region;
		at = beyond ? node->left : node->right;
	}
	return best;
}

AhRegion *
ah_region_before(const AhRegionTree *tree, uintptr_t address)
{
	AhRegion *best = NULL;
	uint32_t at = tree->root;

	while (at != 0)
	{
		AhRegionNode *node = node_at(tree, at);
		bool before = node->region.start < address;

		if (before)
			best = &node->region;
		at = before ? node->right : node->left;
	}
	return best;
}

/* Parts a tree into what begins below start and the rest. */
static void
split_tree(AhRegionTree *tree, uint32_t at, uintptr_t start, uint32_t *low,
		   uint32_t *high)
{
	while (at != 0)
	{
		AhRegionNode *node = node_at(tree, at);

		if (node->region.start < start)
		{
			*low = at;
			low = &node->right;
			at = node->right;
		}
		else
		{
			*high = at;
			high = &node->left;
			at = node->left;
		}
	}
	*low = *high = 0;
}

bool
ah_region_insert(AhRegionTree *tree, const AhRegion *region)
{
	uint32_t *link = &tree->root;
	uint32_t index = take_node(tree);
	uint32_t priority = priority_of(index);
	AhRegionNode *added;

	if (index == 0)
		return false;
	while (*link != 0 && priority_of(*link) >= priority)
	{
		AhRegionNode *node = node_at(tree, *link);

		link = region->start < node->region.start ? &node->left : &node->right;
	}
	added = node_at(tree, index);
	added->region = *region;
	split_tree(tree, *link, region->start, &added->left, &added->right);
	*link = index;
	tree->count++;
	return true;
}

/* Joins two trees at *link; all of low lies below all of high. */
static void
join_trees(AhRegionTree *tree, uint32_t low, uint32_t high, uint32_t *link)
{
	while (low != 0 && high != 0)
	{
		AhRegionNode *first = node_at(tree, low);
		AhRegionNode *second = node_at(tree, high);

		if (priority_of(low) >= priority_of(high))
		{
			*link = low;
			link = &first->right;
			low = first->right;
		}
		else
		{
			*link = high;
			link = &second->left;
			high = second->left;
		}
	}
	*link = low | high;
}

void
ah_region_remove(AhRegionTree *tree, uintptr_t start)
{
	uint32_t *link = &tree->root;
	uint32_t index;
	AhRegionNode *node;

	while (*link != 0 && node_at(tree, *link)->region.start != start)
	{
		node = node_at(tree, *link);
		link = start < node->region.start ? &node->left : &node->right;
	}
	index = *link;
	if (index == 0)
		return;
	node = node_at(tree, index);
	join_trees(tree, node->left, node->right, link);
	node->left = tree->spare;
	tree->spare = index;
	tree->count--;
}
