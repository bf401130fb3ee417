/*
 * process_edges.c
 *	  A program that ends, allocates or is cancelled in an unusual way.
 *
 *	process_edges WAY [NUMBER]
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

static void *volatile block;
static volatile int go, reached;

static void
leave(int signal_number)
{
	(void) signal_number;
	exit(0);
}

/* exit() in a signal handler, while blocks are made and freed. */
static int
exit_in_handler(int microseconds)
{
	struct itimerval timer = {{0, 0}, {0, microseconds}};
	void *blocks[64] = {NULL};

	signal(SIGALRM, leave);
	setitimer(ITIMER_REAL, &timer, NULL);
	for (unsigned i = 0;; i = (i + 1) % 64)
	{
		free(blocks[i]);
		blocks[i] = malloc(50);
	}
}

static void *
allocate_cancelled(void *unused)
{
	while (!go)
		;
	for (int i = 0; i < 10; i++)
		block = malloc(1000);
	reached = 1;
	return unused;
}

/* A cancelled thread that comes to no point where that takes effect. */
static int
cancel_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, allocate_cancelled, NULL);
	pthread_cancel(thread);
	go = 1;
	pthread_join(thread, NULL);
	return reached ? 0 : 1;
}

static void *
outlive_first(void *unused)
{
	char state[200] = "";

	while (strstr(state, ") Z") == NULL)
	{
		FILE *file = fopen("/proc/self/stat", "r");

		fgets(state, sizeof(state), file);
		fclose(file);
	}
	block = malloc(1000000);
	printf("said at the end\n"); /* left in the buffer */
	return unused;
}

static int
end_first(void)
{
	pthread_t thread;

	block = malloc(1000000);
	pthread_create(&thread, NULL, outlive_first, NULL);
	pthread_exit(NULL);
}

/* Blocks of 1,000 bytes at the end, grown or shrunk in some way; all stay. */
static int
resize(const char *way, int rounds)
{
	for (int i = 0; i < 5000; i++)
	{
		char *at = malloc(strcmp(way, "plain") == 0 ? 1025 : 16);

		if (strcmp(way, "steps") == 0)
			for (size_t size = 41; size < 1025; size += 24)
				at = realloc(at, size);
		for (int round = 0; round < rounds; round++)
		{
			at = realloc(at, 1025);
			at = realloc(at, 100);
		}
		block = realloc(at, 1025);
	}
	return 0;
}

/* Blocks of one byte; all stay. */
static int
allocate_tiny(void)
{
	for (int i = 0; i < 5000; i++)
		block = malloc(1);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "";
	int number = argc > 2 ? atoi(argv[2]) : 0;

	if (strcmp(way, "exit-in-handler") == 0)
		return exit_in_handler(number);
	if (strcmp(way, "cancel") == 0)
		return cancel_thread();
	if (strcmp(way, "end-first") == 0)
		return end_first();
	if (strcmp(way, "tiny") == 0)
		return allocate_tiny();
	return resize(way, number);
}
