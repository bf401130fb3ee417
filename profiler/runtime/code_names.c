/*
 * code_names.c
 *	  Names of generated code, from the perf map that its maker writes.
 *
 * The table holds at most MAX_CODES addresses, sorted, and NAME_BYTES of names,
 * and is mapped when generated code is met for the first time.  What is beyond
 * stays unnamed.  The map is read from its start only when there are new
 * addresses, else from where it ended last time: it may be tens of megabytes.
 */
#include "runtime/code_names.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/array_sort.h"
#include "runtime/private_memory.h"
#include "runtime/proc_file.h"
#include "runtime/runtime.h"
#include "runtime/text_format.h"

#define MAX_CODES 8192
#define NAME_BYTES (256 * 1024)
#define NAME_MAX_BYTES 512
#define READ_BYTES (64 * 1024)
#define MAX_MAP_BYTES (UINT64_C(256) * 1024 * 1024)
#define NO_LINE UINT64_MAX

typedef struct Code
{
	uintptr_t address; /* wanted */
	uint64_t start;	   /* of the function, when named */
	uint64_t line;	   /* in the map: the last that holds it, or NO_LINE */
	uint32_t name;	   /* in the table of names */
	uint32_t length;   /* 0: not named yet */
	bool in_use;
} Code;

typedef struct CodeTable
{
	uint32_t ncodes;
	uint32_t nsorted; /* of them; new ones come behind */
	uint32_t name_bytes;
	uint64_t read_to; /* in the map */
	Code codes[MAX_CODES];
	char names[NAME_BYTES];
	char buffer[READ_BYTES];
} CodeTable;

static CodeTable *table;

/* ---- wanted addresses ---- */

