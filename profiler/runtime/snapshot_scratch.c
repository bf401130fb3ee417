/*
 * snapshot_scratch.c
 *	  Memory for the time of one snapshot.
 */
#include "runtime/snapshot_scratch.h"

#include <stdint.h>
#include <sys/mman.h>

#include "runtime/private_memory.h"

static char *reserve; /* AH_SCRATCH_BYTES, for good */

/* What is in use: the reserve, or a larger piece. */
static char *scratch;
static size_t room;
static size_t used;

bool
ah_scratch_reserve(void)
{
	if (reserve == NULL)
		reserve = ah_map(AH_SCRATCH_BYTES);
	return reserve != NULL;
}

bool
ah_scratch_begin(size_t wanted)
{
	used = 0;
	for (size_t bytes = wanted; bytes > AH_SCRATCH_BYTES; bytes -= bytes / 4)
	{
		scratch = ah_map(bytes);
		room = bytes;
		if (scratch != NULL)
			return true;
	}
	scratch = ah_scratch_reserve() ? reserve : NULL;
	room = AH_SCRATCH_BYTES;
	return scratch != NULL;
}

void *
ah_scratch_take(size_t bytes)
{
	char *taken = scratch + used;

	bytes = (bytes + 15) & ~(size_t) 15;
	if (bytes > room - used)
		return NULL;
	used += bytes;
	return taken;
}

size_t
ah_scratch_left(void)
{
	return room - used;
}

void
ah_scratch_end(void)
{
	if (scratch == NULL)
		return;
	if (scratch == reserve)
		ah_sys_madvise(reserve, used, MADV_DONTNEED);
	else
		ah_unmap(scratch, room);
	scratch = NULL;
}

void
ah_scratch_forked(void)
{
	ah_scratch_end();
}
