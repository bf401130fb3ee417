/*
 * text_table.c
 *	  Aligned tables: collects cells, then prints columns as wide as needed.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text_print.h"

static void
add_cell(ArxTable *table, char *text)
{
	if (table->ncells == table->capacity)
	{
		size_t more = table->capacity ? 2 * table->capacity : 64;
		char **cells = realloc(table->cells, more * sizeof(*cells));

		if (!cells)
		{
			table->failed = true;
			free(text);
			return;
		}
		table->cells = cells;
		table->capacity = more;
	}
	if (!text)
		table->failed = true;
	table->cells[table->ncells++] = text;
}

void
arx_table_begin(ArxTable *table, const char *align, const char *headings)
{
	*table = (ArxTable){.align = align};
	for (const char *start = headings; start;)
	{
		const char *end = strchr(start, '|');

		add_cell(table,
				 end ? strndup(start, (size_t) (end - start)) : strdup(start));
		start = end ? end + 1 : NULL;
	}
}

void
arx_table_cell(ArxTable *table, const char *format, ...)
{
	char *raw = NULL;
	char *clean = NULL;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&raw, format, arguments);
	va_end(arguments);
	if (length >= 0 && (clean = malloc((size_t) length + 1)))
		arx_text_clean(clean, (size_t) length + 1, raw);
	if (length >= 0)
		free(raw);
	add_cell(table, clean);
}

/* Characters, not bytes. */
static size_t
text_width(const char *text)
{
	size_t width = 0;

	for (; text && *text; text++)
		width += ((unsigned char) *text & 0xc0) != 0x80;
	return width;
}

/* Writes at most width characters (0: all). */
static void
print_cut(FILE *out, const char *text, size_t width)
{
	if (width == 0 || text_width(text) <= width)
	{
		fputs(text, out);
		return;
	}
	for (; *text && (width > 1 || ((unsigned char) *text & 0xc0) == 0x80);
		 text++)
	{
		if (((unsigned char) *text & 0xc0) != 0x80)
			width--;
		fputc(*text, out);
	}
	fputs("…", out);
}

static bool
is_empty(const char *cell)
{
	return !cell || !*cell;
}

static void
print_row(const ArxTable *table, size_t row, const size_t *widths, FILE *out,
		  unsigned limit)
{
	size_t ncolumns = strlen(table->align);
	size_t used = 0;

	/* Empty cells at the end leave no blanks behind. */
	while (ncolumns > 1 &&
		   is_empty(table->cells[row * strlen(table->align) + ncolumns - 1]))
		ncolumns--;
	for (size_t column = 0; column < ncolumns; column++)
	{
		const char *cell = table->cells[row * strlen(table->align) + column];
		int pad;

		cell = cell ? cell : "";
		pad = (int) (widths[column] - text_width(cell));
		if (column > 0)
			fputs("  ", out);
		if (table->align[column] == 'r')
			fprintf(out, "%*s%s", pad, "", cell);
		else if (column + 1 < ncolumns)
			fprintf(out, "%s%*s", cell, pad, "");
		else
			print_cut(out, cell, limit > used + 8 ? limit - used : 0);
		used += widths[column] + 2;
	}
	fputc('\n', out);
}

void
arx_table_print(ArxTable *table, FILE *out, unsigned width)
{
	size_t ncolumns = strlen(table->align);
	size_t widths[ARX_TABLE_COLUMNS] = {0};

	for (size_t i = 0; i < table->ncells; i++)
	{
		size_t wide = text_width(table->cells[i]);

		if (wide > widths[i % ncolumns])
			widths[i % ncolumns] = wide;
	}
	for (size_t row = 0; (row + 1) * ncolumns <= table->ncells; row++)
		print_row(table, row, widths, out, width);
	if (table->failed)
		fputs("(out of memory: the table is not complete)\n", out);
	for (size_t i = 0; i < table->ncells; i++)
		free(table->cells[i]);
	free(table->cells);
	*table = (ArxTable){0};
}
