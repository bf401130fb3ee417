/*
 * workers.c
 *	  The background workers, one for each kind of waiting.
 *
 * The collector never waits: it drains the event rings and makes room.  The
 * keeper may wait for the disk: it saves.  A slow disk never delays a drain.
 */
#include "postgres.h"

#include "fmgr.h"

#include "core/settings.h"
#include "core/subsystem.h"
#include "core/worker_loop.h"
#include "workers/workers.h"

#define KEEPER_INTERVAL_MS 1000

PGDLLEXPORT void arx_collector_main(Datum arg);
PGDLLEXPORT void arx_keeper_main(Datum arg);

static int
collector_interval(void)
{
	return arx_collector_interval;
}

static int
keeper_interval(void)
{
	return KEEPER_INTERVAL_MS;
}

void
arx_collector_main(Datum arg)
{
	static const ArxWorker collector = {
		.id = ARX_WORKER_COLLECTOR,
		.name = "arx_perf collector",
		.wait_event = "ArxCollectorMain",
		.interval_ms = collector_interval,
		.tick = arx_subsystems_collector_tick,
	};

	arx_worker_run(&collector);
}

void
arx_keeper_main(Datum arg)
{
	static const ArxWorker keeper = {
		.id = ARX_WORKER_KEEPER,
		.name = "arx_perf keeper",
		.wait_event = "ArxKeeperMain",
		.interval_ms = keeper_interval,
		.tick = arx_subsystems_keeper_tick,
	};

	arx_worker_run(&keeper);
}

void
arx_workers_register(void)
{
	arx_worker_register("arx_perf collector", "arx_collector_main");
	arx_worker_register("arx_perf keeper", "arx_keeper_main");
}
