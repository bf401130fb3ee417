/*
 * session_ring.h
 *	  A ring of bytes in shared memory: one writer, any number of readers.
 *
 * Records of any length follow each other.  Positions count bytes since the
 * server started and never come back, so "is it still there" is a comparison.
 *
 *		 oldest                 end
 *		   | rec | rec | rec ... |      position % size is the place in memory
 *
 * The writer moves "oldest" past what it will overwrite, writes, then moves
 * "end".  A reader copies a record, then looks whether "oldest" has passed it:
 * if so it goes on from there.  Nobody takes a lock or waits for anybody, so
 * readers work with the writer dead or stopped at any place.
 */
#ifndef ARX_SESSION_RING_H
#define ARX_SESSION_RING_H

#include "postgres.h"

/* How this process sees a ring; its memory is shared. */
typedef struct ArxByteRing
{
	Size size; /* of its bytes */
	struct ArxByteRingHead *head;
	char *bytes;
} ArxByteRing;

/* The longest record that a ring takes, without its own length. */
#define ARX_RING_RECORD_MAX(ring_size) Min((ring_size) / 4, 0xFFFF)

/* Bytes of shared memory for a ring of so many bytes. */
extern Size arx_byte_ring_shmem_size(Size size);

/* Sets *ring up over a segment, emptied when "found" is false. */
extern void
arx_byte_ring_attach(ArxByteRing *ring, void *segment, Size size, bool found);

/* Any process: where the oldest record begins, and where the newest one ends. */
extern uint64 arx_byte_ring_oldest(const ArxByteRing *ring);
extern uint64 arx_byte_ring_end(const ArxByteRing *ring);

/*
 * Any process: copies the record at *position, which must be one's beginning
 * and below the ring's end, or its first "room" bytes, into the buffer, its
 * whole length into *length, and moves *position behind it.  False when it was
 * overwritten: then *position is the oldest one's.
 *
 * What the record refers to is looked up next; only then
 * arx_byte_ring_still_has() tells whether any of it may be used.
 */
extern bool arx_byte_ring_copy(const ArxByteRing *ring, uint64 *position,
							   uint8 *buffer, int room, int *length);
extern bool arx_byte_ring_still_has(const ArxByteRing *ring, uint64 position);

/* Writer: removes the oldest record; the ring must not be empty. */
extern void arx_byte_ring_drop(ArxByteRing *ring);

/* Writer: is there room for a record of that length? */
extern bool arx_byte_ring_has_room(const ArxByteRing *ring, int length);

/* Writer: appends a record, for which there is room. */
extern void
arx_byte_ring_append(ArxByteRing *ring, const uint8 *record, int length);

#endif /* ARX_SESSION_RING_H */
