/*
 * query_errors.h
 *	  How often which statement failed with which SQLSTATE.
 *
 * A bounded table of its own, under one LWLock: errors are rare beside
 * executions.  When it is full the row seen longest ago makes room.
 */
#ifndef ARX_QUERY_ERRORS_H
#define ARX_QUERY_ERRORS_H

#include "query/query_event.h"
#include "storage/lwlock.h"
#include "datatype/timestamp.h"

typedef struct ArxQueryError
{
	ArxQueryKey key; /* queryid 0: errors of no statement */
	int32 sqlstate;	 /* packed as by MAKE_SQLSTATE; 0: free row */
	int32 pad;
	int64 count;
	TimestampTz first_seen;
	TimestampTz last_seen;
	char message[ARX_EVENT_MESSAGE_BYTES]; /* template; empty: not known */
} ArxQueryError;

/* Shared memory; see subsystem.h for the contract of each. */
extern int arx_query_errors_lock_count(void);
extern Size arx_query_errors_shmem_size(void);
extern void
arx_query_errors_shmem_attach(void *segment, LWLockPadded *locks, bool found);

/* Counts one error.  Takes the lock. */
extern void
arx_query_error_count(const ArxQueryKey *key, int sqlstate, TimestampTz when);

/* Notes the wording of an error that was counted.  Takes the lock. */
extern void arx_query_error_message(const ArxQueryKey *key, int sqlstate,
									const char *message);

/* Number of rows there may be; copies row n, false when it is free. */
extern int arx_query_errors_max(void);
extern bool arx_query_error_copy(int n, ArxQueryError *copy);

/* Puts a row back (at start-up, from the file). */
extern void arx_query_error_restore(const ArxQueryError *row);

/*
 * Forgets rows: of all users, databases, statements where the argument is 0.
 */
extern void arx_query_errors_reset(Oid userid, Oid dbid, uint64 queryid);

/* Rows overwritten because the table was full. */
extern uint64 arx_query_errors_overwritten(void);

#endif /* ARX_QUERY_ERRORS_H */
