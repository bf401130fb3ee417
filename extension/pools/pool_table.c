/*
 * pool_table.c
 *	  The tables of pools and groups, and the ends of sessions.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/proc.h"

#include "compat/pg_compat.h"
#include "compat/pg_compat_instr.h"
#include "core/backend_scan.h"
#include "core/event_ring.h"
#include "core/settings.h"
#include "libarx/histogram.h"
#include "pools/pool_table.h"

/* What was used since then is not evicted, and nothing is more often. */
#define EVICT_US INT64CONST(1000000)

LWLock *arx_pool_lock;
ArxPoolShared *arx_pool_shared;
ArxTable *arx_pool_table;
ArxTable *arx_pool_group_table;
static ArxPoolAccount *accounts;

/* One more, of the others. */
static ArxTableShape
pool_shape(void)
{
	ArxTableShape shape = {sizeof(ArxIdentity), sizeof(ArxPool),
						   arx_max_pools + 1};

	return shape;
}

int
arx_pool_group_capacity(void)
{
	return Max(arx_max_pools / 4, 10);
}

static ArxTableShape
group_shape(void)
{
	ArxTableShape shape = {sizeof(ArxPoolGroupKey), sizeof(ArxPoolGroup),
						   arx_pool_group_capacity()};

	return shape;
}

static Size
accounts_size(void)
{
	return CACHELINEALIGN(mul_size(MaxBackends, sizeof(ArxPoolAccount)));
}

Size
arx_pool_table_shmem_size(void)
{
	ArxTableShape pools = pool_shape();
	ArxTableShape groups = group_shape();
	Size size = CACHELINEALIGN(sizeof(ArxPoolShared));

	size = add_size(size, accounts_size());
	size = add_size(size, CACHELINEALIGN(arx_table_size(&pools)));
	return add_size(size, arx_table_size(&groups));
}

/* Its last use lies in the future: it is never evicted. */
static ArxPool *
others(void)
{
	ArxIdentity key;

	memset(&key, 0, sizeof(key));
	return arx_table_enter(arx_pool_table, &key, 0, PG_INT64_MAX, NULL);
}

static void
init_shared(void)
{
	memset(arx_pool_shared, 0, sizeof(*arx_pool_shared));
	pg_atomic_init_u64(&arx_pool_shared->look, 0);
	pg_atomic_init_u64(&arx_pool_shared->look_time, 0);
	pg_atomic_init_u64(&arx_pool_shared->watched_us, 0);
	pg_atomic_init_u64(&arx_pool_shared->connections, 0);
	pg_atomic_init_u64(&arx_pool_shared->sessions, 0);
	pg_atomic_init_u64(&arx_pool_shared->folded, 0);
	pg_atomic_init_u64(&arx_pool_shared->groups_refused, 0);
	pg_atomic_init_u64(&arx_pool_shared->skipped, 0);
	pg_atomic_init_u64(&arx_pool_shared->unaccounted, 0);
	pg_atomic_init_u32(&arx_pool_shared->pools_wanted, 0);
	pg_atomic_init_u32(&arx_pool_shared->groups_wanted, 0);
}

void
arx_pool_table_attach(void *segment, LWLock *lock, bool found)
{
	ArxTableShape pools = pool_shape();
	ArxTableShape groups = group_shape();
	char *at = segment;

	arx_pool_lock = lock;
	arx_pool_shared = (ArxPoolShared *) at;
	at += CACHELINEALIGN(sizeof(ArxPoolShared));
	accounts = (ArxPoolAccount *) at;
	at += accounts_size();
	arx_pool_table = arx_table_attach(at, &pools, found);
	at += CACHELINEALIGN(arx_table_size(&pools));
	arx_pool_group_table = arx_table_attach(at, &groups, found);
	if (found)
		return;
	init_shared();
	memset(accounts, 0, accounts_size());
	(void) others();
}

ArxPool *
arx_pool_enter(const ArxIdentity *identity, uint64 hash, int64 clock_us)
{
	bool is_new;
	ArxPool *pool =
		arx_table_enter(arx_pool_table, identity, hash, clock_us, &is_new);

	if (pool == NULL)
	{
		pg_atomic_write_u32(&arx_pool_shared->pools_wanted, 1);
		pg_atomic_fetch_add_u64(&arx_pool_shared->folded, 1);
		pool = others();
	}
	arx_table_change(arx_pool_table, pool);
	if (pool->entered_clock == 0)
	{
		pool->entered_clock = clock_us;
		pool->entered_watched =
			(int64) pg_atomic_read_u64(&arx_pool_shared->watched_us);
	}
	return pool;
}

ArxPoolGroup *
arx_pool_enter_group(const ArxIdentity *identity, int64 clock_us)
{
	ArxPoolGroupKey key = {identity->dbid, identity->userid};
	uint64 hash =
		hash_bytes_extended((const unsigned char *) &key, sizeof(key), 0);
	ArxPoolGroup *group =
		arx_table_enter(arx_pool_group_table, &key, hash, clock_us, NULL);

	if (group == NULL)
	{
		pg_atomic_write_u32(&arx_pool_shared->groups_wanted, 1);
		pg_atomic_fetch_add_u64(&arx_pool_shared->groups_refused, 1);
		return NULL;
	}
	arx_table_change(arx_pool_group_table, group);
	return group;
}

ArxPoolAccount *
arx_pool_account(int proc_number)
{
	return &accounts[proc_number];
}

