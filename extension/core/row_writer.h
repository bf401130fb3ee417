/*
 * row_writer.h
 *	  Fills the rows of a set-returning function, column after column.
 *
 * Columns are put in the order of the SQL declaration; a row that has not
 * exactly as many as declared is a bug and raises an error.
 */
#ifndef ARX_ROW_WRITER_H
#define ARX_ROW_WRITER_H

#include "fmgr.h"
#include "nodes/execnodes.h"

#define ARX_ROW_MAX_COLUMNS 96

typedef struct ArxRowWriter
{
	ReturnSetInfo *result;
	int n;
	Datum values[ARX_ROW_MAX_COLUMNS];
	bool nulls[ARX_ROW_MAX_COLUMNS];
} ArxRowWriter;

/*
 * Prepares the function's result set.  Errors: the library was not preloaded;
 * the server's own when a set is not expected.
 */
extern void arx_rows_begin(ArxRowWriter *row, FunctionCallInfo fcinfo);

/* Adds the row put so far to the result. */
extern void arx_row_end(ArxRowWriter *row);

static inline void
arx_put(ArxRowWriter *row, Datum value)
{
	row->nulls[row->n] = false;
	row->values[row->n++] = value;
}

static inline void
arx_put_null(ArxRowWriter *row)
{
	row->nulls[row->n] = true;
	row->values[row->n++] = (Datum) 0;
}

static inline void
arx_put_int64(ArxRowWriter *row, int64 value)
{
	arx_put(row, Int64GetDatum(value));
}

static inline void
arx_put_float8(ArxRowWriter *row, double value)
{
	arx_put(row, Float8GetDatum(value));
}

/* Nanoseconds as milliseconds, the unit of all times in SQL. */
static inline void
arx_put_ms(ArxRowWriter *row, int64 ns)
{
	arx_put_float8(row, (double) ns / 1e6);
}

/* NULL for InvalidOid. */
static inline void
arx_put_oid(ArxRowWriter *row, Oid oid)
{
	if (OidIsValid(oid))
		arx_put(row, ObjectIdGetDatum(oid));
	else
		arx_put_null(row);
}

/* The value, or NULL where this server cannot tell. */
static inline void
arx_put_int64_if(ArxRowWriter *row, bool known, int64 value)
{
	if (known)
		arx_put_int64(row, value);
	else
		arx_put_null(row);
}

static inline void
arx_put_ms_if(ArxRowWriter *row, bool known, int64 ns)
{
	if (known)
		arx_put_ms(row, ns);
	else
		arx_put_null(row);
}

/* A number; NULL for NaN, one that is not known. */
extern void arx_put_known(ArxRowWriter *row, double value);

/* The same, and NULL for an infinite one. */
extern void arx_put_finite(ArxRowWriter *row, double value);

/* A count as integer, the largest there is at most; NULL for a negative one. */
extern void arx_put_count(ArxRowWriter *row, int64 count);

/* A process; NULL for 0. */
extern void arx_put_pid(ArxRowWriter *row, int pid);

/* A query id; NULL for 0. */
extern void arx_put_queryid(ArxRowWriter *row, uint64 queryid);

/* So many columns that are NULL. */
extern void arx_put_nulls(ArxRowWriter *row, int n);

/* NULL for a time that never was (0). */
extern void arx_put_timestamp(ArxRowWriter *row, int64 timestamp);

/* A C string as text; NULL pointer as NULL.  Copied. */
extern void arx_put_text(ArxRowWriter *row, const char *text);

#endif /* ARX_ROW_WRITER_H */
