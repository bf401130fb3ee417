/*
 * tick.h
 *	  One look of the sampler, as it is handed to all subjects.
 *
 * Time is cut in strata of arx_perf.sample_interval.  One look is taken in
 * each, at a random place: so a load that beats in time with the interval is
 * seen as it is, and the sum of looks times interval is without bias.  A look
 * stands for its whole stratum.  Strata without a look (the machine was too
 * busy, the collector was dead, the clock stood still) are not made up for:
 * they are told as a gap.
 */
#ifndef ARX_TICK_H
#define ARX_TICK_H

#include "core/backend_scan.h"
#include "core/lock_scan.h"

typedef struct ArxTick
{
	int64 now;		  /* TimestampTz of the look */
	int64 clock_us;	  /* the same on a clock that is never put back */
	uint64 number;	  /* 1, 2, ... since server start */
	int64 weight_us;  /* time that it stands for */
	int64 spacing_us; /* since the look before; 0: first one of this worker */
	int64 gap_us;	  /* time before it for which no look stands */
	ArxBackendScan *backends;
	const ArxLockScan *locks;
} ArxTick;

#endif /* ARX_TICK_H */
