/*
 * truth_load.c
 *	  256 functions that allocate, each with live bytes known exactly.
 *
 *	truth_load SEED SAMPLE_BYTES
 *
 * Function site_XY holds blocks of one size, from 16 bytes to 256 kB, enough
 * of them that 6 to 64 samples are expected, SAMPLE_BYTES apart; four times as
 * many were allocated and freed in between, in an order that has nothing to do
 * with the sampling.  The blocks are never touched, so gigabytes of them take
 * little memory.  Prints a line for each function: its name and the bytes that
 * are live, and ends holding them.
 */
#include "load.h"

#include <math.h>
#include <sys/mman.h>

#define SITES 256
#define TURNS 5
#define LEAST_SAMPLES 6.0
#define MOST_SAMPLES 64.0
#define LEAST_SIZE 16.0
#define MOST_SIZE 262144.0
#define MOST_BLOCKS 400000

typedef struct Site
{
	void *(*allocate)(size_t size);
	size_t size;
	size_t nblocks;
	void **blocks;
} Site;

#define SITE(xy) \
	static LOAD_FRAME void *site_##xy(size_t size) \
	{ \
		void *block = malloc(size); \
\
		__asm__ volatile("" : "+r"(block)); \
		return block; \
	}
#define NAME(xy) site_##xy,
#define FOUR(a, b, c, d, each) each(a) each(b) each(c) each(d)
#define QUARTER(x, a, b, c, d, each) FOUR(x##a, x##b, x##c, x##d, each)
#define ROW(x, each) \
	QUARTER(x, 0, 1, 2, 3, each) \
	QUARTER(x, 4, 5, 6, 7, each) \
	QUARTER(x, 8, 9, a, b, each) QUARTER(x, c, d, e, f, each)
#define LOW(each) ROW(0, each) ROW(1, each) ROW(2, each) ROW(3, each)
#define MIDDLE(each) ROW(4, each) ROW(5, each) ROW(6, each) ROW(7, each)
#define UPPER(each) ROW(8, each) ROW(9, each) ROW(a, each) ROW(b, each)
#define TOP(each) ROW(c, each) ROW(d, each) ROW(e, each) ROW(f, each)
#define ALL(each) LOW(each) MIDDLE(each) UPPER(each) TOP(each)

ALL(SITE)
static void *(*const allocators[SITES])(size_t size) = {ALL(NAME)};

/* Between two bounds, evenly on a logarithmic scale. */
static double
draw_between(uint64_t *random, double low, double high)
{
	return low *
		pow(high / low, (double) (load_random(random) >> 11) * 0x1p-53);
}

static void
plan_site(Site *site, int number, uint64_t *random, double sample_bytes)
{
	double bytes =
		sample_bytes * draw_between(random, LEAST_SAMPLES, MOST_SAMPLES);

	site->allocate = allocators[number];
	site->size = (size_t) draw_between(random, LEAST_SIZE, MOST_SIZE);
	site->nblocks = (size_t) (bytes / (double) site->size) + 1;
	if (site->nblocks > MOST_BLOCKS)
	{
		site->nblocks = MOST_BLOCKS;
		site->size = (size_t) (bytes / MOST_BLOCKS);
	}
	site->blocks =
		mmap(NULL, site->nblocks * sizeof(void *), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (site->blocks == MAP_FAILED)
		exit(2);
}

/* Fills all places, then replaces what is in places at random. */
static void
churn_site(Site *site, uint64_t *random)
{
	for (size_t i = 0; i < site->nblocks * TURNS; i++)
	{
		void **block = &site->blocks[i < site->nblocks
										 ? i
										 : load_random(random) % site->nblocks];

		free(*block);
		*block = site->allocate(site->size);
	}
}

int
main(int argc, char **argv)
{
	static Site sites[SITES];
	uint64_t random = (uint64_t) load_argument(argc, argv, 1, 1);
	double sample_bytes = (double) load_argument(argc, argv, 2, 524288);

	for (int i = 0; i < SITES; i++)
	{
		plan_site(&sites[i], i, &random, sample_bytes);
		churn_site(&sites[i], &random);
		printf("site_%02x %zu\n", i, sites[i].size * sites[i].nblocks);
	}
	return 0;
}
