/*
 * pgbouncer_store.h
 *	  What is known of PgBouncers, in shared memory: consoles, pools, databases.
 *
 * The gateway alone writes; readers copy (see core/bounded_table.h).  A pool or
 * database belongs to a console by the id that this console was given when it
 * was configured: those of consoles that are gone show nowhere, and make room
 * when it is needed.
 *
 * Numbers that PgBouncer did not tell are -1.  Totals only are kept, never its
 * averages, whose meaning changed from version to version.
 */
#ifndef ARX_PGBOUNCER_STORE_H
#define ARX_PGBOUNCER_STORE_H

#include "postgres.h"

#include "libarx/wait_survival.h"
#include "pools/pgbouncer_client.h"
#include "pools/pool_day_peak.h"

#define ARX_BOUNCER_POOLS 256	 /* of all consoles together */
#define ARX_BOUNCER_DATABASES 64 /* likewise */
#define ARX_BOUNCER_POINTS 128	 /* 10 min, and a slot of ages more */
#define ARX_BOUNCER_POINT_US (5 * INT64CONST(1000000))
#define ARX_BOUNCER_AGE_SLOTS 21 /* likewise */
#define ARX_BOUNCER_AGE_SLOT_US (30 * INT64CONST(1000000))
#define ARX_BOUNCER_USER_MAX 128 /* bytes of a user's name there */

typedef struct ArxBouncerConsole
{
	uint32 id;
	int32 state; /* ArxConsoleState */
	char name[NAMEDATALEN];
	char version[NAMEDATALEN]; /* "PgBouncer 1.24.1"; "": not heard yet */
	char error[ARX_CLIENT_ERROR_MAX];
	int64 since;	   /* TimestampTz: in this state */
	int64 answered_at; /* when its last whole look began; 0: never */
	int64 latency_us;  /* how long that look took */
	int64 looks;	   /* whole ones */
	int64 connects;	   /* that succeeded */
	int64 failures;	   /* connections that failed or ended */
	int64 restarts;	   /* totals went back from one connection to the next */
	int64 used_clients;
	int64 max_client_conn;
	int64 max_user_connections; /* 0: no limit */
	int64 default_pool_size;
} ArxBouncerConsole;

typedef struct ArxBouncerPoolKey
{
	uint32 console; /* id */
	char database[NAMEDATALEN];
	char username[ARX_BOUNCER_USER_MAX];
} ArxBouncerPoolKey;

/* What the looks add up to, at a time. */
typedef struct ArxBouncerPoint
{
	int64 time; /* TimestampTz: when the look began */
	uint32 looks;
	uint32 active;	/* sum of servers at work, modulo 2^32 */
	uint32 waiting; /* sum of clients waiting, modulo 2^32 */
	uint32 peak;	/* most servers at work in a look since the point before */
} ArxBouncerPoint;

/*
 * Ages of waiting clients, by the bins of libarx/wait_survival.h, in looks of
 * one slot of time.
 */
typedef struct ArxBouncerAges
{
	int64 slot; /* time of the looks by ARX_BOUNCER_AGE_SLOT_US */
	uint64 looks;
	uint32 counts[ARX_WAIT_BINS];
} ArxBouncerAges;

typedef struct ArxBouncerPool
{
	int64 seen_at;	/* when the last look that saw it began */
	int64 began_at; /* when it was last taken as new */
	/* SHOW POOLS */
	int64 cl_active;
	int64 cl_waiting;
	int64 sv_active;
	int64 sv_idle;
	int64 sv_used;
	int64 sv_tested;
	int64 sv_login;
	int64 sv_canceling; /* sv_active_cancel + sv_being_canceled */
	int64 max_wait_us;
	char mode[16];				/* session, transaction, statement */
	int64 user_size;			/* pool_size of the user; -1: none of its own */
	int64 user_max_connections; /* 0: no limit */

	ArxBouncerPoint now;
	int64 npoints; /* ever, since the pool was last taken as new */
	ArxBouncerPoint
		points[ARX_BOUNCER_POINTS]; /* ring: npoints % size is next */
	ArxDayPeak day; /* of servers at work; it does not begin anew */

	ArxBouncerAges ages[ARX_BOUNCER_AGE_SLOTS]; /* slot % size; looks 0: none */
} ArxBouncerPool;

