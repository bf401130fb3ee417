/*
 * pgbouncer_window.c
 *	  Differences of totals and of looks between two moments of a pool.
 */
#include "postgres.h"

#include <math.h>

#include "utils/timestamp.h"

#include "core/settings.h"
#include "core/text_encoding.h"
#include "mb/pg_wchar.h"
#include "pools/pgbouncer_window.h"

#define US_PER_S 1e6

/* Between two moments; what is unknown is NAN. */
typedef struct Span
{
	const ArxBouncerPool *pool;
	const ArxBouncerDatabase *database;
	ArxBouncerPoint pool_from;
	ArxBouncerTotals from;
	double seconds; /* 0: nothing is known */
	double transactions;
	double arrivals; /* transactions, or assignments of whole sessions */
	double wait_s;
	double transaction_s;
	double query_s;
	/* of the pool alone */
	double looks;
	double active;
	double waiting;
	/* of what the database did, its part */
	bool apportioned;
	double share;
	double wait_share;
} Span;

const ArxBouncerConsole *
arx_bouncer_console_of(const ArxBouncerCopy *copy,
					   const ArxBouncerPoolCopy *pool)
{
	for (int i = 0; i < copy->nconsoles; i++)
		if (copy->consoles[i].id == pool->key.console)
			return &copy->consoles[i];
	return NULL; /* not of this copy */
}

const ArxBouncerDatabase *
arx_bouncer_database_of(const ArxBouncerCopy *copy,
						const ArxBouncerPoolCopy *pool)
{
	for (int i = 0; i < copy->ndatabases; i++)
		if (copy->databases[i].key.console == pool->key.console &&
			strcmp(copy->databases[i].key.database, pool->key.database) == 0)
			return &copy->databases[i].database;
	return NULL;
}

bool
arx_bouncer_is_fresh(const ArxBouncerConsole *console, int64 now)
{
	int64 patience = Max(10000, 3 * (int64) arx_pgbouncer_interval) * 1000;

	return console->answered_at > 0 && now - console->answered_at < patience;
}

/* Points in the order of time: 0 is the oldest that is kept. */
static int
points_kept(int64 npoints)
{
	return (int) Min(npoints, ARX_BOUNCER_POINTS);
}

static int
ring_index(int64 npoints, int i)
{
	return (int) ((npoints - points_kept(npoints) + i) % ARX_BOUNCER_POINTS);
}

static const ArxBouncerPoint *
pool_point(const ArxBouncerPool *pool, int i)
{
	return &pool->points[ring_index(pool->npoints, i)];
}

static const ArxBouncerTotals *
database_point(const ArxBouncerDatabase *database, int i)
{
	return &database->points[ring_index(database->npoints, i)];
}

/* The first point at this time or later; NULL when there is none. */
static const ArxBouncerPoint *
pool_point_since(const ArxBouncerPool *pool, int64 time)
{
	for (int i = 0; i < points_kept(pool->npoints); i++)
		if (pool_point(pool, i)->time >= time)
			return pool_point(pool, i);
	return NULL;
}

static const ArxBouncerTotals *
database_point_since(const ArxBouncerDatabase *database, int64 time)
{
	for (int i = 0; i < points_kept(database->npoints); i++)
		if (database_point(database, i)->time >= time)
			return database_point(database, i);
	return NULL;
}

static double
difference(int64 from, int64 to)
{
	return from < 0 || to < 0 ? NAN : (double) (to - from);
}

/* The first moment in the window at which both pool and database are known. */
static bool
find_beginning(Span *span, double window_s)
{
	int64 since = span->database->now.time - (int64) (window_s * US_PER_S);
	const ArxBouncerPoint *pool;
	const ArxBouncerTotals *database;

	for (;;)
	{
		pool = pool_point_since(span->pool, since);
		database = database_point_since(span->database, since);
		if (pool == NULL || database == NULL)
			return false;
		if (pool->time == database->time)
			break;
		since = Max(pool->time, database->time);
	}
	span->pool_from = *pool;
	span->from = *database;
	return true;
}

static void
add_differences(Span *span)
{
	const ArxBouncerTotals *from = &span->from;
	const ArxBouncerTotals *to = &span->database->now;
	double assignments = difference(from->assignments, to->assignments);

	span->seconds = (double) (to->time - from->time) / US_PER_S;
	span->transactions = difference(from->transactions, to->transactions);
	span->arrivals = assignments;
	if (isnan(assignments) && strcmp(span->pool->mode, "session") != 0)
		span->arrivals = span->transactions;
	span->wait_s = difference(from->wait_us, to->wait_us) / US_PER_S;
	span->transaction_s =
		difference(from->transaction_us, to->transaction_us) / US_PER_S;
	span->query_s = difference(from->query_us, to->query_us) / US_PER_S;
	/* sums of looks run modulo 2^32 */
	span->looks = span->pool->now.looks - span->pool_from.looks;
	span->active = span->pool->now.active - span->pool_from.active;
	span->waiting = span->pool->now.waiting - span->pool_from.waiting;
}

