/*
 * sampler.c
 *	  Which blocks become samples, and what happens to those that did.
 *
 * A signal handler may allocate while the interrupted code is in here:
 * ah_thread.inside then keeps it out of the tables.  Its allocations are not
 * sampled (counted), and a sampled block that it frees waits in a list, linked
 * through the blocks themselves, until someone who may use the tables comes by.
 */
#include "runtime/sampler.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/control_slot.h"
#include "runtime/fork_guard.h"
#include "runtime/jemalloc.h"
#include "runtime/sample_range.h"
#include "runtime/tables.h"

/* Of a thread that came before the constructor: look again soon. */
#define BEFORE_START_BYTES (64 * 1024)
/*
 * Many forked children end before they could tell anything (a connection, a
 * command): they get no thread until they are this old.
 */
#define CHILD_THREAD_AGE_NS 1000000000ULL
/* A snapshot on growth: not below this. */
#define GROWTH_FLOOR (64.0 * 1024 * 1024)

typedef struct Deferred
{
	struct Deferred *next;
} Deferred;

static _Atomic(Deferred *) deferred;
static _Atomic uint64_t growth_mark;

__thread AhThread ah_thread __attribute__((tls_model("initial-exec")));

/* ---- the generator ---- */

/* splitmix64 (Steele, Lea, Flood 2014): one state word, any seed is good. */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9E3779B97F4A7C15ULL);

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
	return z ^ (z >> 31);
}

/* Never the same in two threads, nor in parent and child. */
static void
seed_thread(AhThread *thread)
{
	uint64_t seed;

	/* not getrandom(): the C library's is a point where threads are cancelled */
	if (syscall(SYS_getrandom, &seed, sizeof(seed), GRND_NONBLOCK) !=
		sizeof(seed))
		seed = ah_now_ns() ^ ((uint64_t) getpid() << 40) ^ (uintptr_t) thread;
	thread->random = seed | 1;
	thread->forks =
		atomic_load_explicit(&ah_runtime.forks, memory_order_relaxed);
}

/*
 * Draws the bytes until the next sample: exponential with the mean that is in
 * force now, by inversion of a uniform number in (0, 1].
 */
static void
draw_distance(AhThread *thread)
{
	uint64_t mean =
		atomic_load_explicit(&ah_runtime.mean, memory_order_relaxed);
	double uniform;

	thread->mean = mean;
	if (mean <= 1)
	{
		thread->left = 0;
		return;
	}
	uniform = (double) ((next_random(&thread->random) >> 11) + 1) * 0x1p-53;
	thread->left = (uint64_t) (-log(uniform) * (double) mean);
}

/* ---- whether to sample ---- */

/* True when the runtime is armed; asks the control file when it is not. */
static bool
is_armed(AhThread *thread)
{
	if (!atomic_load_explicit(&ah_runtime.started, memory_order_acquire))
	{
		thread->left = BEFORE_START_BYTES;
		ah_fork_register();
		return false;
	}
	if (!atomic_load_explicit(&ah_runtime.armed, memory_order_relaxed))
	{
		thread->left = ARX_HEAP_INERT_BYTES;
		thread->mean = 0;
		thread->inside = 1;
		ah_control_poll();
		thread->inside = 0;
		return atomic_load_explicit(&ah_runtime.armed, memory_order_relaxed);
	}
	return true;
}

/*
 * The thread's count ran out within these bytes.  Decides whether they hold a
 * sample, and leaves the thread with a count that goes on from their end.
 */
static bool
is_chosen(AhThread *thread, size_t bytes)
{
	if (thread->inside)
	{
		if (thread->mean != 0)
		{
			ah_count(ARX_HEAP_COUNT_DROPPED_NESTED, 1);
			draw_distance(thread);
		}
		else
			thread->left = BEFORE_START_BYTES;
		return false;
	}
	if (!is_armed(thread))
		return false;
	if (thread->mean == 0 || thread->forks != ah_runtime.forks)
	{
		/* The count was of a time without sampling: these bytes come first. */
		if (thread->random == 0 || thread->forks != ah_runtime.forks)
			seed_thread(thread);
		draw_distance(thread);
		if (bytes <= thread->left)
		{
			thread->left -= bytes;
			return false;
		}
	}
	return true;
}

/* ---- blocks ---- */

