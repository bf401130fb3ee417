/*
 * heap_label_abi.h
 *	  How a host program tells the preloaded profiler what it is working on.
 *
 * The profiler exports one thread-local word.  A sample keeps the word's value
 * at the moment of the allocation, so live bytes can be told apart by it: a
 * statement, a request, a tenant.  The host finds the word and, optionally,
 * gives values a name:
 *
 *	   ArxHeapLabelWord word = (ArxHeapLabelWord) dlsym(RTLD_DEFAULT, ARX_HEAP_LABEL_WORD);
 *	   if (word)
 *	       mine = word();                      once a thread
 *	   *mine = id;  ...work...  *mine = 0;     a plain aligned store
 *
 * Without the preload dlsym() answers NULL and nothing needs to be done.  The
 * host owns the values; 0 means none.  The pointer is good until the thread
 * ends.  The store may happen anywhere, also in a signal handler.
 */
#ifndef ARX_LIBARX_HEAP_LABEL_ABI_H
#define ARX_LIBARX_HEAP_LABEL_ABI_H

#include <stdint.h>

#define ARX_HEAP_LABEL_WORD "arxheap_label_word"
#define ARX_HEAP_LABEL_NAME "arxheap_label_name"

/* Address of the calling thread's word.  Never NULL, takes no lock. */
typedef uint64_t *(*ArxHeapLabelWord)(void);

/*
 * Gives a label a name (at most 127 bytes are kept) for reports.  The last
 * name given counts.  Returns 0, or -1 when the table of names is full, which
 * is counted in the snapshot.  May be called from any thread, not from a
 * signal handler.
 */
typedef int (*ArxHeapLabelName)(uint64_t label, const char *name);

#endif