/* Which part of the database's work is of this pool? */
static void
add_shares(Span *span, const ArxBouncerCopy *copy,
		   const ArxBouncerPoolCopy *pool)
{
	double active = 0;
	double waiting = 0;
	int n = 0;

	for (int i = 0; i < copy->npools; i++)
	{
		const ArxBouncerPoolCopy *other = &copy->pools[i];
		const ArxBouncerPoint *from;

		if (other->key.console != pool->key.console ||
			strcmp(other->key.database, pool->key.database) != 0)
			continue;
		n++;
		from = pool_point_since(&other->pool, span->from.time);
		if (from == NULL)
			continue;
		active += other->pool.now.active - from->active;
		waiting += other->pool.now.waiting - from->waiting;
	}
	span->apportioned = n > 1;
	span->share = n <= 1 ? 1 : active > 0 ? span->active / active : 1.0 / n;
	span->wait_share = n <= 1 ? 1
		: waiting > 0		  ? span->waiting / waiting
							  : span->share;
}

/* False when nothing is known but the last look. */
static bool
measure(Span *span, const ArxBouncerCopy *copy, const ArxBouncerPoolCopy *pool,
		double window_s)
{
	memset(span, 0, sizeof(*span));
	span->pool = &pool->pool;
	span->database = arx_bouncer_database_of(copy, pool);
	if (span->database == NULL || !find_beginning(span, window_s))
		return false;
	add_differences(span);
	add_shares(span, copy, pool);
	return span->seconds > 0;
}

/* a / b; NAN when there is nothing to divide by. */
static double
ratio(double a, double b)
{
	return b > 0 ? a / b : NAN;
}

static void
set_rates(ArxPoolWindow *window, const Span *span)
{
	double count = span->arrivals * span->share;
	bool sessions = strcmp(span->pool->mode, "session") == 0;

	window->from = span->from.time;
	window->to = span->database->now.time;
	window->seconds = span->seconds;
	window->looks = (int64) span->looks;
	window->apportioned = span->apportioned;
	window->transactions = isnan(span->transactions)
		? 0
		: (int64) rint(span->transactions * span->share);
	window->arrivals = isnan(count) ? -1 : (int64) rint(count);
	window->arrival_rate = count / span->seconds;
	window->wait_seconds = ratio(span->wait_s * span->wait_share, count);
	window->busy_mean = ratio(span->active, span->looks);
	if (sessions) /* Little's law: a server is held for a whole session */
		window->service_seconds =
			ratio(window->busy_mean, window->arrival_rate);
	else
		window->service_seconds =
			ratio(span->transaction_s - span->wait_s, span->arrivals);
	window->idle_in_transaction_share =
		ratio(span->transaction_s - span->query_s,
			  span->transaction_s - span->wait_s);
	if (!isnan(window->idle_in_transaction_share))
		window->idle_in_transaction_share =
			Min(Max(window->idle_in_transaction_share, 0), 1);
}

static void
set_peak(ArxPoolWindow *window, const Span *span)
{
	uint32 peak = span->pool->now.peak;

	for (int i = 0; i < points_kept(span->pool->npoints); i++)
		if (pool_point(span->pool, i)->time > span->from.time)
			peak = Max(peak, pool_point(span->pool, i)->peak);
	window->busy_peak = (int) peak;
}

/* From point to point: transactions against the mean of servers at work. */
static void
set_levels(ArxPoolWindow *window, const Span *span)
{
	const ArxBouncerDatabase *database = span->database;

	for (int i = 1; i < points_kept(database->npoints); i++)
	{
		const ArxBouncerTotals *from = database_point(database, i - 1);
		const ArxBouncerTotals *to = database_point(database, i);
		const ArxBouncerPoint *pool_from =
			pool_point_since(span->pool, from->time);
		const ArxBouncerPoint *pool_to = pool_point_since(span->pool, to->time);
		double level;
		double done = difference(from->transactions, to->transactions);

		if (from->time < span->from.time || pool_from == NULL ||
			pool_to == NULL || pool_from->time != from->time ||
			pool_to->time != to->time || isnan(done))
			continue;
		level = rint(ratio((uint32) (pool_to->active - pool_from->active),
						   (uint32) (pool_to->looks - pool_from->looks)));
		if (!(level < ARX_POOL_LEVELS))
			continue;
		window->level_transactions[(int) level] += done * span->share;
		window->level_seconds[(int) level] +=
			(double) (to->time - from->time) / US_PER_S;
	}
}

/* Names in the encoding of this database, cut where they are too long. */
static void
set_name(char *to, const char *from)
{
	char *text = arx_text_to_server(from, (int) strlen(from), PG_UTF8);
	int length = pg_mbcliplen(text, (int) strlen(text), NAMEDATALEN - 1);

	memcpy(to, text, length);
	to[length] = '\0';
	pfree(text);
}

