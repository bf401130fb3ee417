/*
 * session_history.h
 *	  The memory of the session history, and who may do what with it.
 *
 * Of arx_perf.history_memory an eighth is for sessions, a sixteenth for pairs
 * of query ids, the rest for looks.  The collector writes one record a look,
 * also when there is nothing to see, so that an idle server and one that was
 * not looked at differ.  Readers need neither a lock nor the collector.
 */
#ifndef ARX_SESSION_HISTORY_H
#define ARX_SESSION_HISTORY_H

#include "port/atomics.h"

#include "core/tick.h"
#include "sessions/session_dictionary.h"
#include "sessions/session_ring.h"

/* What the dictionaries hold; zero-padded. */
typedef struct ArxSessionKey
{
	int32 pid;
	int32 leader_pid; /* of a parallel worker; 0: none */
	int64 backend_start;
	ArxIdentity identity;
} ArxSessionKey;

typedef struct ArxStatementKey
{
	uint64 queryid; /* innermost; 0: not known */
	uint64 toplevel_queryid;
} ArxStatementKey;

/* Counters since the server started, written by the collector only. */
typedef struct ArxHistoryTotals
{
	int64 base_time;			  /* from which records count; never changes */
	pg_atomic_uint64 unknown;	  /* samples without their session's name */
	pg_atomic_uint64 cut;		  /* samples that did not fit into a record */
	pg_atomic_uint64 spelled_out; /* samples with query ids in full */
	pg_atomic_uint64 early;		  /* looks overwritten before their time */
	pg_atomic_uint64 kept_us;	  /* time from the oldest look to the newest */
	pg_atomic_uint64 last_clock;  /* ArxTick.clock_us of the newest look */
} ArxHistoryTotals;

typedef struct ArxHistory
{
	ArxHistoryTotals *totals;
	ArxByteRing ring;
	ArxDictionary sessions;
	ArxDictionary statements;
} ArxHistory;

extern ArxHistory arx_history;

/* Shared memory; see subsystem.h for the contract of each. */
extern Size arx_history_shmem_size(void);
extern void arx_history_shmem_attach(void *segment, bool found);

/* In the collector: writes down a look. */
extern void arx_history_write(const ArxTick *tick);

/*
 * Is it a session that history and active_sessions show: it works, holds a
 * transaction open, or is a busy process of the server?
 */
extern bool arx_session_counts(const ArxSession *session);

/* The process that leads this parallel worker; 0: it is none, or has gone. */
extern int arx_session_leader(const ArxSession *session);

#endif /* ARX_SESSION_HISTORY_H */
