/*
 * profile_load.c
 *	  A snapshot file into memory, each number in it taken for hostile.
 *
 * The reader of the format checks checksums and bounds; here what refers to
 * something else is checked (modules, epochs), estimates are checked to be
 * numbers, and the whole is kept below ARX_PROFILE_MAX_BYTES.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/profile.h"
#include "analysis/profile_arena.h"
#include "analysis/profile_parts.h"

/* Of a site; the runtime writes at most one for each epoch. */
#define MAX_ROWS (4 * ARX_HEAP_MAX_EPOCHS)

/* What loading needs beside the profile. */
typedef struct Loader
{
	ArxProfile *profile;
	ArxProfileArena *arena;
	ArxHeapReader reader;
	ArxHeapCursor cursor;
	const char *problem; /* what the format's reader does not know */
} Loader;

static const uint32_t no_lifetimes[ARX_HEAP_LIFETIME_CLASSES];

/* True while the section has another entry; false at its end or on a fault. */
static bool
more(Loader *loader, ArxHeapReadStatus status)
{
	if (status == ARX_HEAP_READ_DONE)
		return false;
	if (status != ARX_HEAP_READ_OK)
	{
		if (loader->problem == NULL)
			loader->problem = loader->reader.error;
		return false;
	}
	if (arx_arena_used(loader->arena) > ARX_PROFILE_MAX_BYTES)
		loader->problem = "would take more than 1 GiB of memory";
	return loader->problem == NULL;
}

static bool
load_process(Loader *loader)
{
	ArxHeapProcess *process = &loader->profile->process;

	if (arx_heap_read_process(&loader->reader, process) != ARX_HEAP_READ_OK ||
		arx_heap_read_ledger(&loader->reader, loader->profile->ledger) !=
			ARX_HEAP_READ_OK ||
		arx_heap_read_counters(&loader->reader, loader->profile->counters) !=
			ARX_HEAP_READ_OK)
		return false;
	arx_heap_process_keep(loader->arena, process);
	return true;
}

static bool
load_modules(Loader *loader)
{
	ArxProfile *profile = loader->profile;
	size_t room = 0;
	ArxProfileModule *modules = NULL;
	ArxHeapModule from;

	arx_heap_read_start(&loader->reader, ARX_HEAP_MODULES, &loader->cursor);
	while (more(loader, arx_heap_read_module(&loader->cursor, &from)))
	{
		ArxProfileModule *to;
		uint8_t *build_id;

		modules = arx_array_grow(modules, profile->nmodules, &room,
								 sizeof(ArxProfileModule));
		to = &modules[profile->nmodules++];
		build_id = arx_arena_get(loader->arena, from.build_id.length, 1);
		if (from.build_id.length > 0)
			memcpy(build_id, from.build_id.data, from.build_id.length);
		to->path = arx_heap_text_keep(loader->arena, from.path).data;
		to->build_id = build_id;
		to->build_id_bytes = from.build_id.length;
		to->start = from.start;
		to->end = from.end;
		to->bias = from.bias;
	}
	profile->modules = arx_arena_keep(loader->arena, modules, profile->nmodules,
									  sizeof(ArxProfileModule));
	return loader->problem == NULL;
}

static bool
load_epochs(Loader *loader)
{
	ArxProfile *profile = loader->profile;
	size_t room = 0;
	uint64_t *ends = NULL;
	uint64_t end;

	arx_heap_read_start(&loader->reader, ARX_HEAP_EPOCHS, &loader->cursor);
	while (more(loader, arx_heap_read_epoch(&loader->cursor, &end)))
	{
		if (profile->nepochs > 0 && end < ends[profile->nepochs - 1])
			loader->problem = "its epochs are not in order";
		ends = arx_array_grow(ends, profile->nepochs, &room, sizeof(uint64_t));
		ends[profile->nepochs++] = end;
	}
	profile->epochs_ms =
		arx_arena_keep(loader->arena, ends, profile->nepochs, sizeof(uint64_t));
	return loader->problem == NULL;
}

static bool
is_estimate(double value)
{
	return isfinite(value) && value >= 0;
}

