/*
 * query_copy.c
 *	  One entry out of the table for a reader, or back in from the file.
 *
 * A reader holds the partition lock in shared mode while it copies the text,
 * and the spinlock while it copies numbers: writers wait for one memcpy, new
 * statements for one text, whatever the reader then does with his copy.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "query/query_table.h"
#include "query/query_text_store.h"

static void
copy_numbers(const ArxSharedQueryEntry *entry, ArxQueryCopy *copy)
{
	copy->key = entry->key;
	copy->stats = entry->stats;
	copy->nchunks = 0;
	for (int i = 0; i < ARX_HISTOGRAM_NCHUNKS; i++)
	{
		uint32 n = entry->chunks[i];

		copy->chunks[i] = NULL;
		if (n == ARX_NO_CHUNK)
			continue;
		memcpy(copy->slots[copy->nchunks], arx_query_table.chunks[n],
			   ARX_HISTOGRAM_CHUNK_BYTES);
		copy->chunks[i] = copy->slots[copy->nchunks++];
	}
}

/* Partition lock held.  False when the buffer is too small. */
static bool
copy_text(const ArxSharedQueryEntry *entry, ArxQueryCopy *copy, char *buf,
		  Size buf_size)
{
	const ArxStoredText *stored;

	if (!DsaPointerIsValid(entry->text))
		return true;
	stored = arx_text_get(entry->text);
	copy->text_len = (int) stored->len;
	copy->text_encoding = stored->encoding;
	if (stored->len > buf_size)
		return false;
	memcpy(buf, stored->data, stored->len);
	copy->text = buf;
	return true;
}

bool
arx_query_copy(uint32 n, ArxQueryCopy *copy, bool want_text, char **buf,
			   Size *buf_size)
{
	ArxSharedQueryEntry *entry = arx_query_entry_at(n);

	for (;;)
	{
		ArxQueryKey key = entry->key;
		LWLock *partition;
		bool fits = true;
		bool here;

		if (key.queryid == 0)
			return false;
		partition = arx_query_partition(&key);
		LWLockAcquire(partition, LW_SHARED);
		here = arx_query_lock_entry(n, &key) != NULL;
		if (here)
		{
			copy_numbers(entry, copy);
			arx_query_unlock_entry(entry);
			copy->text = NULL;
			copy->text_len = 0;
			copy->text_encoding = PG_SQL_ASCII;
			copy->text_state = entry->text_state;
			if (want_text)
				fits = copy_text(entry, copy, *buf, *buf_size);
		}
		LWLockRelease(partition);
		if (here && fits)
			return true;
		if (here) /* outside of all locks: this may fail */
		{
			*buf_size = Max((Size) copy->text_len, *buf_size * 2);
			*buf = repalloc(*buf, *buf_size);
		}
		/* else replaced by another statement meanwhile: look again */
	}
}

bool
arx_query_restore(const ArxQueryCopy *copy)
{
	ArxSharedQueryEntry *entry;
	uint32 n;

	if (arx_query_table_is_full()) /* it was larger when it was saved */
		return false;
	n = arx_query_find_or_add(
		&copy->key, Max(copy->stats.last_seen, copy->stats.stats_since));
	if (n == ARX_NO_ENTRY)
		return false;
	if (copy->text_state == ARX_TEXT_WITHHELD)
		arx_query_set_text(n, &copy->key, NULL, 0, 0);
	else if (copy->text)
		arx_query_set_text(n, &copy->key, copy->text, copy->text_len,
						   copy->text_encoding);
	entry = arx_query_lock_entry(n, &copy->key);
	if (entry == NULL)
		return false;
	entry->stats = copy->stats;
	for (int i = 0; i < ARX_HISTOGRAM_NCHUNKS; i++)
		if (copy->chunks[i])
			arx_query_put_chunk(entry, i, copy->chunks[i]);
	arx_query_unlock_entry(entry);
	return true;
}
