/*
 * session_wait.h
 *	  Since when a session has been in its present wait, at the earliest.
 *
 * The server notes that for heavyweight locks only.  For the others the
 * collector keeps, for each process that works, the look before the first at
 * which it was in this wait, while neither its state changed nor a statement
 * of it ended.  It may have left the wait and come back between two looks, so
 * the time is an upper bound.
 */
#ifndef ARX_SESSION_WAIT_H
#define ARX_SESSION_WAIT_H

#include "core/tick.h"

/* Shared memory; see subsystem.h for the contract of each. */
extern Size arx_session_wait_shmem_size(void);
extern void arx_session_wait_shmem_attach(void *segment, bool found);

/* In the collector, at each look. */
extern void arx_session_wait_note(const ArxTick *tick);

/*
 * The earliest time (TimestampTz) at which the session, as just looked at, can
 * have begun to wait for what it waits for; 0: not known.
 */
extern int64 arx_session_wait_since(const ArxSession *session);

#endif /* ARX_SESSION_WAIT_H */
