/*
 * jemalloc.h
 *	  The allocator inside: jemalloc with its public names prefixed.
 *
 * Meaning of all of these: jemalloc(3).  The names are made by the Makefile
 * with jemalloc_names.txt.  Only entry_points.c, sampler.c, sample_range.c,
 * fork_guard.c and rss_ledger.c include this.
 */
#ifndef ARX_PROFILER_JEMALLOC_H
#define ARX_PROFILER_JEMALLOC_H

#include <stdbool.h>
#include <stddef.h>

#define JE_ALIGN(alignment) (__builtin_ctzl(alignment))
#define JE_ZERO 0x40
#define JE_NO_TCACHE (1 << 8)
#define JE_TCACHE(index) ((int) (((index) + 2u) << 8))
#define JE_ARENA(index) ((int) (((index) + 1u) << 20))
#define JE_ARENA_MASK ((int) 0xfff00000)

extern void *je_malloc(size_t size);
extern void *je_calloc(size_t count, size_t size);
extern void *je_realloc(void *block, size_t size);
extern void je_free(void *block);
extern int je_posix_memalign(void **block, size_t alignment, size_t size);
extern void *je_aligned_alloc(size_t alignment, size_t size);
extern void *je_memalign(size_t alignment, size_t size);
extern void *je_valloc(size_t size);
extern size_t je_malloc_usable_size(const void *block);

extern void *je_mallocx(size_t size, int flags);
extern void *je_rallocx(void *block, size_t size, int flags);
extern size_t je_xallocx(void *block, size_t size, size_t extra, int flags);
extern size_t je_sallocx(const void *block, int flags);
extern size_t je_nallocx(size_t size, int flags);
extern void je_dallocx(void *block, int flags);
extern void je_sdallocx(void *block, size_t size, int flags);

extern int je_mallctl(const char *name, void *old, size_t *old_length,
					  void *value, size_t length);
extern int je_mallctlnametomib(const char *name, size_t *mib, size_t *length);
extern int je_mallctlbymib(const size_t *mib, size_t mib_length, void *old,
						   size_t *old_length, void *value, size_t length);
extern void je_malloc_stats_print(void (*write)(void *, const char *),
								  void *context, const char *options);

/* jemalloc's extent hooks, which hand out address space to an arena. */
typedef struct JeExtentHooks JeExtentHooks;
struct JeExtentHooks
{
	void *(*alloc)(JeExtentHooks *, void *, size_t, size_t, bool *, bool *,
				   unsigned);
	bool (*dalloc)(JeExtentHooks *, void *, size_t, bool, unsigned);
	void (*destroy)(JeExtentHooks *, void *, size_t, bool, unsigned);
	bool (*commit)(JeExtentHooks *, void *, size_t, size_t, size_t, unsigned);
	bool (*decommit)(JeExtentHooks *, void *, size_t, size_t, size_t, unsigned);
	bool (*purge_lazy)(JeExtentHooks *, void *, size_t, size_t, size_t,
					   unsigned);
	bool (*purge_forced)(JeExtentHooks *, void *, size_t, size_t, size_t,
						 unsigned);
	bool (*split)(JeExtentHooks *, void *, size_t, size_t, size_t, bool,
				  unsigned);
	bool (*merge)(JeExtentHooks *, void *, size_t, void *, size_t, bool,
				  unsigned);
};

#endif
