/*
 * statement_hooks.c
 *	  Parse analysis and executor hooks: level, measure, report.
 *
 * The state of an execution hangs on its executor's memory context: portals
 * interleave, and one that is dropped in an abort never reaches ExecutorEnd.
 * The few usual ones come from a small pool, so that a short statement makes
 * no allocation.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "storage/proc.h"
#include "tcop/pquery.h"

#include "compat/pg_compat_hooks.h"
#include "core/event_ring.h"
#include "core/settings.h"
#include "hooks/backend_counters.h"
#include "hooks/hooks.h"
#include "hooks/statement_report.h"

/* One execution between ExecutorStart and the end of its memory. */
typedef struct Execution
{
	ArxStatement stmt;
	ArxMeasure measure;	   /* of the stretch that runs now */
	QueryDesc *query_desc; /* NULL once it was reported */
	uint32 pool_bit;	   /* its bit in pool_used; 0: not of the pool */
	bool unguarded;		   /* runs without a PG_TRY round it */
	int last_error;		   /* SQLSTATE raised in it last; 0: none */
	struct Execution *next;
	MemoryContextCallback on_end;
} Execution;

#define POOL_SIZE 8
#define POOL_FULL ((1u << POOL_SIZE) - 1)

static Execution pool[POOL_SIZE];
static uint32 pool_used = 0;		 /* one bit each */
static Execution *executions = NULL; /* latest first */

static post_parse_analyze_hook_type prev_post_parse_analyze;
static ExecutorStart_hook_type prev_ExecutorStart;
static ExecutorRun_hook_type prev_ExecutorRun;
static ExecutorFinish_hook_type prev_ExecutorFinish;
static ExecutorEnd_hook_type prev_ExecutorEnd;

/*
 * The executor's memory goes while it runs unguarded: an error ended it.  If
 * it was not logged (a function had set log_min_messages, say), the log hook
 * has not told of it, and it is told here, as far as it is known.
 */
static void
leave_unguarded(Execution *execution)
{
	arx_nesting_level = 0;
	(void) arx_ring_set_running(0);
	if (arx_running_stmt == &execution->stmt)
		arx_report_running(execution->last_error);
}

/* The executor's memory goes: so does the execution, reported or not. */
static void
forget_execution(void *arg)
{
	Execution *gone = arg;
	Execution **link = &executions;

	if (unlikely(gone->unguarded))
		leave_unguarded(gone);
	while (*link != gone)
		link = &(*link)->next;
	*link = gone->next;
	pool_used &= ~gone->pool_bit;
}

static Execution *
new_execution(MemoryContext context)
{
	Execution *made;

	if (likely(pool_used != POOL_FULL))
	{
		int free_one = pg_rightmost_one_pos32(~pool_used);

		made = &pool[free_one];
		made->pool_bit = 1u << free_one;
		pool_used |= made->pool_bit;
	}
	else
	{
		made = MemoryContextAllocExtended(context, sizeof(*made),
										  MCXT_ALLOC_NO_OOM);
		if (made == NULL)
			return NULL;
		made->pool_bit = 0;
	}
	made->on_end.func = forget_execution;
	made->on_end.arg = made;
	MemoryContextRegisterResetCallback(context, &made->on_end);
	made->unguarded = false;
	made->next = executions;
	executions = made;
	return made;
}

static inline Execution *
find_execution(const QueryDesc *query_desc)
{
	for (Execution *e = executions; e; e = e->next)
		if (e->query_desc == query_desc)
			return e;
	return NULL;
}

static inline void
init_from_query(ArxStatement *stmt, const QueryDesc *query_desc,
				bool at_client_level)
{
	const PlannedStmt *planned = query_desc->plannedstmt;

	arx_statement_init(stmt, ARX_PHASE_EXEC, (uint64) planned->queryId,
					   at_client_level, query_desc->sourceText,
					   planned->stmt_location, planned->stmt_len);
	stmt->plan_kind = (uint8) arx_compat_plan_kind(planned);
}

