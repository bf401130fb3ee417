/*
 * flame_layout.c
 *	  Where the boxes of a flame graph are: the call tree as shares of a width.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exporters/export_stack.h"
#include "exporters/flame_layout.h"
#include "exporters/intern_table.h"

#define NO_NODE UINT32_MAX

/* A function below its callers, with the sums of all sites through it. */
typedef struct Node
{
	const ArxProfileFunction *function;
	uint32_t parent;
	uint32_t first_child;
	uint32_t next_sibling;
	uint32_t depth;
	unsigned line;
	double sampled; /* bytes */
	double exact;	/* bytes of mappings */
	double variance;
	double gross; /* bytes that grew plus those that shrank */
	int64_t samples;
} Node;

typedef struct Tree
{
	const ArxProfile *profile;
	ArxProfileArena *arena;
	ArxInternTable names;
	ArxInternTable keys; /* of nodes: parent, name, module */
	Node *nodes;
	size_t room;
	size_t nnodes;
} Tree;

static const ArxProfileFunction all = {.name = "all",
									   .module = "",
									   .named = true};
static const ArxProfileFunction mappings = {.name = ARX_MAPPINGS_ROOT,
											.module = "",
											.named = true};
static const ArxProfileFunction no_stack = {.name = ARX_NO_STACK,
											.module = "",
											.named = false};

/* The child of a node for this function, made when there is none. */
static uint32_t
find_child(Tree *tree, uint32_t parent, const ArxProfileFunction *function)
{
	uint32_t key[3] = {parent, arx_intern_text(&tree->names, function->name),
					   arx_intern_text(&tree->names, function->module)};
	bool added;
	uint32_t number = arx_intern(&tree->keys, key, sizeof(key), &added);
	Node *node;

	if (!added)
	{
		if (tree->nodes[number].line != function->line)
			tree->nodes[number].line = 0;
		return number;
	}
	tree->nodes =
		arx_array_grow(tree->nodes, number, &tree->room, sizeof(Node));
	tree->nnodes = number + 1;
	node = &tree->nodes[number];
	*node = (Node){.function = function,
				   .parent = parent,
				   .first_child = NO_NODE,
				   .next_sibling = NO_NODE,
				   .line = function->line};
	if (parent != NO_NODE)
		node->depth = tree->nodes[parent].depth + 1;
	return number;
}

static void
add_bytes(Node *node, const ArxProfileSite *site)
{
	node->gross += fabs(site->bytes);
	if (site->kind == ARX_HEAP_SITE_MMAP)
	{
		node->exact += site->bytes;
		return;
	}
	node->sampled += site->bytes;
	node->variance += site->variance;
	node->samples += site->samples;
}

static void
add_site(Tree *tree, const ArxProfileSite *site)
{
	uint32_t node = find_child(tree, NO_NODE, &all);

	add_bytes(&tree->nodes[node], site);
	if (arx_export_root(site) != NULL)
	{
		node = find_child(tree, node, &mappings);
		add_bytes(&tree->nodes[node], site);
	}
	if (site->nfunctions == 0)
	{
		node = find_child(tree, node, &no_stack);
		add_bytes(&tree->nodes[node], site);
	}
	for (uint32_t i = 0; i < site->nfunctions; i++)
	{
		node = find_child(tree, node, site->functions[i]);
		add_bytes(&tree->nodes[node], site);
	}
}

/* Mappings last, all else by name. */
static int
compare_nodes(const void *a, const void *b)
{
	const ArxProfileFunction *left = (*(Node *const *) a)->function;
	const ArxProfileFunction *right = (*(Node *const *) b)->function;
	int order;

	if (left == &mappings || right == &mappings)
		return (left == &mappings) - (right == &mappings);
	order = strcmp(left->name, right->name);
	return order != 0 ? order : strcmp(left->module, right->module);
}

/* Hangs each node below its parent; siblings in order. */
static void
link_nodes(Tree *tree)
{
	Node **order = arx_arena_get(tree->arena, tree->nnodes, sizeof(Node *));

	for (size_t i = 0; i < tree->nnodes; i++)
		order[i] = &tree->nodes[i];
	qsort(order, tree->nnodes, sizeof(Node *), compare_nodes);
	for (size_t i = tree->nnodes; i-- > 0;)
	{
		Node *node = order[i];

		if (node->parent == NO_NODE)
			continue;
		node->next_sibling = tree->nodes[node->parent].first_child;
		tree->nodes[node->parent].first_child = (uint32_t) (node - tree->nodes);
	}
}

static ArxInterval
node_interval(const ArxProfile *profile, const Node *node)
{
	ArxInterval interval =
		arx_profile_interval(node->sampled, node->variance, node->samples,
							 profile->process.sample_bytes, profile->is_diff);

	if (node->samples == 0 && node->variance == 0)
		interval = (ArxInterval){0, 0}; /* nothing but mappings */
	interval.low += node->exact;
	interval.high += node->exact;
	return interval;
}

static void
add_box(Tree *tree, ArxFlame *flame, const Node *node, double x, double width)
{
	ArxFlameBox *box = &flame->boxes[flame->nboxes++];

	box->name = node->function->name;
	box->file = node->function->file;
	box->line = node->line;
	box->module = node->function->module;
	box->named = node->function->named;
	box->depth = node->depth;
	box->x = x;
	box->width = width;
	box->bytes = node->sampled + node->exact;
	box->interval = node_interval(tree->profile, node);
	box->samples = node->samples;
	if (node->depth > flame->depth)
		flame->depth = node->depth;
	if (node->depth > 0)
		flame->largest = fmax(flame->largest, fabs(box->bytes));
}

/* The box of a node and all below it; as deep as stacks are. */
static void
place(Tree *tree, ArxFlame *flame, uint32_t number, double x, double least)
{
	const Node *node = &tree->nodes[number];
	double whole = tree->nodes[0].gross;
	double width = whole > 0 ? node->gross / whole : 1;

	if (width < least || (node->gross <= 0 && number != 0))
	{
		flame->nleft_out++;
		return;
	}
	add_box(tree, flame, node, x, width);
	for (uint32_t child = node->first_child; child != NO_NODE;
		 child = tree->nodes[child].next_sibling)
	{
		place(tree, flame, child, x, least);
		if (whole > 0)
			x += tree->nodes[child].gross / whole;
	}
}

ArxFlame *
arx_flame_layout(const ArxProfile *profile, double least,
				 ArxProfileArena *arena)
{
	Tree tree = {.profile = profile,
				 .arena = arena,
				 .names = {.arena = arena},
				 .keys = {.arena = arena}};
	ArxFlame *flame = arx_arena_get(arena, 1, sizeof(ArxFlame));

	find_child(&tree, NO_NODE, &all);
	for (size_t i = 0; i < profile->nsites; i++)
		if (arx_export_has(&profile->sites[i]))
			add_site(&tree, &profile->sites[i]);
	link_nodes(&tree);
	flame->boxes = arx_arena_get(arena, tree.nnodes, sizeof(ArxFlameBox));
	place(&tree, flame, 0, 0, least);
	free(tree.nodes);
	return flame;
}
