/*
 * session_read.h
 *	  Reads the session history, look after look, from the oldest on.
 *
 * Takes no lock and does not need the collector.  A reading ends with the look
 * that was the newest when it began.  What is overwritten meanwhile is left
 * out, and counted.
 */
#ifndef ARX_SESSION_READ_H
#define ARX_SESSION_READ_H

#include "sessions/session_history.h"
#include "sessions/session_record.h"

/* A sample, with what it refers to. */
typedef struct ArxHistorySample
{
	ArxSample coded;
	bool known; /* is there a key? else it is zero */
	ArxSessionKey key;
	ArxStatementKey statement;
	int blocker_pid; /* 0: a prepared transaction; see coded.has_blocker */
} ArxHistorySample;

typedef struct ArxHistoryReader
{
	/* what the caller may set before the first look */
	int64 since;	   /* leave out looks before this TimestampTz */
	bool headers_only; /* samples are not wanted, only their number */

	ArxLook look; /* the present one */
	int bytes;	  /* of its record */
	ArxHistorySample *samples;
	int64 overtaken; /* times that records were overwritten before they
					  * were read */
	/* own */
	uint64 position;
	uint64 end;
	uint8 *record;
	int room;
	int max_samples;
	int *sample_of; /* by number of session; may be of another look */
} ArxHistoryReader;

/* Begins a reading; palloc'd in CurrentMemoryContext. */
extern ArxHistoryReader *arx_history_reader_make(void);

/* The next look into reader->look and ->samples; false: there is none. */
extern bool arx_history_next(ArxHistoryReader *reader);

/*
 * The sample of the present look that is of the session with this number (see
 * ArxSample.blocker), or NULL.
 */
extern const ArxHistorySample *
arx_history_sample_of(const ArxHistoryReader *reader, uint32 session);

/* The statement of a sample: innermost if known, else the client's; 0: none. */
static inline uint64
arx_sample_queryid(const ArxHistorySample *sample)
{
	return sample->statement.queryid ? sample->statement.queryid
									 : sample->statement.toplevel_queryid;
}

#endif /* ARX_SESSION_READ_H */
