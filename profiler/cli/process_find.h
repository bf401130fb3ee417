/*
 * process_find.h
 *	  From a process id to its slot in a control file.
 *
 * The process may live in another pid or mount namespace: its control file is
 * the one it has mapped, reached through /proc/PID/root, and its slot bears
 * the id that it knows itself by.
 */
#ifndef ARX_PROFILER_PROCESS_FIND_H
#define ARX_PROFILER_PROCESS_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libarx/heap_control.h"

/* A copy of a slot, taken once, so that it is checked and used alike. */
typedef struct ArxSlotCopy
{
	uint32_t index;
	uint64_t pid; /* as the process sees it */
	uint64_t start_us;
	uint64_t namespace_id;
	uint32_t state; /* ArxHeapState, or what is there instead */
	uint32_t refusal;
	uint32_t want_armed;
	uint64_t want_sample;
	uint32_t snapshot_wanted;
	uint32_t snapshot_done;
	uint32_t snapshot_errno;
	bool has_thread;
	uint64_t samples;
	uint64_t live_samples;
	uint64_t live_bytes;
	uint64_t dropped;
	uint64_t last_snapshot_us;
	uint64_t sequence;
} ArxSlotCopy;

typedef struct ArxProcess
{
	uint64_t pid;		/* as we see it */
	uint64_t inner_pid; /* as it sees itself */
	uint64_t namespace_id;
	char folder[4096];	/* of its snapshots, as we reach it */
	char control[4200]; /* the control file */
	ArxSlotCopy slot;
} ArxProcess;

/* Takes a hint (or NULL) and a sentence: arx_say_error, or NULL for silence. */
typedef void (*ArxSay)(const char *hint, const char *format, ...);

/*
 * Finds a running process that has the preload and a slot.  False, the reason
 * said, when there is none: no such process, not permitted, runs without the
 * preload, preloaded but without a control file, no slot.
 */
extern bool arx_process_find(uint64_t pid, ArxProcess *process, ArxSay say);

/*
 * Opens a control file, checks that it is one, and returns a descriptor; -1
 * and errno (EPROTO: not a control file of this version).
 */
extern int arx_control_open(const char *path, bool writing);

/* Copies a slot by read(2), which no truncation of the file can hurt. */
extern bool arx_slot_read(int control, uint32_t index, ArxSlotCopy *slot);

/*
 * Copies all slots that are in use and say about themselves what fits.
 * Returns their number; at most ARX_HEAP_CONTROL_SLOTS.
 */
extern size_t arx_slots_read(int control, ArxSlotCopy *slots);

/*
 * Our id of the running process that this slot is of; 0 when it ended, or
 * cannot be seen from here.
 */
extern uint64_t arx_slot_process(const ArxSlotCopy *slot);

/* "armed", "inert", ... and why a process is refused, in words. */
extern const char *arx_state_name(uint32_t state);
extern const char *arx_refusal_reason(uint32_t refusal);

#endif
