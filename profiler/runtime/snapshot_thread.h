/*
 * snapshot_thread.h
 *	  What the runtime's thread and the writer of snapshots say to each other.
 *
 * What the rest of the runtime calls is in runtime.h.
 */
#ifndef ARX_PROFILER_SNAPSHOT_THREAD_H
#define ARX_PROFILER_SNAPSHOT_THREAD_H

/* In the child of a fork: begins a new series with nothing known. */
extern void ah_snapshot_writer_forked(void);

#endif
