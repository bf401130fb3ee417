/*
 * look_table.h
 *	  Counts of sessions seen at looks, by key, in bounded shared memory.
 *
 * The collector adds, any process reads.  Within a look sessions are counted by
 * key first, because the error of an estimate comes from how many were seen
 * together (see libarx/sampling_error.h).
 *
 * When the table is nearly full, the tenth least lately seen is folded into a
 * second, small table by a coarser key: the rest.  So is what finds no room at
 * a look.  Sums over both stay right; what the rest has no room for is counted
 * as lost.
 */
#ifndef ARX_LOOK_TABLE_H
#define ARX_LOOK_TABLE_H

#include "core/bounded_table.h"
#include "core/tick.h"

/* What looks saw of one key: the first member of each value. */
typedef struct ArxLookCount
{
	int64 samples;	  /* sessions, all looks together */
	double n;		  /* as in ArxLookSums; weights in ms */
	double nn;		  /* likewise */
	double nt;		  /* likewise */
	int64 first_seen; /* TimestampTz */
	int64 last_seen;

	/* the collector's own, of the look that is being taken */
	uint64 look;
	int64 seen;
} ArxLookCount;

/* The same in all processes. */
typedef struct ArxLookShape
{
	Size key_size;
	Size value_size;
	int capacity;
	int rest_capacity;
	int max_adds; /* in one look */
	/* Makes the key in the rest of a key; it comes as zero bytes. */
	void (*make_rest)(const void *key, void *rest);
	/* Adds what follows ArxLookCount; NULL: nothing does. */
	void (*fold)(void *into, const void *from);
} ArxLookShape;

typedef struct ArxLookTable ArxLookTable;

/* Shared memory; see subsystem.h for the contract of each.  Shape is kept. */
extern Size arx_look_table_size(const ArxLookShape *shape);
extern ArxLookTable *
arx_look_table_attach(void *segment, const ArxLookShape *shape, bool found);

/*
 * Collector: counts a session of this key (hash is any hash of it) in this
 * look.  Returns the key's value, or that of the rest (*is_rest; may be NULL),
 * or NULL: lost.
 */
extern void *
arx_look_table_add(ArxLookTable *table, const void *key, uint64 hash,
				   const ArxTick *tick, bool *is_rest);

/* Collector: the same for a value that was got before, of this generation. */
extern void
arx_look_table_add_to(ArxLookTable *table, void *value, const ArxTick *tick);

/* Collector: what follows ArxLookCount in a value is written between these. */
extern void arx_look_table_change(ArxLookTable *table, void *value);
extern void arx_look_table_changed(ArxLookTable *table, void *value);

/* Collector: changes whenever values may have moved; never 0. */
extern uint64 arx_look_table_generation(const ArxLookTable *table);

/*
 * Collector: ends the look, in which t sessions were seen altogether, and makes
 * room for the next.
 */
extern void
arx_look_table_end(ArxLookTable *table, const ArxTick *tick, int64 t);

/* Collector: forgets all. */
extern void arx_look_table_clear(ArxLookTable *table);

/* A reader's copy; zero bytes are an empty one. */
typedef struct ArxLookCopy
{
	int n;
	int room;
	Size row_size;
	Size value_at; /* in a row, whose key is at 0 */
	char *rows;
} ArxLookCopy;

/*
 * Any process: copies all rows, those of the rest too, in no order.  Memory is
 * palloc'd in CurrentMemoryContext, and used again by the next call.
 */
extern void arx_look_table_copy(const ArxLookTable *table, ArxLookCopy *copy);

/* Any process; since the last clear. */
typedef struct ArxLookTableStatus
{
	int rows;	   /* now, without the rest */
	int rest_rows; /* now */
	int64 evicted; /* rows folded into the rest */
	int64 refused; /* samples that went into the rest at once */
	int64 lost;	   /* samples in no row */
} ArxLookTableStatus;

extern void
arx_look_table_status(const ArxLookTable *table, ArxLookTableStatus *status);

#endif /* ARX_LOOK_TABLE_H */
