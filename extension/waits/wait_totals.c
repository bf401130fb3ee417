/*
 * wait_totals.c
 *	  Totals of looks behind a change count, and a reset by number.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/atomics.h"
#include "utils/timestamp.h"

#include "waits/wait_totals.h"

#define READ_TRIES 20

typedef struct SharedTotals
{
	/* written by who resets */
	pg_atomic_uint64 resets;
	pg_atomic_uint64 reset_time;

	/* written by the collector */
	pg_atomic_uint32 changecount; /* odd while a look is added */
	uint64 resets_done;
	ArxWaitTotals totals;
} SharedTotals;

static SharedTotals *shared;

Size
arx_wait_totals_shmem_size(void)
{
	return sizeof(SharedTotals);
}

void
arx_wait_totals_shmem_attach(void *segment, bool found)
{
	shared = segment;
	if (found)
		return;
	memset(shared, 0, sizeof(*shared));
	pg_atomic_init_u64(&shared->resets, 0);
	pg_atomic_init_u64(&shared->reset_time, 0);
	pg_atomic_init_u32(&shared->changecount, 0);
	shared->totals.since = GetCurrentTimestamp();
}

bool
arx_wait_totals_begin(void)
{
	uint64 resets = pg_atomic_read_u64(&shared->resets);

	pg_atomic_write_u32(&shared->changecount,
						pg_atomic_read_u32(&shared->changecount) | 1);
	pg_write_barrier();
	if (shared->resets_done == resets)
		return false;
	pg_read_barrier();
	memset(&shared->totals, 0, sizeof(shared->totals));
	shared->totals.since = (int64) pg_atomic_read_u64(&shared->reset_time);
	shared->resets_done = resets;
	return true;
}

void
arx_wait_totals_add(const ArxTick *tick, int64 samples, int64 t)
{
	shared->totals.samples += samples;
	arx_look_add(&shared->totals.all, (double) tick->weight_us / 1000, 0,
				 (double) t);
}

void
arx_wait_totals_end(void)
{
	pg_write_barrier();
	pg_atomic_write_u32(&shared->changecount,
						pg_atomic_read_u32(&shared->changecount) + 1);
}

bool
arx_wait_totals_read(const ArxLookTable *table, ArxLookCopy *copy,
					 ArxWaitTotals *totals)
{
	uint64 done = 0;

	for (int tries = 0; tries < READ_TRIES; tries++)
	{
		uint32 before = pg_atomic_read_u32(&shared->changecount);

		CHECK_FOR_INTERRUPTS();
		pg_read_barrier();
		done = shared->resets_done;
		*totals = shared->totals;
		if (table)
			arx_look_table_copy(table, copy);
		pg_read_barrier();
		if ((before & 1) == 0 &&
			pg_atomic_read_u32(&shared->changecount) == before)
			break;
		pg_usleep(100);
	}
	return done == pg_atomic_read_u64(&shared->resets);
}

ArxLookSums
arx_wait_sums(const ArxWaitTotals *totals, const ArxLookCount *count)
{
	ArxLookSums sums = totals->all;

	sums.n = count->n;
	sums.nn = count->nn;
	sums.nt = count->nt;
	return sums;
}

int64
arx_wait_totals_reset(void)
{
	TimestampTz now = GetCurrentTimestamp();

	pg_atomic_write_u64(&shared->reset_time, (uint64) now);
	pg_write_barrier();
	pg_atomic_fetch_add_u64(&shared->resets, 1);
	return now;
}
