/*
 * statement.h
 *	  What is known of a statement that ran, and who wants to know.
 *
 * hooks/ measures; observers (query statistics now, spans and heap labels
 * later) are told.  An observer never sees a server hook.
 */
#ifndef ARX_STATEMENT_H
#define ARX_STATEMENT_H

#include "nodes/parsenodes.h"
#include "compat/pg_compat.h"

/*
 * What is counted by difference, one int64 each, in this order everywhere: in
 * the statement, in the event, in the entry and in the file.  Times are in
 * nanoseconds.  Most executions have only the common ones, which come first;
 * the others are looked at where "uncommon" is set.  Shared blocks, and local
 * and temporary ones, are laid out as in the server's BufferUsage.
 */
typedef enum ArxCounter
{
	ARX_SHARED_BLKS_HIT = 0,
	ARX_SHARED_BLKS_READ,
	ARX_SHARED_BLKS_DIRTIED,
	ARX_SHARED_BLKS_WRITTEN,
	ARX_ROWS,
	ARX_CPU_USER,
	ARX_CPU_SYS,
	ARX_WAL_RECORDS,
	ARX_NCOMMON, /* eight: sums of them become vector instructions */
	ARX_LOCAL_BLKS_HIT = ARX_NCOMMON,
	ARX_LOCAL_BLKS_READ,
	ARX_LOCAL_BLKS_DIRTIED,
	ARX_LOCAL_BLKS_WRITTEN,
	ARX_TEMP_BLKS_READ,
	ARX_TEMP_BLKS_WRITTEN,
	ARX_SHARED_BLK_READ_TIME,
	ARX_SHARED_BLK_WRITE_TIME,
	ARX_LOCAL_BLK_READ_TIME,
	ARX_LOCAL_BLK_WRITE_TIME,
	ARX_TEMP_BLK_READ_TIME,
	ARX_TEMP_BLK_WRITE_TIME,
	ARX_WAL_FPI,
	ARX_WAL_BYTES,
	ARX_WAL_BUFFERS_FULL,
	ARX_WORKERS_TO_LAUNCH,
	ARX_WORKERS_LAUNCHED,
	ARX_NCOUNTERS
} ArxCounter;

/* JIT is rare, so it travels apart.  Times in nanoseconds. */
typedef struct ArxJitCounters
{
	int64 functions;
	int64 generation_time;
	int64 deform_time;
	int64 inlining_time;
	int64 optimization_time;
	int64 emission_time;
} ArxJitCounters;

typedef enum ArxPhase
{
	ARX_PHASE_EXEC,	  /* an execution, ended well or (sqlstate) badly */
	ARX_PHASE_PLAN,	  /* one call of the planner */
	ARX_PHASE_UNKNOWN /* an error outside of any statement (queryid 0) */
} ArxPhase;

typedef struct ArxStatement
{
	/* which one */
	uint64 queryid;
	Oid userid; /* who began it */
	bool toplevel;
	uint8 phase;	 /* ArxPhase */
	uint8 plan_kind; /* ArxPlanKind */
	bool uncommon;	 /* are there counters beyond the common ones? */
	bool planned;	 /* was planned just before (plan_ns) */
	bool no_wait;	 /* told from the log hook: no lock may be taken */
	int sqlstate;	 /* 0: it ended well */

	/* its text as the client sent it; valid during the call only */
	const char *text;
	int text_location; /* as in PlannedStmt: -1 unknown */
	int text_len;	   /* 0: to the end */

	/* measured */
	int64 end_ns; /* arx_clock_ns() when it ended */
	int64 elapsed_ns;
	int64 plan_ns; /* planning just before, whose counters are in counters */
	const ArxJitCounters *jit;	   /* NULL: none */
	int64 counters[ARX_NCOUNTERS]; /* from ARX_NCOMMON on: if uncommon */
} ArxStatement;

/* A statement that was parsed and analysed, and may run later. */
typedef struct ArxAnalyzed
{
	uint64 queryid;
	bool toplevel;
	const char *text;
	int text_location;
	int text_len;
	Node *utility;		/* NULL for SELECT, INSERT, ... */
	const void *jstate; /* the server's JumbleState, or NULL */
} ArxAnalyzed;

/*
 * Called in the backend that runs the statement.  An observer must not raise
 * an error, must not open a catalog and must not wait.
 */
typedef struct ArxStatementObserver
{
	void (*analyzed)(const ArxAnalyzed *analyzed);
	void (*finished)(const ArxStatement *stmt);
	/*
	 * The log line of an error, after the statement failed: the message as
	 * written in the source, with no values in it.  Must take no lock.
	 */
	void (*error_logged)(int sqlstate, const char *message_template);
} ArxStatementObserver;

/* Adds an observer (kept, not copied; at most four).  At load time. */
extern void arx_statement_observe(const ArxStatementObserver *observer);

/* The observers; for hooks/ only. */
#define ARX_MAX_OBSERVERS 4
extern const ArxStatementObserver *arx_observers[ARX_MAX_OBSERVERS];
extern int arx_nobservers;

#endif /* ARX_STATEMENT_H */
