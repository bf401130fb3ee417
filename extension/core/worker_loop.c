/*
 * worker_loop.c
 *	  Signals, sleep, reload, tick and error recovery of a background worker.
 */
#include "postgres.h"

#include <signal.h>

#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "port/atomics.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/condition_variable.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "compat/pg_compat.h"
#include "compat/pg_compat_backends.h"
#include "core/worker_loop.h"

#define RESTART_SECONDS 1

/* One writer, the worker itself; readers may see it between two members. */
typedef struct SharedWorker
{
	pg_atomic_uint64 pid;
	pg_atomic_uint64 last_tick;
	pg_atomic_uint64 lateness_us;
	pg_atomic_uint64 max_lateness_us;
	pg_atomic_uint64 ticks;
	pg_atomic_uint64 errors;
	pg_atomic_uint64 interval_ms;
} SharedWorker;

static SharedWorker *workers;

Size
arx_workers_shmem_size(void)
{
	return ARX_NWORKERS * sizeof(SharedWorker);
}

void
arx_workers_shmem_attach(void *segment, LWLockPadded *locks, bool found)
{
	pg_atomic_uint64 *all = segment;

	workers = segment;
	if (found)
		return;
	for (int i = 0; i < (int) (arx_workers_shmem_size() / sizeof(*all)); i++)
		pg_atomic_init_u64(&all[i], 0);
}

void
arx_worker_register(const char *name, const char *function)
{
	BackgroundWorker worker;

	if (IsBinaryUpgrade)
		return;
	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS;
	worker.bgw_start_time = BgWorkerStart_PostmasterStart;
	worker.bgw_restart_time = RESTART_SECONDS;
	strlcpy(worker.bgw_library_name, "arx_perf", BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, function, BGW_MAXLEN);
	strlcpy(worker.bgw_name, name, BGW_MAXLEN);
	strlcpy(worker.bgw_type, name, BGW_MAXLEN);
	RegisterBackgroundWorker(&worker);
}

static void
note_gone(int code, Datum arg)
{
	pg_atomic_write_u64(&workers[DatumGetInt32(arg)].pid, 0);
}

/* Notes how late this tick is against its plan; due 0: it had none. */
static void
note_tick(SharedWorker *me, int64 now, int64 due)
{
	int64 late = due == 0 ? 0 : Max(now - due, 0);

	pg_atomic_write_u64(&me->last_tick, (uint64) now);
	pg_atomic_write_u64(&me->lateness_us, (uint64) late);
	if (late > (int64) pg_atomic_read_u64(&me->max_lateness_us))
		pg_atomic_write_u64(&me->max_lateness_us, (uint64) late);
	pg_atomic_fetch_add_u64(&me->ticks, 1);
}

/* One tick; an error in it is logged and counted, and the worker goes on. */
static void
guarded_tick(const ArxWorker *worker, MemoryContext context, int64 due,
			 ArxWaitList *waits)
{
	SharedWorker *me = &workers[worker->id];
	int64 interval_us = (int64) worker->interval_ms() * 1000;

	waits->n = 0;
	waits->wake_at = GetCurrentTimestamp() + interval_us;

	PG_TRY();
	{
		int64 now = GetCurrentTimestamp();

		note_tick(me, now, due);
		worker->tick(now, waits);
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		EmitErrorReport();
		LWLockReleaseAll();
		ConditionVariableCancelSleep();
		pgstat_report_wait_end();
		AtEOXact_Files(false);
		FlushErrorState();
		pg_atomic_fetch_add_u64(&me->errors, 1);
		waits->n = 0;
		waits->wake_at =
			GetCurrentTimestamp() + Max(interval_us, USECS_PER_SEC);
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	MemoryContextReset(context);
}

/*
 * Waits for the latch, the time, and the sockets if there are any.  Returns
 * false when something else than the time ended it: then nobody is late.
 */
static bool
wait_for(const ArxWaitList *waits, uint32 wait_event)
{
	int64 left = waits->wake_at - GetCurrentTimestamp();
	/* A clock that was put back does not make us sleep long. */
	long ms = (long) Min(Max((left + 999) / 1000, 0), 60000);
	WaitEventSet *set;
	WaitEvent event;
	int happened;

	if (waits->n == 0)
		return (WaitLatch(MyLatch,
						  WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, ms,
						  wait_event) &
				WL_TIMEOUT) != 0;
	set = arx_compat_create_wait_set(waits->n + 2);
	AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	for (int i = 0; i < waits->n; i++)
		AddWaitEventToSet(set, waits->sockets[i].events,
						  waits->sockets[i].socket, NULL, NULL);
	happened = WaitEventSetWait(set, ms, &event, 1, wait_event);
	FreeWaitEventSet(set);
	return happened == 0;
}

static void
start_worker(const ArxWorker *worker)
{
	SharedWorker *me = &workers[worker->id];

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	BackgroundWorkerUnblockSignals();
	on_shmem_exit(note_gone, Int32GetDatum(worker->id));
	pg_atomic_write_u64(&me->last_tick, 0);
	pg_atomic_write_u64(&me->max_lateness_us, 0);
	pg_atomic_write_u64(&me->pid, (uint64) MyProcPid);
}

void
arx_worker_run(const ArxWorker *worker)
{
	SharedWorker *me = &workers[worker->id];
	uint32 wait_event = arx_compat_wait_event(worker->wait_event);
	MemoryContext context;
	ArxWaitList waits;
	int64 due = 0;

	start_worker(worker);
	context = AllocSetContextCreate(TopMemoryContext, "arx_perf worker",
									ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(context);

	while (!ShutdownRequestPending)
	{
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		pg_atomic_write_u64(&me->interval_ms, worker->interval_ms());
		guarded_tick(worker, context, due, &waits);
		due = wait_for(&waits, wait_event) ? waits.wake_at : 0;
		ResetLatch(MyLatch);
	}
	proc_exit(1); /* not 0: if the server goes on, we are started again */
}

void
arx_worker_status(ArxWorkerId id, ArxWorkerStatus *status)
{
	SharedWorker *worker = &workers[id];

	status->pid = (int) pg_atomic_read_u64(&worker->pid);
	status->last_tick = (int64) pg_atomic_read_u64(&worker->last_tick);
	status->lateness_us = (int64) pg_atomic_read_u64(&worker->lateness_us);
	status->max_lateness_us =
		(int64) pg_atomic_read_u64(&worker->max_lateness_us);
	status->ticks = (int64) pg_atomic_read_u64(&worker->ticks);
	status->errors = (int64) pg_atomic_read_u64(&worker->errors);
	status->interval_ms = (int) pg_atomic_read_u64(&worker->interval_ms);
}
