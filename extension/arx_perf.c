/*
 * arx_perf.c
 *	  Module start: the table of subsystems, settings, hooks and workers.
 *
 * The only file that sees all folders.  Without shared_preload_libraries the
 * module loads, and every view raises one clear error.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "compat/pg_compat.h"
#include "compat/pg_compat_jumble.h"
#include "core/event_ring.h"
#include "core/sampling.h"
#include "core/settings.h"
#include "core/subsystem.h"
#include "core/worker_health.h"
#include "core/worker_loop.h"
#include "hooks/hooks.h"
#include "pools/pools_subsystem.h"
#include "query/query_subsystem.h"
#include "sessions/sessions_subsystem.h"
#include "waits/waits_subsystem.h"
#include "workers/workers.h"

ARX_MODULE_MAGIC("arx_perf", ARX_VERSION);

PGDLLEXPORT void _PG_init(void);

static const ArxSubsystem ring_subsystem = {
	.name = "rings",
	.lock_count = arx_ring_lock_count,
	.shmem_size = arx_ring_shmem_size,
	.shmem_attach = arx_ring_shmem_attach,
};

static const ArxSubsystem worker_subsystem = {
	.name = "workers",
	.shmem_size = arx_workers_shmem_size,
	.shmem_attach = arx_workers_shmem_attach,
	.health = arx_workers_health,
	.check = arx_workers_check,
};

static const ArxSubsystem sampler_subsystem = {
	.name = "sampler",
	.shmem_size = arx_sampler_shmem_size,
	.shmem_attach = arx_sampler_shmem_attach,
	.health = arx_sampler_health,
	.check = arx_sampler_check,
};

static const ArxSubsystem *const subsystems[] = {
	&ring_subsystem,		 &worker_subsystem,
	&sampler_subsystem,		 &arx_query_subsystem,
	&arx_sessions_subsystem, &arx_waits_subsystem,
	&arx_pools_subsystem,	 NULL,
};

void
_PG_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	EnableQueryId();
	arx_settings_define();
	arx_query_install();
	arx_pools_install();
	arx_subsystems_install(subsystems);
	arx_hooks_install();
	arx_workers_register();
}
