/*
 * ledger_model.c
 *	  The ledger of mappings against a model that knows each page.
 *
 * Links the ledger and its tree with stand-ins for the runtime's other parts:
 * a site is the number that the test gives as the caller's address.  The entry
 * points are linked by other names (tested_munmap, ...), and their system calls
 * are the test's, which lets another thread map something in the middle.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/mapping_ledger.h"
#include "runtime/private_memory.h"

#define PAGE 4096UL
#define BASE 0x10000000UL
#define PAGES 300
#define SITES 400000
#define STEPS 200000

AhRuntime ah_runtime;
__thread AhThread ah_thread;

static struct
{
	uint64_t births;
	uint64_t frees;
	double bytes;
} sites[SITES];
static int tables_locked;
static uint64_t clock_ns;
static uint32_t next_site = 1;
static int ntests;
static size_t room = SIZE_MAX;

void *
ah_map(size_t bytes)
{
	if (bytes > room)
		return NULL;
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

uint64_t
ah_now_ns(void)
{
	return ++clock_ns;
}

bool
ah_unwind(const AhRegisters *from, uint32_t depth, AhStack *stack)
{
	(void) depth;
	stack->nframes = 1;
	stack->flags = 0;
	stack->frames[0] = from->pc;
	return false;
}

void
ah_tables_lock(void)
{
	if (tables_locked++ != 0 || ah_thread.inside == 0)
		abort();
}

void
ah_tables_unlock(void)
{
	tables_locked--;
}

uint32_t
ah_site_intern(const AhStack *stack, uint64_t label, ArxHeapSiteKind kind)
{
	(void) label;
	(void) kind;
	return (uint32_t) stack->frames[0];
}

void
ah_site_born(uint32_t site, double bytes)
{
	sites[site].births++;
	sites[site].bytes += bytes;
}

void
ah_site_died(uint32_t site, uint64_t age_ns)
{
	if (age_ns == 0 || age_ns > clock_ns)
		abort();
	sites[site].frees++;
}

static void
check(bool ok, const char *what)
{
	printf("%s %d - %s\n", ok ? "ok" : "not ok", ++ntests, what);
}

/* ---- the model: what each page is ---- */

typedef struct Page
{
	uint32_t site; /* 0: nothing known */
	uint8_t kind;
	bool shared;
} Page;

static Page model[PAGES];

static uintptr_t
address_of(size_t page)
{
	return BASE + page * PAGE;
}

static AhRegisters
fresh_site(void)
{
	return (AhRegisters){.pc = next_site++};
}

static void
set_pages(size_t first, size_t n, Page page)
{
	for (size_t i = first; i < first + n; i++)
		model[i] = page;
}

static void
do_add(size_t first, size_t n)
{
	AhRegisters from = fresh_site();
	Page page = {.site = (uint32_t) from.pc,
				 .kind =
					 rand() % 2 ? ARX_HEAP_SITE_MMAP : ARX_HEAP_SITE_RESERVE,
				 .shared = rand() % 8 == 0};

	ah_mapping_add(address_of(first), n * PAGE, page.kind, page.shared, &from);
	set_pages(first, n, page);
}

static void
do_remove(size_t first, size_t n)
{
	bool known = false;

	for (size_t i = first; i < first + n; i++)
		known |= model[i].site != 0;
	if (ah_mapping_remove(address_of(first), n * PAGE) != known)
		check(false, "removing tells whether there was something");
	set_pages(first, n, (Page){0});
}

/* Where two neighbouring pages are one region in the ledger. */
static bool
one_region(size_t page)
{
	AhMappingCopy region;
	uintptr_t position = address_of(page);

	return ah_mappings_copy(&position, &region, 1) == 1 &&
		region.start < address_of(page);
}

/* A run of pages of one region that changes its kind. */
static void
model_change(size_t first, size_t n, uint8_t kind, uint32_t site)
{
	Page page = {.site = site, .kind = kind, .shared = model[first].shared};

	if (kind == ARX_HEAP_SITE_RESERVE)
	{
		Page low = first > 0 ? model[first - 1] : (Page){0};
		Page high = first + n < PAGES ? model[first + n] : (Page){0};

		if (low.site != 0 && low.kind == kind && low.shared == page.shared)
			page.site = low.site;
		else if (high.site != 0 && high.kind == kind &&
				 high.shared == page.shared)
			page.site = high.site;
	}
	set_pages(first, n, page);
}

