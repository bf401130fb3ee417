/*
 * thread_crowd.c
 *	  Threads, coroutines and signal handlers that allocate.
 *
 *	thread_crowd MODE
 */
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "libarx/heap_label_abi.h"

#define KEEP __attribute__((noinline, noclone))
#define NTHREADS 2000
#define AT_A_TIME 8

static void *volatile kept[NTHREADS];
static void *_Atomic passed_on;

static KEEP void *
thread_keeps(void)
{
	void *block = malloc(3000);

	__asm__ volatile("" ::: "memory");
	return block;
}

static KEEP void *
thread_passes_on(void)
{
	void *block = malloc(400);

	__asm__ volatile("" ::: "memory");
	return block;
}

static void *
come_and_go(void *number)
{
	for (int i = 0; i < 10; i++)
	{
		/* what another thread left is freed here */
		free(__atomic_exchange_n(&passed_on, thread_passes_on(),
								 __ATOMIC_ACQ_REL));
		free(malloc((size_t) i * 100));
	}
	kept[(intptr_t) number] = thread_keeps();
	return NULL;
}

static int
crowd(void)
{
	pthread_t threads[AT_A_TIME];

	for (intptr_t first = 0; first < NTHREADS; first += AT_A_TIME)
	{
		for (intptr_t i = 0; i < AT_A_TIME; i++)
			if (pthread_create(&threads[i], NULL, come_and_go,
							   (void *) (first + i)) != 0)
				return 2;
		for (int i = 0; i < AT_A_TIME; i++)
			pthread_join(threads[i], NULL);
	}
	free(passed_on);
	return 0;
}

static void *
live_on_little(void *unused)
{
	kept[0] = thread_keeps();
	free(calloc(10, 10));
	kept[0] = realloc(kept[0], 5000);
	return unused;
}

static int
tiny(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	if (pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN) != 0 ||
		pthread_create(&thread, &attributes, live_on_little, NULL) != 0)
		return 2;
	return pthread_join(thread, NULL);
}

/* ---- coroutines ---- */

#define NCOROUTINES 20

static ucontext_t scheduler, coroutines[NCOROUTINES];
static int current;

static KEEP void
coroutine_keeps(void)
{
	kept[current] = malloc(1234);
	__asm__ volatile("" ::: "memory");
}

static void
run_coroutine(void)
{
	for (int i = 0; i < 5; i++)
	{
		free(malloc(100));
		swapcontext(&coroutines[current], &scheduler);
	}
	coroutine_keeps();
}

static int
switch_about(void)
{
	for (int i = 0; i < NCOROUTINES; i++)
	{
		getcontext(&coroutines[i]);
		coroutines[i].uc_stack.ss_size = 64 * 1024;
		/* some on the heap, some with a hole right above */
		coroutines[i].uc_stack.ss_sp = i % 2
			? malloc(64 * 1024)
			: mmap(NULL, 64 * 1024, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		coroutines[i].uc_link = &scheduler;
		makecontext(&coroutines[i], run_coroutine, 0);
	}
	for (int round = 0; round < 6; round++)
		for (current = 0; current < NCOROUTINES; current++)
			swapcontext(&scheduler, &coroutines[current]);
	return 0;
}

/* ---- signals ---- */

#define NBLOCKS 400
#define ROUNDS 10

static void *blocks[NBLOCKS];
static volatile sig_atomic_t taken = NBLOCKS;
static volatile double result;
static char name[32];

static KEEP void
prepare(void)
{
	for (int i = 0; i < NBLOCKS; i++)
		blocks[i] = malloc(500);
	taken = 0;
}

/* Frees samples, resizes them, and allocates. */
static KEEP void
handle(int signal)
{
	(void) signal;
	for (int i = 0; i < 4 && taken < NBLOCKS; i++)
	{
		void *block = blocks[taken];

		if (taken % 3 == 0)
			block = realloc(block, 900);
		free(block);
		free(malloc(300));
		taken++;
	}
}

static void
compute(ArxHeapLabelName name_label)
{
	(void) name_label;
	for (int i = 0; i < 1000; i++)
		result += 1.0 / (1 + i);
}

/* Inside the profiler, but never inside jemalloc. */
static void
name_labels(ArxHeapLabelName name_label)
{
	for (uint64_t i = 1; i < 50; i++)
		name_label(i, name);
}

static void
map_memory(ArxHeapLabelName name_label)
{
	void *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void) name_label;
	munmap(pages, 8192);
}

static int
be_interrupted(void (*work)(ArxHeapLabelName))
{
	ArxHeapLabelName name_label =
		(ArxHeapLabelName) dlsym(RTLD_DEFAULT, ARX_HEAP_LABEL_NAME);
	struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
	struct itimerval timer = {{0, 100}, {0, 100}};
	sigset_t alarm;

	if (name_label == NULL)
		return 3;
	strcpy(name, "a name");
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigprocmask(SIG_BLOCK, &alarm, NULL);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	for (int round = 0; round < ROUNDS; round++)
	{
		prepare();
		sigprocmask(SIG_UNBLOCK, &alarm, NULL);
		while (taken < NBLOCKS)
			work(name_label);
		sigprocmask(SIG_BLOCK, &alarm, NULL);
	}
	free(malloc(100));
	return 0;
}

int
main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	if (strcmp(mode, "crowd") == 0)
		return crowd();
	if (strcmp(mode, "tiny") == 0)
		return tiny();
	if (strcmp(mode, "coroutines") == 0)
		return switch_about();
	if (strcmp(mode, "computing") == 0)
		return be_interrupted(compute);
	if (strcmp(mode, "naming") == 0)
		return be_interrupted(name_labels);
	if (strcmp(mode, "mapping") == 0)
		return be_interrupted(map_memory);
	return 1;
}
