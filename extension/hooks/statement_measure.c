/*
 * statement_measure.c
 *	  Differences of the server's own counters round a stretch of a statement.
 */
#include "postgres.h"

#include "storage/bufmgr.h"

#include "core/settings.h"
#include "hooks/statement_measure.h"

#define N_BLOCK_COUNTERS (ARX_TEMP_BLKS_WRITTEN + 1)

StaticAssertDecl(offsetof(BufferUsage, temp_blks_written) ==
					 ARX_TEMP_BLKS_WRITTEN * sizeof(int64),
				 "BufferUsage starts with the block counters in our order");

void
arx_measure_begin(ArxMeasure *measure)
{
	measure->buffers = pgBufferUsage;
	measure->wal = pgWalUsage;
	measure->with_cpu = arx_track_cpu;
	measure->start_ns = arx_clock_ns();
	if (measure->with_cpu)
		arx_cpu_begin(&measure->cpu, measure->start_ns);
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

void
arx_measure_end(const ArxMeasure *measure, ArxStatement *stmt)
{
	const int64 *before = (const int64 *) &measure->buffers;
	const int64 *after = (const int64 *) &pgBufferUsage;
	int64 *counters = stmt->counters;
	int64 now = arx_clock_ns();
	int64 elapsed = now - measure->start_ns;

	stmt->end_ns = now;
	stmt->elapsed_ns += elapsed;
	for (int i = 0; i < N_BLOCK_COUNTERS; i++)
		counters[i] += after[i] - before[i];
	if (track_io_timing)
		add_io_times(&measure->buffers, counters);
	counters[ARX_WAL_RECORDS] +=
		pgWalUsage.wal_records - measure->wal.wal_records;
	counters[ARX_WAL_FPI] += pgWalUsage.wal_fpi - measure->wal.wal_fpi;
	counters[ARX_WAL_BYTES] +=
		(int64) (pgWalUsage.wal_bytes - measure->wal.wal_bytes);
	counters[ARX_WAL_BUFFERS_FULL] +=
		ARX_WAL_BUFFERS_FULL(&pgWalUsage) - ARX_WAL_BUFFERS_FULL(&measure->wal);
	if (measure->with_cpu)
		arx_cpu_end(&measure->cpu, now, elapsed, &counters[ARX_CPU_USER],
					&counters[ARX_CPU_SYS]);
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
arx_measure_executor(const EState *estate, ArxStatement *stmt,
					 ArxJitCounters *jit)
{
	stmt->counters[ARX_WORKERS_TO_LAUNCH] += ARX_WORKERS_TO_LAUNCH(estate);
	stmt->counters[ARX_WORKERS_LAUNCHED] += ARX_WORKERS_LAUNCHED(estate);
	if (likely(estate->es_jit == NULL && estate->es_jit_worker_instr == NULL))
		return false;
	memset(jit, 0, sizeof(*jit));
	if (estate->es_jit)
		add_jit(&estate->es_jit->instr, jit);
	if (estate->es_jit_worker_instr)
		add_jit(estate->es_jit_worker_instr, jit);
	return true;
}
