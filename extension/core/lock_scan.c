/*
 * lock_scan.c
 *	  Reads holders and queues of the locks that somebody waits for.
 *
 * A process's waitLock is read before its partition's LWLock is held: it may
 * have changed, and the lock's memory been used for another.  Locks are never
 * unmapped, so the read is harmless, and under the LWLock it is looked at again.
 */
#include "postgres.h"

#include "port/pg_bitutils.h"
#include "storage/lwlock.h"
#include "storage/proc.h"

#include "compat/pg_compat.h"
#include "compat/pg_compat_backends.h"
#include "compat/pg_compat_locks.h"
#include "core/lock_scan.h"

/* Of a lock with very many holders only so many are looked at. */
#define MAX_VISITS 1024

/* The row in a waiter's hands is searched for so often, then given up. */
#define ROW_SEARCHES 3

typedef struct Visit
{
	ArxWaiter *waiter;
	PGPROC *proc; /* the waiter's */
	LOCKMASK conflicts;
	int grants; /* whose holders are still to be met */
	int seen;
} Visit;

ArxLockScan *
arx_lock_scan_make(bool holders_first)
{
	ArxLockScan *scan = palloc0(sizeof(*scan));

	scan->max_waiters = MaxBackends;
	scan->holders_first = holders_first;
	scan->waiters = palloc(sizeof(ArxWaiter) * scan->max_waiters);
	scan->before = palloc(sizeof(ArxWaiter) * scan->max_waiters);
	return scan;
}

static PGPROC *
leader_of(PGPROC *proc)
{
	PGPROC *leader = ((volatile PGPROC *) proc)->lockGroupLeader;

	return leader ? leader : proc;
}

static void
add_blocker(Visit *visit, PGPROC *proc, bool queued)
{
	ArxWaiter *waiter = visit->waiter;
	PGPROC *leader = leader_of(proc);
	int number = arx_compat_proc_number(leader);
	/* The PGPROCs of prepared transactions come after those of processes. */
	bool prepared = number >= arx_compat_proc_count();
	ArxBlocker *blocker;

	if (leader == leader_of(visit->proc))
		return;
	for (int i = 0; i < waiter->nblockers; i++)
		if (waiter->blockers[i].proc_number == number)
			return;
	waiter->all_blockers++;
	if (waiter->nblockers == ARX_MAX_BLOCKERS)
		return;
	blocker = &waiter->blockers[waiter->nblockers++];
	blocker->pid = prepared ? 0 : leader->pid;
	blocker->proc_number = prepared ? -1 : number;
	blocker->owner = prepared ? leader->roleId : InvalidOid;
	blocker->queued = queued;
}

/* Those who wait are in this list too, mostly behind those who hold. */
static bool
visit_holder(PROCLOCK *proclock, void *arg)
{
	Visit *visit = arg;

	if (proclock->holdMask & visit->conflicts)
		add_blocker(visit, proclock->tag.myProc, false);
	visit->grants -= pg_popcount32((uint32) proclock->holdMask);
	return visit->grants > 0 && ++visit->seen < MAX_VISITS;
}

/* A crowd that waits for one lock must not cost the square of its size. */
static bool
visit_queued(PGPROC *proc, void *arg)
{
	Visit *visit = arg;

	if (proc == visit->proc || visit->waiter->nblockers == ARX_MAX_BLOCKERS)
		return false; /* the others are behind it */
	if (LOCKBIT_ON(proc->waitLockMode) & visit->conflicts)
		add_blocker(visit, proc, true);
	return ++visit->seen < MAX_VISITS;
}

static bool
visit_own(PROCLOCK *proclock, void *arg)
{
	ArxWaiter *waiter = arg;
	const LOCKTAG *tag = &proclock->tag.myLock->tag;

	if (tag->locktag_type != LOCKTAG_TUPLE)
		return true;
	waiter->dbid = tag->locktag_field1;
	waiter->relid = tag->locktag_field2;
	return false;
}

/*
 * Who waits for the end of a transaction because of a row holds that row's lock
 * (the first in the queue does), and this names the table.
 */
static void
find_row(ArxWaiter *waiter, PGPROC *proc)
{
	for (int i = 0; i < NUM_LOCK_PARTITIONS && waiter->relid == InvalidOid; i++)
	{
		LWLock *lock = LockHashPartitionLockByIndex(i);

		if (!LWLockConditionalAcquire(lock, LW_SHARED))
			continue;
		if (proc->pid == waiter->pid)
			arx_compat_visit_own_proclocks(proc, i, visit_own, waiter);
		LWLockRelease(lock);
	}
}

static void
set_relation(ArxWaiter *waiter)
{
	const LOCKTAG *tag = &waiter->tag;

	waiter->dbid = InvalidOid;
	waiter->relid = InvalidOid;
	switch (tag->locktag_type)
	{
		case LOCKTAG_RELATION:
		case LOCKTAG_RELATION_EXTEND:
		case LOCKTAG_PAGE:
		case LOCKTAG_TUPLE:
			waiter->dbid = tag->locktag_field1;
			waiter->relid = tag->locktag_field2;
			break;
		default:
			break;
	}
}

