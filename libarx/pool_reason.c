/*
 * pool_reason.c
 *	  Says in a sentence why a pool should have the size it is advised.
 *
 * vsnprintf() only formats into the caller's memory; numbers come out with a
 * point, as the server keeps LC_NUMERIC at C.
 */
#include "libarx/pool_advice.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* The caller's buffer, filled from the left. */
typedef struct Text
{
	char *buffer;
	size_t size;
	size_t used;
} Text;

static void
say(Text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

const char *
arx_pool_verdict_name(ArxPoolVerdict verdict)
{
	static const char *const names[] = {
		[ARX_POOL_GROW] = "grow",
		[ARX_POOL_SHRINK] = "shrink",
		[ARX_POOL_RIGHT] = "right",
		[ARX_POOL_NOT_THE_PROBLEM] = "not the problem",
		[ARX_POOL_TOO_FEW] = "too few",
		[ARX_POOL_UNSTABLE] = "unstable",
		[ARX_POOL_UNKNOWN] = "unknown"};

	return names[verdict];
}

const char *
arx_pool_cap_name(ArxPoolCap cap)
{
	static const char *const names[] = {
		[ARX_POOL_CAP_NONE] = "none",
		[ARX_POOL_CAP_CPU] = "cpu",
		[ARX_POOL_CAP_HEAD_ROOM] = "max_connections",
		[ARX_POOL_CAP_USL] = "scalability",
		[ARX_POOL_CAP_CONFIGURED] = "configured"};

	return names[cap];
}

static void
say(Text *text, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text->buffer + text->used, text->size - text->used,
					   format, arguments);
	va_end(arguments);
	if (length > 0)
		text->used += (size_t) length;
	if (text->used > text->size - 1)
		text->used = text->size - 1;
}

static void
say_connections(Text *text, int64_t n)
{
	say(text, "%lld connection%s", (long long) n, n == 1 ? "" : "s");
}

/* What takes a connection. */
static const char *
taker(const ArxPoolFacts *facts)
{
	return facts->per_session ? "session" : "transaction";
}

/* about: "" or "about " */
static void
say_time(Text *text, const char *about, double seconds)
{
	if (!(seconds >= 0.00005))
		say(text, "less than 0.1 ms");
	else if (seconds < 0.1)
		say(text, "%s%.1f ms", about, seconds * 1e3);
	else if (seconds < 10)
		say(text, "%s%.0f ms", about, seconds * 1e3);
	else if (seconds < 1e6)
		say(text, "%s%.0f s", about, seconds);
	else
		say(text, "more than a week");
}

/* "3 connections are 69 % busy" */
static void
say_busy(Text *text, const ArxPoolFacts *facts, const ArxPoolAdvice *advice)
{
	say_connections(text, facts->size);
	say(text, " %s %.0f %% busy", facts->size == 1 ? "is" : "are",
		100 * advice->utilisation);
}

static void
say_needed(Text *text, const ArxPoolAdvice *advice)
{
	if (advice->needed > 0)
	{
		say(text, "The target of ");
		say_time(text, "", advice->target_s);
		say(text, " needs ");
		say_connections(text, advice->needed);
	}
	else
		say(text, "The load needs more connections than any pool can have");
}

static void
say_cap(Text *text, const ArxPoolFacts *facts, const ArxPoolAdvice *advice)
{
	switch (advice->cap_kind)
	{
		case ARX_POOL_CAP_CPU:
			say(text, "beyond %lld they would only share %lld CPU%s",
				(long long) advice->cap, (long long) facts->ncpus,
				facts->ncpus == 1 ? "" : "s");
			break;
		case ARX_POOL_CAP_HEAD_ROOM:
			say(text, "max_connections and the other pools leave %lld",
				(long long) facts->head_room);
			break;
		case ARX_POOL_CAP_USL:
			say(text, "throughput falls beyond %lld at once",
				(long long) advice->cap);
			break;
		case ARX_POOL_CAP_CONFIGURED:
			say(text, "at most %lld are configured", (long long) advice->cap);
			break;
		case ARX_POOL_CAP_NONE:
			break;
	}
}

static void
say_grow(Text *text, const ArxPoolFacts *facts, const ArxPoolAdvice *advice)
{
	say_busy(text, facts, advice);
	if (advice->p95_now_s <= advice->target_s ||
		facts->source == ARX_POOL_DATABASE)
	{
		say(text, ", which leaves no room for more load; ");
		say_connections(text, advice->recommended);
		say(text, " would be %.0f %% busy.",
			100 * advice->load / (double) advice->recommended);
	}
	else
	{
		say(text, " and a %s waits ", taker(facts));
		say_time(text, "", advice->wait_now_s);
		say(text, " on average; ");
		say_connections(text, advice->recommended);
		say(text, " would cut that to ");
		say_time(text, "about ", advice->wait_then_s);
		say(text, ".");
	}
	if (advice->capped)
	{
		say(text, " ");
		say_needed(text, advice);
		say(text, ", but ");
		say_cap(text, facts, advice);
		say(text, ".");
	}
	if (isfinite(advice->agreement) && advice->agreement != advice->calibration)
		say(text,
			" Measured waits are %.2g times those of steady random arrivals,"
			" so take this as rough.",
			advice->agreement);
}

