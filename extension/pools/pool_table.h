/*
 * pool_table.h
 *	  Connections in the database, by who holds them, in shared memory.
 *
 * A pool is database, user, application and client address of clients'
 * backends; a group is database and user: what a pooler would call a pool.
 *
 * Two kinds of writers share one LWLock: the collector at its looks, which
 * never waits for it, and each client's backend once, at its exit.  Readers
 * take no lock.
 *
 * Transactions are counted by each backend in its ring.  What of them was
 * added to a pool is written down for each PGPROC under the lock, so looks and
 * exits add each transaction once.
 */
#ifndef ARX_POOL_TABLE_H
#define ARX_POOL_TABLE_H

#include "port/atomics.h"
#include "storage/lwlock.h"

#include "core/bounded_table.h"
#include "core/identity.h"
#include "pools/pool_day_peak.h"
#include "pools/pool_series.h"
#include "pools/pool_window.h"

typedef enum ArxPoolState
{
	ARX_POOL_ACTIVE,
	ARX_POOL_IDLE,
	ARX_POOL_IDLE_IN_TRANSACTION,
	ARX_POOL_ABORTED, /* idle in a transaction that failed */
	ARX_POOL_OTHER,	  /* not reported: track_activities is off */
	ARX_POOL_NSTATES
} ArxPoolState;

/*
 * Lengths of sessions: the buckets of libarx/histogram.h, four in one, eight
 * to an octave.  The middle of such a bucket is off by at most 1/17 of it, and
 * the bucket that stands for it in a histogram by 1/65 more: 7.6 % together.
 */
#define ARX_POOL_LENGTHS (37 * 8 + 2)

#define ARX_POOL_POINTS 14		  /* for one minute */
#define ARX_POOL_GROUP_POINTS 124 /* for ten minutes */
#define ARX_POOL_LEVEL_SLOTS 11
#define ARX_POOL_LEVEL_SLOT_US INT64CONST(60000000)

/* Times in microseconds; clocks are monotonic. */
typedef struct ArxPool
{
	int64 entered_clock;
	int64 entered_watched; /* see ArxPoolPoint.watched_us */
	/* of the look that saw it last */
	uint64 look;
	int32 now[ARX_POOL_NSTATES];
	int32 peak; /* since entered */
	int64 longest_idle_us;
	/* since entered */
	int64 longest_idle_max_us;
	int64 state_us[ARX_POOL_NSTATES];
	ArxPoolCounters counters;
	double sessions_ms; /* their lengths together */
	uint64 lengths[ARX_POOL_LENGTHS];
	int64 pushed;
	ArxPoolPoint points[ARX_POOL_POINTS];
} ArxPool;

typedef struct ArxPoolGroupKey
{
	Oid dbid;
	Oid userid;
} ArxPoolGroupKey;

/* One minute of looks by how many connections were busy. */
typedef struct ArxPoolLevels
{
	int64 minute; /* of the monotonic clock */
	float transactions[ARX_POOL_LEVELS];
	float seconds[ARX_POOL_LEVELS];
} ArxPoolLevels;

typedef struct ArxPoolGroup
{
	uint64 look; /* that saw it last; the next three are of it */
	int32 connections;
	int32 busy;
	bool continues; /* the look before saw it too, and it is at no level yet */
	ArxPoolCounters counters;
	int64 unlevelled; /* transactions that are at no level yet */
	ArxPoolLevels levels[ARX_POOL_LEVEL_SLOTS];
	ArxDayPeak day; /* of busy connections */
	int64 pushed;
	ArxPoolPoint points[ARX_POOL_GROUP_POINTS];
} ArxPoolGroup;

/* What of a PGPROC's ring was added to a pool; see core/event_ring.h. */
typedef struct ArxPoolAccount
{
	int64 transactions;
	int64 transaction_us;
	double transaction_us2;
} ArxPoolAccount;

/* Written under the lock, read at any time. */
typedef struct ArxPoolShared
{
	pg_atomic_uint64 look;		  /* number of the last one added */
	pg_atomic_uint64 look_time;	  /* TimestampTz of it; 0: none */
	pg_atomic_uint64 watched_us;  /* time that looks stand for */
	pg_atomic_uint64 connections; /* of clients at the last look */
	pg_atomic_uint64 sessions;	  /* ended */
	pg_atomic_uint64 folded; /* looks and ends added to the pool of others */
	pg_atomic_uint64 groups_refused; /* the same that are in no group */
	pg_atomic_uint64 skipped;		 /* looks that found the lock taken */
	pg_atomic_uint64 unaccounted;	 /* ends that could not be added */
	pg_atomic_uint32 pools_wanted;	 /* somebody found the table full */
	pg_atomic_uint32 groups_wanted;
} ArxPoolShared;

extern LWLock *arx_pool_lock;
extern ArxPoolShared *arx_pool_shared;
extern ArxTable *arx_pool_table;	   /* ArxIdentity -> ArxPool */
extern ArxTable *arx_pool_group_table; /* ArxPoolGroupKey -> ArxPoolGroup */

extern Size arx_pool_table_shmem_size(void);
extern void arx_pool_table_attach(void *segment, LWLock *lock, bool found);

extern int arx_pool_group_capacity(void);

static inline ArxPoolSeries
arx_pool_series(ArxPool *pool)
{
	ArxPoolSeries series = {pool->points, ARX_POOL_POINTS, &pool->pushed};

	return series;
}

static inline ArxPoolSeries
arx_pool_group_series(ArxPoolGroup *group)
{
	ArxPoolSeries series = {group->points, ARX_POOL_GROUP_POINTS,
							&group->pushed};

	return series;
}

/* How many connections the look saw, by its number: none if it saw none. */
static inline int32
arx_pool_connections(const ArxPool *pool, uint64 look)
{
	int32 n = 0;

	for (int i = 0; i < ARX_POOL_NSTATES && pool->look >= look; i++)
		n += pool->now[i];
	return n;
}

static inline int32
arx_pool_group_connections(const ArxPoolGroup *group, uint64 look)
{
	return group->look >= look ? group->connections : 0;
}

/*
 * Does the key stand for all pools that are not kept apart, because there are
 * more than arx_perf.max_pools?
 */
static inline bool
arx_pool_is_others(const ArxIdentity *key)
{
	return !OidIsValid(key->userid);
}

/*
 * The rest: with the lock held.  Entering never fails for pools (the pool of
 * others is there); NULL for groups when there is no room.  Change and write a
 * point before, end the change after.
 */
extern ArxPool *
arx_pool_enter(const ArxIdentity *identity, uint64 hash, int64 clock_us);
extern ArxPoolGroup *
arx_pool_enter_group(const ArxIdentity *identity, int64 clock_us);

extern ArxPoolAccount *arx_pool_account(int proc_number);

/* In the collector: makes room where somebody found none. */
extern void arx_pool_make_room(int64 clock_us);

/* This backend, a client's, goes after so long; takes the lock. */
extern void arx_pool_session_ended(int64 length_us);

#endif /* ARX_POOL_TABLE_H */
