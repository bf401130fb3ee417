/*
 * backend_counters.c
 *	  Transactions and their time, and bytes in memory contexts.
 *
 * The time of a transaction is from the arrival of its first statement to its
 * end: how long a pooler in transaction mode has to keep its connection for
 * it.  With the sum of squares the sampler has its variance too.  The one in
 * which the server admits a client is not the client's.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/event_ring.h"
#include "hooks/backend_counters.h"

int64 arx_memory_noted_ns = 0;

void
arx_note_memory_now(int64 now_ns)
{
	arx_memory_noted_ns = now_ns;
	if (!arx_ring_attach())
		return;
	pg_atomic_write_u64(&arx_my_ring->context_bytes,
						MemoryContextMemAllocated(TopMemoryContext, true));
	pg_atomic_write_u64(&arx_my_ring->context_time,
						(uint64) GetCurrentTimestamp());
}

/* Adds to a double whose bits are in shared memory; only the owner writes. */
static void
add_double(pg_atomic_uint64 *bits, double value)
{
	uint64 raw = pg_atomic_read_u64(bits);
	double sum;

	memcpy(&sum, &raw, sizeof(sum));
	sum += value;
	memcpy(&raw, &sum, sizeof(raw));
	pg_atomic_write_u64(bits, raw);
}

static void
count_transaction(XactEvent event, void *arg)
{
	int64 us;

	if ((event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT &&
		 event != XACT_EVENT_PREPARE) ||
		IsParallelWorker() || !IsNormalProcessingMode() || !arx_ring_attach())
		return;
	/* Its end is read from the clock once, here or by the server. */
	us = GetCurrentTransactionStopTimestamp() -
		GetCurrentTransactionStartTimestamp();
	us = Max(us, 0); /* the clock was put back */
	pg_atomic_write_u64(&arx_my_ring->transactions,
						pg_atomic_read_u64(&arx_my_ring->transactions) + 1);
	pg_atomic_write_u64(&arx_my_ring->transaction_us,
						pg_atomic_read_u64(&arx_my_ring->transaction_us) +
							(uint64) us);
	add_double(&arx_my_ring->transaction_us2, (double) us * (double) us);
}

void
arx_backend_counters_install(void)
{
	RegisterXactCallback(count_transaction, NULL);
}