static void
do_protect(size_t first, size_t n)
{
	AhRegisters from = fresh_site();
	uint8_t kind = rand() % 2 ? ARX_HEAP_SITE_MMAP : ARX_HEAP_SITE_RESERVE;
	bool joined[PAGES + 1] = {false};

	for (size_t i = 1; i < PAGES; i++)
		joined[i] = one_region(i);
	ah_mapping_protect(address_of(first), n * PAGE, kind == ARX_HEAP_SITE_MMAP,
					   &from);
	for (size_t i = first; i < first + n;)
	{
		size_t end = i + 1;

		while (end < first + n && joined[end])
			end++;
		if (model[i].site != 0 && model[i].kind != kind)
			model_change(i, end - i, kind, (uint32_t) from.pc);
		i = end;
	}
}

/* Like mremap(): to another place, or grown or shrunk where it is. */
static void
do_move(size_t first, size_t n)
{
	Page pages[PAGES];
	size_t length = 1 + (size_t) rand() % 40;
	size_t to = rand() % 3 == 0 ? first : (size_t) rand() % (PAGES - 40);
	AhMappingMove move;
	Page last = model[first + n - 1];

	if (to + length > PAGES)
		return;
	/* the system has one kind of pages there: make it a new region */
	if (rand() % 4 != 0)
		do_add(first, n);
	last = model[first + n - 1];
	memcpy(pages, &model[first], n * sizeof(Page));
	ah_mapping_take(&move, address_of(first), n * PAGE);
	if (move.npieces == AH_MAPPING_PIECES)
	{
		/* perhaps more than a move carries: then this is a removal */
		set_pages(first, n, (Page){0});
		for (uint32_t i = 0; i < AH_MAPPING_PIECES; i++)
			ah_site_died(move.pieces[i].site, 1);
		return;
	}
	set_pages(first, n, (Page){0});
	ah_mapping_put(&move, address_of(to), length * PAGE);
	for (size_t i = 0; i < length; i++)
		model[to + i] = i < n ? pages[i] : last;
}

/* ---- comparisons ---- */

static bool
same_as_model(void)
{
	static int64_t live[SITES];
	AhMappingCopy regions[7];
	uintptr_t position = 0;
	size_t page = 0;
	size_t n;

	memset(live, 0, next_site * sizeof(live[0]));
	while ((n = ah_mappings_copy(&position, regions, 7)) > 0)
		for (size_t i = 0; i < n; i++)
		{
			size_t first = (regions[i].start - BASE) / PAGE;
			size_t end = first + regions[i].length / PAGE;

			live[regions[i].site]++;
			for (; page < first; page++)
				if (model[page].site != 0)
					return false;
			for (; page < end; page++)
				if (model[page].site != regions[i].site ||
					model[page].kind != regions[i].kind ||
					model[page].shared != regions[i].shared)
					return false;
		}
	for (; page < PAGES; page++)
		if (model[page].site != 0)
			return false;
	for (uint32_t i = 1; i < next_site; i++)
		if ((int64_t) (sites[i].births - sites[i].frees) != live[i])
			return false;
	return true;
}

static void
every_page_is_as_the_model_says(void)
{
	bool same = true;

	for (int step = 0; step < STEPS && same; step++)
	{
		size_t first = (size_t) rand() % (PAGES - 30);
		size_t n = 1 + (size_t) rand() % 30;

		switch (rand() % 4)
		{
			case 0:
				do_add(first, n);
				break;
			case 1:
				do_remove(first, n);
				break;
			case 2:
				do_protect(first, n);
				break;
			case 3:
				do_move(first, n);
				break;
		}
		if (step % 50 == 0)
			same = same_as_model();
	}
	check(
		same && same_as_model(),
		"after many random changes each page has its site, and births less deaths are regions");
	ah_mapping_remove(BASE, PAGES * PAGE);
	set_pages(0, PAGES, (Page){0});
	check(same_as_model(), "after all is unmapped each birth has its death");
}

