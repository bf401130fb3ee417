/*
 * pool_windows.c
 *	  What the database saw of each group of connections, for the advice.
 *
 * A group is read without a lock, then the difference is taken between what
 * it has counted now and at the beginning of the window.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_database.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "compat/pg_compat_instr.h"
#include "core/name_cache.h"
#include "pools/pool_table.h"
#include "pools/pool_window.h"

/* A CONNECTION LIMIT from the catalogs; -1: none. */
static int
database_limit(Oid dbid)
{
	HeapTuple tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(dbid));
	int limit = -1;

	if (!HeapTupleIsValid(tuple))
		return -1;
	limit = ((Form_pg_database) GETSTRUCT(tuple))->datconnlimit;
	ReleaseSysCache(tuple);
	return Max(limit, -1);
}

static int
role_limit(Oid userid)
{
	HeapTuple tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(userid));
	int limit = -1;

	if (!HeapTupleIsValid(tuple))
		return -1;
	/* It does not bind a superuser. */
	if (!((Form_pg_authid) GETSTRUCT(tuple))->rolsuper)
		limit = ((Form_pg_authid) GETSTRUCT(tuple))->rolconnlimit;
	ReleaseSysCache(tuple);
	return limit;
}

static int
limit_of(const ArxPoolGroupKey *key)
{
	int database = database_limit(key->dbid);
	int role = role_limit(key->userid);

	return database >= 0 && (role < 0 || database < role) ? database : role;
}

static void
fill_service(ArxPoolWindow *window, const ArxPoolCounters *counters)
{
	double n = (double) counters->transactions;
	double mean_us;

	window->service_seconds = window->service_cv2 = NAN;
	if (counters->transactions == 0)
		return;
	mean_us = (double) counters->transaction_us / n;
	window->service_seconds = mean_us / 1e6;
	if (mean_us > 0)
		window->service_cv2 =
			Max(counters->transaction_us2 / n / (mean_us * mean_us) - 1.0, 0.0);
}

/* All slots of a minute that the window touches. */
static void
fill_levels(ArxPoolWindow *window, const ArxPoolGroup *group, int64 now_us,
			int64 wall_us)
{
	int64 first = (now_us - wall_us) / ARX_POOL_LEVEL_SLOT_US;

	for (int i = 0; i < ARX_POOL_LEVEL_SLOTS; i++)
	{
		const ArxPoolLevels *levels = &group->levels[i];

		if (levels->minute < first)
			continue;
		for (int n = 0; n < ARX_POOL_LEVELS; n++)
		{
			window->level_transactions[n] += levels->transactions[n];
			window->level_seconds[n] += levels->seconds[n];
		}
	}
}

static double
share_of(int64 part, int64 whole)
{
	return whole > 0 ? (double) part / (double) whole : NAN;
}

static void
fill_measures(ArxPoolWindow *window, const ArxPoolDelta *delta)
{
	const ArxPoolCounters *counters = &delta->counters;

	window->seconds = (double) delta->watched_us / 1e6;
	window->looks = counters->looks;
	window->size = delta->peak_connections;
	window->transactions = counters->transactions;
	window->arrivals = counters->transactions;
	window->arrival_rate = delta->wall_us > 0
		? (double) counters->transactions * 1e6 / (double) delta->wall_us
		: NAN;
	fill_service(window, counters);
	window->busy_mean = share_of(counters->busy_us, delta->watched_us);
	window->busy_peak = delta->peak_busy;
	window->idle_in_transaction_share =
		share_of(counters->idle_us, counters->busy_us);
	window->cpu_share = share_of(counters->cpu_us, counters->busy_us);
	window->wait_seconds = NAN;
	window->waiting_now = NAN;
}

/* Present values as a point, at now_us. */
static ArxPoolPoint
present(const ArxPoolGroup *group, uint64 look, int64 now_us)
{
	ArxPoolPoint now;

	memset(&now, 0, sizeof(now));
	now.clock_us = now_us;
	now.watched_us = (int64) pg_atomic_read_u64(&arx_pool_shared->watched_us);
	now.counters = group->counters;
	now.connections = arx_pool_group_connections(group, look);
	return now;
}

/* False when it was not used in the window, or its names are gone. */
static bool
fill_window(ArxPoolWindow *window, const ArxPoolGroupKey *key,
			ArxPoolGroup *group, uint64 look, int window_s)
{
	ArxNameCache names;
	int64 now_us = arx_clock_ns() / 1000;
	ArxPoolPoint now = present(group, look, now_us);
	ArxPoolDelta delta;
	const char *database;
	const char *username;

	memset(&names, 0, sizeof(names));
	memset(window, 0, sizeof(*window));
	if (!arx_pool_series_delta(arx_pool_group_series(group), &now,
							   (int64) window_s * 1000000, &delta))
		return false;
	database = arx_database_name(&names, key->dbid);
	username = arx_role_name(&names, key->userid);
	if (database == NULL || username == NULL)
		return false;
	window->source = ARX_POOL_DATABASE;
	strlcpy(window->database, database, NAMEDATALEN);
	strlcpy(window->username, username, NAMEDATALEN);
	window->to = GetCurrentTimestamp();
	window->from = window->to - delta.wall_us;
	window->max_size = limit_of(key);
	window->busy_now = group->look >= look ? group->busy : 0;
	window->busy_day_peak =
		arx_day_peak(&group->day, now_us, &window->observed_seconds);
	fill_measures(window, &delta);
	fill_levels(window, group, now_us, delta.wall_us);
	return true;
}

int
arx_database_pool_windows(ArxPoolWindow *windows, int max, int window_s)
{
	ArxPoolGroup *group = palloc(sizeof(*group));
	uint64 look = pg_atomic_read_u64(&arx_pool_shared->look);
	ArxPoolGroupKey key;
	int n = 0;

	for (int i = 0; i < arx_table_slots(arx_pool_group_table) && n < max; i++)
		if (arx_table_read(arx_pool_group_table, i, &key, group) &&
			fill_window(&windows[n], &key, group, look, window_s))
			n++;
	pfree(group);
	return n;
}
