/*
 * allocation_stacks.c
 *	  One live block by each entry point, each called in a function of its own.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>

#define BY(name, call) \
	static __attribute__((noinline, noclone)) void by_##name(void) \
	{ \
		kept = (call); \
		__asm__ volatile("" ::: "memory"); \
	}

typedef void *(*Mallocx)(size_t size, int flags);

static void *volatile kept;
static Mallocx extended;

static void *
aligned(void)
{
	void *block = NULL;

	return posix_memalign(&block, 64, 100) == 0 ? block : NULL;
}

BY(malloc, malloc(100))
BY(calloc, calloc(10, 10))
BY(realloc_new, realloc(NULL, 100))
BY(reallocarray, reallocarray(NULL, 10, 10))
BY(posix_memalign, aligned())
BY(aligned_alloc, aligned_alloc(64, 128))
BY(memalign, memalign(64, 100))
BY(valloc, valloc(100))
BY(pvalloc, pvalloc(100))
BY(mallocx, extended(100, 0))

/* A block that was not sampled becomes a sample where it grows. */
static __attribute__((noinline, noclone)) void
by_realloc_grown(void *block)
{
	kept = realloc(block, 100000);
	__asm__ volatile("" ::: "memory");
}

int
main(void)
{
	extended = (Mallocx) dlsym(RTLD_DEFAULT, "mallocx");
	by_malloc();
	by_calloc();
	by_realloc_new();
	by_reallocarray();
	by_posix_memalign();
	by_aligned_alloc();
	by_memalign();
	by_valloc();
	by_pvalloc();
	by_mallocx();
	by_realloc_grown(malloc(0));
	return 0;
}
