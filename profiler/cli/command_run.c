/*
 * command_run.c
 *	  arxheap run: starts a program under the profiler and tells what it saw.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/child_process.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/leak_print.h"
#include "cli/profile_open.h"
#include "cli/program_check.h"
#include "cli/snapshot_names.h"

/* Processes of one run that are summed up at its end. */
#define MOST_SUMMARIES 8

const char arx_help_run[] =
	"usage: arxheap run [options] -- PROGRAM [ARGS]\n"
	"\n"
	"Starts a program with the profiler preloaded, waits for it, and says in a few\n"
	"lines on stderr what leaked.  Signals sent to arxheap reach the program; the\n"
	"exit status is the program's, 128 + N when signal N ended it, and 2 when it\n"
	"could not be started.  Children of the program are profiled too, each into\n"
	"files of its own.\n"
	"\n"
	"A program that cannot be preloaded (statically linked, setuid, with another\n"
	"allocator linked in) runs unprofiled, and a note says why.\n"
	"\n"
	"      --sample BYTES       one sample in so many bytes on average (512k)\n"
	"      --interval TIME      between snapshots, e.g. 30, 500ms, 2m; 0: none (30)\n"
	"      --dir DIR            folder of the snapshots (/tmp/arxheap-UID)\n"
	"      --inert              preload but do not sample until arxheap arm PID\n"
	"      --only NAME          profile only programs of this name; may be repeated\n"
	"      --memory BYTES       for the profiler's own tables, at most (16M)\n"
	"      --depth N            functions of a stack, at most (128)\n"
	"      --keep BYTES         of snapshots of one process, at most (16M)\n"
	"      --runtime FILE       libarxheap.so, when it is not beside this command\n"
	"      --strict             exit with status 2 rather than run unprofiled\n"
	"      --exec               become the program instead of waiting for it (for\n"
	"                           supervisors and as process 1); no summary\n"
	"      --no-report          no summary\n"
	"      --json               the summary as JSON, as from leaks --json\n" ARX_SYMBOL_HELP
		ARX_COMMON_HELP "\n"
	"examples:\n"
	"  arxheap run -- ./server --port 8080\n"
	"  arxheap run --sample 64k --interval 5 -- ./small-tool input.txt\n"
	"  arxheap run --inert --exec -- node --perf-basic-prof server.js\n"
	"  arxheap run --only node -- npm start\n";

typedef struct RunOptions
{
	ArxSymbolChoice symbols;
	ArxTextList only;
	const char *dir;
	const char *runtime;
	uint64_t sample;
	uint64_t memory;
	uint64_t depth;
	uint64_t keep;
	double interval;
	bool inert;
	bool strict;
	bool exec;
	bool no_report;
	bool json;
} RunOptions;

#define UNSET UINT64_MAX

static void
set_number(const char *name, uint64_t value)
{
	char text[32];

	if (value == UNSET)
		return;
	snprintf(text, sizeof(text), "%llu", (unsigned long long) value);
	setenv(name, text, 1);
}

/* LD_PRELOAD with the runtime in front of what was there. */
static void
set_preload(const char *runtime)
{
	const char *before = getenv("LD_PRELOAD");
	char *both = NULL;

	if (before && *before && asprintf(&both, "%s:%s", runtime, before) > 0)
		setenv("LD_PRELOAD", both, 1);
	else
		setenv("LD_PRELOAD", runtime, 1);
	free(both);
}

static void
set_only(const ArxTextList *only)
{
	char names[4096];
	size_t used = 0;

	for (size_t i = 0; i < only->count && used < sizeof(names); i++)
		used += (size_t) snprintf(names + used, sizeof(names) - used, "%s%s",
								  i ? ":" : "", only->items[i]);
	if (only->count)
		setenv("ARXHEAP_ONLY", names, 1);
}

