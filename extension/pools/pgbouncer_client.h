/*
 * pgbouncer_client.h
 *	  One connection to an admin console, which never blocks.
 *
 * The gateway asks one command at a time and gets its rows one by one, as they
 * come; between them it waits for the socket together with all others.  What
 * takes longer than ARX_CLIENT_DEADLINE_US fails.
 *
 * libpq allocates with malloc and none of our errors passes through it.  One
 * thing may block: looking up a host name, inside libpq.  Addresses (hostaddr)
 * and Unix sockets need none.
 */
#ifndef ARX_PGBOUNCER_CLIENT_H
#define ARX_PGBOUNCER_CLIENT_H

#include "postgres.h"

#include "core/wait_list.h"

/* Of libpq, whose header is seen by few. */
struct pg_conn;
struct pg_result;

#define ARX_CLIENT_DEADLINE_US (2 * INT64CONST(1000000))
#define ARX_CLIENT_ERROR_MAX 256

typedef enum ArxClientPhase
{
	ARX_CLIENT_DOWN, /* not connected; state tells why */
	ARX_CLIENT_CONNECTING,
	ARX_CLIENT_READY, /* connected, nothing asked, the last answer complete */
	ARX_CLIENT_ASKING
} ArxClientPhase;

typedef enum ArxConsoleState
{
	ARX_CONSOLE_CONNECTING, /* for the first time */
	ARX_CONSOLE_OK,
	ARX_CONSOLE_UNREACHABLE, /* nobody there, or gone */
	ARX_CONSOLE_NO_ANSWER,	 /* accepts, and is silent too long */
	ARX_CONSOLE_BAD_LOGIN,	 /* password or user are wrong */
	ARX_CONSOLE_NO_RIGHTS,	 /* the user may not use the console */
	ARX_CONSOLE_REFUSED		 /* any other error that it gave */
} ArxConsoleState;

/* Where it is connected, state is ARX_CONSOLE_OK and error is empty. */
typedef struct ArxClient
{
	struct pg_conn *conn; /* NULL exactly when the phase is DOWN */
	ArxClientPhase phase;
	ArxConsoleState state;
	char error[ARX_CLIENT_ERROR_MAX]; /* one line, no password in it */
	int64 deadline;					  /* TimestampTz of what is under way */
	int events;						  /* to wait for on the socket */
	bool was_heard;					  /* the other side has said something */
	int rows;						  /* of this answer so far */
} ArxClient;

/* What to do with a row: look at it (see below), keep nothing of it. */
typedef void (*ArxRowTaker)(const struct pg_result *row, void *arg);

/* Starts to connect a client that is DOWN; it may be DOWN again at once. */
extern void
arx_client_connect(ArxClient *client, const char *conninfo, int64 now);

/* Asks, when READY.  A command of the console, such as "SHOW POOLS". */
extern void arx_client_ask(ArxClient *client, const char *command, int64 now);

/*
 * Goes on as far as is possible without waiting; gives each new row to take.
 * Takes a bounded number of rows, then returns to let others go on.
 */
extern void
arx_client_advance(ArxClient *client, int64 now, ArxRowTaker take, void *arg);

/* Puts on the list what it waits for now. */
extern void
arx_client_wait(const ArxClient *client, int64 now, ArxWaitList *waits);

/* Ends the connection, if there is one.  Waits for nobody. */
extern void arx_client_close(ArxClient *client);

/*
 * A column of the row by its name: which columns there are, and in which
 * order, differs between versions.  NULL when it is missing or null; the text
 * lives as long as the row.
 */
extern const char *
arx_row_text(const struct pg_result *row, const char *column);

/* The same as a number; -1 when it is missing, null, negative or none. */
extern int64 arx_row_number(const struct pg_result *row, const char *column);

#endif /* ARX_PGBOUNCER_CLIENT_H */