static void
after_parse_analyze(ARX_PARSE_ANALYZE_PARAMS)
{
	ArxAnalyzed analyzed;
	bool at_client_level = arx_at_client_level();

	if (prev_post_parse_analyze)
		prev_post_parse_analyze(ARX_PARSE_ANALYZE_ARGS);
	if (!arx_statement_tracked((uint64) query->queryId, at_client_level))
		return;
	if (query->utilityStmt &&
		(!arx_track_utility ||
		 arx_compat_utility_is_transparent(query->utilityStmt)))
		return;
	analyzed.queryid = (uint64) query->queryId;
	analyzed.toplevel = at_client_level;
	analyzed.text = pstate->p_sourcetext;
	analyzed.text_location = query->stmt_location;
	analyzed.text_len = query->stmt_len;
	analyzed.utility = query->utilityStmt;
	analyzed.jstate = jstate;
	arx_report_analyzed(&analyzed);
}

static inline void
next_ExecutorStart(QueryDesc *queryDesc, int eflags)
{
	if (prev_ExecutorStart)
		prev_ExecutorStart(queryDesc, eflags);
	else
		standard_ExecutorStart(queryDesc, eflags);
}

static void
start_guarded(QueryDesc *queryDesc, int eflags)
{
	PG_TRY();
	{
		next_ExecutorStart(queryDesc, eflags);
	}
	PG_CATCH();
	{
		ArxStatement failed;

		init_from_query(&failed, queryDesc, arx_at_client_level());
		arx_report_failed(&failed);
		PG_RE_THROW();
	}
	PG_END_TRY();
}

/*
 * Will the log hook tell of an error that ends what runs now?  For a client's
 * statement, which always runs in a portal, yes: then the cost of a PG_TRY can
 * be spared.
 */
static inline bool
log_tells_errors(void)
{
	return likely(arx_nesting_level == 0 && ActivePortal != NULL &&
				  MyBackendType == B_BACKEND && arx_compat_errors_are_logged());
}

/* An error here (a missing privilege, say) fails the statement unstarted. */
static inline void
start_executor(QueryDesc *queryDesc, int eflags)
{
	if (log_tells_errors())
	{
		arx_starting_queryid = (uint64) queryDesc->plannedstmt->queryId;
		next_ExecutorStart(queryDesc, eflags);
		arx_starting_queryid = 0;
	}
	else
		start_guarded(queryDesc, eflags);
}

static void
begin_execution(QueryDesc *queryDesc, int eflags)
{
	bool at_client_level = arx_at_client_level();
	Execution *execution;

	if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) ||
		!arx_statement_tracked((uint64) queryDesc->plannedstmt->queryId,
							   at_client_level))
	{
		next_ExecutorStart(queryDesc, eflags);
		return;
	}
	arx_ring_refill();
	start_executor(queryDesc, eflags);
	execution = new_execution(queryDesc->estate->es_query_cxt);
	if (execution == NULL)
	{
		arx_ring_count_lost();
		return;
	}
	execution->query_desc = queryDesc;
	init_from_query(&execution->stmt, queryDesc, at_client_level);
	if (arx_plan_is_waiting)
		arx_take_plan(&execution->stmt);
}

static inline void
next_ExecutorRun(ARX_EXECUTOR_RUN_PARAMS)
{
	if (prev_ExecutorRun)
		prev_ExecutorRun(ARX_EXECUTOR_RUN_ARGS);
	else
		standard_ExecutorRun(ARX_EXECUTOR_RUN_ARGS);
}

/*
 * A parallel worker: blocks and WAL reach the leader by the server's own ways,
 * CPU time by his ring.  What functions run in here is part of it.
 */
