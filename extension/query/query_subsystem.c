/*
 * query_subsystem.c
 *	  Statement statistics as a subsystem: memory, ticks, start and stop.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#include "core/event_ring.h"
#include "core/settings.h"
#include "query/query_aggregate.h"
#include "query/query_capture.h"
#include "query/query_entries.h"
#include "query/query_errors.h"
#include "query/query_file.h"
#include "query/query_health.h"
#include "query/query_subsystem.h"
#include "query/query_text_store.h"

static int
lock_count(void)
{
	return arx_query_entries_lock_count() + arx_query_errors_lock_count();
}

static Size
shmem_size(void)
{
	Size size = CACHELINEALIGN(arx_query_entries_shmem_size());

	size = add_size(size, CACHELINEALIGN(arx_query_errors_shmem_size()));
	return add_size(size, arx_text_shmem_size());
}

static void
shmem_attach(void *segment, LWLockPadded *locks, bool found)
{
	char *at = segment;
	LWLockPadded *error_locks = locks + arx_query_entries_lock_count();

	arx_query_entries_shmem_attach(at, locks, found);
	at += CACHELINEALIGN(arx_query_entries_shmem_size());
	arx_query_errors_shmem_attach(at, error_locks, found);
	at += CACHELINEALIGN(arx_query_errors_shmem_size());
	arx_text_shmem_attach(at, locks[0].lock.tranche, found);
	if (!found && !IsBinaryUpgrade && arx_save_interval > 0)
		pg_atomic_write_u64(&arx_query_totals->load_state,
							(uint64) arx_query_file_load());
}

static void
collector_tick(int64 now)
{
	arx_ring_drain_all();
	arx_query_evict(now);
}

static bool
save(void)
{
	if (arx_query_file_save())
		return true;
	pg_atomic_fetch_add_u64(&arx_query_totals->save_failures, 1);
	pg_atomic_write_u64(&arx_query_totals->last_save_failure,
						(uint64) GetCurrentTimestamp());
	return false;
}

/* What was counted into the table so far: does not move on an idle server. */
static uint64
counted(void)
{
	ArxQueryAccount account;

	arx_query_account(&account);
	return account.recorded + account.dropped;
}

/* An idle server writes nothing. */
static void
keeper_tick(int64 now)
{
	static uint64 saved_counted = 0;
	static uint64 saved_resets = 0;
	int64 saved = (int64) pg_atomic_read_u64(&arx_query_totals->last_save);
	int64 failed =
		(int64) pg_atomic_read_u64(&arx_query_totals->last_save_failure);
	int64 last = Max(saved, failed);
	uint64 resets;
	uint64 seen;

	if (arx_save_interval == 0 ||
		(now >= last && now - last < arx_save_interval * USECS_PER_SEC))
		return;
	arx_ring_drain_all(); /* so that a save has all that ended before it */
	resets = pg_atomic_read_u64(&arx_query_totals->resets);
	seen = counted();
	if (seen == saved_counted && resets == saved_resets)
		return;
	if (!save())
		return;
	saved_counted = seen;
	saved_resets = resets;
}

static void
server_stop(void)
{
	if (IsBinaryUpgrade || arx_save_interval == 0)
		return;
	arx_ring_drain_all();
	(void) save();
}

const ArxSubsystem arx_query_subsystem = {
	.name = "query",
	.lock_count = lock_count,
	.shmem_size = shmem_size,
	.shmem_attach = shmem_attach,
	.collector_tick = collector_tick,
	.keeper_tick = keeper_tick,
	.health = arx_query_health,
	.check = arx_query_check,
	.server_stop = server_stop,
};

void
arx_query_install(void)
{
	arx_ring_set_consumer(arx_query_aggregate);
	arx_query_capture_install();
}
