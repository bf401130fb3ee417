/*
 * stack_table.h
 *	  Each different stack once, under a small number.
 *
 * Used by the site table only, which holds the lock of the tables.
 */
#ifndef ARX_PROFILER_STACK_TABLE_H
#define ARX_PROFILER_STACK_TABLE_H

#include "runtime/tables.h"

#define AH_NO_STACK UINT32_MAX

/* Takes memory for stacks of so many bytes in all.  False when there is none. */
extern bool ah_stacks_start(size_t bytes);

/*
 * Number of this stack, entered if it is new, with one more user; AH_NO_STACK
 * when there is no room.
 */
extern uint32_t ah_stack_intern(const AhStack *stack);

/* One user less; the last one's leaving makes its room free for others. */
extern void ah_stack_release(uint32_t stack);

/* Frames of a stack, the allocating call first; good while it has users. */
extern const uintptr_t *
ah_stack_frames(uint32_t stack, uint32_t *nframes, uint32_t *flags);

/* Share of the room that is in use, in percent. */
extern uint32_t ah_stacks_used(void);

#endif