static uint32_t
depth_of(const AhRegionTree *tree, uint32_t at)
{
	uint32_t first = at < AH_REGIONS_FIRST ? 0 : 1u << (31 - __builtin_clz(at));
	uint32_t block = 0;
	const AhRegionNode *node;
	uint32_t left;
	uint32_t right;

	if (at == 0)
		return 0;
	for (uint32_t size = AH_REGIONS_FIRST; at >= size; size *= 2)
		block++;
	node = &tree->blocks[block][at - first];
	left = depth_of(tree, node->left);
	right = depth_of(tree, node->right);
	return 1 + (left > right ? left : right);
}

static void
ascending_regions_make_no_list(void)
{
	AhRegionTree tree = {.limit = SIZE_MAX};
	AhRegion region = {.length = PAGE};

	for (uint32_t i = 1; i <= AH_REGIONS_MAX; i++)
	{
		region.start = i * PAGE;
		ah_region_insert(&tree, &region);
	}
	check(tree.count == AH_REGIONS_MAX && depth_of(&tree, tree.root) < 64,
		  "a full tree of ascending regions is less than 64 deep");
}

static size_t
count_regions(void)
{
	AhMappingCopy regions[100];
	uintptr_t position = 0;
	size_t count = 0;
	size_t n;

	while ((n = ah_mappings_copy(&position, regions, 100)) > 0)
		count += n;
	return count;
}

static uint64_t
dropped(void)
{
	return ah_runtime.counters[ARX_HEAP_COUNT_MAPPINGS_DROPPED];
}

static void
a_full_ledger_counts_what_it_drops(void)
{
	uint64_t before = dropped();
	AhRegisters from = fresh_site();
	uint32_t site = (uint32_t) from.pc;
	size_t extra = 1000;

	for (size_t i = 0; i < AH_REGIONS_MAX + extra; i++)
		ah_mapping_add(BASE + 2 * i * PAGE, PAGE, ARX_HEAP_SITE_MMAP, false,
					   &from);
	check(count_regions() == AH_REGIONS_MAX && dropped() - before == extra,
		  "a full ledger counts what it drops");
	check(sites[site].births - sites[site].frees == AH_REGIONS_MAX,
		  "what a full ledger dropped is not live at its site");
	ah_mapping_remove(BASE, 4 * AH_REGIONS_MAX * PAGE);
	for (size_t i = 0; i < AH_REGIONS_MAX; i++)
		ah_mapping_add(BASE + 2 * i * PAGE, PAGE, ARX_HEAP_SITE_MMAP, false,
					   &from);
	check(count_regions() == AH_REGIONS_MAX && dropped() - before == extra,
		  "an emptied ledger has all its room again");
	ah_mapping_remove(BASE, 4 * AH_REGIONS_MAX * PAGE);
}

static void
a_fork_leaves_memory_without_sites(void)
{
	AhRegisters from = fresh_site();
	AhMappingCopy regions[3];
	uintptr_t position = 0;
	uint64_t frees = sites[from.pc].frees;
	bool ok;

	ah_mapping_add(BASE, 4 * PAGE, ARX_HEAP_SITE_MMAP, false, &from);
	ah_mappings_lock();
	ah_thread.inside = 0;
	ah_mappings_forked();
	ah_mapping_add(BASE + 8 * PAGE, PAGE, ARX_HEAP_SITE_MMAP, false, &from);
	ok = ah_mappings_copy(&position, regions, 3) == 2 &&
		regions[0].site == AH_NO_SITE && regions[0].length == 4 * PAGE &&
		regions[1].site == from.pc;
	ah_mapping_remove(BASE, 4 * PAGE);
	check(ok && sites[from.pc].frees == frees,
		  "a fork leaves its parent's regions without sites");
	ah_mapping_remove(BASE, 16 * PAGE);
}

