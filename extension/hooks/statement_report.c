/*
 * statement_report.c
 *	  Which statements are tracked, and telling the observers.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "hooks/hooks.h"
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

bool
arx_take_failed(int sqlstate)
{
	bool taken = arx_failed_sqlstate != 0 && arx_failed_sqlstate == sqlstate;

	arx_failed_sqlstate = 0;
	return taken;
}

void
arx_hooks_install(void)
{
	arx_statement_hooks_install();
	arx_planner_hook_install();
	arx_utility_hook_install();
	arx_error_hook_install();
}
