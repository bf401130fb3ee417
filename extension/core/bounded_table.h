/*
 * bounded_table.h
 *	  A hash table in shared memory with one writer and any number of readers.
 *
 * What the collector adds up by key: waits, blockers, pools.  The writer takes
 * no lock and waits for nobody; readers copy an entry and look whether it was
 * changed meanwhile (a count that is odd during a change).  Keys and values are
 * plain bytes of fixed size; keys are zero-padded and compared as bytes.
 *
 * When it is full, the writer evicts in bulk what was used least lately, and
 * hands each to a function, which may add it to what is kept elsewhere: so sums
 * stay right.
 */
#ifndef ARX_BOUNDED_TABLE_H
#define ARX_BOUNDED_TABLE_H

#include "postgres.h"

/* How a table looks; the same in all processes. */
typedef struct ArxTableShape
{
	Size key_size;
	Size value_size; /* a multiple of 8 */
	int capacity;	 /* entries */
} ArxTableShape;

typedef struct ArxTable ArxTable;

/* Bytes of shared memory that a table needs. */
extern Size arx_table_size(const ArxTableShape *shape);

/*
 * The table in a segment of that size (aligned to 8), emptied when "found" is
 * false.  The shape is copied; the result is palloc'd in TopMemoryContext.
 */
extern ArxTable *
arx_table_attach(void *segment, const ArxTableShape *shape, bool found);

/*
 * Writer: the value of a key, entered with a value of zero bytes when it is not
 * there; *is_new tells (may be NULL).  hash is any hash of the key.  now is
 * remembered as its last use: a time, or a number that rises.  NULL when the
 * table is full: then evict, and ask again.
 *
 * Between arx_table_change() and arx_table_changed() the value may be written.
 */
extern void *arx_table_enter(ArxTable *table, const void *key, uint64 hash,
							 int64 now, bool *is_new);
extern void arx_table_change(ArxTable *table, void *value);
extern void arx_table_changed(ArxTable *table, void *value);

/* Writer: remembers a use of a value. */
extern void arx_table_touch(ArxTable *table, void *value, int64 now);

/* Writer: the key of a value. */
extern const void *arx_table_key(const ArxTable *table, const void *value);

/*
 * Writer: removes about the tenth (at least one, at most a tenth of the
 * capacity and one) that was used least lately, none of them used at or after
 * keep_since.  Each is handed over first, if evicted is not NULL; it may not
 * touch the table.  Other values may be moved: pointers to values do not hold
 * any more.  Returns how many were removed.
 */
typedef void (*ArxTableEvicted)(const void *key, const void *value, void *arg);
extern int arx_table_evict(ArxTable *table, int64 keep_since,
						   ArxTableEvicted evicted, void *arg);

/* Writer: removes all. */
extern void arx_table_clear(ArxTable *table);

/*
 * Any process: copies what is in slot i (0 <= i < arx_table_slots()) out; key
 * and value have room for one each.  False when there is none, or it changed
 * all the time.
 */
extern bool
arx_table_read(const ArxTable *table, int i, void *key, void *value);

/* Any process. */
extern int arx_table_slots(const ArxTable *table);
extern int arx_table_count(const ArxTable *table);		 /* entries now */
extern int64 arx_table_evictions(const ArxTable *table); /* since start */

#endif /* ARX_BOUNDED_TABLE_H */
