/*
 * leak_series.h
 *	  Verdicts on the sites of processes, from all snapshots there are of them.
 *
 * The latest snapshot of a process holds its live samples by epoch of birth
 * and its deaths by age; earlier ones add what each site had then.  A site is
 * judged by libarx/leak_verdict.h, and sites that leak by one cause are put
 * together where their stacks part.
 */
#ifndef ARX_PROFILER_LEAK_SERIES_H
#define ARX_PROFILER_LEAK_SERIES_H

#include "analysis/profile.h"
#include "analysis/profile_arena.h"
#include "libarx/leak_verdict.h"

/* Earlier snapshots that are looked at, evenly chosen when there are more. */
#define ARX_LEAK_MAX_HISTORY 64

/* A verdict and whom it is about. */
typedef struct ArxLeakEntry
{
	ArxLeakFinding finding;
	ArxInterval live; /* 95 % interval of finding.live_bytes, as reports show */
	size_t nsites;	  /* 1, or how many were judged together */
	const ArxProfileSite *site; /* of several, the one with most live bytes */
	/* the stack, root first; of several sites, what they have in common */
	uint32_t nfunctions;
	const ArxProfileFunction *const *functions;
	/* the innermost one that does not just hand memory on; NULL: no stack */
	const ArxProfileFunction *shown;
	const char *label;	  /* name of the label, or its number; "" when none */
	const char *evidence; /* one sentence */
} ArxLeakEntry;

/* One process, in one profile (from arming to disarming). */
typedef struct ArxLeakSeries
{
	ArxProfile *latest; /* symbolized */
	size_t nsnapshots;	/* sound ones of this profile */
	size_t nhistory;	/* of these, looked at beside the latest */
	/* judged sites: worst verdict first, then by rate, then by live bytes */
	size_t nentries;
	ArxLeakEntry *entries;
} ArxLeakSeries;

/* A file that could not be used, and why. */
typedef struct ArxLeakProblem
{
	const char *path;
	const char *sentence;
} ArxLeakProblem;

/* Owns all that is in it. */
typedef struct ArxLeakReport
{
	size_t nseries; /* by start of the process, then by its id */
	ArxLeakSeries *series;
	size_t nproblems;
	ArxLeakProblem *problems;
	ArxProfileArena *arena;
} ArxLeakReport;

typedef struct ArxLeakOptions
{
	ArxLeakParameters parameters; /* current_bytes is set for each process */
	ArxSymbolizer *symbolizer;	  /* may be NULL */
	uint64_t pid;				  /* only this process; 0: all */
	/* long work: files done of how many; may be NULL */
	void (*progress)(void *context, size_t done, size_t all);
	void *context;
} ArxLeakOptions;

/*
 * Judges all processes that the files are of.  A process whose profile was
 * started more than once is judged by the last one.  Never NULL; files that
 * cannot be read or are damaged are in problems.
 */
extern ArxLeakReport *arx_leak_report(const char *const *paths, size_t npaths,
									  const ArxLeakOptions *options);
extern void arx_leak_report_free(ArxLeakReport *report);

/*
 * The function that a site is named after: the innermost one that does not
 * just hand memory on (malloc, operator new, strdup, the C++ library, palloc,
 * see allocator_names.c).  When all do, the innermost one.  NULL when there
 * are no functions.
 */
extern const ArxProfileFunction *
arx_profile_shown_function(const ArxProfileFunction *const *functions,
						   uint32_t nfunctions);

#endif