/* The settings of the runtime, as its environment. */
static void
set_environment(const RunOptions *o, const char *runtime, const char *folder)
{
	char interval[32];

	set_preload(runtime);
	setenv("ARXHEAP_DIR", folder, 1);
	set_number("ARXHEAP_SAMPLE", o->sample);
	set_number("ARXHEAP_MEMORY", o->memory);
	set_number("ARXHEAP_DEPTH", o->depth);
	set_number("ARXHEAP_KEEP", o->keep);
	set_only(&o->only);
	if (o->interval >= 0)
	{
		snprintf(interval, sizeof(interval), "%.0fms", o->interval * 1000);
		setenv("ARXHEAP_INTERVAL", interval, 1);
	}
	if (o->inert)
		setenv("ARXHEAP_INERT", "1", 1);
}

/* The folder as an absolute path, made if need be. */
static bool
prepare_folder(const RunOptions *o, char *folder, size_t size)
{
	char given[4096];
	char *real;

	if (o->dir)
		snprintf(given, sizeof(given), "%s", o->dir);
	else
		arx_default_folder(given, sizeof(given));
	if (mkdir(given, 0700) != 0 && errno != EEXIST)
	{
		arx_say_error("name a folder that can be written with --dir",
					  "could not make folder \"%s\": %s", given,
					  strerror(errno));
		return false;
	}
	real = realpath(given, NULL);
	if (!real || access(real, W_OK | X_OK) != 0)
	{
		arx_say_error("name a folder that can be written with --dir",
					  "could not use folder \"%s\": %s", given,
					  strerror(errno));
		free(real);
		return false;
	}
	snprintf(folder, size, "%s", real);
	free(real);
	return true;
}

/*
 * Everything before the program starts.  False: return *status.  The program
 * may still run, unprofiled: then *folder is empty.
 */
static bool
prepare(const RunOptions *o, const char *program, char *folder, size_t size,
		int *status)
{
	ArxProgramCheck check;
	char runtime[4096];

	*status = ARX_EXIT_FAILED;
	folder[0] = '\0';
	arx_program_check(program, &check);
	if (!check.found)
	{
		arx_say_error(NULL, "could not run \"%s\": %s", program,
					  strerror(errno));
		return false;
	}
	if (check.obstacle[0] && o->strict)
	{
		arx_say_error("without --strict it runs unprofiled",
					  "\"%s\" cannot be profiled: %s", program, check.obstacle);
		return false;
	}
	if (check.obstacle[0])
	{
		arx_say_note("\"%s\" runs unprofiled: %s", program, check.obstacle);
		return true;
	}
	if (!arx_runtime_find(o->runtime, runtime, sizeof(runtime)) ||
		!prepare_folder(o, folder, size))
		return false;
	set_environment(o, runtime, folder);
	return true;
}

static uint64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000;
}

/* The snapshots of one process, and what makes it worth a summary. */
typedef struct Series
{
	size_t first;
	size_t length;
	uint64_t bytes; /* of the newest one */
} Series;

/* Those that lived longest and hold most come first. */
static int
compare_series(const void *left, const void *right)
{
	const Series *a = left;
	const Series *b = right;

	if (a->length != b->length)
		return a->length > b->length ? -1 : 1;
	return a->bytes > b->bytes ? -1 : a->bytes < b->bytes;
}

/*
 * Keeps the files of processes that began since, of many the most telling
 * ones.  Returns how many such processes there were.
 */
static size_t
keep_new(ArxSnapshotList *list, uint64_t since_us)
{
	Series *series = calloc(list->count + 1, sizeof(*series));
	size_t nseries = 0;
	size_t kept = 0;

	for (size_t i = 0, n; series && i < list->count; i += n)
	{
		n = arx_snapshot_series(list, i);
		if (list->files[i].start_us >= since_us)
			series[nseries++] = (Series){i, n, list->files[i + n - 1].bytes};
	}
	if (nseries > 1)
		qsort(series, nseries, sizeof(*series), compare_series);
	for (size_t i = 0; i < list->count; i++)
	{
		bool keep = false;

		for (size_t s = 0; s < nseries && s < MOST_SUMMARIES; s++)
			keep = keep || i - series[s].first < series[s].length;
		if (keep)
			list->files[kept++] = list->files[i];
		else
			free(list->files[i].path);
	}
	list->count = kept;
	free(series);
	return nseries;
}

