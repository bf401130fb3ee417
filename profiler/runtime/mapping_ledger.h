/*
 * mapping_ledger.h
 *	  The anonymous memory that the program mapped by itself, with its stacks.
 *
 * Each region is known exactly: nothing is sampled here.  A region that nobody
 * may access (PROT_NONE) is address space, not memory, and has the kind
 * ARX_HEAP_SITE_RESERVE; all others have ARX_HEAP_SITE_MMAP.  Regions change
 * when parts are unmapped, replaced, moved or given another protection.
 *
 * The allocator's mappings and the runtime's own never get here, nor do those
 * that the C library makes for itself (stacks of threads).  Regions mapped
 * while the profiler was not armed are unknown; of known ones the end is seen
 * whether armed or not.  What a signal handler does in the middle of the
 * profiler's own work is not seen, and counted as a loss.
 *
 * One lock, which ranks before that of the tables.  None is held during a
 * system call of the program: a region leaves the ledger before it is really
 * unmapped and enters it after it was really mapped, so that no other thread's
 * new region at the same place is mistaken for the old one.  A
 * share of ARXHEAP_MEMORY bounds the regions: 32,767 of them by default, 65,535
 * at most.  What finds no room is left out and counted in
 * ARX_HEAP_COUNT_MAPPINGS_DROPPED.
 */
#ifndef ARX_PROFILER_MAPPING_LEDGER_H
#define ARX_PROFILER_MAPPING_LEDGER_H

#include "runtime/region_tree.h"
#include "runtime/unwind.h"

/* A region, as a snapshot sees it: a row of one sample with exact bytes. */
typedef AhRegion AhMappingCopy;

/* ---- for the entry points, which keep errno and hold no lock ---- */

/* True when what this thread maps now is to be recorded. */
extern bool ah_mappings_wanted(void);

/* True when a known region may lie in [start, start + length); takes no lock. */
extern bool ah_mappings_near(uintptr_t start, size_t length);

/*
 * Records what was just mapped, with the caller's stack and label, and forgets
 * what was there before.
 */
extern void ah_mapping_add(uintptr_t start, size_t length, ArxHeapSiteKind kind,
						   bool shared, const AhRegisters *from);

/*
 * Forgets a range, which may begin or end inside a region.  True when there was
 * something to forget.
 */
extern bool ah_mapping_remove(uintptr_t start, size_t length);

/* A range was given (accessible) or lost all access. */
extern void ah_mapping_protect(uintptr_t start, size_t length, bool accessible,
							   const AhRegisters *from);

/*
 * The parts of regions that are about to be moved or resized, out of the
 * ledger with their births unchanged.
 */
#define AH_MAPPING_PIECES 8
typedef struct AhMappingMove
{
	uintptr_t start;
	size_t length;
	uint32_t npieces;
	AhRegion pieces[AH_MAPPING_PIECES];
} AhMappingMove;

/* Takes the range out; more than AH_MAPPING_PIECES parts are left out and
 * counted. */
extern void
ah_mapping_take(AhMappingMove *move, uintptr_t start, size_t length);

/*
 * Puts it back at start, with length bytes: what is over dies, what is more
 * belongs to the last part.  Forgets what was there before.
 */
extern void
ah_mapping_put(const AhMappingMove *move, uintptr_t start, size_t length);

/* ---- for snapshots ---- */

/*
 * Copies up to n regions in the order of their addresses, from *position on,
 * which begins at 0 and is moved; returns how many, 0 at the end.  Holds the
 * lock for that long only: ask for some hundreds.  A region whose site is
 * AH_NO_SITE has no known origin (inherited from the parent of a fork, or the
 * table of sites was full): it counts as memory, but makes no row.
 */
extern size_t
ah_mappings_copy(uintptr_t *position, AhMappingCopy *out, size_t n);

/* ---- for fork ---- */

/* Around a fork, with ah_thread.inside set; taken before the tables' lock. */
extern void ah_mappings_lock(void);
extern void ah_mappings_unlock(void);

/*
 * In the child, after the fork was guarded by the lock: frees it.  Regions of
 * the parent stay as memory, without site: their stacks are the parent's.
 */
extern void ah_mappings_forked(void);

#endif
