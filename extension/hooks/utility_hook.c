/*
 * utility_hook.c
 *	  Utility statements: measured round ProcessUtility.
 *
 * The statement tree may be gone after the call (a ROLLBACK frees it), so what
 * is needed is copied before.  pg_stat_statements and others that are loaded
 * after us set the query id of a utility to zero before they call us; the id
 * seen at parse analysis is then found again by the text.
 */
#include "postgres.h"

#include "common/hashfn.h"

#include "compat/pg_compat_hooks.h"
#include "core/event_ring.h"
#include "core/settings.h"
#include "hooks/hooks.h"
#include "hooks/statement_report.h"

/* Query ids of utilities by text, while somebody hides them from us. */
#define REMEMBERED 32

static struct
{
	uint64 text_hash;
	uint64 queryid;
} remembered[REMEMBERED];

static ProcessUtility_hook_type prev_ProcessUtility;
static post_parse_analyze_hook_type prev_post_parse_analyze;

static void measure_utility(ARX_UTILITY_PARAMS);

static uint64
hash_text(const char *text, int location, int len)
{
	if (location > 0)
		text += location;
	if (len <= 0)
		len = (int) strlen(text);
	return hash_bytes_extended((const unsigned char *) text, len, 0);
}

/* Outermost is somebody else: note the id that he may take away. */
static void
remember_queryid(ARX_PARSE_ANALYZE_PARAMS)
{
	if (prev_post_parse_analyze)
		prev_post_parse_analyze(ARX_PARSE_ANALYZE_ARGS);
	if (query->utilityStmt && query->queryId != 0 &&
		ProcessUtility_hook != measure_utility && arx_track_utility)
	{
		uint64 hash = hash_text(pstate->p_sourcetext, query->stmt_location,
								query->stmt_len);

		remembered[hash % REMEMBERED].text_hash = hash;
		remembered[hash % REMEMBERED].queryid = (uint64) query->queryId;
	}
}

static uint64
queryid_of(const PlannedStmt *pstmt, const char *text)
{
	uint64 hash;

	if (pstmt->queryId != 0 || ProcessUtility_hook == measure_utility)
		return (uint64) pstmt->queryId;
	hash = hash_text(text, pstmt->stmt_location, pstmt->stmt_len);
	if (remembered[hash % REMEMBERED].text_hash != hash)
		return 0;
	return remembered[hash % REMEMBERED].queryid;
}

static inline void
next_ProcessUtility(ARX_UTILITY_PARAMS)
{
	if (prev_ProcessUtility)
		prev_ProcessUtility(ARX_UTILITY_ARGS);
	else
		standard_ProcessUtility(ARX_UTILITY_ARGS);
}

/* Rows of the utilities that have any. */
static int64
rows_of(const QueryCompletion *qc)
{
	if (qc == NULL)
		return 0;
	switch (qc->commandTag)
	{
		case CMDTAG_COPY:
		case CMDTAG_FETCH:
		case CMDTAG_SELECT:
		case CMDTAG_REFRESH_MATERIALIZED_VIEW:
			return (int64) qc->nprocessed;
		default:
			return 0;
	}
}

static void
measure_utility(ARX_UTILITY_PARAMS)
{
	ArxStatement stmt;
	ArxMeasure measure;
	bool client = arx_at_client_level();
	bool tracked;
	uint64 queryid;
	uint64 outer;

	if (arx_compat_utility_is_transparent(pstmt->utilityStmt))
	{
		next_ProcessUtility(ARX_UTILITY_ARGS);
		return;
	}
	queryid = arx_track_utility ? queryid_of(pstmt, queryString) : 0;
	tracked = arx_statement_tracked(queryid, client);
	if (tracked)
	{
		arx_statement_init(&stmt, ARX_PHASE_EXEC, queryid, client, queryString,
						   pstmt->stmt_location, pstmt->stmt_len);
		arx_measure_begin(&measure);
		arx_mark_running(&stmt, &measure, NULL);
	}
	arx_flush_plan();
	outer = arx_ring_set_running(queryid);
	arx_nesting_level++;
	PG_TRY();
	{
		next_ProcessUtility(ARX_UTILITY_ARGS);
	}
	PG_CATCH();
	{
		arx_nesting_level--;
		arx_unmark_running();
		(void) arx_ring_set_running(outer);
		if (tracked)
		{
			arx_measure_end(&measure, &stmt);
			arx_report_failed(&stmt);
		}
		PG_RE_THROW();
	}
	PG_END_TRY();
	arx_flush_plan();
	arx_nesting_level--;
	arx_unmark_running();
	(void) arx_ring_set_running(outer);
	if (tracked)
	{
		/* Not pstmt, not queryString: both may be freed by now. */
		stmt.text = NULL;
		arx_measure_end(&measure, &stmt);
		stmt.counters[ARX_ROWS] = rows_of(qc);
		arx_report_finished(&stmt);
	}
}

void
arx_utility_hook_install(void)
{
	prev_ProcessUtility = ProcessUtility_hook;
	ProcessUtility_hook = measure_utility;
	prev_post_parse_analyze = post_parse_analyze_hook;
	post_parse_analyze_hook = remember_queryid;
}
