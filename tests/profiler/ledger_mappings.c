/*
 * ledger_mappings.c
 *	  Maps memory in every way there is, each in a function of its own.
 *
 * Before it ends it prints for each function how many bytes, in how many
 * regions, it should own, in lines "FUNCTION KIND BYTES REGIONS".
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define KIB 1024UL
#define MIB (1024UL * 1024UL)
#define CALL __attribute__((noinline, noclone))

static volatile int never_inlined;

static CALL char *
map(size_t length, int protection, int flags)
{
	char *start = mmap(NULL, length, protection, flags | MAP_ANONYMOUS, -1, 0);

	if (start == MAP_FAILED)
		exit(3);
	never_inlined++;
	return start;
}

#define MAPPER(name, length, protection, flags) \
	static CALL char *name(void) \
	{ \
		char *start = map(length, protection, flags); \
		never_inlined++; \
		return start; \
	}

#define RW (PROT_READ | PROT_WRITE)
MAPPER(map_plain, 1 * MIB, RW, MAP_PRIVATE)
MAPPER(map_shared, 2 * MIB, RW, MAP_SHARED)
MAPPER(map_and_unmap, 3 * MIB, RW, MAP_PRIVATE)
MAPPER(map_with_hole, 1 * MIB, RW, MAP_PRIVATE)
MAPPER(map_trimmed, 8 * MIB, RW, MAP_PRIVATE)
MAPPER(map_growing, 1 * MIB, RW, MAP_PRIVATE)
MAPPER(map_shrinking, 4 * MIB, RW, MAP_PRIVATE)
MAPPER(map_moving, 1 * MIB, RW, MAP_PRIVATE)
MAPPER(map_under, 4 * MIB, RW, MAP_PRIVATE)
MAPPER(reserve, 64 * MIB, PROT_NONE, MAP_PRIVATE | MAP_NORESERVE)
MAPPER(reserve_for_file, 4 * MIB, PROT_NONE, MAP_PRIVATE)
MAPPER(map_failing_unmap, 5 * MIB, RW, MAP_PRIVATE)
MAPPER(map_failing_move, 2 * MIB, RW, MAP_PRIVATE)
MAPPER(map_odd_length, 5000, RW, MAP_PRIVATE)

static CALL void
map_over(char *at)
{
	if (mmap(at, 1 * MIB, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
		at)
		exit(3);
	never_inlined++;
}

static CALL void
commit(char *at, size_t length)
{
	if (mprotect(at, length, RW) != 0)
		exit(3);
	never_inlined++;
}

static CALL void
decommit(char *at, size_t length)
{
	if (mprotect(at, length, PROT_NONE) != 0)
		exit(3);
	never_inlined++;
}

static CALL void
raise_break(void)
{
	if (sbrk(1 * MIB) == (void *) -1 ||
		sbrk(-(intptr_t) (256 * KIB)) == (void *) -1)
		exit(3);
	never_inlined++;
}

static void
must(int ok)
{
	if (!ok)
		exit(3);
}

static void
change_sizes(void)
{
	char *moving = map_moving();
	char *target = map_and_unmap();
	char *failing = map_failing_move();

	must(mremap(failing, 2 * MIB, 3 * MIB, MREMAP_FIXED, target) == MAP_FAILED);
	must(mremap(failing + 1, 1 * MIB, 3 * MIB, MREMAP_MAYMOVE) == MAP_FAILED);
	must(mremap(map_growing(), 1 * MIB, 3 * MIB, MREMAP_MAYMOVE) != MAP_FAILED);
	must(mremap(map_shrinking(), 4 * MIB, 1 * MIB, 0) != MAP_FAILED);
	must(mremap(moving, 1 * MIB, 3 * MIB, MREMAP_MAYMOVE | MREMAP_FIXED,
				target) == target);
}

static void
cut(void)
{
	char *hole = map_with_hole();
	char *trimmed = map_trimmed();
	char *under = map_under();

	must(munmap(hole + 256 * KIB, 256 * KIB) == 0);
	must(munmap(trimmed, 3 * MIB) == 0 &&
		 munmap(trimmed + 6 * MIB, 2 * MIB) == 0);
	map_over(under + 1 * MIB);
	must(munmap(map_and_unmap(), 3 * MIB) == 0);
	must(munmap(map_failing_unmap() + 1, 5 * MIB) == -1);
}

static void
protect(const char *file)
{
	char *reserved = reserve();
	char *for_file = reserve_for_file();
	FILE *stream = fopen(file, "r");

	commit(reserved + 8 * MIB, 4 * MIB);
	decommit(reserved + 9 * MIB, 1 * MIB);
	/* beside the reservation: becomes part of it again */
	decommit(reserved + 11 * MIB, 1 * MIB);
	must(stream != NULL &&
		 mmap(for_file + 1 * MIB, 4 * KIB, PROT_READ, MAP_PRIVATE | MAP_FIXED,
			  fileno(stream), 0) == for_file + 1 * MIB);
	fclose(stream);
}

int
main(int argc, char **argv)
{
	(void) argc;
	map_plain();
	map_shared();
	map_odd_length();
	change_sizes();
	cut();
	protect(argv[0]);
	raise_break();
	puts("map_plain mmap 1048576 1");
	puts("map_shared mmap 2097152 1");
	puts("map_failing_move mmap 2097152 1");
	puts("map_odd_length mmap 8192 1");
	puts("map_growing mmap 3145728 1");
	puts("map_shrinking mmap 1048576 1");
	puts("map_moving mmap 3145728 1");
	puts("map_and_unmap mmap 0 0");
	puts("map_with_hole mmap 786432 2");
	puts("map_trimmed mmap 3145728 1");
	puts("map_under mmap 3145728 2");
	puts("map_over mmap 1048576 1");
	puts("map_failing_unmap mmap 5242880 1");
	puts("reserve reserved 63963136 2");
	puts("decommit reserved 1048576 1");
	puts("commit mmap 2097152 2");
	puts("reserve_for_file reserved 4190208 2");
	puts("raise_break mmap 786432 1");
	return 0;
}
