/*
 * query_rows.c
 *	  Statements and their errors as rows: the functions behind the views.
 *
 * A reader first drains all rings, so that it sees every statement that ended
 * before it began.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "compat/pg_compat.h"
#include "core/access_check.h"
#include "core/event_ring.h"
#include "core/name_cache.h"
#include "core/row_writer.h"
#include "core/text_encoding.h"
#include "query/query_errors.h"
#include "query/query_table.h"

PG_FUNCTION_INFO_V1(arx_statements);
PG_FUNCTION_INFO_V1(arx_statement_errors);

#define INSUFFICIENT "<insufficient privilege>"
#define WITHHELD "<withheld: may carry a credential>"

/* One reading of the view. */
typedef struct Reading
{
	bool show_text;
	bool all_texts; /* the reader may see everybody's */
	Oid reader;
	ArxNameCache databases;
	ArxNameCache roles;
	ArxRowWriter row;
	ArxQueryCopy copy;
	char *text;
	Size text_size;
	struct varlena *histogram; /* room for the largest */
} Reading;

static bool
may_see(const Reading *reading, Oid owner)
{
	return reading->all_texts || reading->reader == owner;
}

static void
put_text(Reading *reading)
{
	const ArxQueryCopy *copy = &reading->copy;
	const char *text = copy->text;

	if (!reading->show_text)
		arx_put_null(&reading->row);
	else if (copy->text_state == ARX_TEXT_WITHHELD)
		arx_put_text(&reading->row, WITHHELD);
	else if (text == NULL)
		arx_put_null(&reading->row);
	else
	{
		/* Texts of another database are in that database's encoding. */
		char *shown =
			arx_text_to_server(text, copy->text_len, copy->text_encoding);

		arx_put_text(&reading->row, shown);
		pfree(shown);
	}
}

static void
put_identity(Reading *reading)
{
	const ArxQueryKey *key = &reading->copy.key;
	ArxRowWriter *row = &reading->row;

	arx_put(row, ObjectIdGetDatum(key->userid));
	arx_put(row, ObjectIdGetDatum(key->dbid));
	arx_put(row, BoolGetDatum(key->toplevel != 0));
	if (may_see(reading, key->userid))
	{
		arx_put_int64(row, (int64) key->queryid);
		put_text(reading);
		return;
	}
	arx_put_null(row);
	if (reading->show_text)
		arx_put_text(row, INSUFFICIENT);
	else
		arx_put_null(row);
}

/* count, total, min, max, mean, stddev (of the population) */
static void
put_times(ArxRowWriter *row, const ArxTimes *times, int64 n, int64 fresh)
{
	arx_put_int64(row, n);
	arx_put_ms(row, times->total);
	arx_put_ms(row, fresh > 0 ? times->min : 0);
	arx_put_ms(row, fresh > 0 ? times->max : 0);
	arx_put_float8(row, n > 0 ? times->mean / 1e6 : 0.0);
	arx_put_float8(row, n > 0 ? sqrt(Max(times->m2 / n, 0.0)) / 1e6 : 0.0);
}

static void
put_block_times(ArxRowWriter *row, const int64 *counters)
{
	bool split = ARX_HAVE_LOCAL_IO_TIME;
	int64 local_read = counters[ARX_LOCAL_BLK_READ_TIME];
	int64 local_write = counters[ARX_LOCAL_BLK_WRITE_TIME];
	int64 shared_read = counters[ARX_SHARED_BLK_READ_TIME];
	int64 shared_write = counters[ARX_SHARED_BLK_WRITE_TIME];

	arx_put_ms(row, shared_read + local_read);
	arx_put_ms(row, shared_write + local_write);
	arx_put_ms_if(row, split, shared_read);
	arx_put_ms_if(row, split, shared_write);
	arx_put_ms_if(row, split, local_read);
	arx_put_ms_if(row, split, local_write);
	arx_put_ms(row, counters[ARX_TEMP_BLK_READ_TIME]);
	arx_put_ms(row, counters[ARX_TEMP_BLK_WRITE_TIME]);
}

static void
put_wal(ArxRowWriter *row, const int64 *counters)
{
	arx_put_int64(row, counters[ARX_WAL_RECORDS]);
	arx_put_int64(row, counters[ARX_WAL_FPI]);
	arx_put(row, NumericGetDatum(int64_to_numeric(counters[ARX_WAL_BYTES])));
	arx_put_int64_if(row, ARX_HAVE_WAL_BUFFERS_FULL,
					 counters[ARX_WAL_BUFFERS_FULL]);
}

static void
put_jit(ArxRowWriter *row, const ArxJitStats *jit)
{
	arx_put_int64(row, jit->functions);
	arx_put_ms(row, jit->generation_time);
	arx_put_int64(row, jit->inlining_count);
	arx_put_ms(row, jit->inlining_time);
	arx_put_int64(row, jit->optimization_count);
	arx_put_ms(row, jit->optimization_time);
	arx_put_int64(row, jit->emission_count);
	arx_put_ms(row, jit->emission_time);
	arx_put_int64_if(row, ARX_HAVE_JIT_DEFORM, jit->deform_count);
	arx_put_ms_if(row, ARX_HAVE_JIT_DEFORM, jit->deform_time);
}

static void
put_plans_and_workers(ArxRowWriter *row, const ArxQueryStats *stats)
{
	const int64 *counters = stats->counters;

	arx_put_int64_if(row, ARX_HAVE_PARALLEL_COUNTS,
					 counters[ARX_WORKERS_TO_LAUNCH]);
	arx_put_int64_if(row, ARX_HAVE_PARALLEL_COUNTS,
					 counters[ARX_WORKERS_LAUNCHED]);
	arx_put_int64_if(row, ARX_HAVE_PLAN_KIND, stats->generic_calls);
	arx_put_int64_if(row, ARX_HAVE_PLAN_KIND, stats->custom_calls);
}

