/*
 * histogram_aggregate.c
 *	  Aggregates histogram_agg(float8) and merge(histogram).
 *
 * Both share one state: the sum and a table of chunks of counts, of which
 * those that are hit are allocated, in the aggregate's memory context.  A
 * group of similar values takes 600 bytes for the table and 128 for each
 * chunk, about 2 kB, where dense counts would take 9.6 kB.  Parallel workers
 * pass their states as the stored form.
 */
#include "postgres.h"

#include <math.h>

#include "histogram/histogram_type.h"

PG_FUNCTION_INFO_V1(arx_sql_histogram_agg_step);
PG_FUNCTION_INFO_V1(arx_sql_histogram_merge_step);
PG_FUNCTION_INFO_V1(arx_sql_histogram_combine);
PG_FUNCTION_INFO_V1(arx_sql_histogram_serialize);
PG_FUNCTION_INFO_V1(arx_sql_histogram_deserialize);
PG_FUNCTION_INFO_V1(arx_sql_histogram_final);

typedef struct AggregateState
{
	MemoryContext context; /* owns the state and its chunks */
	double sum_ms;
	uint64 total;
	uint64 *chunks[ARX_HISTOGRAM_NCHUNKS];
} AggregateState;

static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				errmsg("function can only be called as part of an aggregate"));
	return context;
}

static AggregateState *
new_state(FunctionCallInfo fcinfo)
{
	MemoryContext context = aggregate_context(fcinfo);
	AggregateState *state;

	state = MemoryContextAllocZero(context, sizeof(AggregateState));
	state->context = context;
	return state;
}

/* The state in the first argument; NULL before the first value. */
static AggregateState *
current_state(FunctionCallInfo fcinfo)
{
	return PG_ARGISNULL(0) ? NULL : (AggregateState *) PG_GETARG_POINTER(0);
}

/* What a step returns when its value was NULL. */
static Datum
return_unchanged(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

static void
add_to_bucket(AggregateState *state, int index, uint64 count)
{
	uint64 **chunk = &state->chunks[arx_histogram_chunk(index)];

	if (count > ARX_HISTOGRAM_MAX_TOTAL - state->total)
		arx_histogram_type_raise_too_many();
	if (*chunk == NULL)
		*chunk =
			MemoryContextAllocZero(state->context, ARX_HISTOGRAM_CHUNK_BYTES);
	(*chunk)[arx_histogram_slot(index)] += count;
	state->total += count;
}

/* Adds a stored histogram; its bytes are checked on the way. */
static void
add_stored(AggregateState *state, const bytea *datum)
{
	ArxHistogramReader reader;
	uint64 count;
	int index;

	arx_histogram_type_open(&reader, datum);
	while (arx_histogram_type_next(&reader, &index, &count))
		add_to_bucket(state, index, count);
	state->sum_ms = arx_histogram_add_sums(state->sum_ms, reader.sum_ms);
}

Datum
arx_sql_histogram_agg_step(PG_FUNCTION_ARGS)
{
	AggregateState *state = current_state(fcinfo);
	double value_us;

	if (PG_ARGISNULL(1))
		return return_unchanged(fcinfo);
	value_us = PG_GETARG_FLOAT8(1) * ARX_US_PER_MS;
	if (isnan(value_us))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("cannot count NaN in a histogram"),
				errhint("Leave such values out, for example with "
						"FILTER (WHERE value <> 'NaN')."));
	if (state == NULL)
		state = new_state(fcinfo);
	add_to_bucket(state, arx_histogram_bucket_us(value_us), 1);
	state->sum_ms = arx_histogram_add_sums(
		state->sum_ms,
		isinf(PG_GETARG_FLOAT8(1))
			? arx_histogram_finite_us(value_us) / ARX_US_PER_MS
			: PG_GETARG_FLOAT8(1));
	PG_RETURN_POINTER(state);
}

Datum
arx_sql_histogram_merge_step(PG_FUNCTION_ARGS)
{
	AggregateState *state = current_state(fcinfo);

	if (PG_ARGISNULL(1))
		return return_unchanged(fcinfo);
	if (state == NULL)
		state = new_state(fcinfo);
	add_stored(state, PG_GETARG_BYTEA_PP(1));
	PG_RETURN_POINTER(state);
}

Datum
arx_sql_histogram_combine(PG_FUNCTION_ARGS)
{
	AggregateState *state = current_state(fcinfo);
	const AggregateState *other;

	if (PG_ARGISNULL(1))
		return return_unchanged(fcinfo);
	if (state == NULL)
		state = new_state(fcinfo);
	other = (const AggregateState *) PG_GETARG_POINTER(1);
	for (int index = 0; index < ARX_HISTOGRAM_NBUCKETS; index++)
	{
		const uint64 *chunk = other->chunks[arx_histogram_chunk(index)];

		if (chunk != NULL && chunk[arx_histogram_slot(index)] > 0)
			add_to_bucket(state, index, chunk[arx_histogram_slot(index)]);
	}
	state->sum_ms = arx_histogram_add_sums(state->sum_ms, other->sum_ms);
	PG_RETURN_POINTER(state);
}

static bytea *
store_state(const AggregateState *state)
{
	return arx_histogram_type_make_chunked(
		(const uint64_t *const *) state->chunks, state->sum_ms);
}

Datum
arx_sql_histogram_serialize(PG_FUNCTION_ARGS)
{
	(void) aggregate_context(fcinfo);
	PG_RETURN_BYTEA_P(store_state(current_state(fcinfo)));
}

Datum
arx_sql_histogram_deserialize(PG_FUNCTION_ARGS)
{
	AggregateState *state;

	/* the caller's context is short-lived, and so may the copy be */
	(void) aggregate_context(fcinfo);
	state = palloc0(sizeof(AggregateState));
	state->context = CurrentMemoryContext;
	add_stored(state, PG_GETARG_BYTEA_PP(0));
	PG_RETURN_POINTER(state);
}

/* No value at all gives NULL, as with sum() and max(). */
Datum
arx_sql_histogram_final(PG_FUNCTION_ARGS)
{
	(void) aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_BYTEA_P(store_state(current_state(fcinfo)));
}
