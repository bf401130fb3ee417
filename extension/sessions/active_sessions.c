/*
 * active_sessions.c
 *	  The sessions as they are now, each with blockers, wait and resources.
 *
 * The reader looks for himself, so this works with the collector dead.
 */
#include "postgres.h"

#include <netinet/in.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/array.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#include "compat/pg_compat_backends.h"
#include "core/event_ring.h"
#include "core/row_writer.h"
#include "sessions/process_usage.h"
#include "sessions/session_history.h"
#include "sessions/session_rows.h"
#include "sessions/session_wait.h"

PG_FUNCTION_INFO_V1(arx_active_sessions);

#define INSUFFICIENT "<insufficient privilege>"

/* Columns that those without the right see as NULL, before and after query. */
#define HIDDEN_BEFORE_QUERY 13
#define HIDDEN_AFTER_QUERY 12

/* One reading of the view. */
typedef struct Present
{
	ArxRowWriter row;
	ArxSessionReader reader;
	ArxBackendScan *backends;
	ArxLockScan *locks;
} Present;

/* datid, datname, pid, leader_pid, usesysid, username, application_name */
static void
put_who(Present *present, const ArxSession *session,
		const ArxSessionDetails *details, bool visible)
{
	ArxRowWriter *row = &present->row;
	const ArxIdentity *who = &session->identity;

	arx_put_oid(row, who->dbid);
	arx_put_text(row, arx_database_name(&present->reader.databases, who->dbid));
	arx_put_pid(row, session->pid);
	arx_put_pid(row, visible ? arx_session_leader(session) : 0);
	arx_put_oid(row, who->userid);
	arx_put_text(row, arx_role_name(&present->reader.roles, who->userid));
	arx_put_text(row, details->application_name);
}

/* client_addr, client_hostname, client_port */
static void
put_client(ArxRowWriter *row, const ArxSession *session,
		   const ArxSessionDetails *details)
{
	const struct sockaddr *addr =
		(const struct sockaddr *) &details->client_addr.addr;

	arx_put_client_addr(row, &session->identity);
	arx_put_text(row,
				 details->client_hostname[0] ? details->client_hostname : NULL);
	if (addr->sa_family == AF_INET)
		arx_put(row,
				Int32GetDatum(
					ntohs(((const struct sockaddr_in *) addr)->sin_port)));
	else if (addr->sa_family == AF_INET6)
		arx_put(row,
				Int32GetDatum(
					ntohs(((const struct sockaddr_in6 *) addr)->sin6_port)));
	else if (addr->sa_family == AF_UNIX)
		arx_put(row, Int32GetDatum(-1));
	else
		arx_put_null(row);
}

/* backend_xid, backend_xmin; each is read whole */
static void
put_xids(ArxRowWriter *row, const ArxSession *session)
{
	volatile PGPROC *proc = &ProcGlobal->allProcs[session->proc_number];
	TransactionId xids[2];

	xids[0] = proc->xid;
	xids[1] = proc->xmin;
	for (int i = 0; i < 2; i++)
	{
		if (TransactionIdIsValid(xids[i]))
			arx_put(row, TransactionIdGetDatum(xids[i]));
		else
			arx_put_null(row);
	}
}

/* blockers, blocker_count */
static void
put_blockers(ArxRowWriter *row, const ArxSession *session,
			 const ArxWaiter *waiter)
{
	bool waits = (session->wait_event_info & 0xFF000000) == PG_WAIT_LOCK;
	Datum pids[ARX_MAX_BLOCKERS];
	int n = waiter ? waiter->nblockers : 0;

	if (waits && waiter == NULL)
	{
		/* Its part of the lock table was in use. */
		arx_put_null(row);
		arx_put_null(row);
		return;
	}
	for (int i = 0; i < n; i++)
		pids[i] = Int32GetDatum(waiter->blockers[i].pid);
	arx_put(row,
			PointerGetDatum(construct_array(pids, n, INT4OID, sizeof(int32),
											true, TYPALIGN_INT)));
	arx_put(row, Int32GetDatum(waiter ? waiter->all_blockers : 0));
}

