/*
 * stack_truth.c
 *	  Allocates in many shapes of frames, and prints what the C library's own
 *	  unwinder says of each stack.
 *
 * Each block has a size of its own, by which its sample is found.  Lines are
 * "NAME SIZE ADDRESS..." with the return addresses of the frames above
 * allocate(), innermost first.
 */
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEEP __attribute__((noinline, noclone))
#define MAX_DEPTH 250

static void *volatile kept[64];
static int nkept;
static volatile int sink;
static volatile int number = 5;

/* The call of malloc() differs from that of backtrace(): its own frame is left out. */
static KEEP void
allocate(const char *name)
{
	void *stack[MAX_DEPTH + 2];
	size_t size = 10000 + 64 * (size_t) nkept;
	int n;

	kept[nkept++] = malloc(size);
	n = backtrace(stack, MAX_DEPTH + 2);
	printf("%s %zu", name, size);
	for (int i = 1; i < n; i++)
		printf(" %lu", (unsigned long) stack[i]);
	printf("\n");
}

static KEEP void
by_plain(void)
{
	allocate("plain");
	sink++;
}

static KEEP void
by_array(int n)
{
	char array[n * 100];

	memset(array, n, sizeof(array));
	allocate("variable_array");
	sink += array[n];
}

typedef struct Wide
{
	double of[16];
} __attribute__((aligned(64))) Wide;

static KEEP void
by_aligned(double by)
{
	volatile Wide wide;

	for (int i = 0; i < 16; i++)
		wide.of[i] = by * i;
	allocate("realigned");
	sink += (int) wide.of[number];
}

static KEEP void
by_aligned_array(int n, double by)
{
	volatile Wide wide;
	char array[n * 50];

	memset(array, n, sizeof(array));
	for (int i = 0; i < 16; i++)
		wide.of[i] = by * i;
	allocate("realigned_array");
	sink += (int) wide.of[number] + array[n];
}

static KEEP int
compare(const void *a, const void *b)
{
	static int calls;

	if (calls++ == 3)
		allocate("qsort_callback");
	return *(const int *) a - *(const int *) b;
}

static KEEP void
by_qsort(void)
{
	int numbers[64];

	for (int i = 0; i < 64; i++)
		numbers[i] = i * 7 % 64;
	qsort(numbers, 64, sizeof(numbers[0]), compare);
	sink += numbers[5];
}

static KEEP void
by_many_arguments(int a, int b, int c, int d, int e, int f, int g, int h, int i)
{
	allocate("pushed_arguments");
	sink += a + b + c + d + e + f + g + h + i;
}

static KEEP int
by_recursion(int depth)
{
	int below;

	if (depth == 0)
	{
		allocate("recursion");
		return 1;
	}
	below = by_recursion(depth - 1);
	sink += below;
	return below + sink;
}

static KEEP void
handler(int signal)
{
	(void) signal;
	allocate("signal_handler");
	sink++;
}

static KEEP void
by_signal(int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	sink++;
}

static void *
by_thread(void *unused)
{
	allocate("thread");
	sink++;
	return unused;
}

static KEEP void
by_large_frame(void)
{
	volatile char large[300000];

	large[number] = 1;
	large[sizeof(large) - 1] = 1;
	allocate("large_frame");
	sink += large[number];
}

/* Ends in a call that does not come back: its return address is behind it. */
static KEEP void __attribute__((noreturn)) by_noreturn(void)
{
	allocate("last_call");
	fflush(stdout);
	exit(0);
}

int
main(int argc, char **argv)
{
	stack_t other = {.ss_size = 128 * 1024, .ss_sp = malloc(128 * 1024)};
	pthread_t thread;
	void *warm[4];

	(void) argc, (void) argv;
	backtrace(warm, 4);
	by_plain();
	by_array(number);
	by_aligned(number);
	by_aligned_array(number, number);
	by_qsort();
	by_many_arguments(1, 2, 3, 4, 5, 6, 7, 8, 9);
	by_recursion(60);
	by_signal(0);
	sigaltstack(&other, NULL);
	by_signal(SA_ONSTACK);
	by_large_frame();
	pthread_create(&thread, NULL, by_thread, NULL);
	pthread_join(thread, NULL);
	by_noreturn();
}
