/*
 * thread_stacks.h
 *	  How much of the threads' stacks is in memory.
 */
#ifndef ARX_PROFILER_THREAD_STACKS_H
#define ARX_PROFILER_THREAD_STACKS_H

#include <stdint.h>

#define AH_STACKS_MAX 4096 /* threads that are looked for */

/*
 * Adds up the resident bytes of the main thread's stack and of those that the
 * C library mapped for other threads, with the thread-local variables above
 * them.  own_thread's (a thread id, 0 none) are returned apart in own_bytes.
 * One caller at a time, with ah_thread.inside set.
 *
 * Not found: stacks that the program made by itself (they are among its own
 * mappings, or in malloc), stacks without a guard page, stacks of threads that
 * have ended (the C library keeps some for reuse, and gives back most of their
 * pages), and those of threads beyond AH_STACKS_MAX.
 */
extern uint64_t
ah_thread_stacks_resident(int32_t own_thread, uint64_t *own_bytes);

#endif
