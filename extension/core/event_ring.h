/*
 * event_ring.h
 *	  One ring of fixed-size events per backend: one writer, many drainers.
 *
 * A backend reserves the next slot of its own ring, fills it and commits.  No
 * lock, no shared read-modify-write.  Whoever wants the events (the collector
 * at its tick, a reader before it answers, the writer itself when the ring is
 * full) holds that ring's lock and hands them to the one consumer, which adds
 * them up.  So a full ring makes its writer do the adding; nothing is lost and
 * nobody waits for a worker.
 *
 *	   tail                  head
 *	    |  events to drain    |   free slots
 *	----+---------------------+---------------
 *
 * Every event is accounted for: pushed = drained + waiting, exactly, at each
 * moment at which the ring's lock is held.
 */
#ifndef ARX_EVENT_RING_H
#define ARX_EVENT_RING_H

#include "port/atomics.h"
#include "storage/lwlock.h"

#define ARX_EVENT_BYTES 256

typedef struct ArxSharedRing
{
	/* written by the owner only */
	pg_atomic_uint64 head;		 /* events pushed since server start */
	pg_atomic_uint64 executions; /* of these, the ones that are executions */
	pg_atomic_uint64 lost;		 /* executions that could not be pushed */
	/* and what the sampler reads of the process, see backend_counters.h */
	pg_atomic_uint64 running_queryid; /* innermost statement; 0: none */
	pg_atomic_uint64 transactions;	  /* ended since server start */
	pg_atomic_uint64 transaction_us;  /* their time together */
	pg_atomic_uint64 transaction_us2; /* sum of squares, a double's bits */
	pg_atomic_uint64 context_bytes;	  /* in memory contexts, at context_time */
	pg_atomic_uint64 context_time;	  /* TimestampTz; 0: never looked */
	char owner_pad[PG_CACHE_LINE_SIZE - 72];

	/* added to by the owner's parallel workers; nanoseconds of CPU time */
	pg_atomic_uint64 workers_user;
	pg_atomic_uint64 workers_sys;
	char workers_pad[PG_CACHE_LINE_SIZE - 16];

	/* written by who holds the ring's lock */
	pg_atomic_uint64 tail; /* events drained since server start */
	char drainer_pad[PG_CACHE_LINE_SIZE - 8];
} ArxSharedRing;

/*
 * Takes n events, oldest first.  They are in shared memory and stay unchanged
 * during the call.  Must not raise an error, and may take locks only of the
 * ranks below the ring's (see docs/architecture.md).
 */
typedef void (*ArxRingConsumer)(const void *const *events, int n);

/* Names the one consumer.  At load time. */
extern void arx_ring_set_consumer(ArxRingConsumer consumer);

/* Shared memory of all rings; see subsystem.h for the contract of each. */
extern int arx_ring_lock_count(void);
extern Size arx_ring_shmem_size(void);
extern void
arx_ring_shmem_attach(void *segment, LWLockPadded *locks, bool found);

/* This backend's ring; NULL before arx_ring_attach(). */
extern ArxSharedRing *arx_my_ring;
extern char *arx_my_ring_slots;
extern uint64 arx_my_ring_head;
extern uint32 arx_ring_slots;

/*
 * Finds this backend's ring.  False when it has none (no PGPROC, or one that
 * runs no statements).
 */
extern bool arx_ring_find_mine(void);

static inline bool
arx_ring_attach(void)
{
	return likely(arx_my_ring != NULL) || arx_ring_find_mine();
}

/* Drains all rings.  Returns the number of events drained. */
extern int arx_ring_drain_all(void);

/* Drains this backend's own ring; false when it holds the lock already. */
extern bool arx_ring_drain_mine(void);

/* Executions of all backends since the server started: pushed, and not. */
extern uint64 arx_ring_executions(void);
extern uint64 arx_ring_lost(void);

/* Counts an execution that ended and could not be pushed.  No lock. */
extern void arx_ring_count_lost(void);

/* The ring of a PGPROC number (for its parallel workers); NULL: none. */
extern ArxSharedRing *arx_ring_of(int proc_number);

/*
 * Slots that only arx_ring_reserve_now() takes: the failure of a statement and
 * the wording of an error may have to be told where no lock may be taken.
 */
#define ARX_RING_SPARE 4

/*
 * Says which statement runs innermost from now on, and returns which one it
 * was, to be put back when it has ended.
 */
static inline uint64
arx_ring_set_running(uint64 queryid)
{
	uint64 before;

	if (unlikely(!arx_ring_attach()))
		return 0;
	before = pg_atomic_read_u64(&arx_my_ring->running_queryid);
	pg_atomic_write_u64(&arx_my_ring->running_queryid, queryid);
	return before;
}

static inline bool
arx_ring_has_room(uint32 n)
{
	return arx_my_ring_head - pg_atomic_read_u64(&arx_my_ring->tail) + n <=
		arx_ring_slots;
}

static inline void *
arx_ring_next_slot(void)
{
	return arx_my_ring_slots +
		(arx_my_ring_head & (arx_ring_slots - 1)) * ARX_EVENT_BYTES;
}

/*
 * The next slot (ARX_EVENT_BYTES, to be filled whole), after draining when the
 * ring is full.  NULL only when an error is being handled that struck inside
 * the drain itself.  The ring must be attached.
 */
static inline void *
arx_ring_reserve(void)
{
	if (unlikely(!arx_ring_has_room(1 + ARX_RING_SPARE)) &&
		!arx_ring_drain_mine())
		return NULL;
	return arx_ring_next_slot();
}

/* Was a spare slot taken since arx_ring_refill()? */
extern bool arx_ring_spare_used;

/* The same without any lock: NULL when the ring is full to the last slot. */
static inline void *
arx_ring_reserve_now(void)
{
	arx_ring_spare_used = true;
	return arx_ring_has_room(1) ? arx_ring_next_slot() : NULL;
}

/*
 * Where locks may be taken again: makes sure that the spare slots are there.
 * The ring must be attached when arx_ring_spare_used.
 */
static inline void
arx_ring_refill(void)
{
	if (likely(!arx_ring_spare_used))
		return;
	arx_ring_spare_used = false;
	if (!arx_ring_has_room(1 + ARX_RING_SPARE))
		(void) arx_ring_drain_mine();
}

/* Publishes the slot last reserved.  executions: how many it stands for. */
static inline void
arx_ring_commit(int executions)
{
	pg_atomic_write_u64(&arx_my_ring->executions,
						pg_atomic_read_u64(&arx_my_ring->executions) +
							executions);
	pg_write_barrier();
	pg_atomic_write_u64(&arx_my_ring->head, ++arx_my_ring_head);
}

#endif /* ARX_EVENT_RING_H */
