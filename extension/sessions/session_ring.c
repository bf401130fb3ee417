/*
 * session_ring.c
 *	  Positions, copies around the ring's end, and the order of writes.
 */
#include "postgres.h"

#include "port/atomics.h"

#include "sessions/session_ring.h"

/* Before each record: its length. */
typedef uint16 Length;

typedef struct ArxByteRingHead
{
	pg_atomic_uint64 oldest;
	pg_atomic_uint64 end;
} ArxByteRingHead;

Size
arx_byte_ring_shmem_size(Size size)
{
	return add_size(MAXALIGN(sizeof(ArxByteRingHead)), MAXALIGN(size));
}

void
arx_byte_ring_attach(ArxByteRing *ring, void *segment, Size size, bool found)
{
	ring->size = size;
	ring->head = segment;
	ring->bytes = (char *) segment + MAXALIGN(sizeof(*ring->head));
	if (found)
		return;
	pg_atomic_init_u64(&ring->head->oldest, 0);
	pg_atomic_init_u64(&ring->head->end, 0);
}

uint64
arx_byte_ring_oldest(const ArxByteRing *ring)
{
	return pg_atomic_read_u64(&ring->head->oldest);
}

uint64
arx_byte_ring_end(const ArxByteRing *ring)
{
	uint64 end = pg_atomic_read_u64(&ring->head->end);

	pg_read_barrier(); /* what is before it was written before it */
	return end;
}

static void
copy_out(const ArxByteRing *ring, uint64 position, void *to, Size n)
{
	Size at = (Size) (position % ring->size);
	Size first = Min(n, ring->size - at);

	memcpy(to, ring->bytes + at, first);
	memcpy((char *) to + first, ring->bytes, n - first);
}

static void
copy_in(ArxByteRing *ring, uint64 position, const void *from, Size n)
{
	Size at = (Size) (position % ring->size);
	Size first = Min(n, ring->size - at);

	memcpy(ring->bytes + at, from, first);
	memcpy(ring->bytes, (const char *) from + first, n - first);
}

bool
arx_byte_ring_still_has(const ArxByteRing *ring, uint64 position)
{
	pg_read_barrier(); /* what was copied, was copied before */
	return arx_byte_ring_oldest(ring) <= position;
}

bool
arx_byte_ring_copy(const ArxByteRing *ring, uint64 *position, uint8 *buffer,
				   int room, int *length)
{
	Length n;

	copy_out(ring, *position, &n, sizeof(n));
	copy_out(ring, *position + sizeof(n), buffer, Min((int) n, room));
	if (!arx_byte_ring_still_has(ring, *position))
	{
		*position = arx_byte_ring_oldest(ring);
		return false;
	}
	*length = n;
	*position += sizeof(n) + n;
	return true;
}

void
arx_byte_ring_drop(ArxByteRing *ring)
{
	uint64 oldest = arx_byte_ring_oldest(ring);
	Length n;

	copy_out(ring, oldest, &n, sizeof(n));
	pg_atomic_write_u64(&ring->head->oldest, oldest + sizeof(n) + n);
	pg_write_barrier(); /* readers see it before they see what follows */
}

bool
arx_byte_ring_has_room(const ArxByteRing *ring, int length)
{
	uint64 used =
		pg_atomic_read_u64(&ring->head->end) - arx_byte_ring_oldest(ring);

	return used + sizeof(Length) + (uint64) length <= ring->size;
}

void
arx_byte_ring_append(ArxByteRing *ring, const uint8 *record, int length)
{
	uint64 end = pg_atomic_read_u64(&ring->head->end);
	Length n = (Length) length;

	Assert(arx_byte_ring_has_room(ring, length));
	copy_in(ring, end, &n, sizeof(n));
	copy_in(ring, end + sizeof(n), record, length);
	pg_write_barrier();
	pg_atomic_write_u64(&ring->head->end, end + sizeof(n) + (uint64) length);
}
