/*
 * pool_series.h
 *	  What a pool counts, and its values at times that have passed.
 *
 * A pool writes down what it has counted before it is changed, if it did not
 * do so in the last five seconds.  Between the last change and that moment
 * nothing was counted, so a pool that nobody uses needs no points, and each
 * point is exact for its own time.
 *
 * Plain structures, for shared memory or not; whoever calls has the lock.
 */
#ifndef ARX_POOL_SERIES_H
#define ARX_POOL_SERIES_H

#include "postgres.h"

#define ARX_POOL_POINT_US INT64CONST(5000000)

/* All grow only.  Times in microseconds. */
typedef struct ArxPoolCounters
{
	int64 transactions;
	int64 transaction_us;
	double transaction_us2; /* sum of squares */
	int64 sessions;			/* ended */
	int64 looks;			/* that saw a connection */
	/* times that looks stand for, summed over connections */
	int64 connection_us;
	int64 busy_us; /* active, or in a transaction */
	int64 idle_us; /* of it, idle in transaction */
	int64 cpu_us;  /* of it, active and not waiting */
} ArxPoolCounters;

typedef struct ArxPoolPoint
{
	int64 clock_us;	  /* monotonic, the same for all processes */
	int64 watched_us; /* time for which looks stood so far */
	ArxPoolCounters counters;
	int32 connections; /* open at that time */
	/* of the looks from this point to the next one */
	int32 peak_connections;
	int32 peak_busy;
	int32 pad;
} ArxPoolPoint;

/* A view of an array of points that somebody else holds. */
typedef struct ArxPoolSeries
{
	ArxPoolPoint *points;
	int capacity;
	int64 *pushed; /* points written since the pool was entered */
} ArxPoolSeries;

/* Before a change: writes a point when one is due. */
extern void
arx_pool_series_note(ArxPoolSeries series, int64 clock_us, int64 watched_us,
					 const ArxPoolCounters *counters, int32 connections);

/* At a look, after arx_pool_series_note(). */
extern void
arx_pool_series_peak(ArxPoolSeries series, int32 connections, int32 busy);

/* What happened from some time on until now. */
typedef struct ArxPoolDelta
{
	int64 wall_us;	  /* from then to now */
	int64 watched_us; /* of it, time for which looks stand */
	ArxPoolCounters counters;
	int32 connections; /* more are open now than then */
	int32 peak_connections;
	int32 peak_busy;
} ArxPoolDelta;

/*
 * The difference between now and window_us ago, or the pool's first moment if
 * that is later, or up to five seconds earlier, where a point is.  now is what
 * the pool has counted up to its clock_us.  False when the pool has not been
 * touched in that time.
 */
extern bool arx_pool_series_delta(ArxPoolSeries series, const ArxPoolPoint *now,
								  int64 window_us, ArxPoolDelta *delta);

#endif /* ARX_POOL_SERIES_H */
