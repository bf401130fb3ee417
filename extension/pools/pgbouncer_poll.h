/*
 * pgbouncer_poll.h
 *	  Keeps asking the PgBouncers that arx_perf.pgbouncers names.
 *
 * Each console is asked every arx_perf.pgbouncer_interval, at a random place of
 * the interval.  One that cannot be asked is tried again after 1 s, then after
 * ever longer up to 60 s; a reload of the configuration tries at once.  None
 * holds up another.
 */
#ifndef ARX_PGBOUNCER_POLL_H
#define ARX_PGBOUNCER_POLL_H

#include "core/wait_list.h"

/* For ArxSubsystem.gateway_tick. */
extern void arx_bouncer_gateway_tick(int64 now, ArxWaitList *waits);

#endif /* ARX_PGBOUNCER_POLL_H */
