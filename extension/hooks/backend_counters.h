/*
 * backend_counters.h
 *	  What each backend counts of itself for the sampler: its transactions and
 *	  the memory of its contexts.
 *
 * Both are in the owner's part of the backend's ring: plain stores to a cache
 * line of its own, no lock.
 */
#ifndef ARX_BACKEND_COUNTERS_H
#define ARX_BACKEND_COUNTERS_H

#include "postgres.h"

/* How old what is known of a backend's memory contexts may get while it works */
#define ARX_MEMORY_PERIOD_NS INT64CONST(1000000000)

extern int64 arx_memory_noted_ns; /* when it was last noted; arx_clock_ns() */
extern void arx_note_memory_now(int64 now_ns);

/*
 * A statement ends at now_ns (arx_clock_ns()), its memory still there: adds up
 * all memory contexts, at most once a second.
 */
static inline void
arx_note_memory(int64 now_ns)
{
	if (unlikely(now_ns - arx_memory_noted_ns >= ARX_MEMORY_PERIOD_NS))
		arx_note_memory_now(now_ns);
}

/* Counts transactions from now on; at load time. */
extern void arx_backend_counters_install(void);

#endif /* ARX_BACKEND_COUNTERS_H */
