/*
 * pgbouncer_answers.c
 *	  Rows of the admin console, taken by the names of their columns.
 *
 * Columns come, go and change places from version to version; one that is
 * missing is unknown.  The database "pgbouncer" is the console itself, and we
 * its clients: it is no pool.
 */
#include "postgres.h"

#include "pools/pgbouncer_answers.h"

#define US_PER_S INT64CONST(1000000)

static bool
is_console(const char *database)
{
	return strcmp(database, "pgbouncer") == 0;
}

/* The sum of what is known; -1 when nothing is. */
static int64
sum_known(int64 a, int64 b)
{
	return a < 0 && b < 0 ? -1 : Max(a, 0) + Max(b, 0);
}

/* Seconds and microseconds, of two columns, together. */
static int64
row_us(const struct pg_result *row, const char *seconds, const char *us)
{
	int64 whole = arx_row_number(row, seconds);
	int64 part = arx_row_number(row, us);

	return whole < 0 || whole > PG_INT64_MAX / (2 * US_PER_S)
		? -1
		: whole * US_PER_S + Max(part, 0);
}

static void
copy_text(char *to, Size size, const char *text)
{
	strlcpy(to, text ? text : "", size);
}

/*
 * Points of all pools and databases are of the same looks, so that they can be
 * set against each other.
 */
static bool
is_point_due(const ArxBouncerLook *look, int64 last)
{
	return look->began_at / ARX_BOUNCER_POINT_US != last / ARX_BOUNCER_POINT_US;
}

/* Was there a gap since, in connection or clock? */
static bool
is_away(const ArxBouncerLook *look, int64 seen_at)
{
	return seen_at < look->connected_at || seen_at > look->began_at;
}

static void
take_version(const struct pg_result *row, void *arg)
{
	ArxBouncerLook *look = arg;

	copy_text(look->console->version, sizeof(look->console->version),
			  arx_row_text(row, "version"));
}

static bool
asks_version(ArxBouncerLook *look)
{
	return look->console->version[0] == '\0' ||
		look->connected_at == look->began_at;
}

/* ---- SHOW POOLS ---- */

static ArxKnownDatabase *
known_database(ArxBouncerLook *look, const char *name)
{
	for (int i = 0; i < look->ndatabases; i++)
		if (strcmp(look->databases[i].name, name) == 0)
			return &look->databases[i];
	return NULL;
}

/*
 * Notes that a database has pools; one that the last whole look did not see
 * makes room for it.  NULL, and counted, when there is none.
 */
static ArxKnownDatabase *
note_database(ArxBouncerLook *look, const char *name)
{
	ArxKnownDatabase *known = known_database(look, name);

	for (int i = 0; known == NULL && i < look->ndatabases; i++)
		if (look->databases[i].seen_at < look->console->answered_at ||
			look->databases[i].seen_at > look->began_at)
			known = &look->databases[i];
	if (known == NULL && look->ndatabases < ARX_BOUNCER_DATABASES)
		known = &look->databases[look->ndatabases++];
	if (known == NULL)
	{
		arx_bouncer_note_dropped();
		return NULL;
	}
	if (strcmp(known->name, name) != 0)
	{
		memset(known, 0, sizeof(*known));
		copy_text(known->name, sizeof(known->name), name);
	}
	known->seen_at = look->began_at;
	return known;
}

static void
begin_anew(ArxBouncerPool *pool, const ArxBouncerLook *look)
{
	pool->began_at = look->began_at;
	pool->npoints = 0;
	memset(&pool->now, 0, sizeof(pool->now));
	memset(pool->ages, 0, sizeof(pool->ages));
}

/* Limits of the user; a pool of another size begins anew. */
static void
set_user_limits(ArxBouncerPool *pool, const ArxBouncerLook *look,
				const char *username)
{
	int64 size = -1;
	int64 max_connections = -1;

	for (int i = 0; i < look->nusers; i++)
	{
		if (strcmp(look->known_users[i].name, username) != 0)
			continue;
		size = look->known_users[i].size;
		max_connections = look->known_users[i].max_connections;
	}
	if (size != pool->user_size)
		begin_anew(pool, look);
	pool->user_size = size;
	pool->user_max_connections = max_connections >= 0
		? max_connections
		: look->console->max_user_connections;
}

