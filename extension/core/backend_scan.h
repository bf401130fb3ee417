/*
 * backend_scan.h
 *	  One look at all processes of the server, without any lock.
 *
 * The collector makes one a tick and gives it to all subjects, so that their
 * numbers agree.  A reader that wants the present makes one of its own, which
 * works with the collector dead, and costs nobody else anything.
 *
 * What a process says of itself is copied only when it has changed since the
 * last look of the same scan.
 */
#ifndef ARX_BACKEND_SCAN_H
#define ARX_BACKEND_SCAN_H

#include "utils/backend_status.h"

#include "core/identity.h"

/* Times are TimestampTz, 0: none. */
typedef struct ArxSession
{
	/* seen anew at each look */
	uint32 wait_event_info; /* 0: on the CPU, or in a wait not reported */
	uint64 queryid;			/* innermost statement that runs now; 0: none */

	/* copied when the process changed it */
	int pid;
	int proc_number;	/* of its PGPROC */
	int changecount;	/* of its status entry when copied */
	BackendState state; /* STATE_UNDEFINED for auxiliary processes */
	int64 backend_start;
	int64 xact_start;
	int64 query_start;
	int64 state_start;
	uint64 toplevel_queryid; /* of what the client sent; 0: not known */
	ArxIdentity identity;
	uint64 identity_hash;
} ArxSession;

typedef struct ArxBackendScan
{
	int64 now; /* TimestampTz at which the look began */
	int nsessions;
	ArxSession **sessions; /* those that are there, by rising proc_number */

	/* since the scan was made */
	int64 torn; /* entries that changed all the time: the last copy is used */

	/* own */
	int nprocs;
	bool enter_kinds;
	ArxSession *by_proc; /* one for each PGPROC */
} ArxBackendScan;

/*
 * A scan in CurrentMemoryContext (some 300 bytes a possible process), with no
 * look taken yet.  enter_kinds: for the collector only, see arx_kind_of().
 */
extern ArxBackendScan *arx_backend_scan_make(bool enter_kinds);

/*
 * Takes a look.  No error.  Sessions stay until the next look.  No lock, but for
 * the server's of background workers, shared, when a new one of them is seen.
 */
extern void arx_backend_scan_look(ArxBackendScan *scan);

/* The session with this PGPROC number at the last look; NULL: none. */
extern ArxSession *arx_backend_scan_of(ArxBackendScan *scan, int proc_number);

/* Is it in a state that counts as active: it works for its client? */
static inline bool
arx_session_is_active(const ArxSession *session)
{
	return session->state == STATE_RUNNING || session->state == STATE_FASTPATH;
}

static inline bool
arx_session_is_idle_in_transaction(const ArxSession *session)
{
	return session->state == STATE_IDLEINTRANSACTION ||
		session->state == STATE_IDLEINTRANSACTION_ABORTED;
}

/*
 * The statement that it is about: the innermost if known, else what the client
 * sent, which also is whose commit it waits for; 0: none.
 */
static inline uint64
arx_session_statement(const ArxSession *session)
{
	return session->queryid ? session->queryid : session->toplevel_queryid;
}

/*
 * Is it a process of the server that does something: neither a client's nor in
 * the main loop's wait (class Activity, or Extension of one that tells no state)?
 */
extern bool arx_session_is_busy_server_process(const ArxSession *session);

/* The name of a state as in pg_stat_activity; NULL for STATE_UNDEFINED. */
extern const char *arx_state_name(BackendState state);

/* What only a view of the present shows; strings are the caller's. */
typedef struct ArxSessionDetails
{
	char application_name[NAMEDATALEN]; /* as set */
	char client_hostname[NAMEDATALEN];
	SockAddr client_addr;
	char *query; /* palloc'd, cut to whole characters */
} ArxSessionDetails;

/* Copies them; false when the process has gone meanwhile.  May palloc. */
extern bool
arx_session_details(const ArxSession *session, ArxSessionDetails *details);

/*
 * Who this process is itself, from its own status entry.  False when it has
 * none.  No lock, no error; for hooks.
 */
extern bool arx_my_identity(ArxIdentity *identity);

/* Can processes be seen?  False when the server's array was not found. */
extern bool arx_backend_scan_works(void);

/* Finds the server's array; while shared memory is set up. */
extern void arx_backend_scan_attach(void);

#endif /* ARX_BACKEND_SCAN_H */
