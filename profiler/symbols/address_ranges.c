/*
 * address_ranges.c
 *	  Ranges of addresses: a sorted array and a binary search.
 */
#include "symbols/address_ranges.h"

#include <stdlib.h>

#define MAX_RANGES ((size_t) 1 << 26)

bool
arx_address_ranges_add(ArxAddressRanges *ranges, const ArxAddressRange *range)
{
	if (range->start >= range->end)
		return true;
	if (ranges->n == ranges->capacity)
	{
		size_t capacity = ranges->capacity ? ranges->capacity * 2 : 256;
		ArxAddressRange *items;

		if (capacity > MAX_RANGES)
			return false;
		items = realloc(ranges->items, capacity * sizeof(*items));
		if (!items)
			return false;
		ranges->items = items;
		ranges->capacity = capacity;
	}
	ranges->items[ranges->n++] = *range;
	return true;
}

/* Ascending, so that what a search from the right meets first is what it wants. */
static int
compare_ranges(const void *left, const void *right)
{
	const ArxAddressRange *a = left;
	const ArxAddressRange *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->end != b->end)
		return a->end > b->end ? -1 : 1;
	return (a->value < b->value) - (a->value > b->value);
}

static void
close_open_ranges(ArxAddressRanges *ranges)
{
	uint64_t here = UINT64_MAX; /* start of the range last seen */
	uint64_t next = UINT64_MAX; /* smallest start behind here */

	for (size_t i = ranges->n; i-- > 0;)
	{
		ArxAddressRange *range = &ranges->items[i];

		if (range->start != here)
		{
			next = here;
			here = range->start;
		}
		if (range->open && range->end > next)
			range->end = next;
	}
}

void
arx_address_ranges_sort(ArxAddressRanges *ranges)
{
	uint64_t max_end = 0;

	if (ranges->n == 0)
		return;
	qsort(ranges->items, ranges->n, sizeof(*ranges->items), compare_ranges);
	close_open_ranges(ranges);
	for (size_t i = 0; i < ranges->n; i++)
	{
		if (ranges->items[i].end > max_end)
			max_end = ranges->items[i].end;
		ranges->items[i].max_end = max_end;
	}
}

const ArxAddressRange *
arx_address_ranges_find(const ArxAddressRanges *ranges, uint64_t address)
{
	size_t low = 0;
	size_t high = ranges->n;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (ranges->items[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	while (low > 0 && ranges->items[low - 1].max_end > address)
	{
		low--;
		if (ranges->items[low].end > address)
			return &ranges->items[low];
	}
	return NULL;
}

void
arx_address_ranges_free(ArxAddressRanges *ranges)
{
	free(ranges->items);
	*ranges = (ArxAddressRanges){0};
}
