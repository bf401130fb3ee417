/*
 * rss_ledger.h
 *	  What the resident memory of the process consists of.
 */
#ifndef ARX_PROFILER_RSS_LEDGER_H
#define ARX_PROFILER_RSS_LEDGER_H

#include "libarx/heap_format.h"

/*
 * Fills the ledger, in bytes.  Called by whoever writes a snapshot, one at a
 * time, with ah_thread.inside set and no lock held.  See rss_ledger.c for
 * where each number comes from and how far it may be off.
 */
extern void ah_rss_ledger(int64_t ledger[ARX_HEAP_NLEDGER]);

#endif