static void
set_counts(ArxBouncerPool *pool, const struct pg_result *row)
{
	pool->cl_active = arx_row_number(row, "cl_active");
	pool->cl_waiting = arx_row_number(row, "cl_waiting");
	pool->sv_active = arx_row_number(row, "sv_active");
	pool->sv_idle = arx_row_number(row, "sv_idle");
	pool->sv_used = arx_row_number(row, "sv_used");
	pool->sv_tested = arx_row_number(row, "sv_tested");
	pool->sv_login = arx_row_number(row, "sv_login");
	pool->sv_canceling = sum_known(arx_row_number(row, "sv_active_cancel"),
								   arx_row_number(row, "sv_being_canceled"));
	pool->max_wait_us = row_us(row, "maxwait", "maxwait_us");
	copy_text(pool->mode, sizeof(pool->mode), arx_row_text(row, "pool_mode"));
}

/* Where the ages that this look sees are counted. */
static ArxBouncerAges *
ages_of(ArxBouncerPool *pool, const ArxBouncerLook *look)
{
	int64 slot = look->began_at / ARX_BOUNCER_AGE_SLOT_US;
	/* unsigned: a clock may be before 2000 */
	ArxBouncerAges *ages = &pool->ages[(uint64) slot % ARX_BOUNCER_AGE_SLOTS];

	if (ages->slot != slot)
		memset(ages, 0, sizeof(*ages));
	ages->slot = slot;
	return ages;
}

static void
add_look(ArxBouncerPool *pool, const ArxBouncerLook *look)
{
	ArxBouncerPoint *now = &pool->now;

	now->time = look->began_at;
	now->looks++;
	now->active += (uint32) Max(pool->sv_active, 0);
	now->waiting += (uint32) Max(pool->cl_waiting, 0);
	now->peak = Max(now->peak, (uint32) Max(pool->sv_active, 0));
	if (pool->npoints == 0 ||
		is_point_due(
			look, pool->points[(pool->npoints - 1) % ARX_BOUNCER_POINTS].time))
	{
		pool->points[pool->npoints++ % ARX_BOUNCER_POINTS] = *now;
		now->peak = 0;
	}
	arx_day_peak_note(&pool->day, look->began_at,
					  (int32) Min(Max(pool->sv_active, 0), PG_INT32_MAX));
	if (look->lists_ages)
		ages_of(pool, look)->looks++;
}

static void
take_pool(const struct pg_result *row, void *arg)
{
	ArxBouncerLook *look = arg;
	const char *database = arx_row_text(row, "database");
	const char *username = arx_row_text(row, "user");
	const ArxKnownDatabase *known;
	ArxBouncerPool *pool;

	if (database == NULL || username == NULL || is_console(database))
		return;
	known = note_database(look, database);
	look->clients += sum_known(arx_row_number(row, "cl_active"),
							   arx_row_number(row, "cl_waiting"));
	look->waiting += Max(arx_row_number(row, "cl_waiting"), 0);
	pool = arx_bouncer_pool(look->console->id, database, username, look->now);
	if (pool == NULL)
		return;
	arx_bouncer_pool_begin(pool);
	if (is_away(look, pool->seen_at) ||
		(known && pool->began_at < known->began_at))
		begin_anew(pool, look);
	pool->seen_at = look->began_at;
	set_counts(pool, row);
	set_user_limits(pool, look, username);
	add_look(pool, look);
	arx_bouncer_pool_end(pool);
}

static bool
begin_pools(ArxBouncerLook *look)
{
	look->lists_ages = look->clients <= ARX_BOUNCER_LIST_MAX;
	look->clients = 0;
	look->waiting = 0;
	return true;
}

/* ---- SHOW CLIENTS ---- */

/*
 * Whether to list clients must not depend on who waits just now, or short waits
 * were seen too rarely: it goes on for some looks after the last that waited.
 */
static bool
asks_clients(ArxBouncerLook *look)
{
	if (look->waiting > 0)
		look->looks_without_waiting = 0;
	else if (look->looks_without_waiting < ARX_BOUNCER_CLIENT_LOOKS)
		look->looks_without_waiting++;
	return look->lists_ages && look->clients <= ARX_BOUNCER_LIST_MAX &&
		look->looks_without_waiting < ARX_BOUNCER_CLIENT_LOOKS;
}

