/*
 * snapshot_folder.h
 *	  The folder that snapshots are kept in, and how much of it they may fill.
 *
 * A process's snapshots are a series, named COMMAND-PID-START-NUMBER.arxheap:
 * START is its start_us in hexadecimal, NUMBER counts from 1.
 */
#ifndef ARX_PROFILER_SNAPSHOT_FOLDER_H
#define ARX_PROFILER_SNAPSHOT_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AH_NAME_MAX \
	96 /* bytes of a snapshot's name with suffix and zero byte */

/*
 * Opens ah_runtime.config.folder, which is made if it is not there (0700, with
 * the folders above it).  Refuses with ELOOP a symbolic link, and with EPERM a
 * folder of somebody else, in a place where anybody may put one, such as /tmp.
 * Returns a descriptor for the caller to close, or a negative errno.
 */
extern int ah_folder_open(void);

/* The name of a snapshot of this process; temporary: while it is written. */
extern void
ah_folder_name(char name[AH_NAME_MAX], uint64_t sequence, bool temporary);

/*
 * Called with an open folder after a snapshot of so many bytes was written.
 * Keeps the process's series within ARXHEAP_KEEP and, now and then, all series
 * within ARXHEAP_KEEP_ALL: the older half of a series loses the
 * snapshots that are closest to others, so that it stays spread evenly over
 * the process's life; the first and the newest ones stay.  Series of
 * other processes are touched only when the process is dead, those that ended
 * first before others; when that is not enough, whole ones go.  Removed files
 * are counted in ARX_HEAP_COUNT_SNAPSHOTS_THINNED.  What a dead process left
 * half-written is removed, too.
 */
extern void ah_folder_thin(int folder, uint64_t sequence, uint64_t bytes);

/* In the child of a fork, which begins a series of its own. */
extern void ah_folder_forked(void);

#endif
