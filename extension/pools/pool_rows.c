/*
 * pool_rows.c
 *	  Pools of connections in the database as rows.
 *
 * Entries are copied without a lock.  A pool that the last look did not see
 * has no connections now.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"

#include "compat/pg_compat.h"
#include "compat/pg_compat_instr.h"
#include "core/row_writer.h"
#include "libarx/histogram.h"
#include "pools/pool_table.h"

PG_FUNCTION_INFO_V1(arx_database_pools);

/* Rates are over the last minute. */
#define RATE_US INT64CONST(60000000)

typedef struct Reading
{
	ArxRowWriter row;
	uint64 look;
	int64 look_time;
	int64 watched_us;
	int64 clock_us;
	ArxIdentity key;
	ArxPool pool;
	ArxHistogram lengths;
	struct varlena *histogram; /* room for the largest */
} Reading;

static void
put_ratio(ArxRowWriter *row, double part, double whole)
{
	if (whole > 0)
		arx_put_float8(row, part / whole);
	else
		arx_put_null(row);
}

static void
put_identity(Reading *reading)
{
	ArxRowWriter *row = &reading->row;
	const ArxIdentity *key = &reading->key;

	if (arx_pool_is_others(key))
	{
		for (int i = 0; i < 4; i++)
			arx_put_null(row);
		return;
	}
	arx_put(row, ObjectIdGetDatum(key->userid));
	arx_put(row, ObjectIdGetDatum(key->dbid));
	arx_put_text(row, key->application_name);
	arx_put_client_addr(row, key);
}

static void
put_states(Reading *reading)
{
	ArxRowWriter *row = &reading->row;
	const ArxPool *pool = &reading->pool;
	bool is_there = pool->look >= reading->look;
	double watched = (double) (reading->watched_us - pool->entered_watched);

	arx_put(row, Int32GetDatum(arx_pool_connections(pool, reading->look)));
	for (int i = 0; i < ARX_POOL_NSTATES; i++)
		arx_put(row, Int32GetDatum(is_there ? pool->now[i] : 0));
	arx_put(row, Int32GetDatum(pool->peak));
	for (int i = 0; i < ARX_POOL_NSTATES; i++)
		put_ratio(row, (double) pool->state_us[i], watched);
	arx_put_int64(row, pool->counters.looks);
	arx_put_float8(row, is_there ? (double) pool->longest_idle_us / 1e3 : 0.0);
	arx_put_float8(row, (double) pool->longest_idle_max_us / 1e3);
}

static void
put_transactions(Reading *reading)
{
	ArxRowWriter *row = &reading->row;
	const ArxPoolCounters *counters = &reading->pool.counters;
	double n = (double) counters->transactions;
	double us = (double) counters->transaction_us;

	arx_put_int64(row, counters->transactions);
	put_ratio(row, us / 1e3, n);
	/* E[x^2] / E[x]^2 - 1; rounding must not take it below zero */
	if (us > 0)
		arx_put_float8(
			row, Max(counters->transaction_us2 * n / (us * us) - 1.0, 0.0));
	else
		arx_put_null(row);
}

/*
 * Of the last minute.  The pool of others has none: what is folded into it
 * would look like load.
 */
static void
put_rates(Reading *reading)
{
	ArxRowWriter *row = &reading->row;
	ArxPool *pool = &reading->pool;
	ArxPoolPoint now;
	ArxPoolDelta delta;
	int64 begun;

	if (arx_pool_is_others(&reading->key))
	{
		for (int i = 0; i < 3; i++)
			arx_put_null(row);
		return;
	}
	memset(&now, 0, sizeof(now));
	now.clock_us = reading->clock_us;
	now.watched_us = reading->watched_us;
	now.counters = pool->counters;
	now.connections = arx_pool_connections(pool, reading->look);
	if (!arx_pool_series_delta(arx_pool_series(pool), &now, RATE_US, &delta))
	{
		arx_put_null(row);
		arx_put_float8(row, 0.0);
		arx_put_float8(row, 0.0);
		return;
	}
	begun = Max(delta.counters.sessions + delta.connections, 0);
	put_ratio(row, (double) delta.counters.busy_us,
			  (double) delta.counters.connection_us);
	put_ratio(row, (double) begun * 1e6, (double) delta.wall_us);
	put_ratio(row, (double) delta.counters.transactions * 1e6,
			  (double) delta.wall_us);
}

/* The bucket of a histogram that stands for one of ours. */
static int
histogram_index(int bucket)
{
	int first = 1 + (bucket - 1) * 4;
	double lower;
	double upper;

	if (bucket == 0)
		return ARX_HISTOGRAM_UNDERFLOW;
	if (bucket == ARX_POOL_LENGTHS - 1)
		return ARX_HISTOGRAM_OVERFLOW;
	lower = arx_histogram_lower_us(first);
	upper = arx_histogram_upper_us(first + 3);
	return arx_histogram_bucket_us(2 * lower * upper / (lower + upper));
}

static void
put_sessions(Reading *reading)
{
	ArxRowWriter *row = &reading->row;
	const ArxPool *pool = &reading->pool;
	ArxHistogram *lengths = &reading->lengths;
	size_t len;

	arx_put_int64(row, pool->counters.sessions);
	memset(lengths, 0, sizeof(*lengths));
	for (int i = 0; i < ARX_POOL_LENGTHS; i++)
	{
		lengths->counts[histogram_index(i)] += pool->lengths[i];
		lengths->total += pool->lengths[i];
	}
	lengths->sum_ms = pool->sessions_ms;
	len = arx_histogram_encode(lengths, (uint8 *) VARDATA(reading->histogram));
	SET_VARSIZE(reading->histogram, VARHDRSZ + len);
	arx_put(row, PointerGetDatum(reading->histogram));
}

static void
put_pool(Reading *reading)
{
	put_identity(reading);
	put_states(reading);
	put_transactions(reading);
	put_rates(reading);
	put_sessions(reading);
	arx_put_timestamp(&reading->row, reading->look_time);
	arx_row_end(&reading->row);
}

static bool
is_used(const Reading *reading)
{
	return !arx_pool_is_others(&reading->key) ||
		reading->pool.counters.looks > 0 || reading->pool.counters.sessions > 0;
}

/* arx_perf.database_pools() */
Datum
arx_database_pools(PG_FUNCTION_ARGS)
{
	Reading *reading = palloc0(sizeof(*reading));

	arx_rows_begin(&reading->row, fcinfo);
	reading->look = pg_atomic_read_u64(&arx_pool_shared->look);
	pg_read_barrier();
	reading->look_time =
		(int64) pg_atomic_read_u64(&arx_pool_shared->look_time);
	reading->watched_us =
		(int64) pg_atomic_read_u64(&arx_pool_shared->watched_us);
	reading->clock_us = arx_clock_ns() / 1000;
	reading->histogram = palloc(VARHDRSZ + ARX_HISTOGRAM_ENCODED_MAX);
	for (int i = 0; i < arx_table_slots(arx_pool_table); i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (arx_table_read(arx_pool_table, i, &reading->key, &reading->pool) &&
			is_used(reading))
			put_pool(reading);
	}
	return (Datum) 0;
}
