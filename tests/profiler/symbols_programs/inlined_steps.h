/*
 * inlined_steps.h
 *	  Small functions that a compiler inlines into one another.
 */
#ifndef INLINED_STEPS_H
#define INLINED_STEPS_H

#include <stdlib.h>

static inline __attribute__((always_inline)) void *
take_block(size_t bytes)
{
	char *block = malloc(bytes);

	if (block)
		block[0] = (char) bytes;
	return block;
}

static inline __attribute__((always_inline)) void *
take_pair(size_t bytes)
{
	void **pair = take_block(2 * sizeof(void *));

	if (pair)
	{
		pair[0] = take_block(bytes);
		pair[1] = take_block(bytes + 1);
	}
	return pair;
}

#endif
