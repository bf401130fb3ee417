/*
 * text_print.h
 *	  Text for people: sizes, durations, intervals, aligned tables.
 *
 * Names come from files that others wrote, so whatever is shown on a terminal
 * passes arx_text_clean(), which leaves no control character in it.
 */
#ifndef ARX_PROFILER_TEXT_PRINT_H
#define ARX_PROFILER_TEXT_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/profile.h"

#define ARX_TEXT_MAX 128 /* enough for what the arx_text_* functions write */

/* Copies with '?' for control characters and broken UTF-8; cut, terminated. */
extern const char *arx_text_clean(char *buffer, size_t size, const char *text);

/* "12.5 MiB"; sign shown when signed_value. */
extern const char *
arx_text_bytes(char buffer[ARX_TEXT_MAX], double bytes, bool signed_value);

/* "s" unless there is just one. */
extern const char *arx_plural(uint64_t count);

/* A setting: "512 KiB", "16 MiB", "100 bytes" */
extern const char *arx_text_size(char buffer[ARX_TEXT_MAX], uint64_t bytes);

/* "12.5 ± 2.5 MiB", or "0.5 (0.1 to 1.4) MiB" where the interval is lopsided. */
extern const char *arx_text_estimate(char buffer[ARX_TEXT_MAX], double bytes,
									 ArxInterval interval, bool signed_value);

/* "90 ms", "12 s", "3 min 20 s", "2 h 5 min", "3 d 4 h" */
extern const char *arx_text_duration(char buffer[ARX_TEXT_MAX], double seconds);

/* "2026-01-31 12:00:00 UTC", "never" for 0 */
extern const char *arx_text_time(char buffer[ARX_TEXT_MAX], uint64_t utc_us);

/* Columns of the terminal on stdout; 0 when it is none. */
extern unsigned arx_terminal_columns(void);

/* True when stdout is a terminal that may be coloured (NO_COLOR is kept). */
extern bool arx_terminal_colours(void);

#define ARX_TABLE_COLUMNS 12

/* A table that is printed when all its cells are known. */
typedef struct ArxTable
{
	const char *
		align; /* one letter a column: l or r; its length is the number of columns */
	size_t ncells;
	size_t capacity;
	char **cells; /* row by row, the headings first */
	bool failed;  /* memory was exhausted: rows are missing */
} ArxTable;

/* headings: as many as align has letters, with '|' between. */
extern void
arx_table_begin(ArxTable *table, const char *align, const char *headings);
extern void arx_table_cell(ArxTable *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Prints and frees; lines are cut at width columns unless that is 0. */
extern void arx_table_print(ArxTable *table, FILE *out, unsigned width);

#endif
