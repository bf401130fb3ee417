/*
 * command_flame.c
 *	  arxheap flame: a flame graph in one file.
 */
#include <string.h>
#include <strings.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/json_print.h"
#include "cli/output_file.h"
#include "cli/profile_open.h"
#include "cli/text_print.h"
#include "exporters/profile_export.h"

const char arx_help_flame[] =
	"usage: arxheap flame [options] [FILE|DIR|PID]\n"
	"\n"
	"Draws the live heap as a flame graph: one box a function, as wide as what was\n"
	"allocated below it.  The file stands alone; open it in a browser.  The name's\n"
	"end decides: .svg, or .html with search and zoom.\n"
	"\n"
	"  -o, --output FILE        where to (default heap.html; - is stdout, SVG)\n"
	"  -d, --diff EARLIER       draw the change since this snapshot of the same\n"
	"                           process, coloured by sign\n"
	"      --title TEXT         the heading\n"
	"      --pid PID            of a folder: this process\n"
	"      --json               say in JSON what was written\n" ARX_SYMBOL_HELP
		ARX_COMMON_HELP "\n"
	"examples:\n"
	"  arxheap flame -o heap.html\n"
	"  arxheap flame 4711 -o now.svg\n"
	"  arxheap flame --diff before.arxheap after.arxheap -o growth.html\n";

typedef struct FlameOptions
{
	ArxSymbolChoice symbols;
	const char *output;
	const char *diff;
	const char *title;
	uint64_t pid;
	bool json;
} FlameOptions;

static bool
has_suffix(const char *text, const char *suffix)
{
	size_t length = strlen(text);

	return length >= strlen(suffix) &&
		strcasecmp(text + length - strlen(suffix), suffix) == 0;
}

static const char *
default_title(char *buffer, size_t size, const ArxProfile *profile)
{
	const char *base = strrchr(profile->process.executable.data, '/');
	char taken[ARX_TEXT_MAX];

	snprintf(buffer, size, "%s %llu, %s, %s",
			 base ? base + 1 : profile->process.executable.data,
			 (unsigned long long) profile->process.pid,
			 profile->is_diff ? "change of the live heap" : "live heap",
			 arx_text_time(taken, profile->process.taken_us));
	return buffer;
}

static bool
draw(const ArxProfile *profile, const FlameOptions *o)
{
	ArxOutputFile output;
	char title[512];
	const char *heading =
		o->title ? o->title : default_title(title, sizeof(title), profile);
	bool html = has_suffix(o->output, ".html") || has_suffix(o->output, ".htm");

	if (!arx_output_open(&output, o->output))
		return false;
	return arx_output_close(
		&output,
		html ? arx_export_flame_html(profile, heading, output.stream)
			 : arx_export_flame_svg(profile, heading, output.stream));
}

static bool
draw_diff(const ArxProfile *later, const FlameOptions *o,
		  ArxSymbolizer *symbolizer)
{
	ArxProfile *earlier = arx_open_profile(o->diff, symbolizer);
	const char *error = "out of memory";
	ArxProfile *diff =
		earlier ? arx_profile_diff(earlier, later, &error) : NULL;
	bool done = diff && draw(diff, o);

	if (earlier && !diff)
		arx_say_error(
			"give two snapshots of one process, the earlier one to --diff",
			"%s", error);
	arx_profile_free(diff);
	arx_profile_free(earlier);
	return done;
}

static void
say_written(const FlameOptions *o, const ArxProfile *profile)
{
	ArxJson json;

	if (strcmp(o->output, "-") == 0)
		return;
	if (!o->json)
	{
		printf("wrote %s\n", o->output);
		return;
	}
	arx_json_begin(&json, stdout);
	arx_json_open(&json, NULL, '{');
	arx_json_text(&json, "output", o->output);
	arx_json_text(&json, "snapshot", profile->path);
	arx_json_close(&json);
}

int
arx_command_flame(int argc, char **argv)
{
	FlameOptions o = {.output = "heap.html"};
	const ArxOption options[] = {{"output", 'o', ARX_OPTION_TEXT, &o.output},
								 {"diff", 'd', ARX_OPTION_TEXT, &o.diff},
								 {"title", 0, ARX_OPTION_TEXT, &o.title},
								 {"pid", 0, ARX_OPTION_NUMBER, &o.pid},
								 {"json", 0, ARX_OPTION_FLAG, &o.json},
								 ARX_SYMBOL_OPTIONS(o.symbols),
								 {0}};
	ArxSymbolizer *symbolizer;
	ArxProfile *profile;
	bool done = false;
	int first;
	int status;

	if (!arx_options_parse(argc, argv, options, 0, 1, &first, &status))
		return status;
	symbolizer = arx_choose_symbols(&o.symbols);
	profile = arx_open_newest(argv[first], o.pid, symbolizer);
	if (profile)
		done = o.diff ? draw_diff(profile, &o, symbolizer) : draw(profile, &o);
	if (done)
		say_written(&o, profile);
	arx_profile_free(profile);
	arx_symbolizer_free(symbolizer);
	return arx_finish_output(done ? ARX_EXIT_OK : ARX_EXIT_FAILED);
}
