/*
 * error_hook.c
 *	  Errors as the server logs them: their wording, and those of no statement.
 *
 * A statement that fails under a PG_CATCH of ours is counted there.  A client's
 * own statement mostly has none round it and is counted here.  Either way the
 * log line adds the message as it stands in the source: with %s where a value
 * would be, so no literal is kept.  A log line that follows no failed
 * statement is an error outside of one (syntax error, failed COMMIT) and is
 * counted under query id 0.
 *
 * The hook runs in any state a process can be in.  So: no lock, no allocation,
 * a re-entrancy guard, and nothing in critical sections, in parallel workers,
 * without a PGPROC, or when the process is on its way out.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/proc.h"

#include "core/settings.h"
#include "core/subsystem.h"
#include "hooks/hooks.h"
#include "hooks/session_hook.h"
#include "hooks/statement_report.h"

static emit_log_hook_type prev_emit_log;
static bool in_hook = false;

static bool
may_act(const ErrorData *edata)
{
	return edata->elevel >= ERROR && !in_hook && IsNormalProcessingMode() &&
		arx_subsystems_are_ready && MyProc != NULL &&
		MyDatabaseId != InvalidOid && CritSectionCount == 0 &&
		!proc_exit_inprogress && IsUnderPostmaster && !IsParallelWorker() &&
		arx_track != ARX_TRACK_NONE;
}

/*
 * Did this error end the client's statement that is marked as running?  Yes if
 * it ends the session, or if the handler in force now is an outer one of that
 * at the statement's start (stacks grow downwards).  No if somebody within the
 * statement logs an error that he caught.
 */
static bool
ends_running_statement(const ErrorData *edata)
{
	if (arx_running_stmt == NULL)
		return false;
	return edata->elevel >= FATAL ||
		(arx_running_handler != NULL &&
		 (const char *) PG_exception_stack >
			 (const char *) arx_running_handler);
}

/*
 * The error of no measured statement: of the one whose executor was starting,
 * or of none.
 */
static void
report_unmeasured(int sqlstate)
{
	uint64 queryid = arx_starting_queryid;
	ArxStatement stmt;

	arx_statement_init(&stmt, queryid ? ARX_PHASE_EXEC : ARX_PHASE_UNKNOWN,
					   queryid, true, NULL, -1, 0);
	stmt.no_wait = true;
	stmt.sqlstate = sqlstate;
	stmt.end_ns = arx_clock_ns();
	arx_report_finished(&stmt);
}

static void
note_error(ErrorData *edata)
{
	if (prev_emit_log)
		prev_emit_log(edata);
	arx_session_note_error(edata);
	if (!may_act(edata))
		return;
	in_hook = true;
	if (ends_running_statement(edata))
		arx_report_running(edata->sqlerrcode);
	else if (!arx_take_failed(edata->sqlerrcode))
		report_unmeasured(edata->sqlerrcode);
	arx_report_error_logged(edata->sqlerrcode, edata->message_id);
	in_hook = false;
}

void
arx_error_hook_install(void)
{
	prev_emit_log = emit_log_hook;
	emit_log_hook = note_error;
}
