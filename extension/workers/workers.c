/*
 * workers.c
 *	  The background workers, one for each kind of waiting.
 *
 * The collector never waits: it looks at all processes, drains the event rings
 * and makes room.  The keeper may wait for the disk: it saves.  The gateway may
 * wait for the network: it asks poolers.  So neither a slow disk nor a slow
 * network ever delays a look or a drain.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"

#include "core/sampling.h"
#include "core/settings.h"
#include "core/subsystem.h"
#include "core/worker_loop.h"
#include "workers/workers.h"

PGDLLEXPORT void arx_collector_main(Datum arg);
PGDLLEXPORT void arx_keeper_main(Datum arg);
PGDLLEXPORT void arx_gateway_main(Datum arg);

static int
collector_interval(void)
{
	return Min(arx_collector_interval, arx_sample_interval);
}

/* Looks come at their own times; rings are drained at theirs. */
static void
collector_tick(int64 now, ArxWaitList *waits)
{
	static int64 drained_at = 0;
	int64 interval_us = (int64) arx_collector_interval * 1000;
	int next_look_ms = arx_sampler_run();

	if (now >= drained_at + interval_us || now < drained_at)
	{
		drained_at = now;
		arx_subsystems_collector_tick(now);
	}
	waits->wake_at = GetCurrentTimestamp() + (int64) next_look_ms * 1000;
	arx_wait_until(waits, drained_at + interval_us);
}

static int
once_a_second(void)
{
	return 1000;
}

static void
keeper_tick(int64 now, ArxWaitList *waits)
{
	arx_subsystems_keeper_tick(now);
}

void
arx_collector_main(Datum arg)
{
	static const ArxWorker collector = {
		.id = ARX_WORKER_COLLECTOR,
		.name = "arx_perf collector",
		.wait_event = "ArxCollectorMain",
		.interval_ms = collector_interval,
		.tick = collector_tick,
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
		.interval_ms = once_a_second,
		.tick = keeper_tick,
	};

	arx_worker_run(&keeper);
}

void
arx_gateway_main(Datum arg)
{
	static const ArxWorker gateway = {
		.id = ARX_WORKER_GATEWAY,
		.name = "arx_perf gateway",
		.wait_event = "ArxGatewayMain",
		.interval_ms = once_a_second,
		.tick = arx_subsystems_gateway_tick,
	};

	arx_worker_run(&gateway);
}

void
arx_workers_register(void)
{
	arx_worker_register("arx_perf collector", "arx_collector_main");
	arx_worker_register("arx_perf keeper", "arx_keeper_main");
	arx_worker_register("arx_perf gateway", "arx_gateway_main");
}
