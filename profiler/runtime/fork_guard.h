/*
 * fork_guard.h
 *	  What a fork leaves behind: a child that starts its own profile.
 */
#ifndef ARX_PROFILER_FORK_GUARD_H
#define ARX_PROFILER_FORK_GUARD_H

/*
 * Registers the handlers, before the program registers any of its own: they
 * are called last before a fork, so that nothing of ours is locked while a
 * handler of the program waits for a lock of its own.  Called with the first
 * allocation, and when the program registers a handler; later calls do nothing.
 */
extern void ah_fork_register(void);

/* Called once, by the constructor, when the tables are there. */
extern void ah_fork_start(void);

/*
 * Notices a child that was made past the C library's fork() (by clone(), or
 * by _Fork()), whose handlers therefore did not run, and does their work.  A
 * child that shares its parent's memory (by vfork()) is part of the parent.
 * Called with ah_thread.inside set and no lock held.
 */
extern void ah_fork_check(void);

#endif
