/*
 * control_slot.h
 *	  This process's slot in the control file, and the wishes written into it.
 *
 * What opens, publishes and closes it is declared in runtime.h.
 */
#ifndef ARX_PROFILER_CONTROL_SLOT_H
#define ARX_PROFILER_CONTROL_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "libarx/heap_control.h"

/*
 * Looks whether someone wants the profiler armed, disarmed, another sampling
 * interval or a snapshot, and sees to it: ah_runtime.armed and mean change
 * here; a snapshot is asked of the runtime's thread, which is started when
 * there is none.  A few loads when nothing changed; no lock, errno untouched.
 * Called with ah_thread.inside set.
 */
extern void ah_control_poll(void);

/* This process's slot, NULL when there is none; another one after a fork. */
extern ArxHeapSlot *ah_control_slot(void);

/* Number of the pending request for a snapshot, 0 when there is none. */
extern uint32_t ah_control_request(void);

/* Answers it: 0 or an errno, and wakes who waits for the answer. */
extern void ah_control_answer(uint32_t request, int error);

/* Tells that a snapshot was written, or failed (error not 0). */
extern void ah_control_wrote(uint64_t sequence, uint64_t taken_us, int error);

/*
 * True unless the process of that pid that began at start_us is known to be
 * dead: it said in its slot that it ended, or there is no such pid (where its
 * slot does not say that the pid is of another namespace).
 */
extern bool ah_control_alive(int64_t pid, uint64_t start_us);

/* Inode of this process's pid namespace, 0 when unknown. */
extern uint64_t ah_pid_namespace(void);

#endif
