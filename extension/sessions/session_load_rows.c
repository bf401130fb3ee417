/*
 * session_load_rows.c
 *	  average_active_sessions() and load_digest().
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "core/access_check.h"
#include "core/row_writer.h"
#include "core/subsystem.h"
#include "sessions/session_load.h"

PG_FUNCTION_INFO_V1(arx_average_active_sessions);
PG_FUNCTION_INFO_V1(arx_load_digest_text);

/* Measures the interval up to now.  Errors: it is not positive. */
static void
measure(ArxLoad *load, Datum since, bool with_statements)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz from = DatumGetTimestampTz(DirectFunctionCall2(
		timestamptz_mi_interval, TimestampTzGetDatum(now), since));

	if (from >= now)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("the interval must be longer than zero"));
	arx_load_measure(load, from, now, with_statements);
}

static void
put_class(ArxRowWriter *row, const ArxLoad *load, const char *name,
		  const ArxLoadClass *class)
{
	ArxEstimate mean = arx_look_mean(&class->sums);
	ArxEstimate share = arx_look_share(&class->sums);
	bool known = load->looks > 0;
	bool has_share =
		load->total.samples > 0 && class != &load->idle_in_transaction;

	arx_put_text(row, name);
	arx_put_int64(row, class->samples);
	arx_put_finite(row, known ? mean.value : NAN);
	arx_put_finite(row, known ? mean.low : NAN);
	arx_put_finite(row, known ? mean.high : NAN);
	arx_put_finite(row, has_share ? share.value : NAN);
	arx_put_finite(row, has_share ? share.low : NAN);
	arx_put_finite(row, has_share ? share.high : NAN);
	arx_put(row, Int32GetDatum(arx_cpus()));
	arx_put_timestamp(row, load->from);
	arx_put_timestamp(row, load->to);
	arx_put_int64(row, load->looks);
	arx_put_float8(row, load->covered);
	arx_row_end(row);
}

/* The classes that are there on any server have a row even when never seen. */
static bool
is_listed(const ArxLoad *load, int class)
{
	return load->classes[class].samples > 0 || class < ARX_LOAD_CLASSES - 2;
}

/* arx_perf.average_active_sessions(since interval) */
Datum
arx_average_active_sessions(PG_FUNCTION_ARGS)
{
	ArxRowWriter row;
	ArxLoad load;

	arx_rows_begin(&row, fcinfo);
	measure(&load, PG_GETARG_DATUM(0), false);
	put_class(&row, &load, "total", &load.total);
	for (int i = 0; i < ARX_LOAD_CLASSES; i++)
		if (is_listed(&load, i))
			put_class(&row, &load, arx_load_class_names[i], &load.classes[i]);
	put_class(&row, &load, "idle in transaction", &load.idle_in_transaction);
	return (Datum) 0;
}

/* arx_perf.load_digest(since interval) */
Datum
arx_load_digest_text(PG_FUNCTION_ARGS)
{
	ArxLoad load;
	bool with_ids = arx_may_read_all_texts();

	arx_subsystems_require();
	measure(&load, PG_GETARG_DATUM(0), with_ids);
	if (!with_ids)
		load.statement.queryid = load.transaction.queryid = 0;
	PG_RETURN_TEXT_P(cstring_to_text(arx_load_digest(&load)));
}
