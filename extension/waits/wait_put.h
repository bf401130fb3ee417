/*
 * wait_put.h
 *	  Columns that the views of waits and blockers have in common.
 */
#ifndef ARX_WAIT_PUT_H
#define ARX_WAIT_PUT_H

#include "core/row_writer.h"
#include "waits/wait_totals.h"

/* In place of an application's name in rows that others were folded into. */
#define ARX_REST_NAME "(other)"

/* Value, low and high, each times factor; NULL for an infinite one. */
extern void
arx_put_estimate(ArxRowWriter *row, ArxEstimate estimate, double factor);

/* samples, and their time with low and high in ms. */
extern void arx_put_sampled_time(ArxRowWriter *row, const ArxWaitTotals *totals,
								 const ArxLookCount *count);

#endif /* ARX_WAIT_PUT_H */
