/*
 * query_hints.h
 *	  Where this process last saw a statement's entry.
 *
 * A small private cache from key to entry number.  It may be wrong (the entry
 * may hold another statement by now); who uses a hint compares the key.
 */
#ifndef ARX_QUERY_HINTS_H
#define ARX_QUERY_HINTS_H

#include "query/query_event.h"

#define ARX_HINTS 512 /* a power of two */

typedef struct ArxQueryHint
{
	ArxQueryKey key;
	uint32 entry;
} ArxQueryHint;

extern ArxQueryHint arx_query_hints[ARX_HINTS];

static inline ArxQueryHint *
arx_query_hint_slot(const ArxQueryKey *key)
{
	uint64 mixed = key->queryid ^ (key->queryid >> 32) ^ key->userid ^
		(key->toplevel << 5);

	return &arx_query_hints[mixed & (ARX_HINTS - 1)];
}

/* The entry number last remembered for this key, or ARX_NO_ENTRY. */
static inline uint32
arx_query_hint(const ArxQueryKey *key)
{
	const ArxQueryHint *hint = arx_query_hint_slot(key);

	if (arx_query_key_equal(&hint->key, key))
		return hint->entry;
	return ARX_NO_ENTRY;
}

static inline void
arx_query_remember(const ArxQueryKey *key, uint32 entry)
{
	ArxQueryHint *hint = arx_query_hint_slot(key);

	hint->key = *key;
	hint->entry = entry;
}

#endif /* ARX_QUERY_HINTS_H */
