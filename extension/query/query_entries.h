/*
 * query_entries.h
 *	  The shared table of statements: one entry per (user, database, query id,
 *	  level), with its counters and histogram.
 *
 * Bounded: entries and histogram chunks are allocated at server start.  An
 * entry's place never moves, so its number may be kept as a hint: whoever uses
 * one compares the key under the entry's spinlock.
 *
 * Locks.  A bucket chain and the keys and texts in it: the partition's LWLock
 * (64 partitions).  Statistics and chunks of one entry: its spinlock.  Free
 * lists: their spinlock, which may be taken under an entry's, not before it.
 */
#ifndef ARX_QUERY_ENTRIES_H
#define ARX_QUERY_ENTRIES_H

#include "datatype/timestamp.h"
#include "storage/lwlock.h"
#include "storage/spin.h"
#include "utils/dsa.h"

#include "libarx/histogram.h"
#include "query/query_event.h"

/* Running statistics of a time; nanoseconds. */
typedef struct ArxTimes
{
	int64 total;
	int64 min;
	int64 max;
	double mean;
	double m2; /* sum of squared distances from the mean (Welford 1962) */
} ArxTimes;

/* JIT as pg_stat_statements counts it: statements that did it, and time. */
typedef struct ArxJitStats
{
	int64 functions;
	int64 generation_time;
	int64 deform_count;
	int64 deform_time;
	int64 inlining_count;
	int64 inlining_time;
	int64 optimization_count;
	int64 optimization_time;
	int64 emission_count;
	int64 emission_time;
} ArxJitStats;

/* All numbers of an entry.  Saved to disk as it is (query_file.h). */
typedef struct ArxQueryStats
{
	int64 calls;	  /* executions that ended well */
	int64 errors;	  /* executions that failed */
	int64 error_time; /* ns spent in these */
	int64 plans;
	int64 generic_calls;
	int64 custom_calls;
	int64 unbinned; /* calls for which no histogram chunk was left */
	int64 minmax_calls;
	int64 minmax_plans; /* calls and plans since min and max were reset */
	ArxTimes exec;
	ArxTimes plan;
	int64 counters[ARX_NCOUNTERS];
	ArxJitStats jit;
	TimestampTz stats_since;
	TimestampTz minmax_since;
	TimestampTz last_seen;
} ArxQueryStats;

/* Analysed but never run (so far): nothing to tell. */
static inline bool
arx_query_is_unused(const ArxQueryStats *stats)
{
	return stats->calls == 0 && stats->errors == 0 && stats->plans == 0;
}

/* Why an entry has no text. */
typedef enum ArxTextState
{
	ARX_TEXT_WANTED = 0, /* not seen yet, or there was no room */
	ARX_TEXT_STORED,
	ARX_TEXT_WITHHELD /* may carry a credential: never stored */
} ArxTextState;

#define ARX_NO_CHUNK 0 /* chunk numbers start at 1 */

/* The longest text there can be (largest arx_perf.query_text_max). */
#define ARX_QUERY_TEXT_LIMIT (1024 * 1024)

typedef struct ArxSharedQueryEntry
{
	/* written under partition lock and spinlock; key.queryid 0: free */
	ArxQueryKey key;
	uint32 next; /* in the bucket, or in the free list */
	uint32 text_state;
	dsa_pointer text;
	char
		pad[PG_CACHE_LINE_SIZE - sizeof(ArxQueryKey) - 8 - sizeof(dsa_pointer)];

	/* written under the spinlock */
	slock_t mutex;
	ArxQueryStats stats;
	uint32 chunks[ARX_HISTOGRAM_NCHUNKS];
} ArxSharedQueryEntry;

