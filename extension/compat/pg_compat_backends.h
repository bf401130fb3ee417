/*
 * pg_compat_backends.h
 *	  Other processes of the server: their status entries and wait events.
 */
#ifndef ARX_PG_COMPAT_BACKENDS_H
#define ARX_PG_COMPAT_BACKENDS_H

#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "utils/backend_status.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

/*
 * Entries of the server's array of PgBackendStatus.  PG 17 gave auxiliary
 * processes one for each PGPROC instead of one for each kind (8c852ba9a4).
 */
static inline int
arx_compat_status_slots(void)
{
#if PG_VERSION_NUM >= 170000
	return MaxBackends + NUM_AUXILIARY_PROCS;
#else
	return MaxBackends + NUM_AUXPROCTYPES;
#endif
}

/* PGPROCs that processes may have: those of backends, then auxiliary ones. */
static inline int
arx_compat_proc_count(void)
{
	return MaxBackends + NUM_AUXILIARY_PROCS;
}

/*
 * The status entry of the process pid that has this PGPROC, or NULL: it has
 * none (yet).  Since PG 17 both have the same number (024c521117); before,
 * backends are entered by their identifier, auxiliary processes by their kind.
 */
static inline volatile PgBackendStatus *
arx_compat_status_entry(PgBackendStatus *array, int proc_number, int pid)
{
	volatile PgBackendStatus *entry;
#if PG_VERSION_NUM >= 170000
	entry = &array[proc_number];
	return entry->st_procpid == pid ? entry : NULL;
#else
	int id = ProcGlobal->allProcs[proc_number].backendId;

	if (proc_number < MaxBackends)
	{
		if (id < 1 || id > MaxBackends)
			return NULL;
		entry = &array[id - 1];
		return entry->st_procpid == pid ? entry : NULL;
	}
	for (int i = MaxBackends; i < arx_compat_status_slots(); i++)
		if (array[i].st_procpid == pid)
			return &array[i];
	return NULL;
#endif
}

/*
 * Class and name of a wait, as PG 15 to 18 call them.  PG 19 turned the class
 * BufferPin into Buffer and the lock on a buffer's content from an LWLock into
 * waits of that class (6c5c393b74, fcb9c977aa).  NULL for no wait (0).
 */
static inline const char *
arx_compat_wait_type(uint32 info)
{
#if PG_VERSION_NUM >= 190000
	if ((info & 0xFF000000) == PG_WAIT_BUFFER)
		return info == WAIT_EVENT_BUFFER_CLEANUP ? "BufferPin" : "LWLock";
#endif
	return pgstat_get_wait_event_type(info);
}

static inline const char *
arx_compat_wait_name(uint32 info)
{
#if PG_VERSION_NUM >= 190000
	if ((info & 0xFF000000) == PG_WAIT_BUFFER)
		return info == WAIT_EVENT_BUFFER_CLEANUP ? "BufferPin"
												 : "BufferContent";
#endif
	return pgstat_get_wait_event(info);
}

/*
 * One number for the waits that have one name, so that a table keyed by it has
 * one row for them: the three ways to wait for a buffer's content on PG 19.
 */
static inline uint32
arx_compat_wait_key(uint32 info)
{
#if PG_VERSION_NUM >= 190000
	if ((info & 0xFF000000) == PG_WAIT_BUFFER &&
		info != WAIT_EVENT_BUFFER_CLEANUP)
		return WAIT_EVENT_BUFFER_EXCLUSIVE;
#endif
	return info;
}

/* PG 17 ties a WaitEventSet to a resource owner (50c67c2019), or to none. */
static inline WaitEventSet *
arx_compat_create_wait_set(int nevents)
{
#if PG_VERSION_NUM >= 170000
	return CreateWaitEventSet(NULL, nevents);
#else
	return CreateWaitEventSet(TopMemoryContext, nevents);
#endif
}

#endif /* ARX_PG_COMPAT_BACKENDS_H */
