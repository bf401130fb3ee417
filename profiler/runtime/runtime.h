/*
 * runtime.h
 *	  State that the files of the preloaded runtime share.
 *
 * Everything here runs inside somebody else's program, mostly inside its
 * malloc(): no function of the runtime calls malloc, stdio or anything that
 * takes a lock of the C library, unless its comment says that only the
 * runtime's own thread calls it.  Nothing keeps a file descriptor open.  errno
 * is as it was when a function of the program returns.
 *
 * Locks, in rising rank: mapping ledger, tables, sample range.  No file is read or written,
 * and no other lock is taken, while one is held, and whoever holds one has
 * ah_thread.inside set, so that a signal handler that allocates never waits
 * for its own thread.
 */
#ifndef ARX_PROFILER_RUNTIME_H
#define ARX_PROFILER_RUNTIME_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libarx/heap_control.h"
#include "libarx/heap_format.h"

#define AH_VERSION "1.0"
#define AH_PATH_MAX 512 /* of the snapshot folder, without a file's name */

/* Settings, from ARXHEAP_* in the environment; see runtime_config.c. */
typedef struct AhConfig
{
	bool wanted;	/* ARXHEAP_ONLY: this program is to be profiled at all */
	bool armed;		/* ARXHEAP_INERT unset: sample from the start */
	bool mappings;	/* ARXHEAP_MAPPINGS: keep the ledger of mappings */
	bool at_exit;	/* ARXHEAP_AT_EXIT: a last snapshot */
	bool quiet;		/* ARXHEAP_QUIET: no message on stderr */
	uint64_t depth; /* ARXHEAP_DEPTH: frames of a stack, at most */
	uint64_t
		sample_bytes; /* ARXHEAP_SAMPLE: mean between samples; 0 or 1: all */
	uint64_t interval_ms; /* ARXHEAP_INTERVAL: 0 none by itself */
	uint64_t
		growth_percent; /* ARXHEAP_GROWTH: a snapshot when live bytes grew by that; 0 never */
	size_t memory; /* ARXHEAP_MEMORY: own tables, bytes, at most */
	uint64_t
		process_bytes; /* ARXHEAP_KEEP: of one process's snapshots in the folder */
	uint64_t
		folder_bytes; /* ARXHEAP_KEEP_ALL: of all snapshots in the folder */
	char folder[AH_PATH_MAX]; /* ARXHEAP_DIR, absolute */
} AhConfig;

/* The process, and what happened to it. */
typedef struct AhRuntime
{
	AhConfig config;
	_Atomic bool started; /* constructor done: samples may be taken */
	_Atomic bool armed;
	_Atomic uint64_t mean; /* bytes between samples now */
	_Atomic int32_t pid;
	int32_t parent_pid;
	uint64_t start_us;		   /* UTC: the process began, or was forked */
	uint64_t profile_start_us; /* UTC: this profile began */
	_Atomic uint64_t start_ns; /* the same moment by CLOCK_MONOTONIC */
	_Atomic uint32_t forks;	   /* generation: bumped in each child */
	_Atomic uint64_t counters[ARX_HEAP_NCOUNTERS];
	_Atomic uint32_t refusal; /* ArxHeapRefusal */
} AhRuntime;

extern __attribute__((visibility("hidden"))) AhRuntime ah_runtime;

/* What each thread keeps; initial-exec, zero at first, no destructor. */
typedef struct AhThread
{
	uint64_t left;		 /* bytes until the next sample; running out: look */
	uint64_t label;		 /* the host's word (heap_label_abi.h) */
	uint64_t random;	 /* state of the generator, 0: not seeded */
	uint64_t mean;		 /* that left was drawn by; 0: none, do not sample */
	uint32_t forks;		 /* generation this thread was seeded in */
	uint32_t inside;	 /* the profiler is at work: do not sample */
	uintptr_t stack_low; /* known to be readable, up to stack_high */
	uintptr_t stack_high;
} AhThread;

extern __thread AhThread ah_thread
	__attribute__((tls_model("initial-exec"), visibility("hidden")));

static inline void
ah_count(ArxHeapCounter counter, uint64_t n)
{
	atomic_fetch_add_explicit(&ah_runtime.counters[counter], n,
							  memory_order_relaxed);
}

/* CLOCK_MONOTONIC and UTC; safe anywhere. */
extern uint64_t ah_now_ns(void);
extern uint64_t ah_utc_us(void);

/* Called once, by the constructor, in the process's first thread. */
extern void ah_snapshot_start(void);

/*
 * Wakes the runtime's thread, which takes a snapshot for this reason soon;
 * starts the thread when the process has none yet.  INTERVAL only starts it,
 * and is one load when there is one: called with every sample.  Called with
 * ah_thread.inside set, no lock held, never from inside a signal handler's
 * allocation.
 */
extern void ah_snapshot_ask(ArxHeapReason reason);

/*
 * Ends the runtime's thread for now; the next sample starts another one.
 * Called in a thread of the program, with no lock held.
 */
extern void ah_snapshot_rest(void);

/*
 * Writes a snapshot in the calling thread (at exit).  Returns 0 or an errno.
 */
extern int ah_snapshot_write(ArxHeapReason reason);

/* In the child of a fork: forgets thread, epochs and slot of the parent. */
extern void ah_snapshot_forked(void);

/*
 * Maps the control file and claims a slot, or, in a child, claims another
 * slot of the file that is mapped already.  Without one (folder not writable)
 * the process works by its settings alone.
 */
extern void ah_control_open(void);
extern void ah_control_forked(void);
/* Copies the counts that list and watch show into the slot. */
extern void ah_control_publish(void);
extern void ah_control_close(void);

#endif
