/*
 * profile_symbolize.c
 *	  Functions for the frames of a profile.
 *
 * Each address is named once, whatever the number of stacks it is in.  Names
 * come from the file if it has them (they were right when it was written),
 * then from the symbolizer.  What has no name is shown as where it is.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/jit_name.h"
#include "analysis/profile.h"
#include "analysis/profile_arena.h"
#include "analysis/profile_parts.h"
#include "symbols/symbols.h"

/*
 * Calls inlined into each other at one address.  Real ones are a few; a hostile
 * file could make stacks of millions of calls of them.
 */
#define MAX_FUNCTIONS 64

/* What is at one address: its functions from the innermost inlined one on. */
typedef struct NamedAddress
{
	ArxHeapFrame frame;
	uint32_t nfunctions; /* 0: a free slot */
	ArxProfileFunction *functions;
} NamedAddress;

typedef struct Namer
{
	ArxProfile *profile;
	ArxSymbolizer *symbolizer;
	NamedAddress *slots; /* a hash table, at most half full */
	size_t nslots;		 /* a power of two */
	size_t nused;
} Namer;

static size_t
first_slot(const Namer *namer, const ArxHeapFrame *frame)
{
	uint64_t hash = (frame->address ^ ((uint64_t) frame->module << 40)) *
		UINT64_C(0x9e3779b97f4a7c15);

	return (size_t) (hash >> 20) & (namer->nslots - 1);
}

static NamedAddress *
find_slot(Namer *namer, const ArxHeapFrame *frame)
{
	size_t i = first_slot(namer, frame);

	while (namer->slots[i].nfunctions > 0 &&
		   (namer->slots[i].frame.address != frame->address ||
			namer->slots[i].frame.module != frame->module))
		i = (i + 1) & (namer->nslots - 1);
	return &namer->slots[i];
}

static void
grow_table(Namer *namer)
{
	NamedAddress *old = namer->slots;
	size_t nold = namer->nslots;

	namer->nslots = nold > 0 ? nold * 2 : 1024;
	namer->slots = arx_arena_get(namer->profile->arena, namer->nslots,
								 sizeof(NamedAddress));
	for (size_t i = 0; i < nold; i++)
		if (old[i].nfunctions > 0)
			*find_slot(namer, &old[i].frame) = old[i];
}

/* Of so many functions at an address; a file that is too large gets just one. */
static uint32_t
limit_functions(const Namer *namer, size_t n)
{
	size_t most = arx_arena_used(namer->profile->arena) > ARX_PROFILE_MAX_BYTES
		? 1
		: MAX_FUNCTIONS;

	return (uint32_t) (n < most ? n : most);
}

static ArxProfileFunction *
make_functions(Namer *namer, const ArxHeapFrame *frame, uint32_t n)
{
	ArxProfileFunction *functions =
		arx_arena_get(namer->profile->arena, n, sizeof(ArxProfileFunction));
	const char *module = "";

	if (frame->module != ARX_HEAP_NO_MODULE)
		module = namer->profile->modules[frame->module].path;
	for (uint32_t i = 0; i < n; i++)
	{
		functions[i].module = module;
		functions[i].address = frame->address;
		functions[i].named = true;
		functions[i].inlined = i + 1 < n;
	}
	return functions;
}

/* By the SYMBOLS of the file; false when it has none for the address. */
static bool
name_by_file(Namer *namer, const ArxHeapFrame *frame, NamedAddress *named)
{
	const ArxProfile *profile = namer->profile;
	size_t low = 0;
	size_t high = profile->nsymbols;
	uint32_t n = 0;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;
		const ArxHeapSymbol *symbol = &profile->symbols[middle];

		if (symbol->module < frame->module ||
			(symbol->module == frame->module &&
			 symbol->address < frame->address))
			low = middle + 1;
		else
			high = middle;
	}
	while (low + n < profile->nsymbols &&
		   profile->symbols[low + n].module == frame->module &&
		   profile->symbols[low + n].address == frame->address &&
		   profile->symbols[low + n].depth == n &&
		   profile->symbols[low + n].function.length > 0)
		n++;
	if (n == 0)
		return false;
	n = limit_functions(namer, n);
	named->nfunctions = n;
	named->functions = make_functions(namer, frame, n);
	for (uint32_t i = 0; i < n; i++)
	{
		const ArxHeapSymbol *symbol = &profile->symbols[low + i];

		named->functions[i].name = symbol->function.data;
		if (symbol->file.length > 0)
			named->functions[i].file = symbol->file.data;
		named->functions[i].line = symbol->line;
	}
	return true;
}

