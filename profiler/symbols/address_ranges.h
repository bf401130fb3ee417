/*
 * address_ranges.h
 *	  Ranges of addresses, sorted once, searched often.
 *
 * What symbol tables and debug information have in common: many ranges that
 * may nest and repeat, and one question, which of them holds this address.
 */
#ifndef ARX_PROFILER_ADDRESS_RANGES_H
#define ARX_PROFILER_ADDRESS_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ArxAddressRange
{
	uint64_t start;
	uint64_t end;	  /* first address behind it */
	uint64_t max_end; /* largest end of this range and all before it */
	uint64_t value;	  /* the caller's */
	uint32_t rank;	  /* of two that start together, the higher is taken */
	bool open;		  /* ends where the next one begins, at end at the latest */
} ArxAddressRange;

/* All zero is an empty one. */
typedef struct ArxAddressRanges
{
	ArxAddressRange *items;
	size_t n;
	size_t capacity;
} ArxAddressRanges;

/*
 * Adds [start, end) with a value.  An empty range is left out.  Returns false
 * when memory is exhausted or there are 2^26 of them already.
 */
extern bool
arx_address_ranges_add(ArxAddressRanges *ranges, const ArxAddressRange *range);

/* Sorts, and closes open ranges.  To be called once, between adding and finding. */
extern void arx_address_ranges_sort(ArxAddressRanges *ranges);

/*
 * The range that holds the address: of several the one that starts last, of
 * these the one of highest rank, of these the shortest.  NULL when none does.
 */
extern const ArxAddressRange *
arx_address_ranges_find(const ArxAddressRanges *ranges, uint64_t address);

/* Frees the items and leaves an empty one. */
extern void arx_address_ranges_free(ArxAddressRanges *ranges);

#endif
