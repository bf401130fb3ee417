/*
 * sessions_subsystem.c
 *	  Sessions as a subsystem: memory, looks, and the digest in the log.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "core/settings.h"
#include "core/tick.h"
#include "sessions/session_history.h"
#include "sessions/session_info.h"
#include "sessions/session_load.h"
#include "sessions/session_wait.h"
#include "sessions/sessions_subsystem.h"

static Size
shmem_size(void)
{
	return add_size(CACHELINEALIGN(arx_history_shmem_size()),
					arx_session_wait_shmem_size());
}

static void
shmem_attach(void *segment, LWLockPadded *locks, bool found)
{
	arx_history_shmem_attach(segment, found);
	arx_session_wait_shmem_attach(
		(char *) segment + CACHELINEALIGN(arx_history_shmem_size()), found);
}

static void
sample(const ArxTick *tick)
{
	arx_session_wait_note(tick);
	arx_history_write(tick);
}

/* The first digest comes one interval after the start. */
static void
keeper_tick(int64 now)
{
	static int64 last = 0;
	int64 interval = (int64) arx_log_digest_interval * USECS_PER_MINUTE;
	ArxLoad load;

	if (last == 0 || now < last || interval == 0)
		last = now;
	if (interval == 0 || now - last < interval)
		return;
	arx_load_measure(&load, last, now, true);
	last = now;
	ereport(LOG, errmsg("arx_perf: %s", arx_load_digest(&load)));
}

const ArxSubsystem arx_sessions_subsystem = {
	.name = "sessions",
	.shmem_size = shmem_size,
	.shmem_attach = shmem_attach,
	.sample = sample,
	.keeper_tick = keeper_tick,
	.health = arx_sessions_health,
	.check = arx_sessions_check,
};
