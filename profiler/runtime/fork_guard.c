/*
 * fork_guard.c
 *	  What a fork leaves behind: a child that starts its own profile.
 *
 * The handlers run after the program's and before jemalloc's on the way in, and
 * the other way round on the way out.  The parent holds the locks of the runtime while it forks, so that the
 * child finds the tables whole; the child begins a new profile in which the
 * parent's samples count as inherited, draws new random numbers (else all
 * children of one parent would sample the same allocations), and has no thread
 * until its own first sample.
 */
#include "runtime/fork_guard.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/jemalloc.h"
#include "runtime/label_names.h"
#include "runtime/mapping_ledger.h"
#include "runtime/private_memory.h"
#include "runtime/runtime.h"
#include "runtime/sample_range.h"
#include "runtime/sampler.h"
#include "runtime/tables.h"

/* What a thread that forks found before; several may fork at a time. */
typedef enum Found
{
	NOT_STARTED, /* there is no profile */
	AT_WORK,	 /* the thread was inside the profiler, in a signal handler */
	LOCKED,		 /* it now holds all locks */
} Found;

static __thread Found found __attribute__((tls_model("initial-exec")));
typedef void (*Handler)(void);
typedef int (*Register)(Handler before, Handler in_parent, Handler in_child,
						void *object);

extern int __register_atfork(Handler before, Handler in_parent,
							 Handler in_child, void *object);
extern __attribute__((visibility("hidden"))) void *__dso_handle;

static _Atomic(Register) real_register;
static _Atomic bool registered;

/*
 * Not zero; on a page that the system gives a new process filled with zeros,
 * but not to one that shares this memory.  NULL where it cannot (Linux before
 * 4.14): then the pid tells, and a child by vfork() is taken for a process of
 * its own.
 */
static _Atomic uint32_t *own_mark;

/* Whoever held them is not in this process. */
static void
free_locks(void)
{
	ah_range_forked();
	ah_tables_forked();
	ah_mappings_forked();
	ah_label_names_forked();
}

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
	if (own_mark != NULL)
		atomic_store(own_mark, 1);
	free_locks();
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
	free_locks();
}

static void
before_fork(void)
{
	if (!atomic_load(&ah_runtime.started))
		found = NOT_STARTED;
	else if (ah_thread.inside)
		found = AT_WORK;
	else
	{
		found = LOCKED;
		ah_thread.inside = 1;
		ah_mappings_lock();
		ah_tables_lock();
		ah_range_lock();
	}
}

static void
after_fork_in_parent(void)
{
	if (found != LOCKED)
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

	if (found == LOCKED)
	{
		begin_child();
		ah_thread.inside = 0;
	}
	else if (found == AT_WORK)
		give_up();
	errno = saved;
}

/* jemalloc's handlers have to be there first, to be called last. */
void
ah_fork_register(void)
{
	uint32_t inside = ah_thread.inside;

	if (atomic_exchange(&registered, true))
		return;
	ah_thread.inside = 1;
	je_free(je_malloc(1));
	pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
	ah_thread.inside = inside;
}

/*
 * What pthread_atfork() is in the C library: a library's constructor may come
 * here before ours runs, and before anybody has allocated.
 */
__attribute__((visibility("default"))) int
__register_atfork(Handler before, Handler in_parent, Handler in_child,
				  void *object)
{
	Register next = atomic_load(&real_register);
	int saved = errno;

	if (next == NULL)
	{
		next = (Register) dlsym(RTLD_NEXT, "__register_atfork");
		atomic_store(&real_register, next);
	}
	if (object != &__dso_handle)
		ah_fork_register();
	errno = saved;
	return next != NULL ? next(before, in_parent, in_child, object) : ENOMEM;
}

void
ah_fork_start(void)
{
	ah_fork_register();
	own_mark = ah_map(sizeof(*own_mark));
	if (own_mark == NULL)
		return;
	if (ah_sys_madvise((void *) own_mark, 1, MADV_WIPEONFORK) == 0)
		atomic_store(own_mark, 1);
	else
	{
		ah_unmap((void *) own_mark, sizeof(*own_mark));
		own_mark = NULL;
	}
}

static bool
is_new_process(void)
{
	if (own_mark != NULL)
		return atomic_load_explicit(own_mark, memory_order_relaxed) == 0;
	return getpid() !=
		atomic_load_explicit(&ah_runtime.pid, memory_order_relaxed);
}

/*
 * Such a child has one thread, which is here and holds no lock; what another
 * thread of the parent was writing at that moment cannot be known, but a
 * parent with other threads may not do this by the rules of clone() anyway.
 */
void
ah_fork_check(void)
{
	if (is_new_process())
		begin_child();
}
