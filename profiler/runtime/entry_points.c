/*
 * entry_points.c
 *	  malloc() and its family, as the program sees them.
 *
 * Each counts its bytes down and hands on to jemalloc with a jump; what is
 * left to do when the count runs out, or when a block is a sample, is in
 * functions that keep a frame pointer, so that the unwinder can begin at their
 * caller.
 *
 * All of jemalloc's own public functions are here too: a program made for
 * jemalloc would otherwise mix the blocks of two copies of it.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/jemalloc.h"
#include "runtime/sample_range.h"
#include "runtime/sampler.h"

#define EXPORT __attribute__((visibility("default")))

extern void *malloc(size_t size);
extern void *calloc(size_t count, size_t size);
extern void *realloc(void *block, size_t size);
extern void *reallocarray(void *block, size_t count, size_t size);
extern void free(void *block);
extern void free_sized(void *block, size_t size);
extern void free_aligned_sized(void *block, size_t alignment, size_t size);
extern int posix_memalign(void **block, size_t alignment, size_t size);
extern void *aligned_alloc(size_t alignment, size_t size);
extern void *memalign(size_t alignment, size_t size);
extern void *valloc(size_t size);
extern void *pvalloc(size_t size);
extern size_t malloc_usable_size(void *block);
extern void *mallocx(size_t size, int flags);
extern void *rallocx(void *block, size_t size, int flags);
extern size_t xallocx(void *block, size_t size, size_t extra, int flags);
extern size_t sallocx(const void *block, int flags);
extern size_t nallocx(size_t size, int flags);
extern void dallocx(void *block, int flags);
extern void sdallocx(void *block, size_t size, int flags);
extern int mallctl(const char *name, void *old, size_t *old_length, void *value,
				   size_t length);
extern int mallctlnametomib(const char *name, size_t *mib, size_t *length);
extern int mallctlbymib(const size_t *mib, size_t mib_length, void *old,
						size_t *old_length, void *value, size_t length);
extern void malloc_stats_print(void (*write)(void *, const char *),
							   void *context, const char *options);

/* Some of jemalloc's functions fail without saying so in errno. */
static inline void *
or_no_memory(void *block)
{
	if (__builtin_expect(block == NULL, 0))
		errno = ENOMEM;
	return block;
}

/* ---- slow sides ---- */

static AH_KEEPS_FRAME void *
malloc_slowly(size_t size)
{
	AhRegisters from = AH_CALLER();
	void *block = ah_sample_alloc(&from, size, 0);

	return block != NULL ? block : je_malloc(size);
}

static AH_KEEPS_FRAME void *
calloc_slowly(size_t count, size_t size)
{
	AhRegisters from = AH_CALLER();
	void *block = ah_sample_alloc(&from, count * size, JE_ZERO);

	return block != NULL ? block : je_calloc(count, size);
}

static AH_KEEPS_FRAME void *
realloc_slowly(void *old, size_t before, size_t size, size_t growth)
{
	AhRegisters from = AH_CALLER();
	void *block = ah_sample_grow(&from, old, before, size, growth);

	return block != NULL ? block : or_no_memory(je_realloc(old, size));
}

static AH_KEEPS_FRAME void *
memalign_slowly(size_t alignment, size_t size)
{
	AhRegisters from = AH_CALLER();
	void *block = ah_sample_alloc(&from, size, JE_ALIGN(alignment));

	return block != NULL ? block : or_no_memory(je_memalign(alignment, size));
}

static AH_KEEPS_FRAME int
posix_memalign_slowly(void **out, size_t alignment, size_t size)
{
	AhRegisters from = AH_CALLER();
	void *block = ah_sample_alloc(&from, size, JE_ALIGN(alignment));

	if (block == NULL)
		return je_posix_memalign(out, alignment, size);
	*out = block;
	return 0;
}

static AH_KEEPS_FRAME void *
mallocx_slowly(size_t size, int flags)
{
	AhRegisters from = AH_CALLER();
	void *block = ah_sample_alloc(&from, size, flags);

	return block != NULL ? block : je_mallocx(size, flags);
}

/* ---- the C library's ---- */

EXPORT void *
malloc(size_t size)
{
	if (ah_count_down(size))
		return malloc_slowly(size);
	return je_malloc(size);
}

EXPORT void
free(void *block)
{
	if (ah_below_range_end(block))
		ah_free_low(block);
	else
		je_free(block);
}

/* C23's; the size is a promise that nothing here relies on. */
EXPORT void
free_sized(void *block, size_t size)
{
	(void) size;
	free(block);
}

EXPORT void
free_aligned_sized(void *block, size_t alignment, size_t size)
{
	(void) alignment, (void) size;
	free(block);
}

EXPORT void *
calloc(size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
	{
		errno = ENOMEM;
		return NULL;
	}
	if (ah_count_down(bytes))
		return calloc_slowly(count, size);
	return je_calloc(count, size);
}

/*
 * jemalloc's size class of a size: 8, multiples of 16 up to 128, from there on
 * four to a doubling.  Never below the size.
 */
static inline size_t
size_class(size_t size)
{
	size_t step = 16;

	if (size <= 8)
		return 8;
	if (size > 128)
		step = (size_t) 1 << (61 - __builtin_clzl(size - 1));
	return (size + step - 1) & ~(step - 1);
}

