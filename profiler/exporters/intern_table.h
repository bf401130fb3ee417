/*
 * intern_table.h
 *	  Numbers equal keys equally: 0, 1, 2, ... in order of their coming.
 */
#ifndef ARX_PROFILER_INTERN_TABLE_H
#define ARX_PROFILER_INTERN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile_arena.h"

typedef struct ArxInternKey
{
	const char *bytes; /* the table's copy */
	size_t length;
	uint64_t hash;
} ArxInternKey;

typedef struct ArxInternTable
{
	ArxProfileArena *arena; /* of keys and slots */
	size_t nkeys;
	size_t room;
	ArxInternKey *keys;
	size_t nslots;	 /* a power of two, or 0 */
	uint32_t *slots; /* number of a key + 1; 0: free */
} ArxInternTable;

/*
 * The number of a key; *added (may be NULL) says whether it is new.  The table
 * starts as zeros with its arena set, and is freed with it.
 */
extern uint32_t
arx_intern(ArxInternTable *table, const void *key, size_t length, bool *added);

/* The same for a terminated text. */
extern uint32_t arx_intern_text(ArxInternTable *table, const char *text);

#endif
