/*
 * waits_subsystem.c
 *	  Waits and blockers as a subsystem: memory, looks, reset, health.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"

#include "core/health.h"
#include "core/settings.h"
#include "core/tick.h"
#include "waits/blocking.h"
#include "waits/wait_profile.h"
#include "waits/wait_totals.h"
#include "waits/waits_subsystem.h"

PG_FUNCTION_INFO_V1(arx_waits_reset);

static Size
shmem_size(void)
{
	Size size = CACHELINEALIGN(arx_wait_totals_shmem_size());

	size = add_size(size, CACHELINEALIGN(arx_wait_profile_shmem_size()));
	return add_size(size, arx_blocking_shmem_size());
}

static void
shmem_attach(void *segment, LWLockPadded *locks, bool found)
{
	char *at = segment;

	arx_wait_totals_shmem_attach(at, found);
	at += CACHELINEALIGN(arx_wait_totals_shmem_size());
	arx_wait_profile_shmem_attach(at, found);
	at += CACHELINEALIGN(arx_wait_profile_shmem_size());
	arx_blocking_shmem_attach(at, found);
}

static void
sample(const ArxTick *tick)
{
	int64 samples;
	int64 clients;

	if (arx_wait_totals_begin())
	{
		arx_look_table_clear(arx_wait_profile);
		arx_look_table_clear(arx_blocking);
	}
	samples = arx_wait_profile_sample(tick, &clients);
	arx_blocking_sample(tick);
	arx_wait_totals_add(tick, samples, clients);
	arx_wait_totals_end();
}

static void
add_table(ArxHealth *health, const char *component, const ArxLookTable *table,
		  int max, const char *setting)
{
	ArxLookTableStatus status;

	arx_look_table_status(table, &status);
	arx_health_add(health, component, "rows", status.rows, "", ARX_OK,
				   "rows in memory, without those of \"(other)\"");
	arx_health_add(health, component, "rows_max", max, "", ARX_OK, setting);
	arx_health_add(health, component, "evicted", (double) status.evicted, "",
				   ARX_OK, "rows folded into \"(other)\" to make room");
	arx_health_add(health, component, "refused", (double) status.refused, "",
				   ARX_OK,
				   "samples that found no room and went into \"(other)\"");
	arx_health_add(health, component, "lost", (double) status.lost, "",
				   status.lost > 0 ? ARX_WARNING : ARX_OK,
				   "samples that are in no row");
}

static void
report_health(ArxHealth *health)
{
	ArxWaitTotals totals;

	if (!arx_wait_totals_read(NULL, NULL, &totals))
		memset(&totals, 0, sizeof(totals));
	arx_health_add(health, "waits", "looks", totals.all.looks, "", ARX_OK,
				   "looks in the wait profile since it was last reset");
	arx_health_add(health, "waits", "samples", (double) totals.samples, "",
				   ARX_OK, "sessions and processes counted at these");
	arx_health_add(health, "waits", "database_time", totals.all.t, "ms", ARX_OK,
				   "time that clients were active, as these estimate it");
	add_table(health, "waits", arx_wait_profile, arx_max_waits,
			  "arx_perf.max_waits");
	add_table(health, "blocking", arx_blocking, arx_max_blockings,
			  "arx_perf.max_blockings");
}

static void
check_table(ArxHealth *health, const char *name, const ArxLookTable *table,
			const char *what, const char *hint)
{
	ArxLookTableStatus status;

	arx_look_table_status(table, &status);
	if (status.evicted + status.refused + status.lost == 0)
		arx_check_add(health, name, ARX_OK, psprintf("all %s fit", what), NULL);
	else
		arx_check_add(health, name, ARX_WARNING,
					  psprintf("not all %s fit: " INT64_FORMAT
							   " were folded into "
							   "\"(other)\"",
							   what, status.evicted),
					  hint);
}

static void
check(ArxHealth *health)
{
	check_table(health, "wait limit", arx_wait_profile, "waits",
				"Raise arx_perf.max_waits.");
	check_table(health, "blocking limit", arx_blocking,
				"pairs of blocker and waiter", "Raise arx_perf.max_blockings.");
}

const ArxSubsystem arx_waits_subsystem = {
	.name = "waits",
	.shmem_size = shmem_size,
	.shmem_attach = shmem_attach,
	.sample = sample,
	.health = report_health,
	.check = check,
};

/* arx_perf.waits_reset() returns the time of the reset */
Datum
arx_waits_reset(PG_FUNCTION_ARGS)
{
	arx_subsystems_require();
	PG_RETURN_TIMESTAMPTZ(arx_wait_totals_reset());
}
