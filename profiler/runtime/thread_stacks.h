/*
 * thread_stacks.h
 *	  How much of the threads' stacks is in memory.
 */
#ifndef ARX_PROFILER_THREAD_STACKS_H
#define ARX_PROFILER_THREAD_STACKS_H

#include <stdint.h>

#define AH_STACKS_MAX 4096 /* threads that are looked for */

/*
 * The resident bytes of the main thread's stack and of those that the C library
 * mapped for other threads, the runtime's own among them, with the thread-local
 * variables above them.  One caller at a time, with ah_thread.inside set.
 *
 * Not found: stacks that the program made by itself (they are among its own
 * mappings, or in malloc), stacks without a guard page, stacks of threads that
 * have ended (the C library keeps some for reuse, and gives back most of their
 * pages), and those of threads beyond AH_STACKS_MAX.
 */
extern uint64_t ah_thread_stacks_resident(void);

#endif
