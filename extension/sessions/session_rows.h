/*
 * session_rows.h
 *	  What the views of sessions put into their rows alike.
 */
#ifndef ARX_SESSION_ROWS_H
#define ARX_SESSION_ROWS_H

#include "core/access_check.h"
#include "core/name_cache.h"
#include "core/row_writer.h"
#include "sessions/session_history.h"

/* Who reads, and names that he was told; zero bytes are a new one. */
typedef struct ArxSessionReader
{
	ArxViewer viewer;
	ArxNameCache databases;
	ArxNameCache roles;
} ArxSessionReader;

/*
 * Type and name of a wait: "CPU" for one that works and has none reported, NULL
 * for one that does neither.
 */
extern void arx_put_wait(ArxRowWriter *row, uint32 wait, bool works);

#endif /* ARX_SESSION_ROWS_H */
