/*
 * elf_symbols.c
 *	  Functions of a module as its symbol tables name them.
 *
 * One sorted array of all tables: .symtab and .dynsym of the object, .symtab
 * of its debug file, and the compressed table in .gnu_debugdata, which libdwfl
 * unpacks.
 */
#include "symbols/elf_symbols.h"

#include <elfutils/libdwfl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbols/address_ranges.h"

struct ArxElfSymbols
{
	ArxAddressRanges ranges; /* value: pointer to the name */
	bool complete;
	Dwfl *unpacked; /* owns names out of .gnu_debugdata, or NULL */
	char **names;	/* those that had to lose their version */
	size_t nnames;
	size_t names_capacity;
};

/* Where code is, section by section; sections of other things are empty. */
typedef struct CodeSections
{
	size_t n;
	ArxAddressRange *items;
} CodeSections;

/* The range of a section of code; false when it is something else. */
static bool
read_code_section(const GElf_Shdr *header, ArxAddressRange *range)
{
	if (!(header->sh_flags & SHF_EXECINSTR) ||
		header->sh_size > UINT64_MAX - header->sh_addr)
		return false;
	*range = (ArxAddressRange){.start = header->sh_addr,
							   .end = header->sh_addr + header->sh_size};
	return true;
}

static bool
read_code_sections(Elf *elf, CodeSections *sections)
{
	Elf_Scn *section = NULL;

	*sections = (CodeSections){0};
	if (elf_getshdrnum(elf, &sections->n) != 0 || sections->n == 0)
		return false;
	sections->items = calloc(sections->n, sizeof(*sections->items));
	if (!sections->items)
		return false;
	while ((section = elf_nextscn(elf, section)))
	{
		size_t index = elf_ndxscn(section);
		GElf_Shdr header;

		if (index < sections->n && gelf_getshdr(section, &header))
			read_code_section(&header, &sections->items[index]);
	}
	return true;
}

/*
 * Which of several names of one function to show: a function before a bare
 * label, one with a size before one without, a global before a local one, one
 * without version, and the one with fewer leading underscores.
 */
static uint32_t
rank_symbol(const GElf_Sym *symbol, const char *name)
{
	size_t underscores = strspn(name, "_");
	uint32_t rank = 0;

	rank |= (GELF_ST_TYPE(symbol->st_info) != STT_NOTYPE) << 5;
	rank |= (symbol->st_size > 0) << 4;
	rank |= (GELF_ST_BIND(symbol->st_info) != STB_LOCAL) << 3;
	rank |= (strchr(name, '@') == NULL) << 2;
	rank |= underscores > 3 ? 0 : 3 - (uint32_t) underscores;
	return rank;
}

static bool
is_function(const GElf_Sym *symbol, const char *name)
{
	if (!name || !name[0] || symbol->st_shndx == SHN_UNDEF)
		return false;
	switch (GELF_ST_TYPE(symbol->st_info))
	{
		case STT_FUNC:
		case STT_GNU_IFUNC:
			return true;
		case STT_NOTYPE:
			/* a function of an assembler source that does not say so */
			return GELF_ST_BIND(symbol->st_info) == STB_GLOBAL;
		default:
			return false;
	}
}

/* The name without "@VERSION"; a copy where there was one, NULL without memory. */
static const char *
strip_version(ArxElfSymbols *symbols, const char *name)
{
	const char *at = strchr(name, '@');
	char *copy;

	if (!at || at == name)
		return name;
	if (symbols->nnames == symbols->names_capacity)
	{
		size_t capacity = symbols->names_capacity * 2 + 64;
		char **names = realloc(symbols->names, capacity * sizeof(*names));

		if (!names)
			return NULL;
		symbols->names = names;
		symbols->names_capacity = capacity;
	}
	copy = strndup(name, (size_t) (at - name));
	if (copy)
		symbols->names[symbols->nnames++] = copy;
	return copy;
}

static bool
add_symbol(ArxElfSymbols *symbols, const ArxAddressRange *section,
		   const GElf_Sym *symbol, const char *name)
{
	uint64_t start = symbol->st_value;
	ArxAddressRange range = {.start = start, .end = section->end};
	const char *shown;

	if (!is_function(symbol, name) || start < section->start ||
		start >= section->end)
		return true;
	if (symbol->st_size == 0 && !symbols->complete)
		return true; /* nobody knows what comes next */
	if (symbol->st_size == 0)
		range.open = true;
	else if (symbol->st_size < section->end - start)
		range.end = start + symbol->st_size;
	shown = strip_version(symbols, name);
	range.rank = rank_symbol(symbol, name);
	range.value = (uint64_t) (uintptr_t) shown;
	return shown && arx_address_ranges_add(&symbols->ranges, &range);
}

static bool
read_table(ArxElfSymbols *symbols, Elf *elf, Elf_Scn *table,
		   const GElf_Shdr *header, const CodeSections *sections)
{
	Elf_Data *data = elf_getdata(table, NULL);
	size_t entry = gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT);
	int n;

	if (!data || entry == 0 || data->d_size / entry > INT32_MAX)
		return true;
	n = (int) (data->d_size / entry);
	for (int i = 0; i < n; i++)
	{
		GElf_Sym symbol;

		if (!gelf_getsym(data, i, &symbol) ||
			symbol.st_shndx >= SHN_LORESERVE || symbol.st_shndx >= sections->n)
			continue;
		if (!add_symbol(symbols, &sections->items[symbol.st_shndx], &symbol,
						elf_strptr(elf, header->sh_link, symbol.st_name)))
			return false;
	}
	return true;
}

