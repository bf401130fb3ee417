/*
 * pool_rejections.h
 *	  Connections that were refused, by database, user and reason.
 */
#ifndef ARX_POOL_REJECTIONS_H
#define ARX_POOL_REJECTIONS_H

#include "hooks/session_hook.h"

extern Size arx_rejections_shmem_size(void);
extern void arx_rejections_attach(void *segment, bool found);

/*
 * Counts one.  No lock, no allocation, no error: the process may be in any
 * state.  Names are as the client sent them, so anybody can make some up:
 * those that find no room are counted by reason only.
 */
extern void arx_rejections_note(const ArxRejection *rejection);

/* Since server start: all, those for want of a connection, without a row. */
typedef struct ArxRejectionTotals
{
	uint64 all;
	uint64 saturated;
	uint64 nameless;
} ArxRejectionTotals;

extern void arx_rejections_totals(ArxRejectionTotals *totals);

#endif /* ARX_POOL_REJECTIONS_H */
