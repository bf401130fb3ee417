/*
 * planner_hook.c
 *	  Planner calls: measured, and joined to the execution that follows.
 *
 * Planning is mostly followed by the execution of what was planned; then both
 * are told as one.  What was planned and not executed (EXPLAIN, PREPARE) is
 * told by itself, when the next statement begins or its utility ends.
 */
#include "postgres.h"

#include "compat/pg_compat_hooks.h"
#include "core/event_ring.h"
#include "hooks/hooks.h"
#include "hooks/statement_report.h"

bool arx_plan_is_waiting = false;

static ArxStatement plan_waiting;
static int plan_level;
static planner_hook_type prev_planner;

static PlannedStmt *
next_planner(ARX_PLANNER_PARAMS)
{
	if (prev_planner)
		return prev_planner(ARX_PLANNER_ARGS);
	return standard_planner(ARX_PLANNER_ARGS);
}

void
arx_flush_plan(void)
{
	if (!arx_plan_is_waiting)
		return;
	arx_plan_is_waiting = false;
	arx_report_finished(&plan_waiting);
}

static void
keep_plan(const ArxStatement *planned)
{
	arx_flush_plan();
	memcpy(&plan_waiting, planned,
		   planned->uncommon ? sizeof(*planned)
							 : offsetof(ArxStatement, counters[ARX_NCOMMON]));
	plan_level = arx_nesting_level;
	arx_plan_is_waiting = true;
}

/* The waiting plan becomes part of this execution, if it is its own. */
void
arx_take_plan(ArxStatement *stmt)
{
	if (plan_waiting.queryid != stmt->queryid ||
		plan_level != arx_nesting_level ||
		plan_waiting.elapsed_ns > PG_UINT32_MAX)
	{
		arx_flush_plan();
		return;
	}
	arx_plan_is_waiting = false;
	stmt->planned = true;
	stmt->plan_ns = plan_waiting.elapsed_ns;
	for (int i = 0; i < ARX_NCOMMON; i++)
		stmt->counters[i] += plan_waiting.counters[i];
	if (!plan_waiting.uncommon)
		return;
	arx_statement_uncommon(stmt);
	for (int i = ARX_NCOMMON; i < ARX_NCOUNTERS; i++)
		stmt->counters[i] += plan_waiting.counters[i];
}

/*
 * The execution will not get further.  measured is what was begun of it, or
 * NULL without track_planning.
 */
static void
report_failed_plan(const Query *parse, const char *text,
				   const ArxMeasure *measured)
{
	bool client = arx_at_client_level();
	ArxStatement stmt;

	arx_statement_init(&stmt, ARX_PHASE_EXEC, (uint64) parse->queryId, client,
					   text, parse->stmt_location, parse->stmt_len);
	if (measured) /* ends what was begun, whatever is tracked by now */
		arx_measure_end(measured, &stmt);
	if (text && arx_statement_tracked((uint64) parse->queryId, client))
		arx_report_failed(&stmt);
}

static PlannedStmt *
measure_planner(ARX_PLANNER_PARAMS)
{
	PlannedStmt *result = NULL;
	ArxStatement stmt;
	ArxMeasure measure;
	bool client = arx_at_client_level();
	uint64 outer = arx_ring_set_running((uint64) parse->queryId);
	/* volatile only for the compiler's fear of longjmp */
	volatile bool measured = arx_track_planning && query_string &&
		arx_statement_tracked((uint64) parse->queryId, client);

	if (measured)
	{
		arx_statement_init(&stmt, ARX_PHASE_PLAN, (uint64) parse->queryId,
						   client, query_string, parse->stmt_location,
						   parse->stmt_len);
		arx_measure_begin(&measure);
		arx_mark_running(&stmt, &measure, NULL);
	}
	arx_nesting_level++;
	PG_TRY();
	{
		result = next_planner(ARX_PLANNER_ARGS);
	}
	PG_CATCH();
	{
		arx_nesting_level--;
		arx_unmark_running();
		(void) arx_ring_set_running(outer);
		report_failed_plan(parse, query_string, measured ? &measure : NULL);
		PG_RE_THROW();
	}
	PG_END_TRY();
	arx_nesting_level--;
	arx_unmark_running();
	(void) arx_ring_set_running(outer);
	if (measured)
	{
		arx_measure_end(&measure, &stmt);
		keep_plan(&stmt);
	}
	return result;
}

void
arx_planner_hook_install(void)
{
	prev_planner = planner_hook;
	planner_hook = measure_planner;
}
