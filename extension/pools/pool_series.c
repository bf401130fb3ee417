/*
 * pool_series.c
 *	  Rings of points, and differences between them.
 */
#include "postgres.h"

#include "pools/pool_series.h"

/* The point pushed as number i (0: the first one); it must still be there. */
static ArxPoolPoint *
point_at(ArxPoolSeries series, int64 i)
{
	return &series.points[i % series.capacity];
}

void
arx_pool_series_note(ArxPoolSeries series, int64 clock_us, int64 watched_us,
					 const ArxPoolCounters *counters, int32 connections)
{
	int64 n = *series.pushed;
	ArxPoolPoint *point;

	if (n > 0 &&
		clock_us - point_at(series, n - 1)->clock_us < ARX_POOL_POINT_US)
		return;
	point = point_at(series, n);
	memset(point, 0, sizeof(*point));
	point->clock_us = clock_us;
	point->watched_us = watched_us;
	point->counters = *counters;
	point->connections = connections;
	*series.pushed = n + 1;
}

void
arx_pool_series_peak(ArxPoolSeries series, int32 connections, int32 busy)
{
	ArxPoolPoint *point = point_at(series, *series.pushed - 1);

	point->peak_connections = Max(point->peak_connections, connections);
	point->peak_busy = Max(point->peak_busy, busy);
}

/*
 * The number of the point from which a window that begins at since is
 * measured; -1: none.  The one before since stands for it while the pool may
 * have been touched after it.
 */
static int64
find_base(ArxPoolSeries series, int64 since)
{
	int64 n = *series.pushed;
	int64 oldest = Max(n - series.capacity, 0);
	int64 base = -1;

	for (int64 i = n - 1; i >= oldest &&
		 point_at(series, i)->clock_us > since - ARX_POOL_POINT_US;
		 i--)
	{
		base = i;
		if (point_at(series, i)->clock_us <= since)
			break;
	}
	return base;
}

static void
subtract(ArxPoolCounters *result, const ArxPoolCounters *to,
		 const ArxPoolCounters *from)
{
	result->transactions = to->transactions - from->transactions;
	result->transaction_us = to->transaction_us - from->transaction_us;
	result->transaction_us2 =
		Max(to->transaction_us2 - from->transaction_us2, 0.0);
	result->sessions = to->sessions - from->sessions;
	result->looks = to->looks - from->looks;
	result->connection_us = to->connection_us - from->connection_us;
	result->busy_us = to->busy_us - from->busy_us;
	result->idle_us = to->idle_us - from->idle_us;
	result->cpu_us = to->cpu_us - from->cpu_us;
}

bool
arx_pool_series_delta(ArxPoolSeries series, const ArxPoolPoint *now,
					  int64 window_us, ArxPoolDelta *delta)
{
	int64 since = now->clock_us - window_us;
	int64 base = find_base(series, since);
	const ArxPoolPoint *from;
	int64 begin;

	memset(delta, 0, sizeof(*delta));
	if (base < 0)
		return false;
	from = point_at(series, base);
	begin = from->clock_us;
	/* A point before it, so the pool was there, and nothing was counted. */
	if (base > Max(*series.pushed - series.capacity, 0) && begin > since)
		begin = since;
	delta->wall_us = now->clock_us - begin;
	delta->watched_us =
		now->watched_us - from->watched_us + (from->clock_us - begin);
	subtract(&delta->counters, &now->counters, &from->counters);
	delta->connections = now->connections - from->connections;
	for (int64 i = base; i < *series.pushed; i++)
	{
		const ArxPoolPoint *point = point_at(series, i);

		delta->peak_connections =
			Max(delta->peak_connections, point->peak_connections);
		delta->peak_busy = Max(delta->peak_busy, point->peak_busy);
	}
	return true;
}
