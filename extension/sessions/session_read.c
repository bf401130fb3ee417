/*
 * session_read.c
 *	  Copies a record, decodes it, looks its keys up, and then asks whether it
 *	  was there all the time.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "sessions/session_read.h"

/* A sample has at least these bytes: so many fit into a record. */
#define SAMPLE_MIN_BYTES 3

ArxHistoryReader *
arx_history_reader_make(void)
{
	ArxHistoryReader *reader = palloc0(sizeof(*reader));

	reader->since = PG_INT64_MIN;
	reader->room = (int) ARX_RING_RECORD_MAX(arx_history.ring.size);
	reader->record = palloc(reader->room);
	reader->sample_of =
		palloc0(sizeof(int) * (arx_history.sessions.capacity + 1));
	reader->end = arx_byte_ring_end(&arx_history.ring);
	reader->position = arx_byte_ring_oldest(&arx_history.ring);
	return reader;
}

static void
make_samples(ArxHistoryReader *reader, int n)
{
	if (n <= reader->max_samples)
		return;
	if (reader->samples)
		pfree(reader->samples);
	reader->max_samples = n * 2;
	reader->samples = palloc(sizeof(ArxHistorySample) * reader->max_samples);
}

static void
look_up(ArxHistorySample *sample)
{
	const ArxSample *coded = &sample->coded;
	ArxSessionKey blocker;

	sample->known = arx_dictionary_read(&arx_history.sessions, coded->session,
										&sample->key);
	if (!sample->known)
		memset(&sample->key, 0, sizeof(sample->key));
	if (!arx_dictionary_read(&arx_history.statements, coded->statement,
							 &sample->statement))
	{
		sample->statement.queryid = coded->queryid;
		sample->statement.toplevel_queryid = coded->toplevel_queryid;
	}
	sample->blocker_pid = 0;
	if (coded->has_blocker &&
		arx_dictionary_read(&arx_history.sessions, coded->blocker, &blocker))
		sample->blocker_pid = blocker.pid;
}

/* False: the bytes are no record. */
static bool
decode(ArxHistoryReader *reader, int length)
{
	const uint8 *pos = reader->record;
	const uint8 *end = reader->record + Min(length, reader->room);

	if (!arx_look_decode(&reader->look, arx_history.totals->base_time, &pos,
						 end))
		return false;
	if (reader->headers_only || reader->look.time < reader->since)
		return true;
	if (reader->look.nsamples > (end - pos) / SAMPLE_MIN_BYTES)
		return false;
	make_samples(reader, reader->look.nsamples);
	for (int i = 0; i < reader->look.nsamples; i++)
	{
		if (!arx_sample_decode(&reader->samples[i].coded, &pos, end))
			return false;
		look_up(&reader->samples[i]);
		if (reader->samples[i].known)
			reader->sample_of[reader->samples[i].coded.session] = i;
	}
	return true;
}

bool
arx_history_next(ArxHistoryReader *reader)
{
	const ArxByteRing *ring = &arx_history.ring;

	while (reader->position < reader->end)
	{
		uint64 at = reader->position;
		int length;
		bool good;

		CHECK_FOR_INTERRUPTS();
		if (!arx_byte_ring_copy(ring, &reader->position, reader->record,
								reader->headers_only ? ARX_LOOK_MAX_BYTES
													 : reader->room,
								&length))
		{
			reader->overtaken++;
			continue;
		}
		good = decode(reader, length);
		if (!arx_byte_ring_still_has(ring, at))
		{
			reader->position = arx_byte_ring_oldest(ring);
			reader->overtaken++;
			continue;
		}
		reader->bytes = length;
		if (good && reader->look.time >= reader->since)
			return true;
	}
	return false;
}

const ArxHistorySample *
arx_history_sample_of(const ArxHistoryReader *reader, uint32 session)
{
	int i;

	if (session == 0 || session > (uint32) arx_history.sessions.capacity)
		return NULL;
	i = reader->sample_of[session];
	if (i >= reader->look.nsamples ||
		reader->samples[i].coded.session != session)
		return NULL;
	return &reader->samples[i];
}
