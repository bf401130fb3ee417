/*
 * wait_put.c
 *	  Puts estimates of time with their intervals.
 */
#include "postgres.h"

#include "waits/wait_put.h"

void
arx_put_estimate(ArxRowWriter *row, ArxEstimate estimate, double factor)
{
	arx_put_finite(row, estimate.value * factor);
	arx_put_finite(row, estimate.low * factor);
	arx_put_finite(row, estimate.high * factor);
}

/* The mean number of sessions, over all the time that was looked at. */
void
arx_put_sampled_time(ArxRowWriter *row, const ArxWaitTotals *totals,
					 const ArxLookCount *count)
{
	ArxLookSums sums = arx_wait_sums(totals, count);

	arx_put_int64(row, count->samples);
	arx_put_estimate(row, arx_look_mean(&sums), totals->all.weight);
}