typedef struct ArxBouncerDatabaseKey
{
	uint32 console; /* id */
	char database[NAMEDATALEN];
} ArxBouncerDatabaseKey;

/* SHOW STATS, at a time.  us: microseconds. */
typedef struct ArxBouncerTotals
{
	int64 time; /* TimestampTz: when the look began; 0: never */
	int64 transactions;
	int64 queries;
	int64 transaction_us; /* with the wait, whatever its manual says */
	int64 query_us;
	int64 wait_us;
	int64 assignments; /* since 1.23 */
	int64 logins;	   /* since 1.26 */
} ArxBouncerTotals;

typedef struct ArxBouncerDatabase
{
	int64 seen_at;
	/* SHOW DATABASES */
	char server_database[NAMEDATALEN];
	char force_user[ARX_BOUNCER_USER_MAX];
	int64 size;
	int64 min_size;
	int64 reserve_size;
	int64 max_connections; /* 0: no limit */
	int64 current_connections;

	ArxBouncerTotals now;
	int64 npoints;
	ArxBouncerTotals points[ARX_BOUNCER_POINTS];
} ArxBouncerDatabase;

/* Shared memory; see core/subsystem.h. */
extern Size arx_bouncer_shmem_size(void);
extern void arx_bouncer_shmem_attach(void *segment, bool found);

/* ---- the gateway ---- */

/* Forgets all, when a gateway starts. */
extern void arx_bouncer_clear(void);

/* Shows these consoles and no others. */
extern void
arx_bouncer_set_consoles(const ArxBouncerConsole *const *consoles, int n);

/* Shows the new state of one. */
extern void arx_bouncer_set_console(const ArxBouncerConsole *console);

/*
 * The entry of this name, entered when it is new; NULL, and counted, when there
 * is no room.  To be changed between begin and end only.
 */
extern ArxBouncerPool *arx_bouncer_pool(uint32 console, const char *database,
										const char *username, int64 now);
extern void arx_bouncer_pool_begin(ArxBouncerPool *pool);
extern void arx_bouncer_pool_end(ArxBouncerPool *pool);
extern ArxBouncerDatabase *
arx_bouncer_database(uint32 console, const char *database, int64 now);
extern void arx_bouncer_database_begin(ArxBouncerDatabase *database);
extern void arx_bouncer_database_end(ArxBouncerDatabase *database);

/* Counts a database of which totals are not kept, for want of room. */
extern void arx_bouncer_note_dropped(void);

/* ---- any process ---- */

typedef struct ArxBouncerPoolCopy
{
	ArxBouncerPoolKey key;
	ArxBouncerPool pool;
} ArxBouncerPoolCopy;

typedef struct ArxBouncerDatabaseCopy
{
	ArxBouncerDatabaseKey key;
	ArxBouncerDatabase database;
} ArxBouncerDatabaseCopy;

/* A copy of all that belongs to the consoles of now. */
typedef struct ArxBouncerCopy
{
	int nconsoles;
	int npools;
	int ndatabases;
	ArxBouncerConsole *consoles; /* in the order of their ids */
	ArxBouncerPoolCopy *pools;	 /* seen at the last look of their console */
	ArxBouncerDatabaseCopy *databases;
} ArxBouncerCopy;

/*
 * Palloc'd in the current memory context, about 3 MB at most; with_pools false
 * leaves pools and databases out.
 */
extern ArxBouncerCopy *arx_bouncer_copy(bool with_pools);

/* Pools and databases that found no room, since server start. */
extern int64 arx_bouncer_dropped(void);
extern int arx_bouncer_pool_count(void);

#endif /* ARX_PGBOUNCER_STORE_H */
