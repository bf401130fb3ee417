/*
 * control_request.c
 *	  Writes requests into a process's slot, wakes it, and waits.
 *
 * The file belongs to somebody else, who may cut it while it is mapped here;
 * then the kernel sends SIGBUS, which ends the command with a message.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/control_request.h"

/* A mapped control file and the one slot in it that is ours to ask. */
typedef struct Line
{
	ArxHeapControlFile *file;
	ArxHeapSlot *slot;
	uint64_t owner;
} Line;

static void
end_on_bus_error(int signal_number)
{
	static const char text[] =
		"error: the control file was cut while it was in use\n";

	(void) signal_number;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(ARX_EXIT_FAILED);
	_exit(ARX_EXIT_FAILED);
}

static bool
open_line(const ArxProcess *process, Line *line)
{
	int fd = arx_control_open(process->control, true);
	void *mapped = MAP_FAILED;

	signal(SIGBUS, end_on_bus_error);
	if (fd >= 0)
		mapped = mmap(NULL, sizeof(ArxHeapControlFile), PROT_READ | PROT_WRITE,
					  MAP_SHARED, fd, 0);
	if (mapped == MAP_FAILED)
	{
		arx_say_error(
			errno == EACCES || errno == EPERM
				? "run arxheap as the user of that process, or as root"
				: NULL,
			"could not write to \"%s\": %s", process->control,
			errno == EPROTO ? "not a control file of this version"
							: strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	close(fd);
	line->file = mapped;
	line->slot = &line->file->slots[process->slot.index];
	line->owner = process->slot.pid << 32 | (uint32_t) process->slot.start_us;
	return true;
}

static void
close_line(Line *line)
{
	munmap(line->file, sizeof(*line->file));
}

static void
wake_process(Line *line)
{
	atomic_fetch_add(&line->slot->wake, 1);
	syscall(SYS_futex, &line->slot->wake, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static double
now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* True once the process has done what was asked. */
typedef bool (*Answered)(const Line *line, uint64_t wanted);

static bool
is_armed_as_wanted(const Line *line, uint64_t wanted)
{
	return line->slot->state == (wanted ? ARX_HEAP_ARMED : ARX_HEAP_INERT) ||
		line->slot->state == ARX_HEAP_REFUSED;
}

static bool
is_snapshot_done(const Line *line, uint64_t wanted)
{
	return (int32_t) (line->slot->snapshot_done - (uint32_t) wanted) >= 0 ||
		line->slot->state == ARX_HEAP_REFUSED;
}

/* Says that the process ended, or has not answered. */
static bool
say_no_answer(const Line *line, const ArxProcess *process, double timeout)
{
	if (line->slot->has_thread)
		arx_say_error("is it stopped, or very busy? --timeout waits longer",
					  "process %llu did not answer within %.3g s",
					  (unsigned long long) process->pid, timeout);
	else
		arx_say_error(
			"an inert process looks when it has allocated 16 MiB more; the request stands until then",
			"process %llu has not looked within %.3g s",
			(unsigned long long) process->pid, timeout);
	return false;
}

static bool
wait_answer(const Line *line, const ArxProcess *process, Answered answered,
			uint64_t wanted, double timeout)
{
	double end = now_seconds() + timeout;
	long pause_ns = 500000;

	while (!answered(line, wanted))
	{
		struct timespec pause = {0, pause_ns};

		if (line->slot->owner != line->owner ||
			line->slot->state == ARX_HEAP_EXITED ||
			arx_slot_process(&process->slot) == 0)
		{
			arx_say_error(NULL, "process %llu ended before it answered",
						  (unsigned long long) process->pid);
			return false;
		}
		if (now_seconds() >= end)
			return say_no_answer(line, process, timeout);
		nanosleep(&pause, NULL);
		pause_ns = pause_ns < 50000000 ? 2 * pause_ns : pause_ns;
	}
	if (line->slot->state != ARX_HEAP_REFUSED)
		return true;
	arx_say_error(NULL, "process %llu cannot be profiled: %s",
				  (unsigned long long) process->pid,
				  arx_refusal_reason(line->slot->refusal));
	return false;
}

bool
arx_request_arm(ArxProcess *process, bool armed, uint64_t sample_bytes,
				double timeout)
{
	Line line;
	bool done;

	if (!open_line(process, &line))
		return false;
	if (sample_bytes)
		atomic_store(&line.slot->want_sample, sample_bytes);
	atomic_store(&line.slot->want_armed, armed);
	wake_process(&line);
	done = wait_answer(&line, process, is_armed_as_wanted, armed, timeout);
	close_line(&line);
	return done;
}

bool
arx_request_snapshot(ArxProcess *process, double timeout)
{
	Line line;
	uint32_t wanted;
	uint32_t problem;
	bool done;

	if (process->slot.state == ARX_HEAP_INERT && !process->slot.want_armed)
	{
		arx_say_error("arxheap arm PID begins to sample",
					  process->slot.samples > 0
						  ? "process %llu was disarmed, and wrote its last "
							"snapshot then"
						  : "process %llu is not armed: it has sampled nothing",
					  (unsigned long long) process->pid);
		return false;
	}
	if (!open_line(process, &line))
		return false;
	wanted = atomic_fetch_add(&line.slot->snapshot_wanted, 1) + 1;
	wake_process(&line);
	done = wait_answer(&line, process, is_snapshot_done, wanted, timeout);
	problem = line.slot->snapshot_errno;
	process->slot.sequence = line.slot->sequence;
	close_line(&line);
	if (done && problem != 0)
	{
		arx_say_error(
			NULL, "process %llu could not write a snapshot to \"%s\": %s",
			(unsigned long long) process->pid, process->folder,
			problem < 4096 ? strerror((int) problem) : "unknown error");
		return false;
	}
	return done;
}
