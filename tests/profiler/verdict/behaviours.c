/*
 * behaviours.c
 *	  Programs that use memory in fourteen ways, ten sound and four leaking.
 *
 *	behaviours NAME SECONDS SEED
 *
 * Each really allocates and frees, block by block, when its clock says so; it
 * sleeps in between.  A behaviour is a function that allocates by itself, so
 * that its name stands in the stacks.  At the end the program prints, as JSON,
 * how many bytes it has leaked by each tenth of a second.
 *
 * What the programs keep for themselves is static: the only blocks they
 * allocate are those that they are about.
 */
#include <malloc.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BLOCK 4096
#define TICK_NS 5000000
#define MAX_BLOCKS 200000 /* that wait for their end, at one time */
#define MAX_KEYS 4000
#define MAX_CACHE 100000
#define MAX_TENTHS 10000
#define FOREVER 1e9

/* ---- time and chance ---------------------------------------------------- */

static struct timespec started;
static double run_seconds;
static uint64_t random_state;

static double
seconds_since_start(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) (now.tv_sec - started.tv_sec) +
		(double) (now.tv_nsec - started.tv_nsec) / 1e9;
}

static double
draw(void)
{
	uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	return ((double) (z >> 11) + 0.5) / 9007199254740992.0;
}

static double
draw_exponential(double mean)
{
	return -mean * log(draw());
}

/* ---- blocks that will be freed ------------------------------------------ */

typedef struct Pending
{
	double end;
	void *block;
} Pending;

/* a heap: the block that ends first is at 0 */
static Pending pending[MAX_BLOCKS];
static int npending;

static void
swap(int i, int j)
{
	Pending kept = pending[i];

	pending[i] = pending[j];
	pending[j] = kept;
}

static void
free_later(void *block, double end)
{
	int i = npending++;

	if (npending > MAX_BLOCKS)
	{
		fputs("behaviours: too many blocks at one time\n", stderr);
		exit(2);
	}
	pending[i] = (Pending){end, block};
	for (; i > 0 && pending[(i - 1) / 2].end > pending[i].end; i = (i - 1) / 2)
		swap(i, (i - 1) / 2);
}

static void
free_due(double now)
{
	while (npending > 0 && pending[0].end <= now)
	{
		free(pending[0].block);
		pending[0] = pending[--npending];
		for (int i = 0, child; (child = 2 * i + 1) < npending; i = child)
		{
			if (child + 1 < npending &&
				pending[child + 1].end < pending[child].end)
				child++;
			if (pending[i].end <= pending[child].end)
				break;
			swap(i, child);
		}
	}
}

/* ---- what leaked, truly -------------------------------------------------- */

static uint64_t leaked[MAX_TENTHS];

static void
note_leak(void *block)
{
	int tenth = (int) (seconds_since_start() * 10);

	if (tenth < MAX_TENTHS)
		leaked[tenth] += malloc_usable_size(block);
}

static void
print_truth(const char *name)
{
	uint64_t sum = 0;
	double seconds = seconds_since_start();

	printf("{\"behaviour\": \"%s\", \"seconds\": %.3f, \"leaked_by_tenth\": [",
		   name, seconds);
	for (int i = 0; i < MAX_TENTHS && i < (int) (seconds * 10) + 1; i++)
		printf("%s%llu", i > 0 ? ", " : "",
			   (unsigned long long) (sum += leaked[i]));
	printf("]}\n");
}

/* ---- behaviours ----------------------------------------------------------
 * Each is called once for each arrival, at its time; now is that time. */

#define BEHAVIOUR static __attribute__((noinline)) void

static double
ordinary_life(void)
{
	return draw_exponential(draw() < 0.9 ? run_seconds / 300
										 : run_seconds / 30);
}

BEHAVIOUR
stationary(double now)
{
	free_later(memset(malloc(BLOCK), 1, 64), now + ordinary_life());
}

/* A number of blocks that goes up or down by one, at random. */
BEHAVIOUR
random_walk(double now)
{
	static void *blocks[2000];
	static int n;

	(void) now;
	if (n < 500 || (n < 2000 && draw() < 0.5))
		blocks[n++] = memset(malloc(BLOCK), 1, 64);
	else
	{
		int one = (int) (draw() * n);

		free(blocks[one]);
		blocks[one] = blocks[--n];
	}
}

/* Most are short, some very long: Pareto, 1.2. */
BEHAVIOUR
heavy_tail_sessions(double now)
{
	double life = run_seconds / 150 * pow(draw(), -1 / 1.2);

	free_later(memset(malloc(BLOCK), 1, 64), now + life);
}

/* Full after half of the run. */
BEHAVIOUR
fifo_cache(double now)
{
	static void *blocks[MAX_CACHE];
	static int next;
	static int capacity;

	if (capacity == 0 && now > run_seconds / 2)
	{
		capacity = next;
		next = 0;
	}
	if (capacity > 0)
	{
		next %= capacity;
		free(blocks[next]);
	}
	blocks[next++ % MAX_CACHE] = memset(malloc(BLOCK), 1, 64);
}

