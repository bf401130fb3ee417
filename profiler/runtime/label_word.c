/*
 * label_word.c
 *	  The word in which a host says what it is working on.
 */
#include "libarx/heap_label_abi.h"
#include "runtime/runtime.h"

#define EXPORT __attribute__((visibility("default")))

extern uint64_t *arxheap_label_word(void);
extern const char *arxheap_version(void);

EXPORT uint64_t *
arxheap_label_word(void)
{
	return &ah_thread.label;
}

/* For whoever wants to know whether the preload is there, and which one. */
EXPORT const char *
arxheap_version(void)
{
	return AH_VERSION;
}
