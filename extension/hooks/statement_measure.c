/*
 * statement_measure.c
 *	  Differences of the server's own counters round a stretch of a statement.
 */
#include "postgres.h"

#include "storage/bufmgr.h"

#include "core/event_ring.h"
#include "core/settings.h"
#include "hooks/statement_measure.h"
#include "hooks/statement_report.h"

/* Where the server's and our counters run in parallel. */
StaticAssertDecl(offsetof(BufferUsage, shared_blks_written) ==
					 ARX_SHARED_BLKS_WRITTEN * sizeof(int64),
				 "shared blocks come first in BufferUsage, in our order");
StaticAssertDecl(offsetof(BufferUsage, temp_blks_written) -
						 offsetof(BufferUsage, local_blks_hit) ==
					 (ARX_TEMP_BLKS_WRITTEN - ARX_LOCAL_BLKS_HIT) *
						 sizeof(int64),
				 "local and temporary blocks follow each other, in our order");

void
arx_measure_begin(ArxMeasure *measure)
{
	measure->buffers = pgBufferUsage;
	measure->wal = pgWalUsage;
	measure->with_cpu = arx_track_cpu && arx_ring_attach();
	measure->start_ns = arx_clock_ns();
	if (measure->with_cpu)
	{
		arx_cpu_begin(&measure->cpu, measure->start_ns);
		measure->workers_user = pg_atomic_read_u64(&arx_my_ring->workers_user);
		measure->workers_sys = pg_atomic_read_u64(&arx_my_ring->workers_sys);
	}
}

/* Only with track_io_timing is there anything to add. */
static void
add_io_times(const BufferUsage *before, int64 *counters)
{
	const BufferUsage *after = &pgBufferUsage;

	counters[ARX_SHARED_BLK_READ_TIME] +=
		arx_instr_ns(ARX_SHARED_READ_TIME(after)) -
		arx_instr_ns(ARX_SHARED_READ_TIME(before));
	counters[ARX_SHARED_BLK_WRITE_TIME] +=
		arx_instr_ns(ARX_SHARED_WRITE_TIME(after)) -
		arx_instr_ns(ARX_SHARED_WRITE_TIME(before));
	counters[ARX_LOCAL_BLK_READ_TIME] +=
		ARX_LOCAL_READ_NS(after) - ARX_LOCAL_READ_NS(before);
	counters[ARX_LOCAL_BLK_WRITE_TIME] +=
		ARX_LOCAL_WRITE_NS(after) - ARX_LOCAL_WRITE_NS(before);
	counters[ARX_TEMP_BLK_READ_TIME] +=
		arx_instr_ns(after->temp_blk_read_time) -
		arx_instr_ns(before->temp_blk_read_time);
	counters[ARX_TEMP_BLK_WRITE_TIME] +=
		arx_instr_ns(after->temp_blk_write_time) -
		arx_instr_ns(before->temp_blk_write_time);
}

/* counters[i] += after[i] - before[i] */
static inline void
add_differences(int64 *restrict counters, const int64 *restrict after,
				const int64 *restrict before, int n)
{
	for (int i = 0; i < n; i++)
		counters[i] += after[i] - before[i];
}

static void
add_local_and_temp(const BufferUsage *before, int64 *counters)
{
	add_differences(&counters[ARX_LOCAL_BLKS_HIT],
					&pgBufferUsage.local_blks_hit, &before->local_blks_hit,
					ARX_TEMP_BLKS_WRITTEN - ARX_LOCAL_BLKS_HIT + 1);
}

static void
add_wal(const WalUsage *before, int64 *counters)
{
	counters[ARX_WAL_FPI] += pgWalUsage.wal_fpi - before->wal_fpi;
	counters[ARX_WAL_BYTES] +=
		(int64) (pgWalUsage.wal_bytes - before->wal_bytes);
	counters[ARX_WAL_BUFFERS_FULL] +=
		ARX_WAL_BUFFERS_FULL(&pgWalUsage) - ARX_WAL_BUFFERS_FULL(before);
}

