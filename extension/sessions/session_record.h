/*
 * session_record.h
 *	  How a look at the sessions is written down: a few bytes a session.
 *
 * All numbers are LEB128 (libarx/varint.h).  A record is
 *
 *	   time since the base in us (zigzag), weight in ms, spacing and gap in us,
 *	   number, samples
 *
 * and then each sample
 *
 *	   1 byte	 state (3 bits), class of the wait (4 bits), "more" (1 bit)
 *	   1 byte	 if more: see MORE_* in session_record.c
 *	   number	 of the session in its dictionary; 0: unknown
 *	   number	 event within the class, if it waits
 *	   number	 of its statements in their dictionary; 0: none
 *	   ms		 that the statement runs
 *	   ms		 that the transaction runs, less that (zigzag)
 *	   number	 of the session that blocks it, if known; 0: a prepared
 *				 transaction
 *
 * which makes 8 to 10 bytes for a client's session.
 */
#ifndef ARX_SESSION_RECORD_H
#define ARX_SESSION_RECORD_H

#include "postgres.h"

/* Times in microseconds; time is a TimestampTz. */
typedef struct ArxLook
{
	int64 time;
	int64 weight_us;  /* that it stands for; whole milliseconds */
	int64 spacing_us; /* since the look before; 0: there is none */
	int64 gap_us;	  /* before it, for which no look stands */
	int64 number;
	int nsamples;
} ArxLook;

/* One session at one look. */
typedef struct ArxSample
{
	uint32 session;	 /* number in the dictionary of sessions; 0: unknown */
	uint8 state;	 /* BackendState */
	bool background; /* a process that no client waits for */
	bool has_blocker;
	uint32 wait;	  /* wait_event_info; 0: none reported */
	uint32 statement; /* number in its dictionary; 0: none, or as below */
	bool spelled_out; /* it found no room there: */
	uint64 queryid;
	uint64 toplevel_queryid;
	int64 query_ms; /* that the statement runs; below 0: none */
	int64 xact_ms;	/* that the transaction runs; below 0: none */
	uint32 blocker; /* number of a session; 0: a prepared transaction */
} ArxSample;

#define ARX_LOOK_MAX_BYTES 60
#define ARX_SAMPLE_MAX_BYTES 84

/* Writes it to out, which has room for the longest; returns bytes used. */
extern int arx_look_encode(const ArxLook *look, int64 base_time, uint8 *out);
extern int arx_sample_encode(const ArxSample *sample, uint8 *out);

/*
 * Reads one at *pos, never at or beyond end, and moves *pos behind it.  False:
 * the bytes are none (they were overwritten meanwhile).  The number of samples
 * is as it was written: not more than fit into the record.
 */
extern bool arx_look_decode(ArxLook *look, int64 base_time, const uint8 **pos,
							const uint8 *end);
extern bool
arx_sample_decode(ArxSample *sample, const uint8 **pos, const uint8 *end);

#endif /* ARX_SESSION_RECORD_H */
