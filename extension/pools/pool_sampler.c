/*
 * pool_sampler.c
 *	  Adds each look of the collector to the pools it saw.
 *
 * What is slow, walking over all sessions and the counters in their rings, is
 * done before the lock is asked for: sessions are put together by pool in
 * memory of the collector.  Under the lock remains a few stores for each pool,
 * and for each session that ended a transaction since the last look.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#include "core/event_ring.h"
#include "pools/pool_sampler.h"
#include "pools/pool_table.h"

/* One pool in this look. */
typedef struct Seen
{
	const ArxIdentity *identity;
	uint64 hash;
	int32 n[ARX_POOL_NSTATES];
	int32 on_cpu;
	int64 longest_idle_us;
	int64 transactions;
	int64 transaction_us;
	double transaction_us2;
	bool in_group; /* there was room for it */
} Seen;

/* Counters of a ring that were not all added to a pool. */
typedef struct Reading
{
	int proc_number;
	int pool; /* index of Seen */
	ArxPoolAccount total;
} Reading;

/* One look on its way into the tables. */
typedef struct Look
{
	const ArxTick *tick;
	int64 weight_us;
	int64 spacing_us;
	int64 watched_us; /* before this look */
	uint64 last;	  /* number of the look added before */
} Look;

/* In the collector's memory; all have room for all backends. */
static Seen *seen = NULL;
static int nseen;
static int32 *places; /* hash table: index of Seen + 1 */
static uint32 nplaces;
static Reading *readings;
static int nreadings;

/* Of looks that found the lock taken. */
static int64 carried_weight_us = 0;
static int64 carried_spacing_us = 0;

static void
make_room_for_a_look(void)
{
	nplaces = 64;
	while (nplaces < 2 * (uint32) MaxBackends)
		nplaces *= 2;
	readings =
		MemoryContextAlloc(TopMemoryContext, sizeof(Reading) * MaxBackends);
	places = MemoryContextAlloc(TopMemoryContext, sizeof(int32) * nplaces);
	seen = MemoryContextAlloc(TopMemoryContext, sizeof(Seen) * MaxBackends);
}

/* The pool of a session in this look. */
static int
find_seen(const ArxSession *session)
{
	uint32 place = (uint32) session->identity_hash & (nplaces - 1);
	Seen *pool;

	while (places[place] != 0)
	{
		pool = &seen[places[place] - 1];
		if (pool->hash == session->identity_hash &&
			memcmp(pool->identity, &session->identity, sizeof(ArxIdentity)) ==
				0)
			return places[place] - 1;
		place = (place + 1) & (nplaces - 1);
	}
	pool = &seen[nseen++];
	memset(pool, 0, sizeof(*pool));
	pool->identity = &session->identity;
	pool->hash = session->identity_hash;
	places[place] = nseen;
	return nseen - 1;
}

static ArxPoolState
state_of(const ArxSession *session)
{
	switch (session->state)
	{
		case STATE_RUNNING:
		case STATE_FASTPATH:
			return ARX_POOL_ACTIVE;
		case STATE_IDLE:
			return ARX_POOL_IDLE;
		case STATE_IDLEINTRANSACTION:
			return ARX_POOL_IDLE_IN_TRANSACTION;
		case STATE_IDLEINTRANSACTION_ABORTED:
			return ARX_POOL_ABORTED;
		default:
			return ARX_POOL_OTHER;
	}
}

/* Notes the ring's counters if a pool does not have all of them yet. */
static void
read_ring(const ArxSession *session, int pool)
{
	ArxSharedRing *ring = arx_ring_of(session->proc_number);
	Reading *reading = &readings[nreadings];
	uint64 raw;

	if (ring == NULL)
		return;
	reading->total.transactions =
		(int64) pg_atomic_read_u64(&ring->transactions);
	if (reading->total.transactions ==
		arx_pool_account(session->proc_number)->transactions)
		return;
	reading->total.transaction_us =
		(int64) pg_atomic_read_u64(&ring->transaction_us);
	raw = pg_atomic_read_u64(&ring->transaction_us2);
	memcpy(&reading->total.transaction_us2, &raw, sizeof(raw));
	reading->proc_number = session->proc_number;
	reading->pool = pool;
	nreadings++;
}

