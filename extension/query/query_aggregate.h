/*
 * query_aggregate.h
 *	  The consumer of the event rings.
 */
#ifndef ARX_QUERY_AGGREGATE_H
#define ARX_QUERY_AGGREGATE_H

/*
 * Adds n events (ArxQueryEvent, at most 64) to the table.  ArxRingConsumer:
 * called with a ring's lock held; raises no error; takes partition locks, the
 * lock of the errors and spinlocks.
 */
extern void arx_query_aggregate(const void *const *events, int n);

#endif /* ARX_QUERY_AGGREGATE_H */
