/*
 * process_facts.h
 *	  Who the profiled process is, for the head of its snapshots.
 */
#ifndef ARX_PROFILER_PROCESS_FACTS_H
#define ARX_PROFILER_PROCESS_FACTS_H

#include "libarx/heap_format.h"

/*
 * Fills the texts of process and what ah_runtime knows of it; taken_us,
 * elapsed_ms, sequence and reason are the caller's.  The texts lie in memory of
 * this file until the next call.  One user at a time: whoever holds the
 * writer's lock (snapshot_writer.c).
 */
extern void ah_process_facts(ArxHeapProcess *process);

#endif
