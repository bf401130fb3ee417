/*
 * event_ring.c
 *	  Finds, drains and counts the rings of all backends.
 *
 * The rings lie in one segment, indexed by the number of the backend's PGPROC;
 * a new backend goes on where the last owner of that PGPROC stopped, so events
 * of a backend that has gone wait for the next drain like any other.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/proc.h"

#include "compat/pg_compat.h"
#include "core/event_ring.h"
#include "core/settings.h"

ArxSharedRing *arx_my_ring = NULL;
char *arx_my_ring_slots = NULL;
uint64 arx_my_ring_head = 0;
uint32 arx_ring_slots = 0;
bool arx_ring_spare_used = false;

static ArxSharedRing *rings;
static char *slots;
static LWLockPadded *ring_locks;
static ArxRingConsumer consume;
static int my_ring_number = -1;

/* Events handed to the consumer at a time; bounds its stack. */
#define DRAIN_BATCH 64

void
arx_ring_set_consumer(ArxRingConsumer consumer)
{
	consume = consumer;
}

/* A power of two, so that a position is masked, not divided. */
static uint32
slots_per_ring(void)
{
	uint32 n = 8;

	while (n < (uint32) arx_ring_size)
		n *= 2;
	return n;
}

int
arx_ring_lock_count(void)
{
	return MaxBackends;
}

Size
arx_ring_shmem_size(void)
{
	Size per_ring = add_size(sizeof(ArxSharedRing),
							 mul_size(slots_per_ring(), ARX_EVENT_BYTES));

	return mul_size(MaxBackends, per_ring);
}

void
arx_ring_shmem_attach(void *segment, LWLockPadded *locks, bool found)
{
	arx_ring_slots = slots_per_ring();
	rings = segment;
	slots = (char *) (rings + MaxBackends);
	ring_locks = locks;
	if (found)
		return;
	for (int i = 0; i < MaxBackends; i++)
	{
		pg_atomic_init_u64(&rings[i].head, 0);
		pg_atomic_init_u64(&rings[i].executions, 0);
		pg_atomic_init_u64(&rings[i].lost, 0);
		pg_atomic_init_u64(&rings[i].running_queryid, 0);
		pg_atomic_init_u64(&rings[i].transactions, 0);
		pg_atomic_init_u64(&rings[i].transaction_us, 0);
		pg_atomic_init_u64(&rings[i].transaction_us2, 0);
		pg_atomic_init_u64(&rings[i].context_bytes, 0);
		pg_atomic_init_u64(&rings[i].context_time, 0);
		pg_atomic_init_u64(&rings[i].workers_user, 0);
		pg_atomic_init_u64(&rings[i].workers_sys, 0);
		pg_atomic_init_u64(&rings[i].tail, 0);
	}
}

/* A process that is ended within a statement does not come back to say so. */
static void
run_nothing(int code, Datum arg)
{
	pg_atomic_write_u64(&arx_my_ring->running_queryid, 0);
}

bool
arx_ring_find_mine(void)
{
	int number;

	if (MyProc == NULL || rings == NULL)
		return false;
	number = arx_compat_proc_number(MyProc);
	if (number < 0 || number >= MaxBackends)
		return false;
	my_ring_number = number;
	arx_my_ring_slots =
		slots + (Size) number * arx_ring_slots * ARX_EVENT_BYTES;
	arx_my_ring_head = pg_atomic_read_u64(&rings[number].head);
	arx_my_ring = &rings[number];
	/* Of the session that had this PGPROC before. */
	pg_atomic_write_u64(&arx_my_ring->context_time, 0);
	on_shmem_exit(run_nothing, (Datum) 0);
	return true;
}

/* The ring's lock must be held. */
static int
drain_locked(int number)
{
	ArxSharedRing *ring = &rings[number];
	char *base = slots + (Size) number * arx_ring_slots * ARX_EVENT_BYTES;
	uint64 tail = pg_atomic_read_u64(&ring->tail);
	uint64 head = pg_atomic_read_u64(&ring->head);
	int drained = (int) (head - tail);

	pg_read_barrier();
	while (tail < head)
	{
		const void *batch[DRAIN_BATCH];
		int n = 0;

		for (; tail < head && n < DRAIN_BATCH; tail++)
			batch[n++] = base + (tail & (arx_ring_slots - 1)) * ARX_EVENT_BYTES;
		consume(batch, n);
	}
	pg_memory_barrier(); /* the slots are read before they may be reused */
	pg_atomic_write_u64(&ring->tail, tail);
	return drained;
}

static int
drain(int ring)
{
	int drained;

	if (pg_atomic_read_u64(&rings[ring].head) ==
		pg_atomic_read_u64(&rings[ring].tail))
		return 0;
	LWLockAcquire(&ring_locks[ring].lock, LW_EXCLUSIVE);
	drained = drain_locked(ring);
	LWLockRelease(&ring_locks[ring].lock);
	return drained;
}

int
arx_ring_drain_all(void)
{
	int drained = 0;

	for (int i = 0; i < MaxBackends; i++)
		drained += drain(i);
	return drained;
}

bool
arx_ring_drain_mine(void)
{
	LWLock *lock = &ring_locks[my_ring_number].lock;

	if (LWLockHeldByMe(lock))
		return false;
	LWLockAcquire(lock, LW_EXCLUSIVE);
	drain_locked(my_ring_number);
	LWLockRelease(lock);
	return true;
}

uint64
arx_ring_executions(void)
{
	uint64 total = 0;

	for (int i = 0; i < MaxBackends; i++)
		total += pg_atomic_read_u64(&rings[i].executions);
	return total;
}

uint64
arx_ring_lost(void)
{
	uint64 total = 0;

	for (int i = 0; i < MaxBackends; i++)
		total += pg_atomic_read_u64(&rings[i].lost);
	return total;
}

void
arx_ring_count_lost(void)
{
	if (arx_ring_attach())
		pg_atomic_fetch_add_u64(&arx_my_ring->lost, 1);
}

ArxSharedRing *
arx_ring_of(int proc_number)
{
	if (proc_number < 0 || proc_number >= MaxBackends)
		return NULL;
	return &rings[proc_number];
}
