/*
 * sampling.h
 *	  Takes the looks of the collector, on time, and accounts for each.
 */
#ifndef ARX_SAMPLING_H
#define ARX_SAMPLING_H

#include "core/health.h"
#include "core/tick.h"

/* Shared memory; see subsystem.h for the contract of each. */
extern Size arx_sampler_shmem_size(void);
extern void
arx_sampler_shmem_attach(void *segment, LWLockPadded *locks, bool found);
extern void arx_sampler_health(ArxHealth *health);
extern void arx_sampler_check(ArxHealth *health);

/*
 * In the collector: takes a look if one is due, hands it to the sample()
 * member of each subsystem, and returns the ms until the next one is due (0:
 * at once).
 */
extern int arx_sampler_run(void);

/* What any process may ask.  Times are TimestampTz, 0: never. */
typedef struct ArxSamplerStatus
{
	int64 ticks;	 /* looks since server start */
	int64 missed;	 /* strata without a look, while a collector ran */
	int64 last_tick; /* time of the last look */
	int64 last_us;	 /* how long it took, all subjects together */
	int64 total_us;	 /* how long all of them took */
	int64 max_us;
	int64 torn;			 /* see ArxBackendScan */
	int64 locks_skipped; /* see ArxLockScan */
	int64 sessions;		 /* seen at the last look */
} ArxSamplerStatus;

extern void arx_sampler_status(ArxSamplerStatus *status);

/* Is the last look fresh enough to stand for the present? */
extern bool arx_sampler_is_alive(void);

#endif /* ARX_SAMPLING_H */
