/*
 * flame_render.c
 *	  The parts that a flame graph in SVG and one in HTML have in common.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "exporters/flame_render.h"
#include "exporters/json_text.h"

#define CHARACTER_WIDTH 6.6 /* of the font of the boxes */
#define TEXT_MARGIN 3.0

/* Light enough for black letters; by module, so that libraries are seen. */
static const uint8_t module_colours[][3] = {
	{253, 190, 110}, {247, 163, 124}, {244, 211, 122}, {232, 176, 150},
	{214, 206, 130}, {250, 202, 172}, {190, 208, 140}, {240, 170, 170}};

static unsigned
hash_text(const char *text)
{
	unsigned hash = 2166136261u;

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char) *text) * 16777619u;
	return hash ^ hash >> 15;
}

static void
print_plain_colour(FILE *out, const ArxFlameBox *box)
{
	size_t n = sizeof(module_colours) / sizeof(module_colours[0]);
	const uint8_t *colour = module_colours[hash_text(box->module) % n];
	int shade = (int) (hash_text(box->name) % 17) - 8;

	if (box->depth == 0)
		fputs("#d5d8dc", out);
	else if (!box->named)
		fputs("#c9ccd1", out);
	else
		fprintf(out, "#%02x%02x%02x",
				colour[0] + shade > 255 ? 255 : colour[0] + shade,
				colour[1] + shade, colour[2] + shade);
}

/* From white to red when it grew, to blue when it shrank. */
static void
print_change_colour(FILE *out, const ArxFlame *flame, const ArxFlameBox *box)
{
	static const int grown[3] = {236, 96, 82};
	static const int shrunk[3] = {96, 156, 222};
	const int *target = box->bytes < 0 ? shrunk : grown;
	double depth = 0;

	if (flame->largest > 0)
		depth = fmin(1, sqrt(fabs(box->bytes) / flame->largest));
	fputc('#', out);
	for (int i = 0; i < 3; i++)
		fprintf(out, "%02x", (int) (245 + (target[i] - 245) * depth + 0.5));
}

void
arx_flame_print_bytes(FILE *out, double bytes, bool change)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	double size = fabs(bytes);
	int unit = 0;

	while (size >= 1023.5 && unit < 5)
	{
		size /= 1024;
		unit++;
	}
	if (bytes < 0 || change)
		fputs(bytes < 0 ? "\xe2\x88\x92" : "+", out);
	fprintf(out, unit > 0 && size < 99.95 ? "%.1f %s" : "%.0f %s", size,
			units[unit]);
}

void
arx_flame_print_amount(FILE *out, const ArxProfile *profile,
					   const ArxFlameBox *box)
{
	arx_flame_print_bytes(out, box->bytes, profile->is_diff);
	if (box->interval.low == box->interval.high)
	{
		fputs(", exact", out);
		return;
	}
	fputs(" (95 %: ", out);
	arx_flame_print_bytes(out, box->interval.low, profile->is_diff);
	fputs(" to ", out);
	arx_flame_print_bytes(out, box->interval.high, profile->is_diff);
	fprintf(out,
			profile->is_diff ? "), %+" PRId64 " samples"
							 : "), %" PRId64 " samples",
			box->samples);
}

void
arx_flame_print_subject(FILE *out, const ArxProfile *profile,
						const ArxFlame *flame)
{
	time_t taken = (time_t) (profile->process.taken_us / 1000000);
	struct tm parts;
	char when[64] = "";

	if (gmtime_r(&taken, &parts) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &parts);
	arx_xml_escape(out, profile->process.command.data);
	fprintf(out, ", process %" PRIu64 " on ", profile->process.pid);
	arx_xml_escape(out, profile->process.host.data);
	fprintf(out, ", %s: ", when);
	arx_flame_print_amount(out, profile, &flame->boxes[0]);
	if (flame->nleft_out > 0)
		fprintf(out, "; %zu calls too small to be seen", flame->nleft_out);
}

/* As much of a name as there is room for, cut between characters. */
static void
print_cut(FILE *out, const char *name, double width)
{
	char text[256];
	double room = (width - 2 * TEXT_MARGIN) / CHARACTER_WIDTH;
	size_t left = strlen(name);
	size_t used = 0;
	int shown = 0;

	while (left > 0 && shown + 1 < room && used + 8 < sizeof(text))
	{
		size_t step = arx_character_bytes(name, left);

		step = step > 0 ? step : 1;
		if (shown + 2 > room && left > step)
			break;
		memcpy(text + used, name, step);
		used += step;
		name += step;
		left -= step;
		shown++;
	}
	if (shown < 2)
		return;
	text[used] = '\0';
	arx_xml_escape(out, text);
	if (left > 0)
		fputs("\xe2\x80\xa6", out);
}

/* Name, place, amount, share: what is shown beside the pointer. */
static void
print_description(FILE *out, const ArxProfile *profile, const ArxFlameBox *box)
{
	arx_xml_escape(out, box->name);
	if (box->file != NULL)
	{
		fputc('\n', out);
		arx_xml_escape(out, box->file);
		if (box->line > 0)
			fprintf(out, ":%u", box->line);
	}
	if (box->module[0] != '\0')
	{
		fputc('\n', out);
		arx_xml_escape(out, box->module);
	}
	fputc('\n', out);
	arx_flame_print_amount(out, profile, box);
	fprintf(out, ", %.1f %% of %s", 100 * box->width,
			profile->is_diff ? "all changes" : "all");
}

static void
print_box(FILE *out, const ArxProfile *profile, const ArxFlame *flame,
		  size_t number, int top)
{
	const ArxFlameBox *box = &flame->boxes[number];
	double x = box->x * ARX_FLAME_WIDTH;
	double width = box->width * ARX_FLAME_WIDTH;
	int y = top + (int) box->depth * ARX_FLAME_ROW;

	fprintf(out,
			"<g class=\"b\" role=\"button\" tabindex=\"%d\" data-d=\"%" PRIu32
			"\" data-x=\"%.3f\" data-w=\"%.3f\"><title>",
			number == 0 ? 0 : -1, box->depth, x, width);
	print_description(out, profile, box);
	fprintf(out,
			"</title><rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" "
			"rx=\"1.5\" fill=\"",
			x, y, fmax(width - 0.6, 0.1), ARX_FLAME_ROW - 1);
	if (profile->is_diff)
		print_change_colour(out, flame, box);
	else
		print_plain_colour(out, box);
	fprintf(out, "\"/><text x=\"%.2f\" y=\"%d\">", x + TEXT_MARGIN, y + 13);
	print_cut(out, box->name, width);
	fputs("</text></g>\n", out);
}

void
arx_flame_print_boxes(FILE *out, const ArxProfile *profile,
					  const ArxFlame *flame, int top)
{
	fputs("<g id=\"boxes\">\n", out);
	for (size_t i = 0; i < flame->nboxes; i++)
		print_box(out, profile, flame, i, top);
	fputs("</g>\n", out);
}