/* Reads the tables of this type.  False when memory is exhausted. */
static bool
read_tables(ArxElfSymbols *symbols, Elf *elf, unsigned type)
{
	CodeSections sections;
	Elf_Scn *section = NULL;
	bool fine = true;

	if (!read_code_sections(elf, &sections))
		return true;
	while (fine && (section = elf_nextscn(elf, section)))
	{
		GElf_Shdr header;

		if (gelf_getshdr(section, &header) && header.sh_type == type)
			fine = read_table(symbols, elf, section, &header, &sections);
	}
	free(sections.items);
	return fine;
}

/* libdwfl may not look for files itself: a wrong one would go unnoticed. */
static int
find_no_debug_file(Dwfl_Module *module, void **user_data, const char *name,
				   Dwarf_Addr base, const char *file_name,
				   const char *debuglink_file, GElf_Word debuglink_crc,
				   char **debuginfo_file_name)
{
	(void) module, (void) user_data, (void) name, (void) base;
	(void) file_name, (void) debuglink_file, (void) debuglink_crc;
	(void) debuginfo_file_name;
	return -1;
}

static const Dwfl_Callbacks no_callbacks = {
	.find_debuginfo = find_no_debug_file,
	.section_address = dwfl_offline_section_address,
};

/* Adds symbol number i of libdwfl's list.  False when memory is exhausted. */
static bool
add_unpacked_symbol(ArxElfSymbols *symbols, Dwfl_Module *module, int i)
{
	ArxAddressRange section;
	GElf_Sym symbol;
	GElf_Addr address;
	GElf_Word index;
	GElf_Shdr header;
	Elf *elf;
	const char *name = dwfl_module_getsym_info(module, i, &symbol, &address,
											   &index, &elf, NULL);

	if (!name || !elf || !gelf_getshdr(elf_getscn(elf, index), &header) ||
		!read_code_section(&header, &section))
		return true;
	return add_symbol(symbols, &section, &symbol, name);
}

/* Does the list hold more than the table of the object itself? */
static bool
is_list_complete(Dwfl_Module *module, int n)
{
	GElf_Addr bias;
	Elf *main_elf = dwfl_module_getelf(module, &bias);

	for (int i = 1; i < n; i++)
	{
		GElf_Sym symbol;
		GElf_Addr address;
		Elf *elf = NULL;

		if (dwfl_module_getsym_info(module, i, &symbol, &address, NULL, &elf,
									NULL) &&
			elf && elf != main_elf)
			return true;
	}
	return false;
}

/* Adds what .gnu_debugdata lists.  False when memory is exhausted. */
static bool
read_unpacked_table(ArxElfSymbols *symbols, const ArxObjectFile *object)
{
	Dwfl_Module *module = NULL;
	int fd = dup(object->fd);
	int n;

	if (fd < 0)
		return true;
	symbols->unpacked = dwfl_begin(&no_callbacks);
	if (symbols->unpacked)
		module = dwfl_report_elf(symbols->unpacked, object->path, object->path,
								 fd, 0, true);
	if (!module)
	{
		close(fd);
		return true;
	}
	dwfl_report_end(symbols->unpacked, NULL, NULL);
	n = dwfl_module_getsymtab(module);
	symbols->complete = is_list_complete(module, n);
	for (int i = 1; i < n; i++)
		if (!add_unpacked_symbol(symbols, module, i))
			return false;
	return true;
}

static bool
has_table(const ArxObjectFile *file)
{
	return file && arx_object_file_has_section(file, ".symtab");
}

ArxElfSymbols *
arx_elf_symbols_read(const ArxObjectFile *object, const ArxObjectFile *debug)
{
	ArxElfSymbols *symbols = calloc(1, sizeof(*symbols));
	bool fine = true;

	if (!symbols)
		return NULL;
	symbols->complete = has_table(object) || has_table(debug);
	if (!symbols->complete && object &&
		arx_object_file_has_section(object, ".gnu_debugdata"))
		fine = read_unpacked_table(symbols, object);
	if (fine && object)
		fine = read_tables(symbols, object->elf, SHT_SYMTAB) &&
			read_tables(symbols, object->elf, SHT_DYNSYM);
	if (fine && debug)
		fine = read_tables(symbols, debug->elf, SHT_SYMTAB);
	if (!fine)
	{
		arx_elf_symbols_free(symbols);
		return NULL;
	}
	arx_address_ranges_sort(&symbols->ranges);
	return symbols;
}

void
arx_elf_symbols_free(ArxElfSymbols *symbols)
{
	if (!symbols)
		return;
	arx_address_ranges_free(&symbols->ranges);
	for (size_t i = 0; i < symbols->nnames; i++)
		free(symbols->names[i]);
	free(symbols->names);
	if (symbols->unpacked)
		dwfl_end(symbols->unpacked);
	free(symbols);
}

const char *
arx_elf_symbols_find(const ArxElfSymbols *symbols, uint64_t address)
{
	const ArxAddressRange *range =
		arx_address_ranges_find(&symbols->ranges, address);

	return range ? (const char *) (uintptr_t) range->value : NULL;
}

bool
arx_elf_symbols_complete(const ArxElfSymbols *symbols)
{
	return symbols->complete;
}

size_t
arx_elf_symbols_count(const ArxElfSymbols *symbols)
{
	return symbols->ranges.n;
}
