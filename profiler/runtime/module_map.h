/*
 * module_map.h
 *	  The objects that are, or were, loaded, and which one an address is in.
 *
 * Read from /proc/thread-self/maps and the objects' own headers in memory: the list of
 * the dynamic linker is behind a lock that the program may hold.  An object that
 * was unloaded stays known until something else is mapped at its place, for
 * stacks that name it outlive it.  One user at a time: whoever holds the
 * writer's lock (snapshot_writer.c).
 */
#ifndef ARX_PROFILER_MODULE_MAP_H
#define ARX_PROFILER_MODULE_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "libarx/heap_format.h"

#define AH_NO_MODULE UINT32_MAX
#define AH_MODULES_MAX 1024 /* that are known at a time */

/* Brings the list up to date.  False when the maps could not be read. */
extern bool ah_modules_refresh(void);

/*
 * Index of the module whose code the address is in, or AH_NO_MODULE; below
 * ah_modules_count().  Good until the next refresh.  Like all of these, called
 * by the one writer of snapshots only.
 */
extern uint32_t ah_module_find(uintptr_t address);
extern uint32_t ah_modules_count(void);

/* What to take off an address in the module for what its file says. */
extern uint64_t ah_module_bias(uint32_t index);

/* The module; its texts are good until the next refresh. */
extern ArxHeapModule ah_module_get(uint32_t index);

/* In the child of a fork: the list is read afresh. */
extern void ah_modules_forked(void);

#endif
