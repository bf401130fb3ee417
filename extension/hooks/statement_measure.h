/*
 * statement_measure.h
 *	  Reads clock and counters before and after a stretch of a statement.
 *
 * A stretch is one call of the planner, the executor or a utility; a statement
 * that runs in several (a cursor) adds them up.
 */
#ifndef ARX_STATEMENT_MEASURE_H
#define ARX_STATEMENT_MEASURE_H

#include "compat/pg_compat_instr.h"
#include "hooks/statement.h"
#include "hooks/statement_cpu.h"

typedef struct ArxMeasure
{
	int64 start_ns;
	bool with_cpu;
	ArxCpuMark cpu;
	uint64 workers_user; /* CPU time that parallel workers had added */
	uint64 workers_sys;
	BufferUsage buffers;
	WalUsage wal;
} ArxMeasure;

/* Reads everything; the clock last. */
extern void arx_measure_begin(ArxMeasure *measure);

/*
 * Adds what happened since arx_measure_begin() to the statement's elapsed time
 * and counters (not rows, not JIT), and sets its end.
 */
extern void arx_measure_end(const ArxMeasure *measure, ArxStatement *stmt);

/* Has an executor that is about to end used JIT or parallel workers? */
static inline bool
arx_measure_has_extras(const EState *estate)
{
	return estate->es_jit != NULL || estate->es_jit_worker_instr != NULL ||
		ARX_EXECUTOR_WORKERS_PLANNED(estate) > 0;
}

/*
 * Then these are its numbers.  Returns true when there is JIT work, in *jit.
 */
extern bool arx_measure_extras(const EState *estate, ArxStatement *stmt,
							   ArxJitCounters *jit);

#endif /* ARX_STATEMENT_MEASURE_H */
