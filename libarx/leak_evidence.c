/*
 * leak_evidence.c
 *	  Puts what a verdict rests on into one sentence.
 *
 * Without stdio, as all of libarx: numbers are written by hand, with about
 * three digits that count.  What does not fit is cut, never written past the
 * end.
 */
#include <math.h>
#include <string.h>

#include "libarx/leak_verdict.h"

typedef struct Text
{
	char *data;
	size_t size;
	size_t length;
} Text;

static void
add(Text *text, const char *words)
{
	size_t length = strlen(words);

	if (text->size == 0)
		return;
	if (length > text->size - 1 - text->length)
		length = text->size - 1 - text->length;
	memcpy(text->data + text->length, words, length);
	text->length += length;
	text->data[text->length] = '\0';
}

static void
add_count(Text *text, uint64_t number)
{
	char digits[24];
	char *first = digits + sizeof(digits) - 1;

	*first = '\0';
	do
		*--first = (char) ('0' + number % 10);
	while ((number /= 10) > 0);
	add(text, first);
}

/* 0.xyz as ".xyz", without zeros at the end */
static void
add_fraction(Text *text, uint64_t fraction, int decimals)
{
	char digits[16] = ".";

	if (fraction == 0)
		return;
	for (; fraction % 10 == 0; fraction /= 10)
		decimals--;
	digits[decimals + 1] = '\0';
	for (int i = decimals; i > 0; i--, fraction /= 10)
		digits[i] = (char) ('0' + fraction % 10);
	add(text, digits);
}

static void
add_number(Text *text, double number)
{
	int decimals = number >= 100 ? 0 : number >= 10 ? 1 : 2;
	uint64_t scale = 1;
	uint64_t scaled;

	if (!(number < 1e12))
	{
		add(text, "very many");
		return;
	}
	for (double small = number; small > 0 && small < 0.1 && decimals < 6;
		 small *= 10)
		decimals++;
	for (int i = 0; i < decimals; i++)
		scale *= 10;
	scaled = (uint64_t) (fmax(0, number) * (double) scale + 0.5);
	add_count(text, scaled / scale);
	add_fraction(text, scaled % scale, decimals);
}

static void
add_bytes(Text *text, double bytes)
{
	static const char *const units[] = {" B", " KiB", " MiB", " GiB", " TiB"};
	int unit = 0;

	for (; bytes >= 1024 && unit < 4; unit++)
		bytes /= 1024;
	add_number(text, bytes);
	add(text, units[unit]);
}

static void
add_time(Text *text, double seconds)
{
	if (seconds < 100)
	{
		add_number(text, seconds);
		add(text, " s");
	}
	else if (seconds < 6000)
	{
		add_number(text, seconds / 60);
		add(text, " min");
	}
	else if (seconds < 48 * 3600)
	{
		add_number(text, seconds / 3600);
		add(text, " h");
	}
	else
	{
		add_number(text, seconds / 86400);
		add(text, " days");
	}
}

static void
add_survivors(Text *text, const ArxLeakFinding *finding)
{
	add(text, ": ");
	add_count(text, finding->mature_samples);
	add(text, " samples of ");
	add_count(text, finding->mature_epochs);
	add(text, " epochs have outlived ");
	add_time(text, finding->mature_age);
	add(text, " (");
	add_count(text, finding->older);
	add(text, " older, ");
	add_count(text, finding->younger);
	add(text, " younger); ");
	add_count(text, finding->mature_deaths);
	add(text, finding->mature_deaths == 1 ? " was" : " were");
	add(text, " freed at that age");
	if (isfinite(finding->hazard) && finding->hazard > 0)
	{
		add(text, ", so they live ");
		add_time(text, 1 / finding->hazard);
		add(text, " or more on average");
	}
}

static void
add_rate(Text *text, const ArxLeakFinding *finding)
{
	add(text, "; ");
	add_bytes(text, finding->bytes_per_hour);
	add(text, " an hour (");
	add_bytes(text, finding->bytes_per_hour_low);
	add(text, " to ");
	add_bytes(text, finding->bytes_per_hour_high);
	add(text, ")");
	if (isfinite(finding->seconds_to_limit))
	{
		add(text, ", the limit in ");
		add_time(text, finding->seconds_to_limit);
		add(text, ", ");
		add_time(text, finding->seconds_to_limit_low);
		add(text, " at the earliest");
	}
}

size_t
arx_leak_evidence(const ArxLeakFinding *finding, char *data, size_t size)
{
	Text text = {.data = data, .size = size};

	add(&text, finding->reason);
	if (finding->mature_samples > 0)
		add_survivors(&text, finding);
	else
	{
		add(&text, ": ");
		add_count(&text, finding->samples);
		add(&text, " live samples, none that has outlived ");
		add_time(&text, finding->mature_age);
	}
	if (finding->bytes_per_hour > 0)
		add_rate(&text, finding);
	if (finding->verdict >= ARX_LEAK_SUSPECT)
	{
		add(&text, "; without a leak, the chance of such counts is at most ");
		add_number(&text, fmax(finding->p_value, 0.000001));
	}
	if (finding->verdict == ARX_LEAK_LEAK && finding->grows_only)
		add(&text,
			"; hardly any block of this site was ever freed, so a cache that "
			"has not begun to evict would look the same");
	if (isfinite(finding->wait_seconds) && finding->verdict != ARX_LEAK_LEAK)
	{
		add(&text, "; look again in ");
		add_time(&text, finding->wait_seconds);
	}
	return text.length;
}
