/*
 * symbolizer.c
 *	  Addresses of loaded objects to names: each module and each address once.
 *
 * An answer is one block, the frames and behind them their texts, so that it
 * lives on its own until the symbolizer is freed.
 */
#include "symbols/symbols.h"

#include <stdlib.h>
#include <string.h>

#include "symbols/debug_files.h"
#include "symbols/demangle.h"
#include "symbols/symbol_module.h"

typedef struct Module
{
	char *path;
	uint8_t *build_id;
	size_t build_id_bytes;
	ArxSymbolModule files;
} Module;

typedef struct Answer
{
	bool used;
	size_t module;
	uint64_t address;
	size_t n;
	ArxSymbol *frames; /* NULL when there are none */
} Answer;

struct ArxSymbolizer
{
	ArxSymbolizerOptions options; /* its texts are not used after the start */
	ArxDebugFiles files;
	Module **modules;
	size_t nmodules;
	Answer *answers; /* open addressing; the size is a power of two */
	size_t nanswers;
	size_t answers_size;
};

ArxSymbolizer *
arx_symbolizer_new(const ArxSymbolizerOptions *options)
{
	ArxSymbolizer *symbolizer = calloc(1, sizeof(*symbolizer));

	if (!symbolizer)
		return NULL;
	symbolizer->options = *options;
	symbolizer->answers_size = 1024;
	symbolizer->answers = calloc(1024, sizeof(Answer));
	if (!arx_debug_files_init(&symbolizer->files, options) ||
		!symbolizer->answers)
	{
		arx_symbolizer_free(symbolizer);
		return NULL;
	}
	return symbolizer;
}

static void
free_module(Module *module)
{
	if (!module)
		return;
	arx_symbol_module_free(&module->files);
	free(module->path);
	free(module->build_id);
	free(module);
}

void
arx_symbolizer_free(ArxSymbolizer *symbolizer)
{
	if (!symbolizer)
		return;
	for (size_t i = 0; symbolizer->answers && i < symbolizer->answers_size; i++)
		free(symbolizer->answers[i].frames);
	free(symbolizer->answers);
	for (size_t i = 0; i < symbolizer->nmodules; i++)
		free_module(symbolizer->modules[i]);
	free(symbolizer->modules);
	arx_debug_files_free(&symbolizer->files);
	free(symbolizer);
}

static Module *
new_module(ArxSymbolizer *symbolizer, const char *path, const uint8_t *build_id,
		   size_t build_id_bytes)
{
	Module *module = calloc(1, sizeof(*module));

	if (!module)
		return NULL;
	module->path = strdup(path);
	module->build_id = malloc(build_id_bytes + 1);
	module->build_id_bytes = build_id_bytes;
	if (!module->path || !module->build_id)
	{
		free_module(module);
		return NULL;
	}
	if (build_id_bytes > 0)
		memcpy(module->build_id, build_id, build_id_bytes);
	arx_symbol_module_load(&module->files, &symbolizer->files, module->path,
						   module->build_id, build_id_bytes,
						   &symbolizer->options);
	return module;
}

/*
 * Sets *index to the module's number, loading it the first time.  False when
 * memory is exhausted.  A process has some hundred modules and callers ask for
 * one after the other, so a plain list is enough.
 */
static bool
find_module(ArxSymbolizer *symbolizer, const char *path,
			const uint8_t *build_id, size_t build_id_bytes, size_t *index)
{
	Module **modules;
	Module *module;

	for (size_t i = symbolizer->nmodules; i-- > 0;)
	{
		module = symbolizer->modules[i];
		*index = i;
		if (module->build_id_bytes == build_id_bytes &&
			(build_id_bytes == 0 ||
			 memcmp(module->build_id, build_id, build_id_bytes) == 0) &&
			strcmp(module->path, path) == 0)
			return true;
	}
	modules = realloc(symbolizer->modules,
					  (symbolizer->nmodules + 1) * sizeof(*modules));
	if (!modules)
		return false;
	symbolizer->modules = modules;
	module = new_module(symbolizer, path, build_id, build_id_bytes);
	if (!module)
		return false;
	*index = symbolizer->nmodules;
	modules[symbolizer->nmodules++] = module;
	return true;
}

