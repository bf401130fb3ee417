/*
 * lock_scan.h
 *	  Who waits for a heavyweight lock, and for whom: one pass.
 *
 * For each lock that somebody in a backend scan waits for, its holders and its
 * queue are read under that lock's partition LWLock, taken shared and only if
 * it is free at once.  Nothing is done when nobody waits.
 */
#ifndef ARX_LOCK_SCAN_H
#define ARX_LOCK_SCAN_H

#include "storage/lock.h"

#include "core/backend_scan.h"

/* Blockers kept of one waiter. */
#define ARX_MAX_BLOCKERS 8

typedef struct ArxBlocker
{
	int proc_number; /* -1 for a prepared transaction */
	int pid;		 /* 0 for a prepared transaction */
	Oid owner;		 /* of a prepared transaction; else InvalidOid */
	bool queued;	 /* does not hold it, is ahead in the queue */
} ArxBlocker;

typedef struct ArxWaiter
{
	int proc_number;
	int pid;
	LOCKTAG tag;
	LOCKMODE mode;	  /* that it waits for */
	int64 wait_start; /* TimestampTz; 0: about to be set */
	/*
	 * What it is about: the lock's relation, or, for the end of a transaction,
	 * that of the row the waiter has in its hands.  InvalidOid: not known; dbid
	 * is InvalidOid for a relation that all databases share, too.
	 */
	Oid dbid;
	Oid relid;
	/*
	 * Holders that conflict, then those ahead in the queue that do; parallel
	 * workers count as their leader.  Zero when they let go meanwhile.  Of very
	 * many not all are looked at.
	 */
	int nblockers;	  /* in blockers */
	int all_blockers; /* at least so many */
	ArxBlocker blockers[ARX_MAX_BLOCKERS];
	int row_searches; /* own: for the relation of the row */
} ArxWaiter;

typedef struct ArxLockScan
{
	int nwaiters;
	ArxWaiter *waiters; /* by rising proc_number */

	/* since the scan was made */
	int64 skipped; /* waiters not looked at: their partition was in use */

	/* own */
	int max_waiters;
	bool holders_first;
	int nbefore; /* the waiters of the look before, by rising proc_number */
	ArxWaiter *before;
} ArxLockScan;

/*
 * One in CurrentMemoryContext, some 500 bytes a possible process.
 * holders_first: of a waiter that a holder blocks, those ahead of it in the
 * queue are not looked for, which spares the walk along a long queue.
 */
extern ArxLockScan *arx_lock_scan_make(bool holders_first);

/*
 * Fills it for the sessions of the scan that wait for a lock.  Takes partition
 * LWLocks of the lock manager, one at a time, shared, never waiting; the caller
 * must hold none.  No error.
 */
extern void
arx_lock_scan_look(ArxLockScan *scan, const ArxBackendScan *backends);

/* The waiter with this PGPROC number, or NULL. */
extern const ArxWaiter *
arx_lock_scan_of(const ArxLockScan *scan, int proc_number);

/*
 * The head of the chain in which the waiter is: follows the first blocker until
 * one that waits for no lock.  In a deadlock, the one where the walk came round.
 * NULL when nobody blocks it.
 */
extern const ArxBlocker *
arx_lock_scan_head(const ArxLockScan *scan, const ArxWaiter *waiter);

#endif /* ARX_LOCK_SCAN_H */
