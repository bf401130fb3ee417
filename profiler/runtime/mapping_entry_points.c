/*
 * mapping_entry_points.c
 *	  mmap() and its relatives: the system calls, and the ledger of mappings.
 *
 * Each makes its system call with the arguments it got and returns what that
 * returned, errno included.  A region leaves the ledger before its call and
 * enters it afterwards; see mapping_ledger.h for why.
 *
 * brk() and sbrk() keep the C library's __curbrk, which its own sbrk() works
 * by.  No name has to be looked up for that, so both work before the
 * constructor has run.
 *
 * Not followed: pkey_mprotect(), madvise(), remap_file_pages(), and whoever
 * makes system calls by himself.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/mapping_ledger.h"
#include "runtime/private_memory.h"

#define EXPORT __attribute__((visibility("default")))
#define ANY_ACCESS (PROT_READ | PROT_WRITE | PROT_EXEC)

/* The C library's; exported by it, but declared in no header. */
extern void *__curbrk;
extern void *__sbrk(intptr_t increment);

static uintptr_t
round_to_pages(uintptr_t bytes)
{
	uintptr_t mask = (uintptr_t) getpagesize() - 1;

	return (bytes + mask) & ~mask;
}

/* Records a new mapping, or that something unknown took its place. */
static void
note_mmap(uintptr_t start, size_t length, int protection, int flags,
		  const AhRegisters *from)
{
	length = round_to_pages(length);
	if ((flags & MAP_ANONYMOUS) != 0 && ah_mappings_wanted())
		ah_mapping_add(start, length,
					   (protection & ANY_ACCESS) != 0 ? ARX_HEAP_SITE_MMAP
													  : ARX_HEAP_SITE_RESERVE,
					   (flags & MAP_PRIVATE) == 0 || (flags & MAP_HUGETLB) != 0,
					   from);
	else if (ah_mappings_near(start, length))
		ah_mapping_remove(start, length);
}

EXPORT AH_KEEPS_FRAME void *
mmap(void *address, size_t length, int protection, int flags, int fd,
	 off_t offset)
{
	void *start = ah_sys_mmap(address, length, protection, flags, fd, offset);
	AhRegisters from = AH_CALLER();
	int saved = errno;

	if (start != MAP_FAILED)
	{
		note_mmap((uintptr_t) start, length, protection, flags, &from);
		errno = saved;
	}
	return start;
}

extern void *
mmap64(void *address, size_t length, int protection, int flags, int fd,
	   off64_t offset) __attribute__((alias("mmap"))) EXPORT;

EXPORT int
munmap(void *address, size_t length)
{
	uintptr_t start = (uintptr_t) address;
	int saved = errno;
	bool known = false;
	int result;

	if (ah_mappings_near(start, length) && round_to_pages(start) == start)
		known = ah_mapping_remove(start, round_to_pages(length));
	errno = saved;
	result = ah_sys_munmap(address, length);
	/* the system has no room for a hole: it is still there, but forgotten */
	if (result != 0 && known)
		ah_count(ARX_HEAP_COUNT_MAPPINGS_DROPPED, 1);
	return result;
}

EXPORT AH_KEEPS_FRAME int
mprotect(void *address, size_t length, int protection)
{
	int result = ah_sys_mprotect(address, length, protection);
	AhRegisters from = AH_CALLER();
	int saved = errno;

	if (result == 0 && ah_mappings_near((uintptr_t) address, length))
	{
		ah_mapping_protect((uintptr_t) address, round_to_pages(length),
						   (protection & ANY_ACCESS) != 0, &from);
		errno = saved;
	}
	return result;
}

/* After a move that left the old range mapped, though empty. */
static void
note_left_behind(const AhMappingMove *move, const AhRegisters *from)
{
	if (move->npieces > 0 && ah_mappings_wanted())
		ah_mapping_add(move->start, move->length, move->pieces[0].kind,
					   move->pieces[0].shared, from);
}

EXPORT AH_KEEPS_FRAME void *
mremap(void *old, size_t old_length, size_t new_length, int flags, ...)
{
	AhRegisters from = AH_CALLER();
	AhMappingMove move = {.start = (uintptr_t) old,
						  .length = round_to_pages(old_length)};
	int saved = errno;
	void *target = NULL;
	void *start;

	if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) != 0)
	{
		__builtin_va_list arguments;

		__builtin_va_start(arguments, flags);
		target = __builtin_va_arg(arguments, void *);
		__builtin_va_end(arguments);
	}
	if (ah_mappings_near(move.start, move.length) &&
		round_to_pages(move.start) == move.start)
		ah_mapping_take(&move, move.start, move.length);
	errno = saved;
	start = ah_sys_mremap(old, old_length, new_length, flags, target);
	saved = errno;
	if (start == MAP_FAILED)
	{
		if (move.npieces > 0)
			ah_mapping_put(&move, move.start, move.length);
	}
	else
	{
		ah_mapping_put(&move, (uintptr_t) start, round_to_pages(new_length));
		if ((flags & MREMAP_DONTUNMAP) != 0)
			note_left_behind(&move, &from);
	}
	errno = saved;
	return start;
}

/* Forgets what lies between the new break and the old one, if it will sink. */
static void
note_sinking(uintptr_t old, uintptr_t new)
{
	uintptr_t start = round_to_pages(new);
	uintptr_t end = round_to_pages(old);
	int saved = errno;

	if (start < end && ah_mappings_near(start, end - start))
		ah_mapping_remove(start, end - start);
	errno = saved;
}

/* Records the pages by which the break rose. */
static void
note_rising(uintptr_t old, uintptr_t new, const AhRegisters *from)
{
	uintptr_t start = round_to_pages(old);
	uintptr_t end = round_to_pages(new);
	int saved = errno;

	if (old != 0 && start < end && ah_mappings_wanted())
		ah_mapping_add(start, end - start, ARX_HEAP_SITE_MMAP, false, from);
	errno = saved;
}

EXPORT AH_KEEPS_FRAME int
brk(void *address)
{
	AhRegisters from = AH_CALLER();
	uintptr_t old = (uintptr_t) __curbrk;

	note_sinking(old, (uintptr_t) address);
	__curbrk = (void *) syscall(SYS_brk, address);
	if ((uintptr_t) __curbrk < (uintptr_t) address)
	{
		errno = ENOMEM;
		return -1;
	}
	note_rising(old, (uintptr_t) __curbrk, &from);
	return 0;
}

EXPORT AH_KEEPS_FRAME void *
sbrk(intptr_t increment)
{
	AhRegisters from = AH_CALLER();
	void *old;

	if (increment < 0 && __curbrk != NULL)
		note_sinking((uintptr_t) __curbrk,
					 (uintptr_t) __curbrk + (uintptr_t) increment);
	old = __sbrk(increment);
	if (increment > 0 && old != (void *) -1)
		note_rising((uintptr_t) old, (uintptr_t) old + (uintptr_t) increment,
					&from);
	return old;
}
