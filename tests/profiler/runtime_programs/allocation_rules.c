/*
 * allocation_rules.c
 *	  Calls the allocator in every way and says what broke its rules.
 *
 * Prints a line for each rule that does not hold, and "done" at the end.
 */
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Walloc-size-larger-than="
#pragma GCC diagnostic ignored "-Wfree-nonheap-object"
#pragma GCC diagnostic ignored "-Wuse-after-free"

#define RULE(holds) \
	do \
	{ \
		if (!(holds)) \
			printf("line %d: %s\n", __LINE__, #holds); \
	} while (0)

static volatile size_t zero, huge = (size_t) PTRDIFF_MAX;

static bool
is_aligned(const void *block, size_t alignment)
{
	return ((uintptr_t) block & (alignment - 1)) == 0;
}

static void
fill(char *block, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		block[i] = (char) (i * 31 + 7);
}

static bool
is_filled(const char *block, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (block[i] != (char) (i * 31 + 7))
			return false;
	return true;
}

static bool
is_zero(const char *block, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (block[i] != 0)
			return false;
	return true;
}

static void
check_plain(void)
{
	static const size_t sizes[] = {
		0,	  1,	7,	  8,	 15,	16,	   17,	   100,		1000,	4095,
		4096, 4097, 8192, 14336, 20000, 65536, 300000, 1 << 20, 5000001};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (int round = 0; round < 3; round++)
		{
			size_t size = sizes[i];
			char *block, *clean;

			errno = 77;
			block = malloc(size);
			RULE(block != NULL && errno == 77);
			RULE(is_aligned(block, size >= 16 ? 16 : 8));
			RULE(malloc_usable_size(block) >= size);
			memset(block, 0xff, malloc_usable_size(block));
			free(block);
			RULE(errno == 77);
			clean = calloc(size ? size : 1, 1);
			RULE(clean != NULL && is_zero(clean, size) && errno == 77);
			free(clean);
			RULE(errno == 77);
		}
	free(NULL);
	RULE(malloc_usable_size(NULL) == 0);
	RULE(errno == 77);
}

static void
check_contents_survive_resizing(void)
{
	char *block = NULL;
	size_t size = 0;

	errno = 77;
	for (int i = 0; i < 200; i++)
	{
		size_t next = size + size / 8 + 13;

		block = realloc(block, next);
		RULE(block != NULL && is_filled(block, size));
		fill(block, size, next);
		size = next;
		if (size > 6000000)
			break;
	}
	while (size > 10)
	{
		size = size * 3 / 4;
		block = realloc(block, size);
		RULE(block != NULL && is_filled(block, size));
	}
	RULE(errno == 77);
	free(block);

	block = realloc(NULL, 100);
	RULE(block != NULL);
	RULE(realloc(block, zero) == NULL);
	block = reallocarray(NULL, 10, 10);
	fill(block, 0, 100);
	block = reallocarray(block, 100, 100);
	RULE(block != NULL && is_filled(block, 100));
	free(block);
}

static void
check_failures(void)
{
	char *block = malloc(1000);
	static char mark;
	void *out = &mark;

	fill(block, 0, 1000);
	errno = 0;
	RULE(malloc(huge) == NULL && errno == ENOMEM);
	errno = 0;
	RULE(malloc(huge * 2 + 1 - 4096) == NULL && errno == ENOMEM);
	errno = 0;
	RULE(malloc(huge + huge / 2) == NULL && errno == ENOMEM);
	errno = 0;
	RULE(calloc(huge, 16) == NULL && errno == ENOMEM);
	errno = 0;
	RULE(calloc(huge, 1) == NULL && errno == ENOMEM);
	errno = 0;
	RULE(realloc(block, huge) == NULL && errno == ENOMEM);
	errno = 0;
	RULE(realloc(block, huge + huge / 2) == NULL && errno == ENOMEM);
	errno = 0;
	RULE(reallocarray(block, huge, 16) == NULL && errno == ENOMEM);
	errno = 0;
	RULE(reallocarray(block, huge, 1) == NULL && errno == ENOMEM);
	RULE(is_filled(block, 1000));
	RULE(malloc_usable_size(block) >= 1000);
	errno = 0;
	RULE(aligned_alloc(64, huge) == NULL && errno == ENOMEM);
	errno = 0;
	RULE(memalign(64, huge) == NULL && errno == ENOMEM);
	errno = 0;
	RULE(valloc(huge) == NULL && errno == ENOMEM);
	errno = 0;
	RULE(pvalloc(huge) == NULL && errno == ENOMEM);
	errno = 0;
	RULE(pvalloc(huge * 2 + 1) == NULL && errno == ENOMEM);
	errno = 77;
	RULE(posix_memalign(&out, 64, huge) == ENOMEM && out == &mark);
	RULE(posix_memalign(&out, 3, 100) == EINVAL && out == &mark);
	RULE(posix_memalign(&out, 4, 100) == EINVAL && out == &mark);
	RULE(posix_memalign(&out, 0, 100) == EINVAL && out == &mark);
	RULE(posix_memalign(&out, (size_t) 1 << 62, 100) == ENOMEM && out == &mark);
	free(block);
}

static void
check_alignment(void)
{
	size_t page = (size_t) getpagesize();

	errno = 77;
	for (size_t alignment = 8; alignment <= 1 << 21; alignment *= 2)
		for (size_t size = 0; size <= 3 << 20; size = size * 3 + 1)
		{
			void *block = NULL;

			RULE(posix_memalign(&block, alignment, size) == 0);
			RULE(block != NULL && is_aligned(block, alignment));
			RULE(malloc_usable_size(block) >= size);
			memset(block, 1, size);
			block = realloc(block, size + 100);
			RULE(block != NULL);
			free(block);
			block = aligned_alloc(alignment, size);
			RULE(block != NULL && is_aligned(block, alignment));
			free(block);
			block = memalign(alignment, size);
			RULE(block != NULL && is_aligned(block, alignment));
			free(block);
		}
	for (size_t size = 0; size < 50000; size = size * 2 + 1)
	{
		char *block = valloc(size);

		RULE(block != NULL && is_aligned(block, page));
		free(block);
		block = pvalloc(size);
		RULE(block != NULL && is_aligned(block, page));
		RULE(malloc_usable_size(block) >= (size + page - 1) / page * page);
		free(block);
	}
	free(memalign(24, 100));
	RULE(errno == 77);
}

int
main(void)
{
	check_plain();
	check_contents_survive_resizing();
	check_failures();
	check_alignment();
	puts("done");
	return 0;
}
