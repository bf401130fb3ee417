/*
 * session_dictionary.h
 *	  Keys in shared memory that records of the history refer to by number.
 *
 * One writer, the collector; readers take no lock.  Bounded: when it is full
 * the key used least lately gives way, but only when no record in the ring
 * refers to it any more.  So whoever reads a number in a record, then its key,
 * and then finds that the record is still in the ring, has the right key.
 */
#ifndef ARX_SESSION_DICTIONARY_H
#define ARX_SESSION_DICTIONARY_H

#include "postgres.h"

/* How this process sees a dictionary; its memory is shared. */
typedef struct ArxDictionary
{
	Size key_size; /* a multiple of 8 */
	int capacity;
	Size entry_size;
	struct ArxDictionaryHead *head;
	int32 *buckets;
	char *entries;
} ArxDictionary;

/* How many keys fit into so many bytes; at least one. */
extern int arx_dictionary_capacity(Size key_size, Size bytes);

/* Bytes of shared memory for so many keys; a multiple of 8. */
extern Size arx_dictionary_size(Size key_size, int capacity);

/* Bytes that one key takes. */
extern Size arx_dictionary_entry_size(Size key_size);

/* Sets *dictionary up over a segment, emptied when "found" is false. */
extern void arx_dictionary_attach(ArxDictionary *dictionary, void *segment,
								  Size key_size, int capacity, bool found);

/*
 * Writer: the number (1, 2, ...) of a key of zero-padded bytes, for the record
 * about to be written at ring position "at"; "oldest" is where the ring's
 * oldest record begins.  0: all keys are in use by records.
 */
extern uint32 arx_dictionary_enter(ArxDictionary *dictionary, const void *key,
								   uint64 hash, uint64 at, uint64 oldest);

/* Any process: copies the key out; false when there is no such number. */
extern bool
arx_dictionary_read(const ArxDictionary *dictionary, uint64 number, void *key);

/* Any process: keys that records from ring position "oldest" on refer to. */
extern int
arx_dictionary_in_use(const ArxDictionary *dictionary, uint64 oldest);

#endif /* ARX_SESSION_DICTIONARY_H */
