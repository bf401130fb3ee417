/*
 * process_facts.c
 *	  Who the profiled process is, for the head of its snapshots.
 *
 * Read again for each snapshot: a server may write its state into its command
 * line, a program may execute from a file that is renamed.  Through
 * /proc/thread-self, for the main thread may have ended before others: then
 * /proc/self knows no memory any more.
 */
#include "runtime/process_facts.h"

#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "runtime/control_slot.h"
#include "runtime/proc_file.h"
#include "runtime/runtime.h"

#define COMMAND_BYTES 512

static char boot_id[64];
static char command[COMMAND_BYTES];
static char executable[ARX_HEAP_MAX_STRING];
static struct utsname host;

/* A file's text without newlines at its end; none when it cannot be read. */
static ArxHeapText
read_text(const char *path, char *buffer, size_t room)
{
	ssize_t length = ah_file_read(path, buffer, room);

	while (length > 0 &&
		   (buffer[length - 1] == '\n' || buffer[length - 1] == '\0'))
		length--;
	return (ArxHeapText){buffer, length > 0 ? (uint32_t) length : 0};
}

/* Arguments are separated by zero bytes. */
static ArxHeapText
read_command(void)
{
	ArxHeapText text =
		read_text("/proc/thread-self/cmdline", command, sizeof(command));

	for (uint32_t i = 0; i < text.length; i++)
		if (command[i] == '\0')
			command[i] = ' ';
	while (text.length > 0 && command[text.length - 1] == ' ')
		text.length--;
	return text;
}

static ArxHeapText
read_executable(void)
{
	ssize_t length =
		readlink("/proc/thread-self/exe", executable, sizeof(executable));

	return (ArxHeapText){executable, length > 0 ? (uint32_t) length : 0};
}

void
ah_process_facts(ArxHeapProcess *process)
{
	process->pid = (uint64_t) atomic_load(&ah_runtime.pid);
	process->parent_pid = (uint64_t) ah_runtime.parent_pid;
	process->pid_namespace = ah_pid_namespace();
	process->start_us = ah_runtime.start_us;
	process->profile_start_us = ah_runtime.profile_start_us;
	process->sample_bytes = atomic_load(&ah_runtime.mean);
	process->interval_ms = ah_runtime.config.interval_ms;
	process->boot_id =
		read_text("/proc/sys/kernel/random/boot_id", boot_id, sizeof(boot_id));
	if (uname(&host) == 0)
		process->host =
			(ArxHeapText){host.nodename, (uint32_t) strlen(host.nodename)};
	process->executable = read_executable();
	process->command = read_command();
	process->runtime = (ArxHeapText){AH_VERSION, sizeof(AH_VERSION) - 1};
}
