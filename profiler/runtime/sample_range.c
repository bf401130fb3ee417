/*
 * sample_range.c
 *	  The address range that sampled blocks, and no others, live in.
 *
 * The arena's extent hooks hand out the reservation from its start on and
 * never take anything back: what the arena frees it keeps and uses again, and
 * gives the pages back to the system when it purges.
 *
 * Samples are few, so the arena's slabs would be made and given back with each
 * of them; one cache of free blocks in front of it, shared by all threads under
 * a lock, is less than half as dear.
 */
#include "runtime/sample_range.h"

#include <sys/mman.h>
#include <sys/resource.h>

#include "runtime/futex_lock.h"
#include "runtime/jemalloc.h"
#include "runtime/private_memory.h"
#include "runtime/runtime.h"

#define LARGEST_SPAN ((size_t) 1 << 40)
/* Where nothing is: programs are loaded below or far above. */
#define LOW_BASE ((uintptr_t) 1 << 44)
/* valgrind maps from 64 MiB on upwards. */
#define EMULATED_BASE ((uintptr_t) 1 << 25)
#define EMULATED_SPAN ((size_t) 1 << 25)
#define SMALLEST_SPAN ((size_t) 1 << 26)

AhRange ah_range;

/*
 * Protects next_free and a range that shrinks.  Nobody forks while it is held:
 * jemalloc, which holds locks of its own around it, waits.
 */
static AhLock extent_lock;
static uintptr_t next_free;
static AhLock cache_lock;
static int arena_flags; /* the arena, past any cache */
static int cache_flags; /* the arena and our cache */

static void *
alloc_extent(JeExtentHooks *hooks, void *wanted, size_t size, size_t alignment,
			 bool *zero, bool *commit, unsigned arena)
{
	uintptr_t end, start;
	bool done = false;

	(void) hooks, (void) arena;
	if (wanted != NULL)
		return NULL;
	ah_lock(&extent_lock);
	end = ah_range.base + ah_range.span;
	start = (next_free + alignment - 1) & ~(uintptr_t) (alignment - 1);
	if (start <= end && end - start >= size)
	{
		next_free = start + size;
		done =
			ah_sys_mprotect((void *) start, size, PROT_READ | PROT_WRITE) == 0;
	}
	ah_unlock(&extent_lock);
	if (!done)
		return NULL;
	*zero = true;
	*commit = true;
	return (void *) start;
}

static bool
keep_extent(JeExtentHooks *hooks, void *start, size_t size, bool committed,
			unsigned arena)
{
	(void) hooks, (void) start, (void) size, (void) committed, (void) arena;
	return true;
}

static bool
purge_extent(JeExtentHooks *hooks, void *start, size_t size, size_t offset,
			 size_t length, unsigned arena)
{
	(void) hooks, (void) size, (void) arena;
	return ah_sys_madvise((char *) start + offset, length, MADV_DONTNEED) != 0;
}

static bool
allow_split(JeExtentHooks *hooks, void *start, size_t size, size_t a, size_t b,
			bool committed, unsigned arena)
{
	(void) hooks, (void) start, (void) size, (void) a, (void) b,
		(void) committed, (void) arena;
	return false;
}

static bool
allow_merge(JeExtentHooks *hooks, void *a, size_t size_a, void *b,
			size_t size_b, bool committed, unsigned arena)
{
	(void) hooks, (void) a, (void) size_a, (void) b, (void) size_b,
		(void) committed, (void) arena;
	return false;
}

static JeExtentHooks extent_hooks = {
	.alloc = alloc_extent,
	.dalloc = keep_extent,
	.purge_forced = purge_extent,
	.split = allow_split,
	.merge = allow_merge,
};

static size_t
largest_allowed(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
		limit.rlim_cur / 8 < LARGEST_SPAN)
		return limit.rlim_cur / 8;
	return LARGEST_SPAN;
}

/* Makes the arena and its cache.  Without a cache it works more slowly. */
static bool
make_arena(void)
{
	JeExtentHooks *hooks = &extent_hooks;
	unsigned arena, cache;
	size_t length = sizeof(arena);

	if (je_mallctl("arenas.create", &arena, &length, &hooks, sizeof(hooks)) !=
		0)
		return false;
	arena_flags = cache_flags = JE_ARENA(arena) | JE_NO_TCACHE;
	if (je_mallctl("tcache.create", &cache, &length, NULL, 0) == 0)
		cache_flags = JE_ARENA(arena) | JE_TCACHE(cache);
	return true;
}

