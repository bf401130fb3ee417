/*
 * pgbouncer_client.c
 *	  Drives libpq without ever waiting for the other side.
 */
#include "postgres.h"

#include <poll.h>

#include "libpq-fe.h"
#include "storage/fd.h"
#include "storage/latch.h"

#include "pools/pgbouncer_client.h"
#include "pools/pgbouncer_list.h"

/* Of one answer taken in a row, before others get their turn. */
#define ROWS_AT_ONCE 500
/* An answer longer than this is given up: it is no console, or beyond us. */
#define ROWS_MAX 50000
#define OPTIONS_MAX 96

/* Keeps the text as one line. */
static void
set_error(ArxClient *client, ArxConsoleState state, const char *text)
{
	Size n = 0;

	client->state = state;
	for (; *text && n < sizeof(client->error) - 1; text++)
	{
		char c = (unsigned char) *text < ' ' ? ' ' : *text;

		if (c != ' ' || (n > 0 && client->error[n - 1] != ' '))
			client->error[n++] = c;
	}
	while (n > 0 && client->error[n - 1] == ' ')
		n--;
	client->error[n] = '\0';
}

static void
fail(ArxClient *client, ArxConsoleState state, const char *text)
{
	set_error(client, state, text);
	arx_client_close(client);
}

void
arx_client_close(ArxClient *client)
{
	if (client->conn == NULL)
		return;
	PQfinish(client->conn);
	ReleaseExternalFD();
	client->conn = NULL;
	client->phase = ARX_CLIENT_DOWN;
}

/*
 * Why a login failed.  PgBouncer gives one SQLSTATE for all reasons, but its
 * words have not changed since 1.15, and are not translated.
 */
static ArxConsoleState
failed_login(const ArxClient *client, const char *text)
{
	static const char *const of_login[] = {
		"authentication", "password", "no such user", "SASL", "login rejected"};

	if (!client->was_heard)
		return ARX_CONSOLE_UNREACHABLE;
	if (PQconnectionNeedsPassword(client->conn))
		return ARX_CONSOLE_BAD_LOGIN;
	if (strstr(text, "not allowed"))
		return ARX_CONSOLE_NO_RIGHTS;
	/* What speaks there is no PgBouncer. */
	if (strstr(text, "expected authentication request"))
		return ARX_CONSOLE_REFUSED;
	for (int i = 0; i < (int) lengthof(of_login); i++)
		if (strstr(text, of_login[i]))
			return ARX_CONSOLE_BAD_LOGIN;
	return strstr(text, "FATAL") ? ARX_CONSOLE_REFUSED
								 : ARX_CONSOLE_UNREACHABLE;
}

/* What libpq says to nobody in particular must not reach the server log. */
static void
ignore_notice(void *arg, const char *message)
{
}

/*
 * The options of a connection string, and ours over them.  The arrays point
 * into given, and end with NULL.
 */
static void
collect_options(const PQconninfoOption *given, const char **keywords,
				const char **values)
{
	/* PgBouncer knows no GSS encryption, and asking for tickets may block. */
	static const char *const ours[][2] = {{"dbname", "pgbouncer"},
										  {"application_name", "arx_perf"},
										  {"gssencmode", "disable"}};
	int n = 0;

	for (; given->keyword && n < OPTIONS_MAX; given++)
	{
		if (given->val == NULL)
			continue;
		keywords[n] = given->keyword;
		values[n++] = given->val;
	}
	for (int i = 0; i < (int) lengthof(ours); i++)
	{
		keywords[n] = ours[i][0];
		values[n++] = ours[i][1];
	}
	keywords[n] = NULL;
	values[n] = NULL;
}

static PGconn *
start_connection(const char *conninfo)
{
	const char *keywords[OPTIONS_MAX + 8];
	const char *values[OPTIONS_MAX + 8];
	PQconninfoOption *given = PQconninfoParse(conninfo, NULL);
	PGconn *conn;

	if (given == NULL)
		return NULL;
	collect_options(given, keywords, values);
	conn = PQconnectStartParams(keywords, values, 0);
	PQconninfoFree(given);
	return conn;
}

void
arx_client_connect(ArxClient *client, const char *conninfo, int64 now)
{
	client->was_heard = false;
	client->rows = 0;
	client->deadline = now + ARX_CLIENT_DEADLINE_US;
	client->events = WL_SOCKET_WRITEABLE;
	if (!AcquireExternalFD())
	{
		set_error(client, ARX_CONSOLE_UNREACHABLE,
				  "the gateway has too many files open");
		return;
	}
	client->conn = start_connection(conninfo);
	if (client->conn == NULL)
	{
		ReleaseExternalFD();
		set_error(client, ARX_CONSOLE_UNREACHABLE, "out of memory");
		return;
	}
	client->phase = ARX_CLIENT_CONNECTING;
	PQsetNoticeProcessor(client->conn, ignore_notice, NULL);
	if (PQstatus(client->conn) == CONNECTION_BAD)
		fail(client, ARX_CONSOLE_UNREACHABLE, PQerrorMessage(client->conn));
}

void
arx_client_ask(ArxClient *client, const char *command, int64 now)
{
	Assert(client->phase == ARX_CLIENT_READY);
	client->phase = ARX_CLIENT_ASKING;
	client->rows = 0;
	client->deadline = now + ARX_CLIENT_DEADLINE_US;
	if (!PQsendQuery(client->conn, command) ||
		!PQsetSingleRowMode(client->conn))
		fail(client, ARX_CONSOLE_UNREACHABLE, PQerrorMessage(client->conn));
}

