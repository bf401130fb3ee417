/*
 * statement_report.h
 *	  Shared by the hooks: which statement is tracked, and telling observers.
 */
#ifndef ARX_STATEMENT_REPORT_H
#define ARX_STATEMENT_REPORT_H

#include "hooks/statement.h"
#include "hooks/statement_measure.h"

/* How deep we are in planner, executor and utility calls; 0: the client's. */
extern int arx_nesting_level;

/*
 * The client's own statement while it runs (level 0), for an error that ends
 * the session without unwinding; NULL otherwise.
 */
extern ArxStatement *arx_running_stmt;
extern const ArxMeasure *arx_running_measure;

/* Is a statement with this query id, at the present level, to be counted? */
extern bool arx_statement_tracked(uint64 queryid);

/* Clears and fills the identity of a statement at the present level. */
extern void
arx_statement_init(ArxStatement *stmt, ArxPhase phase, uint64 queryid,
				   const char *text, int location, int len);

/* Tells all observers. */
extern void arx_report_analyzed(const ArxAnalyzed *analyzed);
extern void arx_report_finished(const ArxStatement *stmt);
extern void arx_report_error_logged(int sqlstate, const char *template);

/*
 * From PG_CATCH, after arx_nesting_level is back: takes the SQLSTATE of the
 * error on its way and tells all observers of a failed execution.
 */
extern void arx_report_failed(ArxStatement *stmt);

/*
 * Did the client's statement just fail with this SQLSTATE?  True once: the
 * error's log line belongs to it.
 */
extern bool arx_take_failed(int sqlstate);

/* Installs the two groups of hooks; called by arx_hooks_install(). */
extern void arx_statement_hooks_install(void);
extern void arx_utility_hook_install(void);
extern void arx_error_hook_install(void);

#endif /* ARX_STATEMENT_REPORT_H */
