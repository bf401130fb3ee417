/*
 * preload_main.c
 *	  Start and end of the runtime in a program.
 *
 * The program's malloc() is ours before this constructor runs and after the
 * destructor did: until then, and from then on, nothing is sampled.  What
 * cannot be profiled is said once on stderr and left alone: it runs on
 * jemalloc, unprofiled.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "runtime/fork_guard.h"
#include "runtime/jemalloc.h"
#include "runtime/label_names.h"
#include "runtime/runtime.h"
#include "runtime/runtime_config.h"
#include "runtime/runtime_log.h"
#include "runtime/sample_range.h"
#include "runtime/tables.h"
#include "runtime/unwind.h"

AhRuntime ah_runtime;

/* jemalloc's own profiling would unwind and lock; ours is in its place. */
const char *je_malloc_conf = "prof:false";

typedef int (*CloseLibrary)(void *handle);
typedef void *(*Allocate)(size_t size);
typedef void (*Release)(void *block);

static _Atomic(CloseLibrary) real_dlclose;

extern int dlclose(void *handle);
extern const char *je_malloc_conf;
extern void *ah_no_sbrk(intptr_t increment);
extern int ah_no_unwind(void *step, void *context);
extern uintptr_t ah_no_unwind_ip(void *context);

/* ---- what the archive of jemalloc would call and may not ---- */

/* jemalloc takes no memory from the program break: that is the program's. */
void *
ah_no_sbrk(intptr_t increment)
{
	(void) increment;
	errno = ENOMEM;
	return (void *) -1;
}

int
ah_no_unwind(void *step, void *context)
{
	(void) step, (void) context;
	return 5; /* end of stack */
}

uintptr_t
ah_no_unwind_ip(void *context)
{
	(void) context;
	return 0;
}

/* ---- clocks ---- */

uint64_t
ah_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t) now.tv_sec * 1000000000ULL + (uint64_t) now.tv_nsec;
}

uint64_t
ah_utc_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t) now.tv_sec * 1000000ULL + (uint64_t) now.tv_nsec / 1000;
}

/* ---- unloading of libraries ---- */

/* Another object may be loaded where this one was: cached rules are forgotten. */
__attribute__((visibility("default"))) int
dlclose(void *handle)
{
	CloseLibrary close_library = atomic_load(&real_dlclose);
	int result;

	if (close_library == NULL)
	{
		close_library = (CloseLibrary) dlsym(RTLD_NEXT, "dlclose");
		atomic_store(&real_dlclose, close_library);
	}
	result = close_library(handle);
	ah_unwind_forget();
	return result;
}

/* ---- start ---- */

/*
 * The program brings a malloc of its own, in itself or in a library that comes
 * before this one: then most blocks never pass here.  Addresses do not tell: a
 * program may have one of its own for our function.  So one block is allocated
 * as the program would, which has to be counted here.
 */
static bool
is_another_allocator_first(void)
{
	Allocate allocate = (Allocate) dlsym(RTLD_DEFAULT, "malloc");
	Release release = (Release) dlsym(RTLD_DEFAULT, "free");
	uint64_t enough = 1 << 20;

	if (allocate == NULL || release == NULL)
		return false;
	ah_thread.left = enough;
	release(allocate(1));
	return ah_thread.left == enough;
}

static ArxHeapRefusal
find_refusal(void)
{
	if (is_another_allocator_first())
		return ARX_HEAP_REFUSED_ALLOCATOR;
	if (!ah_range_start())
		return ARX_HEAP_REFUSED_RANGE;
	if (!ah_tables_start())
		return ARX_HEAP_REFUSED_MEMORY;
	return ARX_HEAP_REFUSED_NOT;
}

static void
say_refusal(ArxHeapRefusal refusal)
{
	static const char *const reasons[] = {
		[ARX_HEAP_REFUSED_ALLOCATOR] = "it brings another malloc",
		[ARX_HEAP_REFUSED_RANGE] =
			"no address space could be reserved, see ulimit -v",
		[ARX_HEAP_REFUSED_MEMORY] =
			"no memory for the profiler, see ARXHEAP_MEMORY",
	};

	ah_say("this program runs unprofiled", reasons[refusal]);
}

static void
start_profile(void)
{
	ArxHeapRefusal refusal;

	ah_runtime.pid = getpid();
	ah_runtime.parent_pid = getppid();
	ah_runtime.start_us = ah_runtime.profile_start_us = ah_utc_us();
	ah_runtime.start_ns = ah_now_ns();
	ah_runtime.mean = ah_runtime.config.sample_bytes;
	refusal = find_refusal();
	ah_runtime.refusal = refusal;
	ah_runtime.armed =
		refusal == ARX_HEAP_REFUSED_NOT && ah_runtime.config.armed;
	ah_control_open();
	if (refusal == ARX_HEAP_REFUSED_NOT)
	{
		ah_fork_start();
		ah_snapshot_start();
		ah_runtime.started = true;
	}
	else
		say_refusal(refusal);
}

__attribute__((constructor)) static void
start(void)
{
	int saved = errno;

	ah_thread.inside = 1;
	ah_config_read(&ah_runtime.config);
	atomic_store(&real_dlclose, (CloseLibrary) dlsym(RTLD_NEXT, "dlclose"));
	if (ah_runtime.config.wanted)
		start_profile();
	ah_thread.left = 0;
	ah_thread.inside = 0;
	errno = saved;
}

/*
 * Whether a last snapshot would tell something: something was sampled, and a
 * forked child (a connection's server process, say) lived for an interval, or
 * a thousand of them would leave a thousand files.
 */
static bool
is_worth_a_snapshot(void)
{
	uint64_t age_ms = (ah_now_ns() - ah_runtime.start_ns) / 1000000;

	return ah_runtime.armed && ah_runtime.config.at_exit &&
		ah_runtime.counters[ARX_HEAP_COUNT_SAMPLES] > 0 &&
		(ah_runtime.forks == 0 || age_ms >= ah_runtime.config.interval_ms);
}

__attribute__((destructor)) static void
end(void)
{
	int saved = errno;

	if (ah_runtime.started && getpid() == ah_runtime.pid)
	{
		uint32_t inside = ah_thread.inside;

		/* exit() in a signal handler: this thread may hold a lock of ours */
		ah_thread.inside = 1;
		if (inside == 0 && is_worth_a_snapshot())
			ah_snapshot_write(ARX_HEAP_REASON_EXIT);
		atomic_store(&ah_runtime.armed, false);
		ah_control_close();
		ah_thread.inside = inside;
	}
	errno = saved;
}
