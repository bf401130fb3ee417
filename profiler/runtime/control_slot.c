/*
 * control_slot.c
 *	  This process's slot in the control file, and the wishes written into it.
 *
 * The file lies in the snapshot folder, which belongs to the user and is closed
 * to others, and is mapped for the life of the process; no descriptor stays
 * open.  It is mapped only when it has its full size and, where the file system
 * can, all its blocks, so that touching it never faults; who may write to the
 * folder could still cut it short under us, and can harm the process in simpler
 * ways.  What others wrote is compared, copied and bounded, never followed.
 *
 * The word that the thread sleeps on is in the slot; without one, in memory of
 * the process (snapshot_thread.c).
 */
#include "runtime/control_slot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/private_memory.h"
#include "runtime/proc_file.h"
#include "runtime/runtime.h"
#include "runtime/snapshot_folder.h"
#include "runtime/tables.h"

/* A sampling interval above this is no wish, but damage: samples keep 32 bits. */
#define MAX_SAMPLE_BYTES UINT32_MAX

static ArxHeapControlFile *file;
static _Atomic(ArxHeapSlot *) own_slot; /* NULL when there is none */

uint64_t
ah_pid_namespace(void)
{
	struct stat info;

	return stat("/proc/self/ns/pid", &info) == 0 ? info.st_ino : 0;
}

/* ---- the file ---- */

/* Gives the file its size and its blocks.  0 or an errno. */
static int
size_file(int fd)
{
	struct stat info;

	if (fstat(fd, &info) != 0)
		return errno;
	if (!S_ISREG(info.st_mode) || info.st_uid != geteuid())
		return EPERM;
	if (info.st_size >= (off_t) sizeof(ArxHeapControlFile))
		return 0;
	if (!ah_file_may_grow(sizeof(ArxHeapControlFile)))
		return EFBIG;
	if (fallocate(fd, 0, 0, sizeof(ArxHeapControlFile)) == 0)
		return 0;
	if (errno != EOPNOTSUPP && errno != ENOSYS)
		return errno;
	return ftruncate(fd, sizeof(ArxHeapControlFile)) == 0 ? 0 : errno;
}

/*
 * Marks a new file as ours, or checks that it is.  Two processes may do this at
 * the same time: both write the same, the magic last.
 */
static bool
mark_file(ArxHeapControlFile *mapped)
{
	uint64_t none = 0;

	if (atomic_load(&mapped->magic) == 0)
	{
		atomic_store(&mapped->version, ARX_HEAP_CONTROL_VERSION);
		atomic_store(&mapped->slot_bytes, sizeof(ArxHeapSlot));
		atomic_compare_exchange_strong(&mapped->magic, &none,
									   ARX_HEAP_CONTROL_MAGIC);
	}
	return atomic_load(&mapped->magic) == ARX_HEAP_CONTROL_MAGIC &&
		atomic_load(&mapped->version) == ARX_HEAP_CONTROL_VERSION &&
		atomic_load(&mapped->slot_bytes) == sizeof(ArxHeapSlot);
}