/* The rows of the site at hand, and their sums. */
static void
load_rows(Loader *loader, ArxProfileSite *site)
{
	ArxHeapRow *rows;
	uint32_t n = 0;

	if (site->nrows > MAX_ROWS)
	{
		loader->problem = "a site in it has more rows than any has";
		return;
	}
	rows = arx_arena_get(loader->arena, site->nrows, sizeof(ArxHeapRow));
	while (n < site->nrows &&
		   more(loader, arx_heap_read_row(&loader->cursor, &rows[n])))
	{
		const ArxHeapRow *row = &rows[n++];

		if (row->epoch >= loader->profile->nepochs)
			loader->problem = "it speaks of an epoch that it does not have";
		if (!is_estimate(row->bytes) || !is_estimate(row->variance) ||
			!is_estimate(row->objects))
			loader->problem = "an estimate in it is not a number";
		site->samples += row->samples;
		site->bytes += row->bytes;
		site->variance += row->variance;
		site->objects += row->objects;
	}
	site->rows = rows;
	site->nrows = n;
}

/* The profiler is the innermost frame of what it records: not the program's. */
static uint32_t
without_profiler(const ArxProfile *profile, const ArxHeapSite *site)
{
	uint32_t n = site->nframes;

	while (n > 0)
	{
		uint32_t module = site->frames[n - 1].module;

		if (module == ARX_HEAP_NO_MODULE ||
			strcmp(arx_module_name(profile->modules[module].path),
				   "libarxheap.so") != 0)
			break;
		n--;
	}
	return n;
}

static void
load_site(Loader *loader, const ArxHeapSite *from, ArxProfileSite *to)
{
	ArxHeapFrame *frames;

	to->kind = from->kind;
	to->flags = from->flags;
	to->label = from->label;
	to->label_name = "";
	to->births = from->births;
	to->birth_bytes = from->birth_bytes;
	to->frees = from->frees;
	to->nrows = from->nrows;
	to->lifetimes = no_lifetimes;
	for (uint32_t i = 0; i < from->nframes; i++)
	{
		if (from->frames[i].module != ARX_HEAP_NO_MODULE &&
			from->frames[i].module >= loader->profile->nmodules)
		{
			loader->problem = "it speaks of a module that it does not have";
			return;
		}
	}
	if (!is_estimate(from->birth_bytes) || from->kind > ARX_HEAP_SITE_RESERVE)
	{
		loader->problem = "a site in it is of no known kind, or not a number";
		return;
	}
	to->nframes = without_profiler(loader->profile, from);
	frames = arx_arena_get(loader->arena, to->nframes, sizeof(ArxHeapFrame));
	if (to->nframes > 0)
		memcpy(frames, from->frames, to->nframes * sizeof(ArxHeapFrame));
	to->frames = frames;
	if (from->frees > 0)
	{
		uint32_t *lifetimes = arx_arena_get(
			loader->arena, ARX_HEAP_LIFETIME_CLASSES, sizeof(uint32_t));

		memcpy(lifetimes, from->lifetimes, sizeof(from->lifetimes));
		to->lifetimes = lifetimes;
	}
	load_rows(loader, to);
}

static bool
load_sites(Loader *loader)
{
	ArxProfile *profile = loader->profile;
	size_t room = 0;
	ArxProfileSite *sites = NULL;
	ArxHeapSite from;

	arx_heap_read_start(&loader->reader, ARX_HEAP_SITES, &loader->cursor);
	while (more(loader, arx_heap_read_site(&loader->cursor, &from)))
	{
		ArxProfileSite *to;

		sites = arx_array_grow(sites, profile->nsites, &room,
							   sizeof(ArxProfileSite));
		to = &sites[profile->nsites++];
		memset(to, 0, sizeof(*to));
		load_site(loader, &from, to);
	}
	profile->sites = arx_arena_keep(loader->arena, sites, profile->nsites,
									sizeof(ArxProfileSite));
	for (size_t i = 0; loader->problem == NULL && i < profile->nsites; i++)
		profile->sites[i].id = arx_profile_site_id(profile, &profile->sites[i]);
	return loader->problem == NULL;
}

