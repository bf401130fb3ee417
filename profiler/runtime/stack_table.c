/*
 * stack_table.c
 *	  Each different stack once, under a small number.
 *
 * Stacks lie one behind the other in a heap of words; a stack's number is the
 * word it begins at.  Room of a stack that nobody uses any more goes to a list
 * of its size class (frames in steps of eight), where the next one of that
 * class finds it.
 */
#include "runtime/stack_table.h"

#include <string.h>

#include "runtime/private_memory.h"

#define FRAMES_STEP 8
#define CLASSES (ARX_HEAP_MAX_FRAMES / FRAMES_STEP + 1)
#define HEADER_WORDS (sizeof(Stack) / sizeof(uint64_t))

typedef struct Stack
{
	uint32_t hash;
	uint32_t next; /* in its bucket, or in the list of free ones */
	uint32_t users;
	uint16_t nframes;
	uint16_t flags;
	uintptr_t frames[];
} Stack;

static uint64_t *heap;
static uint32_t heap_words;
static uint32_t used_words;
static uint32_t free_words;
static uint32_t *buckets;
static uint32_t bucket_mask;
static uint32_t free_lists[CLASSES];

static inline Stack *
stack_at(uint32_t number)
{
	return (Stack *) (heap + number);
}

bool
ah_stacks_start(size_t bytes)
{
	uint32_t nbuckets = 1024;

	while (nbuckets < bytes / 256)
		nbuckets *= 2;
	bucket_mask = nbuckets - 1;
	heap_words = (uint32_t) (bytes / sizeof(uint64_t));
	heap = ah_map(bytes);
	buckets = ah_map(nbuckets * sizeof(uint32_t));
	for (int i = 0; i < CLASSES; i++)
		free_lists[i] = AH_NO_STACK;
	used_words = 1; /* number 0 ends the lists of the buckets */
	return heap != NULL && buckets != NULL;
}

static uint32_t
hash_frames(const AhStack *stack)
{
	uint64_t hash = stack->nframes;

#pragma GCC unroll 8
	for (uint32_t i = 0; i < stack->nframes; i++)
		hash = (hash + stack->frames[i]) * 0x9E3779B97F4A7C15ULL;
	return (uint32_t) ((hash ^ hash >> 32) * 0xD1B54A32D192ED03ULL >> 32) ^
		stack->flags;
}

static uint32_t
class_of(uint32_t nframes)
{
	return (nframes + FRAMES_STEP - 1) / FRAMES_STEP;
}

static uint32_t
words_of(uint32_t size_class)
{
	return (uint32_t) HEADER_WORDS + size_class * FRAMES_STEP;
}

/* Room for a stack of so many frames: a free one of the class, or new. */
static uint32_t
find_room(uint32_t nframes)
{
	uint32_t size_class = class_of(nframes);
	uint32_t words = words_of(size_class);
	uint32_t number = free_lists[size_class];

	if (number != AH_NO_STACK)
	{
		free_lists[size_class] = stack_at(number)->next;
		free_words -= words;
		return number;
	}
	if (heap_words - used_words < words)
		return AH_NO_STACK;
	number = used_words;
	used_words += words;
	return number;
}

uint32_t
ah_stack_intern(const AhStack *wanted)
{
	uint32_t hash = hash_frames(wanted);
	uint32_t *bucket = &buckets[hash & bucket_mask];
	uint32_t number;
	Stack *stack;

	for (number = *bucket; number != 0; number = stack->next)
	{
		stack = stack_at(number);
		if (stack->hash == hash && stack->nframes == wanted->nframes &&
			stack->flags == wanted->flags &&
			memcmp(stack->frames, wanted->frames,
				   wanted->nframes * sizeof(uintptr_t)) == 0)
		{
			stack->users++;
			return number;
		}
	}
	number = find_room(wanted->nframes);
	if (number == AH_NO_STACK)
		return AH_NO_STACK;
	stack = stack_at(number);
	stack->hash = hash;
	stack->users = 1;
	stack->nframes = (uint16_t) wanted->nframes;
	stack->flags = (uint16_t) wanted->flags;
	memcpy(stack->frames, wanted->frames, wanted->nframes * sizeof(uintptr_t));
	stack->next = *bucket;
	*bucket = number;
	return number;
}

void
ah_stack_release(uint32_t number)
{
	Stack *stack = stack_at(number);
	uint32_t *link = &buckets[stack->hash & bucket_mask];
	uint32_t size_class = class_of(stack->nframes);

	if (--stack->users > 0)
		return;
	while (*link != number)
		link = &stack_at(*link)->next;
	*link = stack->next;
	stack->next = free_lists[size_class];
	free_lists[size_class] = number;
	free_words += words_of(size_class);
}

const uintptr_t *
ah_stack_frames(uint32_t number, uint32_t *nframes, uint32_t *flags)
{
	const Stack *stack = stack_at(number);

	*nframes = stack->nframes;
	*flags = stack->flags;
	return stack->frames;
}

uint32_t
ah_stacks_used(void)
{
	return (uint32_t) ((uint64_t) (used_words - free_words) * 100 / heap_words);
}
