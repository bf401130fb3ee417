/*
 * query_control.c
 *	  Reset, and the one row of statements_info.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"

#include "core/event_ring.h"
#include "core/row_writer.h"
#include "core/settings.h"
#include "core/subsystem.h"
#include "query/query_errors.h"
#include "query/query_health.h"
#include "query/query_table.h"

PG_FUNCTION_INFO_V1(arx_reset);
PG_FUNCTION_INFO_V1(arx_statements_info);

/* What to reset: zero is "all". */
typedef struct Selection
{
	Oid userid;
	Oid dbid;
	uint64 queryid;
} Selection;

static bool
selected(const Selection *selection, const ArxQueryKey *key)
{
	return key->queryid != 0 &&
		(!OidIsValid(selection->userid) || key->userid == selection->userid) &&
		(!OidIsValid(selection->dbid) || key->dbid == selection->dbid) &&
		(selection->queryid == 0 || key->queryid == selection->queryid);
}

static void
reset_minmax(uint32 n, const ArxQueryKey *key, TimestampTz now)
{
	ArxSharedQueryEntry *entry = arx_query_lock_entry(n, key);

	if (entry == NULL)
		return;
	entry->stats.minmax_calls = entry->stats.minmax_plans = 0;
	entry->stats.exec.min = entry->stats.exec.max = 0;
	entry->stats.plan.min = entry->stats.plan.max = 0;
	entry->stats.minmax_since = now;
	arx_query_unlock_entry(entry);
}

/*
 * Sets the account back to what waits in rings.  What was counted is taken out
 * at once (two resets may run) and subtracted from the executions too.
 */
static void
reset_account(TimestampTz now)
{
	ArxSharedQueryTotals *totals = arx_query_totals;
	uint64 lost = arx_ring_lost();
	uint64 counted = pg_atomic_exchange_u64(&totals->recorded, 0) +
		pg_atomic_exchange_u64(&totals->dropped, 0) + lost -
		pg_atomic_exchange_u64(&totals->lost_at_reset, lost);

	pg_atomic_fetch_sub_u64(&totals->before_start, (int64) counted);
	pg_atomic_write_u64(&totals->unbinned, 0);
	pg_atomic_write_u64(&totals->evicted, 0);
	pg_atomic_write_u64(&totals->evictions, 0);
	pg_atomic_write_u64(&totals->stats_reset, (uint64) now);
}

/*
 * arx_perf.reset(userid oid, dbid oid, queryid bigint, minmax_only boolean)
 * returns the time of the reset.
 */
Datum
arx_reset(PG_FUNCTION_ARGS)
{
	Selection selection = {
		.userid = PG_GETARG_OID(0),
		.dbid = PG_GETARG_OID(1),
		.queryid = (uint64) PG_GETARG_INT64(2),
	};
	bool minmax_only = PG_GETARG_BOOL(3);
	bool everything = !OidIsValid(selection.userid) &&
		!OidIsValid(selection.dbid) && selection.queryid == 0;
	TimestampTz now = GetCurrentTimestamp();

	arx_subsystems_require();
	/* What ended before the reset must not come back after it. */
	arx_ring_drain_all();
	/* Before the entries go, so that none counts more than was recorded. */
	if (everything && !minmax_only)
		reset_account(now);
	for (uint32 i = 0; i < arx_query_entries_limit(); i++)
	{
		ArxQueryKey key = arx_query_entry_at(i)->key;

		if (!selected(&selection, &key))
			continue;
		if (minmax_only)
			reset_minmax(i, &key, now);
		else
			arx_query_remove(i, &key);
	}
	pg_atomic_fetch_add_u64(&arx_query_totals->resets, 1);
	if (!minmax_only)
		arx_query_errors_reset(selection.userid, selection.dbid,
							   selection.queryid);
	PG_RETURN_TIMESTAMPTZ(now);
}

/* arx_perf.statements_info: one row */
Datum
arx_statements_info(PG_FUNCTION_ARGS)
{
	ArxQueryAccount account;
	ArxRowWriter row;

	arx_rows_begin(&row, fcinfo);
	arx_ring_drain_all();
	arx_query_account(&account);
	arx_put_int64(&row, (int64) pg_atomic_read_u64(&arx_query_totals->evicted));
	arx_put_timestamp(
		&row, (int64) pg_atomic_read_u64(&arx_query_totals->stats_reset));
	arx_put_int64(&row, arx_query_entries_used());
	arx_put_int64(&row, arx_max_statements);
	arx_put_int64(&row, (int64) account.executions);
	arx_put_int64(&row, (int64) account.recorded);
	arx_put_int64(&row, (int64) account.dropped);
	arx_put_int64(&row,
				  (int64) pg_atomic_read_u64(&arx_query_totals->unbinned));
	arx_put_int64(&row,
				  (int64) pg_atomic_read_u64(&arx_query_totals->evictions));
	arx_put_timestamp(&row,
					  (int64) pg_atomic_read_u64(&arx_query_totals->last_save));
	arx_row_end(&row);
	return (Datum) 0;
}
