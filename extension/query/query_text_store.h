/*
 * query_text_store.h
 *	  Statement texts in one bounded piece of shared memory.
 *
 * A text is stored once per user, database and query id, and shared by the two
 * levels (top level or not); those lie in one bucket, so the count of sharers
 * is protected by that bucket's partition lock.  When the memory is
 * full there is simply no text; nothing is evicted for one.
 */
#ifndef ARX_QUERY_TEXT_STORE_H
#define ARX_QUERY_TEXT_STORE_H

#include "storage/lwlock.h"
#include "utils/dsa.h"

typedef struct ArxStoredText
{
	uint32 sharers;
	uint32 len;
	int32 encoding;					  /* of the database it was sent to */
	char data[FLEXIBLE_ARRAY_MEMBER]; /* not terminated */
} ArxStoredText;

extern Size arx_text_shmem_size(void);
extern void arx_text_shmem_attach(void *segment, int tranche, bool found);

/*
 * Stores a text, with one sharer.  InvalidDsaPointer when there is no room;
 * the next tries then answer at once, until something was freed or ten seconds
 * have passed.
 */
extern dsa_pointer arx_text_store(const char *text, uint32 len, int encoding);

/* Would arx_text_store() refuse at once? */
extern bool arx_text_is_full(void);

/* One sharer more or less; the last one frees.  Partition lock held. */
extern void arx_text_share(dsa_pointer text);
extern void arx_text_release(dsa_pointer text);

/* The text itself; valid while the partition lock is held. */
extern const ArxStoredText *arx_text_get(dsa_pointer text);

/* Number of texts, and their bytes with their headers. */
extern uint64 arx_text_count(void);
extern uint64 arx_text_bytes(void);

#endif /* ARX_QUERY_TEXT_STORE_H */
