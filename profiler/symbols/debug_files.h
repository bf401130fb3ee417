/*
 * debug_files.h
 *	  Where the names of a stripped object may be, and whether they are its own.
 *
 * The places, first come first served:
 *
 *	1. FOLDER/.build-id/xx/yyyy.debug
 *	2. what .gnu_debuglink names: next to the object, in .debug/ there, and
 *	   at the object's path below FOLDER
 *	3. the debuginfod servers, when allowed
 *
 * FOLDER is each one of debug_path, then /usr/lib/debug below the root of the
 * process, then /usr/lib/debug.  A file is taken only with the build id of the
 * object, or, when the object has none, with the checksum in .gnu_debuglink.
 */
#ifndef ARX_PROFILER_DEBUG_FILES_H
#define ARX_PROFILER_DEBUG_FILES_H

#include "symbols/debuginfod_client.h"
#include "symbols/object_file.h"
#include "symbols/symbols.h"

typedef struct ArxDebugFiles
{
	char **folders;
	size_t nfolders;
	char *root; /* "" for this machine's own */
	ArxDebuginfodClient
		*debuginfod; /* NULL when not allowed, or not installed */
} ArxDebugFiles;

/* Copies what it needs of the options.  False when memory is exhausted. */
extern bool
arx_debug_files_init(ArxDebugFiles *files, const ArxSymbolizerOptions *options);
extern void arx_debug_files_free(ArxDebugFiles *files); /* what is in it */

/*
 * The debug file of an object, or NULL.  object may be NULL: only the build id
 * counts then.  path is the object's, as the process saw it.  The caller
 * closes the result.
 */
extern ArxObjectFile *
arx_debug_files_find(const ArxDebugFiles *files, const ArxObjectFile *object,
					 const char *path, const uint8_t *build_id,
					 size_t build_id_bytes);

/*
 * The file that debug information shares with others of its package, where
 * libdw did not find it by itself; it is attached to dwarf.  NULL when there
 * is none.  The caller closes the result after dwarf's own.
 */
extern ArxObjectFile *
arx_debug_files_attach_shared(const ArxDebugFiles *files, Dwarf *dwarf);

#endif
