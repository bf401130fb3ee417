/*
 * query_aggregate.c
 *	  Folds a batch of events into entries: one lock an entry and batch.
 *
 * A batch usually holds many executions of few statements.  They are grouped
 * by key first (a chain of event numbers each), so that a statement that runs
 * on all cores has its spinlock taken once a batch, not once an execution.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "compat/pg_compat_instr.h"
#include "query/query_aggregate.h"
#include "query/query_errors.h"
#include "query/query_hints.h"
#include "query/query_table.h"

#define MAX_BATCH 64
#define NBUCKETS 64
#define NONE 0xff

/* Events of a batch, chained by key. */
typedef struct Batch
{
	const ArxQueryEvent *const *events;
	int n;
	int64 to_timestamp_us; /* add to end_ns / 1000 for a TimestampTz */
	TimestampTz now;
	uint8 bucket[NBUCKETS]; /* first leader, or NONE */
	uint8 next_leader[MAX_BATCH];
	uint8 next_member[MAX_BATCH];
	uint8 last_member[MAX_BATCH]; /* of a leader */
	uint8 leaders[MAX_BATCH];
	int nleaders;
} Batch;

static void
group_events(Batch *batch)
{
	memset(batch->bucket, NONE, sizeof(batch->bucket));
	batch->nleaders = 0;
	for (int i = 0; i < batch->n; i++)
	{
		const ArxQueryKey *key = &batch->events[i]->key;
		uint8 *bucket = &batch->bucket[key->queryid & (NBUCKETS - 1)];
		uint8 leader = *bucket;

		while (leader != NONE &&
			   !arx_query_key_equal(&batch->events[leader]->key, key))
			leader = batch->next_leader[leader];
		batch->next_member[i] = NONE;
		if (leader == NONE)
		{
			batch->next_leader[i] = *bucket;
			*bucket = (uint8) i;
			batch->last_member[i] = (uint8) i;
			batch->leaders[batch->nleaders++] = (uint8) i;
			continue;
		}
		batch->next_member[batch->last_member[leader]] = (uint8) i;
		batch->last_member[leader] = (uint8) i;
	}
}

/*
 * One more value: sum, extremes, and Welford's running mean and distance.
 * n is the count of values with this one, fresh that of those since min and
 * max were reset.
 */
static inline void
add_time(ArxTimes *times, int64 value, int64 n, int64 fresh)
{
	double delta = (double) value - times->mean;

	times->total += value;
	times->mean += delta / (double) n;
	times->m2 += delta * ((double) value - times->mean);
	if (fresh == 1 || value < times->min)
		times->min = value;
	if (fresh == 1 || value > times->max)
		times->max = value;
}

/* Entry and event never overlap, which lets this become vector instructions. */
static inline void
add_up(int64 *restrict to, const int64 *restrict from, int n)
{
	for (int i = 0; i < n; i++)
		to[i] += from[i];
}

static inline void
add_counters(ArxQueryStats *stats, const ArxQueryEvent *event)
{
	const int64 *counters = event->u.run.counters;

	add_up(stats->counters, counters, ARX_NCOMMON);
	if (event->uncommon)
		add_up(&stats->counters[ARX_NCOMMON], &counters[ARX_NCOMMON],
			   ARX_NCOUNTERS - ARX_NCOMMON);
}

static void
add_jit(ArxJitStats *stats, const ArxJitCounters *jit)
{
	stats->functions += jit->functions;
	stats->generation_time += jit->generation_time;
	stats->deform_count += jit->deform_time > 0;
	stats->deform_time += jit->deform_time;
	stats->inlining_count += jit->inlining_time > 0;
	stats->inlining_time += jit->inlining_time;
	stats->optimization_count += jit->optimization_time > 0;
	stats->optimization_time += jit->optimization_time;
	stats->emission_count += jit->emission_time > 0;
	stats->emission_time += jit->emission_time;
}

/* An execution that ended well. */
static inline void
add_call(ArxSharedQueryEntry *entry, const ArxQueryEvent *event)
{
	ArxQueryStats *stats = &entry->stats;
	int64 elapsed = event->u.run.elapsed_ns;

	stats->calls++;
	add_time(&stats->exec, elapsed, stats->calls, ++stats->minmax_calls);
	if (unlikely(!arx_query_bin(entry, elapsed)))
	{
		stats->unbinned++;
		pg_atomic_fetch_add_u64(&arx_query_totals->unbinned, 1);
	}
	stats->generic_calls += event->plan_kind == ARX_PLAN_GENERIC;
	stats->custom_calls += event->plan_kind == ARX_PLAN_CUSTOM;
	add_counters(stats, event);
}

