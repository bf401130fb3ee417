/*
 * dwarf_lines.c
 *	  Functions, inlined calls, files and lines out of debug information.
 *
 * libdw has calls for all of this (dwarf_addrdie, dwarf_getscopes), but the
 * first needs .debug_aranges, which not all compilers write, and the second
 * walks a whole unit for each address.  So the code ranges of units are noted
 * once, those of a unit's functions when an address of it is first asked for,
 * and an address costs two binary searches and a walk within one function.
 *
 * Debug information may be damaged or hostile: siblings must move forwards,
 * nesting is bounded, and so is the number of entries visited.
 */
#include "symbols/dwarf_lines.h"

#include <dwarf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/address_ranges.h"

#define MAX_DEPTH 256
#define MAX_UNIT_ENTRIES (1 << 24)

/* A file that the debug information names relative to the unit's folder. */
typedef struct RelativeFile
{
	const char *name;
	char *path;
} RelativeFile;

typedef struct Unit
{
	Dwarf_Die die;	/* has the lines */
	Dwarf_Die code; /* has the functions: the same, or in a .dwo file */
	bool indexed;
	size_t budget;				/* entries that may still be visited */
	ArxAddressRanges functions; /* value: offset of the entry */
	RelativeFile *files;
	size_t nfiles;
} Unit;

struct ArxDwarfLines
{
	Unit *units;
	size_t nunits;
	size_t capacity;
	ArxAddressRanges ranges; /* value: index of the unit */
};

/* A function and the calls inlined into it, outermost first. */
typedef struct Chain
{
	uint64_t address;
	size_t budget;
	size_t n;
	bool cut; /* there were more */
	Dwarf_Die dies[ARX_DWARF_MAX_FRAMES];
} Chain;

static bool
add_ranges(ArxAddressRanges *ranges, Dwarf_Die *die, uint64_t value)
{
	Dwarf_Addr base;
	Dwarf_Addr start;
	Dwarf_Addr end;
	ptrdiff_t offset = 0;

	while ((offset = dwarf_ranges(die, offset, &base, &start, &end)) > 0)
	{
		ArxAddressRange range = {.start = start, .end = end, .value = value};

		/* code that the linker dropped is left at address 0 */
		if (start != 0 && !arx_address_ranges_add(ranges, &range))
			return false;
	}
	return true;
}

static bool
has_code(Dwarf_Die *die)
{
	return dwarf_hasattr(die, DW_AT_low_pc) || dwarf_hasattr(die, DW_AT_ranges);
}

/* The next entry of the same level.  False at the end, and where it is damaged. */
static bool
next_sibling(Dwarf_Die *die)
{
	Dwarf_Off before = dwarf_dieoffset(die);

	return dwarf_siblingof(die, die) == 0 && dwarf_dieoffset(die) > before;
}

static bool
add_unit(ArxDwarfLines *lines, Dwarf_Die *die, Dwarf_Die *code)
{
	Unit *unit;

	if (lines->nunits == lines->capacity)
	{
		size_t capacity = lines->capacity * 2 + 64;
		Unit *units = realloc(lines->units, capacity * sizeof(*units));

		if (!units)
			return false;
		lines->units = units;
		lines->capacity = capacity;
	}
	unit = &lines->units[lines->nunits];
	*unit = (Unit){.die = *die, .code = *code, .budget = MAX_UNIT_ENTRIES};
	return add_ranges(&lines->ranges, die, lines->nunits++);
}

ArxDwarfLines *
arx_dwarf_lines_new(Dwarf *dwarf)
{
	ArxDwarfLines *lines = calloc(1, sizeof(*lines));
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;
	Dwarf_Die split;
	uint8_t type;

	if (!lines)
		return NULL;
	while (dwarf_get_units(dwarf, cu, &cu, NULL, &type, &die, &split) == 0)
	{
		bool is_split = type == DW_UT_skeleton && split.addr;

		if (dwarf_tag(&die) != DW_TAG_compile_unit &&
			dwarf_tag(&die) != DW_TAG_skeleton_unit)
			continue;
		if (!add_unit(lines, &die, is_split ? &split : &die))
		{
			arx_dwarf_lines_free(lines);
			return NULL;
		}
	}
	arx_address_ranges_sort(&lines->ranges);
	return lines;
}

