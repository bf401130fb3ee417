/*
 * leak_series.c
 *	  Verdicts on the sites of processes, from all snapshots there are of them.
 *
 * Whose each file is comes first, from its bytes and never from its name;
 * then the files of one process in one profile are a series, by their number.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/leak_entries.h"
#include "analysis/leak_series.h"
#include "analysis/profile_parts.h"

#define NEARLY 0.9 /* of the age at the exit */

typedef struct Candidate
{
	const char *path;
	ArxHeapProcess process;
} Candidate;

typedef struct Work
{
	const ArxLeakOptions *options;
	ArxLeakReport *report;
	ArxProfileArena *arena; /* the report's */
	size_t problem_room;
	size_t series_room;
} Work;

static void
add_problem(Work *work, const char *path, const char *sentence)
{
	ArxLeakReport *report = work->report;
	ArxLeakProblem *problem;

	report->problems =
		arx_array_grow(report->problems, report->nproblems, &work->problem_room,
					   sizeof(ArxLeakProblem));
	problem = &report->problems[report->nproblems++];
	problem->path = arx_arena_text(work->arena, path, strlen(path));
	problem->sentence = arx_arena_text(work->arena, sentence, strlen(sentence));
}

/* A load's error names the file, which a problem has apart. */
static void
add_load_problem(Work *work, const char *path, const char *error)
{
	size_t length = strlen(path);

	if (strncmp(error, path, length) == 0 &&
		strncmp(error + length, ": ", 2) == 0)
		error += length + 2;
	add_problem(work, path, error);
}

static int
compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* Process after process, by start; one process's by profile and number. */
static int
compare_candidates(const void *a, const void *b)
{
	const ArxHeapProcess *left = &((const Candidate *) a)->process;
	const ArxHeapProcess *right = &((const Candidate *) b)->process;
	int order = compare_numbers(left->start_us, right->start_us);

	if (order == 0)
		order = strcmp(left->host.data, right->host.data);
	if (order == 0)
		order = strcmp(left->boot_id.data, right->boot_id.data);
	if (order == 0)
		order = compare_numbers(left->pid_namespace, right->pid_namespace);
	if (order == 0)
		order = compare_numbers(left->pid, right->pid);
	if (order == 0)
		order =
			compare_numbers(left->profile_start_us, right->profile_start_us);
	if (order == 0)
		order = compare_numbers(left->sequence, right->sequence);
	if (order == 0)
		order = strcmp(((const Candidate *) a)->path,
					   ((const Candidate *) b)->path);
	return order;
}

/* Whose the files are, sorted; the array is the arena's. */
static size_t
find_candidates(Work *work, const char *const *paths, size_t npaths,
				Candidate *candidates)
{
	const ArxLeakOptions *options = work->options;
	size_t n = 0;

	for (size_t i = 0; i < npaths; i++)
	{
		const char *problem;

		if (!arx_snapshot_process(paths[i], work->arena, &candidates[n].process,
								  &problem))
			add_problem(work, paths[i], problem);
		else if (options->pid == 0 || candidates[n].process.pid == options->pid)
			candidates[n++].path =
				arx_arena_text(work->arena, paths[i], strlen(paths[i]));
		if (options->progress != NULL)
			options->progress(options->context, i + 1, npaths);
	}
	if (n > 1)
		qsort(candidates, n, sizeof(Candidate), compare_candidates);
	return n;
}

/* The latest file of the series that is sound; *n is cut to end with it. */
static ArxProfile *
load_latest(Work *work, const Candidate *candidates, size_t *n)
{
	ArxProfile *latest = NULL;

	while (*n > 0 && latest == NULL)
	{
		const char *error;

		latest = arx_profile_load(candidates[*n - 1].path, &error);
		if (latest == NULL)
		{
			add_load_problem(work, candidates[*n - 1].path, error);
			--*n;
		}
	}
	return latest;
}

/* Up to ARX_LEAK_MAX_HISTORY of the n candidates before the latest one. */
static size_t
load_history(Work *work, ArxLeakInput *input, const Candidate *candidates,
			 size_t n)
{
	size_t wanted = n < ARX_LEAK_MAX_HISTORY ? n : ARX_LEAK_MAX_HISTORY;
	size_t loaded = 0;

	for (size_t i = 0; i < wanted; i++)
	{
		const char *path = candidates[i * n / wanted].path;
		const char *error;
		ArxProfile *earlier = arx_profile_load(path, &error);

		if (earlier == NULL)
		{
			add_load_problem(work, path, error);
			continue;
		}
		arx_leak_input_history(input, earlier);
		arx_profile_free(earlier);
		loaded++;
	}
	return loaded;
}

