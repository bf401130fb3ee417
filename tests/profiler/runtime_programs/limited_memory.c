/*
 * limited_memory.c
 *	  Allocates under limits.
 *
 *	limited_memory live|run_out|limited
 *
 * live		100,000 live blocks of 100 bytes, of which it checks the contents
 * run_out	limits its address space itself, allocates 100 MB, which must work,
 *			then until nothing is left, and then goes on
 * limited	10 MB, of which it checks the contents
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

static char *kept[100000];

__attribute__((noinline, noclone)) static char *
allocate_here(size_t size)
{
	char *block = malloc(size);

	__asm__ volatile("" ::: "memory");
	return block;
}

static int
hold(int n, size_t size)
{
	for (int i = 0; i < n; i++)
	{
		kept[i] = allocate_here(size);
		if (kept[i] == NULL)
			return 2;
		memset(kept[i], i, size);
	}
	for (int i = 0; i < n; i++)
		for (size_t j = 0; j < size; j++)
			if (kept[i][j] != (char) i)
				return 3;
	return 0;
}

static int
run_out(void)
{
	struct rlimit limit = {512 << 20, 512 << 20};
	int n = 0;

	free(allocate_here(1000));
	if (setrlimit(RLIMIT_AS, &limit) != 0)
		return 4;
	if (mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			MAP_FAILED ||
		hold(100, 1 << 20) != 0)
		return 5;
	for (n = 100; n < 1000; n++)
	{
		errno = 0;
		kept[n] = allocate_here(1 << 20);
		if (kept[n] == NULL)
			break;
		kept[n][5] = 1;
	}
	if (n == 1000 || errno != ENOMEM)
		return 6;
	for (int i = 0; i < n; i++)
		free(kept[i]);
	return hold(100, 1 << 20);
}

int
main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	if (strcmp(mode, "live") == 0)
		return hold(100000, 100);
	if (strcmp(mode, "run_out") == 0)
		return run_out();
	return hold(1000, 10000);
}
