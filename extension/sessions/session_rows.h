/*
 * session_rows.h
 *	  What the views of sessions put into their rows alike.
 */
#ifndef ARX_SESSION_ROWS_H
#define ARX_SESSION_ROWS_H

#include "core/name_cache.h"
#include "core/row_writer.h"
#include "sessions/session_history.h"

/* Who reads, and what he has been told; zero bytes are a new one. */
typedef struct ArxSessionReader
{
	bool all;	   /* may he see everybody's? */
	Oid asked_for; /* last answer of arx_may_see_session() */
	bool answer;
	ArxNameCache databases;
	ArxNameCache roles;
} ArxSessionReader;

extern void arx_session_reader_begin(ArxSessionReader *reader);

/*
 * May he see what a session of this user does?  As in pg_stat_activity: with
 * the privileges of pg_read_all_stats, or of that user.
 */
extern bool arx_may_see_session(ArxSessionReader *reader, Oid userid);

/*
 * Type and name of a wait: "CPU" for one that works and has none reported, NULL
 * for one that does neither.
 */
extern void arx_put_wait(ArxRowWriter *row, uint32 wait, bool works);

/* A query id; NULL for 0. */
extern void arx_put_queryid(ArxRowWriter *row, uint64 queryid);

#endif /* ARX_SESSION_ROWS_H */
