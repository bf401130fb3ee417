/*
 * statement_report.c
 *	  Which statements are tracked, and telling the observers.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "miscadmin.h"

#include "core/settings.h"
#include "core/subsystem.h"
#include "hooks/hooks.h"
#include "hooks/statement_report.h"

#define MAX_OBSERVERS 4

int arx_nesting_level = 0;
ArxStatement *arx_running_stmt = NULL;
const ArxMeasure *arx_running_measure = NULL;

static const ArxStatementObserver *observers[MAX_OBSERVERS];
static int nobservers = 0;
static int failed_sqlstate = 0;

void
arx_statement_observe(const ArxStatementObserver *observer)
{
	Assert(nobservers < MAX_OBSERVERS);
	observers[nobservers++] = observer;
}

bool
arx_statement_tracked(uint64 queryid)
{
	if (queryid == 0)
		return false;
	if (arx_track != ARX_TRACK_ALL &&
		(arx_track == ARX_TRACK_NONE || arx_nesting_level > 0))
		return false;
	return arx_subsystems_ready() && !IsParallelWorker();
}

void
arx_statement_init(ArxStatement *stmt, ArxPhase phase, uint64 queryid,
				   const char *text, int location, int len)
{
	memset(stmt, 0, sizeof(*stmt));
	stmt->queryid = queryid;
	stmt->toplevel = arx_nesting_level == 0;
	stmt->phase = phase;
	stmt->text = text;
	stmt->text_location = location;
	stmt->text_len = len;
	failed_sqlstate = 0;
}

void
arx_report_analyzed(const ArxAnalyzed *analyzed)
{
	for (int i = 0; i < nobservers; i++)
		observers[i]->analyzed(analyzed);
}

void
arx_report_finished(const ArxStatement *stmt)
{
	for (int i = 0; i < nobservers; i++)
		observers[i]->finished(stmt);
}

void
arx_report_error_logged(int sqlstate, const char *template)
{
	for (int i = 0; i < nobservers; i++)
		observers[i]->error_logged(sqlstate, template);
}

void
arx_report_failed(ArxStatement *stmt)
{
	stmt->sqlstate = geterrcode();
	if (stmt->end_ns == 0)
		stmt->end_ns = arx_clock_ns();
	arx_report_finished(stmt);
	if (arx_nesting_level == 0)
		failed_sqlstate = stmt->sqlstate;
}

bool
arx_take_failed(int sqlstate)
{
	bool taken = failed_sqlstate != 0 && failed_sqlstate == sqlstate;

	failed_sqlstate = 0;
	return taken;
}

void
arx_hooks_install(void)
{
	arx_statement_hooks_install();
	arx_utility_hook_install();
	arx_error_hook_install();
}
