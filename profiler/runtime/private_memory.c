/*
 * private_memory.c
 *	  Memory of the runtime itself: mapped, bounded, never malloc'ed.
 */
#include "runtime/private_memory.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/resident_pages.h"
#include "runtime/runtime.h"

/* Pieces of memory that are mapped now, so that their residency can be asked. */
#define MAX_PIECES 32

typedef struct Piece
{
	_Atomic uintptr_t start;
	size_t bytes;
} Piece;

static Piece pieces[MAX_PIECES];
static _Atomic size_t mapped;

void *
ah_sys_mmap(void *address, size_t length, int protection, int flags, int fd,
			long offset)
{
	return (void *) syscall(SYS_mmap, address, length, protection, flags, fd,
							offset);
}

int
ah_sys_munmap(void *address, size_t length)
{
	return (int) syscall(SYS_munmap, address, length);
}

void *
ah_sys_mremap(void *old, size_t old_length, size_t new_length, int flags,
			  void *to)
{
	return (void *) syscall(SYS_mremap, old, old_length, new_length, flags, to);
}

int
ah_sys_mprotect(void *address, size_t length, int protection)
{
	return (int) syscall(SYS_mprotect, address, length, protection);
}

int
ah_sys_madvise(void *address, size_t length, int advice)
{
	return (int) syscall(SYS_madvise, address, length, advice);
}

/* Enters a piece into the list; false when the list is full. */
static bool
remember_piece(void *memory, size_t bytes)
{
	for (int i = 0; i < MAX_PIECES; i++)
	{
		uintptr_t none = 0;

		if (atomic_compare_exchange_strong(&pieces[i].start, &none,
										   (uintptr_t) memory))
		{
			pieces[i].bytes = bytes;
			return true;
		}
	}
	return false;
}

void *
ah_map(size_t bytes)
{
	size_t limit = ah_runtime.config.memory;
	void *memory;

	bytes = (bytes + 4095) & ~(size_t) 4095;
	if (atomic_fetch_add(&mapped, bytes) + bytes > limit)
	{
		atomic_fetch_sub(&mapped, bytes);
		return NULL;
	}
	memory = ah_sys_mmap(NULL, bytes, PROT_READ | PROT_WRITE,
						 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory != MAP_FAILED)
	{
		if (remember_piece(memory, bytes))
			return memory;
		ah_sys_munmap(memory, bytes);
	}
	atomic_fetch_sub(&mapped, bytes);
	return NULL;
}

void
ah_unmap(void *memory, size_t bytes)
{
	bytes = (bytes + 4095) & ~(size_t) 4095;
	for (int i = 0; i < MAX_PIECES; i++)
		if (atomic_load(&pieces[i].start) == (uintptr_t) memory)
			atomic_store(&pieces[i].start, 0);
	ah_sys_munmap(memory, bytes);
	atomic_fetch_sub(&mapped, bytes);
}

size_t
ah_resident_bytes(void)
{
	size_t resident = 0;
	int saved = errno;

	for (int i = 0; i < MAX_PIECES; i++)
	{
		uintptr_t start = atomic_load(&pieces[i].start);

		if (start != 0)
			resident += ah_resident(start, pieces[i].bytes);
	}
	errno = saved;
	return resident;
}
