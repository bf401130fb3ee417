/*
 * worker_health.c
 *	  Last tick, lateness and errors of each worker, and whether it is there.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "core/worker_health.h"
#include "core/worker_loop.h"

static const char *const names[ARX_NWORKERS] = {"collector", "keeper",
												"gateway"};

/* A worker that missed so many of its ticks is late. */
#define LATE_TICKS 5

static ArxHealthStatus
judge(const ArxWorkerStatus *status, int64 now)
{
	int64 allowed = Max((int64) status->interval_ms * LATE_TICKS, 1000) * 1000;

	if (status->pid == 0 || status->last_tick == 0)
		return ARX_ERROR;
	return now - status->last_tick > allowed ? ARX_WARNING : ARX_OK;
}

void
arx_workers_health(ArxHealth *health)
{
	int64 now = GetCurrentTimestamp();

	for (int i = 0; i < ARX_NWORKERS; i++)
	{
		ArxWorkerStatus status;
		ArxHealthStatus verdict;

		arx_worker_status((ArxWorkerId) i, &status);
		verdict = judge(&status, now);
		if (status.last_tick == 0)
			arx_health_add_unknown(health, names[i], "last_tick_age", "ms",
								   verdict,
								   "time since the worker last ticked");
		else
			arx_health_add(health, names[i], "last_tick_age",
						   (double) Max(now - status.last_tick, 0) / 1000, "ms",
						   verdict, "time since the worker last ticked");
		arx_health_add(health, names[i], "lateness",
					   (double) status.lateness_us / 1000, "ms", ARX_OK,
					   "how late its last tick was");
		arx_health_add(health, names[i], "lateness_max",
					   (double) status.max_lateness_us / 1000, "ms", ARX_OK,
					   "the latest tick since the worker started");
		arx_health_add(health, names[i], "ticks", (double) status.ticks, "",
					   ARX_OK, "ticks since the server started");
		arx_health_add(health, names[i], "errors", (double) status.errors, "",
					   status.errors > 0 ? ARX_WARNING : ARX_OK,
					   "ticks that ended in an error (see the server log)");
	}
}

void
arx_workers_check(ArxHealth *health)
{
	int64 now = GetCurrentTimestamp();

	for (int i = 0; i < ARX_NWORKERS; i++)
	{
		ArxWorkerStatus status;
		ArxHealthStatus verdict;
		const char *name = psprintf("worker %s", names[i]);

		arx_worker_status((ArxWorkerId) i, &status);
		verdict = judge(&status, now);
		if (verdict == ARX_OK)
			arx_check_add(health, name, ARX_OK,
						  psprintf("running as process %d", status.pid), NULL);
		else if (verdict == ARX_WARNING)
			arx_check_add(
				health, name, ARX_WARNING,
				psprintf("process %d has not ticked for %lld ms", status.pid,
						 (long long) (now - status.last_tick) / 1000),
				"The machine may be overloaded; see arx_perf.health.");
		else
			arx_check_add(
				health, name, ARX_ERROR, "not running",
				"Raise max_worker_processes and restart the server; the "
				"server log says why a worker did not start.");
	}
}
