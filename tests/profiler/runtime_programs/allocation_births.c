/*
 * allocation_births.c
 *	  Blocks that are resized; then all that lives is known by its function.
 *
 * Every call is sampled when ARXHEAP_SAMPLE is 1.  Prints nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define KEEP __attribute__((noinline, noclone))

static void *volatile kept[64];
static volatile size_t huge = (size_t) PTRDIFF_MAX;

static KEEP void *
born_here(size_t size)
{
	void *block = malloc(size);

	__asm__ volatile("" ::: "memory");
	return block;
}

static KEEP void *
resized_there(void *block, size_t size)
{
	void *moved = realloc(block, size);

	__asm__ volatile("" ::: "memory");
	return moved;
}

#pragma GCC diagnostic ignored "-Wuse-after-free"

int
main(void)
{
	/* in place, moved, to another class of size, shrunk */
	kept[0] = resized_there(born_here(100), 105);
	kept[1] = resized_there(born_here(100), 10000);
	kept[2] = resized_there(born_here(10000), 40 << 20);
	kept[3] = resized_there(born_here(50000), 50);
	/* failing: stays as it is */
	kept[4] = born_here(777);
	if (resized_there(kept[4], huge) != NULL)
		return 1;
	/* gone */
	if (resized_there(born_here(555), 0) != NULL)
		return 2;
	free(resized_there(born_here(333), 3333));
	return 0;
}
