/*
 * ledger_threads.c
 *	  Threads that map, cut, move and protect at the same addresses.
 *
 *	ledger_threads THREADS STEPS    all of them in one window of addresses
 *	ledger_threads many COUNT       so many regions, every second one unmapped
 *
 * All that is mapped lies in a window that nobody else uses.  Before it ends
 * the program reads /proc/self/maps and prints how much of the window is
 * mapped: "mmap BYTES" and "reserved BYTES".
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096UL
#define WINDOW 0x200000000000UL
#define WINDOW_PAGES 256UL
#define MANY_START 0x210000000000UL
#define HELD 8
#define MAX_PAGES 16

typedef struct Worker
{
	pthread_t thread;
	unsigned seed;
	int steps;
	struct
	{
		char *start;
		size_t pages;
	} held[HELD];
} Worker;

static int
in_window(const char *start, size_t pages)
{
	uintptr_t at = (uintptr_t) start;

	return at >= WINDOW && at + pages * PAGE <= WINDOW + WINDOW_PAGES * PAGE;
}

/* Another thread may take the place at any moment: then somewhere else. */
static void
map_one(Worker *worker, int slot)
{
	size_t pages = 1 + (size_t) rand_r(&worker->seed) % MAX_PAGES;
	size_t offset = (size_t) rand_r(&worker->seed) % (WINDOW_PAGES - MAX_PAGES);
	int protection =
		rand_r(&worker->seed) % 3 == 0 ? PROT_NONE : PROT_READ | PROT_WRITE;
	char *start = mmap((void *) (WINDOW + offset * PAGE), pages * PAGE,
					   protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (start == MAP_FAILED)
		return;
	if (!in_window(start, pages))
	{
		munmap(start, pages * PAGE);
		return;
	}
	worker->held[slot].start = start;
	worker->held[slot].pages = pages;
}

static void
change_one(Worker *worker, int slot)
{
	char *start = worker->held[slot].start;
	size_t pages = worker->held[slot].pages;
	size_t part = 1 + (size_t) rand_r(&worker->seed) % pages;

	switch (rand_r(&worker->seed) % 5)
	{
		case 0:
			mprotect(start, part * PAGE, PROT_READ);
			return;
		case 1:
			mprotect(start + (pages - part) * PAGE, part * PAGE, PROT_NONE);
			return;
		case 2: /* give back the end, or all */
			munmap(start + (pages - part) * PAGE, part * PAGE);
			break;
		case 3:
			if (mremap(start, pages * PAGE, part * PAGE, 0) == MAP_FAILED)
				return;
			part = pages - part;
			break;
		case 4:
			munmap(start, pages * PAGE);
			part = pages;
			break;
	}
	worker->held[slot].pages = pages - part;
	if (part == pages)
		worker->held[slot].start = NULL;
}

static void *
work(void *argument)
{
	Worker *worker = argument;

	for (int i = 0; i < worker->steps; i++)
	{
		int slot = rand_r(&worker->seed) % HELD;

		if (worker->held[slot].start == NULL)
			map_one(worker, slot);
		else
			change_one(worker, slot);
	}
	return NULL;
}

static void
run_threads(int threads, int steps)
{
	static Worker workers[64];

	for (int i = 0; i < threads; i++)
	{
		workers[i].seed = (unsigned) i + 1;
		workers[i].steps = steps;
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	}
	for (int i = 0; i < threads; i++)
		pthread_join(workers[i].thread, NULL);
}

/* Regions that the system may join into few mappings, which we must not. */
static void
map_many(long count)
{
	for (long i = 0; i < count; i++)
		if (mmap((void *) (MANY_START + (uintptr_t) i * PAGE), PAGE,
				 PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
				 0) == MAP_FAILED)
			exit(3);
	for (long i = 0; i < count; i += 2)
		if (munmap((void *) (MANY_START + (uintptr_t) i * PAGE), PAGE) != 0)
			exit(3);
}

static void
print_windows(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long bytes[2] = {0, 0};
	unsigned long start;
	unsigned long end;
	char protection[8];
	char line[512];

	while (fgets(line, sizeof(line), maps) != NULL)
		if (sscanf(line, "%lx-%lx %7s", &start, &end, protection) == 3 &&
			start >= WINDOW && end <= MANY_START + (1UL << 36))
			bytes[strncmp(protection, "---", 3) == 0] += end - start;
	fclose(maps);
	printf("mmap %lu\nreserved %lu\n", bytes[0], bytes[1]);
}

int
main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	if (strcmp(argv[1], "many") == 0)
		map_many(atol(argv[2]));
	else
		run_threads(atoi(argv[1]), atoi(argv[2]));
	print_windows();
	return 0;
}