/* Writes names into the newest snapshot of each process. */
static void
name_newest(const ArxSnapshotList *list, ArxSymbolizer *symbolizer)
{
	for (size_t i = 0, n; i < list->count; i += n)
	{
		n = arx_snapshot_series(list, i);
		arx_snapshot_add_names(list->files[i + n - 1].path, symbolizer, NULL);
	}
}

/* Tells on stderr what was seen. */
static void
summarize(const RunOptions *o, const char *folder, uint64_t since_us)
{
	ArxSnapshotList list;
	ArxLeakOptions options = {.pid = 0};
	ArxLeakReport *report;
	size_t nseries;

	if (!arx_snapshots_of_folder(folder, &list))
		return;
	nseries = keep_new(&list, since_us);
	if (list.count == 0)
	{
		fprintf(stderr, "arxheap: no snapshot was written to %s\n", folder);
		arx_snapshots_free(&list);
		return;
	}
	arx_leak_defaults(&options.parameters);
	options.parameters.limit_bytes = arx_memory_limit(0);
	options.symbolizer = arx_choose_symbols(&o->symbols);
	if (options.symbolizer)
		name_newest(&list, options.symbolizer);
	report = arx_judge_files(&list, &options);
	if (o->json)
		arx_json_leaks(
			stderr, &(ArxLeakView){report, ARX_LEAK_NOT_ENOUGH_SAMPLES, false});
	for (size_t i = 0; !o->json && i < report->nseries; i++)
		arx_print_leak_summary(stderr, &report->series[i]);
	if (!o->json && nseries > MOST_SUMMARIES)
		fprintf(stderr,
				"arxheap: %zu more processes were profiled (arxheap list %s)\n",
				nseries - MOST_SUMMARIES, folder);
	if (!o->json)
		fprintf(
			stderr,
			"arxheap: snapshots are in %s; see arxheap report %s, arxheap leaks %s\n",
			folder, folder, folder);
	arx_leak_report_free(report);
	arx_symbolizer_free(options.symbolizer);
	arx_snapshots_free(&list);
}

int
arx_command_run(int argc, char **argv)
{
	RunOptions o = {.sample = UNSET,
					.memory = UNSET,
					.depth = UNSET,
					.keep = UNSET,
					.interval = -1};
	const ArxOption options[] = {
		{"sample", 0, ARX_OPTION_BYTES, &o.sample},
		{"interval", 0, ARX_OPTION_SECONDS, &o.interval},
		{"dir", 0, ARX_OPTION_TEXT, &o.dir},
		{"inert", 0, ARX_OPTION_FLAG, &o.inert},
		{"only", 0, ARX_OPTION_LIST, &o.only},
		{"memory", 0, ARX_OPTION_BYTES, &o.memory},
		{"depth", 0, ARX_OPTION_NUMBER, &o.depth},
		{"keep", 0, ARX_OPTION_BYTES, &o.keep},
		{"runtime", 0, ARX_OPTION_TEXT, &o.runtime},
		{"strict", 0, ARX_OPTION_FLAG, &o.strict},
		{"exec", 0, ARX_OPTION_FLAG, &o.exec},
		{"no-report", 0, ARX_OPTION_FLAG, &o.no_report},
		{"json", 0, ARX_OPTION_FLAG, &o.json},
		ARX_SYMBOL_OPTIONS(o.symbols),
		{0}};
	uint64_t since_us = now_us();
	char folder[4096];
	int first;
	int status;

	if (!arx_options_parse(argc, argv, options, 1, ARX_REST, &first, &status) ||
		!prepare(&o, argv[first], folder, sizeof(folder), &status))
		return status;
	if (o.exec)
	{
		arx_child_exec(argv + first);
		arx_say_error(NULL, "could not run \"%s\": %s", argv[first],
					  strerror(errno));
		return ARX_EXIT_FAILED;
	}
	if (!arx_child_run(argv + first, &status))
		return ARX_EXIT_FAILED;
	if (folder[0] && !o.no_report)
		summarize(&o, folder, since_us);
	return status;
}
