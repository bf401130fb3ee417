/*
 * pg_compat_hooks.h
 *	  Hook signatures per major, as pairs: _PARAMS declares, _ARGS passes on.
 *
 * A hook is written once, with the pair in place of its version-dependent
 * parameters.
 */
#ifndef ARX_PG_COMPAT_HOOKS_H
#define ARX_PG_COMPAT_HOOKS_H

#include "executor/executor.h"
#include "optimizer/planner.h"
#include "parser/analyze.h"
#include "tcop/utility.h"

/* PG 18 dropped execute_once (3eea7a0c97). */
#if PG_VERSION_NUM >= 180000
#define ARX_EXECUTOR_RUN_PARAMS \
	QueryDesc *queryDesc, ScanDirection direction, uint64 count
#define ARX_EXECUTOR_RUN_ARGS queryDesc, direction, count
#else
#define ARX_EXECUTOR_RUN_PARAMS \
	QueryDesc *queryDesc, ScanDirection direction, uint64 count, \
		bool execute_once
#define ARX_EXECUTOR_RUN_ARGS queryDesc, direction, count, execute_once
#endif

/* PG 19 hands the planner the EXPLAIN state (c83ac02ec7). */
#if PG_VERSION_NUM >= 190000
#define ARX_PLANNER_PARAMS \
	Query *parse, const char *query_string, int cursorOptions, \
		ParamListInfo boundParams, ExplainState *es
#define ARX_PLANNER_ARGS parse, query_string, cursorOptions, boundParams, es
#else
#define ARX_PLANNER_PARAMS \
	Query *parse, const char *query_string, int cursorOptions, \
		ParamListInfo boundParams
#define ARX_PLANNER_ARGS parse, query_string, cursorOptions, boundParams
#endif

/* PG 19 made the jumble state read-only (49cc0d4148). */
#if PG_VERSION_NUM >= 190000
#define ARX_PARSE_ANALYZE_PARAMS \
	ParseState *pstate, Query *query, const JumbleState *jstate
#else
#define ARX_PARSE_ANALYZE_PARAMS \
	ParseState *pstate, Query *query, JumbleState *jstate
#endif
#define ARX_PARSE_ANALYZE_ARGS pstate, query, jstate

/* The same on all majors; here so that hooks look alike. */
#define ARX_UTILITY_PARAMS \
	PlannedStmt *pstmt, const char *queryString, bool readOnlyTree, \
		ProcessUtilityContext context, ParamListInfo params, \
		QueryEnvironment *queryEnv, DestReceiver *dest, QueryCompletion *qc
#define ARX_UTILITY_ARGS \
	pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc

#endif /* ARX_PG_COMPAT_HOOKS_H */
