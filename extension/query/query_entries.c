/*
 * query_entries.c
 *	  The shared table of statements: find, add, lock, copy, remove.
 *
 * One segment: totals, free lists, buckets, times of last use, entries, and
 * the pool of histogram chunks.  What eviction needs to look at (times of last
 * use) lies in an array of its own, so that a pass reads 8 bytes an entry.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#include "core/settings.h"
#include "query/query_entries.h"
#include "query/query_table.h"
#include "query/query_text_store.h"

ArxSharedQueryTotals *arx_query_totals;
ArxQueryTable arx_query_table;

static uint32
bucket_count(void)
{
	uint32 n = ARX_QUERY_PARTITIONS;

	while (n < (uint32) arx_max_statements)
		n *= 2;
	return n;
}

static uint32
chunk_count(void)
{
	return (uint32) arx_max_statements * ARX_CHUNKS_PER_STATEMENT;
}

int
arx_query_entries_lock_count(void)
{
	return ARX_QUERY_PARTITIONS;
}

Size
arx_query_entries_shmem_size(void)
{
	Size size = CACHELINEALIGN(sizeof(ArxSharedQueryTable));

	size = add_size(size,
					CACHELINEALIGN(mul_size(bucket_count(), sizeof(uint32))));
	size = add_size(
		size, CACHELINEALIGN(mul_size(arx_max_statements, sizeof(uint64))));
	size = add_size(size, mul_size(arx_max_statements, ARX_QUERY_ENTRY_BYTES));
	return add_size(size,
					mul_size(chunk_count() + 1, ARX_HISTOGRAM_CHUNK_BYTES));
}

static void
init_totals(ArxSharedQueryTotals *totals)
{
	pg_atomic_uint64 *all = (pg_atomic_uint64 *) totals;

	for (int i = 0; i < (int) (sizeof(*totals) / sizeof(*all)); i++)
		pg_atomic_init_u64(&all[i], 0);
	pg_atomic_write_u64(&totals->stats_reset, (uint64) GetCurrentTimestamp());
}

/*
 * Everything free.  Entries and chunks are not touched before their first use,
 * so that memory grows with it and a large table costs nothing at start; the
 * server hands out zeroed memory.
 */
static void
init_table(ArxQueryTable *table)
{
	ArxSharedQueryTable *shared = table->shared;

	init_totals(&shared->totals);
	SpinLockInit(&shared->free_mutex);
	for (uint32 i = 0; i < table->nbuckets; i++)
		table->buckets[i] = ARX_NO_ENTRY;
	shared->free_entry = ARX_NO_ENTRY;
	pg_atomic_init_u32(&shared->fresh_entry, 0);
	pg_atomic_init_u32(&shared->nfree_entries, table->nentries);
	shared->free_chunk = ARX_NO_CHUNK;
	shared->fresh_chunk = 1;
	pg_atomic_init_u32(&shared->nfree_chunks, table->nchunks);
}

void
arx_query_entries_shmem_attach(void *segment, LWLockPadded *locks, bool found)
{
	ArxQueryTable *table = &arx_query_table;
	char *at = segment;

	table->locks = locks;
	table->nbuckets = bucket_count();
	table->nentries = (uint32) arx_max_statements;
	table->nchunks = chunk_count();
	table->shared = (ArxSharedQueryTable *) at;
	at += CACHELINEALIGN(sizeof(ArxSharedQueryTable));
	table->buckets = (uint32 *) at;
	at += CACHELINEALIGN(table->nbuckets * sizeof(uint32));
	table->last_used = (pg_atomic_uint64 *) at;
	at += CACHELINEALIGN(table->nentries * sizeof(uint64));
	table->entries = at;
	at += (Size) table->nentries * ARX_QUERY_ENTRY_BYTES;
	table->chunks = (uint64(*)[ARX_HISTOGRAM_CHUNK_SLOTS]) at;
	arx_query_totals = &table->shared->totals;
	if (!found)
		init_table(table);
}

static uint32
bucket_of(const ArxQueryKey *key)
{
	/*
	 * Not the level: both levels share a text, hence a bucket.  The query id is
	 * a good hash already; the product spreads user and database (Fibonacci
	 * hashing, Knuth volume 3, 6.4).
	 */
	uint64 owner = ((uint64) key->userid << 32) | key->dbid;
	uint64 mixed = key->queryid ^ (owner * UINT64CONST(0x9E3779B97F4A7C15));

	return (uint32) (mixed >> 32 ^ mixed) & (arx_query_table.nbuckets - 1);
}

LWLock *
arx_query_partition(const ArxQueryKey *key)
{
	return &arx_query_table.locks[bucket_of(key) & (ARX_QUERY_PARTITIONS - 1)]
				.lock;
}

