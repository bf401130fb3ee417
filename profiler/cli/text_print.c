/*
 * text_print.c
 *	  Sizes, durations and moments in words, and what a terminal can show.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli/text_print.h"
#include "exporters/json_text.h"

#define MIB 1048576.0

const char *
arx_text_clean(char *buffer, size_t size, const char *text)
{
	size_t length = strlen(text);
	size_t used = 0;
	size_t step;

	for (size_t i = 0; i < length; i += step)
	{
		step = arx_character_bytes(text + i, length - i);
		if (used + (step ? step : 1) >= size)
			break;
		if (step == 0 || arx_is_control(text + i, step))
			buffer[used++] = '?';
		else
			memcpy(buffer + used, text + i, step), used += step;
		step = step ? step : 1;
	}
	buffer[used] = '\0';
	return buffer;
}

/* Digits after the point that tell something at this size. */
static int
decimals(double mib)
{
	return fabs(mib) < 9.995 ? 2 : 1;
}

const char *
arx_text_bytes(char buffer[ARX_TEXT_MAX], double bytes, bool signed_value)
{
	snprintf(buffer, ARX_TEXT_MAX, signed_value ? "%+.*f MiB" : "%.*f MiB",
			 decimals(bytes / MIB), bytes / MIB);
	return buffer;
}

const char *
arx_plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

const char *
arx_text_size(char buffer[ARX_TEXT_MAX], uint64_t bytes)
{
	if (bytes >= 1 << 20)
		snprintf(buffer, ARX_TEXT_MAX, "%.4g MiB", (double) bytes / MIB);
	else if (bytes >= 1024)
		snprintf(buffer, ARX_TEXT_MAX, "%.4g KiB", (double) bytes / 1024);
	else
		snprintf(buffer, ARX_TEXT_MAX, "%llu bytes",
				 (unsigned long long) bytes);
	return buffer;
}

const char *
arx_text_estimate(char buffer[ARX_TEXT_MAX], double bytes, ArxInterval interval,
				  bool signed_value)
{
	double below = (bytes - interval.low) / MIB;
	double above = (interval.high - bytes) / MIB;
	int digits = decimals(bytes / MIB);

	if (fabs(above - below) <= 0.05 * (above + below))
		snprintf(buffer, ARX_TEXT_MAX,
				 signed_value ? "%+.*f ± %.*f MiB" : "%.*f ± %.*f MiB", digits,
				 bytes / MIB, digits, above);
	else
		snprintf(buffer, ARX_TEXT_MAX,
				 signed_value ? "%+.*f (%+.*f to %+.*f) MiB"
							  : "%.*f (%.*f to %.*f) MiB",
				 digits, bytes / MIB, digits, interval.low / MIB, digits,
				 interval.high / MIB);
	return buffer;
}

const char *
arx_text_duration(char buffer[ARX_TEXT_MAX], double seconds)
{
	double whole = floor(seconds + 0.5);

	if (!isfinite(seconds))
		snprintf(buffer, ARX_TEXT_MAX, "never");
	else if (seconds < 1)
		snprintf(buffer, ARX_TEXT_MAX, "%.0f ms", seconds * 1000);
	else if (whole < 60)
		snprintf(buffer, ARX_TEXT_MAX, "%.0f s", whole);
	else if (whole < 3600)
		snprintf(buffer, ARX_TEXT_MAX, "%.0f min %.0f s", floor(whole / 60),
				 fmod(whole, 60));
	else if (whole < 86400)
		snprintf(buffer, ARX_TEXT_MAX, "%.0f h %.0f min", floor(whole / 3600),
				 floor(fmod(whole, 3600) / 60));
	else
		snprintf(buffer, ARX_TEXT_MAX, "%.0f d %.0f h", floor(whole / 86400),
				 floor(fmod(whole, 86400) / 3600));
	return buffer;
}

const char *
arx_text_time(char buffer[ARX_TEXT_MAX], uint64_t utc_us)
{
	time_t seconds = (time_t) (utc_us / 1000000);
	struct tm parts;

	if (utc_us == 0)
		snprintf(buffer, ARX_TEXT_MAX, "never");
	else if (!gmtime_r(&seconds, &parts) ||
			 strftime(buffer, ARX_TEXT_MAX, "%Y-%m-%d %H:%M:%S UTC", &parts) ==
				 0)
		snprintf(buffer, ARX_TEXT_MAX, "%llu us", (unsigned long long) utc_us);
	return buffer;
}

unsigned
arx_terminal_columns(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		return 0;
	return size.ws_col;
}

bool
arx_terminal_colours(void)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && (!no_colour || !*no_colour) && terminal &&
		strcmp(terminal, "dumb") != 0;
}