/* Frees what signal handlers left.  Called with inside set. */
static void
free_deferred(void)
{
	Deferred *list;

	if (atomic_load_explicit(&deferred, memory_order_relaxed) == NULL)
		return;
	list = atomic_exchange(&deferred, NULL);
	while (list != NULL)
	{
		Deferred *next = list->next;

		ah_sample_remove(list);
		ah_range_free(list);
		list = next;
	}
}

static void
defer(void *block)
{
	Deferred *entry = block;

	entry->next = atomic_load(&deferred);
	while (!atomic_compare_exchange_weak(&deferred, &entry->next, entry))
		;
}

static bool
is_young_child(void)
{
	return atomic_load_explicit(&ah_runtime.forks, memory_order_relaxed) > 0 &&
		ah_now_ns() - atomic_load(&ah_runtime.start_ns) < CHILD_THREAD_AGE_NS;
}

/* Sees to it that there is a thread, and asks for snapshots as memory grows. */
static void
ask_for_snapshot(bool in_signal_handler)
{
	uint64_t live,
		mark = atomic_load_explicit(&growth_mark, memory_order_relaxed);

	if (in_signal_handler || is_young_child())
		return;
	ah_snapshot_ask(ARX_HEAP_REASON_INTERVAL);
	if (ah_runtime.config.growth_percent == 0)
		return;
	live = (uint64_t) ah_live_bytes();
	if (live < (uint64_t) GROWTH_FLOOR || live <= mark)
		return;
	if (atomic_compare_exchange_strong(
			&growth_mark, &mark,
			live + live / 100 * ah_runtime.config.growth_percent))
		ah_snapshot_ask(ARX_HEAP_REASON_GROWTH);
}

/*
 * Enters a block into the tables, with the stack it came from.  counted: bytes
 * that had a chance to be chosen.
 */
static void
record(const AhRegisters *from, void *block, size_t size, size_t counted,
	   uint64_t mean)
{
	AhStack stack;
	bool in_signal_handler =
		ah_unwind(from, (uint32_t) ah_runtime.config.depth, &stack);

	if (stack.flags & ARX_HEAP_SITE_TRUNCATED)
		ah_count(ARX_HEAP_COUNT_STACKS_TRUNCATED, 1);
	if (stack.flags & ARX_HEAP_SITE_BROKEN)
		ah_count(ARX_HEAP_COUNT_STACKS_FAILED, 1);
	if (ah_sample_add(block, size, counted, mean, &stack, ah_thread.label))
		ask_for_snapshot(in_signal_handler);
}

static void
end_sample(AhThread *thread)
{
	free_deferred();
	thread->inside = 0;
}

/*
 * A block for a sample, if one falls into the bytes by which the program's
 * memory grows; mean is what it was drawn by.  With inside set until
 * end_sample(); NULL without.
 */
static void *
begin_sample(AhThread *thread, size_t growth, size_t size, int flags,
			 uint64_t *mean)
{
	void *block = NULL;

	if (!is_chosen(thread, growth))
		return NULL;
	*mean = thread->mean;
	draw_distance(thread);
	thread->inside = 1;
	ah_fork_check();
	if (size <= PTRDIFF_MAX)
		block = ah_range_alloc(size, flags);
	if (block == NULL)
	{
		ah_count(ARX_HEAP_COUNT_DROPPED_RANGE, 1);
		end_sample(thread);
	}
	return block;
}

void *
ah_sample_alloc(const AhRegisters *from, size_t size, int flags)
{
	AhThread *thread = &ah_thread;
	size_t bytes = size ? size : 1;
	int saved = errno;
	uint64_t mean;
	void *block = begin_sample(thread, size, bytes, flags, &mean);

	if (block != NULL)
	{
		record(from, block, bytes, bytes, mean);
		end_sample(thread);
	}
	errno = saved;
	return block;
}

void *
ah_sample_grow(const AhRegisters *from, void *old, size_t old_size, size_t size,
			   size_t growth)
{
	AhThread *thread = &ah_thread;
	int saved = errno;
	uint64_t mean;
	void *block = begin_sample(thread, growth, size, 0, &mean);

	if (block != NULL)
	{
		memcpy(block, old, old_size < size ? old_size : size);
		record(from, block, size, old_size + growth, mean);
		je_free(old);
		end_sample(thread);
	}
	errno = saved;
	return block;
}

