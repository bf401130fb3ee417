/*
 * limit_entry_points.c
 *	  setrlimit() and its family, as the program sees them.
 *
 * A limit on address space counts what is reserved, too.  A program that sets
 * one for itself while it runs gets back the part of our reservation that is
 * not in use; without that, nothing could be mapped any more.  (One that exists
 * when the program starts is respected from the start, in sample_range.c.)
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/sample_range.h"

#define EXPORT __attribute__((visibility("default")))

/* On x86-64 both widths are the same. */
_Static_assert(sizeof(struct rlimit) == sizeof(struct rlimit64),
			   "limits have 64 bits");


static int
limit_process(pid_t pid, int resource, const void *wanted, void *before)
{
	const struct rlimit *limit = wanted;

	if (resource == RLIMIT_AS && wanted != NULL &&
		(pid == 0 || pid == getpid()) && limit->rlim_cur != RLIM_INFINITY)
		ah_range_shrink(limit->rlim_cur);
	return (int) syscall(SYS_prlimit64, pid, resource, wanted, before);
}

EXPORT int
setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
	return limit_process(0, (int) resource, limit, NULL);
}

EXPORT int
setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *limit)
{
	return limit_process(0, (int) resource, limit, NULL);
}

EXPORT int
prlimit(pid_t pid, enum __rlimit_resource resource, const struct rlimit *limit,
		struct rlimit *before)
{
	return limit_process(pid, (int) resource, limit, before);
}

EXPORT int
prlimit64(pid_t pid, enum __rlimit_resource resource,
		  const struct rlimit64 *limit, struct rlimit64 *before)
{
	return limit_process(pid, (int) resource, limit, before);
}