/* Totals of the table, for statements_info and health. */
typedef struct ArxSharedQueryTotals
{
	pg_atomic_uint64 recorded;		/* executions added to an entry */
	pg_atomic_uint64 dropped;		/* executions for which none was free */
	pg_atomic_uint64 lost_side;		/* messages, JIT, plan events not kept */
	pg_atomic_uint64 unbinned;		/* calls that found no histogram chunk */
	pg_atomic_uint64 evicted;		/* entries */
	pg_atomic_uint64 evictions;		/* passes */
	pg_atomic_uint64 last_evict;	/* TimestampTz of the last pass */
	pg_atomic_uint64 texts_refused; /* no room in the text memory */
	pg_atomic_uint64 before_start;	/* executions known from the saved file */
	pg_atomic_uint64 lost_at_reset; /* arx_ring_lost() at the last reset */
	pg_atomic_uint64 stats_reset;	/* TimestampTz */
	pg_atomic_uint64 resets;
	pg_atomic_uint64 saves;
	pg_atomic_uint64 save_failures;
	pg_atomic_uint64 last_save_failure; /* TimestampTz */
	pg_atomic_uint64 last_save;			/* TimestampTz */
	pg_atomic_uint64 save_bytes;		/* size of the file */
	pg_atomic_uint64 load_state;		/* ArxLoadState */
} ArxSharedQueryTotals;

extern ArxSharedQueryTotals *arx_query_totals;

/* Shared memory; see subsystem.h for the contract of each. */
extern int arx_query_entries_lock_count(void);
extern Size arx_query_entries_shmem_size(void);
extern void
arx_query_entries_shmem_attach(void *segment, LWLockPadded *locks, bool found);

/* Number of the entry with this key, or ARX_NO_ENTRY.  Takes the partition. */
extern uint32 arx_query_find(const ArxQueryKey *key);

/*
 * The same, making an entry when there is none; now is the current time.  May
 * evict, at most once a second.  ARX_NO_ENTRY when none is free.  The new entry
 * shares the text of the other level.
 */
extern uint32 arx_query_find_or_add(const ArxQueryKey *key, TimestampTz now);

/*
 * Gives the entry its text (len bytes in that encoding, copied), or the note
 * that its text is withheld (text NULL).  False when there was no room, or the
 * entry is gone.
 */
extern bool arx_query_set_text(uint32 n, const ArxQueryKey *key,
							   const char *text, int len, int encoding);

/* Locks the entry if it still has this key; else returns NULL. */
extern ArxSharedQueryEntry *
arx_query_lock_entry(uint32 n, const ArxQueryKey *key);
extern void arx_query_unlock_entry(ArxSharedQueryEntry *entry);

/* Notes that the entry was in use.  No lock. */
extern void arx_query_touch(uint32 n, TimestampTz now);

/* Removes the entry if it still has this key. */
extern bool arx_query_remove(uint32 n, const ArxQueryKey *key);

/*
 * Makes room when no entry is free: drops the tenth that was used longest ago,
 * at most once a second, never one used within the last second.  Returns how
 * many.
 */
extern int arx_query_evict(TimestampTz now);

/* Copy of an entry for a reader, in his own memory. */
typedef struct ArxQueryCopy
{
	ArxQueryKey key;
	ArxQueryStats stats;
	uint32 text_state;
	int text_len; /* bytes in text; text is not terminated */
	int text_encoding;
	char *text; /* NULL: none, or not asked for */
	int nchunks;
	const uint64 *chunks[ARX_HISTOGRAM_NCHUNKS];
	uint64 slots[ARX_HISTOGRAM_NCHUNKS][ARX_HISTOGRAM_CHUNK_SLOTS];
} ArxQueryCopy;

/*
 * Copies entry n as it is at one moment.  False when it is free.  With
 * want_text the text goes to *buf (size *buf_size, palloc'd, grown as needed).
 */
extern bool arx_query_copy(uint32 n, ArxQueryCopy *copy, bool want_text,
						   char **buf, Size *buf_size);

/*
 * Puts a copy back into the table (at start-up, from the file).  False when
 * there is no room.
 */
extern bool arx_query_restore(const ArxQueryCopy *copy);

/* Entries and chunks in use. */
extern uint32 arx_query_entries_used(void);
extern uint32 arx_query_chunks_used(void);
extern uint32 arx_query_chunks_total(void);

#endif /* ARX_QUERY_ENTRIES_H */
