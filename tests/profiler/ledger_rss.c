/*
 * ledger_rss.c
 *	  Uses memory in one way, then says what the system counts, and ends.
 *
 *	ledger_rss live|untouched|fragmented|retained|mapped|shared|stacks MIB
 *
 * Prints lines "NAME BYTES" from /proc/self/status and, summed over all
 * mappings, from /proc/self/smaps; its last snapshot is taken a moment later.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB (1024UL * 1024UL)
#define SMALL 256UL
#define THREADS 50

static size_t amount;
static pthread_barrier_t barrier;

static void
touch(volatile char *start, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += 64)
		start[i] = 1;
}

static void
use_live(void)
{
	for (size_t i = 0; i < amount; i += 64 * 1024)
		touch(malloc(64 * 1024), 64 * 1024);
}

static void
use_untouched(void)
{
	char *volatile block = malloc(amount);

	(void) block;
}

/* One block of 16 survives on every page. */
static void
use_fragmented(void)
{
	size_t n = amount / SMALL;
	char **blocks = mmap(NULL, n * sizeof(char *), PROT_READ | PROT_WRITE,
						 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (size_t i = 0; i < n; i++)
		touch(blocks[i] = malloc(SMALL), SMALL);
	for (size_t i = 0; i < n; i++)
		if (i % 16 != 0)
			free(blocks[i]);
	munmap(blocks, n * sizeof(char *));
}

static void
use_retained(void)
{
	char *block = malloc(amount);

	touch(block, amount);
	free(block);
}

/* The half of it is touched. */
static void
use_mapped(int sharing)
{
	char *start = mmap(NULL, amount, PROT_READ | PROT_WRITE,
					   sharing | MAP_ANONYMOUS, -1, 0);

	touch(start, amount / 2);
}

static void *
use_stack(void *argument)
{
	size_t bytes = (size_t) argument;
	char *room = __builtin_alloca(bytes);

	touch(room, bytes);
	pthread_barrier_wait(&barrier);
	pause();
	return NULL;
}

/* Each thread has its share of its own stack in use. */
static void
use_stacks(void)
{
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (size_t i = 0; i < THREADS; i++)
		pthread_create(&thread, NULL, use_stack, (void *) (amount / THREADS));
	pthread_barrier_wait(&barrier);
}

/* Adds up the lines of a file that begin with one of the names. */
static void
print_sums(const char *path, const char *const *names)
{
	static char text[65536];
	size_t sums[8] = {0};
	int fd = open(path, O_RDONLY);
	size_t used = 0;
	ssize_t got;

	while ((got = read(fd, text + used, sizeof(text) - 1 - used)) > 0)
	{
		char *line = text;
		char *end;

		text[used += (size_t) got] = '\0';
		for (; (end = strchr(line, '\n')) != NULL; line = end + 1)
			for (int i = 0; names[i] != NULL; i++)
				if (strncmp(line, names[i], strlen(names[i])) == 0)
					sums[i] +=
						strtoul(line + strlen(names[i]), NULL, 10) * 1024;
		used = strlen(line);
		memmove(text, line, used + 1);
	}
	close(fd);
	for (int i = 0; names[i] != NULL; i++)
		printf("%s %zu\n", names[i], sums[i]);
}

int
main(int argc, char **argv)
{
	static const char *const status[] = {
		"VmRSS:", "VmHWM:", "RssFile:", "RssShmem:", NULL};
	static const char *const smaps[] = {"Rss:", "Anonymous:", NULL};
	const char *way = argc == 3 ? argv[1] : "";

	amount = argc == 3 ? strtoul(argv[2], NULL, 10) * MIB : 0;
	/* large enough to be sampled: else there is no snapshot */
	touch(malloc(2 * MIB), 2 * MIB);
	if (strcmp(way, "live") == 0)
		use_live();
	else if (strcmp(way, "untouched") == 0)
		use_untouched();
	else if (strcmp(way, "fragmented") == 0)
		use_fragmented();
	else if (strcmp(way, "retained") == 0)
		use_retained();
	else if (strcmp(way, "mapped") == 0)
		use_mapped(MAP_PRIVATE);
	else if (strcmp(way, "shared") == 0)
		use_mapped(MAP_SHARED);
	else if (strcmp(way, "stacks") == 0)
		use_stacks();
	else if (strcmp(way, "nothing") != 0)
		return 2;
	print_sums("/proc/self/status", status);
	print_sums("/proc/self/smaps", smaps);
	return 0;
}
