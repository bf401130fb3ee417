/*
 * snapshot_names.c
 *	  Replaces the SYMBOLS section of a snapshot file.
 *
 * The file's writer writes whole files only, so a small one is made that
 * holds nothing but the names; its section is put behind the others, whose
 * bytes are copied, under a new header.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/profile_parts.h"
#include "cli/cli.h"
#include "cli/little_endian.h"
#include "cli/output_file.h"
#include "cli/snapshot_names.h"
#include "cli/text_print.h"

#define OFFSET_HEADER_BYTES 12
#define OFFSET_FILE_BYTES 16
#define OFFSET_CRC 24

/* Bytes that grow. */
typedef struct Bytes
{
	uint8_t *data;
	size_t length;
	size_t room;
} Bytes;

/* An address that stacks of the snapshot have. */
typedef struct Place
{
	uint32_t module;
	uint64_t address;
} Place;

typedef struct Names
{
	const ArxProfile *profile;
	ArxSymbolizer *symbolizer;
	Place *places;
	size_t nplaces;
	ArxHeapSymbol *symbols; /* all of an address together, innermost first */
	size_t nsymbols;
	size_t room;
	ArxNameCount count;
} Names;

static bool
append(void *context, const void *data, size_t length)
{
	Bytes *bytes = context;

	if (length > bytes->room - bytes->length)
	{
		size_t room = 2 * (bytes->room + length);
		uint8_t *grown = realloc(bytes->data, room);

		if (!grown)
			return false;
		bytes->data = grown;
		bytes->room = room;
	}
	memcpy(bytes->data + bytes->length, data, length);
	bytes->length += length;
	return true;
}

static int
compare_places(const void *left, const void *right)
{
	const Place *a = left;
	const Place *b = right;

	if (a->module != b->module)
		return a->module < b->module ? -1 : 1;
	return a->address < b->address ? -1 : a->address > b->address;
}

/* The distinct addresses of all stacks, in order. */
static bool
collect_places(Names *names)
{
	const ArxProfile *profile = names->profile;
	size_t total = 0;
	size_t kept = 0;

	for (size_t i = 0; i < profile->nsites; i++)
		total += profile->sites[i].nframes;
	names->places = malloc((total + 1) * sizeof(*names->places));
	if (!names->places)
		return false;
	total = 0;
	for (size_t i = 0; i < profile->nsites; i++)
		for (uint32_t f = 0; f < profile->sites[i].nframes; f++)
			if (profile->sites[i].frames[f].module < profile->nmodules)
				names->places[total++] =
					(Place){profile->sites[i].frames[f].module,
							profile->sites[i].frames[f].address};
	qsort(names->places, total, sizeof(*names->places), compare_places);
	for (size_t i = 0; i < total; i++)
		if (kept == 0 ||
			compare_places(&names->places[i], &names->places[kept - 1]) != 0)
			names->places[kept++] = names->places[i];
	names->nplaces = kept;
	return true;
}

static bool
add_symbol(Names *names, ArxHeapSymbol symbol)
{
	if (names->nsymbols == names->room)
	{
		size_t room = 2 * names->room + 256;
		ArxHeapSymbol *grown = realloc(names->symbols, room * sizeof(*grown));

		if (!grown)
			return false;
		names->symbols = grown;
		names->room = room;
	}
	names->symbols[names->nsymbols++] = symbol;
	return true;
}

static ArxHeapText
text_of(const char *text)
{
	size_t length = text ? strlen(text) : 0;

	return (ArxHeapText){text ? text : "",
						 (uint32_t) (length < ARX_HEAP_MAX_STRING
										 ? length
										 : ARX_HEAP_MAX_STRING)};
}

