/*
 * sampling.c
 *	  One look at a random place of each stratum of time; see tick.h.
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "port/atomics.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "compat/pg_compat_instr.h"
#include "core/sampling.h"
#include "core/settings.h"
#include "core/subsystem.h"

/* One writer, the collector. */
typedef struct SharedSampler
{
	pg_atomic_uint64 ticks;
	pg_atomic_uint64 missed;
	pg_atomic_uint64 last_tick;
	pg_atomic_uint64 last_us;
	pg_atomic_uint64 total_us;
	pg_atomic_uint64 max_us;
	pg_atomic_uint64 torn;
	pg_atomic_uint64 locks_skipped;
	pg_atomic_uint64 sessions;
} SharedSampler;

static SharedSampler *shared;

/* Of the collector. */
static ArxBackendScan *backends = NULL;
static ArxLockScan *locks = NULL;
static int interval_ms = 0;	 /* by which the strata are cut */
static int64 stratum_us = 0; /* where that of the next look begins */
static int64 due_us;		 /* a random place in it */
static int64 last_look_us = 0;
static int64 gap_us = 0; /* not yet told */

Size
arx_sampler_shmem_size(void)
{
	return add_size(MAXALIGN(sizeof(SharedSampler)), arx_kinds_shmem_size());
}

void
arx_sampler_shmem_attach(void *segment, LWLockPadded *unused, bool found)
{
	pg_atomic_uint64 *all = segment;

	shared = segment;
	arx_kinds_shmem_attach((char *) segment + MAXALIGN(sizeof(SharedSampler)),
						   found);
	arx_backend_scan_attach();
	if (found)
		return;
	for (int i = 0; i < (int) (sizeof(SharedSampler) / sizeof(*all)); i++)
		pg_atomic_init_u64(&all[i], 0);
}

static int64
clock_us(void)
{
	return arx_clock_ns() / 1000;
}

static int64
width_us(void)
{
	return (int64) interval_ms * 1000;
}

static void
set_due(int64 begin_us)
{
	stratum_us = begin_us;
	due_us = begin_us +
		(int64) (pg_prng_double(&pg_global_prng_state) * (double) width_us());
}

/* For the first look, and when the interval was changed. */
static void
start_strata(int64 now_us)
{
	if (interval_ms != 0)
		gap_us += Max(now_us - stratum_us, 0);
	interval_ms = arx_sample_interval;
	set_due(now_us);
}

static void
set_counter(pg_atomic_uint64 *counter, int64 value)
{
	pg_atomic_write_u64(counter, (uint64) value);
}

static void
account(const ArxTick *tick, int64 took_us)
{
	set_counter(&shared->last_tick, tick->now);
	set_counter(&shared->last_us, took_us);
	set_counter(&shared->total_us,
				(int64) pg_atomic_read_u64(&shared->total_us) + took_us);
	if (took_us > (int64) pg_atomic_read_u64(&shared->max_us))
		set_counter(&shared->max_us, took_us);
	set_counter(&shared->torn, backends->torn);
	set_counter(&shared->locks_skipped, locks->skipped);
	set_counter(&shared->sessions, backends->nsessions);
}

static void
make_scans(void)
{
	MemoryContext before = MemoryContextSwitchTo(TopMemoryContext);

	backends = arx_backend_scan_make(true);
	locks = arx_lock_scan_make(true);
	MemoryContextSwitchTo(before);
}

static void
look(int64 now_us)
{
	ArxTick tick = {
		.clock_us = now_us,
		.number = pg_atomic_read_u64(&shared->ticks) + 1,
		.weight_us = width_us(),
		.spacing_us = last_look_us ? now_us - last_look_us : 0,
		.gap_us = gap_us,
		.backends = backends,
		.locks = locks,
	};

	arx_backend_scan_look(backends);
	arx_lock_scan_look(locks, backends);
	tick.now = backends->now;
	last_look_us = now_us;
	gap_us = 0;
	/* If a subject raises an error, the look is not taken twice. */
	set_counter(&shared->ticks, (int64) tick.number);
	set_due(stratum_us + width_us());
	arx_subsystems_sample(&tick);
	account(&tick, clock_us() - now_us);
}