static int
compare_entries(const void *a, const void *b)
{
	const ArxLeakEntry *left = a;
	const ArxLeakEntry *right = b;
	double more;

	if (left->finding.verdict != right->finding.verdict)
		return left->finding.verdict > right->finding.verdict ? -1 : 1;
	more = right->finding.bytes_per_hour - left->finding.bytes_per_hour;
	if (more == 0)
		more = right->finding.live_bytes - left->finding.live_bytes;
	if (more != 0)
		return more > 0 ? 1 : -1;
	return compare_numbers(left->site->id, right->site->id);
}

/* One entry for each site that is not in a group, and for each group. */
static void
judge_sites(Work *work, const ArxLeakInput *input, ArxLeakSeries *series)
{
	ArxLeakParameters parameters = work->options->parameters;
	const ArxProfile *latest = series->latest;

	if (latest->process.interval_ms > 0)
		parameters.interval = (double) latest->process.interval_ms / 1000;
	parameters.current_bytes = (double) latest->ledger[ARX_HEAP_LEDGER_RSS];
	series->nentries =
		arx_leak_entries(input, &parameters, work->arena, &series->entries);
	if (series->nentries > 1)
		qsort(series->entries, series->nentries, sizeof(ArxLeakEntry),
			  compare_entries);
}

/*
 * A program that cleans up before it ends has freed its leaks by then.  So the
 * snapshot at its exit counts only when none before it is nearly as old.
 */
static size_t
skip_exit(const Candidate *candidates, size_t n)
{
	const ArxHeapProcess *last = &candidates[n - 1].process;

	if (n > 1 && last->reason == ARX_HEAP_REASON_EXIT &&
		(double) candidates[n - 2].process.elapsed_ms >=
			NEARLY * (double) last->elapsed_ms)
		return n - 1;
	return n;
}

/* One profile of one process, by number; a number twice is one snapshot. */
static void
add_series(Work *work, Candidate *candidates, size_t n)
{
	ArxLeakReport *report = work->report;
	ArxLeakSeries *series;
	ArxProfile *latest;
	ArxLeakInput input;
	size_t unique = 0;
	size_t skipped;

	for (size_t i = 0; i < n; i++)
		if (unique == 0 ||
			candidates[unique - 1].process.sequence !=
				candidates[i].process.sequence)
			candidates[unique++] = candidates[i];
	skipped = unique - skip_exit(candidates, unique);
	unique -= skipped;
	latest = load_latest(work, candidates, &unique);
	if (latest == NULL)
		return;
	report->series = arx_array_grow(report->series, report->nseries,
									&work->series_room, sizeof(ArxLeakSeries));
	series = &report->series[report->nseries++];
	memset(series, 0, sizeof(*series));
	series->latest = latest;
	series->nsnapshots = unique + skipped;
	arx_profile_symbolize(latest, work->options->symbolizer);
	arx_leak_input_begin(&input, latest, ARX_LEAK_MAX_HISTORY, work->arena);
	series->nhistory = load_history(work, &input, candidates, unique - 1);
	judge_sites(work, &input, series);
}

/* Of a process's candidates, those of its last profile. */
static size_t
skip_older_profiles(const Candidate *candidates, size_t n)
{
	uint64_t last = candidates[n - 1].process.profile_start_us;
	size_t first = 0;

	while (candidates[first].process.profile_start_us != last)
		first++;
	return first;
}

ArxLeakReport *
arx_leak_report(const char *const *paths, size_t npaths,
				const ArxLeakOptions *options)
{
	ArxProfileArena *arena = arx_arena_new();
	ArxLeakReport *report = arx_arena_get(arena, 1, sizeof(ArxLeakReport));
	Work work = {.options = options, .report = report, .arena = arena};
	Candidate *candidates = arx_arena_get(arena, npaths, sizeof(Candidate));
	size_t n = find_candidates(&work, paths, npaths, candidates);

	report->arena = arena;
	for (size_t i = 0, end; i < n; i = end)
	{
		size_t first;

		for (end = i + 1; end < n; end++)
			if (!arx_profile_same_process(&candidates[i].process,
										  &candidates[end].process))
				break;
		first = i + skip_older_profiles(&candidates[i], end - i);
		add_series(&work, &candidates[first], end - first);
	}
	return report;
}

void
arx_leak_report_free(ArxLeakReport *report)
{
	if (report == NULL)
		return;
	for (size_t i = 0; i < report->nseries; i++)
		arx_profile_free(report->series[i].latest);
	free(report->series);
	free(report->problems);
	arx_arena_free(report->arena);
}
