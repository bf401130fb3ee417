/*
 * query_table.h
 *	  Layout of the statement table; for query_entries.c and its neighbours
 *	  that evict from it and copy out of it.
 */
#ifndef ARX_QUERY_TABLE_H
#define ARX_QUERY_TABLE_H

#include "query/query_entries.h"

#define ARX_QUERY_PARTITIONS 64

/*
 * Histogram chunks in the pool for each statement there may be, on average.
 * The latencies of a busy statement spread over 5 to 29 chunks, those of a rare
 * one over few (docs/histogram.md).
 */
#define ARX_CHUNKS_PER_STATEMENT 20

#define ARX_QUERY_ENTRY_BYTES CACHELINEALIGN(sizeof(ArxSharedQueryEntry))

typedef struct ArxSharedQueryTable
{
	ArxSharedQueryTotals totals;
	slock_t free_mutex; /* what follows; the atomics are read without it */
	uint32 free_entry;	/* list of entries given back; ARX_NO_ENTRY: none */
	uint32 free_chunk;	/* list of chunks given back; ARX_NO_CHUNK: none */
	uint32 fresh_chunk; /* the lowest chunk that was never used */
	pg_atomic_uint32 fresh_entry; /* the lowest entry that was never used */
	pg_atomic_uint32 nfree_entries;
	pg_atomic_uint32 nfree_chunks;
} ArxSharedQueryTable;

/* Where things are, in each process. */
typedef struct ArxQueryTable
{
	LWLockPadded *locks;
	uint32 nbuckets; /* a power of two, not below the partitions */
	uint32 nentries;
	uint32 nchunks;
	ArxSharedQueryTable *shared;
	uint32 *buckets;
	pg_atomic_uint64 *last_used; /* TimestampTz by entry; 0: free */
	char *entries;
	uint64 (*chunks)[ARX_HISTOGRAM_CHUNK_SLOTS]; /* from 1 to nchunks */
} ArxQueryTable;

extern ArxQueryTable arx_query_table;

static inline ArxSharedQueryEntry *
arx_query_entry_at(uint32 n)
{
	return (ArxSharedQueryEntry *) (arx_query_table.entries +
									(Size) n * ARX_QUERY_ENTRY_BYTES);
}

/* Entries from this number on were never used: no need to look at them. */
static inline uint32
arx_query_entries_limit(void)
{
	return pg_atomic_read_u32(&arx_query_table.shared->fresh_entry);
}

/* No free entry at this moment. */
static inline bool
arx_query_table_is_full(void)
{
	return pg_atomic_read_u32(&arx_query_table.shared->nfree_entries) == 0;
}

/* Gives the locked entry a chunk that it has not; NULL when none is left. */
extern uint64 *arx_query_new_chunk(ArxSharedQueryEntry *entry, int chunk);

/* A chunk of the locked entry, made if need be; NULL when none is left. */
static inline uint64 *
arx_query_chunk(ArxSharedQueryEntry *entry, int chunk)
{
	uint32 n = entry->chunks[chunk];

	return likely(n != ARX_NO_CHUNK) ? arx_query_table.chunks[n]
									 : arx_query_new_chunk(entry, chunk);
}

/* Counts one value (ns) into the locked entry's histogram; false: no room. */
static inline bool
arx_query_bin(ArxSharedQueryEntry *entry, int64 ns)
{
	int bucket = arx_histogram_bucket_ns(ns);
	uint64 *chunk = arx_query_chunk(entry, arx_histogram_chunk(bucket));

	if (unlikely(chunk == NULL))
		return false;
	chunk[arx_histogram_slot(bucket)]++;
	return true;
}

/* Sets one whole chunk of the locked entry, if there is room for it. */
extern void arx_query_put_chunk(ArxSharedQueryEntry *entry, int chunk,
								const uint64 *counts);

/* The lock of the bucket this key is in. */
extern LWLock *arx_query_partition(const ArxQueryKey *key);

#endif /* ARX_QUERY_TABLE_H */