/* A look stands for the stratum it was due in, unless it is later by one. */
static void
note_missed(int64 now_us)
{
	int64 missed = (now_us - due_us) / width_us();

	if (missed <= 0)
		return;
	stratum_us += missed * width_us();
	gap_us += missed * width_us();
	set_counter(&shared->missed,
				(int64) pg_atomic_read_u64(&shared->missed) + missed);
}

int
arx_sampler_run(void)
{
	int64 now_us = clock_us();

	if (backends == NULL)
		make_scans();
	if (interval_ms != arx_sample_interval)
		start_strata(now_us);
	if (now_us >= due_us)
	{
		note_missed(now_us);
		look(now_us);
		now_us = clock_us();
	}
	return (int) Max((due_us - now_us + 999) / 1000, 0);
}

void
arx_sampler_status(ArxSamplerStatus *status)
{
	status->ticks = (int64) pg_atomic_read_u64(&shared->ticks);
	status->missed = (int64) pg_atomic_read_u64(&shared->missed);
	status->last_tick = (int64) pg_atomic_read_u64(&shared->last_tick);
	status->last_us = (int64) pg_atomic_read_u64(&shared->last_us);
	status->total_us = (int64) pg_atomic_read_u64(&shared->total_us);
	status->max_us = (int64) pg_atomic_read_u64(&shared->max_us);
	status->torn = (int64) pg_atomic_read_u64(&shared->torn);
	status->locks_skipped = (int64) pg_atomic_read_u64(&shared->locks_skipped);
	status->sessions = (int64) pg_atomic_read_u64(&shared->sessions);
}

bool
arx_sampler_is_alive(void)
{
	int64 last = (int64) pg_atomic_read_u64(&shared->last_tick);
	int64 age = GetCurrentTimestamp() - last;

	return last != 0 && age < Max(1000, 5 * (int64) arx_sample_interval) * 1000;
}

void
arx_sampler_health(ArxHealth *health)
{
	ArxSamplerStatus status;
	double looks;

	arx_sampler_status(&status);
	looks = (double) Max(status.ticks, 1);
	arx_health_add(health, "sampler", "ticks", (double) status.ticks, "",
				   ARX_OK, "looks at all processes since the server started");
	arx_health_add(health, "sampler", "missed", (double) status.missed, "",
				   status.missed > 50 + status.ticks / 20 ? ARX_WARNING
														  : ARX_OK,
				   "sample intervals in which no look was taken");
	arx_health_add(health, "sampler", "look_time",
				   status.total_us / looks / 1000, "ms", ARX_OK,
				   "how long a look takes on average");
	arx_health_add(health, "sampler", "look_time_max",
				   (double) status.max_us / 1000, "ms", ARX_OK,
				   "how long the longest look took");
	arx_health_add(health, "sampler", "sessions", (double) status.sessions, "",
				   ARX_OK, "processes seen at the last look");
	arx_health_add(
		health, "sampler", "torn", (double) status.torn, "", ARX_OK,
		"states that changed while they were read: the last was used");
	arx_health_add(
		health, "sampler", "locks_skipped", (double) status.locks_skipped, "",
		ARX_OK, "lock waits not looked at because their lock table was in use");
}

void
arx_sampler_check(ArxHealth *health)
{
	if (!arx_backend_scan_works())
		arx_check_add(health, "sampling", ARX_ERROR,
					  "the server's table of processes was not found",
					  "This server was changed in a way that arx_perf does not "
					  "know; sessions, waits and pools stay empty.");
	else if (!arx_sampler_is_alive())
		arx_check_add(health, "sampling", ARX_ERROR,
					  "no look at the server's processes was taken lately",
					  "See \"worker collector\".");
	else
		arx_check_add(
			health, "sampling", ARX_OK,
			psprintf("a look every %d ms on average", arx_sample_interval),
			NULL);
}
