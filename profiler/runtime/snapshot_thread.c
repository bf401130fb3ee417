/*
 * snapshot_thread.c
 *	  The one thread of the runtime: waits until a snapshot is due or wanted.
 *
 * It is started with the process's first sample, blocks all signals, never
 * samples itself and sleeps on a futex: the word "wake" of the process's slot,
 * so that a command in another process can wake it, or a word of our own when
 * there is no slot.
 *
 * It has a table of descriptors of its own, empty at first: the program cannot
 * close its files, nor meet their numbers, and it keeps no file of the program
 * open.  (close_range() with CLOSE_RANGE_UNSHARE, Linux 5.9; on older systems
 * it shares the program's table and looks before it writes, see
 * snapshot_file.c.)
 *
 * A process ends with its last thread, which runs what was registered for the
 * end and flushes the program's streams.  That must not be ours, which has none
 * of the program's descriptors.  So ours ends before the first thread does, if
 * that ends by pthread_exit(); what the process does from then on is in its
 * snapshot at exit alone.
 */
#include "runtime/snapshot_thread.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/control_slot.h"
#include "runtime/runtime.h"

#define CLOSE_RANGE_UNSHARE_FLAG 2
#define THREAD_NICENESS 10
#define SECOND_NS UINT64_C(1000000000)
#define TURN_NS (30 * SECOND_NS) /* looks round at least that often */
#define GROWTH_REST_NS SECOND_NS /* between two snapshots on growth */
#define START_REST_NS SECOND_NS	 /* after the system refused a thread */

typedef enum Running
{
	NO_THREAD,
	ON_ITS_WAY,
	THREAD_IS_THERE,
	NEVER_AGAIN,
} Running;

static _Atomic uint32_t running;
static pthread_t thread; /* when it is there */
static _Atomic bool may_end;
static pthread_key_t first_thread; /* set in the process's first thread only */
static bool has_key;
static _Atomic uint64_t refused_ns;
static _Atomic uint32_t asked; /* reasons, a bit each */
static _Atomic uint32_t own_wake;

/* What only the thread touches. */
typedef struct Schedule
{
	uint64_t due_ns;   /* of the next snapshot by the interval, 0: none */
	uint64_t grown_ns; /* when a snapshot on growth was taken last */
} Schedule;

/* ---- sleeping and waking ---- */

static _Atomic uint32_t *
wake_word(void)
{
	ArxHeapSlot *slot = ah_control_slot();

	return slot != NULL ? &slot->wake : &own_wake;
}

static void
wake_thread(void)
{
	_Atomic uint32_t *word = wake_word();

	atomic_fetch_add(word, 1);
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* Sleeps unless the word has moved on from seen. */
static void
sleep_until(_Atomic uint32_t *word, uint32_t seen, uint64_t until_ns)
{
	uint64_t now = ah_now_ns();
	uint64_t left = until_ns > now ? until_ns - now : 0;
	struct timespec timeout = {(time_t) (left / SECOND_NS),
							   (long) (left % SECOND_NS)};

	if (left > 0)
		syscall(SYS_futex, word, FUTEX_WAIT, seen, &timeout, NULL, 0);
}

/* ---- what the thread does at each turn ---- */

static bool
take_reason(ArxHeapReason reason)
{
	return (atomic_fetch_and(&asked, ~(1U << reason)) & 1U << reason) != 0;
}

static void
answer_request(void)
{
	uint32_t request = ah_control_request();

	take_reason(ARX_HEAP_REASON_REQUEST);
	if (request != 0)
		ah_control_answer(request, ah_snapshot_write(ARX_HEAP_REASON_REQUEST));
}

static void
write_on_growth(Schedule *schedule)
{
	uint64_t now = ah_now_ns();

	if (now - schedule->grown_ns >= GROWTH_REST_NS &&
		take_reason(ARX_HEAP_REASON_GROWTH))
	{
		schedule->grown_ns = now;
		ah_snapshot_write(ARX_HEAP_REASON_GROWTH);
	}
}

static void
write_by_interval(Schedule *schedule)
{
	uint64_t interval_ns = ah_runtime.config.interval_ms * 1000000;
	uint64_t now = ah_now_ns();

	if (interval_ns == 0 || !atomic_load(&ah_runtime.armed))
	{
		schedule->due_ns = 0;
		return;
	}
	if (schedule->due_ns != 0 && now >= schedule->due_ns)
	{
		ah_snapshot_write(ARX_HEAP_REASON_INTERVAL);
		schedule->due_ns += interval_ns;
		if (schedule->due_ns <= now)
			schedule->due_ns = 0;
	}
	if (schedule->due_ns == 0)
		schedule->due_ns = now + interval_ns;
}

static uint64_t
next_turn(const Schedule *schedule)
{
	uint64_t next = ah_now_ns() + TURN_NS;

	if (schedule->due_ns != 0 && schedule->due_ns < next)
		next = schedule->due_ns;
	if ((atomic_load(&asked) & 1U << ARX_HEAP_REASON_GROWTH) != 0 &&
		schedule->grown_ns + GROWTH_REST_NS < next)
		next = schedule->grown_ns + GROWTH_REST_NS;
	return next;
}

static void
take_turn(Schedule *schedule)
{
	ah_control_poll();
	if (take_reason(ARX_HEAP_REASON_DISARM))
		ah_snapshot_write(ARX_HEAP_REASON_DISARM);
	answer_request();
	write_on_growth(schedule);
	write_by_interval(schedule);
	ah_control_publish();
}

/* ---- its life ---- */

static void
tell_has_thread(bool there)
{
	ArxHeapSlot *slot = ah_control_slot();

	if (slot != NULL)
		atomic_store(&slot->has_thread, there ? 1 : 0);
}

static void *
run(void *unused)
{
	Schedule schedule = {0, 0};

	(void) unused;
	ah_thread.inside = 1;
	prctl(PR_SET_NAME, "arxheap");
	/* Of this thread only.  It holds no lock while it works: it can wait. */
	if (nice(THREAD_NICENESS) < 0)
		errno = 0;
#ifdef SYS_close_range
	syscall(SYS_close_range, 0U, ~0U, CLOSE_RANGE_UNSHARE_FLAG);
#endif
	tell_has_thread(true);
	while (!atomic_load(&may_end))
	{
		_Atomic uint32_t *word = wake_word();
		uint32_t seen = atomic_load(word);

		take_turn(&schedule);
		sleep_until(word, seen, next_turn(&schedule));
	}
	tell_has_thread(false);
	return NULL;
}

/* Stack sizes to try: the host's thread-local data lie on the stack, too. */
static int
create_thread(void)
{
	static const size_t sizes[] = {256 * 1024, 1024 * 1024, 8 * 1024 * 1024};
	pthread_attr_t attributes;
	int error = pthread_attr_init(&attributes);

	if (error != 0)
		return error;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		pthread_attr_setstacksize(&attributes, sizes[i]);
		error = pthread_create(&thread, &attributes, run, NULL);
		if (error != EINVAL)
			break;
	}
	pthread_attr_destroy(&attributes);
	return error;
}

