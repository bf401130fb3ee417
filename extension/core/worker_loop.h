/*
 * worker_loop.h
 *	  The loop that every background worker of the extension runs.
 *
 * A worker ticks when it is due, reloads settings, recovers from errors with
 * its memory and locks put right, exits at once with the postmaster, and comes
 * back when it is killed.  It attaches to shared memory only, to no database,
 * so it never holds up DROP DATABASE.
 */
#ifndef ARX_WORKER_LOOP_H
#define ARX_WORKER_LOOP_H

#include "storage/lwlock.h"

#include "core/wait_list.h"

typedef enum ArxWorkerId
{
	ARX_WORKER_COLLECTOR, /* never waits */
	ARX_WORKER_KEEPER,	  /* may wait for disk or database */
	ARX_WORKER_GATEWAY,	  /* may wait for the network */
	ARX_NWORKERS
} ArxWorkerId;

typedef struct ArxWorker
{
	ArxWorkerId id;
	const char *name;		  /* "arx_perf collector" */
	const char *wait_event;	  /* shown while it sleeps (PG 17 on) */
	int (*interval_ms)(void); /* that it should tick at, at the least */
	/*
	 * Does what is due.  now is GetCurrentTimestamp().  Puts into waits, which
	 * comes empty with wake_at one interval from now, what to wait for.
	 */
	void (*tick)(int64 now, ArxWaitList *waits);
} ArxWorker;

/* What health shows of a worker.  Times are TimestampTz, 0: never. */
typedef struct ArxWorkerStatus
{
	int pid; /* 0: not running */
	int64 last_tick;
	int64 lateness_us;	   /* of the last tick, against its own plan */
	int64 max_lateness_us; /* since the worker started */
	int64 ticks;
	int64 errors;
	int interval_ms;
} ArxWorkerStatus;

/* Shared memory; see subsystem.h for the contract of each. */
extern Size arx_workers_shmem_size(void);
extern void
arx_workers_shmem_attach(void *segment, LWLockPadded *locks, bool found);

/*
 * Registers a worker whose entry point is the exported function of that name.
 * While shared_preload_libraries is loaded; not under binary upgrade.
 */
extern void arx_worker_register(const char *name, const char *function);

/* The entry point's whole body; does not return. */
extern void arx_worker_run(const ArxWorker *worker);

/* Reads a worker's status. */
extern void arx_worker_status(ArxWorkerId id, ArxWorkerStatus *status);

#endif /* ARX_WORKER_LOOP_H */
