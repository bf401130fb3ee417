/*
 * ledger_fork.c
 *	  A parent and a child that each map memory, and unmap the other's.
 *
 * Prints the child's process id.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (1024UL * 1024UL)

static char *
map(size_t length)
{
	char *start = mmap(NULL, length, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (start == MAP_FAILED)
		exit(3);
	return memset(start, 1, length);
}

int
main(void)
{
	char *first = map(32 * MIB);
	char *second;
	int status = 0;
	pid_t child;

	map(16 * MIB);
	child = fork();
	if (child == 0)
	{
		char *volatile sampled = malloc(1000);

		(void) sampled;
		/* a hole in what the parent mapped, and the end of it */
		second = map(8 * MIB);
		munmap(second + 1 * MIB, 1 * MIB);
		munmap(first + 4 * MIB, 4 * MIB);
		munmap(first + 24 * MIB, 8 * MIB);
		exit(0);
	}
	waitpid(child, &status, 0);
	printf("%d\n", (int) child);
	return status == 0 ? 0 : 4;
}
