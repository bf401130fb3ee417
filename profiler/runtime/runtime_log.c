/*
 * runtime_log.c
 *	  One line on stderr, before the program's own code runs.
 */
#include "runtime/runtime_log.h"

#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/runtime.h"

void
ah_say(const char *what, const char *detail)
{
	struct iovec parts[] = {
		{"arxheap: ", 9},
		{(void *) what, strlen(what)},
		{" (", detail != NULL ? 2 : 0},
		{(void *) (detail != NULL ? detail : ""),
		 detail != NULL ? strlen(detail) : 0},
		{")\n", 2},
	};

	if (ah_runtime.config.quiet)
		return;
	if (detail == NULL)
		parts[4] = (struct iovec){"\n", 1};
	if (writev(STDERR_FILENO, parts, 5) < 0)
		return; /* there is nobody else to tell */
}
