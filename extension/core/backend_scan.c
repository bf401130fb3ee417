/*
 * backend_scan.c
 *	  Reads PGPROC and PgBackendStatus of all processes, without locks.
 *
 * PGPROC is read as it stands: a process may come or go meanwhile, which a
 * status entry with another pid shows.  A status entry is copied by the
 * protocol of its st_changecount.  A process that stopped in the middle of a
 * change does not hold us up: after some tries its last copy is used.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "storage/shmem.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "compat/pg_compat.h"
#include "compat/pg_compat_backends.h"
#include "core/backend_scan.h"
#include "core/event_ring.h"

#define COPY_TRIES 10

static PgBackendStatus *status_array = NULL;

/*
 * The server keeps the array to itself; its name and size are looked up in the
 * index of shared memory.  Were they others than we know, there would be no
 * sessions to see, and check() says so: no reason not to start.
 */
void
arx_backend_scan_attach(void)
{
	MemoryContext context = CurrentMemoryContext;
	bool found = false;

	PG_TRY();
	{
		Size size =
			mul_size(sizeof(PgBackendStatus), arx_compat_status_slots());
		void *array = ShmemInitStruct("Backend Status Array", size, &found);

		if (found)
			status_array = array;
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		FlushErrorState();
	}
	PG_END_TRY();
}

bool
arx_backend_scan_works(void)
{
	return status_array != NULL;
}

ArxBackendScan *
arx_backend_scan_make(bool enter_kinds)
{
	ArxBackendScan *scan = palloc0(sizeof(*scan));

	scan->nprocs = arx_compat_proc_count();
	scan->enter_kinds = enter_kinds;
	scan->by_proc = palloc0(sizeof(ArxSession) * scan->nprocs);
	scan->sessions = palloc(sizeof(ArxSession *) * scan->nprocs);
	return scan;
}

static void
copy_members(ArxSession *to, volatile PgBackendStatus *from)
{
	const PgBackendStatus *entry = unvolatize(PgBackendStatus *, from);

	to->state = entry->st_state;
	to->backend_start = entry->st_proc_start_timestamp;
	to->xact_start = entry->st_xact_start_timestamp;
	to->query_start = entry->st_activity_start_timestamp;
	to->state_start = entry->st_state_start_timestamp;
	to->toplevel_queryid = (uint64) entry->st_query_id;
	to->identity.dbid = entry->st_databaseid;
	to->identity.userid = entry->st_userid;
	arx_identity_set_client(&to->identity, &entry->st_clientaddr);
	arx_identity_set_application(&to->identity, entry->st_appname);
}

/* Copies an entry that changed.  False: it changes all the time. */
static bool
copy_entry(ArxSession *to, volatile PgBackendStatus *from)
{
	ArxSession copy = *to;

	for (int i = 0; i < COPY_TRIES; i++)
	{
		int before = from->st_changecount;

		pg_read_barrier();
		if (before & 1)
			continue;
		copy_members(&copy, from);
		copy.identity.kind = (uint8) from->st_backendType;
		pg_read_barrier();
		if (from->st_changecount != before)
			continue;
		*to = copy;
		to->changecount = before;
		return true;
	}
	return false;
}

/* A process that was not there, or has changed what it says of itself. */
static bool
refresh(ArxBackendScan *scan, ArxSession *session,
		volatile PgBackendStatus *entry, int pid)
{
	bool known = session->pid == pid;
	uint8 kind = session->identity.kind;

	if (!copy_entry(session, entry))
	{
		scan->torn++;
		if (!known)
			session->pid = 0;
		return known;
	}
	/* A worker's type is not known before the postmaster has noted its pid. */
	if (!known || kind == (uint8) B_BG_WORKER)
		kind = arx_kind_of(session->identity.kind, pid, scan->enter_kinds);
	session->identity.kind = kind;
	session->identity_hash =
		hash_bytes_extended((const unsigned char *) &session->identity,
							sizeof(session->identity), 0);
	session->pid = pid;
	return true;
}

