/*
 * fork_guard.c
 *	  What a fork leaves behind: a child that starts its own profile.
 *
 * The handlers run before jemalloc's on the way in and after them on the way
 * out.  The parent holds the locks of the runtime while it forks, so that the
 * child finds the tables whole; the child begins a new profile in which the
 * parent's samples count as inherited, draws new random numbers (else all
 * children of one parent would sample the same allocations), and has no thread
 * until its own first sample.
 */
#include "runtime/fork_guard.h"

#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/label_names.h"
#include "runtime/mapping_ledger.h"
#include "runtime/runtime.h"
#include "runtime/sample_range.h"
#include "runtime/sampler.h"
#include "runtime/tables.h"

/* Of the thread that forks; the others cannot be in the handlers meanwhile. */
static bool holds_locks;

/* In the child: a process of its own, with the parent's tables. */
static void
begin_child(void)
{
	ah_runtime.parent_pid = ah_runtime.pid;
	atomic_store(&ah_runtime.pid, getpid());
	ah_runtime.start_us = ah_runtime.profile_start_us = ah_utc_us();
	atomic_store(&ah_runtime.start_ns, ah_now_ns());
	for (int i = 0; i < ARX_HEAP_NCOUNTERS; i++)
		atomic_store(&ah_runtime.counters[i], 0);
	atomic_fetch_add(&ah_runtime.forks, 1);
	ah_range_forked();
	ah_tables_forked();
	ah_mappings_forked();
	ah_label_names_forked();
	ah_snapshot_forked();
	ah_control_forked();
	ah_sampler_forked();
}

/* The tables may be half written: this child is not profiled. */
static void
give_up(void)
{
	atomic_store(&ah_runtime.refusal, ARX_HEAP_REFUSED_FORK);
	atomic_store(&ah_runtime.armed, false);
	atomic_store(&ah_runtime.started, false);
}

static void
before_fork(void)
{
	holds_locks = !ah_thread.inside;
	if (!holds_locks)
		return;
	ah_thread.inside = 1;
	ah_mappings_lock();
	ah_tables_lock();
	ah_range_lock();
}

static void
after_fork_in_parent(void)
{
	if (!holds_locks)
		return;
	ah_range_unlock();
	ah_tables_unlock();
	ah_mappings_unlock();
	ah_thread.inside = 0;
}

static void
after_fork_in_child(void)
{
	int saved = errno;

	if (holds_locks)
	{
		begin_child();
		ah_thread.inside = 0;
	}
	else
		give_up();
	errno = saved;
}

void
ah_fork_start(void)
{
	pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

/*
 * Such a child has one thread, which is here and holds no lock; what another
 * thread of the parent was writing at that moment cannot be known, but a
 * parent with other threads may not do this by the rules of clone() anyway.
 */
void
ah_fork_check(void)
{
	if (getpid() != atomic_load_explicit(&ah_runtime.pid, memory_order_relaxed))
		begin_child();
}
