/*
 * site_table.h
 *	  Sites: a stack with a label and a kind, and what became of its samples.
 *
 * The lock of the tables protects all of it (tables.h, which declares what
 * others may call).
 */
#ifndef ARX_PROFILER_SITE_TABLE_H
#define ARX_PROFILER_SITE_TABLE_H

#include "runtime/tables.h"

/*
 * How a snapshot reads the tables without their lock: the version is odd while
 * they are being changed, and another one afterwards.  What was read between
 * two equal even versions is whole.  After AH_READ_TRIES in vain the reader
 * takes the lock.
 */
#define AH_READ_TRIES 1000

extern __attribute__((visibility("hidden"))) _Atomic uint32_t ah_tables_version;

static inline uint32_t
ah_read_begin(void)
{
	return atomic_load_explicit(&ah_tables_version, memory_order_acquire);
}

static inline bool
ah_read_whole(uint32_t version)
{
	atomic_thread_fence(memory_order_acquire);
	return version % 2 == 0 &&
		atomic_load_explicit(&ah_tables_version, memory_order_relaxed) ==
		version;
}

/* Bytes that room for a site takes, with its lifetimes and its bucket. */
#define AH_SITE_BYTES 272

/* Takes memory for so many sites.  False when there is none. */
extern bool ah_sites_start(uint32_t nsites);

/*
 * The site without a stack, to which a sample goes for whose own stack there
 * is no room: the bytes stay right, only their origin is lost (and counted).
 */
extern uint32_t ah_site_overflow(void);

/* A sample left that is not counted: it was born in a parent, or dropped. */
extern void ah_site_lost(uint32_t site);

#endif
