/*
 * snapshot_epochs.h
 *	  The stretches of time that births are counted by.
 *
 * An epoch ends with each snapshot, so that a later one can tell what was born
 * before and after it.  There are at most AH_EPOCHS_MAX: when all are in use,
 * two neighbours become one, so that old births are dated less finely, always
 * to a small share of their age: verdicts compare fourths and eighths of the
 * profile's age, and need several epochs in each.
 * One user at a time: whoever holds the writer's lock (snapshot_writer.c).
 */
#ifndef ARX_PROFILER_SNAPSHOT_EPOCHS_H
#define ARX_PROFILER_SNAPSHOT_EPOCHS_H

#include <stdint.h>

#define AH_EPOCHS_MAX 512

/* Ends the epoch at now_ns (CLOCK_MONOTONIC, not before the last end). */
extern void ah_epoch_close(uint64_t now_ns);

extern uint32_t ah_epochs_count(void);

/* Milliseconds from the profile's start to the epoch's end. */
extern uint64_t ah_epoch_end_ms(uint32_t epoch);

/* The epoch of a birth that was not after the last end. */
extern uint32_t ah_epoch_of(uint64_t born_ns);

/* In the child of a fork: its profile begins anew. */
extern void ah_epochs_forked(void);

#endif
