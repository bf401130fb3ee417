/*
 * blocking_rows.c
 *	  Pairs of blocker and waiter as rows: the function behind the view.
 */
#include "postgres.h"

#include "catalog/catalog.h"
#include "utils/fmgrprotos.h"
#include "utils/syscache.h"

#include "core/access_check.h"
#include "core/name_cache.h"
#include "core/row_writer.h"
#include "waits/blocking.h"
#include "waits/wait_put.h"

PG_FUNCTION_INFO_V1(arx_blocking_rows);

/* One reading of the view. */
typedef struct Reading
{
	ArxViewer viewer;
	ArxNameCache databases;
	ArxNameCache roles;
	ArxWaitTotals totals;
	ArxLookCopy copy;
	ArxRowWriter row;
} Reading;

/* Only the catalog of the reader's own database can be asked. */
static void
put_relation(Reading *reading, const ArxBlockingKey *key)
{
	bool is_here = OidIsValid(key->relid) &&
		(key->dbid == MyDatabaseId || IsSharedRelation(key->relid)) &&
		SearchSysCacheExists1(RELOID, ObjectIdGetDatum(key->relid));

	arx_put_oid(&reading->row, key->relid);
	if (is_here)
		arx_put_text(&reading->row,
					 DatumGetCString(DirectFunctionCall1(
						 regclassout, ObjectIdGetDatum(key->relid))));
	else
		arx_put_null(&reading->row);
}

static void
put_lock(Reading *reading, const ArxBlockingKey *key)
{
	ArxRowWriter *row = &reading->row;

	arx_put_oid(row, key->dbid);
	arx_put_text(row, arx_database_name(&reading->databases, key->dbid));
	put_relation(reading, key);
	arx_put_text(row,
				 key->locktag_type <= LOCKTAG_LAST_TYPE
					 ? LockTagTypeNames[key->locktag_type]
					 : NULL);
	arx_put_text(row, GetLockmodeName(DEFAULT_LOCKMETHOD, key->mode));
}

static const char *
kind_name(const ArxParty *party)
{
	if (party->kind == ARX_KIND_PREPARED)
		return "prepared transaction";
	/* 0: it came after the processes were looked at */
	return party->kind == 0 ? NULL : arx_kind_name(party->kind);
}

/* user, application, kind of process, statement */
static void
put_party(Reading *reading, const ArxParty *party)
{
	ArxRowWriter *row = &reading->row;
	bool may_see = arx_may_see(&reading->viewer, party->userid);
	bool prepared = party->kind == ARX_KIND_PREPARED;

	arx_put_text(row, arx_role_name(&reading->roles, party->userid));
	arx_put_text(row, prepared ? NULL : party->application_name);
	arx_put_text(row, kind_name(party));
	arx_put_queryid(row, may_see ? party->queryid : 0);
}

static void
put_rest_party(Reading *reading)
{
	arx_put_null(&reading->row);
	arx_put_text(&reading->row, ARX_REST_NAME);
	arx_put_null(&reading->row);
	arx_put_null(&reading->row);
}

static void
put_state(ArxRowWriter *row, const ArxPartyNow *now)
{
	if (now->party.kind == ARX_KIND_PREPARED)
		arx_put_text(row, "prepared");
	else
		arx_put_text(row, arx_state_name((BackendState) now->state));
}

/* What was so at the last look. */
static void
put_now(Reading *reading, const ArxBlockingStats *stats)
{
	ArxRowWriter *row = &reading->row;

	arx_put_pid(row, stats->blocker.pid);
	put_state(row, &stats->blocker);
	arx_put(row, BoolGetDatum(stats->is_head));
	arx_put_pid(row, stats->head.pid);
	put_state(row, &stats->head);
	put_party(reading, &stats->head.party);
}

#define NOW_COLUMNS 9

static void
put_row(Reading *reading, const ArxBlockingKey *key,
		const ArxBlockingStats *stats)
{
	ArxRowWriter *row = &reading->row;

	put_lock(reading, key);
	for (int i = 0; i < 2; i++)
	{
		if (key->is_rest)
			put_rest_party(reading);
		else
			put_party(reading, i == 0 ? &key->blocker : &key->waiter);
	}
	arx_put_int64(row, stats->waits);
	arx_put_sampled_time(row, &reading->totals, &stats->count);
	arx_put_ms(row, stats->max_wait_us * 1000);
	arx_put_ms_if(row, stats->max_transaction_us != 0,
				  stats->max_transaction_us * 1000);
	if (key->is_rest)
		arx_put_nulls(row, NOW_COLUMNS);
	else
		put_now(reading, stats);
	arx_put_timestamp(row, stats->count.first_seen);
	arx_put_timestamp(row, stats->count.last_seen);
	arx_put_timestamp(row, reading->totals.since);
	arx_row_end(row);
}

/* arx_perf.blocking() */
Datum
arx_blocking_rows(PG_FUNCTION_ARGS)
{
	Reading *reading = palloc0(sizeof(*reading));
	ArxLookCopy *copy = &reading->copy;

	arx_rows_begin(&reading->row, fcinfo);
	arx_viewer_begin(&reading->viewer);
	if (!arx_wait_totals_read(arx_blocking, copy, &reading->totals))
		return (Datum) 0;
	for (int i = 0; i < copy->n; i++)
	{
		char *at = copy->rows + i * copy->row_size;

		CHECK_FOR_INTERRUPTS();
		put_row(reading, (ArxBlockingKey *) at,
				(ArxBlockingStats *) (at + copy->value_at));
	}
	return (Datum) 0;
}