static void
free_unit(Unit *unit)
{
	arx_address_ranges_free(&unit->functions);
	for (size_t i = 0; i < unit->nfiles; i++)
		free(unit->files[i].path);
	free(unit->files);
}

void
arx_dwarf_lines_free(ArxDwarfLines *lines)
{
	if (!lines)
		return;
	for (size_t i = 0; i < lines->nunits; i++)
		free_unit(&lines->units[i]);
	arx_address_ranges_free(&lines->ranges);
	free(lines->units);
	free(lines);
}

/* May functions be declared inside? */
static bool
holds_functions(int tag)
{
	switch (tag)
	{
		case DW_TAG_namespace:
		case DW_TAG_module:
		case DW_TAG_class_type:
		case DW_TAG_structure_type:
		case DW_TAG_union_type:
		case DW_TAG_subprogram:
		case DW_TAG_lexical_block:
			return true;
		default:
			return false;
	}
}

static bool
index_functions(Unit *unit, Dwarf_Die *parent, int depth)
{
	Dwarf_Die die;

	if (dwarf_child(parent, &die) != 0)
		return true;
	do
	{
		int tag = dwarf_tag(&die);

		if (unit->budget == 0)
			return true;
		unit->budget--;
		if (tag == DW_TAG_subprogram && has_code(&die) &&
			!add_ranges(&unit->functions, &die, dwarf_dieoffset(&die)))
			return false;
		if (holds_functions(tag) && depth < MAX_DEPTH &&
			!index_functions(unit, &die, depth + 1))
			return false;
	} while (next_sibling(&die));
	return true;
}

/* The function of the unit that holds the address. */
static bool
find_function(Unit *unit, uint64_t address, Dwarf_Die *function)
{
	const ArxAddressRange *range;

	if (!unit->indexed)
	{
		unit->indexed = true;
		if (!index_functions(unit, &unit->code, 0))
			arx_address_ranges_free(&unit->functions);
		arx_address_ranges_sort(&unit->functions);
	}
	range = arx_address_ranges_find(&unit->functions, address);
	return range &&
		dwarf_offdie(dwarf_cu_getdwarf(unit->code.cu), range->value, function);
}

static bool
is_block(int tag)
{
	return tag == DW_TAG_lexical_block || tag == DW_TAG_try_block ||
		tag == DW_TAG_catch_block;
}

/* Appends the calls inlined at the address; true when it found any. */
static bool
follow_inlined_calls(Chain *chain, Dwarf_Die *parent, int depth)
{
	Dwarf_Die die;

	if (depth >= MAX_DEPTH || dwarf_child(parent, &die) != 0)
		return false;
	do
	{
		int tag = dwarf_tag(&die);
		bool inlined = tag == DW_TAG_inlined_subroutine;

		if (chain->budget == 0)
			return false;
		chain->budget--;
		if (!inlined && !is_block(tag))
			continue;
		if (has_code(&die) && dwarf_haspc(&die, chain->address) <= 0)
			continue;
		if (inlined && !has_code(&die))
			continue;
		if (inlined && chain->n == ARX_DWARF_MAX_FRAMES)
		{
			chain->cut = true;
			return true;
		}
		if (inlined)
			chain->dies[chain->n++] = die;
		if (follow_inlined_calls(chain, &die, depth + 1) || inlined)
			return true;
	} while (next_sibling(&die));
	return false;
}

static const char *
text_attribute(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;

	return dwarf_formstring(dwarf_attr_integrate(die, name, &attribute));
}

/*
 * The linker's name of a C++ function says its class and arguments, so it goes
 * first where it can be made readable.
 */
