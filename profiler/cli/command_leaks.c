/*
 * command_leaks.c
 *	  arxheap leaks: a verdict on each allocation site, with its evidence.
 */
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/leak_print.h"
#include "cli/process_find.h"
#include "cli/profile_open.h"

const char arx_help_leaks[] =
	"usage: arxheap leaks [options] [DIR|PID|FILE]\n"
	"\n"
	"Judges each allocation site by how long its blocks live, not by how the heap\n"
	"grows.  A leak keeps a share of whatever it allocates for ever; a cache that is\n"
	"full loses its old blocks; start-up data has old blocks only.  Verdicts:\n"
	"\n"
	"  leak                 blocks of all ages survive, and none of the old ones die\n"
	"  suspect              looks like a leak, the evidence is not yet enough\n"
	"  bounded cache        old blocks are being freed, or no more are kept\n"
	"  warm-up              allocated at the start, nothing since\n"
	"  churn                blocks die young\n"
	"  not enough samples   wait, or sample more densely (arxheap arm PID --sample 64k)\n"
	"\n"
	"Each comes with its evidence in words; leaks with a rate in bytes per hour, its\n"
	"95 % interval, and the time until the memory limit.  All snapshots of a process\n"
	"are used.  Shown are suspects and leaks, unless asked for more.\n"
	"\n"
	"  -a, --all                all verdicts\n"
	"      --min-verdict NAME   this verdict and worse ones (default suspect)\n"
	"      --fail               exit with status 3 when there is a leak\n"
	"      --limit BYTES        memory limit (default: that of the control group, or\n"
	"                           the machine's memory)\n"
	"  -s, --stacks             whole stacks of all, not only of leaks\n"
	"      --pid PID            of a folder: only this process\n"
	"      --json               for programs: an array, one object a site\n" ARX_SYMBOL_HELP
		ARX_COMMON_HELP "\n"
	"examples:\n"
	"  arxheap leaks                        all processes of the default folder\n"
	"  arxheap leaks 4711 --all             everything about one process\n"
	"  arxheap leaks profiles/ --fail       in a test: status 3 when something leaks\n"
	"  arxheap leaks --json | jq '.[] | {verdict, function, bytes_per_hour}'\n";

typedef struct LeakOptions
{
	ArxSymbolChoice symbols;
	const char *least;
	uint64_t limit;
	uint64_t pid;
	bool all;
	bool fail;
	bool stacks;
	bool json;
} LeakOptions;

/* A verdict by its name, "-" or "_" for blanks; false when there is none. */
static bool
find_verdict(const char *name, ArxLeakVerdict *verdict)
{
	char plain[40];

	snprintf(plain, sizeof(plain), "%s", name);
	for (char *at = plain; *at; at++)
		if ((*at == '-' && strncmp(plain, "warm", 4) != 0) || *at == '_')
			*at = ' ';
	for (int v = 0; v <= ARX_LEAK_LEAK; v++)
		if (strcmp(plain, arx_leak_verdict_name(v)) == 0)
		{
			*verdict = v;
			return true;
		}
	arx_say_error(
		"one of: leak, suspect, bounded-cache, warm-up, churn, not-enough-samples",
		"no verdict \"%.60s\"", name);
	return false;
}

/* Judges and prints; returns the exit status. */
static int
judge(const ArxSnapshotList *list, const LeakOptions *o, ArxLeakVerdict least)
{
	ArxLeakOptions options = {.pid = 0};
	ArxLeakReport *report;
	int status;

	arx_leak_defaults(&options.parameters);
	options.parameters.limit_bytes =
		o->limit ? (double) o->limit : arx_memory_limit(o->pid);
	options.symbolizer = arx_choose_symbols(&o->symbols);
	report = arx_judge_files(list, &options);
	status = report->nseries > 0 ? ARX_EXIT_OK : ARX_EXIT_FAILED;
	if (status == ARX_EXIT_FAILED)
		arx_say_error("arxheap inspect FILE tells what is wrong with one",
					  "none of the snapshots could be used");
	else if (o->json)
		arx_json_leaks(stdout, &(ArxLeakView){report, least, o->stacks});
	else
		arx_print_leaks(stdout, &(ArxLeakView){report, least, o->stacks});
	if (status == ARX_EXIT_OK && o->fail &&
		arx_has_verdict(report, ARX_LEAK_LEAK))
		status = ARX_EXIT_LEAK;
	arx_leak_report_free(report);
	arx_symbolizer_free(options.symbolizer);
	return status;
}

int
arx_command_leaks(int argc, char **argv)
{
	LeakOptions o = {.least = "suspect"};
	const ArxOption options[] = {{"all", 'a', ARX_OPTION_FLAG, &o.all},
								 {"min-verdict", 0, ARX_OPTION_TEXT, &o.least},
								 {"fail", 0, ARX_OPTION_FLAG, &o.fail},
								 {"limit", 0, ARX_OPTION_BYTES, &o.limit},
								 {"stacks", 's', ARX_OPTION_FLAG, &o.stacks},
								 {"pid", 0, ARX_OPTION_NUMBER, &o.pid},
								 {"json", 0, ARX_OPTION_FLAG, &o.json},
								 ARX_SYMBOL_OPTIONS(o.symbols),
								 {0}};
	ArxLeakVerdict least = ARX_LEAK_NOT_ENOUGH_SAMPLES;
	ArxSnapshotList list;
	ArxProcess process;
	int first;
	int status;

	if (!arx_options_parse(argc, argv, options, 0, 1, &first, &status))
		return status;
	if (!o.all && !find_verdict(o.least, &least))
		return ARX_EXIT_USAGE;
	status = ARX_EXIT_FAILED;
	if (arx_snapshots_resolve(argv[first], o.pid, &list))
	{
		/* The limit is that of the running process, if it was named. */
		if (argv[first] && !o.pid && arx_parse_number(argv[first], &o.pid) &&
			!arx_process_find(o.pid, &process, NULL))
			o.pid = 0;
		status = judge(&list, &o, least);
	}
	arx_snapshots_free(&list);
	return arx_finish_output(status);
}
