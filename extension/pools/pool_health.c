/*
 * pool_health.c
 *	  Numbers of the pools in the database, and advice drawn from the present.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#include "core/backend_scan.h"
#include "core/settings.h"
#include "pools/pool_health.h"
#include "pools/pool_rejections.h"
#include "pools/pool_table.h"

/* From when on check() warns. */
#define MOST_CONNECTIONS 0.9
#define LONGEST_IDLE_S 300

static void
add(ArxHealth *health, const char *metric, uint64 value, bool is_bad,
	const char *description)
{
	arx_health_add(health, "pools", metric, (double) value, "",
				   is_bad ? ARX_WARNING : ARX_OK, description);
}

static void
add_tables(ArxHealth *health)
{
	uint64 folded = pg_atomic_read_u64(&arx_pool_shared->folded);
	uint64 refused = pg_atomic_read_u64(&arx_pool_shared->groups_refused);
	uint64 unaccounted = pg_atomic_read_u64(&arx_pool_shared->unaccounted);

	/* Without the one of others. */
	add(health, "pools", (uint64) arx_table_count(arx_pool_table) - 1, false,
		"pools in the database that are kept");
	add(health, "pools_max", (uint64) arx_max_pools, false,
		"arx_perf.max_pools");
	add(health, "evicted", (uint64) arx_table_evictions(arx_pool_table), false,
		"pools added to the pool of others to make room");
	add(health, "dropped", folded, folded > 0,
		"looks and ends of sessions that went to the pool of others");
	add(health, "users", (uint64) arx_table_count(arx_pool_group_table), false,
		"pairs of database and user of which windows are kept");
	add(health, "users_dropped", refused, refused > 0,
		"looks and ends of sessions that are in no window");
	add(health, "sessions", pg_atomic_read_u64(&arx_pool_shared->sessions),
		false, "sessions of clients that ended");
	add(health, "sessions_dropped", unaccounted, unaccounted > 0,
		"sessions that ended in a state in which nothing could be added");
	add(health, "ticks_skipped", pg_atomic_read_u64(&arx_pool_shared->skipped),
		false, "looks that found the table in use; the next stands for them");
}

void
arx_pool_health(ArxHealth *health)
{
	ArxRejectionTotals rejections;

	add_tables(health);
	arx_rejections_totals(&rejections);
	add(health, "rejections", rejections.all, false,
		"connections that were refused");
	add(health, "rejections_saturated", rejections.saturated,
		rejections.saturated > 0, "of these, for want of a free connection");
	add(health, "rejections_nameless", rejections.nameless, false,
		"of these, without a row of their own: names found no room");
}

/* What one look of our own sees of clients. */
typedef struct Present
{
	int connections;
	int idle_for_long;
	int64 longest_idle_us;
} Present;

static void
look_at_present(Present *present)
{
	ArxBackendScan *scan = arx_backend_scan_make(false);

	memset(present, 0, sizeof(*present));
	arx_backend_scan_look(scan);
	for (int i = 0; i < scan->nsessions; i++)
	{
		const ArxSession *session = scan->sessions[i];
		int64 idle_us = scan->now - session->state_start;

		if (!arx_kind_is_client(session->identity.kind))
			continue;
		present->connections++;
		if (!arx_session_is_idle_in_transaction(session))
			continue;
		present->longest_idle_us = Max(present->longest_idle_us, idle_us);
		if (idle_us >= LONGEST_IDLE_S * USECS_PER_SEC)
			present->idle_for_long++;
	}
}

void
arx_pool_check(ArxHealth *health)
{
	Present present;
	bool few_left;

	look_at_present(&present);
	few_left = present.connections >= MOST_CONNECTIONS * MaxConnections;
	arx_check_add(health, "connections", few_left ? ARX_WARNING : ARX_OK,
				  psprintf("%d of %d connections are in use",
						   present.connections, MaxConnections),
				  few_left
					  ? "See arx_perf.pool_usage for who holds them; put a "
						"pooler in front, or raise max_connections."
					  : NULL);
	if (present.idle_for_long > 0)
		arx_check_add(
			health, "idle in transaction", ARX_WARNING,
			psprintf("%d sessions are idle in a transaction for more than "
					 "%d s, the longest for %lld s",
					 present.idle_for_long, LONGEST_IDLE_S,
					 (long long) (present.longest_idle_us / USECS_PER_SEC)),
			"They hold locks and keep VACUUM from cleaning up: see "
			"arx_perf.pool_usage, and idle_in_transaction_session_timeout.");
	else
		arx_check_add(health, "idle in transaction", ARX_OK,
					  psprintf("no session is idle in a transaction for more "
							   "than %d s",
							   LONGEST_IDLE_S),
					  NULL);
}