static bool
load_codes(Loader *loader)
{
	ArxProfile *profile = loader->profile;
	size_t room = 0;
	ArxHeapCode *codes = NULL;
	ArxHeapCode code;

	arx_heap_read_start(&loader->reader, ARX_HEAP_CODE, &loader->cursor);
	while (more(loader, arx_heap_read_code(&loader->cursor, &code)))
	{
		code.name = arx_heap_text_keep(loader->arena, code.name);
		codes = arx_array_grow(codes, profile->ncodes, &room, sizeof(code));
		codes[profile->ncodes++] = code;
	}
	profile->codes =
		arx_arena_keep(loader->arena, codes, profile->ncodes, sizeof(code));
	return loader->problem == NULL;
}

static bool
load_labels(Loader *loader)
{
	ArxProfile *profile = loader->profile;
	size_t room = 0;
	ArxHeapLabel *labels = NULL;
	ArxHeapLabel label;

	arx_heap_read_start(&loader->reader, ARX_HEAP_LABELS, &loader->cursor);
	while (more(loader, arx_heap_read_label(&loader->cursor, &label)))
	{
		label.name = arx_heap_text_keep(loader->arena, label.name);
		labels = arx_array_grow(labels, profile->nlabels, &room, sizeof(label));
		labels[profile->nlabels++] = label;
	}
	profile->labels =
		arx_arena_keep(loader->arena, labels, profile->nlabels, sizeof(label));
	return loader->problem == NULL;
}

static bool
load_symbols(Loader *loader)
{
	ArxProfile *profile = loader->profile;
	size_t room = 0;
	ArxHeapSymbol *symbols = NULL;
	ArxHeapSymbol symbol;

	arx_heap_read_start(&loader->reader, ARX_HEAP_SYMBOLS, &loader->cursor);
	while (more(loader, arx_heap_read_symbol(&loader->cursor, &symbol)))
	{
		symbol.function = arx_heap_text_keep(loader->arena, symbol.function);
		symbol.file = arx_heap_text_keep(loader->arena, symbol.file);
		symbols =
			arx_array_grow(symbols, profile->nsymbols, &room, sizeof(symbol));
		symbols[profile->nsymbols++] = symbol;
	}
	profile->symbols = arx_arena_keep(loader->arena, symbols, profile->nsymbols,
									  sizeof(symbol));
	return loader->problem == NULL;
}

static bool
load_all(Loader *loader, const uint8_t *bytes, size_t length)
{
	if (arx_heap_read_open(&loader->reader, bytes, length) !=
			ARX_HEAP_READ_OK ||
		!load_process(loader))
	{
		loader->problem = loader->reader.error;
		return false;
	}
	return load_modules(loader) && load_epochs(loader) && load_sites(loader) &&
		load_codes(loader) && load_labels(loader) && load_symbols(loader);
}

ArxProfile *
arx_profile_load(const char *path, const char **error)
{
	const char *problem;
	size_t length;
	uint8_t *bytes = arx_snapshot_bytes(path, &length, &problem);
	ArxProfileArena *arena;
	Loader *loader;
	ArxProfile *profile;
	bool sound;

	if (bytes == NULL)
	{
		*error = arx_profile_error(path, problem);
		return NULL;
	}
	arena = arx_arena_new();
	loader = arx_arena_get(arena, 1, sizeof(Loader));
	profile = arx_arena_get(arena, 1, sizeof(ArxProfile));
	profile->arena = arena;
	profile->path = arx_arena_text(arena, path, strlen(path));
	loader->profile = profile;
	loader->arena = arena;
	sound = load_all(loader, bytes, length);
	free(bytes);
	if (!sound)
	{
		*error = arx_profile_error(path, loader->problem);
		arx_arena_free(arena);
		return NULL;
	}
	arx_profile_name_labels(profile);
	return profile;
}

void
arx_profile_free(ArxProfile *profile)
{
	if (profile != NULL)
		arx_arena_free(profile->arena);
}
