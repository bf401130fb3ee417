/*
 * pg_compat_instr.h
 *	  Clock, buffer, WAL, JIT and worker counters in one shape for all majors.
 *
 * The server counts buffers and WAL whether or not a statement is instrumented,
 * so a statement's share is the difference of two readings of its globals.  No
 * Instrumentation node is needed (and so none of its changes in PG 19 matter).
 */
#ifndef ARX_PG_COMPAT_INSTR_H
#define ARX_PG_COMPAT_INSTR_H

#include <time.h>

#include "executor/instrument.h"
#include "jit/jit.h"
#include "nodes/execnodes.h"
#include "portability/instr_time.h"

/* Nanoseconds of an instr_time.  PG 16 made it one integer. */
static inline int64
arx_instr_ns(instr_time t)
{
#if PG_VERSION_NUM >= 160000
	return (int64) INSTR_TIME_GET_NANOSEC(t);
#else
	return (int64) t.tv_sec * INT64CONST(1000000000) + (int64) t.tv_nsec;
#endif
}

/*
 * Now on one monotonic clock for all processes, in nanoseconds since some
 * start.  That is the server's own up to PG 18; PG 19 may read one of two with
 * different origins, by a setting of each session (timing_clock_source).
 */
static inline int64
arx_clock_ns(void)
{
#if PG_VERSION_NUM >= 190000
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64) now.tv_sec * INT64CONST(1000000000) + (int64) now.tv_nsec;
#else
	instr_time now;

	INSTR_TIME_SET_CURRENT(now);
	return arx_instr_ns(now);
#endif
}

/*
 * Times of a BufferUsage.  PG 17 split the block times into shared and local
 * on their own; before, both were added up in one, which is given as shared.
 */
#if PG_VERSION_NUM >= 170000
#define ARX_SHARED_READ_TIME(b) ((b)->shared_blk_read_time)
#define ARX_SHARED_WRITE_TIME(b) ((b)->shared_blk_write_time)
#define ARX_LOCAL_READ_NS(b) arx_instr_ns((b)->local_blk_read_time)
#define ARX_LOCAL_WRITE_NS(b) arx_instr_ns((b)->local_blk_write_time)
#else
#define ARX_SHARED_READ_TIME(b) ((b)->blk_read_time)
#define ARX_SHARED_WRITE_TIME(b) ((b)->blk_write_time)
#define ARX_LOCAL_READ_NS(b) INT64CONST(0)
#define ARX_LOCAL_WRITE_NS(b) INT64CONST(0)
#endif

/* PG 18 counts full WAL buffers per statement. */
#if PG_VERSION_NUM >= 180000
#define ARX_WAL_BUFFERS_FULL(w) ((w)->wal_buffers_full)
#else
#define ARX_WAL_BUFFERS_FULL(w) INT64CONST(0)
#endif

/* PG 18 keeps the number of parallel workers in the executor state. */
#if PG_VERSION_NUM >= 180000
#define ARX_EXECUTOR_WORKERS_PLANNED(e) \
	((int64) (e)->es_parallel_workers_to_launch)
#define ARX_EXECUTOR_WORKERS_LAUNCHED(e) \
	((int64) (e)->es_parallel_workers_launched)
#else
#define ARX_EXECUTOR_WORKERS_PLANNED(e) INT64CONST(0)
#define ARX_EXECUTOR_WORKERS_LAUNCHED(e) INT64CONST(0)
#endif

/* PG 17 measures tuple deforming on its own. */
#if PG_VERSION_NUM >= 170000
#define ARX_JIT_DEFORM_NS(j) arx_instr_ns((j)->deform_counter)
#else
#define ARX_JIT_DEFORM_NS(j) INT64CONST(0)
#endif

#endif /* ARX_PG_COMPAT_INSTR_H */
