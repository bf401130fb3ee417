/*
 * options.h
 *	  Options of all commands, from one table each.
 */
#ifndef ARX_PROFILER_OPTIONS_H
#define ARX_PROFILER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum ArxOptionKind
{
	ARX_OPTION_FLAG = 0, /* bool */
	ARX_OPTION_TEXT,	 /* const char * */
	ARX_OPTION_BYTES,	 /* uint64_t: 4096, 64k, 12.5M, 1GiB */
	ARX_OPTION_SECONDS,	 /* double: 10, 500ms, 2m, 1h */
	ARX_OPTION_NUMBER,	 /* uint64_t */
	ARX_OPTION_LIST,	 /* ArxTextList: may be given again */
} ArxOptionKind;

/* One option; value points to what its kind says, and keeps the default. */
typedef struct ArxOption
{
	const char *name;
	char letter; /* 0: none */
	ArxOptionKind kind;
	void *value;
} ArxOption;

#define ARX_LIST_MAX 64

typedef struct ArxTextList
{
	size_t count;
	const char *items[ARX_LIST_MAX];
} ArxTextList;

#define ARX_REST (-1) /* most: options end at the first argument */

/*
 * Reads the options of argv (argv[0] is the command's name) into what the
 * table names; the table ends with a NULL name and may have 39 entries.
 * --help and --progress are understood everywhere.
 * There must be at least "least" and at most "most" arguments; *first is the
 * index of the first one.  Returns true to go on; false when the command has
 * nothing more to do but to return *status, everything having been said.
 */
extern bool arx_options_parse(int argc, char **argv, const ArxOption *options,
							  int least, int most, int *first, int *status);

/*
 * A size ("64k", "12.5 MiB": powers of 1024), a duration in seconds ("250ms",
 * "2m"; a plain number is seconds), or a count.  False when text is none, or
 * below 0 or too large.
 */
extern bool arx_parse_bytes(const char *text, uint64_t *bytes);
extern bool arx_parse_seconds(const char *text, double *seconds);
extern bool arx_parse_number(const char *text, uint64_t *number);

#endif
