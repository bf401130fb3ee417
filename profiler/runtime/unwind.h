/*
 * unwind.h
 *	  The call stack of the calling thread, without a lock and without malloc.
 *
 * Rules come from the objects' own .eh_frame, found with _dl_find_object (glibc
 * 2.35, lock-free) and kept in a cache by address, one rule a word.  Code
 * without rules (generated code, for one) is walked by frame pointer inside
 * the thread's own stack.  See docs/unwinding.md for what that was chosen over.
 */
#ifndef ARX_PROFILER_UNWIND_H
#define ARX_PROFILER_UNWIND_H

#include "runtime/tables.h"

/* Where to begin: registers as they were in the caller of an entry point. */
typedef struct AhRegisters
{
	uintptr_t pc; /* a return address */
	uintptr_t sp;
	uintptr_t bp;
} AhRegisters;

/*
 * Registers of the caller of the function this is used in.  The function must
 * be AH_KEEPS_FRAME: asking for its frame's address gives it a frame pointer.
 */
#define AH_KEEPS_FRAME __attribute__((noinline))
#define AH_CALLER() \
	((AhRegisters){(uintptr_t) __builtin_return_address(0), \
				   (uintptr_t) __builtin_frame_address(0) + 16, \
				   *(uintptr_t *) __builtin_frame_address(0)})

/*
 * Fills stack from the registers on, at most depth frames, and sets its flags.
 * Returns true when a signal handler is on it.  Safe anywhere.
 */
extern bool ah_unwind(const AhRegisters *from, uint32_t depth, AhStack *stack);

/* Forgets all cached rules: an object may have been unloaded. */
extern void ah_unwind_forget(void);

#endif
