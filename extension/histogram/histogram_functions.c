/*
 * histogram_functions.c
 *	  Functions and operators on one or two arx_perf.histogram values.
 *
 * All of them check the stored bytes before they believe them.  Values are
 * milliseconds in SQL and microseconds below.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"

#include "compat/pg_compat_types.h"
#include "histogram/histogram_type.h"

PG_FUNCTION_INFO_V1(arx_sql_histogram_quantile);
PG_FUNCTION_INFO_V1(arx_sql_histogram_quantiles);
PG_FUNCTION_INFO_V1(arx_sql_histogram_count);
PG_FUNCTION_INFO_V1(arx_sql_histogram_sum);
PG_FUNCTION_INFO_V1(arx_sql_histogram_buckets);
PG_FUNCTION_INFO_V1(arx_sql_histogram_add);
PG_FUNCTION_INFO_V1(arx_sql_histogram_subtract);
PG_FUNCTION_INFO_V1(arx_sql_histogram_eq);
PG_FUNCTION_INFO_V1(arx_sql_histogram_ne);

/* A quantile that was asked for, and where its answer goes. */
typedef struct AskedQuantile
{
	double q;
	int position;
} AskedQuantile;

static void
check_quantile(double q)
{
	if (q >= 0.0 && q <= 1.0)
		return;
	ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			errmsg("quantile %g is not between 0 and 1", q),
			errhint("The 95th percentile, for example, is quantile 0.95."));
}

Datum
arx_sql_histogram_quantile(PG_FUNCTION_ARGS)
{
	double q = PG_GETARG_FLOAT8(1);
	double value_us;
	ArxHistogram hist;

	check_quantile(q);
	arx_histogram_type_load(&hist, PG_GETARG_BYTEA_PP(0));
	if (hist.total == 0)
		PG_RETURN_NULL();
	arx_histogram_quantiles(&hist, &q, 1, &value_us);
	PG_RETURN_FLOAT8(value_us / ARX_US_PER_MS);
}

static int
compare_asked(const void *a, const void *b)
{
	double qa = ((const AskedQuantile *) a)->q;
	double qb = ((const AskedQuantile *) b)->q;

	return (qa > qb) - (qa < qb);
}

/*
 * Answers n quantiles in any order, given as datums.  Puts the answers where
 * the questions were and marks as NULL what was asked as NULL or cannot be
 * told because nothing was counted.
 */
static void
answer_quantiles(const ArxHistogram *hist, Datum *values, bool *nulls, int n)
{
	AskedQuantile *asked = palloc(sizeof(AskedQuantile) * n);
	double *q = palloc(sizeof(double) * n);
	double *answer_us = palloc(sizeof(double) * n);
	int nasked = 0;

	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			continue;
		asked[nasked].q = DatumGetFloat8(values[i]);
		asked[nasked].position = i;
		check_quantile(asked[nasked].q);
		nasked++;
	}
	qsort(asked, nasked, sizeof(AskedQuantile), compare_asked);
	for (int i = 0; i < nasked; i++)
		q[i] = asked[i].q;
	arx_histogram_quantiles(hist, q, nasked, answer_us);
	for (int i = 0; i < nasked; i++)
	{
		values[asked[i].position] =
			Float8GetDatum(answer_us[i] / ARX_US_PER_MS);
		nulls[asked[i].position] = isnan(answer_us[i]);
	}
}

