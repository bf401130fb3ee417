/*
 * symbol_module.c
 *	  One loaded object: its file, its debug file, and what they name.
 */
#include "symbols/symbol_module.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Files from here on are announced: reading them takes a noticeable time. */
#define LARGE_FILE_BYTES ((uint64_t) 16 << 20)

/* What the kernel adds to the path of a file that is no longer there. */
#define DELETED " (deleted)"

/* What is to be loaded. */
typedef struct Identity
{
	const char *path;
	const uint8_t *build_id;
	size_t build_id_bytes;
	char id_text[2 * 64 + 1];
} Identity;

static void
write_id(char *text, size_t text_bytes, const uint8_t *id, size_t id_bytes)
{
	text[0] = 0;
	for (size_t i = 0; i < id_bytes && 2 * i + 3 <= text_bytes; i++)
		snprintf(text + 2 * i, 3, "%02x", id[i]);
}

static void __attribute__((format(printf, 2, 3)))
set_problem(ArxSymbolModule *module, const char *format, ...)
{
	va_list arguments;

	free(module->problem);
	va_start(arguments, format);
	if (vasprintf(&module->problem, format, arguments) < 0)
		module->problem = NULL;
	va_end(arguments);
}

static void
set_other_file_problem(ArxSymbolModule *module, const ArxObjectFile *file,
					   const Identity *identity)
{
	char found[2 * 64 + 1];

	write_id(found, sizeof(found), file->build_id, file->build_id_bytes);
	set_problem(
		module, "%s was replaced: it has %s%s, the process had loaded %s%s",
		file->path, found[0] ? "build id " : "no build id", found,
		identity->id_text[0] ? "build id " : "one without", identity->id_text);
}

/* Opens the file at root + path if it is the one that was loaded. */
static bool
try_object(ArxSymbolModule *module, const char *root, const Identity *identity)
{
	size_t path_len = strlen(identity->path);
	const char *why;
	ArxObjectFile *file;
	char *path;

	if (path_len > strlen(DELETED) &&
		strcmp(identity->path + path_len - strlen(DELETED), DELETED) == 0)
		path_len -= strlen(DELETED);
	if (asprintf(&path, "%s%.*s", root, (int) path_len, identity->path) < 0)
		return false;
	file = arx_object_file_open(path, &why);
	if (!file)
	{
		if (!module->problem)
			set_problem(module, "%s: %s", path, why);
	}
	else if (arx_object_file_has_id(file, identity->build_id,
									identity->build_id_bytes))
		module->object = file;
	else
	{
		set_other_file_problem(module, file, identity);
		arx_object_file_close(file);
	}
	free(path);
	return module->object != NULL;
}

static void
find_object(ArxSymbolModule *module, const ArxDebugFiles *files,
			const Identity *identity)
{
	/* another root has other files at the same paths, and without build id
	 * nothing would tell */
	if (files->root[0] && try_object(module, files->root, identity))
		return;
	if (!files->root[0] || identity->build_id_bytes > 0)
		try_object(module, "", identity);
}

static bool
has_debug_info(const ArxObjectFile *file)
{
	return arx_object_file_has_section(file, ".debug_info") ||
		arx_object_file_has_section(file, ".zdebug_info");
}

static void __attribute__((format(printf, 2, 3)))
announce(const ArxSymbolizerOptions *options, const char *format, ...)
{
	char line[512];
	va_list arguments;

	if (!options->progress)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	options->progress(options->context, line);
}

static void
announce_large_file(const ArxSymbolizerOptions *options,
					const ArxObjectFile *file)
{
	if (file && file->bytes >= LARGE_FILE_BYTES)
		announce(options, "reading symbols of %s (%llu MB)", file->path,
				 (unsigned long long) (file->bytes >> 20));
}

static void
read_files(ArxSymbolModule *module, const ArxDebugFiles *files,
		   const ArxSymbolizerOptions *options)
{
	ArxObjectFile *source = module->debug && has_debug_info(module->debug)
		? module->debug
		: module->object;
	Dwarf *dwarf;

	announce_large_file(options, module->object);
	announce_large_file(options, module->debug);
	module->symbols = arx_elf_symbols_read(module->object, module->debug);
	dwarf = source ? arx_object_file_read_dwarf(source) : NULL;
	if (!dwarf)
		return;
	module->shared = arx_debug_files_attach_shared(files, dwarf);
	module->lines = arx_dwarf_lines_new(dwarf);
}

/* Says what is missing once all was read. */
static void
judge(ArxSymbolModule *module, const Identity *identity)
{
	const char *id = identity->id_text[0] ? identity->id_text : "(none)";

	if (!module->object && !module->debug)
		return; /* the reason is there already */
	free(module->problem);
	module->problem = NULL;
	if (!module->symbols)
		set_problem(module, "%s: memory is exhausted", identity->path);
	else if (module->lines || arx_elf_symbols_complete(module->symbols))
		return;
	else if (arx_elf_symbols_count(module->symbols) > 0)
		set_problem(module,
					"%s is stripped and no debug file with build id %s was "
					"found: only exported functions have names",
					identity->path, id);
	else
		set_problem(
			module,
			"%s is stripped and no debug file with build id %s was found",
			identity->path, id);
}

/* Closes the descriptors of files whose debug information was not wanted. */
static void
release_descriptors(ArxSymbolModule *module)
{
	if (module->object)
		arx_object_file_release(module->object);
	if (module->debug)
		arx_object_file_release(module->debug);
}

void
arx_symbol_module_load(ArxSymbolModule *module, const ArxDebugFiles *files,
					   const char *path, const uint8_t *build_id,
					   size_t build_id_bytes,
					   const ArxSymbolizerOptions *options)
{
	Identity identity = {
		.path = path, .build_id = build_id, .build_id_bytes = build_id_bytes};

	*module = (ArxSymbolModule){0};
	write_id(identity.id_text, sizeof(identity.id_text), build_id,
			 build_id_bytes);
	if (path[0] != '/')
	{
		set_problem(module, "\"%s\" is no file", path);
		return;
	}
	find_object(module, files, &identity);
	if (!module->object || !has_debug_info(module->object))
	{
		if (files->debuginfod)
			announce(options, "looking for the debug file of %s", path);
		module->debug = arx_debug_files_find(files, module->object, path,
											 build_id, build_id_bytes);
	}
	if (module->object || module->debug)
		read_files(module, files, options);
	release_descriptors(module);
	judge(module, &identity);
}

void
arx_symbol_module_free(ArxSymbolModule *module)
{
	arx_dwarf_lines_free(module->lines);
	arx_elf_symbols_free(module->symbols);
	arx_object_file_close(module->object);
	arx_object_file_close(module->debug);
	arx_object_file_close(module->shared);
	free(module->problem);
	*module = (ArxSymbolModule){0};
}

size_t
arx_symbol_module_find(const ArxSymbolModule *module, uint64_t address,
					   ArxSymbol *frames)
{
	size_t n = module->lines
		? arx_dwarf_lines_find(module->lines, address, frames)
		: 0;
	ArxSymbol *outermost = &frames[n > 0 ? n - 1 : 0];

	if (n > 0 && outermost->function)
		return n;
	if (n == 0)
		*outermost = (ArxSymbol){0};
	if (module->symbols)
		outermost->function = arx_elf_symbols_find(module->symbols, address);
	if (outermost->function)
		return n > 0 ? n : 1;
	return n > 0 ? n - 1 : 0;
}
