/*
 * pool_recommend.c
 *	  arx_perf.pool_recommendations(): measured windows to advice to rows.
 *
 * The decision is libarx/pool_advice.h; here its facts are put together.  What
 * PgBouncer cannot tell of its transactions (how much their times vary, what
 * they do with them) is taken from the same database and user as seen by the
 * server.
 */
#include "postgres.h"

#include <math.h>
#include <unistd.h>

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "postmaster/postmaster.h"

#include "compat/pg_compat.h"
#include "core/row_writer.h"
#include "core/settings.h"
#include "core/text_encoding.h"
#include "libarx/pool_advice.h"
#include "pools/pool_window.h"

PG_FUNCTION_INFO_V1(arx_pool_recommendations);

/* Pools advised of each source; further ones are left out. */
#define MAX_ADVISED 256

/* Of the connections that the server allows so much may be given to pools. */
#define USABLE_SHARE 0.9

typedef struct Windows
{
	ArxPoolWindow *database;
	int ndatabase;
	ArxPoolWindow *pgbouncer;
	int npgbouncer;
} Windows;

static void
read_windows(Windows *windows)
{
	windows->database = palloc(sizeof(ArxPoolWindow) * MAX_ADVISED);
	windows->pgbouncer = palloc(sizeof(ArxPoolWindow) * MAX_ADVISED);
	windows->ndatabase = arx_database_pool_windows(
		windows->database, MAX_ADVISED, arx_pool_window);
	windows->npgbouncer = arx_pgbouncer_pool_windows(
		windows->pgbouncer, MAX_ADVISED, arx_pool_window);
}

/*
 * Are these the pool's own transactions?  A PgBouncer may stand before another
 * server that has a database and a user of the same names: then this one sees
 * fewer.  Half of them is enough, for the two windows are not quite the same.
 */
static bool
is_same_work(const ArxPoolWindow *server, const ArxPoolWindow *pool)
{
	double covered = pool->seconds > 0
		? Min((double) server->seconds / pool->seconds, 1)
		: 0;

	return (double) server->transactions >=
		0.5 * covered * (double) pool->transactions;
}

/*
 * The same database and user as this server sees it; NULL: not seen, or the
 * pool works for another server.
 */
static const ArxPoolWindow *
server_side(const Windows *windows, const ArxPoolWindow *pool)
{
	const char *database =
		pool->server_database[0] ? pool->server_database : pool->database;
	const char *username =
		pool->server_username[0] ? pool->server_username : pool->username;

	for (int i = 0; i < windows->ndatabase; i++)
		if (strcmp(windows->database[i].database, database) == 0 &&
			strcmp(windows->database[i].username, username) == 0 &&
			is_same_work(&windows->database[i], pool))
			return &windows->database[i];
	return NULL;
}

/*
 * Connections that this pool could have if all others keep their most.  Of the
 * connections of the same database and user, which are server's, those beyond
 * its size are of others: another PgBouncer, or clients without one.
 */
static int64
head_room(const Windows *windows, const ArxPoolWindow *pool,
		  const ArxPoolWindow *server)
{
	int64 usable =
		(int64) ((MaxConnections - arx_compat_reserved_connections()) *
				 USABLE_SHARE);

	for (int i = 0; i < windows->ndatabase; i++)
		if (&windows->database[i] != server)
			usable -= windows->database[i].size;
	if (server)
		usable -= Max(server->size - pool->size, 0);
	return Max(usable, 1);
}

static void
fit_scaling(const ArxPoolWindow *pool, ArxUsl *usl)
{
	double busy[ARX_POOL_LEVELS];
	double rate[ARX_POOL_LEVELS];
	size_t n = 0;

	for (int i = 1; i < ARX_POOL_LEVELS; i++)
	{
		if (pool->level_seconds[i] <= 0)
			continue;
		busy[n] = i;
		rate[n++] = pool->level_transactions[i] / pool->level_seconds[i];
	}
	(void) arx_usl_fit(busy, rate, n, usl);
}

static void
collect_facts(const Windows *windows, const ArxPoolWindow *pool,
			  ArxPoolFacts *facts)
{
	const ArxPoolWindow *server =
		pool->source == ARX_POOL_DATABASE ? pool : server_side(windows, pool);

	arx_pool_facts_init(facts);
	facts->source = pool->source;
	facts->per_session = strcmp(pool->pool_mode, "session") == 0;
	facts->size = pool->size;
	facts->min_size = pool->min_size;
	facts->max_size = pool->max_size;
	facts->reserve = pool->reserve;
	if (server || pool->source == ARX_POOL_DATABASE || pool->transactions == 0)
		facts->head_room = head_room(windows, pool, server);
	facts->ncpus = sysconf(_SC_NPROCESSORS_ONLN);
	facts->window_s = pool->seconds;
	facts->transactions = pool->arrivals;
	facts->arrival_rate = pool->arrival_rate;
	facts->service_s = pool->service_seconds;
	facts->wait_s = pool->wait_seconds;
	facts->busy_mean = pool->busy_mean;
	facts->busy_peak = pool->busy_peak < 0 ? NAN : pool->busy_peak;
	facts->busy_day_peak = pool->busy_day_peak;
	facts->observed_s = pool->observed_seconds;
	facts->busy_now = pool->busy_now;
	facts->waiting_now = pool->waiting_now;
	facts->target_s = arx_pool_wait_target / 1000.0;
	if (facts->per_session)
		return; /* the rest is known of transactions only */
	facts->cs2 = server ? server->service_cv2 : NAN;
	facts->idle_share = server ? server->idle_in_transaction_share : NAN;
	facts->cpu_share = server ? server->cpu_share : NAN;
	fit_scaling(pool, &facts->usl);
}

