/*
 * session_record.c
 *	  Looks and samples to bytes and back.
 */
#include "postgres.h"

#include <limits.h>

#include "libarx/varint.h"
#include "sessions/session_record.h"

/* First byte of a sample */
#define STATE_BITS 0x07
#define CLASS_SHIFT 3
#define CLASS_BITS 0x0F
#define HAS_MORE 0x80

/* Its second byte, when the first one says so */
#define MORE_BACKGROUND 0x01
#define MORE_BLOCKER 0x02
#define MORE_NO_QUERY 0x04	  /* no statement's time */
#define MORE_NO_XACT 0x08	  /* no transaction's time */
#define MORE_SPELLED_OUT 0x10 /* query ids themselves, not their number */

/* A class that does not fit: the event is the whole wait_event_info. */
#define OTHER_CLASS 0x0F

static uint64
zigzag(int64 value)
{
	return ((uint64) value << 1) ^ (value < 0 ? PG_UINT64_MAX : 0);
}

static int64
unzigzag(uint64 code)
{
	return (int64) ((code >> 1) ^ ((code & 1) ? PG_UINT64_MAX : 0));
}

int
arx_look_encode(const ArxLook *look, int64 base_time, uint8 *out)
{
	uint8 *at = out;

	at += arx_varint_put(at, zigzag(look->time - base_time));
	at += arx_varint_put(at, (uint64) look->weight_us / 1000);
	at += arx_varint_put(at, (uint64) look->spacing_us);
	at += arx_varint_put(at, (uint64) look->gap_us);
	at += arx_varint_put(at, (uint64) look->number);
	at += arx_varint_put(at, (uint64) look->nsamples);
	return (int) (at - out);
}

static uint8
class_of(uint32 wait)
{
	return (uint8) Min(wait >> 24, OTHER_CLASS);
}

static uint8
more_of(const ArxSample *sample)
{
	uint8 more = 0;

	if (sample->background)
		more |= MORE_BACKGROUND;
	if (sample->has_blocker)
		more |= MORE_BLOCKER;
	if (sample->query_ms < 0)
		more |= MORE_NO_QUERY;
	if (sample->xact_ms < 0)
		more |= MORE_NO_XACT;
	if (sample->spelled_out)
		more |= MORE_SPELLED_OUT;
	return more;
}

int
arx_sample_encode(const ArxSample *sample, uint8 *out)
{
	uint8 *at = out;
	uint8 more = more_of(sample);
	uint8 class = class_of(sample->wait);

	*at++ = (uint8) ((sample->state & STATE_BITS) | class << CLASS_SHIFT |
					 (more ? HAS_MORE : 0));
	if (more)
		*at++ = more;
	at += arx_varint_put(at, sample->session);
	if (class == OTHER_CLASS)
		at += arx_varint_put(at, sample->wait);
	else if (class != 0)
		at += arx_varint_put(at, sample->wait & 0xFFFFFF);
	if (more & MORE_SPELLED_OUT)
	{
		at += arx_varint_put(at, sample->queryid);
		at += arx_varint_put(at, sample->toplevel_queryid);
	}
	else
		at += arx_varint_put(at, sample->statement);
	if (sample->query_ms >= 0)
		at += arx_varint_put(at, (uint64) sample->query_ms);
	if (sample->xact_ms >= 0)
		at += arx_varint_put(
			at, zigzag(sample->xact_ms - Max(sample->query_ms, 0)));
	if (sample->has_blocker)
		at += arx_varint_put(at, sample->blocker);
	return (int) (at - out);
}

static bool
get(const uint8 **pos, const uint8 *end, uint64 *value)
{
	return arx_varint_get(pos, end, value) == ARX_VARINT_OK;
}

bool
arx_look_decode(ArxLook *look, int64 base_time, const uint8 **pos,
				const uint8 *end)
{
	uint64 values[6];

	for (int i = 0; i < (int) lengthof(values); i++)
		if (!get(pos, end, &values[i]))
			return false;
	look->time = base_time + unzigzag(values[0]);
	look->weight_us = (int64) values[1] * 1000;
	look->spacing_us = (int64) values[2];
	look->gap_us = (int64) values[3];
	look->number = (int64) values[4];
	look->nsamples = (int) Min(values[5], INT_MAX);
	return true;
}

static bool
decode_wait(ArxSample *sample, uint8 class, const uint8 **pos, const uint8 *end)
{
	uint64 event;

	sample->wait = 0;
	if (class == 0)
		return true;
	if (!get(pos, end, &event))
		return false;
	sample->wait = (uint32) event;
	if (class != OTHER_CLASS)
		sample->wait |= (uint32) class << 24;
	return true;
}

static bool
decode_statement(ArxSample *sample, const uint8 **pos, const uint8 *end)
{
	uint64 number = 0;

	sample->queryid = 0;
	sample->toplevel_queryid = 0;
	if (sample->spelled_out)
	{
		sample->statement = 0;
		return get(pos, end, &sample->queryid) &&
			get(pos, end, &sample->toplevel_queryid);
	}
	if (!get(pos, end, &number))
		return false;
	sample->statement = (uint32) number;
	return true;
}

static bool
decode_times(ArxSample *sample, uint8 more, const uint8 **pos, const uint8 *end)
{
	uint64 value;

	sample->query_ms = -1;
	sample->xact_ms = -1;
	if (!(more & MORE_NO_QUERY))
	{
		if (!get(pos, end, &value))
			return false;
		sample->query_ms = (int64) value;
	}
	if (!(more & MORE_NO_XACT))
	{
		if (!get(pos, end, &value))
			return false;
		sample->xact_ms = Max(sample->query_ms, 0) + unzigzag(value);
	}
	return true;
}

bool
arx_sample_decode(ArxSample *sample, const uint8 **pos, const uint8 *end)
{
	uint8 first;
	uint8 more = 0;
	uint64 number;
	uint64 blocker = 0;

	if (*pos >= end)
		return false;
	first = *(*pos)++;
	if (first & HAS_MORE)
	{
		if (*pos >= end)
			return false;
		more = *(*pos)++;
	}
	sample->state = first & STATE_BITS;
	sample->background = (more & MORE_BACKGROUND) != 0;
	sample->has_blocker = (more & MORE_BLOCKER) != 0;
	sample->spelled_out = (more & MORE_SPELLED_OUT) != 0;
	if (!get(pos, end, &number) ||
		!decode_wait(sample, (first >> CLASS_SHIFT) & CLASS_BITS, pos, end) ||
		!decode_statement(sample, pos, end) ||
		!decode_times(sample, more, pos, end) ||
		(sample->has_blocker && !get(pos, end, &blocker)))
		return false;
	sample->session = (uint32) number;
	sample->blocker = (uint32) blocker;
	return true;
}
