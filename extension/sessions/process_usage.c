/*
 * process_usage.c
 *	  CPU time and memory of a process, from /proc.
 */
#include "postgres.h"

#include <fcntl.h>
#include <unistd.h>

#include "storage/fd.h"

#include "sessions/process_usage.h"

/* Reads a short file whole, as a string; false when it cannot be read. */
static bool
read_file(const char *path, char *text, Size size)
{
	int fd = OpenTransientFile(path, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, text, size - 1);
	CloseTransientFile(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	return true;
}

/* Fields 14 and 15; the name, field 2, may hold anything, even ")". */
static void
read_cpu(int pid, ArxProcessUsage *usage)
{
	double ms = 1000.0 / (double) sysconf(_SC_CLK_TCK);
	unsigned long user;
	unsigned long sys;
	char path[64];
	char text[1024];
	char *rest;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (!read_file(path, text, sizeof(text)))
		return;
	rest = strrchr(text, ')');
	if (rest == NULL ||
		sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
			   &user, &sys) != 2)
		return;
	usage->has_cpu = true;
	usage->cpu_user_ms = (double) user * ms;
	usage->cpu_sys_ms = (double) sys * ms;
}

static void
read_memory(int pid, ArxProcessUsage *usage)
{
	long long resident;
	long long shared;
	char path[64];
	char text[256];

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	if (!read_file(path, text, sizeof(text)) ||
		sscanf(text, "%*d %lld %lld", &resident, &shared) != 2)
		return;
	usage->has_memory = true;
	usage->private_memory = (resident - shared) * sysconf(_SC_PAGESIZE);
}

void
arx_process_usage(int pid, ArxProcessUsage *usage)
{
	memset(usage, 0, sizeof(*usage));
	read_cpu(pid, usage);
	read_memory(pid, usage);
}