/* Adds all that one pool has counted to another. */
static void
add_pool(ArxPool *to, const ArxPool *from)
{
	to->longest_idle_max_us =
		Max(to->longest_idle_max_us, from->longest_idle_max_us);
	for (int i = 0; i < ARX_POOL_NSTATES; i++)
		to->state_us[i] += from->state_us[i];
	to->counters.transactions += from->counters.transactions;
	to->counters.transaction_us += from->counters.transaction_us;
	to->counters.transaction_us2 += from->counters.transaction_us2;
	to->counters.sessions += from->counters.sessions;
	to->counters.connection_us += from->counters.connection_us;
	to->counters.busy_us += from->counters.busy_us;
	to->counters.idle_us += from->counters.idle_us;
	to->counters.cpu_us += from->counters.cpu_us;
	to->sessions_ms += from->sessions_ms;
	for (int i = 0; i < ARX_POOL_LENGTHS; i++)
		to->lengths[i] += from->lengths[i];
}

static void
fold(const void *key, const void *value, void *arg)
{
	add_pool(arg, value);
}

static void
evict_pools(int64 keep_since)
{
	static ArxPool evicted; /* the collector's; too large for a stack */
	ArxPool *rest;

	memset(&evicted, 0, sizeof(evicted));
	if (arx_table_evict(arx_pool_table, keep_since, fold, &evicted) == 0)
		return;
	rest = others();
	arx_table_change(arx_pool_table, rest);
	add_pool(rest, &evicted);
	arx_table_changed(arx_pool_table, rest);
}

void
arx_pool_make_room(int64 clock_us)
{
	static int64 last = 0;

	if (clock_us - last < EVICT_US)
		return;
	last = clock_us;
	if (pg_atomic_exchange_u32(&arx_pool_shared->pools_wanted, 0))
		evict_pools(clock_us - EVICT_US);
	if (pg_atomic_exchange_u32(&arx_pool_shared->groups_wanted, 0))
		(void) arx_table_evict(arx_pool_group_table, clock_us - EVICT_US, NULL,
							   NULL);
}

static int
length_bucket(int64 us)
{
	int index = arx_histogram_bucket_us((double) us);

	return index == 0 ? 0 : 1 + (index - 1) / 4;
}

/* What this backend's ring has counted and no look has added. */
static void
take_own_transactions(ArxPoolCounters *counters)
{
	int number = arx_compat_proc_number(MyProc);
	ArxSharedRing *ring = arx_ring_of(number);
	ArxPoolAccount *account = &accounts[number];
	uint64 raw = pg_atomic_read_u64(&ring->transaction_us2);
	ArxPoolAccount total;

	total.transactions = (int64) pg_atomic_read_u64(&ring->transactions);
	total.transaction_us = (int64) pg_atomic_read_u64(&ring->transaction_us);
	memcpy(&total.transaction_us2, &raw, sizeof(raw));
	counters->transactions = total.transactions - account->transactions;
	counters->transaction_us = total.transaction_us - account->transaction_us;
	counters->transaction_us2 =
		total.transaction_us2 - account->transaction_us2;
	*account = total;
}

static void
add_end(ArxPoolCounters *to, const ArxPoolCounters *own)
{
	to->transactions += own->transactions;
	to->transaction_us += own->transaction_us;
	to->transaction_us2 += own->transaction_us2;
	to->sessions++;
}

static void
add_end_to_tables(const ArxIdentity *identity, uint64 hash, int64 clock_us,
				  int64 length_us)
{
	int64 watched = (int64) pg_atomic_read_u64(&arx_pool_shared->watched_us);
	uint64 look = pg_atomic_read_u64(&arx_pool_shared->look);
	ArxPool *pool = arx_pool_enter(identity, hash, clock_us);
	ArxPoolGroup *group = arx_pool_enter_group(identity, clock_us);
	ArxPoolCounters own;

	memset(&own, 0, sizeof(own));
	take_own_transactions(&own);
	arx_pool_series_note(arx_pool_series(pool), clock_us, watched,
						 &pool->counters, arx_pool_connections(pool, look));
	add_end(&pool->counters, &own);
	pool->sessions_ms += (double) length_us / 1000.0;
	pool->lengths[length_bucket(length_us)]++;
	arx_table_changed(arx_pool_table, pool);
	if (group == NULL)
		return;
	arx_pool_series_note(arx_pool_group_series(group), clock_us, watched,
						 &group->counters,
						 arx_pool_group_connections(group, look));
	add_end(&group->counters, &own);
	group->unlevelled += own.transactions;
	arx_table_changed(arx_pool_group_table, group);
}

void
arx_pool_session_ended(int64 length_us)
{
	ArxIdentity identity;
	uint64 hash;

	/* Refused after it was authenticated: it never was a session. */
	if (!arx_my_identity(&identity) || !arx_kind_is_client(identity.kind) ||
		!OidIsValid(identity.userid))
		return;
	if (MyProc == NULL || LWLockHeldByMe(arx_pool_lock))
	{
		pg_atomic_fetch_add_u64(&arx_pool_shared->unaccounted, 1);
		return;
	}
	hash = hash_bytes_extended((const unsigned char *) &identity,
							   sizeof(identity), 0);
	LWLockAcquire(arx_pool_lock, LW_EXCLUSIVE);
	add_end_to_tables(&identity, hash, arx_clock_ns() / 1000, length_us);
	pg_atomic_fetch_add_u64(&arx_pool_shared->sessions, 1);
	LWLockRelease(arx_pool_lock);
}
