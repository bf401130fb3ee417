/*
 * code_names.h
 *	  Names of generated code, from the perf map that its maker writes.
 *
 * A virtual machine that wants its code to be seen appends lines "START SIZE
 * name" (hexadecimal) to /tmp/perf-PID.map.  Code moves: of several lines for
 * an address the last one counts, and a name, once it was found for an address
 * in a live stack, stays.  One user at a time: whoever holds the writer's lock
 * (snapshot_writer.c).
 */
#ifndef ARX_PROFILER_CODE_NAMES_H
#define ARX_PROFILER_CODE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libarx/heap_format.h"

/* Begins a snapshot: nothing is in use. */
extern void ah_code_begin(void);

/* An address of a live stack that is in no module. */
extern void ah_code_want(uintptr_t address);

/* Finds names for the addresses that have none; reads the perf map. */
extern void ah_code_resolve(void);

/*
 * The named code that is in use, in the order of addresses, from *position on,
 * which begins at 0; false at the end.  An entry reaches from the first to the
 * last wanted address of a function, so that none covers an address that has
 * another name.
 */
extern bool ah_code_next(uint32_t *position, ArxHeapCode *code);

/* In the child of a fork, which has a perf map of its own. */
extern void ah_codes_forked(void);

#endif
