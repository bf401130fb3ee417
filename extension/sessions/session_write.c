/*
 * session_write.c
 *	  The collector writes down a look: picks sessions, names them, makes room.
 *
 * A look is encoded in the collector's own memory first.  What is older than
 * arx_perf.history_seconds goes before the keys are entered, so that theirs
 * are free again; what has to go for room goes after.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "storage/proc.h"
#include "utils/memutils.h"

#include "compat/pg_compat_backends.h"
#include "core/settings.h"
#include "sessions/session_history.h"
#include "sessions/session_record.h"

/* Of the collector: room for a look's header, then its samples. */
static uint8 *buffer = NULL;
static int buffer_size;

static void
count(pg_atomic_uint64 *counter)
{
	pg_atomic_write_u64(counter, pg_atomic_read_u64(counter) + 1);
}

static void
make_buffer(void)
{
	if (buffer != NULL)
		return;
	buffer_size = (int) ARX_RING_RECORD_MAX(arx_history.ring.size);
	buffer = MemoryContextAlloc(TopMemoryContext, buffer_size);
}

/* The time that the oldest record stands for leaves with it. */
static void
drop_oldest(void)
{
	ArxHistory *history = &arx_history;
	uint64 position = arx_byte_ring_oldest(&history->ring);
	uint64 kept = pg_atomic_read_u64(&history->totals->kept_us);
	uint8 header[ARX_LOOK_MAX_BYTES];
	const uint8 *pos = header;
	int length;
	ArxLook look;

	if (arx_byte_ring_copy(&history->ring, &position, header, sizeof(header),
						   &length) &&
		arx_look_decode(&look, 0, &pos,
						header + Min(length, (int) sizeof(header))))
		kept -= Min(kept, (uint64) (look.weight_us + look.gap_us));
	pg_atomic_write_u64(&history->totals->kept_us, kept);
	arx_byte_ring_drop(&history->ring);
}

static bool
is_empty(void)
{
	return arx_byte_ring_oldest(&arx_history.ring) ==
		arx_byte_ring_end(&arx_history.ring);
}

/* Removes what is older than wanted, counted in time that was lived through. */
static void
drop_old(int64 more_us)
{
	uint64 wanted = (uint64) arx_history_seconds * 1000000;

	while (!is_empty() &&
		   pg_atomic_read_u64(&arx_history.totals->kept_us) + (uint64) more_us >
			   wanted)
		drop_oldest();
}

static void
make_room(int length)
{
	while (!arx_byte_ring_has_room(&arx_history.ring, length))
	{
		drop_oldest();
		count(&arx_history.totals->early);
	}
}

static uint32
enter_session(const ArxSession *session)
{
	ArxSessionKey key = {
		.pid = session->pid,
		.leader_pid = arx_session_leader(session),
		.backend_start = session->backend_start,
		.identity = session->identity,
	};
	uint64 hash =
		hash_combine64(session->identity_hash,
					   hash_uint32_extended((uint32) session->pid,
											(uint64) session->backend_start));

	return arx_dictionary_enter(&arx_history.sessions, &key, hash,
								arx_byte_ring_end(&arx_history.ring),
								arx_byte_ring_oldest(&arx_history.ring));
}

static void
set_statement(ArxSample *sample, const ArxSession *session)
{
	ArxStatementKey key = {session->queryid, session->toplevel_queryid};

	if (key.queryid == 0 && key.toplevel_queryid == 0)
		return;
	sample->statement =
		arx_dictionary_enter(&arx_history.statements, &key,
							 hash_combine64(key.queryid, key.toplevel_queryid),
							 arx_byte_ring_end(&arx_history.ring),
							 arx_byte_ring_oldest(&arx_history.ring));
	if (sample->statement != 0)
		return;
	count(&arx_history.totals->spelled_out);
	sample->spelled_out = true;
	sample->queryid = key.queryid;
	sample->toplevel_queryid = key.toplevel_queryid;
}

