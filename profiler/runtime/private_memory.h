/*
 * private_memory.h
 *	  Memory of the runtime itself: mapped, bounded, never malloc'ed.
 */
#ifndef ARX_PROFILER_PRIVATE_MEMORY_H
#define ARX_PROFILER_PRIVATE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/*
 * Address space for a table: zero pages that become resident when touched.
 * NULL when the system refuses or the budget (ARXHEAP_MEMORY) is used up.
 * Counted; never given back except by ah_unmap().
 */
extern void *ah_map(size_t bytes);
extern void ah_unmap(void *memory, size_t bytes);

/* Bytes of what ah_map() mapped that are resident now. */
extern size_t ah_resident_bytes(void);

/* The system calls themselves, past the entry points that keep the ledger. */
extern void *ah_sys_mmap(void *address, size_t length, int protection,
						 int flags, int fd, long offset);
extern int ah_sys_munmap(void *address, size_t length);
extern void *ah_sys_mremap(void *old, size_t old_length, size_t new_length,
						   int flags, void *to);
extern int ah_sys_mprotect(void *address, size_t length, int protection);
extern int ah_sys_madvise(void *address, size_t length, int advice);

#endif