/* A new thread inherits which signals its maker blocks. */
static void
start_thread(void)
{
	sigset_t all, before;
	uint32_t none = NO_THREAD;

	/* A child by vfork() would have the thread, and take it along. */
	if (getpid() != atomic_load(&ah_runtime.pid) ||
		ah_now_ns() - atomic_load(&refused_ns) < START_REST_NS ||
		!atomic_compare_exchange_strong(&running, &none, ON_ITS_WAY))
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (create_thread() == 0)
		atomic_store(&running, THREAD_IS_THERE);
	else
	{
		atomic_store(&refused_ns, ah_now_ns());
		atomic_store(&running, NO_THREAD);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/*
 * Ends the thread, if there is one, and waits for that; afterwards is
 * NO_THREAD or NEVER_AGAIN.
 */
static void
finish_thread(Running afterwards)
{
	uint32_t none = NO_THREAD;

	atomic_store(&may_end, true);
	while (!atomic_compare_exchange_strong(&running, &none, afterwards) &&
		   none == ON_ITS_WAY)
	{
		sched_yield();
		none = NO_THREAD;
	}
	if (none == THREAD_IS_THERE)
	{
		wake_thread();
		pthread_join(thread, NULL);
		atomic_store(&running, afterwards);
	}
	atomic_store(&may_end, false);
}

/* The first thread ends, and others may go on: see above. */
static void
end_thread(void *unused)
{
	(void) unused;
	finish_thread(NEVER_AGAIN);
}

void
ah_snapshot_rest(void)
{
	finish_thread(NO_THREAD);
}

void
ah_snapshot_start(void)
{
	has_key = pthread_key_create(&first_thread, end_thread) == 0;
	if (!has_key || pthread_setspecific(first_thread, &first_thread) != 0)
		atomic_store(&running, NEVER_AGAIN);
}

void
ah_snapshot_ask(ArxHeapReason reason)
{
	int saved;

	if (atomic_load_explicit(&running, memory_order_relaxed) != NO_THREAD &&
		reason == ARX_HEAP_REASON_INTERVAL)
		return;
	saved = errno;
	if (reason != ARX_HEAP_REASON_INTERVAL)
		atomic_fetch_or(&asked, 1U << reason);
	start_thread();
	if (reason != ARX_HEAP_REASON_INTERVAL)
		wake_thread();
	errno = saved;
}

void
ah_snapshot_forked(void)
{
	if (has_key && pthread_setspecific(first_thread, &first_thread) == 0)
		atomic_store(&running, NO_THREAD);
	atomic_store(&may_end, false);
	atomic_store(&refused_ns, 0);
	atomic_store(&asked, 0);
	ah_snapshot_writer_forked();
}
