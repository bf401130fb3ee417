/*
 * elf_header.c
 *	  What a loaded object says of itself in its headers.
 */
#include "runtime/elf_header.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/proc_file.h"

#define MAX_HEADERS 32
#define MAX_NOTES 4096

/* Where bytes of the object come from. */
typedef struct Source
{
	uintptr_t header;
	int fd; /* of the file, -1: memory */
} Source;

/* Bytes at this offset from the header in memory, or in the file. */
static bool
read_bytes(const Source *source, uint64_t in_memory, uint64_t in_file,
		   void *out, size_t length)
{
	struct iovec local = {out, length};
	struct iovec remote = {(void *) (source->header + in_memory), length};

	if (source->fd >= 0)
		return pread(source->fd, out, length, (off_t) in_file) ==
			(ssize_t) length;
	return process_vm_readv(gettid(), &local, 1, &remote, 1, 0) ==
		(ssize_t) length;
}

/* Finds the GNU build id among notes. */
static void
take_build_id(const uint8_t *notes, size_t length, AhElfFacts *facts)
{
	size_t at = 0;

	while (at + sizeof(ElfW(Nhdr)) <= length)
	{
		ElfW(Nhdr) note;
		size_t name = at + sizeof(note);
		size_t data;

		memcpy(&note, notes + at, sizeof(note));
		if (note.n_namesz > length || note.n_descsz > length)
			return;
		data = name + ((note.n_namesz + 3) & ~(size_t) 3);
		if (data + note.n_descsz > length)
			return;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
			memcmp(notes + name, "GNU", 4) == 0 &&
			note.n_descsz <= ARX_HEAP_MAX_BUILD_ID)
		{
			facts->build_id_length = note.n_descsz;
			memcpy(facts->build_id, notes + data, note.n_descsz);
			return;
		}
		at = data + ((note.n_descsz + 3) & ~(size_t) 3);
	}
}

/* The bias, from the segment that holds file_offset. */
static bool
take_bias(const ElfW(Phdr) * headers, int n, uintptr_t address,
		  uint64_t file_offset, AhElfFacts *facts)
{
	const uint64_t page = 4095;

	for (int i = 0; i < n; i++)
	{
		if (headers[i].p_type == PT_LOAD &&
			(headers[i].p_offset & ~page) <= file_offset &&
			file_offset < headers[i].p_offset + headers[i].p_filesz)
		{
			facts->bias = address -
				(headers[i].p_vaddr - headers[i].p_offset + file_offset);
			return true;
		}
	}
	return false;
}

/*
 * The bias of the header itself.  It is not that of a stretch of code which the
 * program has mapped a second time somewhere else.
 */
static uint64_t
header_bias(const ElfW(Phdr) * headers, int n, uintptr_t header)
{
	for (int i = 0; i < n; i++)
		if (headers[i].p_type == PT_LOAD && headers[i].p_offset < 4096)
			return header - (headers[i].p_vaddr - headers[i].p_offset);
	return header;
}

static bool
read_facts(const Source *source, uintptr_t address, uint64_t file_offset,
		   AhElfFacts *facts)
{
	ElfW(Ehdr) elf;
	ElfW(Phdr) headers[MAX_HEADERS];
	uint8_t notes[MAX_NOTES];
	int n;

	if (!read_bytes(source, 0, 0, &elf, sizeof(elf)) ||
		memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 ||
		elf.e_phentsize != sizeof(ElfW(Phdr)) || elf.e_phnum == 0)
		return false;
	n = elf.e_phnum < MAX_HEADERS ? elf.e_phnum : MAX_HEADERS;
	if (!read_bytes(source, elf.e_phoff, elf.e_phoff, headers,
					(size_t) n * sizeof(headers[0])) ||
		!take_bias(headers, n, address, file_offset, facts))
		return false;
	for (int i = 0; i < n && facts->build_id_length == 0; i++)
	{
		uint64_t in_memory = header_bias(headers, n, source->header) +
			headers[i].p_vaddr - source->header;

		if (headers[i].p_type == PT_NOTE && headers[i].p_filesz <= MAX_NOTES &&
			read_bytes(source, in_memory, headers[i].p_offset, notes,
					   headers[i].p_filesz))
			take_build_id(notes, headers[i].p_filesz, facts);
	}
	return true;
}

bool
ah_elf_facts(uintptr_t header, uintptr_t address, uint64_t file_offset,
			 const char *path, AhElfFacts *facts)
{
	Source source = {header, -1};
	char probe[SELFMAG];
	bool found;

	memset(facts, 0, sizeof(*facts));
	if (!read_bytes(&source, 0, 0, probe, sizeof(probe)))
	{
		if (errno != EPERM && errno != ENOSYS)
			return false;
		source.fd = ah_file_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0);
		if (source.fd < 0)
			return false;
	}
	found = read_facts(&source, address, file_offset, facts);
	if (source.fd >= 0)
		ah_file_close(source.fd);
	return found;
}
