/*
 * resident_pages.c
 *	  How much of a range of addresses is in memory.
 */
#include "runtime/resident_pages.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

size_t
ah_resident(uintptr_t start, size_t length)
{
	size_t page = (size_t) getpagesize();
	uintptr_t end = (start + length + page - 1) & ~(page - 1);
	unsigned char pages[4096]; /* the system looks at as many at once */
	size_t resident = 0;
	int saved = errno;

	start &= ~(page - 1);
	while (start < end)
	{
		size_t npages = (end - start) / page;

		if (npages > sizeof(pages))
			npages = sizeof(pages);
		if (syscall(SYS_mincore, start, npages * page, pages) == 0)
			for (size_t i = 0; i < npages; i++)
				resident += (size_t) (pages[i] & 1);
		start += npages * page;
	}
	errno = saved;
	return resident * page;
}
