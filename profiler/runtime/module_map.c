/*
 * module_map.c
 *	  The objects that are, or were, loaded, and which one an address is in.
 *
 * A module is a file's stretch of executable mappings (one, but for odd
 * objects).  The list is sorted by address, without overlaps, and bounded:
 * AH_MODULES_MAX of them with AH_PATH_BYTES of paths, mapped at the first use;
 * what is beyond counts as code of no module.
 */
#include "runtime/module_map.h"

#include <fcntl.h>
#include <string.h>

#include "runtime/array_sort.h"
#include "runtime/elf_header.h"
#include "runtime/private_memory.h"
#include "runtime/proc_file.h"
#include "runtime/text_format.h"

#define AH_PATH_BYTES (96 * 1024)
#define LINE_BYTES (8 * 1024)
#define DELETED " (deleted)"

typedef struct Module
{
	uintptr_t start; /* of its code */
	uintptr_t end;
	uint64_t inode;
	uint64_t offset; /* of start in the file */
	uint32_t path;	 /* in the table of paths */
	bool seen;		 /* still mapped */
	bool replaced;	 /* something else is at its place */
	AhElfFacts facts;
} Module;

/* One line of the maps. */
typedef struct Mapping
{
	uintptr_t start;
	uintptr_t end;
	uint64_t offset;
	uint64_t inode;
	bool executable;
	const char *path;
} Mapping;

typedef struct ModuleTable
{
	uint32_t nmodules;
	uint32_t path_bytes;
	char line[LINE_BYTES];
	Module modules[AH_MODULES_MAX];
	char paths[AH_PATH_BYTES]; /* zero-terminated, one behind the other */
} ModuleTable;

static ModuleTable *table;

/* ---- finding ---- */

