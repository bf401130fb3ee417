/*
 * snapshot_epochs.c
 *	  The stretches of time that births are counted by.
 */
#include "runtime/snapshot_epochs.h"

#include <math.h>
#include <string.h>

#include "runtime/runtime.h"

static uint64_t ends[AH_EPOCHS_MAX]; /* CLOCK_MONOTONIC, rising */
static uint32_t nends;

static uint64_t
to_ms(uint64_t now_ns)
{
	uint64_t start = atomic_load(&ah_runtime.start_ns);

	return now_ns > start ? (now_ns - start) / 1000000 : 0;
}

/*
 * Joins the two neighbours whose length together is the least of their age.
 * So an epoch is never longer than a small share of its age, however long the
 * profile lasts, and the latest ones stay as they were.
 */
static void
join_one_pair(uint64_t now_ns)
{
	double least = INFINITY;
	uint32_t last = 0; /* whose end goes */
	uint64_t begin = atomic_load(&ah_runtime.start_ns);

	for (uint32_t i = 0; i + 1 < nends; i++)
	{
		double share =
			(double) (ends[i + 1] - begin) / (double) (now_ns - begin + 1);

		if (share < least)
		{
			least = share;
			last = i;
		}
		begin = ends[i];
	}
	nends--;
	memmove(&ends[last], &ends[last + 1], (nends - last) * sizeof(*ends));
}

/* Two ends within the same millisecond would be the same to a reader. */
void
ah_epoch_close(uint64_t now_ns)
{
	if (nends > 0 && to_ms(ends[nends - 1]) == to_ms(now_ns))
		nends--;
	if (nends == AH_EPOCHS_MAX)
		join_one_pair(now_ns);
	ends[nends++] = now_ns;
}

uint32_t
ah_epochs_count(void)
{
	return nends;
}

uint64_t
ah_epoch_end_ms(uint32_t epoch)
{
	return to_ms(ends[epoch]);
}

uint32_t
ah_epoch_of(uint64_t born_ns)
{
	uint32_t low = 0, high = nends - 1;

	while (low < high)
	{
		uint32_t middle = (low + high) / 2;

		if (ends[middle] >= born_ns)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

void
ah_epochs_forked(void)
{
	nends = 0;
}