/*
 * Has happened what libpq waits for?  It must not be called before: it would
 * take a connection that is being made for one that is there.
 */
static bool
socket_is_ready(const ArxClient *client)
{
	struct pollfd fd = {.fd = PQsocket(client->conn)};

	if (client->events & WL_SOCKET_READABLE)
		fd.events |= POLLIN;
	if (client->events & WL_SOCKET_WRITEABLE)
		fd.events |= POLLOUT;
	return fd.fd >= 0 && poll(&fd, 1, 0) > 0;
}

static void
advance_connecting(ArxClient *client)
{
	PostgresPollingStatusType status;

	if (!socket_is_ready(client))
		return;
	if (client->events & WL_SOCKET_READABLE)
		client->was_heard = true;
	status = PQconnectPoll(client->conn);
	switch (status)
	{
		case PGRES_POLLING_READING:
			client->events = WL_SOCKET_READABLE;
			break;
		case PGRES_POLLING_WRITING:
			client->events = WL_SOCKET_WRITEABLE;
			break;
		case PGRES_POLLING_OK:
			client->phase = ARX_CLIENT_READY;
			client->state = ARX_CONSOLE_OK;
			client->error[0] = '\0';
			PQsetnonblocking(client->conn, 1);
			break;
		default:
			fail(client, failed_login(client, PQerrorMessage(client->conn)),
				 PQerrorMessage(client->conn));
			break;
	}
}

/* One result of an answer; false when the client had to be given up. */
static bool
take_result(ArxClient *client, PGresult *result, ArxRowTaker take, void *arg)
{
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_SINGLE_TUPLE)
	{
		client->rows++;
		take(result, arg);
	}
	else if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
	{
		fail(client,
			 PQstatus(client->conn) == CONNECTION_OK ? ARX_CONSOLE_REFUSED
													 : ARX_CONSOLE_UNREACHABLE,
			 PQresultErrorMessage(result));
		return false;
	}
	if (client->rows <= ROWS_MAX)
		return true;
	fail(client, ARX_CONSOLE_REFUSED, "an answer is too long");
	return false;
}

static void
advance_asking(ArxClient *client, ArxRowTaker take, void *arg)
{
	int unsent = PQflush(client->conn);

	if (unsent < 0 || !PQconsumeInput(client->conn))
	{
		fail(client, ARX_CONSOLE_UNREACHABLE, PQerrorMessage(client->conn));
		return;
	}
	client->events = WL_SOCKET_READABLE;
	if (unsent > 0)
		client->events |= WL_SOCKET_WRITEABLE;
	for (int i = 0; i < ROWS_AT_ONCE && !PQisBusy(client->conn); i++)
	{
		PGresult *result = PQgetResult(client->conn);
		bool good;

		if (result == NULL)
		{
			client->phase = ARX_CLIENT_READY;
			return;
		}
		good = take_result(client, result, take, arg);
		PQclear(result);
		if (!good)
			return;
	}
}

/* Was it closed while nothing was asked? */
static void
notice_end(ArxClient *client)
{
	client->events = WL_SOCKET_READABLE;
	if (socket_is_ready(client) && !PQconsumeInput(client->conn))
		fail(client, ARX_CONSOLE_UNREACHABLE, PQerrorMessage(client->conn));
}

void
arx_client_advance(ArxClient *client, int64 now, ArxRowTaker take, void *arg)
{
	bool connecting = client->phase == ARX_CLIENT_CONNECTING;

	if (connecting)
		advance_connecting(client);
	else if (client->phase == ARX_CLIENT_ASKING)
		advance_asking(client, take, arg);
	else if (client->phase == ARX_CLIENT_READY)
		notice_end(client);
	if (now < client->deadline ||
		(client->phase != ARX_CLIENT_CONNECTING &&
		 client->phase != ARX_CLIENT_ASKING))
		return;
	if (connecting && PQstatus(client->conn) == CONNECTION_STARTED)
		fail(client, ARX_CONSOLE_UNREACHABLE,
			 "the connection was not made within 2 s");
	else
		fail(client, ARX_CONSOLE_NO_ANSWER,
			 connecting ? "no answer to the login within 2 s"
						: "no answer to a command within 2 s");
}

void
arx_client_wait(const ArxClient *client, int64 now, ArxWaitList *waits)
{
	if (client->phase == ARX_CLIENT_DOWN)
		return;
	if (client->phase != ARX_CLIENT_READY)
		arx_wait_until(waits, client->deadline);
	/* Rows that are here already make no socket ready. */
	if (client->phase == ARX_CLIENT_ASKING && !PQisBusy(client->conn))
		arx_wait_until(waits, now);
	if (PQsocket(client->conn) >= 0)
		arx_wait_for_socket(waits, PQsocket(client->conn), client->events, now);
}

const char *
arx_row_text(const struct pg_result *row, const char *column)
{
	int number = PQfnumber(row, column);

	return number < 0 || PQgetisnull(row, 0, number)
		? NULL
		: PQgetvalue(row, 0, number);
}

int64
arx_row_number(const struct pg_result *row, const char *column)
{
	const char *text = arx_row_text(row, column);
	char *end;
	long long value;

	if (text == NULL)
		return -1;
	text += strspn(text, " ");
	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	value = strtoll(text, &end, 10);
	return errno != 0 || *end ? -1 : (int64) value;
}
