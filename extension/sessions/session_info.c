/*
 * session_info.c
 *	  The session history's own numbers, and advice drawn from them.
 */
#include "postgres.h"

#include "core/settings.h"
#include "sessions/session_info.h"
#include "sessions/session_read.h"

static int64
total(pg_atomic_uint64 *counter)
{
	return (int64) pg_atomic_read_u64(counter);
}

static void
add_looks(ArxHistoryInfo *info)
{
	ArxHistoryReader *reader = arx_history_reader_make();

	reader->headers_only = true;
	while (arx_history_next(reader))
	{
		const ArxLook *look = &reader->look;

		/* What was before the oldest look is not in memory. */
		if (info->looks++ == 0)
			info->from = look->time - look->weight_us;
		else
		{
			info->missed_us += look->gap_us;
			info->kept_us += look->gap_us;
		}
		info->to = look->time;
		info->kept_us += look->weight_us;
		info->samples += look->nsamples;
		info->bytes += reader->bytes + (int64) sizeof(uint16);
	}
}

void
arx_history_info(ArxHistoryInfo *info)
{
	ArxHistoryTotals *totals = arx_history.totals;
	const ArxDictionary *sessions = &arx_history.sessions;
	const ArxDictionary *statements = &arx_history.statements;
	uint64 oldest = arx_byte_ring_oldest(&arx_history.ring);

	memset(info, 0, sizeof(*info));
	add_looks(info);
	info->capacity = (int64) arx_history_memory * 1024;
	info->sessions = arx_dictionary_in_use(sessions, oldest);
	info->sessions_max = sessions->capacity;
	info->statements = arx_dictionary_in_use(statements, oldest);
	info->statements_max = statements->capacity;
	info->bytes +=
		info->sessions * (int64) arx_dictionary_entry_size(sessions->key_size) +
		info->statements *
			(int64) arx_dictionary_entry_size(statements->key_size);
	info->unknown = total(&totals->unknown);
	info->cut = total(&totals->cut);
	info->spelled_out = total(&totals->spelled_out);
	info->early = total(&totals->early);
}

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