static void
run_in_worker(ARX_EXECUTOR_RUN_PARAMS)
{
	PGPROC *leader_proc = MyProc->lockGroupLeader;
	ArxSharedRing *leader =
		leader_proc ? arx_ring_of(arx_compat_proc_number(leader_proc)) : NULL;
	ArxCpuMark before;
	ArxCpuMark after;

	arx_cpu_read(&before);
	arx_nesting_level++;
	next_ExecutorRun(ARX_EXECUTOR_RUN_ARGS);
	arx_nesting_level--;
	arx_cpu_read(&after);
	if (leader == NULL)
		return;
	pg_atomic_fetch_add_u64(&leader->workers_user,
							(int64) (after.user - before.user));
	pg_atomic_fetch_add_u64(&leader->workers_sys,
							(int64) (after.sys - before.sys));
}

/* The stretch failed: report the execution now, it will never end well. */
static void
fail_execution(Execution *execution)
{
	arx_measure_end(&execution->measure, &execution->stmt);
	execution->query_desc = NULL;
	arx_report_failed(&execution->stmt);
}

/* Called for every message raised while an execution runs unguarded. */
static void
note_error_raised(void *arg)
{
	Execution *execution = arg;
	int category = ERRCODE_TO_CATEGORY(geterrcode());

	if (category != ERRCODE_SUCCESSFUL_COMPLETION &&
		category != ERRCODE_WARNING && category != ERRCODE_NO_DATA)
		execution->last_error = geterrcode();
}

/*
 * A client's statement, the usual case.  An error passes by here: the log hook
 * reports it, and the level is put right when the executor's memory goes.
 */
static inline void
run_unguarded(Execution *execution, ARX_EXECUTOR_RUN_PARAMS)
{
	ErrorContextCallback context;
	uint64 outer = arx_ring_set_running(execution->stmt.queryid);

	context.previous = error_context_stack;
	context.callback = note_error_raised;
	context.arg = execution;
	error_context_stack = &context;
	execution->unguarded = true;
	execution->last_error = 0;
	arx_mark_running(&execution->stmt, &execution->measure, PG_exception_stack);
	arx_nesting_level = 1;
	next_ExecutorRun(ARX_EXECUTOR_RUN_ARGS);
	arx_nesting_level = 0;
	arx_unmark_running();
	(void) arx_ring_set_running(outer);
	execution->unguarded = false;
	error_context_stack = context.previous;
}

/* Any other statement; execution is NULL for one that is not tracked. */
static pg_noinline void
run_guarded(Execution *execution, ARX_EXECUTOR_RUN_PARAMS)
{
	uint64 outer =
		arx_ring_set_running((uint64) queryDesc->plannedstmt->queryId);

	if (execution)
		arx_mark_running(&execution->stmt, &execution->measure, NULL);
	arx_nesting_level++;
	PG_TRY();
	{
		next_ExecutorRun(ARX_EXECUTOR_RUN_ARGS);
	}
	PG_CATCH();
	{
		arx_nesting_level--;
		arx_unmark_running();
		(void) arx_ring_set_running(outer);
		if (execution)
			fail_execution(execution);
		PG_RE_THROW();
	}
	PG_END_TRY();
	arx_nesting_level--;
	arx_unmark_running();
	(void) arx_ring_set_running(outer);
}

static void
run_execution(ARX_EXECUTOR_RUN_PARAMS)
{
	Execution *execution = find_execution(queryDesc);

	if (unlikely(execution == NULL))
	{
		if (IsParallelWorker() && arx_nesting_level == 0 && arx_track_cpu &&
			arx_track != ARX_TRACK_NONE)
			run_in_worker(ARX_EXECUTOR_RUN_ARGS);
		else
			run_guarded(NULL, ARX_EXECUTOR_RUN_ARGS);
		return;
	}
	arx_measure_begin(&execution->measure);
	if (log_tells_errors())
		run_unguarded(execution, ARX_EXECUTOR_RUN_ARGS);
	else
		run_guarded(execution, ARX_EXECUTOR_RUN_ARGS);
	arx_measure_end(&execution->measure, &execution->stmt);
	execution->stmt.counters[ARX_ROWS] +=
		(int64) queryDesc->estate->es_processed;
}

