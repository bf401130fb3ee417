/*
 * allocation_jemalloc.c
 *	  jemalloc's own functions, in a program linked with jemalloc.
 *
 * Prints what broke a rule, then "done".
 */
#include <jemalloc/jemalloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULE(holds) \
	do \
	{ \
		if (!(holds)) \
			printf("line %d: %s\n", __LINE__, #holds); \
	} while (0)

static void *volatile kept;

static void
check_blocks(void)
{
	for (size_t size = 1; size < 3000000; size = size * 2 + 1)
	{
		char *block = mallocx(size, MALLOCX_ZERO | MALLOCX_ALIGN(64));

		RULE(block != NULL && ((uintptr_t) block & 63) == 0);
		RULE(block[0] == 0 && block[size - 1] == 0);
		RULE(sallocx(block, 0) >= size);
		RULE(nallocx(size, MALLOCX_ALIGN(64)) >= size);
		memset(block, 'a', size);
		RULE(xallocx(block, size, 0, 0) >= size);
		block = rallocx(block, size * 2, 0);
		RULE(block != NULL && block[0] == 'a' && block[size - 1] == 'a');
		block = rallocx(block, size * 4, MALLOCX_ZERO);
		RULE(block != NULL && block[0] == 'a' && block[size * 4 - 1] == 0);
		block = rallocx(block, size, MALLOCX_ALIGN(4096));
		RULE(block != NULL && ((uintptr_t) block & 4095) == 0);
		RULE(block[0] == 'a' && block[size - 1] == 'a');
		sdallocx(block, size, MALLOCX_ALIGN(4096));
		dallocx(mallocx(size, 0), 0);
		dallocx(malloc(size), 0);
		free(mallocx(size, 0));
		free(mallocx(size, MALLOCX_TCACHE_NONE));
	}
}

static void
check_control(void)
{
	unsigned arena = 0;
	size_t length = sizeof(arena), allocated = 0;
	uint64_t epoch = 1;
	size_t mib[3], miblength = 3;
	const char *version = NULL;
	size_t plength = sizeof(version);
	void *block;

	RULE(mallctl("arenas.create", &arena, &length, NULL, 0) == 0);
	block = mallocx(5000, MALLOCX_ARENA(arena) | MALLOCX_TCACHE_NONE);
	RULE(block != NULL);
	dallocx(block, MALLOCX_TCACHE_NONE);
	RULE(mallctl("epoch", NULL, NULL, &epoch, sizeof(epoch)) == 0);
	length = sizeof(allocated);
	RULE(mallctl("stats.allocated", &allocated, &length, NULL, 0) == 0);
	RULE(allocated > 0);
	RULE(mallctl("version", &version, &plength, NULL, 0) == 0);
	RULE(mallctlnametomib("stats.allocated", mib, &miblength) == 0);
	length = sizeof(allocated);
	RULE(mallctlbymib(mib, miblength, &allocated, &length, NULL, 0) == 0);
}

int
main(void)
{
	check_blocks();
	check_control();
	kept = mallocx(123456, 0);
	puts("done");
	return 0;
}
