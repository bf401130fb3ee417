/*
 * load.c
 *	  Call stacks of any depth, and what comes before measuring.
 */
#include "load.h"

typedef struct LoadDescent
{
	LoadWork work;
	void *argument;
	unsigned path;
} LoadDescent;

typedef void (*LoadLevel)(const LoadDescent *descent, int left);
static const LoadLevel load_levels[8];

/* One level of the descent.  What follows the call keeps it from being the
 * last thing the function does, which would leave no frame. */
#define LOAD_LEVEL(n) \
	static LOAD_FRAME void load_level_##n(const LoadDescent *descent, \
										  int left) \
	{ \
		if (left <= 1) \
			descent->work(descent->argument); \
		else \
			load_levels[(left <= 5 ? descent->path >> 3 * (left - 2) \
								   : (unsigned) left) & \
						7](descent, left - 1); \
		__asm__ volatile("" ::"i"(n) : "memory"); \
	}
LOAD_LEVEL(0)
LOAD_LEVEL(1)
LOAD_LEVEL(2)
LOAD_LEVEL(3)
LOAD_LEVEL(4)
LOAD_LEVEL(5)
LOAD_LEVEL(6)
LOAD_LEVEL(7)

static const LoadLevel load_levels[8] = {
	load_level_0, load_level_1, load_level_2, load_level_3,
	load_level_4, load_level_5, load_level_6, load_level_7,
};

LOAD_FRAME void
load_call_deep(int levels, unsigned path, LoadWork work, void *argument)
{
	LoadDescent descent = {work, argument, path};

	load_levels[levels & 7](&descent, levels);
	__asm__ volatile("" ::: "memory");
}

void
load_warm_up(void)
{
	for (int i = 0; i < 64; i++)
	{
		char *block = malloc(1 << 20);

		block[0] = 1;
		__asm__ volatile("" ::"r"(block) : "memory");
		free(block);
	}
}
