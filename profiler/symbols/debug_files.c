/*
 * debug_files.c
 *	  Where the names of a stripped object may be, and whether they are its own.
 */
#include "symbols/debug_files.h"

#include <elfutils/libdwelf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define SYSTEM_FOLDER "/usr/lib/debug"
#define MAX_BUILD_ID_BYTES 64

/* What a file must be to be the debug file of an object. */
typedef struct Wanted
{
	const uint8_t *build_id;
	size_t build_id_bytes;
	const ArxObjectFile *object; /* not to be taken for its own debug file */
	bool has_checksum;
	uint32_t checksum;
} Wanted;

static bool
add_folder(ArxDebugFiles *files, const char *root, const char *folder,
		   size_t folder_len)
{
	char **folders =
		realloc(files->folders, (files->nfolders + 1) * sizeof(*folders));
	char *copy;

	if (!folders)
		return false;
	files->folders = folders;
	if (asprintf(&copy, "%s%.*s", root, (int) folder_len, folder) < 0)
		return false;
	folders[files->nfolders++] = copy;
	return true;
}

static bool
add_folders(ArxDebugFiles *files, const char *debug_path)
{
	while (*debug_path)
	{
		size_t len = strcspn(debug_path, ":");

		if (len > 0 && !add_folder(files, "", debug_path, len))
			return false;
		debug_path += len;
		debug_path += *debug_path == ':';
	}
	return true;
}

bool
arx_debug_files_init(ArxDebugFiles *files, const ArxSymbolizerOptions *options)
{
	const char *root = options->root ? options->root : "";

	*files = (ArxDebugFiles){0};
	files->root = strdup(root);
	if (!files->root ||
		!add_folders(files, options->debug_path ? options->debug_path : ""))
		return false;
	if (root[0] &&
		!add_folder(files, root, SYSTEM_FOLDER, strlen(SYSTEM_FOLDER)))
		return false;
	if (options->debuginfod)
		files->debuginfod = arx_debuginfod_new();
	return add_folder(files, "", SYSTEM_FOLDER, strlen(SYSTEM_FOLDER));
}

void
arx_debug_files_free(ArxDebugFiles *files)
{
	for (size_t i = 0; i < files->nfolders; i++)
		free(files->folders[i]);
	free(files->folders);
	free(files->root);
	arx_debuginfod_free(files->debuginfod);
	*files = (ArxDebugFiles){0};
}

static bool
has_checksum(const ArxObjectFile *file, uint32_t wanted)
{
	size_t bytes;
	const char *raw = elf_rawfile(file->elf, &bytes);

	return raw && crc32_z(0, (const Bytef *) raw, bytes) == wanted;
}

static bool
is_wanted(const ArxObjectFile *file, const Wanted *wanted)
{
	if (!arx_object_file_has_id(file, wanted->build_id, wanted->build_id_bytes))
		return false;
	if (wanted->build_id_bytes == 0 &&
		!(wanted->has_checksum && has_checksum(file, wanted->checksum)))
		return false;
	return arx_object_file_has_section(file, ".debug_info") ||
		arx_object_file_has_section(file, ".zdebug_info") ||
		arx_object_file_has_section(file, ".symtab");
}

/* Opens the file at the path made from the format if it is the one wanted. */
static ArxObjectFile *__attribute__((format(printf, 2, 3)))
open_wanted(const Wanted *wanted, const char *format, ...)
{
	ArxObjectFile *file = NULL;
	char *path;
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vasprintf(&path, format, arguments);
	va_end(arguments);
	if (len < 0)
		return NULL;
	file = arx_object_file_open(path, NULL);
	free(path);
	if (file && !is_wanted(file, wanted))
	{
		arx_object_file_close(file);
		return NULL;
	}
	return file;
}

static ArxObjectFile *
find_by_build_id(const ArxDebugFiles *files, const Wanted *wanted)
{
	char rest[2 * MAX_BUILD_ID_BYTES + 1] = "";
	ArxObjectFile *file = NULL;

	if (wanted->build_id_bytes < 2 ||
		wanted->build_id_bytes > MAX_BUILD_ID_BYTES)
		return NULL;
	for (size_t i = 1; i < wanted->build_id_bytes; i++)
		snprintf(rest + 2 * (i - 1), 3, "%02x", wanted->build_id[i]);
	for (size_t i = 0; i < files->nfolders && !file; i++)
		file = open_wanted(wanted, "%s/.build-id/%02x/%s.debug",
						   files->folders[i], wanted->build_id[0], rest);
	return file;
}

static ArxObjectFile *
find_by_link(const ArxDebugFiles *files, Wanted *wanted, const char *path)
{
	GElf_Word checksum;
	const char *name = dwelf_elf_gnu_debuglink(wanted->object->elf, &checksum);
	const char *slash = strrchr(path, '/');
	int folder = slash ? (int) (slash - path) : 0;
	ArxObjectFile *file;

	/* a name, not a path: it must not lead elsewhere */
	if (!name || !name[0] || strchr(name, '/'))
		return NULL;
	wanted->has_checksum = true;
	wanted->checksum = checksum;
	file = open_wanted(wanted, "%s%.*s/%s", files->root, folder, path, name);
	if (!file)
		file = open_wanted(wanted, "%s%.*s/.debug/%s", files->root, folder,
						   path, name);
	for (size_t i = 0; i < files->nfolders && !file; i++)
	{
		file = open_wanted(wanted, "%s%.*s/%s", files->folders[i], folder, path,
						   name);
		if (!file)
			file = open_wanted(wanted, "%s/%s", files->folders[i], name);
	}
	return file;
}

static ArxObjectFile *
find_on_servers(const ArxDebugFiles *files, const Wanted *wanted)
{
	ArxObjectFile *file;
	char *path;

	if (!files->debuginfod)
		return NULL;
	path = arx_debuginfod_fetch(files->debuginfod, wanted->build_id,
								wanted->build_id_bytes);
	if (!path)
		return NULL;
	file = open_wanted(wanted, "%s", path);
	free(path);
	return file;
}

ArxObjectFile *
arx_debug_files_find(const ArxDebugFiles *files, const ArxObjectFile *object,
					 const char *path, const uint8_t *build_id,
					 size_t build_id_bytes)
{
	Wanted wanted = {.build_id = build_id,
					 .build_id_bytes = build_id_bytes,
					 .object = object};
	ArxObjectFile *file = find_by_build_id(files, &wanted);

	if (!file && object)
		file = find_by_link(files, &wanted, path);
	if (!file)
		file = find_on_servers(files, &wanted);
	return file;
}

ArxObjectFile *
arx_debug_files_attach_shared(const ArxDebugFiles *files, Dwarf *dwarf)
{
	Wanted wanted = {0};
	const char *name;
	const void *id;
	ssize_t bytes = dwelf_dwarf_gnu_debugaltlink(dwarf, &name, &id);
	ArxObjectFile *file;
	Dwarf *shared;

	if (bytes <= 0 || dwarf_getalt(dwarf))
		return NULL;
	wanted.build_id = id;
	wanted.build_id_bytes = (size_t) bytes;
	file = find_by_build_id(files, &wanted);
	if (!file)
		return NULL;
	shared = arx_object_file_read_dwarf(file);
	if (shared)
		dwarf_setalt(dwarf, shared);
	return file;
}
