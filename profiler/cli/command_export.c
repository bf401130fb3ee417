/*
 * command_export.c
 *	  arxheap export: a snapshot in the formats of other tools.
 */
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/json_print.h"
#include "cli/output_file.h"
#include "cli/profile_open.h"
#include "exporters/profile_export.h"

const char arx_help_export[] =
	"usage: arxheap export [options] [FILE|DIR|PID]\n"
	"\n"
	"Converts a snapshot for other tools.\n"
	"\n"
	"  -f, --format FORMAT      pprof       profile.proto, gzip (default)\n"
	"                           folded      \"root;caller;site bytes\", a line a stack\n"
	"                           speedscope  JSON of speedscope\n"
	"  -o, --output FILE        where to (default stdout)\n"
	"      --pid PID            of a folder: this process\n"
	"      --json               say in JSON what was written (needs --output)\n" ARX_SYMBOL_HELP
		ARX_COMMON_HELP "\n"
	"examples:\n"
	"  arxheap export -o heap.pb.gz && go tool pprof -http : heap.pb.gz\n"
	"  arxheap export 4711 -f folded | sort -k2 -n\n"
	"  arxheap export -f speedscope -o heap.speedscope.json\n";

typedef struct ExportFormat
{
	const char *name;
	bool (*write)(const ArxProfile *profile, FILE *out);
	bool binary;
} ExportFormat;

static const ExportFormat formats[] = {
	{"pprof", arx_export_pprof, true},
	{"folded", arx_export_folded, false},
	{"speedscope", arx_export_speedscope, false}};

typedef struct ExportOptions
{
	ArxSymbolChoice symbols;
	const char *format;
	const char *output;
	uint64_t pid;
	bool json;
} ExportOptions;

/* The format of this name; NULL after an error was said. */
static const ExportFormat *
find_format(const ExportOptions *o)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
	{
		if (strcmp(formats[i].name, o->format) != 0)
			continue;
		if (formats[i].binary && strcmp(o->output, "-") == 0 &&
			isatty(STDOUT_FILENO))
			arx_say_error("give --output FILE, or redirect",
						  "will not write %s to a terminal", o->format);
		else if (o->json && strcmp(o->output, "-") == 0)
			arx_say_error("see: arxheap export --help",
						  "--json needs --output");
		else
			return &formats[i];
		return NULL;
	}
	arx_say_error("formats: pprof, folded, speedscope", "no format \"%.60s\"",
				  o->format);
	return NULL;
}

static bool
write_profile(const ArxProfile *profile, const ExportFormat *format,
			  const ExportOptions *o)
{
	ArxOutputFile output;
	ArxJson json;

	if (!arx_output_open(&output, o->output) ||
		!arx_output_close(&output, format->write(profile, output.stream)))
		return false;
	if (o->json)
	{
		arx_json_begin(&json, stdout);
		arx_json_open(&json, NULL, '{');
		arx_json_text(&json, "output", o->output);
		arx_json_text(&json, "format", format->name);
		arx_json_text(&json, "snapshot", profile->path);
		arx_json_close(&json);
	}
	return true;
}

int
arx_command_export(int argc, char **argv)
{
	ExportOptions o = {.format = "pprof", .output = "-"};
	const ArxOption options[] = {{"format", 'f', ARX_OPTION_TEXT, &o.format},
								 {"output", 'o', ARX_OPTION_TEXT, &o.output},
								 {"pid", 0, ARX_OPTION_NUMBER, &o.pid},
								 {"json", 0, ARX_OPTION_FLAG, &o.json},
								 ARX_SYMBOL_OPTIONS(o.symbols),
								 {0}};
	const ExportFormat *format;
	ArxSymbolizer *symbolizer;
	ArxProfile *profile;
	bool done;
	int first;
	int status;

	if (!arx_options_parse(argc, argv, options, 0, 1, &first, &status))
		return status;
	format = find_format(&o);
	if (!format)
		return ARX_EXIT_USAGE;
	symbolizer = arx_choose_symbols(&o.symbols);
	profile = arx_open_newest(argv[first], o.pid, symbolizer);
	done = profile && write_profile(profile, format, &o);
	arx_profile_free(profile);
	arx_symbolizer_free(symbolizer);
	return arx_finish_output(done ? ARX_EXIT_OK : ARX_EXIT_FAILED);
}