/* A key of MAX_KEYS by Zipf's law: number i is asked for 1/i as often as 1. */
static int
popular_key(void)
{
	static double cumulated[MAX_KEYS];
	double wanted;
	int low = 0;
	int high = MAX_KEYS - 1;

	for (int i = 0; cumulated[MAX_KEYS - 1] <= 0 && i < MAX_KEYS; i++)
		cumulated[i] = (i > 0 ? cumulated[i - 1] : 0) + 1 / (double) (i + 1);
	wanted = draw() * cumulated[MAX_KEYS - 1];
	while (low < high)
	{
		int middle = (low + high) / 2;

		if (cumulated[middle] < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Holds 600 keys; one that is not there takes the place of the least recent. */
BEHAVIOUR
lru_cache(double now)
{
	static struct
	{
		int key;
		double used;
		void *block;
	} entries[600];
	static int n;
	int key = popular_key();
	int oldest = 0;

	for (int i = 0; i < n; i++)
	{
		if (entries[i].key == key)
		{
			entries[i].used = now;
			return;
		}
		if (entries[i].used < entries[oldest].used)
			oldest = i;
	}
	if (n < 600)
		oldest = n++;
	else
		free(entries[oldest].block);
	entries[oldest].key = key;
	entries[oldest].used = now;
	entries[oldest].block = memset(malloc(BLOCK), 1, 64);
}

/* Every key is kept for good; 95 % of them are there after 70 % of the run. */
BEHAVIOUR
filling_cache(double now)
{
	static void *blocks[MAX_KEYS];
	int key = (int) (draw() * MAX_KEYS);

	(void) now;
	if (blocks[key] == NULL)
		blocks[key] = memset(malloc(BLOCK), 1, 64);
}

BEHAVIOUR
load_ramp(double now)
{
	if (draw() < 0.2 + 0.8 * now / run_seconds)
		free_later(memset(malloc(BLOCK), 1, 64),
				   now + draw_exponential(run_seconds / 50));
}

/* From the night to the noon: the load rises to nine times what it was. */
BEHAVIOUR
daily_cycle(double now)
{
	if (draw() < (1 - 0.8 * cos(M_PI * now / run_seconds)) / 1.8)
		free_later(memset(malloc(BLOCK), 1, 64),
				   now + draw_exponential(run_seconds / 50));
}

BEHAVIOUR
start_up_data(double now)
{
	static void *blocks[MAX_CACHE];
	static int n;

	if (now < run_seconds / 20 && n < MAX_CACHE)
		blocks[n++] = memset(malloc(BLOCK), 1, 64);
}

/* Six times a run everything is freed, the last time not long before the end. */
BEHAVIOUR
batch_with_reset(double now)
{
	double period = run_seconds / 6.3;

	free_later(memset(malloc(BLOCK), 1, 64),
			   (floor(now / period) + 1) * period);
}

BEHAVIOUR
leak_pure(double now)
{
	void *block = memset(malloc(BLOCK), 1, 64);

	(void) now;
	note_leak(block);
}

BEHAVIOUR
leak_two_percent(double now)
{
	void *block = memset(malloc(BLOCK), 1, 64);

	if (draw() < 0.02)
		note_leak(block);
	else
		free_later(block, now + ordinary_life());
}

BEHAVIOUR
leak_half_percent(double now)
{
	void *block = memset(malloc(BLOCK), 1, 64);

	if (draw() < 0.005)
		note_leak(block);
	else
		free_later(block, now + ordinary_life());
}

BEHAVIOUR
leak_on_ramp(double now)
{
	void *block;

	if (draw() >= 0.2 + 0.8 * now / run_seconds)
		return;
	block = memset(malloc(BLOCK), 1, 64);
	if (draw() < 0.03)
		note_leak(block);
	else
		free_later(block, now + draw_exponential(run_seconds / 50));
}

/* Arrivals of a whole run; of the cache that fills, so many that 95 % of its
 * keys have been asked for after 70 % of it: 3 / 0.7 a key. */
static const struct
{
	const char *name;
	void (*arrive)(double now);
	double arrivals;
} behaviours[] = {
	{"stationary", stationary, 20000},
	{"random_walk", random_walk, 20000},
	{"heavy_tail_sessions", heavy_tail_sessions, 10000},
	{"fifo_cache", fifo_cache, 10000},
	{"lru_cache", lru_cache, 20000},
	{"filling_cache", filling_cache, 3 / 0.7 * MAX_KEYS},
	{"load_ramp", load_ramp, 20000},
	{"daily_cycle", daily_cycle, 20000},
	{"start_up_data", start_up_data, 40000},
	{"batch_with_reset", batch_with_reset, 20000},
	{"leak_pure", leak_pure, 1700},
	{"leak_two_percent", leak_two_percent, 75000},
	{"leak_half_percent", leak_half_percent, 300000},
	{"leak_on_ramp", leak_on_ramp, 90000},
};

#define NBEHAVIOURS (sizeof(behaviours) / sizeof(behaviours[0]))

static __attribute__((noinline)) void
run(void (*arrive)(double now), double mean_gap)
{
	struct timespec tick = {0, TICK_NS};
	double next = draw_exponential(mean_gap);
	double now;

	while ((now = seconds_since_start()) < run_seconds)
	{
		for (; next < now; next += draw_exponential(mean_gap))
			arrive(now);
		free_due(now);
		nanosleep(&tick, NULL);
	}
}

int
main(int argc, char **argv)
{
	clock_gettime(CLOCK_MONOTONIC, &started);
	if (argc != 4)
	{
		fputs("usage: behaviours NAME SECONDS SEED\n", stderr);
		return 1;
	}
	run_seconds = atof(argv[2]);
	random_state = strtoull(argv[3], NULL, 10);
	for (size_t i = 0; i < NBEHAVIOURS; i++)
		if (strcmp(argv[1], behaviours[i].name) == 0)
		{
			run(behaviours[i].arrive, run_seconds / behaviours[i].arrivals);
			print_truth(argv[1]);
			return 0;
		}
	fputs("behaviours: no such behaviour\n", stderr);
	return 1;
}
