/*
 * mapping_ledger.c
 *	  The anonymous memory that the program mapped by itself, with its stacks.
 *
 * A region's site counts one birth when the region appears and one death when
 * its last part is gone.  A hole makes two regions of one; the second one
 * counts as a birth of no bytes, so that births less deaths are always the
 * regions that are left.
 */
#include "runtime/mapping_ledger.h"

#include "runtime/futex_lock.h"

/* Of ARXHEAP_MEMORY; by default enough for 32,767 regions. */
#define MEMORY_PERCENT 9

static struct
{
	AhLock lock; /* protects all below */
	AhRegionTree tree;
	/* also read without the lock */
	_Atomic uintptr_t low; /* where regions ever were */
	_Atomic uintptr_t high;
	_Atomic uint64_t forked_ns; /* regions born up to here are the parent's */
} ledger = {.low = UINTPTR_MAX};

bool
ah_mappings_wanted(void)
{
	return atomic_load_explicit(&ah_runtime.started, memory_order_acquire) &&
		atomic_load_explicit(&ah_runtime.armed, memory_order_relaxed) &&
		ah_runtime.config.mappings;
}

bool
ah_mappings_near(uintptr_t start, size_t length)
{
	return start < atomic_load_explicit(&ledger.high, memory_order_relaxed) &&
		length > 0 &&
		start + length >
		atomic_load_explicit(&ledger.low, memory_order_relaxed);
}

/* False when this thread was interrupted in the profiler's own work, and may
 * hold the lock already. */
static bool
enter(void)
{
	if (ah_thread.inside != 0)
	{
		ah_count(ARX_HEAP_COUNT_MAPPINGS_DROPPED, 1);
		return false;
	}
	ah_mappings_lock();
	return true;
}

void
ah_mappings_lock(void)
{
	ah_thread.inside++;
	ah_lock(&ledger.lock);
}

void
ah_mappings_unlock(void)
{
	ah_unlock(&ledger.lock);
	ah_thread.inside--;
}

/* The region's site, if it is one of this process. */
static uint32_t
site_of(const AhRegion *region)
{
	return region->born_ns >
			atomic_load_explicit(&ledger.forked_ns, memory_order_relaxed)
		? region->site
		: AH_NO_SITE;
}

static void
count_birth(const AhRegion *region, size_t bytes)
{
	if (site_of(region) == AH_NO_SITE)
		return;
	ah_tables_lock();
	ah_site_born(region->site, (double) bytes);
	ah_tables_unlock();
}

static void
count_death(const AhRegion *region)
{
	if (site_of(region) == AH_NO_SITE)
		return;
	ah_tables_lock();
	ah_site_died(region->site, ah_now_ns() - region->born_ns);
	ah_tables_unlock();
}

/* Enters a region that its site has counted; if it finds no room, it dies. */
static void
insert_region(const AhRegion *region)
{
	uintptr_t end = region->start + region->length;

	ledger.tree.limit = ah_runtime.config.memory / 100 * MEMORY_PERCENT;
	if (!ah_region_insert(&ledger.tree, region))
	{
		ah_count(ARX_HEAP_COUNT_MAPPINGS_DROPPED, 1);
		count_death(region);
		return;
	}
	if (region->start < atomic_load_explicit(&ledger.low, memory_order_relaxed))
		atomic_store_explicit(&ledger.low, region->start, memory_order_relaxed);
	if (end > atomic_load_explicit(&ledger.high, memory_order_relaxed))
		atomic_store_explicit(&ledger.high, end, memory_order_relaxed);
}

/* The first region in [start, end), or NULL. */
static AhRegion *
first_within(uintptr_t start, uintptr_t end)
{
	AhRegion *region = ah_region_at(&ledger.tree, start);

	return region != NULL && region->start < end ? region : NULL;
}

/*
 * Cuts [start, end), which lies inside a region, out of it.  True when nothing
 * of the region is left.
 */
