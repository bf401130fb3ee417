/*
 * pgbouncer_window.h
 *	  What a PgBouncer pool did over a window, from totals and looks.
 *
 * PgBouncer counts by database and time; who had how many servers at work, and
 * clients in line, is known by looks.  Where several users share a database,
 * its transactions are split among their pools by servers at work, and its wait
 * by clients in line.
 *
 * Its time of transactions begins when the client asks, not when it is given a
 * server, so the wait is taken off to have the service time.
 */
#ifndef ARX_PGBOUNCER_WINDOW_H
#define ARX_PGBOUNCER_WINDOW_H

#include "pools/pgbouncer_store.h"
#include "pools/pool_window.h"

/*
 * Fills the window of one pool of a copy, of the last window_s seconds or what
 * there is of them since the pool began anew.  Names are as PgBouncer gives
 * them.
 */
extern void
arx_bouncer_window(const ArxBouncerCopy *copy, const ArxBouncerPoolCopy *pool,
				   double window_s, ArxPoolWindow *window);

/* Logins a second of the pool's database, if it has one pool; NAN: unknown. */
extern double
arx_bouncer_login_rate(const ArxBouncerCopy *copy,
					   const ArxBouncerPoolCopy *pool, double window_s);

/* What belongs to a pool of the copy; the database may be NULL. */
extern const ArxBouncerConsole *
arx_bouncer_console_of(const ArxBouncerCopy *copy,
					   const ArxBouncerPoolCopy *pool);
extern const ArxBouncerDatabase *
arx_bouncer_database_of(const ArxBouncerCopy *copy,
						const ArxBouncerPoolCopy *pool);

/* Has its gateway looked lately? */
extern bool arx_bouncer_is_fresh(const ArxBouncerConsole *console, int64 now);

#endif /* ARX_PGBOUNCER_WINDOW_H */