static void
an_interrupted_profiler_touches_nothing(void)
{
	uint64_t before = dropped();
	AhRegisters from = fresh_site();

	ah_mappings_lock();
	ah_mapping_add(BASE, PAGE, ARX_HEAP_SITE_MMAP, false, &from);
	ah_mapping_remove(BASE, PAGE);
	ah_mapping_protect(BASE, PAGE, true, &from);
	ah_mappings_unlock();
	check(dropped() - before == 3 && count_regions() == 0,
		  "a call from a handler inside the ledger returns, and is counted");
}

/* ---- entry points, with another thread at work during the system call ---- */

#define PLACE BASE
#define TARGET (BASE + 64 * PAGE)
#define LENGTH (4 * PAGE)

static bool other_maps;
static uint32_t other_site;
static uintptr_t call_result;

extern int tested_munmap(void *address, size_t length);
extern void *
tested_mremap(void *old, size_t old_length, size_t new_length, int flags, ...);

static uintptr_t
make_call(void)
{
	AhRegisters from = fresh_site();

	other_site = (uint32_t) from.pc;
	if (other_maps)
		ah_mapping_add(PLACE, LENGTH, ARX_HEAP_SITE_MMAP, false, &from);
	return call_result;
}

void *
ah_sys_mmap(void *address, size_t length, int protection, int flags, int fd,
			long offset)
{
	(void) address, (void) length, (void) protection, (void) flags, (void) fd,
		(void) offset;
	return (void *) make_call();
}

int
ah_sys_munmap(void *address, size_t length)
{
	(void) address, (void) length;
	return (int) make_call();
}

void *
ah_sys_mremap(void *old, size_t old_length, size_t new_length, int flags,
			  void *to)
{
	(void) old, (void) old_length, (void) new_length, (void) flags, (void) to;
	return (void *) make_call();
}

int
ah_sys_mprotect(void *address, size_t length, int protection)
{
	(void) address, (void) length, (void) protection;
	return (int) make_call();
}

/* A region at PLACE before the call; returns its site. */
static uint32_t
prepare_call(bool other, uintptr_t result)
{
	AhRegisters from = fresh_site();

	ah_mapping_remove(BASE, PAGES * PAGE);
	ah_mapping_add(PLACE, LENGTH, ARX_HEAP_SITE_MMAP, false, &from);
	other_maps = other;
	call_result = result;
	return (uint32_t) from.pc;
}

/* The site that owns an address, 0 for none. */
static uint32_t
site_at(uintptr_t address)
{
	AhMappingCopy region;
	uintptr_t position = address;

	if (ah_mappings_copy(&position, &region, 1) == 0 || region.start > address)
		return 0;
	return region.site;
}

static void
another_threads_region_is_not_mistaken(void)
{
	uint64_t before;
	uint32_t site;

	prepare_call(true, 0);
	tested_munmap((void *) PLACE, LENGTH);
	check(
		site_at(PLACE) == other_site,
		"what another thread maps while a region is unmapped stays in the ledger");
	site = prepare_call(true, TARGET);
	tested_mremap((void *) PLACE, LENGTH, LENGTH, MREMAP_MAYMOVE);
	check(
		site_at(PLACE) == other_site && site_at(TARGET) == site,
		"what another thread maps while a region moves away stays in the ledger");
	site = prepare_call(false, (uintptr_t) MAP_FAILED);
	tested_mremap((void *) PLACE, LENGTH, 2 * LENGTH, 0);
	check(site_at(PLACE) == site,
		  "a move that fails leaves the region as it was");
	prepare_call(false, (uintptr_t) -1);
	before = dropped();
	tested_munmap((void *) PLACE, LENGTH);
	check(dropped() == before + 1, "an unmapping that fails is counted");
	ah_mapping_remove(BASE, PAGES * PAGE);
}

int
main(void)
{
	srand(20240607);
	ah_runtime.config.depth = 64;
	ah_runtime.config.memory = 64 << 20;
	ascending_regions_make_no_list();
	every_page_is_as_the_model_says();
	a_full_ledger_counts_what_it_drops();
	a_fork_leaves_memory_without_sites();
	an_interrupted_profiler_touches_nothing();
	another_threads_region_is_not_mistaken();
	printf("1..%d\n", ntests);
	return 0;
}
