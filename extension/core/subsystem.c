/*
 * subsystem.c
 *	  Walks the table of subjects: shared memory, ticks, stop.
 *
 * No subject is named here.  Each gets one segment and one LWLock tranche,
 * both called "arx_perf_<name>".
 */
#include "postgres.h"

#include "catalog/pg_control.h"
#include "common/controldata_utils.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"

#include "core/subsystem.h"
#include "core/tick.h"
#include "core/wait_list.h"

static const ArxSubsystem *const *subsystems;
bool arx_subsystems_are_ready = false;
static shmem_request_hook_type prev_shmem_request_hook;
static shmem_startup_hook_type prev_shmem_startup_hook;

static void
segment_name(char *buf, Size size, const ArxSubsystem *sub)
{
	snprintf(buf, size, "arx_perf_%s", sub->name);
}

static void
request_shmem(void)
{
	char name[NAMEDATALEN];

	if (prev_shmem_request_hook)
		prev_shmem_request_hook();
	for (int i = 0; subsystems[i]; i++)
	{
		const ArxSubsystem *sub = subsystems[i];

		segment_name(name, sizeof(name), sub);
		if (sub->shmem_size)
			RequestAddinShmemSpace(CACHELINEALIGN(sub->shmem_size()));
		if (sub->lock_count)
			RequestNamedLWLockTranche(name, sub->lock_count());
	}
}

/*
 * Did the server stop in good order?  The exit code does not tell: it is zero
 * after an immediate stop too.  A shutdown checkpoint does.
 */
static bool
stopped_cleanly(int code)
{
	ControlFileData *control;
	bool crc_ok;

	if (code != 0)
		return false;
	control = get_controlfile(DataDir, &crc_ok);
	return crc_ok &&
		(control->state == DB_SHUTDOWNED ||
		 control->state == DB_SHUTDOWNED_IN_RECOVERY);
}

/*
 * The postmaster's last act after a clean stop.  After any other, shared
 * memory may be damaged and its locks held, so nothing is done.
 */
static void
stop_subsystems(int code, Datum arg)
{
	if (!stopped_cleanly(code))
		return;
	for (int i = 0; subsystems[i]; i++)
		if (subsystems[i]->server_stop)
			subsystems[i]->server_stop();
}

static void
startup_shmem(void)
{
	char name[NAMEDATALEN];

	if (prev_shmem_startup_hook)
		prev_shmem_startup_hook();
	for (int i = 0; subsystems[i]; i++)
	{
		const ArxSubsystem *sub = subsystems[i];
		bool found = false;
		void *segment;

		if (!sub->shmem_attach)
			continue;
		segment_name(name, sizeof(name), sub);
		LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
		segment = ShmemInitStruct(name, sub->shmem_size(), &found);
		sub->shmem_attach(segment,
						  sub->lock_count ? GetNamedLWLockTranche(name) : NULL,
						  found);
		LWLockRelease(AddinShmemInitLock);
	}
	arx_subsystems_are_ready = true;
	if (!IsUnderPostmaster)
		on_shmem_exit(stop_subsystems, (Datum) 0);
}

void
arx_subsystems_install(const ArxSubsystem *const *table)
{
	subsystems = table;
	prev_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = request_shmem;
	prev_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = startup_shmem;
}

const ArxSubsystem *const *
arx_subsystems(void)
{
	return subsystems;
}

void
arx_subsystems_require(void)
{
	if (!arx_subsystems_are_ready)
		ereport(
			ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			errmsg("arx_perf is not loaded at server start"),
			errhint("Add \"arx_perf\" to shared_preload_libraries and restart "
					"the server."));
}

Size
arx_subsystems_shmem_bytes(void)
{
	Size total = 0;

	for (int i = 0; subsystems[i]; i++)
	{
		if (subsystems[i]->shmem_size)
			total += CACHELINEALIGN(subsystems[i]->shmem_size());
		if (subsystems[i]->lock_count)
			total += subsystems[i]->lock_count() * sizeof(LWLockPadded);
	}
	return total;
}

void
arx_subsystems_collector_tick(int64 now)
{
	for (int i = 0; subsystems[i]; i++)
		if (subsystems[i]->collector_tick)
			subsystems[i]->collector_tick(now);
}

void
arx_subsystems_keeper_tick(int64 now)
{
	for (int i = 0; subsystems[i]; i++)
		if (subsystems[i]->keeper_tick)
			subsystems[i]->keeper_tick(now);
}

void
arx_subsystems_sample(const ArxTick *tick)
{
	for (int i = 0; subsystems[i]; i++)
		if (subsystems[i]->sample)
			subsystems[i]->sample(tick);
}

void
arx_subsystems_gateway_tick(int64 now, ArxWaitList *waits)
{
	for (int i = 0; subsystems[i]; i++)
		if (subsystems[i]->gateway_tick)
			subsystems[i]->gateway_tick(now, waits);
}
