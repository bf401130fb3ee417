/*
 * pair_load.c
 *	  Pairs of malloc and free at a given depth, for counting instructions.
 *
 *	pair_load FRAMES PAIRS STACKS
 *
 * A window of live blocks; each pair frees a random one and allocates another
 * in its place.  Sizes are 16 to 4,096 bytes in steps of 16, the n-th size
 * with a probability in proportion to 1 / n: 669 bytes on average.
 * STACKS of FRAMES frames each (at most 512) take turns, 16 pairs at a time.
 */
#include "load.h"

#define WINDOW 5000
#define CLASSES 256
#define STEP 16
#define DRAWS 4096
#define PAIRS_A_CALL 16

typedef struct Pairs
{
	uint64_t random;
	char *live[WINDOW];
	uint16_t sizes[DRAWS]; /* equally probable */
} Pairs;

static void
draw_sizes(uint16_t *sizes)
{
	double sum = 0, so_far = 0;
	int filled = 0;

	for (int n = 1; n <= CLASSES; n++)
		sum += 1.0 / n;
	for (int n = 1; n <= CLASSES; n++)
	{
		so_far += 1.0 / n;
		while (filled < DRAWS && filled < so_far / sum * DRAWS)
			sizes[filled++] = (uint16_t) (STEP * n);
	}
}

static LOAD_FRAME void
make_pairs(void *argument)
{
	Pairs *pairs = argument;

	for (int i = 0; i < PAIRS_A_CALL; i++)
	{
		uint64_t random = load_random(&pairs->random);
		char **block = &pairs->live[(random >> 20) % WINDOW];
		size_t size = pairs->sizes[random % DRAWS];

		free(*block);
		*block = malloc(size);
		(*block)[0] = 1;
		(*block)[size - 1] = 1;
	}
}

int
main(int argc, char **argv)
{
	static Pairs pairs;
	int levels = (int) load_argument(argc, argv, 1, 10) - LOAD_FIXED_FRAMES;
	long calls = load_argument(argc, argv, 2, 1000000) / PAIRS_A_CALL;
	uint64_t stacks = (uint64_t) load_argument(argc, argv, 3, LOAD_FEW_STACKS);

	load_warm_up();
	draw_sizes(pairs.sizes);
	for (long i = 0; i < calls; i++)
		load_call_deep(levels, (unsigned) (load_random(&pairs.random) % stacks),
					   make_pairs, &pairs);
	return 0;
}
