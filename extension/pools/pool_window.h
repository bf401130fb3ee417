/*
 * pool_window.h
 *	  What was measured of one pool over a window: the input of the advice.
 *
 * Both kinds of pools, those seen in the database and those of a PgBouncer, fill
 * it; pool_recommendations reads it and knows no source.
 */
#ifndef ARX_POOL_WINDOW_H
#define ARX_POOL_WINDOW_H

#include "postgres.h"

#include "libarx/pool_advice.h"

/* Throughput is kept by the number of busy servers, for the scaling law. */
#define ARX_POOL_LEVELS 64

/* Numbers that are not known are NAN, or -1 for int. */
typedef struct ArxPoolWindow
{
	ArxPoolSource source;
	char pgbouncer[NAMEDATALEN]; /* name of the console; "": the database */
	char database[NAMEDATALEN];	 /* as clients call it */
	char username[NAMEDATALEN];
	/* of a PgBouncer pool: who it is on this server, to find its transactions */
	char server_database[NAMEDATALEN];
	char server_username[NAMEDATALEN]; /* "": the client's */

	int64 from; /* TimestampTz; the window */
	int64 to;
	double seconds; /* of it in which was measured */
	int64 looks;	/* samples of the counts of connections */

	int size;	  /* connections it may open; database: most seen at once */
	int min_size; /* configured; 0: none */
	int reserve;  /* more that open when clients wait long; 0: none */
	int max_size; /* that its own configuration allows; -1: no limit */
	char pool_mode[16]; /* session, transaction, statement; "" */

	int64 transactions;
	/*
	 * Times that a connection was taken, each for a transaction, or in session
	 * mode for a session; the next two are of these.
	 */
	int64 arrivals;
	double arrival_rate;	/* a second */
	double service_seconds; /* mean, without the wait for the pool */
	double service_cv2;		/* squared coefficient of variation */
	double wait_seconds;	/* measured mean wait; NAN: cannot be seen */
	double busy_mean;		/* mean of servers at work */
	double busy_now;
	double waiting_now;
	int busy_peak;					  /* most at once in any look */
	int busy_day_peak;				  /* the same of the last day */
	double observed_seconds;		  /* that the last is of */
	double idle_in_transaction_share; /* of the busy time, 0..1 */
	double cpu_share;				  /* of the busy time, 0..1: not waiting */
	bool apportioned; /* rate and wait split among the users of one database */
	/* of the looks with n busy servers (n < ARX_POOL_LEVELS): transactions and
	 * seconds that fell on them; both 0 when there were none */
	double level_transactions[ARX_POOL_LEVELS];
	double level_seconds[ARX_POOL_LEVELS];
} ArxPoolWindow;

/*
 * The pools of each source over the last window_s seconds (less when less was
 * seen, or when its size changed meanwhile), at most max of them.  Returns how
 * many were filled.  Needs a transaction (names are looked up).
 */
extern int
arx_database_pool_windows(ArxPoolWindow *windows, int max, int window_s);
extern int
arx_pgbouncer_pool_windows(ArxPoolWindow *windows, int max, int window_s);

#endif /* ARX_POOL_WINDOW_H */