static void
see_session(const ArxSession *session, int64 now)
{
	ArxPoolState state = state_of(session);
	int index = find_seen(session);
	Seen *pool = &seen[index];

	pool->n[state]++;
	if (state == ARX_POOL_ACTIVE && session->wait_event_info == 0)
		pool->on_cpu++;
	if (arx_session_is_idle_in_transaction(session))
		pool->longest_idle_us =
			Max(pool->longest_idle_us, now - session->state_start);
	read_ring(session, index);
}

/* Puts all sessions together by pool.  Returns how many there are. */
static int
see_all(const ArxTick *tick)
{
	const ArxBackendScan *scan = tick->backends;
	int connections = 0;

	nseen = nreadings = 0;
	memset(places, 0, sizeof(int32) * nplaces);
	for (int i = 0; i < scan->nsessions; i++)
	{
		const ArxSession *session = scan->sessions[i];

		if (!arx_kind_is_client(session->identity.kind) ||
			session->proc_number >= MaxBackends)
			continue;
		connections++;
		/* One that is being authenticated is in no pool yet. */
		if (OidIsValid(session->identity.userid))
			see_session(session, tick->now);
	}
	return connections;
}

/* With the lock: no session that ended meanwhile has added them itself. */
static void
take_readings(void)
{
	for (int i = 0; i < nreadings; i++)
	{
		const ArxPoolAccount *total = &readings[i].total;
		ArxPoolAccount *account = arx_pool_account(readings[i].proc_number);
		Seen *pool = &seen[readings[i].pool];

		if (total->transactions <= account->transactions)
			continue;
		pool->transactions += total->transactions - account->transactions;
		pool->transaction_us += total->transaction_us - account->transaction_us;
		pool->transaction_us2 +=
			total->transaction_us2 - account->transaction_us2;
		*account = *total;
	}
}

static int32
busy_of(const Seen *from)
{
	return from->n[ARX_POOL_ACTIVE] + from->n[ARX_POOL_IDLE_IN_TRANSACTION] +
		from->n[ARX_POOL_ABORTED];
}

static int32
connections_of(const Seen *from)
{
	return busy_of(from) + from->n[ARX_POOL_IDLE] + from->n[ARX_POOL_OTHER];
}

static void
add_counters(ArxPoolCounters *to, const Seen *from, int64 weight_us)
{
	to->transactions += from->transactions;
	to->transaction_us += from->transaction_us;
	to->transaction_us2 += from->transaction_us2;
	to->connection_us += connections_of(from) * weight_us;
	to->busy_us += busy_of(from) * weight_us;
	to->idle_us +=
		(from->n[ARX_POOL_IDLE_IN_TRANSACTION] + from->n[ARX_POOL_ABORTED]) *
		weight_us;
	to->cpu_us += from->on_cpu * weight_us;
}

static void
add_to_pool(const Look *look, const Seen *from)
{
	const ArxTick *tick = look->tick;
	ArxPool *pool = arx_pool_enter(from->identity, from->hash, tick->clock_us);
	int32 connections;

	arx_pool_series_note(arx_pool_series(pool), tick->clock_us,
						 look->watched_us, &pool->counters,
						 arx_pool_connections(pool, look->last));
	/* Several are added to the pool of others in one look. */
	if (pool->look != tick->number)
	{
		memset(pool->now, 0, sizeof(pool->now));
		pool->longest_idle_us = 0;
		pool->counters.looks++;
		pool->look = tick->number;
	}
	for (int i = 0; i < ARX_POOL_NSTATES; i++)
	{
		pool->now[i] += from->n[i];
		pool->state_us[i] += from->n[i] * look->weight_us;
	}
	connections = arx_pool_connections(pool, tick->number);
	pool->peak = Max(pool->peak, connections);
	pool->longest_idle_us = Max(pool->longest_idle_us, from->longest_idle_us);
	pool->longest_idle_max_us =
		Max(pool->longest_idle_max_us, pool->longest_idle_us);
	add_counters(&pool->counters, from, look->weight_us);
	arx_table_changed(arx_pool_table, pool);
}