/*
 * Growth counts in size classes on both sides: the size that was asked for at
 * first is known of sampled blocks only.  A block that stays in its class
 * stays where it is, as in jemalloc, which takes longer to find that out.
 */
static inline __attribute__((always_inline)) void *
resize(void *block, size_t size)
{
	size_t before, after;

	if (ah_in_range(block))
		return ah_sample_realloc(block, size);
	if (block == NULL)
	{
		if (ah_count_down(size))
			return malloc_slowly(size);
		return je_malloc(size);
	}
	if (size == 0)
		return je_realloc(block, size);
	if (size > PTRDIFF_MAX)
		return or_no_memory(NULL);
	before = je_malloc_usable_size(block);
	after = size_class(size);
	if (after == before)
		return block;
	if (after > before && ah_count_down(after - before))
		return realloc_slowly(block, before, size, after - before);
	return or_no_memory(je_realloc(block, size));
}

EXPORT void *
realloc(void *block, size_t size)
{
	return resize(block, size);
}

EXPORT void *
reallocarray(void *block, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
	{
		errno = ENOMEM;
		return NULL;
	}
	return resize(block, bytes);
}

static inline __attribute__((always_inline)) void *
align_block(size_t alignment, size_t size)
{
	if (ah_count_down(size))
		return memalign_slowly(alignment, size);
	return or_no_memory(je_memalign(alignment, size));
}

static inline bool
is_power_of_two(size_t number)
{
	return number != 0 && (number & (number - 1)) == 0;
}

EXPORT int
posix_memalign(void **block, size_t alignment, size_t size)
{
	if (!is_power_of_two(alignment) || alignment % sizeof(void *) != 0)
		return EINVAL;
	if (ah_count_down(size))
		return posix_memalign_slowly(block, alignment, size);
	return je_posix_memalign(block, alignment, size);
}

EXPORT void *
aligned_alloc(size_t alignment, size_t size)
{
	if (!is_power_of_two(alignment))
	{
		errno = EINVAL;
		return NULL;
	}
	return align_block(alignment, size);
}

/* As the C library: an alignment that is none is rounded up to one. */
EXPORT void *
memalign(size_t alignment, size_t size)
{
	if (!is_power_of_two(alignment))
	{
		if (alignment > SIZE_MAX / 2 + 1)
		{
			errno = EINVAL;
			return NULL;
		}
		alignment = alignment <= 1
			? 1
			: (size_t) 2 << (63 - __builtin_clzl(alignment - 1));
	}
	return align_block(alignment, size);
}

EXPORT void *
valloc(size_t size)
{
	return align_block(4096, size);
}

EXPORT void *
pvalloc(size_t size)
{
	if (size > PTRDIFF_MAX)
	{
		errno = ENOMEM;
		return NULL;
	}
	return align_block(4096, (size + 4095) & ~(size_t) 4095);
}

EXPORT size_t
malloc_usable_size(void *block)
{
	return je_malloc_usable_size(block);
}

/* ---- jemalloc's ---- */

/* A block with a tcache or an arena of its own is the program's business. */
EXPORT void *
mallocx(size_t size, int flags)
{
	if ((flags & ~(JE_ZERO | 0x3f)) == 0 && ah_count_down(size))
		return mallocx_slowly(size, flags);
	return je_mallocx(size, flags);
}

EXPORT void *
rallocx(void *block, size_t size, int flags)
{
	if (ah_in_range(block) && (flags & (JE_ZERO | 0x3f)) == 0)
		return ah_sample_realloc(block, size);
	if (ah_in_range(block))
	{
		void *moved = je_mallocx(size, flags);
		size_t before = je_malloc_usable_size(block);

		if (moved == NULL)
			return NULL;
		__builtin_memcpy(moved, block, before < size ? before : size);
		ah_sample_free(block);
		return moved;
	}
	return je_rallocx(block, size, flags);
}

EXPORT size_t
xallocx(void *block, size_t size, size_t extra, int flags)
{
	if (ah_in_range(block))
		return je_sallocx(block, 0);
	return je_xallocx(block, size, extra, flags);
}

EXPORT size_t
sallocx(const void *block, int flags)
{
	return je_sallocx(block, flags);
}

EXPORT size_t
nallocx(size_t size, int flags)
{
	return je_nallocx(size, flags);
}

EXPORT void
dallocx(void *block, int flags)
{
	if (ah_in_range(block))
		ah_sample_free(block);
	else
		je_dallocx(block, flags);
}

EXPORT void
sdallocx(void *block, size_t size, int flags)
{
	if (ah_in_range(block))
		ah_sample_free(block);
	else
		je_sdallocx(block, size, flags);
}

EXPORT int
mallctl(const char *name, void *old, size_t *old_length, void *value,
		size_t length)
{
	return je_mallctl(name, old, old_length, value, length);
}

EXPORT int
mallctlnametomib(const char *name, size_t *mib, size_t *length)
{
	return je_mallctlnametomib(name, mib, length);
}

EXPORT int
mallctlbymib(const size_t *mib, size_t mib_length, void *old,
			 size_t *old_length, void *value, size_t length)
{
	return je_mallctlbymib(mib, mib_length, old, old_length, value, length);
}

EXPORT void
malloc_stats_print(void (*write)(void *, const char *), void *context,
				   const char *options)
{
	je_malloc_stats_print(write, context, options);
}