/* Connections to the server that a pool has, in whatever state. */
static int64
servers_of(const ArxBouncerPool *pool)
{
	return Max(pool->sv_active, 0) + Max(pool->sv_idle, 0) +
		Max(pool->sv_used, 0) + Max(pool->sv_tested, 0) +
		Max(pool->sv_login, 0) + Max(pool->sv_canceling, 0);
}

/*
 * What the limits of its user and of its database leave a pool, when the other
 * pools that they bind keep what they have; -1: no limit.
 */
static int64
find_limit(const ArxBouncerCopy *copy, const ArxBouncerPoolCopy *pool,
		   const ArxBouncerDatabase *database)
{
	int64 of_user = pool->pool.user_max_connections;
	int64 of_database = database ? database->max_connections : -1;
	int64 user_left = of_user > 0 ? of_user : PG_INT64_MAX;
	int64 database_left = of_database > 0 ? of_database : PG_INT64_MAX;
	int64 left;

	for (int i = 0; i < copy->npools; i++)
	{
		const ArxBouncerPoolCopy *other = &copy->pools[i];

		if (other == pool || other->key.console != pool->key.console)
			continue;
		if (strcmp(other->key.username, pool->key.username) == 0)
			user_left -= servers_of(&other->pool);
		if (strcmp(other->key.database, pool->key.database) == 0)
			database_left -= servers_of(&other->pool);
	}
	if (of_user <= 0 && of_database <= 0)
		return -1;
	left = Min(of_user > 0 ? user_left : PG_INT64_MAX,
			   of_database > 0 ? database_left : PG_INT64_MAX);
	return Max(left, 1);
}

static void
set_configuration(ArxPoolWindow *window, const ArxBouncerCopy *copy,
				  const ArxBouncerPoolCopy *pool)
{
	const ArxBouncerConsole *console = arx_bouncer_console_of(copy, pool);
	const ArxBouncerDatabase *database = arx_bouncer_database_of(copy, pool);

	window->source = ARX_POOL_PGBOUNCER;
	set_name(window->pgbouncer, console->name);
	set_name(window->database, pool->key.database);
	set_name(window->username, pool->key.username);
	window->size = (int) console->default_pool_size;
	if (database)
	{
		set_name(window->server_database, database->server_database);
		set_name(window->server_username, database->force_user);
		window->min_size = (int) Max(database->min_size, 0);
		window->reserve = (int) Max(database->reserve_size, 0);
		if (database->size >= 0)
			window->size = (int) database->size;
	}
	if (pool->pool.user_size >= 0)
		window->size = (int) pool->pool.user_size;
	window->max_size =
		(int) Min(find_limit(copy, pool, database), PG_INT32_MAX);
	strlcpy(window->pool_mode, pool->pool.mode, sizeof(window->pool_mode));
}

void
arx_bouncer_window(const ArxBouncerCopy *copy, const ArxBouncerPoolCopy *pool,
				   double window_s, ArxPoolWindow *window)
{
	Span span;

	memset(window, 0, sizeof(*window));
	set_configuration(window, copy, pool);
	window->service_cv2 = NAN;
	window->cpu_share = NAN;
	window->busy_now = (double) Max(pool->pool.sv_active, 0);
	window->waiting_now = (double) Max(pool->pool.cl_waiting, 0);
	window->busy_peak = (int) pool->pool.now.peak;
	window->busy_day_peak = arx_day_peak(&pool->pool.day, pool->pool.seen_at,
										 &window->observed_seconds);
	if (measure(&span, copy, pool, window_s))
	{
		set_rates(window, &span);
		set_peak(window, &span);
		set_levels(window, &span);
		return;
	}
	window->arrival_rate = NAN;
	window->service_seconds = NAN;
	window->wait_seconds = NAN;
	window->busy_mean = NAN;
	window->idle_in_transaction_share = NAN;
	if (strcmp(pool->pool.mode, "session") == 0)
		window->arrivals = -1;
}

double
arx_bouncer_login_rate(const ArxBouncerCopy *copy,
					   const ArxBouncerPoolCopy *pool, double window_s)
{
	Span span;

	if (!measure(&span, copy, pool, window_s) || span.apportioned)
		return NAN;
	return difference(span.from.logins, span.database->now.logins) /
		span.seconds;
}

int
arx_pgbouncer_pool_windows(ArxPoolWindow *windows, int max, int window_s)
{
	ArxBouncerCopy *copy = arx_bouncer_copy(true);
	int64 now = GetCurrentTimestamp();
	int n = 0;

	for (int i = 0; i < copy->npools && n < max; i++)
	{
		const ArxBouncerConsole *console =
			arx_bouncer_console_of(copy, &copy->pools[i]);

		/* Advice on what was long ago would be no advice. */
		if (console->state == ARX_CONSOLE_OK &&
			arx_bouncer_is_fresh(console, now))
			arx_bouncer_window(copy, &copy->pools[i], window_s, &windows[n++]);
	}
	return n;
}