/* wait_start, wait_time, wait_exact */
static void
put_wait_time(ArxRowWriter *row, const ArxSession *session,
			  const ArxWaiter *waiter, int64 now)
{
	bool exact = waiter != NULL && waiter->wait_start != 0;
	int64 since = 0;

	if (exact)
		since = waiter->wait_start;
	else if (session->wait_event_info != 0)
		since = arx_session_wait_since(session);
	arx_put_timestamp(row, since);
	if (since == 0)
	{
		arx_put_null(row);
		arx_put_null(row);
		return;
	}
	arx_put_float8(row, (double) Max(now - since, 0) / 1000);
	arx_put(row, BoolGetDatum(exact));
}

/*
 * cpu_user_time, cpu_sys_time, private_memory_bytes, context_bytes,
 * context_bytes_age
 */
static void
put_resources(ArxRowWriter *row, const ArxSession *session, int64 now)
{
	ArxSharedRing *ring = arx_ring_of(session->proc_number);
	int64 noted = ring ? (int64) pg_atomic_read_u64(&ring->context_time) : 0;
	bool has_contexts = noted != 0 && noted >= session->backend_start;
	ArxProcessUsage usage;

	arx_process_usage(session->pid, &usage);
	arx_put_ms_if(row, usage.has_cpu, (int64) (usage.cpu_user_ms * 1e6));
	arx_put_ms_if(row, usage.has_cpu, (int64) (usage.cpu_sys_ms * 1e6));
	arx_put_int64_if(row, usage.has_memory, usage.private_memory);
	arx_put_int64_if(
		row, has_contexts,
		has_contexts ? (int64) pg_atomic_read_u64(&ring->context_bytes) : 0);
	arx_put_ms_if(row, has_contexts, Max(now - noted, 0) * 1000);
}

/* client_addr to query_id */
static void
put_state(ArxRowWriter *row, const ArxSession *session,
		  const ArxSessionDetails *details)
{
	bool works =
		arx_session_is_active(session) || session->state == STATE_UNDEFINED;

	put_client(row, session, details);
	arx_put_timestamp(row, session->backend_start);
	arx_put_timestamp(row, session->xact_start);
	arx_put_timestamp(row, session->query_start);
	arx_put_timestamp(row, session->state_start);
	arx_put_wait(row, session->wait_event_info, works);
	arx_put_text(row, arx_state_name(session->state));
	put_xids(row, session);
	arx_put_queryid(row, arx_session_statement(session));
}

/* backend_type to the end */
static void
put_rest(Present *present, const ArxSession *session)
{
	ArxRowWriter *row = &present->row;
	const ArxWaiter *waiter =
		arx_lock_scan_of(present->locks, session->proc_number);
	int64 now = GetCurrentTimestamp();

	arx_put_text(row, arx_kind_name(session->identity.kind));
	arx_put_queryid(row, session->toplevel_queryid);
	put_blockers(row, session, waiter);
	put_wait_time(row, session, waiter, now);
	put_resources(row, session, now);
}

static void
put_session(Present *present, const ArxSession *session)
{
	ArxRowWriter *row = &present->row;
	ArxSessionDetails details;
	bool visible =
		arx_may_see(&present->reader.viewer, session->identity.userid);

	if (!arx_session_details(session, &details))
		return; /* it has gone */
	put_who(present, session, &details, visible);
	if (visible)
	{
		put_state(row, session, &details);
		arx_put_text(row, details.query);
		put_rest(present, session);
	}
	else
	{
		arx_put_nulls(row, HIDDEN_BEFORE_QUERY);
		arx_put_text(row, INSUFFICIENT);
		arx_put_nulls(row, HIDDEN_AFTER_QUERY);
	}
	arx_row_end(row);
}

/* arx_perf.active_sessions(include_idle boolean) */
Datum
arx_active_sessions(PG_FUNCTION_ARGS)
{
	bool include_idle = PG_GETARG_BOOL(0);
	Present *present = palloc0(sizeof(*present));

	arx_rows_begin(&present->row, fcinfo);
	arx_viewer_begin(&present->reader.viewer);
	present->backends = arx_backend_scan_make(false);
	present->locks = arx_lock_scan_make(false);
	arx_backend_scan_look(present->backends);
	arx_lock_scan_look(present->locks, present->backends);
	for (int i = 0; i < present->backends->nsessions; i++)
	{
		const ArxSession *session = present->backends->sessions[i];

		CHECK_FOR_INTERRUPTS();
		if (include_idle || arx_session_counts(session))
			put_session(present, session);
	}
	return (Datum) 0;
}