static ArxHeapControlFile *
map_file(void)
{
	ArxHeapControlFile *mapped = NULL;
	void *memory;
	int folder = ah_folder_open();
	int fd;

	if (folder < 0)
		return NULL;
	fd = ah_file_open(folder, ARX_HEAP_CONTROL_NAME,
					  O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600);
	ah_file_close(folder);
	if (fd < 0)
		return NULL;
	if (size_file(fd) == 0)
	{
		memory = ah_sys_mmap(NULL, sizeof(ArxHeapControlFile),
							 PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (memory != MAP_FAILED)
			mapped = memory;
	}
	ah_file_close(fd);
	if (mapped != NULL && !mark_file(mapped))
	{
		ah_sys_munmap(mapped, sizeof(ArxHeapControlFile));
		mapped = NULL;
	}
	return mapped;
}

/* ---- slots ---- */

static bool
is_gone(int64_t pid)
{
	return pid > 0 && pid <= INT_MAX && kill((pid_t) pid, 0) != 0 &&
		errno == ESRCH;
}

/*
 * Takes the slot for me when nobody lives in it; with look, the system is asked
 * whether the owner does.  A free slot is first taken by its state, so that
 * nobody takes it again before it has a new owner.
 */
static bool
take_slot(ArxHeapSlot *slot, uint64_t me, uint64_t namespace_id, bool look)
{
	uint64_t owner = atomic_load(&slot->owner);
	uint32_t state = atomic_load(&slot->state);

	if (state == ARX_HEAP_FREE || state == ARX_HEAP_EXITED)
	{
		if (!atomic_compare_exchange_strong(&slot->state, &state,
											ARX_HEAP_INERT))
			return false;
	}
	else if (!look || atomic_load(&slot->namespace_id) != namespace_id ||
			 !is_gone((int64_t) (owner >> 32)))
		return false;
	return atomic_compare_exchange_strong(&slot->owner, &owner, me);
}

/* Takes a vacant slot, or returns NULL. */
static ArxHeapSlot *
claim_slot(ArxHeapControlFile *control, uint64_t me, uint64_t namespace_id,
		   bool look)
{
	uint32_t first =
		(uint32_t) (me >> 32) * 2654435761U % ARX_HEAP_CONTROL_SLOTS;

	for (uint32_t i = 0; i < ARX_HEAP_CONTROL_SLOTS; i++)
	{
		ArxHeapSlot *slot =
			&control->slots[(first + i) % ARX_HEAP_CONTROL_SLOTS];

		if (take_slot(slot, me, namespace_id, look))
			return slot;
	}
	return NULL;
}

static uint32_t
current_state(void)
{
	if (atomic_load(&ah_runtime.refusal) != ARX_HEAP_REFUSED_NOT)
		return ARX_HEAP_REFUSED;
	return atomic_load(&ah_runtime.armed) ? ARX_HEAP_ARMED : ARX_HEAP_INERT;
}

static void
fill_slot(ArxHeapSlot *slot, uint64_t namespace_id)
{
	atomic_store(&slot->start_us, ah_runtime.start_us);
	atomic_store(&slot->namespace_id, namespace_id);
	atomic_store(&slot->want_armed, atomic_load(&ah_runtime.armed) ? 1 : 0);
	atomic_store(&slot->want_sample, 0);
	atomic_store(&slot->snapshot_wanted, 0);
	atomic_store(&slot->snapshot_done, 0);
	atomic_store(&slot->snapshot_errno, 0);
	atomic_store(&slot->has_thread, 0);
	atomic_store(&slot->last_snapshot_us, 0);
	atomic_store(&slot->sequence, 0);
	atomic_store(&own_slot, slot);
	ah_control_publish();
}

static void
enter_file(void)
{
	uint64_t namespace_id = ah_pid_namespace();
	uint64_t me = (uint64_t) (uint32_t) atomic_load(&ah_runtime.pid) << 32 |
		(uint32_t) ah_runtime.start_us;
	ArxHeapSlot *slot = claim_slot(file, me, namespace_id, false);

	if (slot == NULL)
		slot = claim_slot(file, me, namespace_id, true);
	if (slot == NULL)
		atomic_fetch_add(&file->unlisted, 1);
	else
		fill_slot(slot, namespace_id);
}

void
ah_control_open(void)
{
	int saved = errno;

	atomic_store(&own_slot, NULL);
	file = map_file();
	if (file != NULL)
		enter_file();
	errno = saved;
}

void
ah_control_forked(void)
{
	int saved = errno;

	atomic_store(&own_slot, NULL);
	if (file != NULL)
		enter_file();
	errno = saved;
}

ArxHeapSlot *
ah_control_slot(void)
{
	return atomic_load(&own_slot);
}

void
ah_control_publish(void)
{
	ArxHeapSlot *slot = atomic_load(&own_slot);
	uint64_t dropped = 0;

	if (slot == NULL)
		return;
	for (int i = ARX_HEAP_COUNT_DROPPED_MEMORY;
		 i <= ARX_HEAP_COUNT_DROPPED_NESTED; i++)
		dropped += atomic_load(&ah_runtime.counters[i]);
	atomic_store(&slot->samples,
				 atomic_load(&ah_runtime.counters[ARX_HEAP_COUNT_SAMPLES]));
	atomic_store(&slot->live_samples,
				 atomic_load(&ah_runtime.counters[ARX_HEAP_COUNT_LIVE]));
	atomic_store(&slot->live_bytes, (uint64_t) ah_live_bytes());
	atomic_store(&slot->dropped, dropped);
	atomic_store(&slot->refusal, atomic_load(&ah_runtime.refusal));
	atomic_store(&slot->state, current_state());
}

void
ah_control_close(void)
{
	ArxHeapSlot *slot = atomic_exchange(&own_slot, NULL);

	if (slot == NULL)
		return;
	atomic_store(&slot->has_thread, 0);
	atomic_store(&slot->state, ARX_HEAP_EXITED);
}

/* ---- wishes ---- */

/*
 * A profile begins when the profiler is armed for the first time.  Armed again
 * it goes on: what was sampled before is still known.
 */
static void
arm(void)
{
	if (atomic_load(&ah_runtime.counters[ARX_HEAP_COUNT_SAMPLES]) == 0)
	{
		ah_runtime.profile_start_us = ah_utc_us();
		atomic_store(&ah_runtime.start_ns, ah_now_ns());
	}
	atomic_store(&ah_runtime.armed, true);
}

void
ah_control_poll(void)
{
	ArxHeapSlot *slot = atomic_load_explicit(&own_slot, memory_order_relaxed);
	bool armed = atomic_load_explicit(&ah_runtime.armed, memory_order_relaxed);
	uint64_t sample;
	uint32_t want;

	if (slot == NULL ||
		atomic_load_explicit(&ah_runtime.refusal, memory_order_relaxed) != 0)
		return;
	sample = atomic_load_explicit(&slot->want_sample, memory_order_relaxed);
	if (sample != 0 && sample <= MAX_SAMPLE_BYTES)
		atomic_store_explicit(&ah_runtime.mean, sample, memory_order_relaxed);
	want = atomic_load_explicit(&slot->want_armed, memory_order_acquire);
	if (want == 1 && !armed)
	{
		arm();
		ah_control_publish();
	}
	else if (want == 0 && armed && atomic_exchange(&ah_runtime.armed, false))
	{
		ah_control_publish();
		ah_snapshot_ask(ARX_HEAP_REASON_DISARM);
	}
	if (ah_control_request() != 0)
		ah_snapshot_ask(ARX_HEAP_REASON_REQUEST);
}

uint32_t
ah_control_request(void)
{
	ArxHeapSlot *slot = atomic_load_explicit(&own_slot, memory_order_relaxed);
	uint32_t wanted;

	if (slot == NULL)
		return 0;
	wanted = atomic_load_explicit(&slot->snapshot_wanted, memory_order_acquire);
	return wanted !=
			atomic_load_explicit(&slot->snapshot_done, memory_order_relaxed)
		? wanted
		: 0;
}

void
ah_control_answer(uint32_t request, int error)
{
	ArxHeapSlot *slot = atomic_load(&own_slot);

	if (slot == NULL)
		return;
	atomic_store(&slot->snapshot_errno, (uint32_t) error);
	atomic_store(&slot->snapshot_done, request);
	syscall(SYS_futex, &slot->snapshot_done, FUTEX_WAKE, INT_MAX, NULL, NULL,
			0);
}

void
ah_control_wrote(uint64_t sequence, uint64_t taken_us, int error)
{
	ArxHeapSlot *slot = atomic_load(&own_slot);

	if (slot == NULL)
		return;
	atomic_store(&slot->snapshot_errno, (uint32_t) error);
	if (error == 0)
	{
		atomic_store(&slot->sequence, sequence);
		atomic_store(&slot->last_snapshot_us, taken_us);
	}
	ah_control_publish();
}

/* The slot that a process of that pid and start has, or had; NULL unknown. */
static ArxHeapSlot *
find_slot(int64_t pid, uint64_t start_us)
{
	uint64_t owner = (uint64_t) pid << 32 | (uint32_t) start_us;

	for (int i = 0; file != NULL && i < ARX_HEAP_CONTROL_SLOTS; i++)
		if (atomic_load(&file->slots[i].owner) == owner)
			return &file->slots[i];
	return NULL;
}

/* What a process said itself counts before the system's view of its pid. */
bool
ah_control_alive(int64_t pid, uint64_t start_us)
{
	const ArxHeapSlot *slot = find_slot(pid, start_us);

	if (slot != NULL && atomic_load(&slot->state) == ARX_HEAP_EXITED)
		return false;
	if (slot != NULL && atomic_load(&slot->namespace_id) != ah_pid_namespace())
		return true;
	return !is_gone(pid);
}