static const ArxWaiter *
find_waiter(const ArxWaiter *waiters, int n, int proc_number)
{
	int low = 0;
	int high = n;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (waiters[middle].proc_number < proc_number)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < n && waiters[low].proc_number == proc_number)
		return &waiters[low];
	return NULL;
}

/* What a waiter has in its hands does not change while it waits. */
static void
find_row_once(const ArxLockScan *scan, ArxWaiter *waiter, PGPROC *proc)
{
	const ArxWaiter *before =
		find_waiter(scan->before, scan->nbefore, waiter->proc_number);

	waiter->row_searches = 0;
	if (before && before->pid == waiter->pid && waiter->wait_start != 0 &&
		before->wait_start == waiter->wait_start)
	{
		waiter->dbid = before->dbid;
		waiter->relid = before->relid;
		waiter->row_searches = before->row_searches;
	}
	if (waiter->relid != InvalidOid || waiter->row_searches == ROW_SEARCHES)
		return;
	waiter->row_searches++;
	find_row(waiter, proc);
}

/* The partition's LWLock is held, and the process does wait for the lock. */
static void
read_lock(const ArxLockScan *scan, ArxWaiter *waiter, PGPROC *proc, LOCK *lock)
{
	Visit visit = {.waiter = waiter, .proc = proc, .grants = lock->nGranted};

	waiter->tag = lock->tag;
	waiter->mode = proc->waitLockMode;
	waiter->wait_start = (int64) pg_atomic_read_u64(&proc->waitStart);
	waiter->nblockers = 0;
	waiter->all_blockers = 0;
	visit.conflicts =
		GetLockTagsMethodTable(&lock->tag)->conflictTab[waiter->mode];
	arx_compat_visit_proclocks(lock, visit_holder, &visit);
	if (waiter->nblockers > 0 && scan->holders_first)
		return;
	visit.seen = 0;
	arx_compat_visit_waiters(lock, visit_queued, &visit);
}

/* False: it does not wait any more, or could not be looked at. */
static bool
look_at(ArxLockScan *scan, const ArxSession *session)
{
	PGPROC *proc = &ProcGlobal->allProcs[session->proc_number];
	ArxWaiter *waiter = &scan->waiters[scan->nwaiters];
	LOCK *lock = ((volatile PGPROC *) proc)->waitLock;
	LWLock *partition;
	LOCKTAG tag;
	bool waits;

	if (lock == NULL)
		return false;
	pg_read_barrier();
	tag = lock->tag;
	partition = LockHashPartitionLock(LockTagHashCode(&tag));
	if (!LWLockConditionalAcquire(partition, LW_SHARED))
	{
		scan->skipped++;
		return false;
	}
	waits = ((volatile PGPROC *) proc)->waitLock == lock &&
		proc->pid == session->pid;
	pg_read_barrier();
	/* Is the lock of this partition?  Then nobody changes it now. */
	waits = waits && memcmp(&lock->tag, &tag, sizeof(tag)) == 0;
	if (waits)
	{
		waiter->proc_number = session->proc_number;
		waiter->pid = session->pid;
		read_lock(scan, waiter, proc, lock);
	}
	LWLockRelease(partition);
	if (!waits)
		return false;
	set_relation(waiter);
	if (tag.locktag_type == LOCKTAG_TRANSACTION)
		find_row_once(scan, waiter, proc);
	return true;
}

void
arx_lock_scan_look(ArxLockScan *scan, const ArxBackendScan *backends)
{
	ArxWaiter *before = scan->before;

	scan->before = scan->waiters;
	scan->nbefore = scan->nwaiters;
	scan->waiters = before;
	scan->nwaiters = 0;
	for (int i = 0; i < backends->nsessions; i++)
	{
		const ArxSession *session = backends->sessions[i];

		if ((session->wait_event_info & 0xFF000000) == PG_WAIT_LOCK &&
			scan->nwaiters < scan->max_waiters && look_at(scan, session))
			scan->nwaiters++;
	}
}

const ArxWaiter *
arx_lock_scan_of(const ArxLockScan *scan, int proc_number)
{
	return find_waiter(scan->waiters, scan->nwaiters, proc_number);
}

const ArxBlocker *
arx_lock_scan_head(const ArxLockScan *scan, const ArxWaiter *waiter)
{
	const ArxBlocker *head = NULL;

	for (int steps = 0;
		 waiter != NULL && waiter->nblockers > 0 && steps <= scan->nwaiters;
		 steps++)
	{
		head = &waiter->blockers[0];
		waiter = arx_lock_scan_of(scan, head->proc_number);
	}
	return head;
}
