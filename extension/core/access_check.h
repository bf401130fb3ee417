/*
 * access_check.h
 *	  Permission questions, asked in one place.
 */
#ifndef ARX_ACCESS_CHECK_H
#define ARX_ACCESS_CHECK_H

/*
 * May the current user see query ids and texts of everybody?  True with the
 * privileges of pg_read_all_stats.
 */
extern bool arx_may_read_all_texts(void);

/* One reader of a view of sessions; zero bytes are none. */
typedef struct ArxViewer
{
	bool all;	   /* may he see everybody's? */
	Oid asked_for; /* the last answer */
	bool answer;
} ArxViewer;

extern void arx_viewer_begin(ArxViewer *viewer);

/*
 * May he see what sessions of this user do?  As in pg_stat_activity: with the
 * privileges of pg_read_all_stats, or of that user.  InvalidOid: a process of
 * the server.
 */
extern bool arx_may_see(ArxViewer *viewer, Oid userid);

#endif /* ARX_ACCESS_CHECK_H */
