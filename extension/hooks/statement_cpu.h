/*
 * statement_cpu.h
 *	  CPU time of statements from few readings of the process clock.
 *
 * getrusage() costs as much as a short statement, so it is called at most once
 * a millisecond of execution.  Between two readings the CPU clock is estimated:
 * it runs at the rate (CPU over elapsed time, user and system apart) of the
 * last window, so statements share a window by their elapsed time.  At each
 * reading the difference to the truth is either given to the statement that
 * made up at least half of the window, or carried as a debt into the rate of
 * the next window, so that sums stay right.
 *
 * Error: a statement longer than 1 ms is off by at most the CPU time of the
 * other executions in its window (under 1 ms).  A shorter one gets the mean
 * rate of its neighbours: right in sum over a mix, not for one execution.  CPU
 * spent between executions (parsing, network) in gaps of under 1 ms cannot be
 * told apart and counts as execution; the rates are capped so that CPU exceeds
 * elapsed time by no more than the debts (1 ms of user and of system time).
 */
#ifndef ARX_STATEMENT_CPU_H
#define ARX_STATEMENT_CPU_H

/* The estimated CPU clock of this process at some moment, in nanoseconds. */
typedef struct ArxCpuMark
{
	double user;
	double sys;
} ArxCpuMark;

/* A measured stretch begins; now on arx_clock_ns().  Stretches may nest. */
extern void arx_cpu_begin(ArxCpuMark *mark, int64 now);

/*
 * It ends.  Adds the CPU time since the mark to *user and *sys (nanoseconds).
 * elapsed is the length of the stretch.
 */
extern void arx_cpu_end(const ArxCpuMark *mark, int64 now, int64 elapsed,
						int64 *user, int64 *sys);

/* Reads the process clock itself: CPU time so far, in nanoseconds. */
extern void arx_cpu_read(ArxCpuMark *clock);

#endif /* ARX_STATEMENT_CPU_H */
