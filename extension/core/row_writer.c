/*
 * row_writer.c
 *	  Result sets of our functions, in the materialised form.
 */
#include "postgres.h"

#include <math.h>

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "core/row_writer.h"
#include "core/subsystem.h"

void
arx_rows_begin(ArxRowWriter *row, FunctionCallInfo fcinfo)
{
	arx_subsystems_require();
	InitMaterializedSRF(fcinfo, 0);
	row->result = (ReturnSetInfo *) fcinfo->resultinfo;
	row->n = 0;
}

void
arx_row_end(ArxRowWriter *row)
{
	int declared = row->result->setDesc->natts;

	if (row->n != declared)
		ereport(
			ERROR, errcode(ERRCODE_DATATYPE_MISMATCH),
			errmsg("arx_perf library gives %d columns where its SQL objects "
				   "declare %d",
				   row->n, declared),
			errhint("Run ALTER EXTENSION arx_perf UPDATE."));
	tuplestore_putvalues(row->result->setResult, row->result->setDesc,
						 row->values, row->nulls);
	row->n = 0;
}

void
arx_put_known(ArxRowWriter *row, double value)
{
	if (isnan(value))
		arx_put_null(row);
	else
		arx_put_float8(row, value);
}

void
arx_put_count(ArxRowWriter *row, int64 count)
{
	if (count < 0)
		arx_put_null(row);
	else
		arx_put(row, Int32GetDatum((int32) Min(count, PG_INT32_MAX)));
}

void
arx_put_finite(ArxRowWriter *row, double value)
{
	arx_put_known(row, isfinite(value) ? value : NAN);
}

void
arx_put_pid(ArxRowWriter *row, int pid)
{
	arx_put_count(row, pid == 0 ? -1 : pid);
}

void
arx_put_queryid(ArxRowWriter *row, uint64 queryid)
{
	arx_put_int64_if(row, queryid != 0, (int64) queryid);
}

void
arx_put_nulls(ArxRowWriter *row, int n)
{
	while (n-- > 0)
		arx_put_null(row);
}

void
arx_put_timestamp(ArxRowWriter *row, int64 timestamp)
{
	if (timestamp == 0)
		arx_put_null(row);
	else
		arx_put(row, TimestampTzGetDatum(timestamp));
}

void
arx_put_text(ArxRowWriter *row, const char *text)
{
	if (text == NULL)
		arx_put_null(row);
	else
		arx_put(row, CStringGetTextDatum(text));
}
