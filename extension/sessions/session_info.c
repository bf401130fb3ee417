/*
 * session_info.c
 *	  What the session history holds, by a walk over the headers of its looks.
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
