/*
 * namespace_calls.c
 *	  unshare() and setns(), which a process may only call while it has one thread.
 *
 * The system refuses a user namespace, and some others, to a process of several
 * threads.  So the runtime's thread steps aside first.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/runtime.h"

#define EXPORT __attribute__((visibility("default")))

extern int unshare(int flags);
extern int setns(int fd, int kind);

static void
step_aside(void)
{
	int saved = errno;

	if (ah_runtime.started && getpid() == ah_runtime.pid && !ah_thread.inside)
	{
		ah_thread.inside = 1;
		ah_snapshot_rest();
		ah_thread.inside = 0;
	}
	errno = saved;
}

EXPORT int
unshare(int flags)
{
	step_aside();
	return (int) syscall(SYS_unshare, flags);
}

EXPORT int
setns(int fd, int kind)
{
	step_aside();
	return (int) syscall(SYS_setns, fd, kind);
}
