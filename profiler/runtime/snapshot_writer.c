/*
 * snapshot_writer.c
 *	  Writes a snapshot: what is live now, to a file of its own.
 *
 * One snapshot at a time: the runtime's thread and a process's end may meet
 * here.  Nothing of the program waits meanwhile, but for the tables' lock while
 * a chunk of them is copied.  What fails is counted and tried again with the
 * next snapshot.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/code_names.h"
#include "runtime/control_slot.h"
#include "runtime/label_names.h"
#include "runtime/module_map.h"
#include "runtime/private_memory.h"
#include "runtime/process_facts.h"
#include "runtime/proc_file.h"
#include "runtime/rss_ledger.h"
#include "runtime/runtime.h"
#include "runtime/snapshot_contents.h"
#include "runtime/snapshot_file.h"
#include "runtime/snapshot_rows.h"
#include "runtime/snapshot_scratch.h"
#include "runtime/snapshot_thread.h"

#define MAX_FILE_BYTES (1024 * 1024)
#define WAIT_SECONDS 5 /* for another thread's snapshot, at exit */

static _Atomic uint32_t writing; /* 1: somebody is here */
static uint64_t sequence;		 /* of the last snapshot written */

/* About 60 kB, touched only when a snapshot is written. */
static AhContents contents;
static ArxHeapWriter writer;

/* ---- one at a time ---- */

/* False when another thread is at it for WAIT_SECONDS. */
static bool
begin_writing(void)
{
	uint64_t deadline = ah_now_ns() + WAIT_SECONDS * UINT64_C(1000000000);
	struct timespec moment = {0, 100 * 1000 * 1000};

	while (atomic_exchange(&writing, 1) != 0)
	{
		if (ah_now_ns() >= deadline)
			return false;
		syscall(SYS_futex, &writing, FUTEX_WAIT_PRIVATE, 1, &moment, NULL, 0);
	}
	return true;
}

static void
end_writing(void)
{
	atomic_store(&writing, 0);
	syscall(SYS_futex, &writing, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/* ---- a snapshot ---- */

static void
fill_head(ArxHeapReason reason, uint64_t t0_ns)
{
	uint64_t start_ns = atomic_load(&ah_runtime.start_ns);

	contents.process.taken_us = ah_utc_us();
	contents.process.elapsed_ms =
		t0_ns > start_ns ? (t0_ns - start_ns) / 1000000 : 0;
	contents.process.sequence = sequence + 1;
	contents.process.reason = reason;
	for (int i = 0; i < ARX_HEAP_NCOUNTERS; i++)
		contents.counters[i] = atomic_load(&ah_runtime.counters[i]);
}

/* What the snapshot itself took and left out. */
static void
fill_counters(void)
{
	contents.counters[ARX_HEAP_COUNT_SNAPSHOTS] = sequence + 1;
	contents.counters[ARX_HEAP_COUNT_SITES_DROPPED] = contents.rows.dropped;
	contents.counters[ARX_HEAP_COUNT_PAUSE_MAX_NS] =
		atomic_load(&ah_runtime.counters[ARX_HEAP_COUNT_PAUSE_MAX_NS]);
	contents.counters[ARX_HEAP_COUNT_MEMORY] = ah_resident_bytes();
}

/*
 * The counting pass; leaves out sites, small ones first, until the file is
 * small enough.  False when the writer refuses what it is given.
 */
static bool
count_bytes(void)
{
	for (;;)
	{
		uint64_t bytes;

		ah_contents_refer(&contents);
		fill_counters();
		arx_heap_write_begin(&writer);
		ah_contents_write(&contents, &writer);
		if (!arx_heap_write_end(&writer))
			return false;
		bytes = arx_heap_write_size(&writer);
		if (bytes <= MAX_FILE_BYTES || contents.rows.nsites == 0)
			return true;
		ah_rows_cut(&contents.rows,
					(uint32_t) ((double) contents.rows.nsites * 0.9 *
								MAX_FILE_BYTES / (double) bytes));
	}
}

/* The writing pass.  Returns 0 or an errno. */
static int
write_file(void)
{
	AhSnapshotFile file;
	uint64_t bytes = arx_heap_write_size(&writer);
	int error = ah_snapshot_file_begin(&file, sequence + 1, bytes);
	bool complete;

	if (error != 0)
		return error;
	arx_heap_write_to(&writer, ah_snapshot_file_write, &file);
	ah_contents_write(&contents, &writer);
	complete = arx_heap_write_end(&writer);
	error = ah_snapshot_file_end(&file, complete);
	ah_scratch_end();
	if (error == 0)
		ah_folder_thin(file.folder, sequence + 1, bytes);
	ah_file_close(file.folder);
	return error;
}

/* t0 comes as late as can be: sites are copied as they are a moment after. */
static int
take_snapshot(ArxHeapReason reason)
{
	uint64_t t0_ns;

	if (reason != ARX_HEAP_REASON_EXIT)
		ah_tables_evict();
	memset(&contents.process, 0, sizeof(contents.process));
	ah_process_facts(&contents.process);
	ah_rss_ledger(contents.ledger);
	t0_ns = ah_now_ns();
	ah_epoch_close(t0_ns);
	fill_head(reason, t0_ns);
	if (!ah_rows_build(&contents.rows, t0_ns) ||
		!ah_contents_prepare(&contents))
		return ENOMEM;
	ah_modules_refresh();
	return count_bytes() ? write_file() : EINVAL;
}

static void
account(int error)
{
	if (error == 0)
	{
		sequence++;
		ah_count(ARX_HEAP_COUNT_SNAPSHOTS, 1);
	}
	else
	{
		ah_count(ARX_HEAP_COUNT_SNAPSHOTS_FAILED, 1);
		atomic_store(&ah_runtime.counters[ARX_HEAP_COUNT_ERRNO],
					 (uint64_t) error);
	}
	ah_control_wrote(sequence, contents.process.taken_us, error);
}

/* After the snapshot at exit no other begins: it would be cut off. */
int
ah_snapshot_write(ArxHeapReason reason)
{
	uint32_t inside = ah_thread.inside;
	int saved = errno;
	int error;

	ah_thread.inside = 1;
	if (begin_writing())
	{
		error = take_snapshot(reason);
		ah_scratch_end();
		account(error);
		if (reason != ARX_HEAP_REASON_EXIT)
			end_writing();
	}
	else
		error = EBUSY;
	ah_thread.inside = inside;
	errno = saved;
	return error;
}


void
ah_snapshot_writer_forked(void)
{
	sequence = 0;
	ah_scratch_end();
	ah_epochs_forked();
	ah_modules_forked();
	ah_codes_forked();
	ah_folder_forked();
	atomic_store(&writing, 0);
}