static inline void
add_plan(ArxQueryStats *stats, int64 elapsed)
{
	stats->plans++;
	add_time(&stats->plan, elapsed, stats->plans, ++stats->minmax_plans);
}

/* The entry is locked. */
static inline void
add_event(ArxSharedQueryEntry *entry, const ArxQueryEvent *event)
{
	ArxQueryStats *stats = &entry->stats;

	if (event->planned)
		add_plan(stats, event->plan_ns);
	if (likely(event->kind == ARX_EVENT_EXEC && event->sqlstate == 0))
		add_call(entry, event);
	else if (event->kind == ARX_EVENT_EXEC)
	{
		stats->errors++;
		stats->error_time += event->u.run.elapsed_ns;
		add_counters(stats, event);
	}
	else if (event->kind == ARX_EVENT_PLAN)
	{
		add_plan(stats, event->u.run.elapsed_ns);
		add_counters(stats, event);
	}
	else if (event->kind == ARX_EVENT_JIT)
		add_jit(&stats->jit, &event->u.jit);
}

/* The entry of a group, locked; NULL when there is none to be had. */
static ArxSharedQueryEntry *
lock_entry(const Batch *batch, const ArxQueryEvent *event, uint32 *n)
{
	ArxSharedQueryEntry *entry = NULL;

	*n =
		event->hint != ARX_NO_ENTRY ? event->hint : arx_query_hint(&event->key);
	if (*n != ARX_NO_ENTRY)
		entry = arx_query_lock_entry(*n, &event->key);
	if (likely(entry != NULL))
		return entry;
	*n = arx_query_find_or_add(&event->key, batch->now);
	if (*n == ARX_NO_ENTRY)
		return NULL;
	arx_query_remember(&event->key, *n);
	return arx_query_lock_entry(*n, &event->key);
}

static TimestampTz
ended_at(const Batch *batch, const ArxQueryEvent *event)
{
	return event->end_ns / 1000 + batch->to_timestamp_us;
}

/* Executions in a group, for the account. */
static int
add_group(const Batch *batch, int leader, bool *recorded)
{
	const ArxQueryEvent *first = batch->events[leader];
	const ArxQueryEvent *last = batch->events[batch->last_member[leader]];
	ArxSharedQueryEntry *entry;
	int executions = 0;
	uint32 n;

	entry = lock_entry(batch, first, &n);
	for (int i = leader; i != NONE; i = batch->next_member[i])
	{
		if (entry)
			add_event(entry, batch->events[i]);
		executions += batch->events[i]->kind == ARX_EVENT_EXEC;
	}
	if (entry)
	{
		TimestampTz seen = ended_at(batch, last);

		entry->stats.last_seen = Max(entry->stats.last_seen, seen);
		arx_query_unlock_entry(entry);
		arx_query_touch(n, batch->now);
	}
	*recorded = entry != NULL;
	return executions;
}

/* Errors of a group, in order, after its entry is unlocked. */
static void
add_errors(const Batch *batch, int leader)
{
	for (int i = leader; i != NONE; i = batch->next_member[i])
	{
		const ArxQueryEvent *event = batch->events[i];

		if (likely(event->sqlstate == 0))
			continue;
		if (event->kind == ARX_EVENT_MESSAGE)
			arx_query_error_message(&event->key, event->sqlstate,
									event->u.message);
		else
			arx_query_error_count(&event->key, event->sqlstate,
								  ended_at(batch, event));
	}
}

void
arx_query_aggregate(const void *const *events, int n)
{
	int recorded = 0;
	int dropped = 0;
	Batch batch;

	batch.events = (const ArxQueryEvent *const *) events;
	batch.n = n;
	batch.now = GetCurrentTimestamp();
	batch.to_timestamp_us = batch.now - arx_clock_ns() / 1000;
	group_events(&batch);
	for (int i = 0; i < batch.nleaders; i++)
	{
		int leader = batch.leaders[i];
		bool kept = true;
		int executions = 0;

		if (batch.events[leader]->key.queryid != 0)
			executions = add_group(&batch, leader, &kept);
		if (kept)
			recorded += executions;
		else
			dropped += executions;
		add_errors(&batch, leader);
	}
	pg_atomic_fetch_add_u64(&arx_query_totals->recorded, recorded);
	if (dropped > 0)
		pg_atomic_fetch_add_u64(&arx_query_totals->dropped, dropped);
}