Datum
arx_sql_histogram_quantiles(PG_FUNCTION_ARGS)
{
	ArrayType *wanted = PG_GETARG_ARRAYTYPE_P(1);
	ArxHistogram hist;
	Datum *values;
	bool *nulls;
	int n;

	arx_histogram_type_load(&hist, PG_GETARG_BYTEA_PP(0));
	deconstruct_array(wanted, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &values, &nulls, &n);
	if (n == 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(FLOAT8OID));
	answer_quantiles(&hist, values, nulls, n);
	PG_RETURN_ARRAYTYPE_P(construct_md_array(
		values, nulls, ARR_NDIM(wanted), ARR_DIMS(wanted), ARR_LBOUND(wanted),
		FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

Datum
arx_sql_histogram_count(PG_FUNCTION_ARGS)
{
	ArxHistogramReader reader;
	uint64 count;
	int index;

	arx_histogram_type_open(&reader, PG_GETARG_BYTEA_PP(0));
	while (arx_histogram_type_next(&reader, &index, &count))
		;
	PG_RETURN_INT64((int64) reader.total);
}

Datum
arx_sql_histogram_sum(PG_FUNCTION_ARGS)
{
	ArxHistogramReader reader;
	uint64 count;
	int index;

	arx_histogram_type_open(&reader, PG_GETARG_BYTEA_PP(0));
	while (arx_histogram_type_next(&reader, &index, &count))
		;
	PG_RETURN_FLOAT8(reader.sum_ms);
}

/* Copies the bytes to where they live as long as the rows are fetched. */
static ArxHistogramReader *
open_for_rows(Datum argument)
{
	ArxHistogramReader *reader = palloc(sizeof(ArxHistogramReader));

	arx_histogram_type_open(reader, DatumGetByteaPCopy(argument));
	return reader;
}

Datum
arx_sql_histogram_buckets(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	Datum values[3];
	bool nulls[3] = {false, false, false};
	uint64 count;
	int index;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext caller;
		TupleDesc desc;

		context = SRF_FIRSTCALL_INIT();
		if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		/* Both outlive the call: its own memory is reset before each row. */
		caller = MemoryContextSwitchTo(context->multi_call_memory_ctx);
		context->tuple_desc = CreateTupleDescCopy(desc);
		context->user_fctx = open_for_rows(PG_GETARG_DATUM(0));
		MemoryContextSwitchTo(caller);
	}
	context = SRF_PERCALL_SETUP();
	if (!arx_histogram_type_next(context->user_fctx, &index, &count))
		SRF_RETURN_DONE(context);
	values[0] = Float8GetDatum(arx_histogram_lower_us(index) / ARX_US_PER_MS);
	values[1] = Float8GetDatum(arx_histogram_upper_us(index) / ARX_US_PER_MS);
	values[2] = Int64GetDatum((int64) count);
	SRF_RETURN_NEXT(
		context,
		HeapTupleGetDatum(heap_form_tuple(context->tuple_desc, values, nulls)));
}

Datum
arx_sql_histogram_add(PG_FUNCTION_ARGS)
{
	ArxHistogram left;
	ArxHistogram right;

	arx_histogram_type_load(&left, PG_GETARG_BYTEA_PP(0));
	arx_histogram_type_load(&right, PG_GETARG_BYTEA_PP(1));
	if (arx_histogram_merge(&left, &right) != ARX_HISTOGRAM_OK)
		arx_histogram_type_raise_too_many();
	PG_RETURN_BYTEA_P(arx_histogram_type_make(&left));
}

Datum
arx_sql_histogram_subtract(PG_FUNCTION_ARGS)
{
	ArxHistogram left;
	ArxHistogram right;

	arx_histogram_type_load(&left, PG_GETARG_BYTEA_PP(0));
	arx_histogram_type_load(&right, PG_GETARG_BYTEA_PP(1));
	if (arx_histogram_subtract(&left, &right) != ARX_HISTOGRAM_OK)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("histogram to subtract is not contained in the other"),
				errdetail("In at least one bucket it counts more values."),
				errhint("Subtract the earlier reading from the later one, and "
						"only where no reset lies between the two."));
	PG_RETURN_BYTEA_P(arx_histogram_type_make(&left));
}

/* There is one way to write a histogram, so good bytes can be compared. */
static bool
histograms_equal(const bytea *left, const bytea *right)
{
	ArxHistogram checked;

	arx_histogram_type_load(&checked, left);
	arx_histogram_type_load(&checked, right);
	return VARSIZE_ANY_EXHDR(left) == VARSIZE_ANY_EXHDR(right) &&
		memcmp(VARDATA_ANY(left), VARDATA_ANY(right),
			   VARSIZE_ANY_EXHDR(left)) == 0;
}

Datum
arx_sql_histogram_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(
		histograms_equal(PG_GETARG_BYTEA_PP(0), PG_GETARG_BYTEA_PP(1)));
}

Datum
arx_sql_histogram_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(
		!histograms_equal(PG_GETARG_BYTEA_PP(0), PG_GETARG_BYTEA_PP(1)));
}