/* Index of the first of the sorted addresses that is not below address. */
static uint32_t
first_from(uintptr_t address)
{
	uint32_t low = 0, high = table->nsorted;

	while (low < high)
	{
		uint32_t middle = (low + high) / 2;

		if (table->codes[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int
by_address(const void *a, const void *b)
{
	const Code *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

static int
by_name(const void *a, const void *b)
{
	const Code *x = a, *y = b;

	return x->name < y->name ? -1 : x->name > y->name;
}

/* Drops addresses that the last snapshot did not use, and their names. */
static void
forget_unused(void)
{
	uint32_t n = 0, bytes = 0, before = UINT32_MAX;

	for (uint32_t i = 0; i < table->ncodes; i++)
		if (table->codes[i].in_use && table->codes[i].length > 0)
			table->codes[n++] = table->codes[i];
	ah_sort(table->codes, n, sizeof(Code), by_name);
	for (uint32_t i = 0; i < n; i++)
	{
		Code *code = &table->codes[i];

		if (code->name == before)
		{
			code->name = code[-1].name;
			continue;
		}
		before = code->name;
		memmove(table->names + bytes, table->names + code->name, code->length);
		code->name = bytes;
		bytes += code->length;
	}
	table->name_bytes = bytes;
	table->ncodes = table->nsorted = n;
	ah_sort(table->codes, n, sizeof(Code), by_address);
}

void
ah_code_begin(void)
{
	if (table == NULL)
		return;
	if (table->ncodes > MAX_CODES / 4 * 3 ||
		table->name_bytes > NAME_BYTES / 4 * 3)
		forget_unused();
	for (uint32_t i = 0; i < table->ncodes; i++)
		table->codes[i].in_use = false;
}

/* Sorts new addresses in; the same one may be there several times. */
static void
sort_codes(void)
{
	uint32_t n = 0;

	ah_sort(table->codes, table->ncodes, sizeof(Code), by_address);
	for (uint32_t i = 0; i < table->ncodes; i++)
		if (n == 0 || table->codes[n - 1].address != table->codes[i].address)
			table->codes[n++] = table->codes[i];
	table->ncodes = table->nsorted = n;
}

void
ah_code_want(uintptr_t address)
{
	uint32_t i;

	if (table == NULL)
		table = ah_map(sizeof(CodeTable));
	if (table == NULL)
		return;
	i = first_from(address);
	if (i < table->nsorted && table->codes[i].address == address)
	{
		table->codes[i].in_use = true;
		return;
	}
	if (table->ncodes == MAX_CODES && table->nsorted < MAX_CODES)
		sort_codes();
	if (table->ncodes < MAX_CODES)
		table->codes[table->ncodes++] =
			(Code){.address = address, .line = NO_LINE, .in_use = true};
}

/* ---- the map ---- */

/* Opens the perf map; only the user's own is believed. */
static int
open_map(void)
{
	char path[64];
	AhText text;
	struct stat info;
	int fd;

	ah_text_begin(&text, path, sizeof(path));
	ah_text_string(&text, "/tmp/perf-");
	ah_text_decimal(&text, (uint64_t) atomic_load(&ah_runtime.pid), 1);
	ah_text_string(&text, ".map");
	fd = ah_file_open(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	if (fd >= 0 &&
		(fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) ||
		 info.st_uid != geteuid()))
	{
		ah_file_close(fd);
		return -1;
	}
	return fd;
}

static bool
parse_line(const char *line, size_t length, uint64_t *start, uint64_t *bytes,
		   const char **name)
{
	const char *pos = line;
	const char *end = line + length;

	if (!ah_parse_hex(&pos, end, start) || !ah_parse_char(&pos, end, ' ') ||
		!ah_parse_hex(&pos, end, bytes) || !ah_parse_char(&pos, end, ' ') ||
		pos == end)
		return false;
	*name = pos;
	return true;
}

/* Notes for each unnamed address the last line that holds it. */
static void
find_lines(int fd)
{
	AhLines lines;
	size_t length;
	uint64_t offset, start, bytes;
	const char *line, *name;

	lseek(fd, (off_t) table->read_to, SEEK_SET);
	ah_lines_begin(&lines, fd, table->read_to, table->buffer,
				   sizeof(table->buffer));
	while (lines.offset < MAX_MAP_BYTES &&
		   (line = ah_lines_next(&lines, &length, &offset)) != NULL)
	{
		if (lines.ended)
			break; /* perhaps still being written */
		table->read_to = offset + length + 1;
		if (!parse_line(line, length, &start, &bytes, &name))
			continue;
		for (uint32_t i = first_from(start);
			 i < table->ncodes && table->codes[i].address - start < bytes; i++)
			if (table->codes[i].length == 0)
				table->codes[i].line = offset;
	}
}

/* Place of a name in the table of names; false when that is full. */
static bool
keep_name(const char *name, size_t length, Code *code)
{
	/* neighbours mostly have the same one */
	if (code > table->codes && code[-1].length == length &&
		memcmp(table->names + code[-1].name, name, length) == 0)
	{
		code->name = code[-1].name;
		code->length = (uint32_t) length;
		return true;
	}
	if (length > NAME_BYTES - table->name_bytes)
		return false;
	memcpy(table->names + table->name_bytes, name, length);
	code->name = table->name_bytes;
	code->length = (uint32_t) length;
	table->name_bytes += (uint32_t) length;
	return true;
}

/* Reads the line that was noted for an address and keeps its name. */
static void
take_name(int fd, Code *code)
{
	char line[NAME_MAX_BYTES + 40];
	ssize_t got = pread(fd, line, sizeof(line), (off_t) code->line);
	uint64_t bytes;
	size_t length;
	const char *name, *end;

	code->line = NO_LINE;
	if (got <= 0)
		return;
	end = memchr(line, '\n', (size_t) got);
	length = end != NULL ? (size_t) (end - line) : (size_t) got;
	if (!parse_line(line, length, &code->start, &bytes, &name))
		return;
	length -= (size_t) (name - line);
	keep_name(name, length < NAME_MAX_BYTES ? length : NAME_MAX_BYTES, code);
}

void
ah_code_resolve(void)
{
	bool wanting = false;
	int fd;

	if (table == NULL)
		return;
	if (table->nsorted < table->ncodes)
	{
		sort_codes();
		table->read_to = 0;
	}
	for (uint32_t i = 0; i < table->ncodes && !wanting; i++)
		wanting = table->codes[i].length == 0;
	fd = wanting ? open_map() : -1;
	if (fd < 0)
		return;
	find_lines(fd);
	for (uint32_t i = 0; i < table->ncodes; i++)
		if (table->codes[i].line != NO_LINE)
			take_name(fd, &table->codes[i]);
	ah_file_close(fd);
}

/* ---- what was found ---- */

static bool
is_same_function(const Code *a, const Code *b)
{
	return a->start == b->start && a->length == b->length &&
		memcmp(table->names + a->name, table->names + b->name, a->length) == 0;
}

bool
ah_code_next(uint32_t *position, ArxHeapCode *code)
{
	uint32_t n = table != NULL ? table->ncodes : 0;
	uint32_t i = *position;
	const Code *first, *last;

	while (i < n && (!table->codes[i].in_use || table->codes[i].length == 0))
		i++;
	if (i == n)
	{
		*position = n;
		return false;
	}
	first = last = &table->codes[i];
	for (i++; i < n && is_same_function(first, &table->codes[i]); i++)
		last = &table->codes[i];
	*position = i;
	*code = (ArxHeapCode){.address = first->address,
						  .bytes = last->address - first->address + 1,
						  .name = {table->names + first->name, first->length}};
	return true;
}

void
ah_codes_forked(void)
{
	if (table != NULL)
		table->ncodes = table->nsorted = table->name_bytes = 0;
}
