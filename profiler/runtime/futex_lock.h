/*
 * futex_lock.h
 *	  A mutex of one word, made of nothing but a system call.
 *
 * Not recursive; the holder has ah_thread.inside set.  After a fork the child
 * sets it to zero.  (Drepper, "Futexes are tricky", mutex 2.)
 */
#ifndef ARX_PROFILER_FUTEX_LOCK_H
#define ARX_PROFILER_FUTEX_LOCK_H

#include <linux/futex.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* It is held for some hundred nanoseconds: look again before going to sleep. */
#define AH_LOCK_SPINS 100

typedef _Atomic uint32_t AhLock; /* 0 free, 1 held, 2 held and waited for */

static inline void
ah_lock(AhLock *lock)
{
	uint32_t state = 0;

	for (int i = 0; i < AH_LOCK_SPINS; i++, state = 0)
	{
		if (atomic_compare_exchange_strong_explicit(
				lock, &state, 1, memory_order_acquire, memory_order_relaxed))
			return;
		__builtin_ia32_pause();
	}
	if (state != 2)
		state = atomic_exchange_explicit(lock, 2, memory_order_acquire);
	while (state != 0)
	{
		syscall(SYS_futex, lock, FUTEX_WAIT_PRIVATE, 2, NULL, NULL, 0);
		state = atomic_exchange_explicit(lock, 2, memory_order_acquire);
	}
}

static inline void
ah_unlock(AhLock *lock)
{
	if (atomic_exchange_explicit(lock, 0, memory_order_release) == 2)
		syscall(SYS_futex, lock, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

#endif
