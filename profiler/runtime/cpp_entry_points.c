/*
 * cpp_entry_points.c
 *	  C++'s operators new and delete, as the program sees them.
 *
 * The C++ library's own call malloc() and free(), and would do.  But a library
 * with an allocator (jemalloc, tcmalloc) that the program is linked with brings
 * operators of its own, which take their blocks from there, while free() is
 * ours: such programs crash unless all of these are ours, too.
 *
 * What cannot be had is left to the C++ library: it calls the program's new
 * handler, and throws.  Names are those of the C++ ABI for x86-64; there all
 * operators delete can be one function, which does not look at the size.
 */
#include <dlfcn.h>
#include <stddef.h>

#include "runtime/jemalloc.h"
#include "runtime/sample_range.h"
#include "runtime/sampler.h"

#define EXPORT __attribute__((visibility("default")))
#define SAME_AS(name) __attribute__((visibility("default"), alias(name)))

typedef void *(*New)(size_t size, const void *nothrow);
typedef void *(*NewAligned)(size_t size, size_t alignment, const void *nothrow);

extern void *_Znwm(size_t size, const void *unused);
extern void *_Znam(size_t size, const void *unused) SAME_AS("_Znwm");
extern void *_ZnwmRKSt9nothrow_t(size_t size, const void *nothrow);
extern void *_ZnamRKSt9nothrow_t(size_t size, const void *nothrow)
	SAME_AS("_ZnwmRKSt9nothrow_t");
extern void *
_ZnwmSt11align_val_t(size_t size, size_t alignment, const void *unused);
extern void *
_ZnamSt11align_val_t(size_t size, size_t alignment, const void *unused)
	SAME_AS("_ZnwmSt11align_val_t");
extern void *_ZnwmSt11align_val_tRKSt9nothrow_t(size_t size, size_t alignment,
												const void *nothrow);
extern void *_ZnamSt11align_val_tRKSt9nothrow_t(size_t size, size_t alignment,
												const void *nothrow)
	SAME_AS("_ZnwmSt11align_val_tRKSt9nothrow_t");

extern void _ZdlPv(void *block);
extern void _ZdaPv(void *block) SAME_AS("_ZdlPv");
extern void _ZdlPvm(void *block) SAME_AS("_ZdlPv");
extern void _ZdaPvm(void *block) SAME_AS("_ZdlPv");
extern void _ZdlPvRKSt9nothrow_t(void *block) SAME_AS("_ZdlPv");
extern void _ZdaPvRKSt9nothrow_t(void *block) SAME_AS("_ZdlPv");
extern void _ZdlPvSt11align_val_t(void *block) SAME_AS("_ZdlPv");
extern void _ZdaPvSt11align_val_t(void *block) SAME_AS("_ZdlPv");
extern void _ZdlPvmSt11align_val_t(void *block) SAME_AS("_ZdlPv");
extern void _ZdaPvmSt11align_val_t(void *block) SAME_AS("_ZdlPv");
extern void _ZdlPvSt11align_val_tRKSt9nothrow_t(void *block) SAME_AS("_ZdlPv");
extern void _ZdaPvSt11align_val_tRKSt9nothrow_t(void *block) SAME_AS("_ZdlPv");

/* ---- what cannot be had ---- */

/* The C++ library's operator, whatever other library has one too. */
static void *
find_operator(const char *name)
{
	void *library = dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_NOLOAD);
	void *found = library != NULL ? dlsym(library, name) : NULL;

	if (library != NULL)
		dlclose(library); /* the program holds it */
	return found != NULL ? found : dlsym(RTLD_NEXT, name);
}

static __attribute__((noinline, cold)) void *
fail_new(const char *name, size_t size, const void *nothrow)
{
	New next = (New) find_operator(name);

	return next != NULL ? next(size, nothrow) : NULL;
}

static __attribute__((noinline, cold)) void *
fail_new_aligned(const char *name, size_t size, size_t alignment,
				 const void *nothrow)
{
	NewAligned next = (NewAligned) find_operator(name);

	return next != NULL ? next(size, alignment, nothrow) : NULL;
}

/* ---- slow sides ---- */

static AH_KEEPS_FRAME void *
new_slowly(const char *name, size_t size, const void *nothrow)
{
	AhRegisters from = AH_CALLER();
	void *block = ah_sample_alloc(&from, size, 0);

	if (block == NULL)
		block = je_malloc(size);
	return block != NULL ? block : fail_new(name, size, nothrow);
}

static AH_KEEPS_FRAME void *
new_aligned_slowly(const char *name, size_t size, size_t alignment,
				   const void *nothrow)
{
	AhRegisters from = AH_CALLER();
	void *block = ah_sample_alloc(&from, size, JE_ALIGN(alignment));

	if (block == NULL)
		block = je_memalign(alignment, size);
	return block != NULL ? block
						 : fail_new_aligned(name, size, alignment, nothrow);
}

/* ---- the operators ---- */

static inline __attribute__((always_inline)) void *
allocate(const char *name, size_t size, const void *nothrow)
{
	void *block;

	if (ah_count_down(size))
		return new_slowly(name, size, nothrow);
	block = je_malloc(size);
	if (__builtin_expect(block == NULL, 0))
		return fail_new(name, size, nothrow);
	return block;
}

static inline __attribute__((always_inline)) void *
allocate_aligned(const char *name, size_t size, size_t alignment,
				 const void *nothrow)
{
	void *block;

	if (ah_count_down(size))
		return new_aligned_slowly(name, size, alignment, nothrow);
	block = je_memalign(alignment, size);
	if (__builtin_expect(block == NULL, 0))
		return fail_new_aligned(name, size, alignment, nothrow);
	return block;
}

EXPORT void *
_Znwm(size_t size, const void *unused)
{
	return allocate("_Znwm", size, unused);
}

EXPORT void *
_ZnwmRKSt9nothrow_t(size_t size, const void *nothrow)
{
	return allocate("_ZnwmRKSt9nothrow_t", size, nothrow);
}

EXPORT void *
_ZnwmSt11align_val_t(size_t size, size_t alignment, const void *unused)
{
	return allocate_aligned("_ZnwmSt11align_val_t", size, alignment, unused);
}

EXPORT void *
_ZnwmSt11align_val_tRKSt9nothrow_t(size_t size, size_t alignment,
								   const void *nothrow)
{
	return allocate_aligned("_ZnwmSt11align_val_tRKSt9nothrow_t", size,
							alignment, nothrow);
}

EXPORT void
_ZdlPv(void *block)
{
	if (ah_below_range_end(block))
		ah_free_low(block);
	else
		je_free(block);
}
