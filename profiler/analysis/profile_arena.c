/*
 * profile_arena.c
 *	  Memory that is freed all at once: what a profile consists of.
 */
#include "analysis/profile_arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t) 256 * 1024)
#define ALIGNMENT ((size_t) 16)

typedef struct Chunk
{
	struct Chunk *next;
	size_t used;
	size_t room;
	_Alignas(16) uint8_t bytes[];
} Chunk;

struct ArxProfileArena
{
	Chunk *chunks; /* the newest first */
	size_t used;
};

static void *
get_memory(size_t bytes)
{
	void *memory = calloc(1, bytes);

	if (memory == NULL)
	{
		fprintf(stderr, "error: out of memory\n");
		exit(2);
	}
	return memory;
}

ArxProfileArena *
arx_arena_new(void)
{
	return get_memory(sizeof(ArxProfileArena));
}

void
arx_arena_free(ArxProfileArena *arena)
{
	if (arena == NULL)
		return;
	for (Chunk *chunk = arena->chunks, *next; chunk != NULL; chunk = next)
	{
		next = chunk->next;
		free(chunk);
	}
	free(arena);
}

/* A block that fills a chunk of its own goes behind the one being filled. */
static Chunk *
add_chunk(ArxProfileArena *arena, size_t bytes)
{
	size_t room = bytes > CHUNK_BYTES / 4 ? bytes : CHUNK_BYTES;
	Chunk *chunk = get_memory(sizeof(Chunk) + room);

	chunk->room = room;
	if (room != CHUNK_BYTES && arena->chunks != NULL)
	{
		chunk->next = arena->chunks->next;
		arena->chunks->next = chunk;
	}
	else
	{
		chunk->next = arena->chunks;
		arena->chunks = chunk;
	}
	return chunk;
}

void *
arx_arena_get(ArxProfileArena *arena, size_t n, size_t size)
{
	Chunk *chunk = arena->chunks;
	size_t bytes;
	void *block;

	if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX / 4)
		bytes = SIZE_MAX / 4; /* which no machine has: ends in get_memory() */
	bytes = (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	if (bytes == 0)
		bytes = ALIGNMENT;
	if (chunk == NULL || chunk->room - chunk->used < bytes)
		chunk = add_chunk(arena, bytes);
	block = chunk->bytes + chunk->used;
	chunk->used += bytes;
	arena->used += bytes;
	return block;
}

const char *
arx_arena_text(ArxProfileArena *arena, const char *data, size_t length)
{
	size_t bytes = length > 0 ? strnlen(data, length) : 0;
	char *copy = arx_arena_get(arena, bytes + 1, 1);

	if (bytes > 0)
		memcpy(copy, data, bytes);
	return copy;
}

const char *
arx_arena_format(ArxProfileArena *arena, const char *format, ...)
{
	va_list arguments;
	int bytes;
	char *text;

	va_start(arguments, format);
	bytes = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	text = arx_arena_get(arena, (size_t) (bytes < 0 ? 0 : bytes) + 1, 1);
	va_start(arguments, format);
	vsnprintf(text, (size_t) (bytes < 0 ? 0 : bytes) + 1, format, arguments);
	va_end(arguments);
	return text;
}

size_t
arx_arena_used(const ArxProfileArena *arena)
{
	return arena->used;
}

void *
arx_array_grow(void *array, size_t n, size_t *room, size_t size)
{
	size_t want = *room > 0 ? *room * 2 : 16;
	void *grown;

	if (n < *room)
		return array;
	grown = reallocarray(array, want, size);
	if (grown == NULL)
	{
		fprintf(stderr, "error: out of memory\n");
		exit(2);
	}
	*room = want;
	return grown;
}

void *
arx_arena_keep(ArxProfileArena *arena, void *array, size_t n, size_t size)
{
	void *kept = arx_arena_get(arena, n, size);

	if (n > 0)
		memcpy(kept, array, n * size);
	free(array);
	return kept;
}
