/*
 * pools_subsystem.c
 *	  Connection pools as a subsystem: memory, looks, what is said of them.
 */
#include "postgres.h"

#include "core/tick.h"
#include "hooks/session_hook.h"
#include "pools/pgbouncer_health.h"
#include "pools/pgbouncer_poll.h"
#include "pools/pgbouncer_store.h"
#include "pools/pool_health.h"
#include "pools/pool_rejections.h"
#include "pools/pool_sampler.h"
#include "pools/pool_table.h"
#include "pools/pools_subsystem.h"

static int
lock_count(void)
{
	return 1;
}

static Size
shmem_size(void)
{
	Size size = CACHELINEALIGN(arx_pool_table_shmem_size());

	size = add_size(size, CACHELINEALIGN(arx_rejections_shmem_size()));
	return add_size(size, arx_bouncer_shmem_size());
}

static void
shmem_attach(void *segment, LWLockPadded *locks, bool found)
{
	char *at = segment;

	arx_pool_table_attach(at, &locks[0].lock, found);
	at += CACHELINEALIGN(arx_pool_table_shmem_size());
	arx_rejections_attach(at, found);
	at += CACHELINEALIGN(arx_rejections_shmem_size());
	arx_bouncer_shmem_attach(at, found);
}

static void
say_health(ArxHealth *health)
{
	arx_pool_health(health);
	arx_bouncer_health(health);
}

static void
check(ArxHealth *health)
{
	arx_pool_check(health);
	arx_bouncer_check(health);
}

const ArxSubsystem arx_pools_subsystem = {
	.name = "pools",
	.lock_count = lock_count,
	.shmem_size = shmem_size,
	.shmem_attach = shmem_attach,
	.sample = arx_pool_sample,
	.gateway_tick = arx_bouncer_gateway_tick,
	.health = say_health,
	.check = check,
};

void
arx_pools_install(void)
{
	static const ArxSessionObserver observer = {
		.ended = arx_pool_session_ended,
		.rejected = arx_rejections_note,
	};

	arx_session_observe(&observer);
}
