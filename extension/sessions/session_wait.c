/*
 * session_wait.c
 *	  What each process waited for at the collector's last look.
 */
#include "postgres.h"

#include "port/atomics.h"

#include "compat/pg_compat_backends.h"
#include "core/event_ring.h"
#include "sessions/session_history.h"
#include "sessions/session_wait.h"

/* Of one PGPROC; written by the collector only. */
typedef struct Wait
{
	pg_atomic_uint64 what;	 /* wait_event_info, and changecount of the state */
	pg_atomic_uint64 events; /* of its ring: moves when a statement ends */
	pg_atomic_uint64 since;	 /* TimestampTz */
} Wait;

typedef struct Waits
{
	pg_atomic_uint64 last_look; /* TimestampTz; 0: none */
	Wait of_proc[FLEXIBLE_ARRAY_MEMBER];
} Waits;

static Waits *waits;

Size
arx_session_wait_shmem_size(void)
{
	return add_size(offsetof(Waits, of_proc),
					mul_size(sizeof(Wait), arx_compat_proc_count()));
}

void
arx_session_wait_shmem_attach(void *segment, bool found)
{
	waits = segment;
	if (found)
		return;
	pg_atomic_init_u64(&waits->last_look, 0);
	for (int i = 0; i < arx_compat_proc_count(); i++)
	{
		pg_atomic_init_u64(&waits->of_proc[i].what, 0);
		pg_atomic_init_u64(&waits->of_proc[i].events, 0);
		pg_atomic_init_u64(&waits->of_proc[i].since, 0);
	}
}

static uint64
what_of(const ArxSession *session)
{
	return (uint64) session->wait_event_info << 32 |
		(uint32) session->changecount;
}

static uint64
events_of(const ArxSession *session)
{
	ArxSharedRing *ring = arx_ring_of(session->proc_number);

	return ring ? pg_atomic_read_u64(&ring->head) : 0;
}

/* Sessions that do not work wait since their state changed. */
static bool
is_followed(const ArxSession *session)
{
	return session->wait_event_info != 0 && arx_session_counts(session) &&
		!arx_session_is_idle_in_transaction(session);
}

void
arx_session_wait_note(const ArxTick *tick)
{
	const ArxBackendScan *backends = tick->backends;
	uint64 last_look = pg_atomic_read_u64(&waits->last_look);

	for (int i = 0; i < backends->nsessions; i++)
	{
		const ArxSession *session = backends->sessions[i];
		Wait *wait = &waits->of_proc[session->proc_number];
		uint64 events;

		if (!is_followed(session))
		{
			pg_atomic_write_u64(&wait->what, 0);
			continue;
		}
		events = events_of(session);
		if (pg_atomic_read_u64(&wait->what) == what_of(session) &&
			pg_atomic_read_u64(&wait->events) == events)
			continue;
		/* Readers take "since" only when "what" is the same before and after. */
		pg_atomic_write_u64(&wait->what, 0);
		pg_write_barrier();
		pg_atomic_write_u64(&wait->since, last_look);
		pg_atomic_write_u64(&wait->events, events);
		pg_write_barrier();
		pg_atomic_write_u64(&wait->what, what_of(session));
	}
	pg_atomic_write_u64(&waits->last_look, (uint64) tick->now);
}

int64
arx_session_wait_since(const ArxSession *session)
{
	Wait *wait = &waits->of_proc[session->proc_number];
	uint64 what = what_of(session);
	uint64 since;
	bool same;

	if (!is_followed(session))
		return session->state_start;
	/* Begun after the last look, unless that look saw the same. */
	since = pg_atomic_read_u64(&waits->last_look);
	same = pg_atomic_read_u64(&wait->what) == what;
	pg_read_barrier();
	if (same && pg_atomic_read_u64(&wait->events) == events_of(session))
	{
		uint64 known = pg_atomic_read_u64(&wait->since);

		pg_read_barrier();
		if (pg_atomic_read_u64(&wait->what) == what)
			since = known;
	}
	return Max((int64) since,
			   Max(session->state_start, session->backend_start));
}
