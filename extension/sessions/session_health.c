/*
 * session_health.c
 *	  The session history's own numbers, and advice drawn from them.
 */
#include "postgres.h"

#include "core/settings.h"
#include "sessions/session_info.h"

static void
add(ArxHealth *health, const char *metric, double value, const char *unit,
	const char *description)
{
	arx_health_add(health, "sessions", metric, value, unit, ARX_OK,
				   description);
}

/* A count that should be zero. */
static void
add_loss(ArxHealth *health, const char *metric, int64 value,
		 const char *description)
{
	arx_health_add(health, "sessions", metric, (double) value, "",
				   value > 0 ? ARX_WARNING : ARX_OK, description);
}

void
arx_sessions_health(ArxHealth *health)
{
	ArxHistoryInfo info;

	arx_history_info(&info);
	add(health, "history_looks", (double) info.looks, "",
		"looks in the session history");
	add(health, "history_time", (double) info.kept_us / 1e6, "s",
		"how far back the session history reaches");
	add(health, "history_missed", (double) info.missed_us / 1e6, "s",
		"time in it without looks");
	add(health, "history_samples", (double) info.samples, "",
		"sessions at looks, in the session history");
	add(health, "history_bytes", (double) info.bytes, "bytes",
		"memory that they take");
	add(health, "history_bytes_max", (double) info.capacity, "bytes",
		"arx_perf.history_memory");
	add(health, "history_sessions", (double) info.sessions, "",
		"sessions that the history names");
	add(health, "history_sessions_max", (double) info.sessions_max, "",
		"how many it can name");
	add(health, "history_statements", (double) info.statements, "",
		"pairs of query ids that the history names");
	add(health, "history_statements_max", (double) info.statements_max, "",
		"how many it can name; further ones are stored in full");
	add_loss(health, "history_unknown", info.unknown,
			 "samples stored without pid and names: too many sessions");
	add_loss(health, "history_cut", info.cut,
			 "samples left out: too many at one look");
	add_loss(health, "history_early", info.early,
			 "looks overwritten before arx_perf.history_seconds");
}

/* Does it reach back as far as it should, or is it still filling up? */
void
arx_sessions_check(ArxHealth *health)
{
	ArxHistoryInfo info;
	int64 wanted_us = (int64) arx_history_seconds * 1000000;
	int kept;

	arx_history_info(&info);
	kept = (int) (info.kept_us / 1000000);
	if (info.early > 0 && info.kept_us < wanted_us - wanted_us / 20)
		arx_check_add(
			health, "session history", ARX_WARNING,
			psprintf("reaches back %d s of the %d s wanted: it is full", kept,
					 arx_history_seconds),
			"Raise arx_perf.history_memory, or lower arx_perf.history_seconds.");
	else if (info.unknown > 0)
		arx_check_add(health, "session history", ARX_WARNING,
					  psprintf("%lld samples were stored without pid and names",
							   (long long) info.unknown),
					  "There are very many short sessions: raise "
					  "arx_perf.history_memory, or use a connection pool.");
	else
		arx_check_add(health, "session history", ARX_OK,
					  psprintf("reaches back %d s of the %d s wanted", kept,
							   arx_history_seconds),
					  NULL);
}
