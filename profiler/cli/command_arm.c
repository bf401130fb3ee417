/*
 * command_arm.c
 *	  arxheap arm, disarm and snapshot: asks a running process for something.
 */
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/control_request.h"
#include "cli/json_print.h"
#include "cli/options.h"
#include "cli/snapshot_files.h"
#include "cli/text_print.h"

#define TIMEOUT_HELP \
	"      --timeout SECONDS    how long to wait for its answer (default 10)\n" \
	"      --json               for programs\n" ARX_REQUEST_COMMON
#define ARX_REQUEST_COMMON \
	"      --progress           say on stderr what takes long, also without a terminal\n" \
	"  -h, --help               this text\n"

const char arx_help_arm[] =
	"usage: arxheap arm [options] PID\n"
	"\n"
	"Makes a process sample its allocations that was started with the preload but\n"
	"inert (arxheap run --inert, or ARXHEAP_INERT=1), or changes how densely an\n"
	"armed one samples.  The program is not stopped, restarted or signalled.\n"
	"\n"
	"An inert process looks when it has allocated another 16 MiB.\n"
	"\n"
	"      --sample BYTES       one sample in so many bytes on average, e.g. 64k\n"
	"                           (default: as it was set, 512k)\n" TIMEOUT_HELP
	"\n"
	"examples:\n"
	"  arxheap arm 4711\n"
	"  arxheap arm 4711 --sample 64k        finer, for a small program\n";

const char arx_help_disarm[] =
	"usage: arxheap disarm [options] PID\n"
	"\n"
	"Makes a process stop sampling.  It writes a last snapshot and stays preloaded,\n"
	"at next to no cost; arxheap arm PID begins again.\n"
	"\n" TIMEOUT_HELP "\n"
	"example:\n"
	"  arxheap disarm 4711\n";

const char arx_help_snapshot[] =
	"usage: arxheap snapshot [options] PID\n"
	"\n"
	"Has a process write a snapshot now, beside those it writes by itself, and\n"
	"prints the file's name.\n"
	"\n" TIMEOUT_HELP "\n"
	"examples:\n"
	"  arxheap snapshot 4711\n"
	"  arxheap report \"$(arxheap snapshot 4711)\"\n";

typedef struct RequestOptions
{
	uint64_t sample;
	double timeout;
	bool json;
} RequestOptions;

/* Reads options and PID and finds the process; false: return *status. */
static bool
find_target(int argc, char **argv, RequestOptions *o, bool arming,
			ArxProcess *process, int *status)
{
	const ArxOption options[] = {
		{"timeout", 0, ARX_OPTION_SECONDS, &o->timeout},
		{"json", 0, ARX_OPTION_FLAG, &o->json},
		{arming ? "sample" : NULL, 0, ARX_OPTION_BYTES, &o->sample},
		{0}};
	uint64_t pid;
	int first;

	*o = (RequestOptions){.timeout = 10};
	if (!arx_options_parse(argc, argv, options, 1, 1, &first, status))
		return false;
	if (!arx_parse_number(argv[first], &pid))
	{
		arx_say_error("arxheap list shows the profiled processes",
					  "\"%.60s\" is not a process id", argv[first]);
		*status = ARX_EXIT_USAGE;
		return false;
	}
	*status = ARX_EXIT_FAILED;
	return arx_process_find(pid, process, arx_say_error);
}

static int
arm_or_disarm(int argc, char **argv, bool armed)
{
	RequestOptions o;
	ArxProcess process;
	ArxJson json;
	int status;

	if (!find_target(argc, argv, &o, armed, &process, &status))
		return status;
	if (!arx_request_arm(&process, armed, o.sample, o.timeout))
		return ARX_EXIT_FAILED;
	if (o.json)
	{
		arx_json_begin(&json, stdout);
		arx_json_open(&json, NULL, '{');
		arx_json_integer(&json, "pid", (int64_t) process.pid);
		arx_json_text(&json, "state", armed ? "armed" : "inert");
		arx_json_text(&json, "folder", process.folder);
		arx_json_close(&json);
	}
	else if (armed)
		printf("process %llu is armed; snapshots go to %s\n",
			   (unsigned long long) process.pid, process.folder);
	else
		printf("process %llu is inert\n", (unsigned long long) process.pid);
	return arx_finish_output(ARX_EXIT_OK);
}

int
arx_command_arm(int argc, char **argv)
{
	return arm_or_disarm(argc, argv, true);
}

int
arx_command_disarm(int argc, char **argv)
{
	return arm_or_disarm(argc, argv, false);
}

/* The file of the snapshot with the slot's number. */
static const ArxSnapshotFile *
find_written(const ArxSnapshotList *list, const ArxProcess *process)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->files[i].pid == process->inner_pid &&
			list->files[i].start_us == process->slot.start_us &&
			list->files[i].sequence == process->slot.sequence)
			return &list->files[i];
	return NULL;
}

int
arx_command_snapshot(int argc, char **argv)
{
	RequestOptions o;
	ArxProcess process;
	ArxSnapshotList list = {0};
	const ArxSnapshotFile *file = NULL;
	ArxJson json;
	int status;

	if (!find_target(argc, argv, &o, false, &process, &status))
		return status;
	if (!arx_request_snapshot(&process, o.timeout))
		return ARX_EXIT_FAILED;
	if (arx_snapshots_of_folder(process.folder, &list))
		file = find_written(&list, &process);
	if (!file)
		arx_say_error(
			NULL,
			"process %llu says it wrote snapshot %llu, but it is not in \"%s\"",
			(unsigned long long) process.pid,
			(unsigned long long) process.slot.sequence, process.folder);
	else if (o.json)
	{
		arx_json_begin(&json, stdout);
		arx_json_open(&json, NULL, '{');
		arx_json_integer(&json, "pid", (int64_t) process.pid);
		arx_json_integer(&json, "sequence", (int64_t) file->sequence);
		arx_json_integer(&json, "bytes", (int64_t) file->bytes);
		arx_json_text(&json, "snapshot", file->path);
		arx_json_close(&json);
	}
	else
		puts(file->path);
	status = file ? ARX_EXIT_OK : ARX_EXIT_FAILED;
	arx_snapshots_free(&list);
	return arx_finish_output(status);
}