static inline void
next_ExecutorFinish(QueryDesc *queryDesc)
{
	if (prev_ExecutorFinish)
		prev_ExecutorFinish(queryDesc);
	else
		standard_ExecutorFinish(queryDesc);
}

static bool
any_has_triggers(List *relations)
{
	ListCell *cell;

	foreach (cell, relations)
		if (((ResultRelInfo *) lfirst(cell))->ri_TrigDesc != NULL)
			return true;
	return false;
}

/*
 * AFTER triggers and the rest of modifying CTEs run in ExecutorFinish; most
 * statements have neither, and need not be measured there.
 */
static inline bool
finish_has_work(const QueryDesc *queryDesc)
{
	const EState *estate = queryDesc->estate;

	if (queryDesc->operation == CMD_SELECT &&
		!queryDesc->plannedstmt->hasModifyingCTE)
		return false;
	return estate->es_auxmodifytables != NIL ||
		any_has_triggers(estate->es_opened_result_relations) ||
		any_has_triggers(estate->es_tuple_routing_result_relations);
}

/* execution is NULL for a statement that is not tracked. */
static pg_noinline void
finish_measured(Execution *execution, QueryDesc *queryDesc)
{
	uint64 outer =
		arx_ring_set_running((uint64) queryDesc->plannedstmt->queryId);

	if (execution)
	{
		arx_measure_begin(&execution->measure);
		arx_mark_running(&execution->stmt, &execution->measure, NULL);
	}
	arx_nesting_level++;
	PG_TRY();
	{
		next_ExecutorFinish(queryDesc);
	}
	PG_CATCH();
	{
		arx_nesting_level--;
		arx_unmark_running();
		(void) arx_ring_set_running(outer);
		if (execution)
			fail_execution(execution);
		PG_RE_THROW();
	}
	PG_END_TRY();
	arx_nesting_level--;
	arx_unmark_running();
	(void) arx_ring_set_running(outer);
	if (execution)
		arx_measure_end(&execution->measure, &execution->stmt);
}

static void
finish_execution(QueryDesc *queryDesc)
{
	if (finish_has_work(queryDesc))
		finish_measured(find_execution(queryDesc), queryDesc);
	else
		next_ExecutorFinish(queryDesc);
}

static pg_noinline void
report_with_extras(const EState *estate, ArxStatement *stmt)
{
	ArxJitCounters jit;

	if (arx_measure_extras(estate, stmt, &jit))
		stmt->jit = &jit;
	arx_report_finished(stmt);
	stmt->jit = NULL;
}

static void
end_execution(QueryDesc *queryDesc)
{
	Execution *execution = find_execution(queryDesc);

	if (execution)
	{
		if (execution->stmt.end_ns == 0)
			execution->stmt.end_ns = arx_clock_ns();
		execution->query_desc = NULL;
		arx_note_memory(execution->stmt.end_ns);
		if (unlikely(arx_measure_has_extras(queryDesc->estate)))
			report_with_extras(queryDesc->estate, &execution->stmt);
		else
			arx_report_finished(&execution->stmt);
	}
	if (prev_ExecutorEnd)
		prev_ExecutorEnd(queryDesc);
	else
		standard_ExecutorEnd(queryDesc);
}

void
arx_statement_hooks_install(void)
{
	prev_post_parse_analyze = post_parse_analyze_hook;
	post_parse_analyze_hook = after_parse_analyze;
	prev_ExecutorStart = ExecutorStart_hook;
	ExecutorStart_hook = begin_execution;
	prev_ExecutorRun = ExecutorRun_hook;
	ExecutorRun_hook = run_execution;
	prev_ExecutorFinish = ExecutorFinish_hook;
	ExecutorFinish_hook = finish_execution;
	prev_ExecutorEnd = ExecutorEnd_hook;
	ExecutorEnd_hook = end_execution;
}
