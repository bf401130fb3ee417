/*
 * statement_report.c
 *	  What runs now at the client's level, and telling the observers.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "core/event_ring.h"
#include "hooks/statement_report.h"

int arx_nesting_level = 0;
ArxStatement *arx_running_stmt = NULL;
const ArxMeasure *arx_running_measure = NULL;
const void *arx_running_handler = NULL;
uint64 arx_starting_queryid = 0;

const ArxStatementObserver *arx_observers[ARX_MAX_OBSERVERS];
int arx_nobservers = 0;
int arx_failed_sqlstate = 0;

void
arx_statement_observe(const ArxStatementObserver *observer)
{
	Assert(arx_nobservers < ARX_MAX_OBSERVERS);
	arx_observers[arx_nobservers++] = observer;
}

void
arx_report_analyzed(const ArxAnalyzed *analyzed)
{
	for (int i = 0; i < arx_nobservers; i++)
		arx_observers[i]->analyzed(analyzed);
}

void
arx_report_error_logged(int sqlstate, const char *template)
{
	for (int i = 0; i < arx_nobservers; i++)
		arx_observers[i]->error_logged(sqlstate, template);
}

void
arx_report_failed(ArxStatement *stmt)
{
	stmt->sqlstate = geterrcode();
	if (stmt->end_ns == 0)
		stmt->end_ns = arx_clock_ns();
	arx_report_finished(stmt);
	if (arx_nesting_level == 0)
		arx_failed_sqlstate = stmt->sqlstate;
}

void
arx_report_running(int sqlstate)
{
	ArxStatement *stmt = arx_running_stmt;

	arx_running_stmt = NULL;
	arx_nesting_level = 0;
	arx_measure_end(arx_running_measure, stmt);
	if (sqlstate == 0) /* gone without an error that anybody saw */
	{
		arx_ring_count_lost();
		return;
	}
	stmt->phase = ARX_PHASE_EXEC; /* from the planner it gets no further */
	stmt->sqlstate = sqlstate;
	stmt->no_wait = true;
	arx_report_finished(stmt);
}

bool
arx_take_failed(int sqlstate)
{
	bool taken = arx_failed_sqlstate != 0 && arx_failed_sqlstate == sqlstate;

	arx_failed_sqlstate = 0;
	return taken;
}