/* A client that waits for its login has no age there, and is left out. */
static void
take_client(const struct pg_result *row, void *arg)
{
	ArxBouncerLook *look = arg;
	const char *database = arx_row_text(row, "database");
	const char *username = arx_row_text(row, "user");
	const char *state = arx_row_text(row, "state");
	int64 age_us = row_us(row, "wait", "wait_us");
	const ArxKnownDatabase *known;
	ArxBouncerPool *pool;

	if (database == NULL || username == NULL || state == NULL ||
		strcmp(state, "waiting") != 0 || age_us <= 0)
		return;
	known = known_database(look, database);
	if (known == NULL)
		return;
	if (known->force_user[0])
		username = known->force_user;
	pool = arx_bouncer_pool(look->console->id, database, username, look->now);
	if (pool == NULL)
		return;
	arx_bouncer_pool_begin(pool);
	ages_of(pool, look)->counts[arx_wait_bin((double) age_us / US_PER_S)]++;
	arx_bouncer_pool_end(pool);
}

/* ---- SHOW STATS ---- */

static bool
fell(int64 before, int64 after)
{
	return after >= 0 && after < before;
}

/* Its pools follow at the next look. */
static void
begin_database_anew(ArxBouncerDatabase *database, ArxKnownDatabase *known,
					const ArxBouncerLook *look)
{
	database->npoints = 0;
	known->began_at = look->began_at;
}

static void
add_totals(ArxBouncerDatabase *database, ArxKnownDatabase *known,
		   const ArxBouncerTotals *now, ArxBouncerLook *look)
{
	bool away = is_away(look, database->seen_at);
	bool back = fell(database->now.transactions, now->transactions) ||
		fell(database->now.queries, now->queries) ||
		fell(database->now.transaction_us, now->transaction_us) ||
		fell(database->now.wait_us, now->wait_us);

	if (database->seen_at == 0)
		database->size = -1;
	look->went_back |= away && back;
	/* Without a restart: 1.26 forgets pools that were idle for long. */
	if (away || back)
		begin_database_anew(database, known, look);
	database->seen_at = look->began_at;
	database->now = *now;
	if (database->npoints == 0 ||
		is_point_due(
			look,
			database->points[(database->npoints - 1) % ARX_BOUNCER_POINTS]
				.time))
		database->points[database->npoints++ % ARX_BOUNCER_POINTS] = *now;
}

static void
take_totals(const struct pg_result *row, void *arg)
{
	ArxBouncerLook *look = arg;
	const char *name = arx_row_text(row, "database");
	ArxBouncerTotals now = {
		.time = look->began_at,
		.transactions = arx_row_number(row, "total_xact_count"),
		.queries = arx_row_number(row, "total_query_count"),
		.transaction_us = arx_row_number(row, "total_xact_time"),
		.query_us = arx_row_number(row, "total_query_time"),
		.wait_us = arx_row_number(row, "total_wait_time"),
		.assignments = arx_row_number(row, "total_server_assignment_count"),
		.logins = arx_row_number(row, "total_client_login_count"),
	};
	ArxBouncerDatabase *database;
	ArxKnownDatabase *known;

	if (name == NULL)
		return;
	if (is_console(name))
	{
		/* Our own commands are counted there, so it grows with each look. */
		look->went_back |= fell(look->own_commands, now.queries);
		look->own_commands = now.queries;
		return;
	}
	known = known_database(look, name);
	if (known == NULL)
		return;
	database = arx_bouncer_database(look->console->id, name, look->now);
	if (database == NULL)
		return;
	arx_bouncer_database_begin(database);
	add_totals(database, known, &now, look);
	arx_bouncer_database_end(database);
}

/* ---- what changes with the configuration ---- */

static void
take_list(const struct pg_result *row, void *arg)
{
	ArxBouncerLook *look = arg;
	const char *list = arx_row_text(row, "list");

	if (list == NULL)
		return;
	if (strcmp(list, "users") == 0)
		look->users = arx_row_number(row, "items");
	else if (strcmp(list, "used_clients") == 0)
		/* we are one of them */
		look->console->used_clients = arx_row_number(row, "items") - 1;
}

