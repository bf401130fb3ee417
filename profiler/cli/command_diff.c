/*
 * command_diff.c
 *	  arxheap diff: what changed between two snapshots of one process.
 */
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/profile_open.h"
#include "cli/site_print.h"
#include "cli/text_print.h"

const char arx_help_diff[] =
	"usage: arxheap diff [options] EARLIER LATER\n"
	"       arxheap diff [options] DIR|PID\n"
	"\n"
	"Shows which call sites grew and shrank between two snapshots of one process,\n"
	"largest change first.  Of a folder or process: between its first snapshot and\n"
	"its newest.  What lives in both is the same samples, so only what was born\n"
	"and what died in between adds to the 95 % interval.\n"
	"\n"
	"Growth is no leak yet: arxheap leaks tells the two apart.\n"
	"\n"
	"      --all                show changes too that may be chance\n"
	"  -n, --top N              at most N sites (default 20, 0: all)\n"
	"      --callers N          callers shown beside each function (default 3)\n"
	"  -s, --stacks             whole stacks below the table\n"
	"      --pid PID            of a folder: this process\n"
	"      --json               for programs\n" ARX_SYMBOL_HELP ARX_COMMON_HELP
	"\n"
	"examples:\n"
	"  arxheap diff before.arxheap after.arxheap\n"
	"  arxheap diff 4711                    since process 4711 began\n"
	"  arxheap snapshot 4711; ./load-test; arxheap snapshot 4711; arxheap list\n";

typedef struct DiffOptions
{
	ArxSymbolChoice symbols;
	ArxSiteView view;
	uint64_t pid;
	bool json;
} DiffOptions;

/* Opens both ends; false after an error was said. */
static bool
open_both(char **arguments, int count, uint64_t pid, ArxSymbolizer *symbolizer,
		  ArxProfile *both[2])
{
	ArxSnapshotList list;
	size_t length;
	size_t first;

	if (count == 2)
	{
		both[0] = arx_open_profile(arguments[0], symbolizer);
		both[1] = both[0] ? arx_open_profile(arguments[1], symbolizer) : NULL;
		return both[1] != NULL;
	}
	if (arx_snapshots_resolve(arguments[0], pid, &list))
	{
		first = arx_snapshot_newest_series(&list, &length);
		if (length < 2)
			arx_say_error("arxheap snapshot PID takes another one",
						  "there is only one snapshot to compare");
		else
		{
			both[0] = arx_open_profile(list.files[first].path, symbolizer);
			both[1] = both[0]
				? arx_open_profile(list.files[first + length - 1].path,
								   symbolizer)
				: NULL;
		}
	}
	arx_snapshots_free(&list);
	return both[1] != NULL;
}

static void
print_diff(const ArxSiteView *view, const ArxProfile *earlier)
{
	char before[ARX_TEXT_MAX];
	char length[ARX_TEXT_MAX];
	double seconds = ((double) view->profile->process.elapsed_ms -
					  (double) earlier->process.elapsed_ms) /
		1000;

	arx_print_process(stdout, view->profile);
	printf("since snapshot %llu of %s, %s before\n\n",
		   (unsigned long long) earlier->process.sequence,
		   arx_text_time(before, earlier->process.taken_us),
		   arx_text_duration(length, seconds));
	arx_print_ledger(stdout, view->profile);
	fputc('\n', stdout);
	arx_print_sites(stdout, view);
	arx_print_mappings(stdout, view);
}

static void
print_diff_json(const ArxSiteView *view, const ArxProfile *earlier)
{
	ArxJson json;

	arx_json_begin(&json, stdout);
	arx_json_open(&json, NULL, '{');
	arx_json_open(&json, "earlier", '{');
	arx_json_process(&json, earlier);
	arx_json_close(&json);
	arx_json_open(&json, "later", '{');
	arx_json_process(&json, view->profile);
	arx_json_close(&json);
	arx_json_ledger(&json, view->profile);
	arx_json_sites(&json, view);
	arx_json_close(&json);
}

/* Compares two open profiles and prints; false after an error was said. */
static bool
compare_profiles(DiffOptions *o, ArxProfile *both[2])
{
	const char *error = "out of memory";
	ArxProfile *diff = arx_profile_diff(both[0], both[1], &error);
	char clean[1024];

	if (!diff)
	{
		arx_say_error(
			"give two snapshots of one process, the earlier one first", "%s",
			arx_text_clean(clean, sizeof(clean), error));
		return false;
	}
	o->view.profile = diff;
	if (o->json)
		print_diff_json(&o->view, both[0]);
	else
		print_diff(&o->view, both[0]);
	arx_profile_free(diff);
	return true;
}

int
arx_command_diff(int argc, char **argv)
{
	DiffOptions o = {.view = {.most = 20, .callers = 3}};
	const ArxOption options[] = {ARX_SITE_OPTIONS(o.view),
								 {"pid", 0, ARX_OPTION_NUMBER, &o.pid},
								 {"json", 0, ARX_OPTION_FLAG, &o.json},
								 ARX_SYMBOL_OPTIONS(o.symbols),
								 {0}};
	ArxProfile *both[2] = {NULL, NULL};
	ArxSymbolizer *symbolizer;
	bool done;
	int first;
	int status;

	if (!arx_options_parse(argc, argv, options, 1, 2, &first, &status))
		return status;
	symbolizer = arx_choose_symbols(&o.symbols);
	done = open_both(argv + first, argc - first, o.pid, symbolizer, both) &&
		compare_profiles(&o, both);
	arx_profile_free(both[0]);
	arx_profile_free(both[1]);
	arx_symbolizer_free(symbolizer);
	return arx_finish_output(done ? ARX_EXIT_OK : ARX_EXIT_FAILED);
}
