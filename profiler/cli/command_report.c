/*
 * command_report.c
 *	  arxheap report: who holds the memory of a snapshot.
 */
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/profile_open.h"
#include "cli/site_print.h"

const char arx_help_report[] =
	"usage: arxheap report [options] [FILE|DIR|PID]\n"
	"\n"
	"Shows what the resident memory consists of and which call sites hold the\n"
	"heap, largest first.  Of a folder or process the newest snapshot is taken;\n"
	"without an argument, of the default folder.\n"
	"\n"
	"Heap figures are estimates from samples, with their 95 % interval:\n"
	"\"12.5 ± 2.5 MiB\" from 25 samples.  Sites below three sampling intervals may\n"
	"be there by chance and are only summed up.  Mappings are exact.\n"
	"\n"
	"      --all                show small sites too\n"
	"  -n, --top N              at most N sites (default 20, 0: all)\n"
	"      --callers N          callers shown beside each function (default 3)\n"
	"  -s, --stacks             whole stacks below the table\n"
	"      --pid PID            of a folder: the newest snapshot of this process\n"
	"      --json               for programs\n" ARX_SYMBOL_HELP ARX_COMMON_HELP
	"\n"
	"examples:\n"
	"  arxheap report                       the newest snapshot there is\n"
	"  arxheap report 4711 --stacks -n 5    five sites of process 4711, in full\n"
	"  arxheap report snap.arxheap --json | jq '.sites[0]'\n";

typedef struct ReportOptions
{
	ArxSymbolChoice symbols;
	ArxSiteView view;
	uint64_t pid;
	bool json;
} ReportOptions;

static void
print_report(const ArxSiteView *view)
{
	arx_print_process(stdout, view->profile);
	fputc('\n', stdout);
	arx_print_ledger(stdout, view->profile);
	fputc('\n', stdout);
	arx_print_sites(stdout, view);
	arx_print_mappings(stdout, view);
	fputc('\n', stdout);
	arx_print_losses(stdout, view->profile);
}

static void
print_report_json(const ArxSiteView *view)
{
	ArxJson json;

	arx_json_begin(&json, stdout);
	arx_json_open(&json, NULL, '{');
	arx_json_process(&json, view->profile);
	arx_json_ledger(&json, view->profile);
	arx_json_sites(&json, view);
	arx_json_counters(&json, view->profile);
	arx_json_close(&json);
}

int
arx_command_report(int argc, char **argv)
{
	ReportOptions o = {.view = {.most = 20, .callers = 3}};
	const ArxOption options[] = {ARX_SITE_OPTIONS(o.view),
								 {"pid", 0, ARX_OPTION_NUMBER, &o.pid},
								 {"json", 0, ARX_OPTION_FLAG, &o.json},
								 ARX_SYMBOL_OPTIONS(o.symbols),
								 {0}};
	ArxSymbolizer *symbolizer;
	ArxProfile *profile;
	int first;
	int status;

	if (!arx_options_parse(argc, argv, options, 0, 1, &first, &status))
		return status;
	symbolizer = arx_choose_symbols(&o.symbols);
	profile = arx_open_newest(argv[first], o.pid, symbolizer);
	if (profile)
	{
		o.view.profile = profile;
		if (o.json)
			print_report_json(&o.view);
		else
			print_report(&o.view);
		arx_note_nameless(profile, symbolizer);
		arx_profile_free(profile);
	}
	arx_symbolizer_free(symbolizer);
	return arx_finish_output(profile ? ARX_EXIT_OK : ARX_EXIT_FAILED);
}
