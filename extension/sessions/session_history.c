/*
 * session_history.c
 *	  Layout of the history's shared memory.
 */
#include "postgres.h"

#include "storage/proc.h"
#include "utils/timestamp.h"

#include "core/settings.h"
#include "sessions/session_history.h"

ArxHistory arx_history;

StaticAssertDecl(sizeof(ArxSessionKey) % 8 == 0 &&
					 sizeof(ArxSessionKey) ==
						 offsetof(ArxSessionKey, identity) +
							 sizeof(ArxIdentity),
				 "keys are compared as bytes");

/* How arx_perf.history_memory is divided. */
typedef struct Layout
{
	int sessions;
	int statements;
	Size sessions_at;
	Size statements_at;
	Size ring_at;
	Size ring_size;
	Size total;
} Layout;

static Layout
make_layout(void)
{
	Size memory = (Size) arx_history_memory * 1024;
	Layout layout;

	layout.sessions =
		arx_dictionary_capacity(sizeof(ArxSessionKey), memory / 8);
	layout.statements =
		arx_dictionary_capacity(sizeof(ArxStatementKey), memory / 16);
	layout.sessions_at = CACHELINEALIGN(sizeof(ArxHistoryTotals));
	layout.statements_at = layout.sessions_at +
		arx_dictionary_size(sizeof(ArxSessionKey), layout.sessions);
	layout.ring_at = layout.statements_at +
		arx_dictionary_size(sizeof(ArxStatementKey), layout.statements);
	layout.ring_size = memory - layout.ring_at - arx_byte_ring_shmem_size(0);
	layout.total = memory;
	return layout;
}

Size
arx_history_shmem_size(void)
{
	return make_layout().total;
}

void
arx_history_shmem_attach(void *segment, bool found)
{
	Layout layout = make_layout();
	char *at = segment;
	ArxHistoryTotals *totals = segment;

	arx_history.totals = totals;
	arx_dictionary_attach(&arx_history.sessions, at + layout.sessions_at,
						  sizeof(ArxSessionKey), layout.sessions, found);
	arx_dictionary_attach(&arx_history.statements, at + layout.statements_at,
						  sizeof(ArxStatementKey), layout.statements, found);
	arx_byte_ring_attach(&arx_history.ring, at + layout.ring_at,
						 layout.ring_size, found);
	if (found)
		return;
	totals->base_time = GetCurrentTimestamp();
	pg_atomic_init_u64(&totals->unknown, 0);
	pg_atomic_init_u64(&totals->cut, 0);
	pg_atomic_init_u64(&totals->spelled_out, 0);
	pg_atomic_init_u64(&totals->early, 0);
	pg_atomic_init_u64(&totals->kept_us, 0);
	pg_atomic_init_u64(&totals->last_clock, 0);
}

bool
arx_session_counts(const ArxSession *session)
{
	if (arx_session_is_idle_in_transaction(session))
		return true;
	if (arx_kind_is_foreground(session->identity.kind))
		return arx_session_is_active(session);
	return arx_session_is_busy_server_process(session);
}

/* Read without a lock: a PGPROC stays one when its process has gone. */
int
arx_session_leader(const ArxSession *session)
{
	volatile PGPROC *proc = &ProcGlobal->allProcs[session->proc_number];
	PGPROC *leader = proc->lockGroupLeader;
	int pid = leader ? leader->pid : 0;

	return pid == session->pid || proc->pid != session->pid ? 0 : pid;
}
