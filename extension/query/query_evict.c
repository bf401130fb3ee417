/*
 * query_evict.c
 *	  Makes room in the statement table: the least recently used tenth goes.
 *
 * At most one pass a second in the whole server, so that new statements beyond
 * the limit cost little; meanwhile they are not recorded, and counted.  A pass
 * allocates nothing: it takes the age below which the oldest tenth lies from a
 * sample, then walks the times of last use once.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "query/query_table.h"

#define PASS_INTERVAL USECS_PER_SEC
#define GRACE USECS_PER_SEC			/* never younger than this */
#define FUTURE (60 * USECS_PER_SEC) /* others may note later times than ours */
#define SAMPLE 500
#define SHARE 10 /* one in so many goes */

static int
compare_times(const void *a, const void *b)
{
	uint64 x = *(const uint64 *) a;
	uint64 y = *(const uint64 *) b;

	return x < y ? -1 : x > y ? 1 : 0;
}

/* The time of last use that about one entry in SHARE is older than. */
static uint64
cutoff(uint64 youngest)
{
	ArxQueryTable *table = &arx_query_table;
	uint64 sample[SAMPLE];
	uint32 limit = arx_query_entries_limit();
	uint32 step = limit / SAMPLE + 1;
	int n = 0;

	for (uint32 i = 0; i < limit && n < SAMPLE; i += step)
	{
		uint64 used = pg_atomic_read_u64(&table->last_used[i]);

		if (used != 0)
			sample[n++] = used;
	}
	if (n == 0)
		return 0;
	qsort(sample, n, sizeof(uint64), compare_times);
	return Min(sample[n / SHARE], youngest);
}

/* One pass a second: whoever moves the time on does it. */
static bool
claim_pass(TimestampTz now)
{
	pg_atomic_uint64 *last = &arx_query_totals->last_evict;
	uint64 seen = pg_atomic_read_u64(last);

	if ((TimestampTz) seen <= now && now - (TimestampTz) seen < PASS_INTERVAL)
		return false;
	return pg_atomic_compare_exchange_u64(last, &seen, (uint64) now);
}

int
arx_query_evict(TimestampTz now)
{
	ArxQueryTable *table = &arx_query_table;
	uint64 oldest;
	int limit = (int) (table->nentries / SHARE);
	int gone = 0;

	if (!arx_query_table_is_full() || !claim_pass(now))
		return 0;
	oldest = cutoff((uint64) (now - GRACE));
	for (uint32 i = 0; i < arx_query_entries_limit() && gone < limit; i++)
	{
		uint64 used = pg_atomic_read_u64(&table->last_used[i]);
		ArxQueryKey key;

		/* Used far in the future: the clock was set back, so it is old. */
		if (used == 0 || (used > oldest && used <= (uint64) (now + FUTURE)))
			continue;
		key = arx_query_entry_at(i)->key;
		if (key.queryid != 0 && arx_query_remove(i, &key))
			gone++;
	}
	pg_atomic_fetch_add_u64(&arx_query_totals->evictions, gone > 0);
	pg_atomic_fetch_add_u64(&arx_query_totals->evicted, gone);
	return gone;
}
