/*
 * pool_day_peak.h
 *	  Most connections of a pool at work in a look, over the last day.
 *
 * A window of minutes in a quiet night knows nothing of the day, and would have
 * pools made smaller that are needed in the morning.
 *
 * Plain structures, for shared memory or not; zero bytes are an empty one.
 */
#ifndef ARX_POOL_DAY_PEAK_H
#define ARX_POOL_DAY_PEAK_H

#include "postgres.h"

#define ARX_DAY_PEAK_HOURS 25 /* the last one is not over */

typedef struct ArxDayPeak
{
	int64 since_us; /* of the first look; 0: none */
	struct
	{
		int32 hour; /* time by an hour */
		int32 peak;
	} hours[ARX_DAY_PEAK_HOURS];
} ArxDayPeak;

/* A look at that time (any clock, the same at all looks) saw so many. */
extern void arx_day_peak_note(ArxDayPeak *day, int64 now_us, int32 busy);

/* The most of the last day; *observed_s (may not be NULL): how long it is of. */
extern int32
arx_day_peak(const ArxDayPeak *day, int64 now_us, double *observed_s);

#endif /* ARX_POOL_DAY_PEAK_H */
