/*
 * pgbouncer_poll.c
 *	  One round of questions after the other, for each console by itself.
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "storage/ipc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/settings.h"
#include "pools/pgbouncer_answers.h"
#include "pools/pgbouncer_client.h"
#include "pools/pgbouncer_list.h"
#include "pools/pgbouncer_poll.h"
#include "pools/pgbouncer_store.h"

/* Between two looks at what changes with the configuration only. */
#define SLOW_INTERVAL_US (10 * INT64CONST(1000000))
#define BACKOFF_MIN_US (1 * INT64CONST(1000000))
#define BACKOFF_MAX_US (60 * INT64CONST(1000000))

typedef struct Console
{
	ArxConsoleSpec spec;
	ArxClient client;
	ArxBouncerConsole shown;
	ArxBouncerLook look;
	int question; /* of arx_bouncer_questions; -1: between two looks */
	bool is_slow; /* this look asks the slow questions too */
	int64 next_look;
	int64 next_slow;
	int64 retry_at;
	int64 backoff_us;
	int64 restart_noted; /* connected_at when one was last counted */
} Console;

/* The gateway's own. */
static Console *consoles[ARX_MAX_CONSOLES];
static int nconsoles;
static char *list_in_use;
static int64 list_read_at; /* PgReloadTime then */
static uint32 last_id;

/* Waits for nobody, and so may be done at any exit. */
static void
close_all(int code, Datum arg)
{
	for (int i = 0; i < nconsoles; i++)
		arx_client_close(&consoles[i]->client);
}

/* ---- the setting ---- */

static Console *
new_console(const ArxConsoleSpec *spec, int64 now)
{
	Console *console =
		MemoryContextAllocZero(TopMemoryContext, sizeof(*console));
	ArxBouncerConsole *shown = &console->shown;

	console->spec = *spec;
	console->question = -1;
	console->look.console = shown;
	console->look.looks_without_waiting = ARX_BOUNCER_CLIENT_LOOKS;
	shown->id = ++last_id;
	shown->state = ARX_CONSOLE_CONNECTING;
	shown->since = now;
	shown->used_clients = -1;
	shown->max_client_conn = -1;
	shown->max_user_connections = -1;
	shown->default_pool_size = -1;
	strlcpy(shown->name, spec->name, sizeof(shown->name));
	return console;
}

/* The console of this name and address, if it is in use. */
static Console *
find_console(const ArxConsoleSpec *spec)
{
	for (int i = 0; i < nconsoles; i++)
		if (strcmp(consoles[i]->spec.name, spec->name) == 0 &&
			strcmp(consoles[i]->spec.conninfo, spec->conninfo) == 0)
			return consoles[i];
	return NULL;
}

static bool
is_among(const Console *console, Console *const *others, int n)
{
	for (int i = 0; i < n; i++)
		if (others[i] == console)
			return true;
	return false;
}

/* Makes those consoles the ones in use; those that stay go on as they are. */
static void
use_consoles(const ArxConsoleSpec *specs, int n, int64 now)
{
	const ArxBouncerConsole *shown[ARX_MAX_CONSOLES];
	Console *wanted[ARX_MAX_CONSOLES];

	for (int i = 0; i < n; i++)
	{
		wanted[i] = find_console(&specs[i]);
		if (wanted[i] == NULL)
			wanted[i] = new_console(&specs[i], now);
		shown[i] = &wanted[i]->shown;
	}
	for (int i = 0; i < nconsoles; i++)
	{
		if (is_among(consoles[i], wanted, n))
			continue;
		arx_client_close(&consoles[i]->client);
		pfree(consoles[i]);
	}
	for (int i = 0; i < n; i++)
		consoles[i] = wanted[i];
	nconsoles = n;
	arx_bouncer_set_consoles(shown, n);
}

static void
use_list(const char *list, int64 now)
{
	ArxConsoleSpec specs[ARX_MAX_CONSOLES];
	ArxConsoleFault fault;
	char *copy = MemoryContextStrdup(TopMemoryContext, list);
	int n = arx_console_list_parse(list, specs, &fault);

	use_consoles(specs, Max(n, 0), now);
	if (list_in_use)
		pfree(list_in_use);
	list_in_use = copy;
}

/* Whatever is planned is due. */
static void
forget_plans(int64 now)
{
	for (int i = 0; i < nconsoles; i++)
	{
		consoles[i]->retry_at = now;
		consoles[i]->next_look = now;
		consoles[i]->next_slow = now;
	}
}

/* After a reload: new list, and no more patience with those that are away. */
static void
follow_setting(int64 now)
{
	const char *list = arx_pgbouncers ? arx_pgbouncers : "";

	if (list_in_use == NULL)
	{
		arx_bouncer_clear();
		/* Where neither the list nor a service names one. */
		setenv("PGPORT", ARX_PGBOUNCER_PORT, 1);
		on_proc_exit(close_all, (Datum) 0);
	}
	if (PgReloadTime != list_read_at)
		forget_plans(now);
	list_read_at = PgReloadTime;
	if (list_in_use == NULL || strcmp(list, list_in_use) != 0)
		use_list(list, now);
}