static uint32
find_in_bucket(const ArxQueryKey *key)
{
	uint32 n = arx_query_table.buckets[bucket_of(key)];

	while (n != ARX_NO_ENTRY &&
		   !arx_query_key_equal(&arx_query_entry_at(n)->key, key))
		n = arx_query_entry_at(n)->next;
	return n;
}

uint32
arx_query_find(const ArxQueryKey *key)
{
	LWLock *partition = arx_query_partition(key);
	uint32 n;

	LWLockAcquire(partition, LW_SHARED);
	n = find_in_bucket(key);
	LWLockRelease(partition);
	return n;
}

/* From the free list, else one that was never used. */
static uint32
take_free_entry(void)
{
	ArxSharedQueryTable *shared = arx_query_table.shared;
	uint32 n;

	SpinLockAcquire(&shared->free_mutex);
	n = shared->free_entry;
	if (n != ARX_NO_ENTRY)
		shared->free_entry = arx_query_entry_at(n)->next;
	else if (arx_query_entries_limit() < arx_query_table.nentries)
	{
		n = arx_query_entries_limit();
		SpinLockInit(&arx_query_entry_at(n)->mutex);
		pg_atomic_write_u32(&shared->fresh_entry, n + 1);
	}
	if (n != ARX_NO_ENTRY)
		pg_atomic_fetch_sub_u32(&shared->nfree_entries, 1);
	SpinLockRelease(&shared->free_mutex);
	return n;
}

static void
give_free_entry(uint32 n)
{
	ArxSharedQueryTable *shared = arx_query_table.shared;

	SpinLockAcquire(&shared->free_mutex);
	arx_query_entry_at(n)->next = shared->free_entry;
	shared->free_entry = n;
	pg_atomic_fetch_add_u32(&shared->nfree_entries, 1);
	SpinLockRelease(&shared->free_mutex);
}

/*
 * The text of the other level of this statement.  Not of another user: what he
 * wrote beside the constants (comments, aliases) is his.
 */
static void
borrow_text(ArxSharedQueryEntry *entry)
{
	uint32 n = arx_query_table.buckets[bucket_of(&entry->key)];

	for (; n != ARX_NO_ENTRY; n = arx_query_entry_at(n)->next)
	{
		ArxSharedQueryEntry *other = arx_query_entry_at(n);

		if (other == entry || other->key.queryid != entry->key.queryid ||
			other->key.userid != entry->key.userid ||
			other->key.dbid != entry->key.dbid ||
			other->text_state == ARX_TEXT_WANTED)
			continue;
		entry->text_state = other->text_state;
		entry->text = other->text;
		if (DsaPointerIsValid(entry->text))
			arx_text_share(entry->text);
		return;
	}
}

/* Partition lock held exclusively; the key is not in the table. */
static uint32
add_locked(const ArxQueryKey *key, TimestampTz now)
{
	uint32 *bucket = &arx_query_table.buckets[bucket_of(key)];
	uint32 n = take_free_entry();
	ArxSharedQueryEntry *entry;

	if (n == ARX_NO_ENTRY)
		return ARX_NO_ENTRY;
	entry = arx_query_entry_at(n);
	SpinLockAcquire(&entry->mutex);
	memset(&entry->stats, 0, sizeof(entry->stats));
	entry->stats.stats_since = entry->stats.minmax_since = now;
	entry->key = *key;
	SpinLockRelease(&entry->mutex);
	entry->text_state = ARX_TEXT_WANTED;
	entry->text = InvalidDsaPointer;
	entry->next = *bucket;
	*bucket = n;
	borrow_text(entry);
	arx_query_touch(n, now);
	return n;
}

uint32
arx_query_find_or_add(const ArxQueryKey *key, TimestampTz now)
{
	LWLock *partition = arx_query_partition(key);
	uint32 n = arx_query_find(key);

	if (n != ARX_NO_ENTRY)
		return n;
	if (arx_query_table_is_full() && arx_query_evict(now) == 0)
		return ARX_NO_ENTRY;
	LWLockAcquire(partition, LW_EXCLUSIVE);
	n = find_in_bucket(key);
	if (n == ARX_NO_ENTRY)
		n = add_locked(key, now);
	LWLockRelease(partition);
	return n;
}

bool
arx_query_set_text(uint32 n, const ArxQueryKey *key, const char *text, int len,
				   int encoding)
{
	LWLock *partition = arx_query_partition(key);
	ArxSharedQueryEntry *entry = arx_query_entry_at(n);
	bool stored = false;

	LWLockAcquire(partition, LW_EXCLUSIVE);
	if (arx_query_key_equal(&entry->key, key))
	{
		if (entry->text_state == ARX_TEXT_WANTED)
			borrow_text(entry);
		if (entry->text_state == ARX_TEXT_WANTED && text == NULL)
			entry->text_state = ARX_TEXT_WITHHELD;
		else if (entry->text_state == ARX_TEXT_WANTED)
		{
			entry->text = arx_text_store(text, (uint32) len, encoding);
			if (DsaPointerIsValid(entry->text))
				entry->text_state = ARX_TEXT_STORED;
		}
		stored = entry->text_state != ARX_TEXT_WANTED;
	}
	LWLockRelease(partition);
	if (!stored)
		pg_atomic_fetch_add_u64(&arx_query_totals->texts_refused, 1);
	return stored;
}