static const char *
name_function(Dwarf_Die *die)
{
	const char *linkage = text_attribute(die, DW_AT_linkage_name);
	const char *name;

	if (!linkage)
		linkage = text_attribute(die, DW_AT_MIPS_linkage_name);
	if (linkage && strncmp(linkage, "_Z", 2) == 0)
		return linkage;
	name = text_attribute(die, DW_AT_name);
	return name ? name : linkage;
}

/* The file below the unit's folder; as it is named when that is not known. */
static const char *
complete_path(Unit *unit, const char *name)
{
	const char *folder = text_attribute(&unit->die, DW_AT_comp_dir);
	RelativeFile *files;
	char *path;

	if (!folder || folder[0] != '/')
		return name;
	for (size_t i = 0; i < unit->nfiles; i++)
		if (unit->files[i].name == name)
			return unit->files[i].path;
	files = realloc(unit->files, (unit->nfiles + 1) * sizeof(*files));
	if (!files)
		return name;
	unit->files = files;
	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return name;
	files[unit->nfiles++] = (RelativeFile){name, path};
	return path;
}

/* libdw says "???" for the file that DWARF 4 numbers 0: none. */
static const char *
known_file(Unit *unit, const char *file)
{
	if (!file || strcmp(file, "???") == 0)
		return NULL;
	return file[0] == '/' ? file : complete_path(unit, file);
}

static unsigned
number_attribute(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (dwarf_formudata(dwarf_attr(die, name, &attribute), &value) != 0 ||
		value > UINT32_MAX)
		return 0;
	return (unsigned) value;
}

/* Where the address is in the source. */
static bool
locate_address(Unit *unit, uint64_t address, ArxSymbol *frame)
{
	Dwarf_Line *line = dwarf_getsrc_die(&unit->die, address);
	int number;

	if (!line)
		return false;
	frame->file = known_file(unit, dwarf_linesrc(line, NULL, NULL));
	if (dwarf_lineno(line, &number) == 0 && number > 0)
		frame->line = (unsigned) number;
	return frame->file != NULL;
}

/* Where the inlined function is called, in its caller's frame. */
static void
locate_call(Unit *unit, Dwarf_Die *inlined, ArxSymbol *frame)
{
	Dwarf_Files *files;
	size_t nfiles;
	unsigned file = number_attribute(inlined, DW_AT_call_file);

	if (!dwarf_hasattr(inlined, DW_AT_call_file) ||
		dwarf_getsrcfiles(&unit->code, &files, &nfiles) != 0 || file >= nfiles)
		return;
	frame->file = known_file(unit, dwarf_filesrc(files, file, NULL, NULL));
	if (frame->file)
		frame->line = number_attribute(inlined, DW_AT_call_line);
}

/* Writes the chain as frames; an inlined call without a name is left out. */
static size_t
name_frames(Unit *unit, Chain *chain, ArxSymbol *frames)
{
	ArxSymbol frame = {0};
	size_t n = 0;

	if (!chain->cut)
		locate_address(unit, chain->address, &frame);
	for (size_t i = chain->n; i-- > 0;)
	{
		frame.function = name_function(&chain->dies[i]);
		if (frame.function || i == 0)
			frames[n++] = frame;
		frame = (ArxSymbol){0};
		if (i > 0)
			locate_call(unit, &chain->dies[i], &frame);
	}
	return n;
}

size_t
arx_dwarf_lines_find(ArxDwarfLines *lines, uint64_t address, ArxSymbol *frames)
{
	const ArxAddressRange *range =
		arx_address_ranges_find(&lines->ranges, address);
	Chain chain = {.address = address, .budget = MAX_UNIT_ENTRIES};
	Unit *unit;

	if (!range)
		return 0;
	unit = &lines->units[range->value];
	if (!find_function(unit, address, &chain.dies[0]))
	{
		frames[0] = (ArxSymbol){0};
		return locate_address(unit, address, &frames[0]) ? 1 : 0;
	}
	chain.n = 1;
	follow_inlined_calls(&chain, &chain.dies[0], 0);
	return name_frames(unit, &chain, frames);
}