/* The names that the file has of an address already. */
static bool
keep_old_names(Names *names, const Place *place, bool *any)
{
	const ArxProfile *profile = names->profile;
	size_t low = 0;
	size_t high = profile->nsymbols;

	while (low < high)
	{
		size_t middle = (low + high) / 2;
		Place there = {profile->symbols[middle].module,
					   profile->symbols[middle].address};

		if (compare_places(&there, place) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*any = false;
	for (; low < profile->nsymbols; low++)
	{
		const ArxHeapSymbol *symbol = &profile->symbols[low];

		if (symbol->module != place->module ||
			symbol->address != place->address)
			break;
		if (!add_symbol(names, *symbol))
			return false;
		*any = true;
	}
	return true;
}

static bool
name_place(Names *names, const Place *place)
{
	const ArxProfileModule *module = &names->profile->modules[place->module];
	const ArxSymbol *found = NULL;
	size_t count = names->symbolizer
		? arx_symbolize(names->symbolizer, module->path, module->build_id,
						module->build_id_bytes, place->address, &found)
		: 0;
	bool any = count > 0;

	for (size_t i = 0; i < count; i++)
		if (!add_symbol(names,
						(ArxHeapSymbol){.module = place->module,
										.address = place->address,
										.depth = (uint32_t) i,
										.count = (uint32_t) count,
										.function = text_of(found[i].function),
										.file = text_of(found[i].file),
										.line = found[i].line}))
			return false;
	if (!any && !keep_old_names(names, place, &any))
		return false;
	if (any)
		names->count.named++;
	else
		names->count.nameless++;
	return true;
}

static bool
find_names(Names *names)
{
	if (!collect_places(names))
		return false;
	for (size_t i = 0; i < names->nplaces; i++)
	{
		if (i % 256 == 0)
			arx_progress("naming addresses: %zu of %zu", i, names->nplaces);
		if (!name_place(names, &names->places[i]))
			return false;
	}
	arx_progress_end();
	return true;
}

/* One pass of the small file that holds the names. */
static void
write_names(ArxHeapWriter *writer, const Names *names)
{
	arx_heap_write_section(writer, ARX_HEAP_PROCESS, 1);
	arx_heap_write_process(writer, &names->profile->process);
	arx_heap_write_section(writer, ARX_HEAP_SYMBOLS, names->count.named);
	for (size_t i = 0; i < names->nsymbols; i++)
		arx_heap_write_symbol(writer, &names->symbols[i]);
}

static bool
make_names_file(const Names *names, Bytes *file)
{
	ArxHeapWriter *writer = malloc(sizeof(*writer));
	bool done = false;

	if (writer)
	{
		arx_heap_write_begin(writer);
		write_names(writer, names);
		if (arx_heap_write_end(writer))
		{
			arx_heap_write_to(writer, append, file);
			write_names(writer, names);
			done = arx_heap_write_end(writer);
		}
	}
	free(writer);
	return done;
}

/* Writes a number in so many bytes, the lowest first. */
static void
put_number(uint8_t *at, int bytes, uint64_t value)
{
	for (int i = 0; i < bytes; i++, value >>= 8)
		at[i] = (uint8_t) value;
}

/* Copies the sections of a sound file whose kinds are in a range. */
static bool
copy_sections(const Bytes *from, Bytes *to, uint32_t least, uint32_t most)
{
	size_t at = (size_t) arx_little_endian(from->data + OFFSET_HEADER_BYTES, 4);

	while (at + ARX_HEAP_SECTION_BYTES <= from->length)
	{
		uint32_t kind = (uint32_t) arx_little_endian(from->data + at, 4);
		uint64_t bytes = arx_little_endian(from->data + at + 8, 8);

		if (kind == ARX_HEAP_END ||
			bytes > from->length - at - ARX_HEAP_SECTION_BYTES)
			return true;
		if (kind >= least && kind <= most &&
			!append(to, from->data + at,
					ARX_HEAP_SECTION_BYTES + (size_t) bytes))
			return false;
		at += ARX_HEAP_SECTION_BYTES + (size_t) bytes;
	}
	return true;
}

/* The header and the sections of the old file, with the new one's names. */
static bool
join_files(const Bytes *old, const Bytes *names, Bytes *joined)
{
	size_t header =
		(size_t) arx_little_endian(old->data + OFFSET_HEADER_BYTES, 4);
	const uint8_t *end = names->data + names->length - ARX_HEAP_SECTION_BYTES;

	if (!append(joined, old->data, header) ||
		!copy_sections(old, joined, ARX_HEAP_PROCESS, ARX_HEAP_SYMBOLS - 1) ||
		!copy_sections(names, joined, ARX_HEAP_SYMBOLS, ARX_HEAP_SYMBOLS) ||
		!copy_sections(old, joined, ARX_HEAP_SYMBOLS + 1, UINT32_MAX) ||
		!append(joined, end, ARX_HEAP_SECTION_BYTES))
		return false;
	put_number(joined->data + OFFSET_FILE_BYTES, 8, joined->length);
	put_number(joined->data + OFFSET_CRC, 4, 0);
	put_number(joined->data + OFFSET_CRC, 4,
			   arx_heap_crc(0, joined->data, header));
	return true;
}

/* Checks that what was put together is a snapshot before it replaces one. */
static bool
is_sound(const Bytes *bytes)
{
	ArxHeapReader reader;

	return arx_heap_read_open(&reader, bytes->data, bytes->length) ==
		ARX_HEAP_READ_OK;
}

static bool
replace_file(const char *path, const Bytes *bytes)
{
	ArxOutputFile output;

	if (!arx_output_open(&output, path))
		return false;
	return arx_output_close(
		&output,
		fwrite(bytes->data, 1, bytes->length, output.stream) == bytes->length);
}

bool
arx_snapshot_add_names(const char *path, ArxSymbolizer *symbolizer,
					   ArxNameCount *count)
{
	const char *error = "out of memory";
	char clean[1024];
	ArxProfile *profile = arx_profile_load(path, &error);
	Names names = {.profile = profile, .symbolizer = symbolizer};
	Bytes old = {0};
	Bytes section = {0};
	Bytes joined = {0};
	bool done = false;

	if (!profile)
		arx_say_error("the file stays as it is", "%s",
					  arx_text_clean(clean, sizeof(clean), error));
	else if (!(old.data = arx_snapshot_bytes(path, &old.length, &error)) ||
			 !find_names(&names) || !make_names_file(&names, &section) ||
			 !is_sound(&old) || !join_files(&old, &section, &joined) ||
			 !is_sound(&joined))
		arx_say_error("the file stays as it is",
					  "could not add names to \"%s\"", path);
	else
		done = replace_file(path, &joined);
	if (count)
		*count = names.count;
	free(names.places);
	free(names.symbols);
	free(old.data);
	free(section.data);
	free(joined.data);
	arx_profile_free(profile);
	return done;
}
