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
