/*
 * label_names.h
 *	  Names that the host gave to its labels; see libarx/heap_label_abi.h.
 */
#ifndef ARX_PROFILER_LABEL_NAMES_H
#define ARX_PROFILER_LABEL_NAMES_H

#include <stddef.h>
#include <stdint.h>

#define AH_LABEL_NAME_MAX 127 /* bytes that are kept of a name */

/* The exported function; see heap_label_abi.h. */
extern int arxheap_label_name(uint64_t label, const char *name)
	__attribute__((visibility("default")));

/*
 * Copies the label's name without a zero byte and returns its length, 0 when
 * it has none.  Takes the lock of the names for that long.
 */
extern size_t ah_label_copy(uint64_t label, char name[AH_LABEL_NAME_MAX]);

/* In the child of a fork: frees the lock, whoever held it; names stay. */
extern void ah_label_names_forked(void);

#endif