static void
add_to_group(const Look *look, Seen *from)
{
	const ArxTick *tick = look->tick;
	ArxPoolGroup *group = arx_pool_enter_group(from->identity, tick->clock_us);

	from->in_group = group != NULL;
	if (group == NULL)
		return;
	arx_pool_series_note(arx_pool_group_series(group), tick->clock_us,
						 look->watched_us, &group->counters,
						 arx_pool_group_connections(group, look->last));
	if (group->look != tick->number)
	{
		/* What it did while nobody looked is at no level. */
		if (group->look != look->last)
			group->unlevelled = 0;
		group->continues = group->look == look->last;
		group->counters.looks++;
		group->connections = group->busy = 0;
		group->look = tick->number;
	}
	group->connections += connections_of(from);
	group->busy += busy_of(from);
	group->unlevelled += from->transactions;
	add_counters(&group->counters, from, look->weight_us);
	arx_table_changed(arx_pool_group_table, group);
}

/* Puts the time since the look before at the level that this one sees. */
static void
add_level(const Look *look, ArxPoolGroup *group)
{
	int64 minute = look->tick->clock_us / ARX_POOL_LEVEL_SLOT_US;
	ArxPoolLevels *levels = &group->levels[minute % ARX_POOL_LEVEL_SLOTS];

	if (levels->minute != minute)
	{
		memset(levels, 0, sizeof(*levels));
		levels->minute = minute;
	}
	if (group->busy >= ARX_POOL_LEVELS)
		return;
	levels->transactions[group->busy] += (float) group->unlevelled;
	levels->seconds[group->busy] += (float) look->spacing_us / 1e6f;
}

/* When all pools of the group were added; for each of them. */
static void
finish_group(const Look *look, const Seen *from)
{
	ArxPoolGroup *group;

	if (!from->in_group)
		return;
	group = arx_pool_enter_group(from->identity, look->tick->clock_us);
	arx_pool_series_peak(arx_pool_group_series(group), group->connections,
						 group->busy);
	arx_day_peak_note(&group->day, look->tick->clock_us, group->busy);
	if (group->continues)
		add_level(look, group);
	group->continues = false;
	group->unlevelled = 0;
	arx_table_changed(arx_pool_group_table, group);
}

static void
add_look(const Look *look, int connections)
{
	const ArxTick *tick = look->tick;

	take_readings();
	for (int i = 0; i < nseen; i++)
	{
		add_to_pool(look, &seen[i]);
		add_to_group(look, &seen[i]);
	}
	for (int i = 0; i < nseen; i++)
		finish_group(look, &seen[i]);
	arx_pool_make_room(tick->clock_us);
	pg_atomic_write_u64(&arx_pool_shared->watched_us,
						(uint64) (look->watched_us + look->weight_us));
	pg_atomic_write_u64(&arx_pool_shared->connections, (uint64) connections);
	pg_atomic_write_u64(&arx_pool_shared->look_time, (uint64) tick->now);
	pg_write_barrier();
	pg_atomic_write_u64(&arx_pool_shared->look, tick->number);
}

void
arx_pool_sample(const ArxTick *tick)
{
	Look look;
	int connections;

	if (seen == NULL)
		make_room_for_a_look();
	connections = see_all(tick);
	carried_weight_us += tick->weight_us;
	carried_spacing_us += tick->spacing_us;
	if (!LWLockConditionalAcquire(arx_pool_lock, LW_EXCLUSIVE))
	{
		pg_atomic_fetch_add_u64(&arx_pool_shared->skipped, 1);
		return;
	}
	look.tick = tick;
	look.weight_us = carried_weight_us;
	look.spacing_us = carried_spacing_us;
	look.watched_us = (int64) pg_atomic_read_u64(&arx_pool_shared->watched_us);
	look.last = pg_atomic_read_u64(&arx_pool_shared->look);
	add_look(&look, connections);
	LWLockRelease(arx_pool_lock);
	carried_weight_us = carried_spacing_us = 0;
}
