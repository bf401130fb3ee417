/*
 * export_speedscope.c
 *	  speedscope's file format: frames, and a sampled profile weighted in bytes.
 *
 * https://www.speedscope.app/file-format-schema.json.  Weights are not below
 * zero there, so of a difference two profiles are written: grown and shrunk.
 */
#include <inttypes.h>
#include <string.h>

#include "exporters/export_stack.h"
#include "exporters/intern_table.h"
#include "exporters/json_text.h"
#include "exporters/profile_export.h"

typedef struct Speedscope
{
	const ArxProfile *profile;
	FILE *out;
	ArxInternTable frames;
} Speedscope;

/* A frame is a function at a line; the key is all of it. */
static uint32_t
frame_number(Speedscope *scope, const char *name, const char *file,
			 unsigned line, bool *added)
{
	const char *key = arx_arena_format(scope->frames.arena, "%s\n%s\n%u", name,
									   file != NULL ? file : "", line);

	return arx_intern(&scope->frames, key, strlen(key), added);
}

static void
write_frame(Speedscope *scope, const char *name, const char *file,
			unsigned line)
{
	FILE *out = scope->out;
	bool added;

	if (frame_number(scope, name, file, line, &added) > 0 && added)
		fputs(",\n", out);
	if (!added)
		return;
	fputs("{\"name\":", out);
	arx_json_quote(out, name, strlen(name));
	if (file != NULL)
	{
		fputs(",\"file\":", out);
		arx_json_quote(out, file, strlen(file));
	}
	if (line > 0)
		fprintf(out, ",\"line\":%u", line);
	fputc('}', out);
}

static void
write_frames(Speedscope *scope)
{
	fputs("\"shared\":{\"frames\":[\n", scope->out);
	for (size_t i = 0; i < scope->profile->nsites; i++)
	{
		const ArxProfileSite *site = &scope->profile->sites[i];

		if (!arx_export_has(site))
			continue;
		if (arx_export_root(site) != NULL)
			write_frame(scope, arx_export_root(site), NULL, 0);
		if (site->nfunctions == 0)
			write_frame(scope, ARX_NO_STACK, NULL, 0);
		for (uint32_t j = 0; j < site->nfunctions; j++)
			write_frame(scope, site->functions[j]->name,
						site->functions[j]->file, site->functions[j]->line);
	}
	fputs("\n]},\n", scope->out);
}

static void
write_stack(Speedscope *scope, const ArxProfileSite *site)
{
	const char *separator = "";

	fputc('[', scope->out);
	if (arx_export_root(site) != NULL)
	{
		fprintf(scope->out, "%" PRIu32,
				frame_number(scope, arx_export_root(site), NULL, 0, NULL));
		separator = ",";
	}
	if (site->nfunctions == 0)
		fprintf(scope->out, "%s%" PRIu32, separator,
				frame_number(scope, ARX_NO_STACK, NULL, 0, NULL));
	for (uint32_t i = 0; i < site->nfunctions; i++, separator = ",")
		fprintf(scope->out, "%s%" PRIu32, separator,
				frame_number(scope, site->functions[i]->name,
							 site->functions[i]->file, site->functions[i]->line,
							 NULL));
	fputc(']', scope->out);
}

/* One profile of the sites whose bytes have this sign. */
static void
write_profile(Speedscope *scope, const char *name, int sign)
{
	const ArxProfile *profile = scope->profile;
	const char *separator = "";
	int64_t sum = 0;

	fprintf(scope->out,
			"{\"type\":\"sampled\",\"name\":\"%s\",\"unit\":\"bytes\","
			"\"startValue\":0,\n\"samples\":[\n",
			name);
	for (size_t i = 0; i < profile->nsites; i++)
	{
		int64_t bytes = sign * arx_export_round(profile->sites[i].bytes);

		if (!arx_export_has(&profile->sites[i]) || bytes <= 0)
			continue;
		fputs(separator, scope->out);
		write_stack(scope, &profile->sites[i]);
		separator = ",\n";
		sum += bytes;
	}
	fputs("],\n\"weights\":[", scope->out);
	separator = "";
	for (size_t i = 0; i < profile->nsites; i++)
	{
		int64_t bytes = sign * arx_export_round(profile->sites[i].bytes);

		if (!arx_export_has(&profile->sites[i]) || bytes <= 0)
			continue;
		fprintf(scope->out, "%s%" PRId64, separator, bytes);
		separator = ",";
	}
	fprintf(scope->out, "],\n\"endValue\":%" PRId64 "}", sum);
}

bool
arx_export_speedscope(const ArxProfile *profile, FILE *out)
{
	Speedscope scope = {.profile = profile, .out = out};

	scope.frames.arena = arx_arena_new();
	fputs("{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\","
		  "\n\"exporter\":\"arxheap\",\n\"name\":",
		  out);
	arx_json_quote(out, profile->process.command.data,
				   profile->process.command.length);
	fputs(",\n\"activeProfileIndex\":0,\n", out);
	write_frames(&scope);
	fputs("\"profiles\":[\n", out);
	write_profile(&scope, profile->is_diff ? "grown" : "live bytes", 1);
	if (profile->is_diff)
	{
		fputs(",\n", out);
		write_profile(&scope, "shrunk", -1);
	}
	fputs("]}\n", out);
	arx_arena_free(scope.frames.arena);
	return fflush(out) == 0 && !ferror(out);
}
