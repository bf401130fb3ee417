/*
 * snapshot_program.c
 *	  A program that allocates as it is told, for the tests of snapshots.
 *
 * Reads commands from its standard input, a line each, and answers each with a
 * line: "done", or what it found.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libarx/heap_label_abi.h"

#define MAX_KEPT 4000000

static void *kept[MAX_KEPT];
static long nkept;
static volatile int ways; /* keeps the two calls of descend() apart */

static void
keep(void *block)
{
	if (nkept < MAX_KEPT)
		kept[nkept++] = block;
}

static void
allocate(long n, long size)
{
	for (long i = 0; i < n; i++)
		keep(malloc((size_t) size));
}

static void
release(void)
{
	while (nkept > 0)
		free(kept[--nkept]);
}

/* Each number leads to a malloc() by another stack of depth frames. */
static __attribute__((noinline)) void
descend(long number, int depth, long size)
{
	if (depth == 0)
		keep(malloc((size_t) size));
	else if (number & 1)
	{
		descend(number >> 1, depth - 1, size);
		ways++;
	}
	else
	{
		descend(number >> 1, depth - 1, size);
		ways--;
	}
}

static void
allocate_at_sites(long sites, long size)
{
	for (long i = 0; i < sites; i++)
		descend(i, 20, size);
}

static void
set_label(long label, const char *name)
{
	ArxHeapLabelWord word =
		(ArxHeapLabelWord) dlsym(RTLD_DEFAULT, ARX_HEAP_LABEL_WORD);
	ArxHeapLabelName give =
		(ArxHeapLabelName) dlsym(RTLD_DEFAULT, ARX_HEAP_LABEL_NAME);

	if (word != NULL)
		*word() = (uint64_t) label;
	if (give != NULL)
		give((uint64_t) label, name);
}

/* Calls malloc() n times from generated code, which a perf map names. */
static void
allocate_generated(long n, long size)
{
#ifdef __x86_64__
	/* push rbp; mov rbp, rsp; mov rax, malloc; call rax; pop rbp; ret */
	static const unsigned char code[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0xb8,
										 0,	   0,	 0,	   0,	 0,	   0,
										 0,	   0,	 0xff, 0xd0, 0x5d, 0xc3};
	unsigned char *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
								 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *(*function)(size_t) = (void *(*) (size_t)) memory;
	void *(*target)(size_t) = malloc;
	char path[64];
	FILE *map;

	memcpy(memory, code, sizeof(code));
	memcpy(memory + 6, &target, sizeof(target));
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int) getpid());
	map = fopen(path, "w");
	fprintf(map, "%lx %zx older:generated\n%lx %zx js:generated\n",
			(unsigned long) memory, sizeof(code), (unsigned long) memory,
			sizeof(code));
	fclose(map);
	for (long i = 0; i < n; i++)
		keep(function((size_t) size));
#else
	allocate(n, size);
#endif
}

static void
fork_child(long n, long size)
{
	pid_t child = fork();

	if (child == 0)
	{
		allocate(n, size);
		exit(0);
	}
	waitpid(child, NULL, 0);
}

/* What a daemon does, and then it opens files of its own. */
static void
close_all(const char *path)
{
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	for (int i = 0; i < 8; i++)
		if (open(path, O_RDWR | O_CREAT | O_APPEND, 0600) < 0)
			perror(path);
}

static void *
end_slowly(void *unused)
{
	(void) unused;
	allocate(1000, 1000);
	return NULL;
}

int
main(void)
{
	char line[512];
	char text[256];
	long a, b;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin) != NULL)
	{
		if (sscanf(line, "alloc %ld %ld", &a, &b) == 2)
			allocate(a, b);
		else if (sscanf(line, "sites %ld %ld", &a, &b) == 2)
			allocate_at_sites(a, b);
		else if (sscanf(line, "generated %ld %ld", &a, &b) == 2)
			allocate_generated(a, b);
		else if (sscanf(line, "fork %ld %ld", &a, &b) == 2)
			fork_child(a, b);
		else if (sscanf(line, "label %ld %255s", &a, text) == 2)
			set_label(a, text);
		else if (sscanf(line, "close %255s", text) == 1)
			close_all(text);
		else if (strcmp(line, "free\n") == 0)
			release();
		else if (strcmp(line, "main-ends\n") == 0)
		{
			pthread_t thread;

			puts("done");
			pthread_create(&thread, NULL, end_slowly, NULL);
			pthread_detach(thread);
			pthread_exit(NULL);
		}
		else
		{
			puts("what?");
			continue;
		}
		puts("done");
	}
	return 0;
}