static bool
look_at(ArxBackendScan *scan, int proc_number)
{
	volatile PGPROC *proc = &ProcGlobal->allProcs[proc_number];
	ArxSession *session = &scan->by_proc[proc_number];
	volatile PgBackendStatus *entry;
	ArxSharedRing *ring;
	int pid = proc->pid;

	entry = pid == 0 ? NULL
					 : arx_compat_status_entry(status_array, proc_number, pid);
	if (entry == NULL)
	{
		session->pid = 0;
		return false;
	}
	if ((session->pid != pid ||
		 session->changecount != entry->st_changecount) &&
		!refresh(scan, session, entry, pid))
		return false;
	session->proc_number = proc_number;
	session->wait_event_info = arx_compat_wait_key(proc->wait_event_info);
	ring = arx_ring_of(proc_number);
	session->queryid = ring && arx_session_is_active(session)
		? pg_atomic_read_u64(&ring->running_queryid)
		: 0;
	return true;
}

void
arx_backend_scan_look(ArxBackendScan *scan)
{
	scan->now = GetCurrentTimestamp();
	scan->nsessions = 0;
	if (status_array == NULL)
		return;
	for (int i = 0; i < scan->nprocs; i++)
		if (look_at(scan, i))
			scan->sessions[scan->nsessions++] = &scan->by_proc[i];
}

ArxSession *
arx_backend_scan_of(ArxBackendScan *scan, int proc_number)
{
	if (proc_number < 0 || proc_number >= scan->nprocs ||
		scan->by_proc[proc_number].pid == 0)
		return NULL;
	return &scan->by_proc[proc_number];
}

bool
arx_session_is_busy_server_process(const ArxSession *session)
{
	uint32 wait_class = session->wait_event_info & 0xFF000000;

	if (arx_kind_is_foreground(session->identity.kind) ||
		wait_class == PG_WAIT_ACTIVITY)
		return false;
	/* A logical WAL sender's main loop waits for WAL in the class Client. */
	if (session->identity.kind == (uint8) B_WAL_SENDER &&
		wait_class == PG_WAIT_CLIENT)
		return false;
	/* An extension's worker waits for its next turn in a wait of its own. */
	if (session->state == STATE_UNDEFINED)
		return wait_class != PG_WAIT_EXTENSION;
	return arx_session_is_active(session);
}

const char *
arx_state_name(BackendState state)
{
	switch (state)
	{
		case STATE_IDLE:
			return "idle";
		case STATE_RUNNING:
			return "active";
		case STATE_IDLEINTRANSACTION:
			return "idle in transaction";
		case STATE_FASTPATH:
			return "fastpath function call";
		case STATE_IDLEINTRANSACTION_ABORTED:
			return "idle in transaction (aborted)";
		case STATE_DISABLED:
			return "disabled";
		default:
			return NULL;
	}
}

bool
arx_session_details(const ArxSession *session, ArxSessionDetails *details)
{
	volatile PgBackendStatus *entry = arx_compat_status_entry(
		status_array, session->proc_number, session->pid);
	const PgBackendStatus *from = unvolatize(PgBackendStatus *, entry);
	char *raw = palloc(pgstat_track_activity_query_size);
	bool copied = false;

	for (int i = 0; entry && i < COPY_TRIES && !copied; i++)
	{
		int before = entry->st_changecount;

		pg_read_barrier();
		memcpy(&details->client_addr, &from->st_clientaddr,
			   sizeof(details->client_addr));
		strlcpy(details->application_name, from->st_appname, NAMEDATALEN);
		strlcpy(details->client_hostname, from->st_clienthostname, NAMEDATALEN);
		strlcpy(raw, from->st_activity_raw, pgstat_track_activity_query_size);
		pg_read_barrier();
		copied = (before & 1) == 0 && entry->st_changecount == before &&
			entry->st_procpid == session->pid;
	}
	details->query = copied ? pgstat_clip_activity(raw) : NULL;
	pfree(raw);
	return copied;
}

bool
arx_my_identity(ArxIdentity *identity)
{
	volatile PgBackendStatus *mine = MyBEEntry;

	memset(identity, 0, sizeof(*identity));
	if (mine == NULL || mine->st_procpid != MyProcPid)
		return false;
	identity->dbid = mine->st_databaseid;
	identity->userid = mine->st_userid;
	identity->kind = (uint8) mine->st_backendType;
	arx_identity_set_client(identity,
							unvolatize(SockAddr *, &mine->st_clientaddr));
	arx_identity_set_application(identity, mine->st_appname);
	return true;
}
