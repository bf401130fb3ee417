/*
 * leak_tree.c
 *	  Groups sites by their callers, and finds the call to name.
 *
 * Sites are sorted by their frames, so that all below one call stand side by
 * side: a node of the tree is a range of them and a depth.
 */
#include "libarx/leak_tree.h"

#define NO_GROUP SIZE_MAX

/* Sites in the order of their frames; only those of one group count. */
typedef struct Tree
{
	ArxLeakBranch *sites;
	size_t *order;
	uint64_t enough;
	ArxLeakGroup *groups;
	size_t ngroups;
} Tree;

/* By frames from the root; a stack comes before those that go on from it. */
static int
compare(const ArxLeakBranch *a, const ArxLeakBranch *b)
{
	uint32_t shorter = a->nframes < b->nframes ? a->nframes : b->nframes;

	for (uint32_t i = 0; i < shorter; i++)
		if (a->frames[i] != b->frames[i])
			return a->frames[i] < b->frames[i] ? -1 : 1;
	return (a->nframes > b->nframes) - (a->nframes < b->nframes);
}

static void
swap(size_t *order, size_t i, size_t j)
{
	size_t site = order[i];

	order[i] = order[j];
	order[j] = site;
}

static void
sift_down(const ArxLeakBranch *sites, size_t *order, size_t root, size_t n)
{
	for (size_t child; (child = 2 * root + 1) < n; root = child)
	{
		if (child + 1 < n &&
			compare(&sites[order[child + 1]], &sites[order[child]]) > 0)
			child++;
		if (compare(&sites[order[root]], &sites[order[child]]) >= 0)
			return;
		swap(order, root, child);
	}
}

/* Heap sort: no memory of its own, no bad case. */
static void
sort_sites(const ArxLeakBranch *sites, size_t *order, size_t n)
{
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t root = n / 2; root-- > 0;)
		sift_down(sites, order, root, n);
	for (size_t end = n; end-- > 1;)
	{
		swap(order, 0, end);
		sift_down(sites, order, 0, end);
	}
}

/* End of the sites that share the frame at this depth with order[first]. */
static size_t
end_of_child(const Tree *tree, size_t first, size_t end, uint32_t depth)
{
	const ArxLeakBranch *site = &tree->sites[tree->order[first]];
	size_t next = first + 1;

	if (site->nframes <= depth)
		return next;
	while (next < end &&
		   tree->sites[tree->order[next]].frames[depth] == site->frames[depth])
		next++;
	return next;
}

/* What the sites of a group hold in a range. */
static ArxLeakBranch
sum_range(const Tree *tree, size_t first, size_t end, size_t group)
{
	ArxLeakBranch sum = {.group = group};

	for (size_t i = first; i < end; i++)
	{
		const ArxLeakBranch *site = &tree->sites[tree->order[i]];

		if (site->group != group)
			continue;
		sum.mature_samples += site->mature_samples;
		sum.mature_bytes += site->mature_bytes;
	}
	return sum;
}

/* There is one at or after first. */
static size_t
first_of_group(const Tree *tree, size_t first, size_t group)
{
	while (tree->sites[tree->order[first]].group != group)
		first++;
	return tree->order[first];
}

/* Goes down from the root as long as one child holds nearly all. */
static ArxLeakGroup
find_node(const Tree *tree, size_t first, size_t end, size_t group)
{
	ArxLeakGroup node = {.mature_samples =
							 sum_range(tree, first, end, group).mature_samples};
	double wanted =
		ARX_LEAK_NODE_SHARE * sum_range(tree, first, end, group).mature_bytes;
	size_t child = first;

	for (size_t i = first; i < end; i++)
		node.count += tree->sites[tree->order[i]].group == group;
	if (node.count > 0)
		node.example = first_of_group(tree, first, group);
	while (child < end)
	{
		size_t child_end = end_of_child(tree, child, end, node.depth);
		const ArxLeakBranch *site = &tree->sites[tree->order[child]];

		if (site->nframes > node.depth && wanted > 0 &&
			sum_range(tree, child, child_end, group).mature_bytes >= wanted)
		{
			node.example = first_of_group(tree, child, group);
			node.depth++;
			end = child_end;
		}
		else
			child = child_end;
	}
	return node;
}

static void
form_group(Tree *tree, size_t first, size_t end)
{
	size_t group = tree->ngroups++;

	for (size_t i = first; i < end; i++)
	{
		ArxLeakBranch *site = &tree->sites[tree->order[i]];

		if (site->group == NO_GROUP)
			site->group = group;
	}
	tree->groups[group] = find_node(tree, first, end, group);
}

/* Divides the sites below one call, which share their first depth frames. */
static void
divide(Tree *tree, size_t first, size_t end, uint32_t depth)
{
	for (size_t child = first, child_end; child < end; child = child_end)
	{
		const ArxLeakBranch *site = &tree->sites[tree->order[child]];

		child_end = end_of_child(tree, child, end, depth);
		if (sum_range(tree, child, child_end, NO_GROUP).mature_samples <
			tree->enough)
			continue;
		if (site->nframes > depth)
			divide(tree, child, child_end, depth + 1);
		else
			form_group(tree, child, child_end);
	}
	if (sum_range(tree, first, end, NO_GROUP).mature_samples >= tree->enough)
		form_group(tree, first, end);
}

size_t
arx_leak_group(ArxLeakBranch *sites, size_t nsites, uint64_t enough,
			   size_t *order, ArxLeakGroup *groups)
{
	Tree tree = {
		.sites = sites, .order = order, .enough = enough, .groups = groups};
	bool left = false;

	for (size_t i = 0; i < nsites; i++)
		sites[i].group = NO_GROUP;
	sort_sites(sites, order, nsites);
	if (enough > 0)
		divide(&tree, 0, nsites, 0);
	for (size_t i = 0; i < nsites; i++)
		left = left || sites[i].group == NO_GROUP;
	if (left)
		form_group(&tree, 0, nsites);
	return tree.ngroups;
}

ArxLeakGroup
arx_leak_node(ArxLeakBranch *sites, size_t nsites, size_t *order)
{
	Tree tree = {.sites = sites, .order = order};

	for (size_t i = 0; i < nsites; i++)
		sites[i].group = 0;
	sort_sites(sites, order, nsites);
	return find_node(&tree, 0, nsites, 0);
}
