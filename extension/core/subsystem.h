/*
 * subsystem.h
 *	  What a subject may offer to the rest, and the walk over all subjects.
 *
 * A subject (folder) fills one ArxSubsystem and arx_perf.c lists it.  A member
 * is NULL where the subject has nothing to say.
 */
#ifndef ARX_SUBSYSTEM_H
#define ARX_SUBSYSTEM_H

#include "storage/lwlock.h"

struct ArxHealth;
struct ArxTick;
struct ArxWaitList;

typedef struct ArxSubsystem
{
	const char *name; /* also names its shared memory and its lock tranche */

	/* Shared memory.  Called in the postmaster, in this order. */
	int (*lock_count)(void);  /* LWLocks wanted */
	Size (*shmem_size)(void); /* bytes wanted */
	/*
	 * Gives the segment (aligned to a cache line) and the locks.  "found" is
	 * false when the segment is new and must be filled.  With EXEC_BACKEND it
	 * is also called in each backend.
	 */
	void (*shmem_attach)(void *segment, LWLockPadded *locks, bool found);

	/* Work of the background workers.  now is GetCurrentTimestamp(). */
	void (*collector_tick)(int64 now); /* must not wait */
	void (*keeper_tick)(int64 now);	   /* may wait for disk or database */
	/*
	 * In the collector, at each look of the sampler (see tick.h): must not wait,
	 * not even for an LWLock that a reader may hold.
	 */
	void (*sample)(const struct ArxTick *tick);
	/*
	 * In the gateway, whenever something it waits for has happened: must not
	 * block; adds to the list what it waits for next (see wait_list.h).
	 */
	void (*gateway_tick)(int64 now, struct ArxWaitList *waits);

	/* What it says of itself; see health.h.  In a backend, for a reader. */
	void (*health)(struct ArxHealth *health);
	void (*check)(struct ArxHealth *health);

	/* In the postmaster at a clean stop, when all other processes are gone. */
	void (*server_stop)(void);
} ArxSubsystem;

/*
 * Takes the NULL-terminated table of subjects (kept, not copied) and installs
 * the shared-memory hooks.  Once, while shared_preload_libraries is loaded.
 */
extern void arx_subsystems_install(const ArxSubsystem *const *table);

/*
 * Is the shared memory there?  False when the library was not preloaded, and
 * early at start-up.
 */
extern bool arx_subsystems_are_ready;

/* Raises the one clear error, with a hint, when they are not ready. */
extern void arx_subsystems_require(void);

/* Bytes of shared memory of all subjects together, to the byte. */
extern Size arx_subsystems_shmem_bytes(void);

/* Calls the tick of each subject that has one. */
extern void arx_subsystems_collector_tick(int64 now);
extern void arx_subsystems_keeper_tick(int64 now);
extern void arx_subsystems_sample(const struct ArxTick *tick);
extern void arx_subsystems_gateway_tick(int64 now, struct ArxWaitList *waits);

/* The table of subjects, for what walks it otherwise; NULL-terminated. */
extern const ArxSubsystem *const *arx_subsystems(void);

#endif /* ARX_SUBSYSTEM_H */