/* The answer's place: where it is, or where it is to go. */
static Answer *
find_answer(Answer *answers, size_t size, size_t module, uint64_t address)
{
	/* the multiplier is 2^64 divided by the golden ratio */
	uint64_t hash = (address ^ (uint64_t) module << 48) * 0x9e3779b97f4a7c15;
	size_t i = (size_t) (hash >> 20) & (size - 1);

	while (answers[i].used &&
		   (answers[i].module != module || answers[i].address != address))
		i = (i + 1) & (size - 1);
	return &answers[i];
}

/* Keeps a third of the table free. */
static bool
grow_answers(ArxSymbolizer *symbolizer)
{
	size_t size = symbolizer->answers_size * 2;
	Answer *answers;

	if (symbolizer->nanswers * 3 < symbolizer->answers_size * 2)
		return true;
	answers = calloc(size, sizeof(*answers));
	if (!answers)
		return false;
	for (size_t i = 0; i < symbolizer->answers_size; i++)
	{
		const Answer *old = &symbolizer->answers[i];

		if (old->used)
			*find_answer(answers, size, old->module, old->address) = *old;
	}
	free(symbolizer->answers);
	symbolizer->answers = answers;
	symbolizer->answers_size = size;
	return true;
}

static const char *
copy_text(char **end, const char *text)
{
	char *copy = *end;

	if (!text)
		return NULL;
	*end = stpcpy(copy, text) + 1;
	return copy;
}

/* Frames and texts in one block; NULL when memory is exhausted. */
static ArxSymbol *
copy_frames(const ArxSymbol *frames, size_t n)
{
	size_t bytes = n * sizeof(*frames);
	ArxSymbol *copy;
	char *end;

	for (size_t i = 0; i < n; i++)
		bytes += strlen(frames[i].function) + 1 +
			(frames[i].file ? strlen(frames[i].file) + 1 : 0);
	copy = malloc(bytes);
	if (!copy)
		return NULL;
	end = (char *) (copy + n);
	for (size_t i = 0; i < n; i++)
	{
		copy[i].function = copy_text(&end, frames[i].function);
		copy[i].file = copy_text(&end, frames[i].file);
		copy[i].line = frames[i].line;
	}
	return copy;
}

static ArxSymbol *
copy_demangled(ArxSymbol *frames, size_t n)
{
	char *demangled[ARX_DWARF_MAX_FRAMES];
	ArxSymbol *copy;

	for (size_t i = 0; i < n; i++)
	{
		demangled[i] = arx_demangle(frames[i].function);
		if (demangled[i])
			frames[i].function = demangled[i];
	}
	copy = copy_frames(frames, n);
	for (size_t i = 0; i < n; i++)
		free(demangled[i]);
	return copy;
}

size_t
arx_symbolize(ArxSymbolizer *symbolizer, const char *path,
			  const uint8_t *build_id, size_t build_id_bytes, uint64_t address,
			  const ArxSymbol **frames)
{
	ArxSymbol found[ARX_DWARF_MAX_FRAMES];
	Answer *answer;
	size_t index;
	size_t n;

	*frames = NULL;
	if (!find_module(symbolizer, path, build_id, build_id_bytes, &index) ||
		!grow_answers(symbolizer))
		return 0;
	answer = find_answer(symbolizer->answers, symbolizer->answers_size, index,
						 address);
	if (!answer->used)
	{
		n = arx_symbol_module_find(&symbolizer->modules[index]->files, address,
								   found);
		*answer = (Answer){.used = true, .module = index, .address = address};
		answer->frames = n > 0 ? copy_demangled(found, n) : NULL;
		answer->n = answer->frames ? n : 0;
		symbolizer->nanswers++;
	}
	*frames = answer->frames;
	return answer->n;
}

const char *
arx_symbolizer_problem(ArxSymbolizer *symbolizer, const char *path,
					   const uint8_t *build_id, size_t build_id_bytes)
{
	size_t index;

	if (!find_module(symbolizer, path, build_id, build_id_bytes, &index))
		return "memory is exhausted";
	return symbolizer->modules[index]->files.problem;
}
