/*
 * leak_print.h
 *	  Judges snapshots and shows the verdicts.
 */
#ifndef ARX_PROFILER_LEAK_PRINT_H
#define ARX_PROFILER_LEAK_PRINT_H

#include <stdio.h>

#include "analysis/leak_series.h"
#include "cli/snapshot_files.h"

/* What of a report is shown, and how. */
typedef struct ArxLeakView
{
	const ArxLeakReport *report;
	ArxLeakVerdict least; /* the mildest verdict that is shown */
	bool stacks;
} ArxLeakView;

/* Judges the processes of these files; files that cannot be used get a note. */
extern ArxLeakReport *
arx_judge_files(const ArxSnapshotList *list, ArxLeakOptions *options);

/*
 * The memory that a process may fill: the limit of its control group if it
 * runs (pid not 0), else of ours; without one, the machine's.
 */
extern double arx_memory_limit(uint64_t pid);

/* Whether any site has this verdict or a worse one. */
extern bool arx_has_verdict(const ArxLeakReport *report, ArxLeakVerdict least);

extern void arx_print_leaks(FILE *out, const ArxLeakView *view);

/* An array, one object a site. */
extern void arx_json_leaks(FILE *out, const ArxLeakView *view);

/* One paragraph: how many sites leak, the worst three of them. */
extern void arx_print_leak_summary(FILE *out, const ArxLeakSeries *series);

#endif
