/*
 * options.c
 *	  Reads options and arguments of a command by its table.
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/cli.h"
#include "cli/options.h"

#define MOST_OPTIONS 40
#define VALUE_BASE 256 /* getopt's value of the option at index 0 */

typedef struct Unit
{
	const char *name;
	double factor;
} Unit;

static const Unit byte_units[] = {{"", 1},
								  {"b", 1},
								  {"k", 1024},
								  {"m", 1048576},
								  {"g", 1073741824.0},
								  {"t", 1099511627776.0},
								  {NULL, 0}};
static const Unit time_units[] = {{"", 1},			{"s", 1},	  {"ms", 0.001},
								  {"us", 0.000001}, {"m", 60},	  {"min", 60},
								  {"h", 3600},		{"d", 86400}, {NULL, 0}};

/* Reads "12.5 unit"; false when it is not just that. */
static bool
parse_with_unit(const char *text, const Unit *units, double *value)
{
	char *end;

	if (text[strspn(text, " ")] < '.' || text[strspn(text, " ")] > '9')
		return false;
	*value = strtod(text, &end);
	while (*end == ' ')
		end++;
	for (; units->name; units++)
		if (strcasecmp(end, units->name) == 0)
		{
			*value *= units->factor;
			return isfinite(*value) && *value >= 0;
		}
	return false;
}

bool
arx_parse_bytes(const char *text, uint64_t *bytes)
{
	char plain[32];
	size_t length = strlen(text);
	double value;

	/* "KiB" and "KB" say no more than "K". */
	if (length >= sizeof(plain))
		return false;
	memcpy(plain, text, length + 1);
	if (length > 1 && strcasecmp(plain + length - 1, "b") == 0)
		plain[--length] = '\0';
	if (length > 1 && strcasecmp(plain + length - 1, "i") == 0)
		plain[--length] = '\0';
	if (!parse_with_unit(plain, byte_units, &value) || value >= 9e18)
		return false;
	*bytes = (uint64_t) value;
	return true;
}

bool
arx_parse_seconds(const char *text, double *seconds)
{
	return parse_with_unit(text, time_units, seconds) && *seconds < 1e12;
}

bool
arx_parse_number(const char *text, uint64_t *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return *end == '\0' && errno == 0;
}

/* Stores the value of one option; false when it is not of the option's kind. */
static bool
store_value(const ArxOption *option, const char *text)
{
	ArxTextList *list;

	switch (option->kind)
	{
		case ARX_OPTION_FLAG:
			*(bool *) option->value = true;
			return true;
		case ARX_OPTION_TEXT:
			*(const char **) option->value = text;
			return true;
		case ARX_OPTION_BYTES:
			return arx_parse_bytes(text, option->value);
		case ARX_OPTION_SECONDS:
			return arx_parse_seconds(text, option->value);
		case ARX_OPTION_NUMBER:
			return arx_parse_number(text, option->value);
		case ARX_OPTION_LIST:
			list = option->value;
			if (list->count == ARX_LIST_MAX)
				return false;
			list->items[list->count++] = text;
			return true;
	}
	return false;
}

static const char *
value_example(ArxOptionKind kind)
{
	switch (kind)
	{
		case ARX_OPTION_BYTES:
			return "a size such as 4096, 64k, 16M";
		case ARX_OPTION_SECONDS:
			return "a duration such as 10, 500ms, 2m";
		case ARX_OPTION_NUMBER:
			return "a whole number";
		default:
			return "a value";
	}
}

/* "error: ..." with the hint where the command's options are described. */
static bool
refuse(const char *command, const char *what, const char *which, int *status)
{
	char hint[128];

	snprintf(hint, sizeof(hint), "see: arxheap %s --help", command);
	arx_say_error(hint, "%s%s%s", what, which ? ": " : "", which ? which : "");
	*status = ARX_EXIT_USAGE;
	return false;
}

/* getopt's tables from ours; returns the number of options. */
static int
fill_getopt(const ArxOption *options, bool rest, struct option *longs,
			char *letters)
{
	static const struct option common[] = {
		{"help", no_argument, NULL, 'h'}, {"progress", no_argument, NULL, 'P'}};
	int n = 0;

	/* ':' tells a missing value from an unknown option. */
	letters += sprintf(letters, "%s:h", rest ? "+" : "");
	for (; options[n].name; n++)
	{
		bool value = options[n].kind != ARX_OPTION_FLAG;

		longs[n] = (struct option){options[n].name,
								   value ? required_argument : no_argument,
								   NULL, VALUE_BASE + n};
		if (options[n].letter)
			letters +=
				sprintf(letters, "%c%s", options[n].letter, value ? ":" : "");
	}
	longs[n] = common[0];
	longs[n + 1] = common[1];
	longs[n + 2] = (struct option){NULL, 0, NULL, 0};
	return n;
}

static const ArxOption *
find_option(const ArxOption *options, int found)
{
	if (found >= VALUE_BASE)
		return &options[found - VALUE_BASE];
	while (options->name && options->letter != found)
		options++;
	return options;
}

bool
arx_options_parse(int argc, char **argv, const ArxOption *options, int least,
				  int most, int *first, int *status)
{
	struct option longs[MOST_OPTIONS + 3];
	char letters[3 * MOST_OPTIONS + 4];
	int found;

	fill_getopt(options, most == ARX_REST, longs, letters);
	opterr = 0;
	optind = 0;
	while ((found = getopt_long(argc, argv, letters, longs, NULL)) != -1)
	{
		const char *given = argv[optind > 1 ? optind - 1 : 1];
		const ArxOption *option;
		char what[160];

		if (found == 'h')
		{
			fputs(arx_command_find(argv[0])->help, stdout);
			*status = arx_finish_output(ARX_EXIT_OK);
			return false;
		}
		if (found == 'P')
		{
			arx_progress_enable(true);
			continue;
		}
		if (found == ':')
			return refuse(argv[0], "option needs a value", given, status);
		if (found == '?')
			return refuse(argv[0], "no such option, or not clear which", given,
						  status);
		option = find_option(options, found);
		if (store_value(option, optarg))
			continue;
		snprintf(what, sizeof(what), "--%s needs %s, not \"%.60s\"",
				 option->name, value_example(option->kind), optarg);
		return refuse(argv[0], what, NULL, status);
	}
	*first = optind;
	if (argc - optind < least)
		return refuse(argv[0], "argument missing",
					  arx_command_find(argv[0])->arguments, status);
	if (most != ARX_REST && argc - optind > most)
		return refuse(argv[0], "too many arguments, from", argv[optind + most],
					  status);
	return true;
}
