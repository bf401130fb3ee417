/*
 * wait_rows.c
 *	  The wait profile as rows: the function behind the view.
 */
#include "postgres.h"

#include "compat/pg_compat_backends.h"
#include "core/access_check.h"
#include "core/name_cache.h"
#include "core/row_writer.h"
#include "waits/wait_put.h"
#include "waits/wait_profile.h"

PG_FUNCTION_INFO_V1(arx_wait_profile_rows);

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

static void
put_key(Reading *reading, const ArxWaitKey *key)
{
	ArxRowWriter *row = &reading->row;
	bool is_rest = key->scope != ARX_WAIT_OF_KEY;
	bool may_see = arx_may_see(&reading->viewer, key->userid);

	arx_put_text(row, key->wait == 0 ? "CPU" : arx_compat_wait_type(key->wait));
	arx_put_text(row, key->wait == 0 ? "CPU" : arx_compat_wait_name(key->wait));
	arx_put_queryid(row, may_see ? key->queryid : 0);
	arx_put_queryid(row, may_see ? key->toplevel_queryid : 0);
	arx_put_oid(row, key->dbid);
	arx_put_oid(row, key->userid);
	arx_put_text(row, arx_database_name(&reading->databases, key->dbid));
	arx_put_text(row, arx_role_name(&reading->roles, key->userid));
	arx_put_text(row, is_rest ? ARX_REST_NAME : key->application_name);
	arx_put_text(row, is_rest ? NULL : arx_kind_name(key->kind));
}

static void
put_share(Reading *reading, const ArxWaitKey *key, const ArxLookCount *count)
{
	bool is_client = key->scope == ARX_WAIT_OF_KEY
		? arx_kind_is_foreground(key->kind)
		: key->scope == ARX_WAIT_REST_OF_CLIENTS;
	ArxLookSums sums = arx_wait_sums(&reading->totals, count);

	if (is_client)
		arx_put_estimate(&reading->row, arx_look_share(&sums), 1);
	else
		arx_put_nulls(&reading->row, 3);
}

static void
put_row(Reading *reading, const ArxWaitKey *key, const ArxLookCount *count)
{
	ArxRowWriter *row = &reading->row;

	put_key(reading, key);
	arx_put_sampled_time(row, &reading->totals, count);
	put_share(reading, key, count);
	arx_put_timestamp(row, count->first_seen);
	arx_put_timestamp(row, count->last_seen);
	arx_put_timestamp(row, reading->totals.since);
	arx_row_end(row);
}

/* arx_perf.wait_profile() */
Datum
arx_wait_profile_rows(PG_FUNCTION_ARGS)
{
	Reading *reading = palloc0(sizeof(*reading));
	ArxLookCopy *copy = &reading->copy;

	arx_rows_begin(&reading->row, fcinfo);
	arx_viewer_begin(&reading->viewer);
	if (!arx_wait_totals_read(arx_wait_profile, copy, &reading->totals))
		return (Datum) 0;
	for (int i = 0; i < copy->n; i++)
	{
		char *at = copy->rows + i * copy->row_size;

		CHECK_FOR_INTERRUPTS();
		put_row(reading, (ArxWaitKey *) at,
				(ArxLookCount *) (at + copy->value_at));
	}
	return (Datum) 0;
}