static int64
reserve_size(const struct pg_result *row)
{
	int64 size = arx_row_number(row, "reserve_pool_size");

	return size >= 0 ? size : arx_row_number(row, "reserve_pool");
}

static void
take_database(const struct pg_result *row, void *arg)
{
	ArxBouncerLook *look = arg;
	const char *name = arx_row_text(row, "name");
	ArxKnownDatabase *known = name ? known_database(look, name) : NULL;
	ArxBouncerDatabase *database;
	int64 size;

	if (known == NULL)
		return;
	copy_text(known->force_user, sizeof(known->force_user),
			  arx_row_text(row, "force_user"));
	database = arx_bouncer_database(look->console->id, name, look->now);
	if (database == NULL)
		return;
	arx_bouncer_database_begin(database);
	size = arx_row_number(row, "pool_size");
	if (size != database->size && database->size >= 0)
		begin_database_anew(database, known, look);
	database->size = size;
	database->min_size = arx_row_number(row, "min_pool_size");
	database->reserve_size = reserve_size(row);
	database->max_connections = arx_row_number(row, "max_connections");
	database->current_connections = arx_row_number(row, "current_connections");
	copy_text(database->server_database, sizeof(database->server_database),
			  arx_row_text(row, "database"));
	copy_text(database->force_user, sizeof(database->force_user),
			  known->force_user);
	arx_bouncer_database_end(database);
}

static void
take_config(const struct pg_result *row, void *arg)
{
	ArxBouncerLook *look = arg;
	ArxBouncerConsole *console = look->console;
	const char *key = arx_row_text(row, "key");

	if (key == NULL)
		return;
	if (strcmp(key, "max_client_conn") == 0)
		console->max_client_conn = arx_row_number(row, "value");
	else if (strcmp(key, "max_user_connections") == 0)
		console->max_user_connections = arx_row_number(row, "value");
	else if (strcmp(key, "default_pool_size") == 0)
		console->default_pool_size = arx_row_number(row, "value");
}

/* ---- SHOW USERS: since 1.23 users may have limits of their own ---- */

static bool
begin_users(ArxBouncerLook *look)
{
	look->nusers = 0;
	look->last_user_size = -1;
	return look->users <= ARX_BOUNCER_LIST_MAX;
}

/*
 * The pool size of the user of a row; -1: none of its own.  Before 1.26 a user
 * without one shows that of the row before.
 */
static int64
user_size(const struct pg_result *row, ArxBouncerLook *look)
{
	int64 size = arx_row_number(row, "pool_size");
	bool repeated = size == look->last_user_size;
	int major = 0;
	int minor = 0;

	look->last_user_size = size;
	sscanf(look->console->version, "PgBouncer %d.%d", &major, &minor);
	return repeated && major <= 1 && minor < 26 ? -1 : size;
}

static void
take_user(const struct pg_result *row, void *arg)
{
	ArxBouncerLook *look = arg;
	const char *name = arx_row_text(row, "name");
	int64 size = user_size(row, look);
	int64 max_connections = arx_row_number(row, "max_user_connections");
	ArxKnownUser *user;

	if (max_connections == look->console->max_user_connections)
		max_connections = -1;
	if (name == NULL || (size < 0 && max_connections < 0) ||
		look->nusers == ARX_BOUNCER_USERS)
		return;
	user = &look->known_users[look->nusers++];
	copy_text(user->name, sizeof(user->name), name);
	user->size = size;
	user->max_connections = max_connections;
}

const ArxBouncerQuestion arx_bouncer_questions[] = {
	{"SHOW VERSION", take_version, asks_version, false},
	{"SHOW POOLS", take_pool, begin_pools, false},
	{"SHOW CLIENTS", take_client, asks_clients, false},
	{"SHOW STATS", take_totals, NULL, false},
	{"SHOW LISTS", take_list, NULL, true},
	{"SHOW DATABASES", take_database, NULL, true},
	{"SHOW CONFIG", take_config, NULL, true},
	{"SHOW USERS", take_user, begin_users, true},
	{NULL, NULL, NULL, false},
};
