/*
 * pgbouncer_health.c
 *	  Numbers and advice about the consoles.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/timestamp.h"

#include "core/text_encoding.h"
#include "pools/pgbouncer_health.h"
#include "pools/pgbouncer_window.h"

typedef struct StateText
{
	const char *name;
	const char *hint;
} StateText;

/* By ArxConsoleState. */
static const StateText states[] = {
	{"connecting", "Look again in a moment."},
	{"ok", NULL},
	{"unreachable",
	 "Is this PgBouncer running, and are host and port in arx_perf.pgbouncers "
	 "those of its unix_socket_dir or listen_addr, and listen_port?"},
	{"no answer",
	 "Something accepts the connection and is silent: see whether this "
	 "PgBouncer hangs, or whether another program listens there."},
	{"authentication failed",
	 "Put the password into a password file that the server's user owns with "
	 "permissions 0600 (passfile=... in arx_perf.pgbouncers, PGPASSFILE, or "
	 "~/.pgpass), with pgbouncer as the database, then reload the "
	 "configuration."},
	{"no rights",
	 "Add the user to stats_users (or admin_users) of this PgBouncer and "
	 "reload it."},
	{"refused", "See the error, and the log of this PgBouncer."},
};

const char *
arx_bouncer_state_name(const ArxBouncerConsole *console, int64 now)
{
	if (console->state == ARX_CONSOLE_OK && !arx_bouncer_is_fresh(console, now))
		return "stale";
	return states[console->state].name;
}

static void
add(ArxHealth *health, const char *metric, int64 value, ArxHealthStatus status,
	const char *description)
{
	arx_health_add(health, "pgbouncer", metric, (double) value, "", status,
				   description);
}

void
arx_bouncer_health(ArxHealth *health)
{
	ArxBouncerCopy *copy = arx_bouncer_copy(false);
	int64 now = GetCurrentTimestamp();
	int64 dropped = arx_bouncer_dropped();
	int64 answering = 0;
	int64 looks = 0;
	int64 failures = 0;
	int64 restarts = 0;

	for (int i = 0; i < copy->nconsoles; i++)
	{
		const ArxBouncerConsole *console = &copy->consoles[i];

		answering += console->state == ARX_CONSOLE_OK &&
			arx_bouncer_is_fresh(console, now);
		looks += console->looks;
		failures += console->failures;
		restarts += console->restarts;
	}
	add(health, "consoles", copy->nconsoles, ARX_OK,
		"PgBouncers in arx_perf.pgbouncers");
	add(health, "consoles_answering", answering,
		answering < copy->nconsoles ? ARX_WARNING : ARX_OK,
		"those that answer now");
	add(health, "looks", looks, ARX_OK, "times they were asked");
	add(health, "failures", failures, ARX_OK,
		"connections that failed, or were lost");
	add(health, "restarts", restarts, ARX_OK,
		"times that a PgBouncer was found started anew");
	add(health, "pools", arx_bouncer_pool_count(), ARX_OK,
		"pools in memory, at most 256");
	add(health, "pools_dropped", dropped, dropped > 0 ? ARX_WARNING : ARX_OK,
		"times that a pool or database found no room");
}

void
arx_bouncer_check(ArxHealth *health)
{
	ArxBouncerCopy *copy = arx_bouncer_copy(false);
	int64 now = GetCurrentTimestamp();

	for (int i = 0; i < copy->nconsoles; i++)
	{
		const ArxBouncerConsole *console = &copy->consoles[i];
		const char *state = arx_bouncer_state_name(console, now);
		const char *version = console->version[0] ? console->version : "it";
		bool is_ok = strcmp(state, "ok") == 0;
		bool is_stale = strcmp(state, "stale") == 0;
		char *name = arx_text_to_server(console->name,
										(int) strlen(console->name), PG_UTF8);
		char *detail = is_ok
			? psprintf("%s answers", version)
			: psprintf("%s%s%s", state, console->error[0] ? ": " : "",
					   console->error);

		arx_check_add(health, psprintf("pgbouncer %s", name),
					  is_ok || console->state == ARX_CONSOLE_CONNECTING
						  ? ARX_OK
						  : ARX_ERROR,
					  arx_text_to_server(detail, (int) strlen(detail), PG_UTF8),
					  is_stale ? "See whether the worker gateway runs."
							   : states[console->state].hint);
	}
}
