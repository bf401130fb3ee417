/*
 * object_file.h
 *	  An ELF file on disk: opened with care, and recognized by its build id.
 */
#ifndef ARX_PROFILER_OBJECT_FILE_H
#define ARX_PROFILER_OBJECT_FILE_H

#include <elfutils/libdw.h>
#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ArxObjectFile
{
	char *path;
	Elf *elf;
	int fd;				  /* -1 once released */
	const void *build_id; /* NULL when it has none */
	size_t build_id_bytes;
	uint64_t bytes; /* of the file */
	Dwarf *dwarf;	/* NULL until asked for, or when there is none */
} ArxObjectFile;

/*
 * Opens a regular file that is an ELF object.  Returns
 * NULL and, where why is not NULL, the reason in words (static) when it is
 * not there, may not be read, or is something else.  Never waits on a pipe or
 * a device.  Freed with arx_object_file_close().
 */
extern ArxObjectFile *arx_object_file_open(const char *path, const char **why);
extern void arx_object_file_close(ArxObjectFile *file); /* NULL is fine */

/* Same build id?  No bytes mean "has none". */
extern bool
arx_object_file_has_id(const ArxObjectFile *file, const uint8_t *build_id,
					   size_t build_id_bytes);

/* Has a section of this name with contents? */
extern bool
arx_object_file_has_section(const ArxObjectFile *file, const char *name);

/*
 * Its debug information, owned by the file; NULL when it has none.  Releases
 * the file, so it is the last thing that may need the descriptor.
 */
extern Dwarf *arx_object_file_read_dwarf(ArxObjectFile *file);

/*
 * Closes the descriptor; the contents stay readable.  A snapshot may name more
 * modules than a process may have files open.
 */
extern void arx_object_file_release(ArxObjectFile *file);

#endif
