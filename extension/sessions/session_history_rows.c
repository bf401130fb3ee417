/*
 * session_history_rows.c
 *	  The session history as rows, and one row about it.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "core/row_writer.h"
#include "core/settings.h"
#include "sessions/session_info.h"
#include "sessions/session_read.h"
#include "sessions/session_rows.h"

PG_FUNCTION_INFO_V1(arx_session_history);
PG_FUNCTION_INFO_V1(arx_session_history_info);

static void
put_ms(ArxRowWriter *row, int64 us)
{
	arx_put_float8(row, (double) us / 1000);
}

/* See age_ms() of session_write.c. */
static void
put_time_before(ArxRowWriter *row, int64 time, int64 ms)
{
	arx_put_timestamp(row, ms < 0 ? 0 : (time / 1000 - ms) * 1000);
}

static void
put_look(ArxRowWriter *row, const ArxLook *look)
{
	arx_put_timestamp(row, look->time);
	put_ms(row, look->weight_us);
	put_ms(row, look->spacing_us);
	put_ms(row, look->gap_us);
}

static void
put_session(ArxRowWriter *row, ArxSessionReader *reader,
			const ArxHistorySample *sample, bool visible)
{
	const ArxSessionKey *key = &sample->key;
	bool known = sample->known;

	if (known)
		arx_put(row, Int32GetDatum(key->pid));
	else
		arx_put_null(row);
	if (key->leader_pid != 0)
		arx_put(row, Int32GetDatum(key->leader_pid));
	else
		arx_put_null(row);
	arx_put_timestamp(row, key->backend_start);
	arx_put_oid(row, key->identity.dbid);
	arx_put_text(row,
				 arx_database_name(&reader->databases, key->identity.dbid));
	arx_put_oid(row, key->identity.userid);
	arx_put_text(row, arx_role_name(&reader->roles, key->identity.userid));
	arx_put_text(row, known ? key->identity.application_name : NULL);
	if (visible)
		arx_put_client_addr(row, &key->identity);
	else
		arx_put_null(row);
	arx_put_text(row, known ? arx_kind_name(key->identity.kind) : NULL);
}

static void
put_blocker(ArxRowWriter *row, ArxSessionReader *reader,
			const ArxHistoryReader *history, const ArxHistorySample *sample)
{
	const ArxHistorySample *blocker = NULL;

	if (!sample->coded.has_blocker)
	{
		arx_put_null(row);
		arx_put_null(row);
		return;
	}
	arx_put(row, Int32GetDatum(sample->blocker_pid));
	blocker = arx_history_sample_of(history, sample->coded.blocker);
	if (blocker && arx_may_see(&reader->viewer, blocker->key.identity.userid))
		arx_put_queryid(row, arx_sample_queryid(blocker));
	else
		arx_put_null(row);
}

static void
put_sample(ArxRowWriter *row, ArxSessionReader *reader,
		   const ArxHistoryReader *history, const ArxHistorySample *sample)
{
	const ArxSample *coded = &sample->coded;
	BackendState state = (BackendState) coded->state;
	bool visible = arx_may_see(&reader->viewer, sample->key.identity.userid);
	int64 time = history->look.time;

	put_look(row, &history->look);
	put_session(row, reader, sample, visible);
	arx_put_text(row, arx_state_name(state));
	arx_put_wait(row, coded->wait,
				 state != STATE_IDLEINTRANSACTION &&
					 state != STATE_IDLEINTRANSACTION_ABORTED);
	arx_put_queryid(row, visible ? arx_sample_queryid(sample) : 0);
	arx_put_queryid(row, visible ? sample->statement.toplevel_queryid : 0);
	put_time_before(row, time, coded->query_ms);
	put_time_before(row, time, coded->xact_ms);
	put_blocker(row, reader, history, sample);
	arx_row_end(row);
}

/* arx_perf.session_history(since timestamptz) */
Datum
arx_session_history(PG_FUNCTION_ARGS)
{
	ArxSessionReader reader;
	ArxHistoryReader *history;
	ArxRowWriter row;

	arx_rows_begin(&row, fcinfo);
	memset(&reader, 0, sizeof(reader));
	arx_viewer_begin(&reader.viewer);
	history = arx_history_reader_make();
	if (!PG_ARGISNULL(0))
		history->since = PG_GETARG_TIMESTAMPTZ(0);
	while (arx_history_next(history))
		for (int i = 0; i < history->look.nsamples; i++)
			put_sample(&row, &reader, history, &history->samples[i]);
	return (Datum) 0;
}

/* arx_perf.session_history_info() */
Datum
arx_session_history_info(PG_FUNCTION_ARGS)
{
	ArxHistoryInfo info;
	ArxRowWriter row;

	arx_rows_begin(&row, fcinfo);
	arx_history_info(&info);
	arx_put_timestamp(&row, info.from);
	arx_put_timestamp(&row, info.to);
	arx_put_float8(&row, (double) info.kept_us / 1e6);
	arx_put(&row, Int32GetDatum(arx_history_seconds));
	arx_put(&row, Int32GetDatum(arx_sample_interval));
	arx_put_int64(&row, info.looks);
	put_ms(&row, info.missed_us);
	arx_put_int64(&row, info.samples);
	arx_put_int64(&row, info.bytes);
	arx_put_int64(&row, info.capacity);
	if (info.samples > 0)
		arx_put_float8(&row, (double) info.bytes / (double) info.samples);
	else
		arx_put_null(&row);
	arx_put_int64(&row, info.sessions);
	arx_put_int64(&row, info.sessions_max);
	arx_put_int64(&row, info.statements);
	arx_put_int64(&row, info.statements_max);
	arx_put_int64(&row, info.unknown);
	arx_put_int64(&row, info.cut);
	arx_put_int64(&row, info.spelled_out);
	arx_put_int64(&row, info.early);
	arx_row_end(&row);
	return (Datum) 0;
}
