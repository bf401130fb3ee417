/*
 * pool_day_peak.c
 *	  The highest of each hour, in a ring of hours.
 */
#include "postgres.h"

#include "pools/pool_day_peak.h"

#define HOUR_US INT64CONST(3600000000)
#define DAY_S 86400.0

void
arx_day_peak_note(ArxDayPeak *day, int64 now_us, int32 busy)
{
	int32 hour = (int32) (now_us / HOUR_US);
	/* unsigned: a clock may be before its zero */
	uint32 at = (uint32) hour % ARX_DAY_PEAK_HOURS;

	/* A clock that was put back makes no longer time of it. */
	if (day->since_us == 0 || day->since_us > now_us)
		day->since_us = now_us;
	if (day->hours[at].hour != hour)
		day->hours[at].peak = 0;
	day->hours[at].hour = hour;
	day->hours[at].peak = Max(day->hours[at].peak, busy);
}

int32
arx_day_peak(const ArxDayPeak *day, int64 now_us, double *observed_s)
{
	int32 last = (int32) (now_us / HOUR_US);
	int32 peak = 0;

	for (int i = 0; i < ARX_DAY_PEAK_HOURS; i++)
		if (day->hours[i].hour > last - ARX_DAY_PEAK_HOURS)
			peak = Max(peak, day->hours[i].peak);
	*observed_s = day->since_us == 0
		? 0
		: Min((double) (now_us - day->since_us) / 1e6, DAY_S);
	return peak;
}