static void
say_unstable(Text *text, const ArxPoolFacts *facts, const ArxPoolAdvice *advice)
{
	say_connections(text, facts->size);
	if (facts->reserve > 0)
		say(text, " are busy all the time, beside a reserve of %lld; ",
			(long long) facts->reserve);
	else
		say(text, " %s busy all the time; ", facts->size == 1 ? "is" : "are");
	if (advice->queue_growth > 0)
		say(text,
			"the load would fill %.1f, and the line grows by %.3g a second",
			advice->load, advice->queue_growth);
	else
		say(text, "the line does not get shorter");
	say(text, ". At least ");
	say_connections(text, advice->recommended);
	if (advice->capped)
	{
		say(text, " would carry it. ");
		say_needed(text, advice);
		say(text, ", but ");
		say_cap(text, facts, advice);
		say(text, ".");
	}
	else
	{
		say(text, " would be needed for the target of ");
		say_time(text, "", advice->target_s);
		say(text,
			"; how much shorter waits would be cannot be told from here.");
	}
}

/* "the last 3 hours" */
static void
say_hours(Text *text, const ArxPoolFacts *facts)
{
	double seconds =
		isnan(facts->observed_s) ? facts->window_s : facts->observed_s;
	double hours = floor(seconds / 3600);

	say(text, "the last %.0f hour%s", hours, hours == 1 ? "" : "s");
}

static void
say_shrink(Text *text, const ArxPoolFacts *facts, const ArxPoolAdvice *advice)
{
	say_busy(text, facts, advice);
	say(text, ", never more than %.0f at once in ",
		fmax(facts->busy_peak, facts->busy_day_peak));
	say_hours(text, facts);
	say(text, "; ");
	say_connections(text, advice->recommended);
	say(text, " would do, and a %s would wait ", taker(facts));
	say_time(text, "about ", advice->wait_then_s);
	say(text, " on average.");
}

static void
say_right(Text *text, const ArxPoolFacts *facts, const ArxPoolAdvice *advice)
{
	say_busy(text, facts, advice);
	if (facts->source == ARX_POOL_DATABASE)
		say(text, ", never more than %.0f at once", facts->busy_peak);
	else
	{
		say(text, " and a %s waits ", taker(facts));
		say_time(text, "", advice->wait_now_s);
		say(text, " on average");
	}
	if (advice->ground == ARX_POOL_GROUND_BRIEF)
		say(text,
			". Fewer would do for this, but less than an hour of it was seen.");
	else
		say(text, ": the size is right.");
}

static void
say_not_the_problem(Text *text, const ArxPoolFacts *facts,
					const ArxPoolAdvice *advice)
{
	if (advice->ground == ARX_POOL_GROUND_IDLE)
	{
		say(text,
			"Transactions are idle for %.0f %% of the time they hold a "
			"connection; without that ",
			100 * facts->idle_share);
		say_connections(text, facts->size);
		say(text,
			" would do, with it %lld are needed. The pool is not the "
			"problem: end transactions sooner.",
			(long long) advice->needed);
		return;
	}
	say_needed(text, advice);
	if (advice->ground == ARX_POOL_GROUND_CAPPED)
	{
		say(text, ", but ");
		say_cap(text, facts, advice);
	}
	say(text,
		". The pool is not the problem: reduce service time or arrivals.");
}

static void
say_unknown(Text *text, const ArxPoolFacts *facts, const ArxPoolAdvice *advice)
{
	switch (advice->ground)
	{
		case ARX_POOL_GROUND_NO_SIZE:
			say(text, "The size of the pool is not known.");
			break;
		case ARX_POOL_GROUND_NO_PEAK:
			say(text,
				"It is not known how many connections were busy at once.");
			break;
		case ARX_POOL_GROUND_ALL_BUSY:
			say(text,
				"All connections were busy at once; clients may wait where "
				"the database cannot see it.");
			break;
		case ARX_POOL_GROUND_UNEXPLAINED:
			say_busy(text, facts, advice);
			say(text, " and yet a %s waits ", taker(facts));
			say_time(text, "", facts->wait_s);
			say(text,
				" on average, which the load does not explain; look for "
				"bursts of arrivals or slow logins.");
			break;
		default:
			if (facts->per_session && facts->transactions < 0)
				say(text,
					"How many sessions took a connection is not known: in "
					"session mode PgBouncer counts them since 1.23.");
			else
				say(text, "The arrival rate or the service time is not known.");
			break;
	}
}

void
arx_pool_reason(const ArxPoolFacts *facts, const ArxPoolAdvice *advice,
				char *buffer, size_t size)
{
	Text text = {.buffer = buffer, .size = size};

	buffer[0] = '\0';
	switch (advice->verdict)
	{
		case ARX_POOL_GROW:
			say_grow(&text, facts, advice);
			break;
		case ARX_POOL_SHRINK:
			say_shrink(&text, facts, advice);
			break;
		case ARX_POOL_RIGHT:
			say_right(&text, facts, advice);
			break;
		case ARX_POOL_NOT_THE_PROBLEM:
			say_not_the_problem(&text, facts, advice);
			break;
		case ARX_POOL_TOO_FEW:
			say(&text, "Only %lld %s%s seen; advice needs at least %d.",
				(long long) facts->transactions, taker(facts),
				facts->transactions == 1 ? " was" : "s were",
				ARX_POOL_MIN_TRANSACTIONS);
			break;
		case ARX_POOL_UNSTABLE:
			say_unstable(&text, facts, advice);
			break;
		case ARX_POOL_UNKNOWN:
			say_unknown(&text, facts, advice);
			break;
	}
}