static void
set_blocker(ArxSample *sample, const ArxTick *tick, const ArxSession *session)
{
	const ArxWaiter *waiter;
	const ArxSession *blocker;

	if ((session->wait_event_info & 0xFF000000) != PG_WAIT_LOCK)
		return;
	waiter = arx_lock_scan_of(tick->locks, session->proc_number);
	if (waiter == NULL || waiter->nblockers == 0)
		return;
	if (waiter->blockers[0].proc_number < 0)
	{
		sample->has_blocker = true;
		return;
	}
	blocker =
		arx_backend_scan_of(tick->backends, waiter->blockers[0].proc_number);
	if (blocker == NULL || blocker->pid != waiter->blockers[0].pid)
		return;
	sample->blocker = enter_session(blocker);
	sample->has_blocker = sample->blocker != 0;
}

/*
 * Whole milliseconds from a time to now, both cut to such, so that the reader
 * has the same start from all looks; below 0: there is no such time.
 */
static int64
age_ms(int64 now, int64 since)
{
	return since == 0 ? -1 : Max(now / 1000 - since / 1000, 0);
}

static void
make_sample(ArxSample *sample, const ArxTick *tick, const ArxSession *session)
{
	memset(sample, 0, sizeof(*sample));
	sample->state = (uint8) session->state;
	sample->background = !arx_kind_is_foreground(session->identity.kind);
	sample->wait = session->wait_event_info;
	sample->query_ms = age_ms(tick->now, session->query_start);
	sample->xact_ms = age_ms(tick->now, session->xact_start);
	sample->session = enter_session(session);
	if (sample->session == 0)
		count(&arx_history.totals->unknown);
	set_statement(sample, session);
	set_blocker(sample, tick, session);
}

/* Encodes all that count from *at on; returns how many, moves *at. */
static int
encode_samples(const ArxTick *tick, int *at)
{
	const ArxBackendScan *backends = tick->backends;
	int n = 0;

	for (int i = 0; i < backends->nsessions; i++)
	{
		ArxSample sample;

		if (!arx_session_counts(backends->sessions[i]))
			continue;
		if (*at + ARX_SAMPLE_MAX_BYTES > buffer_size)
		{
			count(&arx_history.totals->cut);
			continue;
		}
		make_sample(&sample, tick, backends->sessions[i]);
		*at += arx_sample_encode(&sample, buffer + *at);
		n++;
	}
	return n;
}

/*
 * The look as it goes into the ring.  The first one of a new collector knows
 * of none before it, but the ring does.
 */
static ArxLook
make_look(const ArxTick *tick)
{
	int64 last = (int64) pg_atomic_read_u64(&arx_history.totals->last_clock);
	ArxLook look = {
		.time = tick->now,
		.weight_us = tick->weight_us,
		.spacing_us = tick->spacing_us,
		.gap_us = tick->gap_us,
		.number = (int64) tick->number,
	};

	if (look.spacing_us == 0 && last != 0)
	{
		look.spacing_us = Max(tick->clock_us - last, 0);
		look.gap_us = Max(look.spacing_us - tick->weight_us, 0);
	}
	return look;
}

void
arx_history_write(const ArxTick *tick)
{
	ArxHistoryTotals *totals = arx_history.totals;
	ArxLook look = make_look(tick);
	int64 stands_for = look.weight_us + look.gap_us;
	uint8 header[ARX_LOOK_MAX_BYTES];
	int header_length;
	int end = ARX_LOOK_MAX_BYTES;
	uint8 *record;

	make_buffer();
	drop_old(stands_for);
	look.nsamples = encode_samples(tick, &end);
	header_length = arx_look_encode(&look, totals->base_time, header);
	record = buffer + ARX_LOOK_MAX_BYTES - header_length;
	memcpy(record, header, header_length);
	make_room(end - ARX_LOOK_MAX_BYTES + header_length);
	arx_byte_ring_append(&arx_history.ring, record,
						 (int) (buffer + end - record));
	pg_atomic_write_u64(&totals->kept_us,
						pg_atomic_read_u64(&totals->kept_us) +
							(uint64) stands_for);
	pg_atomic_write_u64(&totals->last_clock, (uint64) tick->clock_us);
}
