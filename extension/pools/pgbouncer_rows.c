/*
 * pgbouncer_rows.c
 *	  The rows of PgBouncer pools: pgbouncer_pools().
 */
#include "postgres.h"

#include <math.h>

#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/timestamp.h"

#include "core/row_writer.h"
#include "core/settings.h"
#include "core/text_encoding.h"
#include "pools/pgbouncer_health.h"
#include "pools/pgbouncer_store.h"
#include "pools/pgbouncer_window.h"

PG_FUNCTION_INFO_V1(arx_pgbouncer_pools);

/* With fewer waits seen, percentiles are not told. */
#define MIN_WAIT_SAMPLES 30

/* What is said of the present is of the last minute, but for waits. */
#define USAGE_WINDOW_S 60

#define MS_PER_S 1000.0
#define US_PER_MS 1000.0

/* What PgBouncer said, in the encoding of this database. */
static char *
shown(const char *text)
{
	return arx_text_to_server(text, (int) strlen(text), PG_UTF8);
}

/* NAN where there is no limit, or it is not known. */
static double
fraction(int64 used, int64 limit)
{
	return used < 0 || limit <= 0 ? NAN : (double) used / (double) limit;
}

static int64
sum_known(int64 a, int64 b)
{
	return a < 0 && b < 0 ? -1 : Max(a, 0) + Max(b, 0);
}

/* A console of which no pool can be shown as it is now. */
static void
put_console(ArxRowWriter *row, const ArxBouncerConsole *console,
			const char *state)
{
	arx_put_text(row, "pgbouncer");
	arx_put_text(row, shown(console->name));
	arx_put_text(row, state);
	arx_put_nulls(row, row->result->setDesc->natts - 5);
	arx_put_timestamp(row, console->answered_at);
	arx_put_text(row, console->error[0] ? shown(console->error) : NULL);
	arx_row_end(row);
}

/* Ages of waits since some time, and their number. */
static uint64
add_ages(const ArxBouncerPool *pool, int64 since, uint64 *counts, uint64 *looks)
{
	uint64 samples = 0;

	memset(counts, 0, sizeof(*counts) * ARX_WAIT_BINS);
	*looks = 0;
	for (int i = 0; i < ARX_BOUNCER_AGE_SLOTS; i++)
	{
		const ArxBouncerAges *ages = &pool->ages[i];

		if (ages->slot * ARX_BOUNCER_AGE_SLOT_US < since)
			continue;
		*looks += ages->looks;
		for (int bin = 0; bin < ARX_WAIT_BINS; bin++)
		{
			counts[bin] += ages->counts[bin];
			samples += ages->counts[bin];
		}
	}
	return samples;
}

/*
 * The measured mean, the estimated percentiles 50, 95, 99, and the number of
 * waits these were drawn from: all of arx_perf.pool_window, from the beginning
 * of a slot of ages on.
 */
static void
put_waits(ArxRowWriter *row, const ArxBouncerCopy *copy,
		  const ArxBouncerPoolCopy *pool)
{
	static const double shares[] = {0.50, 0.95, 0.99};
	int64 seen_at = pool->pool.seen_at;
	int64 since = seen_at - (int64) arx_pool_window * USECS_PER_SEC;
	uint64 counts[ARX_WAIT_BINS];
	uint64 looks;
	uint64 samples;
	ArxWaitSurvival survival;
	ArxPoolWindow window;

	since -= since % ARX_BOUNCER_AGE_SLOT_US;
	samples = add_ages(&pool->pool, since, counts, &looks);
	arx_bouncer_window(copy, pool, (double) (seen_at - since) / USECS_PER_SEC,
					   &window);
	arx_put_known(row, window.wait_seconds * MS_PER_S);
	if (samples < MIN_WAIT_SAMPLES || looks == 0 || !(window.arrival_rate > 0))
		arx_put_nulls(row, (int) lengthof(shares));
	else
	{
		arx_wait_survival(&survival, counts, (double) looks,
						  window.arrival_rate);
		for (int i = 0; i < (int) lengthof(shares); i++)
			arx_put_float8(row,
						   arx_wait_quantile(&survival, shares[i]) * MS_PER_S);
	}
	arx_put_int64_if(row, looks > 0, (int64) samples);
}

