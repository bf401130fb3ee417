/*
 * live_load.c
 *	  Holds small blocks, and says how much memory is resident.
 *
 *	live_load MEGABYTES SIZE
 *
 * Allocates 1,000,000 * MEGABYTES bytes in blocks of SIZE bytes, from 512
 * stacks of 30 frames, touches each, and keeps them.  Then prints the resident
 * bytes of the process, and again for every line that it reads.
 */
#include "load.h"

#include <fcntl.h>
#include <unistd.h>

#define FRAMES 30
#define BLOCKS_A_CALL 64

typedef struct Holder
{
	size_t size;
	void **last; /* each block points to the one before: no table is needed */
} Holder;

static LOAD_FRAME void
hold_blocks(void *argument)
{
	Holder *holder = argument;

	for (int i = 0; i < BLOCKS_A_CALL; i++)
	{
		void **block = malloc(holder->size);

		memset(block, 1, holder->size);
		*block = holder->last;
		holder->last = block;
	}
}

/* Without stdio, whose buffer would be a block of the load. */
static void
say_resident(void)
{
	char text[256];
	long pages = 0;
	int fd = open("/proc/self/statm", O_RDONLY);
	ssize_t length = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[length > 0 ? length : 0] = '\0';
	sscanf(text, "%*d %ld", &pages);
	dprintf(STDOUT_FILENO, "%ld\n", pages * sysconf(_SC_PAGESIZE));
}

int
main(int argc, char **argv)
{
	Holder holder = {.size = (size_t) load_argument(argc, argv, 2, 64)};
	long blocks =
		load_argument(argc, argv, 1, 400) * 1000000 / (long) holder.size;
	uint64_t random = 1;
	char line;

	for (long i = 0; i < blocks; i += BLOCKS_A_CALL)
		load_call_deep(FRAMES - LOAD_FIXED_FRAMES,
					   (unsigned) (load_random(&random) % LOAD_FEW_STACKS),
					   hold_blocks, &holder);
	do
		say_resident();
	while (read(STDIN_FILENO, &line, 1) == 1);
	return 0;
}