static bool
cut_out(AhRegion *region, uintptr_t start, uintptr_t end)
{
	uintptr_t region_end = region->start + region->length;
	AhRegion tail = *region;

	if (region->start == start && region_end == end)
	{
		ah_region_remove(&ledger.tree, start);
		return true;
	}
	if (region->start == start)
	{
		region->start = end;
		region->length = region_end - end;
		return false;
	}
	region->length = start - region->start;
	if (region_end > end)
	{
		tail.start = end;
		tail.length = region_end - end;
		count_birth(&tail, 0);
		insert_region(&tail);
	}
	return false;
}

/* The part of a region that lies in [start, end). */
static AhRegion
clip(const AhRegion *region, uintptr_t start, uintptr_t end)
{
	AhRegion part = *region;
	uintptr_t part_end = region->start + region->length;

	if (part.start < start)
		part.start = start;
	if (part_end > end)
		part_end = end;
	part.length = part_end - part.start;
	return part;
}

static bool
forget(uintptr_t start, uintptr_t end)
{
	AhRegion *region;
	bool any = false;

	while ((region = first_within(start, end)) != NULL)
	{
		AhRegion part = clip(region, start, end);

		if (cut_out(region, part.start, part.start + part.length))
			count_death(&part);
		any = true;
	}
	return any;
}

/* Finds the stack's site and enters a new region. */
static void
add_region(AhRegion region, const AhStack *stack)
{
	region.born_ns = ah_now_ns();
	ah_tables_lock();
	region.site = ah_site_intern(stack, ah_thread.label, region.kind);
	if (region.site != AH_NO_SITE)
		ah_site_born(region.site, (double) region.length);
	ah_tables_unlock();
	if (region.site == AH_NO_SITE)
		ah_count(ARX_HEAP_COUNT_MAPPINGS_DROPPED, 1);
	insert_region(&region);
}

/* The caller's stack.  Not called while the lock is held: it may take long. */
static void
unwind_caller(const AhRegisters *from, AhStack *stack)
{
	ah_thread.inside++;
	ah_unwind(from, ah_runtime.config.depth, stack);
	ah_thread.inside--;
}

void
ah_mapping_add(uintptr_t start, size_t length, ArxHeapSiteKind kind,
			   bool shared, const AhRegisters *from)
{
	AhRegion region = {
		.start = start, .length = length, .kind = kind, .shared = shared};
	AhStack stack;

	if (ah_thread.inside == 0)
		unwind_caller(from, &stack);
	if (!enter())
		return;
	forget(start, start + length);
	add_region(region, &stack);
	ah_mappings_unlock();
}

bool
ah_mapping_remove(uintptr_t start, size_t length)
{
	bool any;

	if (!enter())
		return false;
	any = forget(start, start + length);
	ah_mappings_unlock();
	return any;
}

/* The first part of [start, end) that is known as another kind. */
static bool
find_other_kind(uintptr_t start, uintptr_t end, ArxHeapSiteKind kind,
				AhRegion *part)
{
	AhRegion *region;

	while ((region = first_within(start, end)) != NULL && region->kind == kind)
		start = region->start + region->length;
	if (region != NULL)
		*part = clip(region, start, end);
	return region != NULL;
}

static bool
same_nature(const AhRegion *one, const AhRegion *other)
{
	return one->kind == other->kind && one->shared == other->shared;
}

/*
 * Gives a part that lost all access back to the reservation beside it, which it
 * most likely came from.  False when there is none.
 */
static bool
rejoin(const AhRegion *part)
{
	uintptr_t end = part->start + part->length;
	AhRegion *low = ah_region_before(&ledger.tree, part->start);
	AhRegion *high = ah_region_at(&ledger.tree, end);

	if (low != NULL &&
		(low->start + low->length != part->start || !same_nature(low, part)))
		low = NULL;
	if (high != NULL && (high->start != end || !same_nature(high, part)))
		high = NULL;
	if (low != NULL && high != NULL && low->site == high->site &&
		low->born_ns == high->born_ns)
	{
		AhRegion gone = *high;

		low->length += part->length + gone.length;
		ah_region_remove(&ledger.tree, gone.start);
		count_death(&gone);
	}
	else if (low != NULL)
		low->length += part->length;
	else if (high != NULL)
	{
		high->start = part->start;
		high->length += part->length;
	}
	return low != NULL || high != NULL;
}

