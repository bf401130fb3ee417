/*
 * pg_compat_locks.h
 *	  Walks over the heavyweight lock manager's lists.
 *
 * All need the lock's partition LWLock, at least shared.
 */
#ifndef ARX_PG_COMPAT_LOCKS_H
#define ARX_PG_COMPAT_LOCKS_H

#include "postgres.h"

#include "storage/lock.h"
#include "storage/proc.h"

/*
 * Calls the function for each holder (or waiter) that the lock knows, until it
 * returns false.  PG 16 replaced SHM_QUEUE by dlist (5764f611e1), PG 19 gave
 * waiting its own link.
 */
typedef bool (*ArxProcLockVisitor)(PROCLOCK *proclock, void *arg);
typedef bool (*ArxWaiterVisitor)(PGPROC *proc, void *arg);

static inline void
arx_compat_visit_proclocks(LOCK *lock, ArxProcLockVisitor visit, void *arg)
{
#if PG_VERSION_NUM >= 160000
	dlist_iter iter;

	dlist_foreach (iter, &lock->procLocks)
		if (!visit(dlist_container(PROCLOCK, lockLink, iter.cur), arg))
			return;
#else
	SHM_QUEUE *queue = &lock->procLocks;
	PROCLOCK *p =
		(PROCLOCK *) SHMQueueNext(queue, queue, offsetof(PROCLOCK, lockLink));

	while (p != NULL && visit(p, arg))
		p = (PROCLOCK *) SHMQueueNext(queue, &p->lockLink,
									  offsetof(PROCLOCK, lockLink));
#endif
}

/* In the order in which they queue. */
static inline void
arx_compat_visit_waiters(LOCK *lock, ArxWaiterVisitor visit, void *arg)
{
#if PG_VERSION_NUM >= 160000
	dlist_iter iter;

	dclist_foreach (iter, &lock->waitProcs)
	{
#if PG_VERSION_NUM >= 190000
		PGPROC *proc = dlist_container(PGPROC, waitLink, iter.cur);
#else
		PGPROC *proc = dlist_container(PGPROC, links, iter.cur);
#endif

		if (!visit(proc, arg))
			return;
	}
#else
	PGPROC *proc = (PGPROC *) lock->waitProcs.links.next;

	for (int i = 0; i < lock->waitProcs.size; i++)
	{
		if (!visit(proc, arg))
			return;
		proc = (PGPROC *) proc->links.next;
	}
#endif
}

/* The locks of one partition that a process holds or awaits. */
static inline void
arx_compat_visit_own_proclocks(PGPROC *proc, int partition,
							   ArxProcLockVisitor visit, void *arg)
{
#if PG_VERSION_NUM >= 160000
	dlist_iter iter;

	dlist_foreach (iter, &proc->myProcLocks[partition])
		if (!visit(dlist_container(PROCLOCK, procLink, iter.cur), arg))
			return;
#else
	SHM_QUEUE *queue = &proc->myProcLocks[partition];
	PROCLOCK *p =
		(PROCLOCK *) SHMQueueNext(queue, queue, offsetof(PROCLOCK, procLink));

	while (p != NULL && visit(p, arg))
		p = (PROCLOCK *) SHMQueueNext(queue, &p->procLink,
									  offsetof(PROCLOCK, procLink));
#endif
}

#endif /* ARX_PG_COMPAT_LOCKS_H */
