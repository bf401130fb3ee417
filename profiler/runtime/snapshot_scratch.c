/*
 * snapshot_scratch.c
 *	  Memory for the time of one snapshot.
 */
#include "runtime/snapshot_scratch.h"

#include <sys/mman.h>

#include "runtime/private_memory.h"
#include "runtime/runtime.h"

static char *scratch; /* NULL: not in use */
static size_t room;
static size_t used;

bool
ah_scratch_begin(size_t wanted)
{
	size_t most = ah_runtime.config.memory / 2;

	ah_scratch_end();
	used = 0;
	room = wanted < most ? wanted : most;
	if (room < AH_SCRATCH_LEAST)
		room = AH_SCRATCH_LEAST;
	for (; room >= AH_SCRATCH_LEAST; room -= room / 4)
	{
		void *memory =
			ah_sys_mmap(NULL, room, PROT_READ | PROT_WRITE,
						MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (memory != MAP_FAILED)
		{
			scratch = memory;
			return true;
		}
	}
	return false;
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

/* Forgotten first: a child that is forked in between would unmap it again. */
void
ah_scratch_end(void)
{
	char *memory = scratch;

	scratch = NULL;
	atomic_signal_fence(memory_order_seq_cst);
	if (memory != NULL)
		ah_sys_munmap(memory, room);
}