/* Plans made before the clock was put back would lie far ahead. */
static void
follow_clock(int64 now)
{
	static int64 last = 0;

	if (now < last)
	{
		forget_plans(now);
		for (int i = 0; i < nconsoles; i++)
		{
			consoles[i]->look.connected_at = now;
			consoles[i]->client.deadline = now + ARX_CLIENT_DEADLINE_US;
		}
	}
	last = now;
}

/* ---- one console ---- */

static void
set_state(Console *console, int64 now)
{
	ArxBouncerConsole *shown = &console->shown;

	if (shown->state != (int32) console->client.state)
		shown->since = now;
	shown->state = console->client.state;
	strlcpy(shown->error, console->client.error, sizeof(shown->error));
	arx_bouncer_set_console(shown);
}

/* Later and later, and not all at the same time. */
static void
note_failure(Console *console, int64 now)
{
	double part = 0.75 + pg_prng_double(&pg_global_prng_state) / 2;

	console->backoff_us = console->backoff_us == 0
		? BACKOFF_MIN_US
		: Min(console->backoff_us * 2, BACKOFF_MAX_US);
	console->retry_at =
		now + Min((int64) (console->backoff_us * part), BACKOFF_MAX_US);
	console->question = -1;
	console->shown.failures++;
	set_state(console, now);
}

static void
begin_look(Console *console, int64 now)
{
	int64 interval_us = (int64) arx_pgbouncer_interval * 1000;
	double part = 0.5 + pg_prng_double(&pg_global_prng_state);

	console->question = 0;
	console->is_slow = now >= console->next_slow;
	console->look.began_at = now;
	console->look.went_back = false;
	console->next_look = now + (int64) (interval_us * part);
	if (console->is_slow)
		console->next_slow = now + SLOW_INTERVAL_US;
}

static void
end_look(Console *console, int64 now)
{
	ArxBouncerConsole *shown = &console->shown;

	console->question = -1;
	console->backoff_us = 0;
	shown->looks++;
	/* Its databases are seen to have fallen one after the other, as they come. */
	if (console->look.went_back &&
		console->restart_noted != console->look.connected_at)
	{
		console->restart_noted = console->look.connected_at;
		shown->restarts++;
	}
	shown->answered_at = console->look.began_at;
	shown->latency_us = now - console->look.began_at;
	set_state(console, now);
}

/* Asks the question at hand, or the next one that is due; false: none is. */
static bool
ask_next(Console *console, int64 now)
{
	for (; arx_bouncer_questions[console->question].command;
		 console->question++)
	{
		const ArxBouncerQuestion *question =
			&arx_bouncer_questions[console->question];

		if (question->is_slow && !console->is_slow)
			continue;
		if (question->begin && !question->begin(&console->look))
			continue;
		arx_client_ask(&console->client, question->command, now);
		return true;
	}
	return false;
}

/* When it has connected, and when an answer is complete. */
static void
go_on(Console *console, ArxClientPhase before, int64 now)
{
	if (before == ARX_CLIENT_CONNECTING)
	{
		console->shown.connects++;
		console->look.connected_at = now;
		console->next_look = now;
		console->next_slow = now;
	}
	else if (before == ARX_CLIENT_ASKING)
		console->question++;
	if (console->question < 0)
	{
		if (now < console->next_look)
			return;
		begin_look(console, now);
	}
	if (!ask_next(console, now))
		end_look(console, now);
}

static void
take_row(const struct pg_result *row, void *arg)
{
	Console *console = arg;

	arx_bouncer_questions[console->question].take(row, &console->look);
}

/* Does what it can for this console without waiting. */
static void
run_console(Console *console, int64 now, ArxWaitList *waits)
{
	ArxClient *client = &console->client;
	ArxClientPhase before;

	if (client->phase == ARX_CLIENT_DOWN && now >= console->retry_at)
	{
		arx_client_connect(client, console->spec.conninfo, now);
		if (client->phase == ARX_CLIENT_DOWN)
			note_failure(console, now);
	}
	do
	{
		before = client->phase;
		console->look.now = now;
		arx_client_advance(client, now, take_row, console);
		if (client->phase == ARX_CLIENT_READY)
			go_on(console, before, now);
		if (client->phase == ARX_CLIENT_DOWN && before != ARX_CLIENT_DOWN)
			note_failure(console, now);
		now = GetCurrentTimestamp();
	} while (client->phase != before && client->phase == ARX_CLIENT_ASKING);

	if (client->phase == ARX_CLIENT_DOWN)
		arx_wait_until(waits, console->retry_at);
	else if (client->phase == ARX_CLIENT_READY)
		arx_wait_until(waits, console->next_look);
	arx_client_wait(client, now, waits);
}

void
arx_bouncer_gateway_tick(int64 now, ArxWaitList *waits)
{
	follow_clock(now);
	follow_setting(now);
	for (int i = 0; i < nconsoles; i++)
		run_console(consoles[i], GetCurrentTimestamp(), waits);
}
