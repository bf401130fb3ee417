/*
 * object_file.c
 *	  An ELF file on disk: opened with care, and recognized by its build id.
 */
#include "symbols/object_file.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A descriptor of a regular file, or -1 and the reason. */
static int
open_regular_file(const char *path, uint64_t *bytes, const char **why)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
	{
		*why = errno == ENOENT || errno == ENOTDIR ? "no such file"
			: errno == EACCES || errno == EPERM	   ? "may not be read"
												   : "cannot be opened";
		return -1;
	}
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
	{
		*why = "not a regular file";
		close(fd);
		return -1;
	}
	*bytes = (uint64_t) status.st_size;
	return fd;
}

/*
 * A core dump is not what we look for.  Debug information that several
 * programs share comes as a relocatable file.
 */
static bool
is_object(Elf *elf)
{
	GElf_Ehdr header;

	return elf && elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &header) &&
		(header.e_type == ET_EXEC || header.e_type == ET_DYN ||
		 header.e_type == ET_REL);
}

static void
read_build_id(ArxObjectFile *file)
{
	const void *id;
	ssize_t bytes = dwelf_elf_gnu_build_id(file->elf, &id);

	if (bytes > 0)
	{
		file->build_id = id;
		file->build_id_bytes = (size_t) bytes;
	}
}

ArxObjectFile *
arx_object_file_open(const char *path, const char **why)
{
	const char *ignored;
	ArxObjectFile *file = calloc(1, sizeof(*file));

	if (!why)
		why = &ignored;
	*why = "memory is exhausted";
	if (!file)
		return NULL;
	file->fd = -1;
	file->path = strdup(path);
	if (!file->path || elf_version(EV_CURRENT) == EV_NONE)
		goto failed;
	file->fd = open_regular_file(path, &file->bytes, why);
	if (file->fd < 0)
		goto failed;
	file->elf = elf_begin(file->fd, ELF_C_READ_MMAP, NULL);
	if (!is_object(file->elf))
	{
		*why = "not an ELF file of code";
		goto failed;
	}
	read_build_id(file);
	return file;
failed:
	arx_object_file_close(file);
	return NULL;
}

void
arx_object_file_close(ArxObjectFile *file)
{
	if (!file)
		return;
	dwarf_end(file->dwarf);
	elf_end(file->elf);
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	free(file);
}

bool
arx_object_file_has_id(const ArxObjectFile *file, const uint8_t *build_id,
					   size_t build_id_bytes)
{
	return file->build_id_bytes == build_id_bytes &&
		(build_id_bytes == 0 ||
		 memcmp(file->build_id, build_id, build_id_bytes) == 0);
}

bool
arx_object_file_has_section(const ArxObjectFile *file, const char *name)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(file->elf, &names) != 0)
		return false;
	while ((section = elf_nextscn(file->elf, section)))
	{
		GElf_Shdr header;
		const char *found;

		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS)
			continue;
		found = elf_strptr(file->elf, names, header.sh_name);
		if (found && strcmp(found, name) == 0)
			return true;
	}
	return false;
}

Dwarf *
arx_object_file_read_dwarf(ArxObjectFile *file)
{
	if (file->fd < 0)
		return file->dwarf;
	/* libdw finds what the file refers to relative to it, so the descriptor
	 * must still be open here */
	file->dwarf = dwarf_begin_elf(file->elf, DWARF_C_READ, NULL);
	if (file->dwarf)
		(void) dwarf_getalt(file->dwarf);
	arx_object_file_release(file);
	return file->dwarf;
}

void
arx_object_file_release(ArxObjectFile *file)
{
	if (file->fd >= 0 && elf_cntl(file->elf, ELF_C_FDREAD) == 0)
	{
		close(file->fd);
		file->fd = -1;
	}
}
