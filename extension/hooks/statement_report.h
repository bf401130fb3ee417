/*
 * statement_report.h
 *	  Shared by the hooks: which statement is tracked, and telling observers.
 */
#ifndef ARX_STATEMENT_REPORT_H
#define ARX_STATEMENT_REPORT_H

#include "access/parallel.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"

#include "core/settings.h"
#include "core/subsystem.h"
#include "hooks/statement.h"
#include "hooks/statement_measure.h"

/* How deep we are in planner, executor and utility calls; 0: the client's. */
extern int arx_nesting_level;

/*
 * The client's own statement while it runs (level 0), for an error that ends it
 * or the session without our seeing it pass; NULL otherwise.
 */
extern ArxStatement *arx_running_stmt;
extern const ArxMeasure *arx_running_measure;
extern const void *arx_running_handler; /* PG_exception_stack when it began */

/*
 * The client's statement while the executor starts up, or 0: an error that is
 * logged then is this statement's.
 */
extern uint64 arx_starting_queryid;

/* SQLSTATE of the client's statement that failed last, until the next one. */
extern int arx_failed_sqlstate;

/*
 * Is what runs now what the client sent?  A deferred trigger runs after that,
 * at level 0 as well.
 */
static inline bool
arx_at_client_level(void)
{
	return arx_nesting_level == 0 && DatumGetInt32(pg_trigger_depth(NULL)) == 0;
}

/*
 * Marks the client's own statement as running, or no more.  handler is
 * PG_exception_stack where no PG_CATCH of ours will see an error, else NULL.
 */
static inline void
arx_mark_running(ArxStatement *stmt, const ArxMeasure *measure,
				 const void *handler)
{
	if (arx_nesting_level > 0)
		return;
	arx_running_stmt = stmt;
	arx_running_measure = measure;
	arx_running_handler = handler;
}

static inline void
arx_unmark_running(void)
{
	if (arx_nesting_level == 0)
		arx_running_stmt = NULL;
}

/* Is a statement with this query id, at this level, to be counted? */
static inline bool
arx_statement_tracked(uint64 queryid, bool at_client_level)
{
	if (queryid == 0)
		return false;
	if (arx_track != ARX_TRACK_ALL &&
		(arx_track == ARX_TRACK_NONE || !at_client_level))
		return false;
	return arx_subsystems_are_ready && !IsParallelWorker();
}

/* Fills the identity of a statement; all else is zero. */
static inline void
arx_statement_init(ArxStatement *stmt, ArxPhase phase, uint64 queryid,
				   bool at_client_level, const char *text, int location,
				   int len)
{
	/* Short and of a known length, so that it becomes a few stores. */
	memset(stmt, 0, offsetof(ArxStatement, counters[ARX_NCOMMON]));
	stmt->queryid = queryid;
	stmt->userid = GetUserId();
	stmt->toplevel = at_client_level;
	stmt->phase = phase;
	stmt->text = text;
	stmt->text_location = location;
	stmt->text_len = len;
	arx_failed_sqlstate = 0;
	arx_starting_queryid = 0;
}

/* The statement will have counters beyond the common ones. */
static inline void
arx_statement_uncommon(ArxStatement *stmt)
{
	if (stmt->uncommon)
		return;
	memset(&stmt->counters[ARX_NCOMMON], 0,
		   (ARX_NCOUNTERS - ARX_NCOMMON) * sizeof(stmt->counters[0]));
	stmt->uncommon = true;
}

/* Tells all observers. */
static inline void
arx_report_finished(const ArxStatement *stmt)
{
	for (int i = 0; i < arx_nobservers; i++)
		arx_observers[i]->finished(stmt);
}

extern void arx_report_analyzed(const ArxAnalyzed *analyzed);
extern void arx_report_error_logged(int sqlstate, const char *template);

/*
 * Planning is told together with the execution that follows it.  While
 * arx_plan_is_waiting, arx_take_plan() makes it part of that execution, and
 * arx_flush_plan() tells it by itself.
 */
extern bool arx_plan_is_waiting;
extern void arx_take_plan(ArxStatement *stmt);
extern void arx_flush_plan(void);

/*
 * From PG_CATCH, after arx_nesting_level is back: takes the SQLSTATE of the
 * error on its way and tells all observers of a failed execution.
 */
extern void arx_report_failed(ArxStatement *stmt);

/*
 * Tells of the failure of the statement marked as running; sqlstate 0 if it is
 * not known why.  Takes no lock.
 */
extern void arx_report_running(int sqlstate);

/*
 * Did the client's statement just fail with this SQLSTATE?  True once: the
 * error's log line belongs to it.
 */
extern bool arx_take_failed(int sqlstate);

#endif /* ARX_STATEMENT_REPORT_H */
