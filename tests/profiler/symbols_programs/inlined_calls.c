/*
 * inlined_calls.c
 *	  A program whose calls of malloc() stand in inlined functions.
 */
#include <stdio.h>

#include "inlined_steps.h"

static void *kept[64];

static inline __attribute__((always_inline)) void
keep_pairs(int from, int n)
{
	for (int i = from; i < from + n; i++)
	{
		void *pair = take_pair((size_t) i * 8);

		kept[i & 63] = pair;
	}
}

__attribute__((noinline)) void
load_customers(int n)
{
	keep_pairs(0, n);
	if (n > 8)
		kept[0] = take_block((size_t) n);
}

static __attribute__((noinline)) int
count_kept(void)
{
	int n = 0;

	for (int i = 0; i < 64; i++)
		n += kept[i] != NULL;
	return n;
}

__attribute__((noinline)) int
load_orders(int n)
{
	for (int round = 0; round < n; round++)
	{
		keep_pairs(round, 2);
		if (round % 3 == 0)
			load_customers(round);
	}
	return count_kept();
}

int
main(int argc, char **argv)
{
	(void) argv;
	load_customers(argc);
	printf("%d\n", load_orders(argc * 4));
	return 0;
}
