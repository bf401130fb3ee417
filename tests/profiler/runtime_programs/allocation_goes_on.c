/*
 * allocation_goes_on.c
 *	  Asks for what cannot be had, then allocates in went_on().
 */
#include <stdint.h>
#include <stdlib.h>

#pragma GCC diagnostic ignored "-Walloc-size-larger-than="

static volatile size_t huge = (size_t) PTRDIFF_MAX;
static void *volatile kept;

__attribute__((noinline, noclone)) static void
went_on(void)
{
	kept = malloc(50 << 20);
	__asm__ volatile("" ::: "memory");
}

int
main(void)
{
	for (size_t more = 0; more < 64; more++)
	{
		if (malloc(huge + huge / 64 * more) != NULL ||
			calloc(1, huge + huge / 64 * more) != NULL ||
			aligned_alloc(64, huge + huge / 64 * more) != NULL)
			return 1;
	}
	went_on();
	return 0;
}
