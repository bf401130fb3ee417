/*
 * command_symbolize.c
 *	  arxheap symbolize: puts names into snapshots, for machines without symbols.
 */
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/json_print.h"
#include "cli/profile_open.h"
#include "cli/snapshot_names.h"
#include "cli/text_print.h"

const char arx_help_symbolize[] =
	"usage: arxheap symbolize [options] FILE|DIR|PID\n"
	"\n"
	"Writes the names of functions, files and lines into snapshots, so that they\n"
	"can be read where the programs and their debug files are not.  Found by build\n"
	"id, in the program, in separate debug files, and with --debuginfod from\n"
	"servers.  A file is replaced as a whole; all its other bytes stay the same.\n"
	"\n"
	"      --pid PID            of a folder: only this process\n"
	"      --json               for programs\n" ARX_SYMBOL_HELP ARX_COMMON_HELP
	"\n"
	"examples:\n"
	"  arxheap symbolize /tmp/arxheap-1000\n"
	"  arxheap symbolize snap.arxheap --debug-dir ./debug\n"
	"  arxheap symbolize 4711 --root /proc/4711/root      a program in a container\n";

typedef struct SymbolizeOptions
{
	ArxSymbolChoice symbols;
	uint64_t pid;
	bool json;
} SymbolizeOptions;

/* All files; the number of those that could not be done. */
static size_t
symbolize_files(const ArxSnapshotList *list, ArxSymbolizer *symbolizer,
				bool as_json)
{
	size_t failed = 0;
	ArxJson json;

	arx_json_begin(&json, stdout);
	if (as_json)
		arx_json_open(&json, NULL, '[');
	for (size_t i = 0; i < list->count; i++)
	{
		ArxNameCount count;
		char clean[1024];
		bool done;

		arx_progress("symbolizing %zu of %zu", i + 1, list->count);
		done = arx_snapshot_add_names(list->files[i].path, symbolizer, &count);
		failed += !done;
		if (!done)
			continue;
		if (as_json)
		{
			arx_json_open(&json, NULL, '{');
			arx_json_text(&json, "snapshot", list->files[i].path);
			arx_json_integer(&json, "named", (int64_t) count.named);
			arx_json_integer(&json, "nameless", (int64_t) count.nameless);
			arx_json_close(&json);
		}
		else
			printf("%s: %zu of %zu addresses have names\n",
				   arx_text_clean(clean, sizeof(clean), list->files[i].path),
				   count.named, count.named + count.nameless);
	}
	if (as_json)
		arx_json_close(&json);
	return failed;
}

int
arx_command_symbolize(int argc, char **argv)
{
	SymbolizeOptions o = {.pid = 0};
	const ArxOption options[] = {{"pid", 0, ARX_OPTION_NUMBER, &o.pid},
								 {"json", 0, ARX_OPTION_FLAG, &o.json},
								 ARX_SYMBOL_OPTIONS(o.symbols),
								 {0}};
	ArxSymbolizer *symbolizer;
	ArxSnapshotList list;
	int first;
	int status;

	if (!arx_options_parse(argc, argv, options, 1, 1, &first, &status))
		return status;
	status = ARX_EXIT_FAILED;
	symbolizer = arx_choose_symbols(&o.symbols);
	if (arx_snapshots_resolve(argv[first], o.pid, &list) &&
		symbolize_files(&list, symbolizer, o.json) == 0)
		status = ARX_EXIT_OK;
	arx_snapshots_free(&list);
	arx_symbolizer_free(symbolizer);
	return arx_finish_output(status);
}
