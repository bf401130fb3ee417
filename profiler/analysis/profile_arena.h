/*
 * profile_arena.h
 *	  Memory that is freed all at once: what a profile consists of.
 *
 * The command reads a snapshot, prints and ends; nothing in between is freed
 * singly.  A command that has no memory left has nothing to go on with, so
 * these functions never return NULL: they say so on stderr and end the process
 * with status 2, as a command that could not run does.  How much a file may
 * make us take is bounded by those who read it; see arx_arena_used().
 */
#ifndef ARX_PROFILER_PROFILE_ARENA_H
#define ARX_PROFILER_PROFILE_ARENA_H

#include <stddef.h>
#include <stdint.h>

typedef struct ArxProfileArena ArxProfileArena;

extern ArxProfileArena *arx_arena_new(void);

/* Frees all that the arena handed out, and itself; NULL is allowed. */
extern void arx_arena_free(ArxProfileArena *arena);

/* n * size zeroed bytes, aligned for anything. */
extern void *arx_arena_get(ArxProfileArena *arena, size_t n, size_t size);

/*
 * A terminated copy of length bytes, cut at the first zero byte if there is
 * one.
 */
extern const char *
arx_arena_text(ArxProfileArena *arena, const char *data, size_t length);

/* A terminated text by a format of printf(). */
extern const char *arx_arena_format(ArxProfileArena *arena, const char *format,
									...) __attribute__((format(printf, 2, 3)));

/* Bytes handed out so far. */
extern size_t arx_arena_used(const ArxProfileArena *arena);

/*
 * An array on the heap that grows: makes room for one more element beside the
 * n there are.  Returns the array, moved or not; the caller frees it with
 * free().  *room is the elements it has space for, 0 with array NULL at first.
 */
extern void *arx_array_grow(void *array, size_t n, size_t *room, size_t size);

/* Moves such an array of n elements into the arena. */
extern void *
arx_arena_keep(ArxProfileArena *arena, void *array, size_t n, size_t size);

#endif