/* Did any of the counters change that most statements leave alone? */
static inline bool
local_or_temp_changed(const BufferUsage *before)
{
	const int64 *now = &pgBufferUsage.local_blks_hit;
	const int64 *then = &before->local_blks_hit;

	return ((now[0] ^ then[0]) | (now[1] ^ then[1]) | (now[2] ^ then[2]) |
			(now[3] ^ then[3]) | (now[4] ^ then[4]) | (now[5] ^ then[5])) != 0;
}

static inline bool
wal_changed(const WalUsage *before)
{
	return pgWalUsage.wal_records != before->wal_records ||
		ARX_WAL_BUFFERS_FULL(&pgWalUsage) != ARX_WAL_BUFFERS_FULL(before);
}

void
arx_measure_end(const ArxMeasure *measure, ArxStatement *stmt)
{
	int64 *counters = stmt->counters;
	int64 now = arx_clock_ns();
	int64 elapsed = now - measure->start_ns;

	stmt->end_ns = now;
	stmt->elapsed_ns += elapsed;
	add_differences(
		&counters[ARX_SHARED_BLKS_HIT], &pgBufferUsage.shared_blks_hit,
		&measure->buffers.shared_blks_hit, ARX_SHARED_BLKS_WRITTEN + 1);
	counters[ARX_WAL_RECORDS] +=
		pgWalUsage.wal_records - measure->wal.wal_records;
	if (local_or_temp_changed(&measure->buffers))
	{
		arx_statement_uncommon(stmt);
		add_local_and_temp(&measure->buffers, counters);
	}
	if (track_io_timing)
	{
		arx_statement_uncommon(stmt);
		add_io_times(&measure->buffers, counters);
	}
	if (wal_changed(&measure->wal))
	{
		arx_statement_uncommon(stmt);
		add_wal(&measure->wal, counters);
	}
	if (measure->with_cpu)
	{
		arx_cpu_end(&measure->cpu, now, elapsed, &counters[ARX_CPU_USER],
					&counters[ARX_CPU_SYS]);
		counters[ARX_CPU_USER] +=
			(int64) (pg_atomic_read_u64(&arx_my_ring->workers_user) -
					 measure->workers_user);
		counters[ARX_CPU_SYS] +=
			(int64) (pg_atomic_read_u64(&arx_my_ring->workers_sys) -
					 measure->workers_sys);
	}
}

static void
add_jit(const JitInstrumentation *from, ArxJitCounters *jit)
{
	jit->functions += (int64) from->created_functions;
	jit->generation_time += arx_instr_ns(from->generation_counter);
	jit->deform_time += ARX_JIT_DEFORM_NS(from);
	jit->inlining_time += arx_instr_ns(from->inlining_counter);
	jit->optimization_time += arx_instr_ns(from->optimization_counter);
	jit->emission_time += arx_instr_ns(from->emission_counter);
}

bool
arx_measure_extras(const EState *estate, ArxStatement *stmt,
				   ArxJitCounters *jit)
{
	if (ARX_EXECUTOR_WORKERS_PLANNED(estate) > 0)
	{
		arx_statement_uncommon(stmt);
		stmt->counters[ARX_WORKERS_TO_LAUNCH] +=
			ARX_EXECUTOR_WORKERS_PLANNED(estate);
		stmt->counters[ARX_WORKERS_LAUNCHED] +=
			ARX_EXECUTOR_WORKERS_LAUNCHED(estate);
	}
	if (estate->es_jit == NULL && estate->es_jit_worker_instr == NULL)
		return false;
	memset(jit, 0, sizeof(*jit));
	if (estate->es_jit)
		add_jit(&estate->es_jit->instr, jit);
	if (estate->es_jit_worker_instr)
		add_jit(estate->es_jit_worker_instr, jit);
	return true;
}