static void
put_seconds_as_ms(ArxRowWriter *row, double seconds)
{
	arx_put_known(row, seconds * 1000);
}

/* A name as another process or PgBouncer has it, in any encoding. */
static void
put_name(ArxRowWriter *row, const char *name)
{
	char *shown =
		arx_text_to_server(name, (int) strlen(name), GetDatabaseEncoding());

	arx_put_text(row, shown);
	pfree(shown);
}

static void
put_identity(ArxRowWriter *row, const ArxPoolWindow *pool)
{
	bool database = pool->source == ARX_POOL_DATABASE;

	arx_put_text(row, database ? "database" : "pgbouncer");
	if (database)
		arx_put_null(row);
	else
		put_name(row, pool->pgbouncer);
	put_name(row, psprintf("%s/%s", pool->database, pool->username));
	arx_put_text(row, pool->pool_mode[0] ? pool->pool_mode : NULL);
}

static void
put_waits(ArxRowWriter *row, const ArxPoolAdvice *advice)
{
	put_seconds_as_ms(row, advice->wait_now_s);
	put_seconds_as_ms(row, advice->wait_then_s);
	put_seconds_as_ms(row, advice->wait_then_low_s);
	put_seconds_as_ms(row, advice->wait_then_high_s);
	put_seconds_as_ms(row, advice->improvement_s);
	put_seconds_as_ms(row, advice->improvement_low_s);
	put_seconds_as_ms(row, advice->improvement_high_s);
	put_seconds_as_ms(row, advice->p95_now_s);
	put_seconds_as_ms(row, advice->p95_then_s);
	put_seconds_as_ms(row, advice->target_s);
	arx_put(row, BoolGetDatum(advice->target_met));
}

static void
put_inputs(ArxRowWriter *row, const ArxPoolWindow *pool,
		   const ArxPoolFacts *facts, const ArxPoolAdvice *advice)
{
	arx_put_int64_if(row, pool->arrivals >= 0, pool->arrivals);
	arx_put_known(row, advice->arrival_rate);
	put_seconds_as_ms(row, advice->service_s);
	arx_put_known(row, facts->cs2);
	arx_put_known(row, advice->load);
	arx_put_known(row, advice->utilisation);
	arx_put_count(row, pool->busy_peak);
	arx_put_known(row, facts->idle_share);
	arx_put(row, BoolGetDatum(pool->apportioned));
}

static void
put_model(ArxRowWriter *row, const ArxPoolFacts *facts,
		  const ArxPoolAdvice *advice)
{
	const ArxUsl *usl = &facts->usl;

	put_seconds_as_ms(row, advice->model_wait_s);
	arx_put_known(row, advice->agreement);
	arx_put_known(row, advice->model_error);
	arx_put_known(row, advice->sampling_error);
	arx_put_known(row, advice->queue_growth);
	arx_put_count(row, advice->cap);
	arx_put_text(row,
				 advice->capped ? arx_pool_cap_name(advice->cap_kind) : NULL);
	arx_put_known(row, usl->fitted ? usl->sigma : NAN);
	arx_put_known(row, usl->fitted ? usl->kappa : NAN);
	arx_put_known(row, usl->fitted ? usl->peak : NAN);
}

static void
put_recommendation(ArxRowWriter *row, const Windows *windows,
				   const ArxPoolWindow *pool)
{
	char reason[ARX_POOL_REASON_BYTES];
	ArxPoolFacts facts;
	ArxPoolAdvice advice;

	collect_facts(windows, pool, &facts);
	arx_pool_advise(&facts, &advice);
	arx_pool_reason(&facts, &advice, reason, sizeof(reason));

	put_identity(row, pool);
	arx_put_count(row, pool->size);
	arx_put_count(row, advice.recommended);
	arx_put_text(row, arx_pool_verdict_name(advice.verdict));
	arx_put_text(row, reason);
	arx_put_count(row, advice.rule_of_thumb);
	put_waits(row, &advice);
	put_inputs(row, pool, &facts, &advice);
	put_model(row, &facts, &advice);
	arx_put_timestamp(row, pool->from);
	arx_put_timestamp(row, pool->to);
	arx_row_end(row);
}

/* arx_perf.pool_recommendations(): columns as put above, in that order. */
Datum
arx_pool_recommendations(PG_FUNCTION_ARGS)
{
	ArxRowWriter row;
	Windows windows;

	arx_rows_begin(&row, fcinfo);
	read_windows(&windows);
	for (int i = 0; i < windows.npgbouncer; i++)
		put_recommendation(&row, &windows, &windows.pgbouncer[i]);
	for (int i = 0; i < windows.ndatabase; i++)
		put_recommendation(&row, &windows, &windows.database[i]);
	return (Datum) 0;
}