/* Everything in [start, end) becomes of this kind, from this stack. */
static void
change_kind(uintptr_t start, uintptr_t end, ArxHeapSiteKind kind,
			const AhStack *stack)
{
	AhRegion part;

	while (find_other_kind(start, end, kind, &part))
	{
		start = part.start + part.length;
		forget(part.start, start);
		part.kind = kind;
		if (kind != ARX_HEAP_SITE_RESERVE || !rejoin(&part))
			add_region(part, stack);
	}
}

void
ah_mapping_protect(uintptr_t start, size_t length, bool accessible,
				   const AhRegisters *from)
{
	ArxHeapSiteKind kind =
		accessible ? ARX_HEAP_SITE_MMAP : ARX_HEAP_SITE_RESERVE;
	uintptr_t end = start + length;
	AhStack stack;
	AhRegion part;
	bool changes;

	if (!enter())
		return;
	changes = find_other_kind(start, end, kind, &part);
	ah_mappings_unlock();
	if (!changes)
		return;
	unwind_caller(from, &stack);
	ah_mappings_lock();
	change_kind(start, end, kind, &stack);
	ah_mappings_unlock();
}

void
ah_mapping_take(AhMappingMove *move, uintptr_t start, size_t length)
{
	AhRegion *region;

	*move = (AhMappingMove){.start = start, .length = length};
	if (!enter())
		return;
	while ((region = first_within(start, start + length)) != NULL)
	{
		AhRegion part = clip(region, start, start + length);
		bool whole = cut_out(region, part.start, part.start + part.length);

		if (move->npieces < AH_MAPPING_PIECES)
		{
			if (!whole)
				count_birth(&part, 0);
			move->pieces[move->npieces++] = part;
			continue;
		}
		ah_count(ARX_HEAP_COUNT_MAPPINGS_DROPPED, 1);
		if (whole)
			count_death(&part);
	}
	ah_mappings_unlock();
}

/* Where a piece is after the move; false when it was cut off. */
static bool
place_piece(const AhMappingMove *move, uintptr_t start, size_t length,
			AhRegion *piece)
{
	size_t offset = piece->start - move->start;
	bool last = offset + piece->length == move->length;

	if (offset >= length)
		return false;
	piece->start = start + offset;
	if (last && length > move->length)
		piece->length = length - offset;
	if (piece->length > length - offset)
		piece->length = length - offset;
	return true;
}

void
ah_mapping_put(const AhMappingMove *move, uintptr_t start, size_t length)
{
	if (move->npieces == 0 && !ah_mappings_near(start, length))
		return;
	if (!enter())
		return;
	forget(start, start + length);
	for (uint32_t i = 0; i < move->npieces; i++)
	{
		AhRegion piece = move->pieces[i];

		if (place_piece(move, start, length, &piece))
			insert_region(&piece);
		else
			count_death(&piece);
	}
	ah_mappings_unlock();
}

size_t
ah_mappings_copy(uintptr_t *position, AhMappingCopy *out, size_t n)
{
	AhRegion *region;
	size_t copied = 0;

	ah_mappings_lock();
	while (copied < n &&
		   (region = ah_region_at(&ledger.tree, *position)) != NULL)
	{
		out[copied] = *region;
		out[copied].site = site_of(region);
		*position = region->start + region->length;
		copied++;
	}
	ah_mappings_unlock();
	return copied;
}

void
ah_mappings_forked(void)
{
	atomic_store(&ledger.lock, 0);
	atomic_store(&ledger.forked_ns, ah_now_ns());
}
