/*
 * unwind_cfi.h
 *	  Reading call frame information: bytes, numbers and entries.
 *
 * The format is that of DWARF 5 section 6.4 with the changes of the Linux
 * Standard Base (Core, "Exception Frames").  The bytes are those of loaded
 * objects; a read beyond an entry's end fails and gives 0.
 */
#ifndef ARX_PROFILER_UNWIND_CFI_H
#define ARX_PROFILER_UNWIND_CFI_H

#include <stdbool.h>
#include <stdint.h>

#define AH_REG_BP 6
#define AH_REG_SP 7
#define AH_REG_RA 16

/* A place in an entry. */
typedef struct AhCfiCursor
{
	const uint8_t *at;
	const uint8_t *end;
	bool failed;
} AhCfiCursor;

/* A frame description entry with its common entry. */
typedef struct AhCfiEntry
{
	AhCfiCursor common; /* the common entry's instructions */
	AhCfiCursor own;	/* its own */
	uintptr_t start;	/* the code it is about */
	uintptr_t length;
	uint64_t code_align;
	int64_t data_align;
	bool is_signal; /* a signal's return trampoline */
} AhCfiEntry;

/* A byte; 0 and failed at the end. */
static inline uint8_t
ah_cfi_byte(AhCfiCursor *cursor)
{
	if (cursor->at >= cursor->end)
	{
		cursor->failed = true;
		return 0;
	}
	return *cursor->at++;
}

/* A little-endian number of so many bytes, sign-extended on demand. */
extern int64_t ah_cfi_fixed(AhCfiCursor *cursor, int bytes, bool is_signed);

/* LEB128 numbers, any spelling; bits above 64 are lost. */
extern uint64_t ah_cfi_uleb(AhCfiCursor *cursor);
extern int64_t ah_cfi_sleb(AhCfiCursor *cursor);

extern void ah_cfi_skip(AhCfiCursor *cursor, uint64_t bytes);

/*
 * Reads the entry at fde and its common entry.  False when it is damaged or
 * needs what this unwinder does not know.
 */
extern bool ah_cfi_open(const uint8_t *fde, AhCfiEntry *entry);

#endif
