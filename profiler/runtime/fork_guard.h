/*
 * fork_guard.h
 *	  What a fork leaves behind: a child that starts its own profile.
 */
#ifndef ARX_PROFILER_FORK_GUARD_H
#define ARX_PROFILER_FORK_GUARD_H

/* Registers the handlers; called once, by the constructor. */
extern void ah_fork_start(void);

/*
 * Notices a child that was made past the C library's fork() (by clone(), or
 * by _Fork()), whose handlers therefore did not run, and does their work.
 * Called with ah_thread.inside set and no lock held.
 */
extern void ah_fork_check(void);

#endif