/* p50, p95, p99, p999 and the histogram itself */
static void
put_histogram(Reading *reading)
{
	static const double quantiles[] = {0.5, 0.95, 0.99, 0.999};
	const ArxQueryCopy *copy = &reading->copy;
	uint64 binned = (uint64) (copy->stats.calls - copy->stats.unbinned);
	double values[lengthof(quantiles)];
	size_t len;

	arx_histogram_quantiles_chunked(copy->chunks, binned, quantiles,
									lengthof(quantiles), values);
	for (int i = 0; i < (int) lengthof(quantiles); i++)
	{
		if (binned == 0)
			arx_put_null(&reading->row);
		else
			arx_put_float8(&reading->row, values[i] / 1e3);
	}
	len = arx_histogram_encode_chunked(copy->chunks,
									   (double) copy->stats.exec.total / 1e6,
									   (uint8 *) VARDATA(reading->histogram));
	SET_VARSIZE(reading->histogram, VARHDRSZ + len);
	arx_put(&reading->row, PointerGetDatum(reading->histogram));
}

static void
put_statement(Reading *reading)
{
	const ArxQueryStats *stats = &reading->copy.stats;
	const int64 *counters = stats->counters;
	const ArxQueryKey *key = &reading->copy.key;
	ArxRowWriter *row = &reading->row;

	put_identity(reading);
	put_times(row, &stats->plan, stats->plans, stats->minmax_plans);
	put_times(row, &stats->exec, stats->calls, stats->minmax_calls);
	arx_put_int64(row, counters[ARX_ROWS]);
	for (int i = ARX_SHARED_BLKS_HIT; i <= ARX_SHARED_BLKS_WRITTEN; i++)
		arx_put_int64(row, counters[i]);
	for (int i = ARX_LOCAL_BLKS_HIT; i <= ARX_TEMP_BLKS_WRITTEN; i++)
		arx_put_int64(row, counters[i]);
	put_block_times(row, counters);
	put_wal(row, counters);
	put_jit(row, &stats->jit);
	put_plans_and_workers(row, stats);
	arx_put_timestamp(row, stats->stats_since);
	arx_put_timestamp(row, stats->minmax_since);
	arx_put_text(row, arx_database_name(&reading->databases, key->dbid));
	arx_put_text(row, arx_role_name(&reading->roles, key->userid));
	arx_put_int64(row, stats->errors);
	arx_put_ms(row, stats->error_time);
	put_histogram(reading);
	arx_put_ms(row, counters[ARX_CPU_USER]);
	arx_put_ms(row, counters[ARX_CPU_SYS]);
	arx_put_timestamp(row, stats->last_seen);
	arx_row_end(row);
}

/* arx_perf.statements(showtext boolean, seen_since timestamptz) */
Datum
arx_statements(PG_FUNCTION_ARGS)
{
	Reading *reading = palloc0(sizeof(*reading));
	TimestampTz since = PG_ARGISNULL(1) ? 0 : PG_GETARG_TIMESTAMPTZ(1);

	arx_rows_begin(&reading->row, fcinfo);
	reading->show_text = !PG_ARGISNULL(0) && PG_GETARG_BOOL(0);
	reading->all_texts = arx_may_read_all_texts();
	reading->reader = GetUserId();
	reading->text_size = 1024;
	reading->text = palloc(reading->text_size);
	reading->histogram = palloc(VARHDRSZ + ARX_HISTOGRAM_ENCODED_MAX);
	arx_ring_drain_all();
	for (uint32 i = 0; i < arx_query_entries_limit(); i++)
	{
		const ArxQueryStats *stats = &arx_query_entry_at(i)->stats;

		CHECK_FOR_INTERRUPTS();
		/* A peek without the lock; what changes now, the next call shows. */
		if (arx_query_entry_at(i)->key.queryid == 0 ||
			(!PG_ARGISNULL(1) && stats->last_seen < since))
			continue;
		if (arx_query_copy(i, &reading->copy, reading->show_text,
						   &reading->text, &reading->text_size) &&
			!arx_query_is_unused(&reading->copy.stats))
			put_statement(reading);
	}
	return (Datum) 0;
}

/* arx_perf.statement_errors(): key, SQLSTATE, count, wording, times */
Datum
arx_statement_errors(PG_FUNCTION_ARGS)
{
	bool all_texts;
	ArxRowWriter row;

	arx_rows_begin(&row, fcinfo);
	all_texts = arx_may_read_all_texts();
	arx_ring_drain_all();
	for (int i = 0; i < arx_query_errors_max(); i++)
	{
		ArxQueryError error;
		bool visible;

		if (!arx_query_error_copy(i, &error))
			continue;
		visible = all_texts || error.key.userid == GetUserId();
		arx_put(&row, ObjectIdGetDatum(error.key.userid));
		arx_put(&row, ObjectIdGetDatum(error.key.dbid));
		arx_put(&row, BoolGetDatum(error.key.toplevel != 0));
		arx_put_int64_if(&row, visible && error.key.queryid != 0,
						 (int64) error.key.queryid);
		arx_put_text(&row, unpack_sql_state(error.sqlstate));
		arx_put_int64(&row, error.count);
		arx_put_text(&row, visible && error.message[0] ? error.message : NULL);
		arx_put_timestamp(&row, error.first_seen);
		arx_put_timestamp(&row, error.last_seen);
		arx_row_end(&row);
	}
	return (Datum) 0;
}
