/*
 * wait_totals.h
 *	  What looks saw altogether, the reset, and consistent copies of rows.
 *
 * The collector is the one writer of all numbers.  While it adds a look, a
 * count is odd; a reader copies again until it was even and the same before and
 * after, and gives up after some tries (the collector may have been stopped
 * there): then each row is right, but not all of them of the same look.
 *
 * A reset raises a number.  The collector forgets at its next look; until then
 * readers show nothing, so that nothing older is seen also without a collector.
 */
#ifndef ARX_WAIT_TOTALS_H
#define ARX_WAIT_TOTALS_H

#include "waits/look_table.h"
#include "libarx/sampling_error.h"

typedef struct ArxWaitTotals
{
	int64 since;	 /* TimestampTz: last reset, or start of the server */
	int64 samples;	 /* sessions and processes in the wait profile */
	ArxLookSums all; /* t: those that are database time; n unused */
} ArxWaitTotals;

/* Shared memory; see subsystem.h for the contract of each. */
extern Size arx_wait_totals_shmem_size(void);
extern void arx_wait_totals_shmem_attach(void *segment, bool found);

/*
 * Collector: begins to add a look.  True when all has to be forgotten first:
 * the totals are, the caller does it with the rest.
 */
extern bool arx_wait_totals_begin(void);

/* Collector: adds a look with so many samples, t of them database time. */
extern void arx_wait_totals_add(const ArxTick *tick, int64 samples, int64 t);

/* Collector: all of the look is added. */
extern void arx_wait_totals_end(void);

/*
 * Any process: copies the rows of a table and the totals as of one look.  False
 * after a reset until there is something newer: show nothing.
 */
extern bool arx_wait_totals_read(const ArxLookTable *table, ArxLookCopy *copy,
								 ArxWaitTotals *totals);

/* The sums of one row, for libarx/sampling_error.h. */
extern ArxLookSums
arx_wait_sums(const ArxWaitTotals *totals, const ArxLookCount *count);

/* Any process: forgets all; returns when, a TimestampTz. */
extern int64 arx_wait_totals_reset(void);

#endif /* ARX_WAIT_TOTALS_H */
