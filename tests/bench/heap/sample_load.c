/*
 * sample_load.c
 *	  How long each malloc and each free takes, at 30 frames.
 *
 *	sample_load PAIRS SIZE
 *
 * A window of live blocks.  For each pair prints a line: nanoseconds of the
 * malloc, nanoseconds of the free.  The clock's own time is in both.
 */
#include "load.h"

#include <sys/mman.h>

#define FRAMES 30
#define WINDOW 1000

typedef struct Times
{
	uint32_t malloc_ns;
	uint32_t free_ns;
} Times;

typedef struct Timer
{
	uint64_t random;
	size_t size;
	char *live[WINDOW];
	Times *next;
} Timer;

static LOAD_FRAME void
time_pair(void *argument)
{
	Timer *timer = argument;
	char **block = &timer->live[load_random(&timer->random) % WINDOW];
	uint64_t before, between, after;

	before = load_now_ns();
	free(*block);
	between = load_now_ns();
	*block = malloc(timer->size);
	after = load_now_ns();
	(*block)[0] = 1;
	*timer->next++ =
		(Times){(uint32_t) (after - between), (uint32_t) (between - before)};
}

int
main(int argc, char **argv)
{
	static Timer timer;
	long pairs = load_argument(argc, argv, 1, 20000);
	size_t bytes = (size_t) pairs * sizeof(Times);
	Times *times = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
						MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (times == MAP_FAILED)
		return 2;
	load_warm_up();
	timer.size = (size_t) load_argument(argc, argv, 2, 64);
	timer.next = times;
	for (int i = 0; i < WINDOW; i++)
		timer.live[i] = malloc(timer.size);
	for (long i = 0; i < pairs; i++)
		load_call_deep(
			FRAMES - LOAD_FIXED_FRAMES,
			(unsigned) (load_random(&timer.random) % LOAD_FEW_STACKS),
			time_pair, &timer);
	for (long i = 0; i < pairs; i++)
		printf("%u %u\n", times[i].malloc_ns, times[i].free_ns);
	return 0;
}