/* Who: state, pool, datname, username, application_name, client_addr, mode. */
static void
put_names(ArxRowWriter *row, const ArxBouncerConsole *console,
		  const ArxBouncerPoolCopy *pool, const char *state)
{
	char *database = shown(pool->key.database);
	char *username = shown(pool->key.username);

	arx_put_text(row, "pgbouncer");
	arx_put_text(row, shown(console->name));
	arx_put_text(row, state);
	arx_put_text(row, psprintf("%s/%s", database, username));
	arx_put_text(row, database);
	arx_put_text(row, username);
	arx_put_nulls(row, 2);
	arx_put_text(row, pool->pool.mode[0] ? pool->pool.mode : NULL);
}

/* From size to max_wait: as SHOW POOLS gave them. */
static void
put_counts(ArxRowWriter *row, const ArxBouncerPool *pool, int size)
{
	int64 idle = sum_known(pool->sv_idle, pool->sv_used);

	arx_put_count(row, size);
	arx_put_count(row, sum_known(pool->cl_active, pool->cl_waiting));
	arx_put_count(row, pool->sv_active);
	arx_put_count(row, sum_known(idle, pool->sv_tested));
	arx_put_nulls(row, 2);
	arx_put_count(row, pool->cl_waiting);
	arx_put_known(
		row,
		pool->max_wait_us < 0 ? NAN : (double) pool->max_wait_us / US_PER_MS);
}

/* Fractions, from that of the clients' limit to that of the database's. */
static void
put_fractions(ArxRowWriter *row, const ArxBouncerCopy *copy,
			  const ArxBouncerPoolCopy *pool)
{
	const ArxBouncerConsole *console = arx_bouncer_console_of(copy, pool);
	const ArxBouncerDatabase *database = arx_bouncer_database_of(copy, pool);
	const ArxBouncerPool *p = &pool->pool;
	int64 servers =
		sum_known(sum_known(p->sv_active, p->sv_idle),
				  sum_known(sum_known(p->sv_used, p->sv_tested), p->sv_login));

	arx_put_known(row,
				  fraction(sum_known(p->cl_active, p->cl_waiting),
						   console->max_client_conn));
	arx_put_known(row, fraction(servers, p->user_max_connections));
	arx_put_known(row,
				  database ? fraction(database->current_connections,
									  database->max_connections)
						   : NAN);
}

static void
put_pool(ArxRowWriter *row, const ArxBouncerCopy *copy,
		 const ArxBouncerPoolCopy *pool, const char *state)
{
	const ArxBouncerConsole *console = arx_bouncer_console_of(copy, pool);
	ArxPoolWindow window;

	arx_bouncer_window(copy, pool, USAGE_WINDOW_S, &window);
	put_names(row, console, pool, state);
	put_counts(row, &pool->pool, window.size);
	put_waits(row, copy, pool);
	arx_put_known(row, window.size > 0 ? window.busy_mean / window.size : NAN);
	put_fractions(row, copy, pool);
	arx_put_known(row, arx_bouncer_login_rate(copy, pool, USAGE_WINDOW_S));
	arx_put_known(row,
				  window.seconds > 0
					  ? (double) window.transactions / window.seconds
					  : NAN);
	arx_put_nulls(row,
				  4); /* sessions, their times, idle in transaction, refused */
	arx_put_count(row, window.busy_peak);
	arx_put_timestamp(row, pool->pool.seen_at);
	arx_put_text(row, console->error[0] ? shown(console->error) : NULL);
	arx_row_end(row);
}

/*
 * arx_perf.pgbouncer_pools(): each console that cannot be asked, or that has no
 * pool, then each pool.
 */
Datum
arx_pgbouncer_pools(PG_FUNCTION_ARGS)
{
	ArxRowWriter row;
	ArxBouncerCopy *copy;
	int64 now = GetCurrentTimestamp();

	arx_rows_begin(&row, fcinfo);
	copy = arx_bouncer_copy(true);
	for (int i = 0; i < copy->nconsoles; i++)
	{
		const ArxBouncerConsole *console = &copy->consoles[i];
		const char *state = arx_bouncer_state_name(console, now);
		bool is_ok = strcmp(state, "ok") == 0;
		int n = 0;

		for (int j = 0; j < copy->npools; j++)
			n += copy->pools[j].key.console == console->id;
		if (!is_ok || n == 0)
			put_console(&row, console, state);
		for (int j = 0; j < copy->npools; j++)
			if (copy->pools[j].key.console == console->id)
				put_pool(&row, copy, &copy->pools[j], is_ok ? "ok" : "stale");
	}
	return (Datum) 0;
}