void
ah_sample_free(void *block)
{
	AhThread *thread = &ah_thread;
	int saved = errno;

	if (thread->inside)
		defer(block);
	else
	{
		thread->inside = 1;
		ah_sample_remove(block);
		ah_range_free(block);
		free_deferred();
		thread->inside = 0;
	}
	errno = saved;
}

void
ah_free_low(void *block)
{
	if (ah_in_range(block))
		ah_sample_free(block);
	else if (block != NULL)
		je_free(block);
}

/* A block that cannot stay in the range moves out of it. */
static void *
move_out(void *block, size_t old_size, size_t size)
{
	void *moved = je_malloc(size);

	if (moved != NULL)
		memcpy(moved, block, old_size < size ? old_size : size);
	return moved;
}

/* realloc() of a sample by a signal handler, or of one without an entry. */
static void *
realloc_unknown(void *block, size_t size)
{
	void *moved = move_out(block, je_malloc_usable_size(block), size);

	if (moved != NULL)
		ah_sample_free(block);
	return moved;
}

/*
 * Whether a sample that had shrunk stays one now that its block grows again.
 * Others of its size that were not chosen get a chance for this growth, however
 * often they shrank and grew, and count as of their size then.  So that it is
 * as likely to be a sample as they are, it has to be chosen once more: for the
 * bytes that it kept, of those that it was chosen for, or for the growth.
 */
static bool
stays_sample(AhThread *thread, const AhSampleCopy *sample, size_t kept,
			 size_t growth)
{
	double mean = (double) sample->mean;
	double by_growth, by_kept, uniform;

	if (sample->counted <= kept || sample->mean <= 1)
		return true;
	if (thread->random == 0)
		seed_thread(thread);
	by_growth = -expm1(-(double) growth / mean);
	by_kept =
		expm1(-(double) kept / mean) / expm1(-(double) sample->counted / mean);
	uniform = (double) (next_random(&thread->random) >> 11) * 0x1p-53;
	return uniform < by_growth + (1 - by_growth) * by_kept;
}

/*
 * A sample stays one, with its birth, when its block is resized: a growing
 * vector is as old as its first element.  The bytes that it grew by had their
 * chance to be chosen too, so they count for its weight: in size classes, as
 * those of blocks that are not sampled.  NULL with state->known false: the
 * block is no sample any more and has to move.
 */
static void *
resize_known(AhThread *thread, void *block, size_t size, AhSampleState *state)
{
	size_t before = state->sample.size;
	size_t room = je_malloc_usable_size(block);
	size_t wanted = size <= PTRDIFF_MAX ? je_nallocx(size, 0) : 0;
	size_t growth = wanted > room ? wanted - room : 0;
	size_t counted = state->sample.counted;
	void *moved;

	if (growth > 0 && !stays_sample(thread, &state->sample, room, growth))
	{
		ah_sample_end(state);
		state->known = false;
		return NULL;
	}
	if (growth > 0)
		counted = (counted < room ? counted : room) + growth;
	moved = wanted > 0 ? ah_range_resize(block, size) : NULL;
	if (moved != NULL)
	{
		ah_sample_put(moved, size, counted, state);
		return moved;
	}
	/* Out of address range or of memory: go on without the sample. */
	ah_sample_put(block, before, state->sample.counted, state);
	moved = move_out(block, before, size);
	if (moved != NULL)
	{
		ah_count(ARX_HEAP_COUNT_DROPPED_RANGE, 1);
		ah_sample_remove(block);
		ah_range_free(block);
	}
	return moved;
}

void *
ah_sample_realloc(void *block, size_t size)
{
	AhThread *thread = &ah_thread;
	AhSampleState state;
	int saved = errno;
	void *moved;

	if (size == 0)
	{
		ah_sample_free(block);
		return NULL;
	}
	if (thread->inside)
		return realloc_unknown(block, size);
	thread->inside = 1;
	state = ah_sample_take(block);
	moved = state.known ? resize_known(thread, block, size, &state) : NULL;
	thread->inside = 0;
	if (!state.known)
		moved = realloc_unknown(block, size);
	errno = moved != NULL ? saved : ENOMEM;
	return moved;
}

void
ah_sampler_forked(void)
{
	atomic_store(&growth_mark, 0);
	if (ah_thread.mean != 0)
	{
		seed_thread(&ah_thread);
		draw_distance(&ah_thread);
	}
}