/* Reserves address space, at this address unless it is 0; 0 when refused. */
static uintptr_t
reserve(uintptr_t address, size_t span)
{
	void *base = ah_sys_mmap((void *) address, span, PROT_NONE,
							 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
								 (address != 0 ? MAP_FIXED_NOREPLACE : 0),
							 -1, 0);

	if (base == MAP_FAILED)
		return 0;
	if (address != 0 && (uintptr_t) base != address)
	{
		/* A system that does not know the flag takes it for a hint. */
		ah_sys_munmap(base, span);
		return 0;
	}
	return (uintptr_t) base;
}

/* True when the system maps new memory above the address. */
static bool
maps_above(uintptr_t address)
{
	void *page =
		ah_sys_mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return false;
	ah_sys_munmap(page, 4096);
	return (uintptr_t) page > address;
}

/* The largest range, from most on downwards, that can be had at the address. */
static void
reserve_largest(uintptr_t address, size_t most)
{
	for (size_t span = most; span >= SMALLEST_SPAN && ah_range.base == 0;
		 span /= 2)
	{
		ah_range.base = reserve(address, span);
		ah_range.span = span;
	}
}

/*
 * Below all that the system maps by itself, as large as it can be had.  Where
 * it maps from low addresses upwards (under an emulator) a small range below
 * that has to do; else any place will, at the price of a second look at blocks
 * that lie below it.
 */
static void
choose_range(void)
{
	size_t most = LARGEST_SPAN;

	while (most > largest_allowed())
		most /= 2;
	if (maps_above(LOW_BASE + most))
		reserve_largest(LOW_BASE, most);
	else if (most >= EMULATED_SPAN && maps_above(EMULATED_BASE + EMULATED_SPAN))
	{
		ah_range.base = reserve(EMULATED_BASE, EMULATED_SPAN);
		ah_range.span = EMULATED_SPAN;
	}
	reserve_largest(0, most);
}

bool
ah_range_start(void)
{
	choose_range();
	next_free = ah_range.base;
	if (ah_range.base != 0 && make_arena())
	{
		ah_range.limit = ah_range.base + ah_range.span;
		return true;
	}
	if (ah_range.base != 0)
		ah_sys_munmap((void *) ah_range.base, ah_range.span);
	ah_range.base = ah_range.span = 0;
	return false;
}

void
ah_range_shrink(uint64_t limit)
{
	uint32_t inside = ah_thread.inside;
	uintptr_t end, keep, used;

	if (ah_range.span == 0)
		return;
	ah_thread.inside = 1;
	ah_lock(&extent_lock);
	end = ah_range.base + ah_range.span;
	used = (next_free + 4095) & ~(uintptr_t) 4095;
	keep = ah_range.base + (limit / 8 & ~(uint64_t) 4095);
	if (keep < used)
		keep = used;
	if (limit / 8 < ah_range.span && keep < end)
	{
		/* First: what the program maps there next is not ours. */
		ah_range.span = keep - ah_range.base;
		ah_sys_munmap((void *) keep, end - keep);
	}
	ah_unlock(&extent_lock);
	ah_thread.inside = inside;
}

void *
ah_range_alloc(size_t size, int flags)
{
	void *block;

	ah_lock(&cache_lock);
	block = je_mallocx(size, cache_flags | flags);
	ah_unlock(&cache_lock);
	return block;
}

void *
ah_range_resize(void *block, size_t size)
{
	return je_rallocx(block, size, arena_flags);
}

void
ah_range_free(void *block)
{
	ah_lock(&cache_lock);
	je_dallocx(block, cache_flags & ~JE_ARENA_MASK);
	ah_unlock(&cache_lock);
}

void
ah_range_lock(void)
{
	ah_lock(&cache_lock);
}

void
ah_range_unlock(void)
{
	ah_unlock(&cache_lock);
}

void
ah_range_forked(void)
{
	cache_lock = 0;
}