/* Generated code, by the names that were saved with the snapshot. */
static bool
name_by_code(Namer *namer, const ArxHeapFrame *frame, NamedAddress *named)
{
	const ArxProfile *profile = namer->profile;
	ArxProfileFunction *function;
	size_t low = 0;
	size_t high = profile->ncodes;

	if (frame->module != ARX_HEAP_NO_MODULE)
		return false;
	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (profile->codes[middle].address <= frame->address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || profile->codes[low - 1].name.length == 0 ||
		frame->address - profile->codes[low - 1].address >=
			profile->codes[low - 1].bytes)
		return false;
	named->nfunctions = 1;
	named->functions = make_functions(namer, frame, 1);
	function = named->functions;
	if (!arx_jit_name_split(profile->arena, profile->codes[low - 1].name.data,
							&function->name, &function->file, &function->line))
		function->name = profile->codes[low - 1].name.data;
	function->generated = true;
	return true;
}

static bool
name_by_symbolizer(Namer *namer, const ArxHeapFrame *frame, NamedAddress *named)
{
	ArxProfileArena *arena = namer->profile->arena;
	const ArxProfileModule *module;
	const ArxSymbol *symbols;
	size_t n;

	if (namer->symbolizer == NULL || frame->module == ARX_HEAP_NO_MODULE)
		return false;
	module = &namer->profile->modules[frame->module];
	n = arx_symbolize(namer->symbolizer, module->path, module->build_id,
					  module->build_id_bytes, frame->address, &symbols);
	if (n == 0)
		return false;
	named->nfunctions = limit_functions(namer, n);
	named->functions = make_functions(namer, frame, named->nfunctions);
	for (size_t i = 0; i < named->nfunctions; i++)
	{
		named->functions[i].name = arx_arena_text(arena, symbols[i].function,
												  strlen(symbols[i].function));
		if (symbols[i].file != NULL)
			named->functions[i].file =
				arx_arena_text(arena, symbols[i].file, strlen(symbols[i].file));
		named->functions[i].line = symbols[i].line;
	}
	return true;
}

static void
name_by_place(Namer *namer, const ArxHeapFrame *frame, NamedAddress *named)
{
	const char *module = "";

	named->nfunctions = 1;
	named->functions = make_functions(namer, frame, 1);
	if (frame->module != ARX_HEAP_NO_MODULE)
		module = arx_module_name(namer->profile->modules[frame->module].path);
	if (module[0] == '\0')
		module = "[unknown]";
	named->functions->name = arx_arena_format(
		namer->profile->arena, "%s+0x%" PRIx64, module, frame->address);
	named->functions->named = false;
}

static const NamedAddress *
name_frame(Namer *namer, const ArxHeapFrame *frame)
{
	NamedAddress *named;

	if (namer->nused * 2 >= namer->nslots)
		grow_table(namer);
	named = find_slot(namer, frame);
	if (named->nfunctions > 0)
		return named;
	named->frame = *frame;
	namer->nused++;
	if (!name_by_file(namer, frame, named) &&
		!name_by_code(namer, frame, named) &&
		!name_by_symbolizer(namer, frame, named))
		name_by_place(namer, frame, named);
	return named;
}

static void
name_site(Namer *namer, ArxProfileSite *site)
{
	const ArxProfileFunction **functions;
	uint32_t n = 0;

	for (uint32_t i = 0; i < site->nframes; i++)
		n += name_frame(namer, &site->frames[i])->nfunctions;
	functions = arx_arena_get(namer->profile->arena, n, sizeof(*functions));
	site->functions = functions;
	site->nfunctions = n;
	for (uint32_t i = 0; i < site->nframes; i++)
	{
		const NamedAddress *named = name_frame(namer, &site->frames[i]);

		for (uint32_t depth = named->nfunctions; depth-- > 0;)
			*functions++ = &named->functions[depth];
	}
}

void
arx_profile_symbolize(ArxProfile *profile, ArxSymbolizer *symbolizer)
{
	Namer namer = {.profile = profile, .symbolizer = symbolizer};

	for (size_t i = 0; i < profile->nsites; i++)
		if (profile->sites[i].nfunctions == 0)
			name_site(&namer, &profile->sites[i]);
}