ArxSharedQueryEntry *
arx_query_lock_entry(uint32 n, const ArxQueryKey *key)
{
	ArxSharedQueryEntry *entry = arx_query_entry_at(n);

	SpinLockAcquire(&entry->mutex);
	if (likely(arx_query_key_equal(&entry->key, key)))
		return entry;
	SpinLockRelease(&entry->mutex);
	return NULL;
}

void
arx_query_unlock_entry(ArxSharedQueryEntry *entry)
{
	SpinLockRelease(&entry->mutex);
}

/* From the free list, else one that was never used. */
static uint32
take_chunk(void)
{
	ArxSharedQueryTable *shared = arx_query_table.shared;
	uint32 n;

	SpinLockAcquire(&shared->free_mutex);
	n = shared->free_chunk;
	if (n != ARX_NO_CHUNK)
		shared->free_chunk = (uint32) arx_query_table.chunks[n][0];
	else if (shared->fresh_chunk <= arx_query_table.nchunks)
		n = shared->fresh_chunk++;
	if (n != ARX_NO_CHUNK)
		pg_atomic_fetch_sub_u32(&shared->nfree_chunks, 1);
	SpinLockRelease(&shared->free_mutex);
	if (n != ARX_NO_CHUNK)
		memset(arx_query_table.chunks[n], 0, ARX_HISTOGRAM_CHUNK_BYTES);
	return n;
}

static void
give_chunks(ArxSharedQueryEntry *entry)
{
	ArxSharedQueryTable *shared = arx_query_table.shared;

	SpinLockAcquire(&shared->free_mutex);
	for (int i = 0; i < ARX_HISTOGRAM_NCHUNKS; i++)
	{
		uint32 n = entry->chunks[i];

		if (n == ARX_NO_CHUNK)
			continue;
		arx_query_table.chunks[n][0] = shared->free_chunk;
		shared->free_chunk = n;
		pg_atomic_fetch_add_u32(&shared->nfree_chunks, 1);
		entry->chunks[i] = ARX_NO_CHUNK;
	}
	SpinLockRelease(&shared->free_mutex);
}

uint64 *
arx_query_new_chunk(ArxSharedQueryEntry *entry, int chunk)
{
	uint32 n = take_chunk();

	entry->chunks[chunk] = n;
	return n == ARX_NO_CHUNK ? NULL : arx_query_table.chunks[n];
}

void
arx_query_put_chunk(ArxSharedQueryEntry *entry, int chunk, const uint64 *counts)
{
	uint64 *to = arx_query_chunk(entry, chunk);

	if (to)
		memcpy(to, counts, ARX_HISTOGRAM_CHUNK_BYTES);
}

void
arx_query_touch(uint32 n, TimestampTz now)
{
	pg_atomic_write_u64(&arx_query_table.last_used[n], (uint64) now);
}

bool
arx_query_remove(uint32 n, const ArxQueryKey *key)
{
	LWLock *partition = arx_query_partition(key);
	ArxSharedQueryEntry *entry = arx_query_entry_at(n);
	uint32 *link;
	dsa_pointer text;

	LWLockAcquire(partition, LW_EXCLUSIVE);
	if (!arx_query_key_equal(&entry->key, key))
	{
		LWLockRelease(partition);
		return false;
	}
	link = &arx_query_table.buckets[bucket_of(key)];
	while (*link != n)
		link = &arx_query_entry_at(*link)->next;
	*link = entry->next;
	text = entry->text;
	SpinLockAcquire(&entry->mutex);
	memset(&entry->key, 0, sizeof(entry->key));
	give_chunks(entry);
	SpinLockRelease(&entry->mutex);
	entry->text = InvalidDsaPointer;
	if (DsaPointerIsValid(text))
		arx_text_release(text);
	LWLockRelease(partition);
	pg_atomic_write_u64(&arx_query_table.last_used[n], 0);
	give_free_entry(n);
	return true;
}

uint32
arx_query_entries_used(void)
{
	return arx_query_table.nentries -
		pg_atomic_read_u32(&arx_query_table.shared->nfree_entries);
}

uint32
arx_query_chunks_used(void)
{
	return arx_query_table.nchunks -
		pg_atomic_read_u32(&arx_query_table.shared->nfree_chunks);
}

uint32
arx_query_chunks_total(void)
{
	return arx_query_table.nchunks;
}
