/*
 * pause_load.c
 *	  The longest that one malloc or free of any thread takes.
 *
 *	pause_load THREADS BLOCKS SIZE
 *
 * Threads that together hold BLOCKS blocks of SIZE bytes, from 4,096 stacks of
 * each, and then, when told to, replace others one after the other.  Reads
 * commands, one letter each, and answers each with a line:
 *
 *	g	has them go on and replace blocks
 *	m	longest call since the last m: nanoseconds of those that were not
 *		interrupted, and of those during which the thread lost its processor
 *	d	has jemalloc's own profiler write a dump; nanoseconds it took, or -1
 *
 * A call that waits for a lock gives the processor up by itself, and is in the
 * first number.  One that the system took the processor away from is in the
 * second: that says nothing of the allocator.
 */
#include "load.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <unistd.h>

#define LEVELS 20
#define MAX_THREADS 8
#define CALLS_A_LOOK 32
#define WINDOW 1000

typedef struct Worker
{
	pthread_t thread;
	uint64_t random;
	size_t size;
	long held; /* to allocate and keep */
	char *blocks[WINDOW];
	uint64_t longest; /* of the calls since the last look */
	_Atomic uint64_t longest_whole;
	_Atomic uint64_t longest_interrupted;
	_Atomic bool is_full;
} Worker;

static Worker workers[MAX_THREADS];
static int nworkers;
static _Atomic bool may_go;

static LOAD_FRAME void
replace_blocks(void *argument)
{
	Worker *worker = argument;

	for (int i = 0; i < CALLS_A_LOOK; i++)
	{
		char **block = &worker->blocks[load_random(&worker->random) % WINDOW];
		uint64_t before = load_now_ns(), between, after;

		free(*block);
		between = load_now_ns();
		*block = malloc(worker->size);
		after = load_now_ns();
		(*block)[0] = 1;
		if (between - before > worker->longest)
			worker->longest = between - before;
		if (after - between > worker->longest)
			worker->longest = after - between;
	}
}

static LOAD_FRAME void
hold_block(void *argument)
{
	Worker *worker = argument;
	char *block = malloc(worker->size);

	__asm__ volatile("" ::"r"(block) : "memory");
	worker->held--;
}

static long
interruptions(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nivcsw;
}

static void
keep_highest(_Atomic uint64_t *highest, uint64_t value)
{
	uint64_t old = atomic_load(highest);

	while (value > old && !atomic_compare_exchange_weak(highest, &old, value))
		;
}

static void *
run_worker(void *argument)
{
	Worker *worker = argument;
	long before = 0;

	while (worker->held > 0)
		load_call_deep(LEVELS,
					   (unsigned) (load_random(&worker->random) % LOAD_STACKS),
					   hold_block, worker);
	atomic_store(&worker->is_full, true);
	while (!atomic_load(&may_go))
		usleep(1000);
	for (;;)
	{
		long now;

		worker->longest = 0;
		load_call_deep(LEVELS,
					   (unsigned) (load_random(&worker->random) % LOAD_STACKS),
					   replace_blocks, worker);
		now = interruptions();
		keep_highest(now == before ? &worker->longest_whole
								   : &worker->longest_interrupted,
					 worker->longest);
		before = now;
	}
	return NULL;
}

static void
answer_longest(void)
{
	uint64_t whole = 0, interrupted = 0;

	for (int i = 0; i < nworkers; i++)
	{
		uint64_t first = atomic_exchange(&workers[i].longest_whole, 0);
		uint64_t second = atomic_exchange(&workers[i].longest_interrupted, 0);

		whole = first > whole ? first : whole;
		interrupted = second > interrupted ? second : interrupted;
	}
	dprintf(STDOUT_FILENO, "%lu %lu\n", whole, interrupted);
}

static void
answer_dump(void)
{
	int (*control)(const char *, void *, size_t *, void *, size_t);
	const char *file = "dump.heap";
	uint64_t before = load_now_ns();
	long took = -1;

	*(void **) &control = dlsym(RTLD_DEFAULT, "mallctl");
	if (control && control("prof.dump", NULL, NULL, &file, sizeof(file)) == 0)
		took = (long) (load_now_ns() - before);
	dprintf(STDOUT_FILENO, "%ld\n", took);
}

static void
start_worker(Worker *worker, int number, long held, size_t size)
{
	worker->random = (uint64_t) number;
	worker->held = held;
	worker->size = size;
	pthread_create(&worker->thread, NULL, run_worker, worker);
}

int
main(int argc, char **argv)
{
	long blocks = load_argument(argc, argv, 2, 45000);
	size_t size = (size_t) load_argument(argc, argv, 3, 1024);
	char command;

	nworkers = (int) load_argument(argc, argv, 1, 2);
	if (nworkers < 1 || nworkers > MAX_THREADS)
		return 2;
	for (int i = 0; i < nworkers; i++)
		start_worker(&workers[i], i, blocks / nworkers, size);
	for (int i = 0; i < nworkers; i++)
		while (!atomic_load(&workers[i].is_full))
			usleep(1000);
	dprintf(STDOUT_FILENO, "full\n");
	while (read(STDIN_FILENO, &command, 1) == 1)
	{
		if (command == 'g')
		{
			atomic_store(&may_go, true);
			dprintf(STDOUT_FILENO, "going\n");
		}
		else if (command == 'm')
			answer_longest();
		else if (command == 'd')
			answer_dump();
	}
	_exit(0);
}
