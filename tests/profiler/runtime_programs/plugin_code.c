/*
 * plugin_code.c
 *	  A library that allocates; built several times, with another name of its
 *	  function (PLUGIN_ALLOCATES) and another frame (PLUGIN_FRAME).
 */
#include <stdlib.h>
#include <string.h>

extern void *plugin_call(size_t size);

__attribute__((noinline, noclone)) static void *
PLUGIN_ALLOCATES(size_t size)
{
	volatile char frame[PLUGIN_FRAME];
	void *block;

	frame[size & 63] = 1;
	block = malloc(size * (size_t) frame[size & 63]);
	__asm__ volatile("" ::: "memory");
	return block;
}

void *
plugin_call(size_t size)
{
	void *block = PLUGIN_ALLOCATES(size);

	__asm__ volatile("" ::: "memory");
	return block;
}