/* Index of the first of the n modules that ends behind the address. */
static uint32_t
first_behind(uintptr_t address, uint32_t n)
{
	uint32_t low = 0, high = n;

	while (low < high)
	{
		uint32_t middle = (low + high) / 2;

		if (table->modules[middle].end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

uint32_t
ah_module_find(uintptr_t address)
{
	/* Neighbours on a stack are mostly of one module. */
	static uint32_t last;
	uint32_t n = ah_modules_count();

	if (last >= n || address < table->modules[last].start ||
		address >= table->modules[last].end)
		last = first_behind(address, n);
	return last < n && table->modules[last].start <= address ? last
															 : AH_NO_MODULE;
}

uint64_t
ah_module_bias(uint32_t index)
{
	return table->modules[index].facts.bias;
}

uint32_t
ah_modules_count(void)
{
	return table != NULL ? table->nmodules : 0;
}

/*
 * The path as the system gives it.  That the file was deleted (replaced, most
 * of the time) is left out when there is a build id to tell it by.
 */
ArxHeapModule
ah_module_get(uint32_t index)
{
	const Module *module = &table->modules[index];
	const char *path = table->paths + module->path;
	size_t length = strlen(path);
	size_t tail = strlen(DELETED);

	if (module->facts.build_id_length > 0 && length > tail &&
		strcmp(path + length - tail, DELETED) == 0)
		length -= tail;
	return (ArxHeapModule){
		.start = module->start,
		.end = module->end,
		.bias = module->facts.bias,
		.build_id = {(const char *) module->facts.build_id,
					 module->facts.build_id_length},
		.path = {path, (uint32_t) length},
	};
}

/* ---- reading ---- */

/* "start-end rwxp offset major:minor inode   path" */
static bool
parse_mapping(const char *line, size_t length, Mapping *mapping)
{
	const char *pos = line;
	const char *end = line + length;
	uint64_t start, stop, ignored;

	if (!ah_parse_hex(&pos, end, &start) || !ah_parse_char(&pos, end, '-') ||
		!ah_parse_hex(&pos, end, &stop) || !ah_parse_char(&pos, end, ' ') ||
		end - pos < 5)
		return false;
	mapping->executable = pos[2] == 'x';
	pos += 5;
	if (!ah_parse_hex(&pos, end, &mapping->offset) ||
		!ah_parse_char(&pos, end, ' ') || !ah_parse_hex(&pos, end, &ignored) ||
		!ah_parse_char(&pos, end, ':') || !ah_parse_hex(&pos, end, &ignored) ||
		!ah_parse_char(&pos, end, ' ') ||
		!ah_parse_decimal(&pos, end, &mapping->inode))
		return false;
	while (pos < end && *pos == ' ')
		pos++;
	mapping->start = start;
	mapping->end = stop;
	mapping->path = pos;
	return true;
}

/* Place of the path in the table of paths; false when that is full. */
static bool
intern_path(const char *path, uint32_t *place)
{
	size_t length = strlen(path) + 1;

	for (uint32_t at = 0; at < table->path_bytes;
		 at += (uint32_t) strlen(table->paths + at) + 1)
	{
		if (strcmp(table->paths + at, path) == 0)
		{
			*place = at;
			return true;
		}
	}
	if (length > AH_PATH_BYTES - table->path_bytes)
		return false;
	memcpy(table->paths + table->path_bytes, path, length);
	*place = table->path_bytes;
	table->path_bytes += (uint32_t) length;
	return true;
}

static bool
is_same(const Module *module, const Mapping *mapping)
{
	return module->start <= mapping->start && mapping->end <= module->end &&
		module->inode == mapping->inode && mapping->executable &&
		module->offset + (mapping->start - module->start) == mapping->offset &&
		strcmp(table->paths + module->path, mapping->path) == 0;
}

/*
 * Marks the old modules, of which there are nold, that this mapping shows to be
 * loaded still, or gone.  Returns true when it is one of them.
 */
static bool
mark_old(const Mapping *mapping, uint32_t nold)
{
	bool known = false;

	for (uint32_t i = first_behind(mapping->start, nold);
		 i < nold && table->modules[i].start < mapping->end; i++)
	{
		Module *module = &table->modules[i];

		if (is_same(module, mapping))
			known = module->seen = true;
		else if (!module->seen)
			module->replaced = true;
	}
	return known;
}

/* Adds a module, or grows the one before when this is its next stretch. */
static void
add_module(const Mapping *mapping, uintptr_t header, uint32_t nold)
{
	Module *module = &table->modules[table->nmodules];
	Module *last = module - 1;

	if (table->nmodules > nold && last->end == mapping->start &&
		last->inode == mapping->inode &&
		last->offset + (last->end - last->start) == mapping->offset &&
		mapping->inode != 0)
	{
		last->end = mapping->end;
		return;
	}
	if (table->nmodules == AH_MODULES_MAX ||
		!ah_elf_facts(header, mapping->start, mapping->offset, mapping->path,
					  &module->facts) ||
		!intern_path(mapping->path, &module->path))
		return;
	module->start = mapping->start;
	module->end = mapping->end;
	module->inode = mapping->inode;
	module->offset = mapping->offset;
	module->seen = true;
	module->replaced = false;
	table->nmodules++;
}

/* Where the header of a mapping's object is: its first line, with offset 0. */
static uintptr_t
find_header(const Mapping *mapping, uint64_t *inode, uintptr_t *header)
{
	if (mapping->offset == 0 &&
		(mapping->inode != 0 || mapping->path[0] == '['))
	{
		*inode = mapping->inode;
		*header = mapping->start;
	}
	return mapping->inode == *inode ? *header : 0;
}

static void
read_maps(int fd, uint32_t nold)
{
	AhLines lines;
	Mapping mapping;
	size_t length;
	uint64_t inode = 0;
	uintptr_t header = 0;
	const char *line;

	ah_lines_begin(&lines, fd, 0, table->line, sizeof(table->line));
	while ((line = ah_lines_next(&lines, &length, NULL)) != NULL)
	{
		uintptr_t of;

		if (!parse_mapping(line, length, &mapping))
			continue;
		of = find_header(&mapping, &inode, &header);
		if (!mark_old(&mapping, nold) && mapping.executable &&
			mapping.path[0] != '\0' && of != 0)
			add_module(&mapping, of, nold);
	}
}

static int
compare_modules(const void *a, const void *b)
{
	const Module *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Drops modules that something else has replaced, and sorts. */
static void
tidy_table(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < table->nmodules; i++)
		if (!table->modules[i].replaced || table->modules[i].seen)
			table->modules[n++] = table->modules[i];
	table->nmodules = n;
	ah_sort(table->modules, n, sizeof(Module), compare_modules);
}

bool
ah_modules_refresh(void)
{
	int fd;

	if (table == NULL)
		table = ah_map(sizeof(ModuleTable));
	if (table == NULL)
		return false;
	fd = ah_file_open(AT_FDCWD, "/proc/thread-self/maps", O_RDONLY, 0);
	if (fd < 0)
		return false;
	for (uint32_t i = 0; i < table->nmodules; i++)
		table->modules[i].seen = table->modules[i].replaced = false;
	read_maps(fd, table->nmodules);
	ah_file_close(fd);
	tidy_table();
	return true;
}

void
ah_modules_forked(void)
{
	if (table != NULL)
		table->nmodules = table->path_bytes = 0;
}
