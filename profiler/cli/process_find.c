/*
 * process_find.c
 *	  Finds the control file and the slot of a process, from outside.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/process_find.h"

#define PRELOAD_NAME "libarxheap.so"

/* What the memory map of a process tells about the preload. */
typedef struct MapsFinding
{
	bool preloaded;
	char control[4096]; /* path as the process sees it; "" none */
} MapsFinding;

/* Bytes of a small file of /proc; -1 and errno. */
static ssize_t
read_proc(uint64_t pid, const char *name, char *buffer, size_t size)
{
	char path[64];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%llu/%s", (unsigned long long) pid,
			 name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	got = read(fd, buffer, size - 1);
	close(fd);
	if (got >= 0)
		buffer[got] = '\0';
	return got;
}

/* The id that a process has in its own pid namespace; its own id if unknown. */
static uint64_t
inner_pid(uint64_t pid)
{
	char status[8192];
	const char *line;
	uint64_t inner = pid;

	if (read_proc(pid, "status", status, sizeof(status)) <= 0 ||
		!(line = strstr(status, "\nNSpid:")))
		return pid;
	for (line += 7; *line != '\n' && *line;)
	{
		char *end;

		inner = strtoull(line, &end, 10);
		if (end == line)
			break;
		line = end;
	}
	return inner;
}

/* Inode of a process's pid namespace; 0 unknown. */
static uint64_t
pid_namespace(const char *process)
{
	char path[64];
	struct stat status;

	snprintf(path, sizeof(path), "/proc/%.20s/ns/pid", process);
	return stat(path, &status) == 0 ? (uint64_t) status.st_ino : 0;
}

static void
look_at_mapping(char *line, MapsFinding *finding)
{
	const char *path = strchr(line, '/');
	const char *base = path ? strrchr(path, '/') + 1 : NULL;
	char permissions[8];

	if (!path || sscanf(line, "%*s %7s", permissions) != 1)
		return;
	if (strncmp(base, PRELOAD_NAME, strlen(PRELOAD_NAME)) == 0)
		finding->preloaded = true;
	if (strchr(permissions, 's') && strcmp(base, ARX_HEAP_CONTROL_NAME) == 0)
		snprintf(finding->control, sizeof(finding->control), "%s", path);
}

/* Reads /proc/PID/maps; false and errno when that is not permitted. */
static bool
read_maps(uint64_t pid, MapsFinding *finding)
{
	char path[64];
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	FILE *maps;

	*finding = (MapsFinding){0};
	snprintf(path, sizeof(path), "/proc/%llu/maps", (unsigned long long) pid);
	maps = fopen(path, "re");
	if (!maps)
		return false;
	errno = 0;
	while ((length = getline(&line, &size, maps)) > 0)
	{
		line[length - 1] = '\0';
		look_at_mapping(line, finding);
	}
	free(line);
	size = (size_t) errno;
	fclose(maps);
	errno = (int) size;
	return size == 0;
}

int
arx_control_open(const char *path, bool writing)
{
	ArxHeapControlFile head;
	struct stat status;
	int fd = open(path,
				  (writing ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW |
					  O_NONBLOCK | O_NOCTTY);
	size_t head_bytes = offsetof(ArxHeapControlFile, slots);

	if (fd < 0)
		return -1;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
		(uint64_t) status.st_size >= sizeof(ArxHeapControlFile) &&
		pread(fd, &head, head_bytes, 0) == (ssize_t) head_bytes &&
		head.magic == ARX_HEAP_CONTROL_MAGIC &&
		head.version == ARX_HEAP_CONTROL_VERSION &&
		head.slot_bytes == sizeof(ArxHeapSlot))
		return fd;
	close(fd);
	errno = EPROTO;
	return -1;
}

/* The copy of a slot, if it is in use and its two statements of start agree. */
static bool
copy_slot(const ArxHeapSlot *raw, uint32_t index, ArxSlotCopy *copy)
{
	uint64_t owner = raw->owner;

	*copy = (ArxSlotCopy){
		.index = index,
		.pid = owner >> 32,
		.start_us = raw->start_us,
		.namespace_id = raw->namespace_id,
		.state = raw->state,
		.refusal = raw->refusal,
		.want_armed = raw->want_armed,
		.want_sample = raw->want_sample,
		.snapshot_wanted = raw->snapshot_wanted,
		.snapshot_done = raw->snapshot_done,
		.snapshot_errno = raw->snapshot_errno,
		.has_thread = raw->has_thread != 0,
		.samples = raw->samples,
		.live_samples = raw->live_samples,
		.live_bytes = raw->live_bytes,
		.dropped = raw->dropped,
		.last_snapshot_us = raw->last_snapshot_us,
		.sequence = raw->sequence,
	};
	return owner != 0 && copy->pid != 0 &&
		(uint32_t) owner == (uint32_t) copy->start_us &&
		copy->state != ARX_HEAP_FREE && copy->state <= ARX_HEAP_EXITED;
}

bool
arx_slot_read(int control, uint32_t index, ArxSlotCopy *slot)
{
	ArxHeapSlot raw;
	off_t place =
		(off_t) (offsetof(ArxHeapControlFile, slots) + index * sizeof(raw));

	return index < ARX_HEAP_CONTROL_SLOTS &&
		pread(control, &raw, sizeof(raw), place) == sizeof(raw) &&
		copy_slot(&raw, index, slot);
}

size_t
arx_slots_read(int control, ArxSlotCopy *slots)
{
	size_t found = 0;

	for (uint32_t index = 0; index < ARX_HEAP_CONTROL_SLOTS; index++)
		if (arx_slot_read(control, index, &slots[found]))
			found++;
	return found;
}

/*
 * The slot of a process: the one claimed last, since an exec claims another
 * one and a reused id may have left an old one behind.
 */
static bool
find_slot(int control, uint64_t pid, uint64_t namespace_id, ArxSlotCopy *best)
{
	ArxSlotCopy slot;
	bool found = false;

	for (uint32_t index = 0; index < ARX_HEAP_CONTROL_SLOTS; index++)
	{
		if (!arx_slot_read(control, index, &slot) || slot.pid != pid ||
			slot.state == ARX_HEAP_EXITED)
			continue;
		if (slot.namespace_id && namespace_id &&
			slot.namespace_id != namespace_id)
			continue;
		if (!found || slot.start_us > best->start_us)
			*best = slot;
		found = true;
	}
	return found;
}

static void
say_nothing(const char *hint, const char *format, ...)
{
	(void) hint;
	(void) format;
}

/* Says why the memory map of a process could not be read. */
static bool
refuse_maps(uint64_t pid, int error, ArxSay say)
{
	unsigned long long id = pid;

	if (error == ENOENT || error == ESRCH)
		say("arxheap list shows the profiled processes",
			"no process has the id %llu", id);
	else if (error == EACCES || error == EPERM)
		say("run arxheap as the user of that process, or as root",
			"not permitted to look at process %llu", id);
	else
		say(NULL, "could not read the memory map of process %llu: %s", id,
			strerror(error));
	return false;
}

/* Says why a process without a mapped control file cannot be talked to. */
static bool
refuse_no_control(uint64_t pid, bool preloaded, ArxSay say)
{
	if (preloaded)
		say("its folder (ARXHEAP_DIR) must be writable when it starts",
			"process %llu has the profiler but no control file; it follows its settings only",
			(unsigned long long) pid);
	else
		say("start it with \"arxheap run -- PROGRAM\", or with LD_PRELOAD=" PRELOAD_NAME,
			"process %llu runs without the profiler", (unsigned long long) pid);
	return false;
}

/* Where the process's control file is seen from here. */
static void
reach_control(ArxProcess *process, const char *seen_inside)
{
	static const char deleted[] = " (deleted)";
	size_t length = strlen(seen_inside);

	if (length > strlen(deleted) &&
		strcmp(seen_inside + length - strlen(deleted), deleted) == 0)
		length -= strlen(deleted);
	snprintf(process->control, sizeof(process->control), "%.*s", (int) length,
			 seen_inside);
	/* Another mount namespace shows the file under the root of the process. */
	if (access(process->control, F_OK) != 0 ||
		pid_namespace("self") != process->namespace_id)
		snprintf(process->control, sizeof(process->control),
				 "/proc/%llu/root%.*s", (unsigned long long) process->pid,
				 (int) length, seen_inside);
	snprintf(
		process->folder, sizeof(process->folder), "%.*s",
		(int) (strlen(process->control) - strlen("/" ARX_HEAP_CONTROL_NAME)),
		process->control);
}

bool
arx_process_find(uint64_t pid, ArxProcess *process, ArxSay say)
{
	MapsFinding finding;
	char text[24];
	int control;

	if (!say)
		say = say_nothing;
	*process = (ArxProcess){.pid = pid};
	if (pid == 0 || pid > INT32_MAX)
		return refuse_maps(pid, ESRCH, say);
	if (!read_maps(pid, &finding))
		return refuse_maps(pid, errno, say);
	if (!finding.control[0])
		return refuse_no_control(pid, finding.preloaded, say);
	snprintf(text, sizeof(text), "%llu", (unsigned long long) pid);
	process->inner_pid = inner_pid(pid);
	process->namespace_id = pid_namespace(text);
	reach_control(process, finding.control);
	control = arx_control_open(process->control, false);
	if (control < 0)
	{
		say(errno == EACCES || errno == EPERM
				? "run arxheap as the user of that process, or as root"
				: NULL,
			"could not open \"%s\" of process %llu: %s", process->control,
			(unsigned long long) pid,
			errno == EPROTO ? "not a control file of this version"
							: strerror(errno));
		return false;
	}
	if (find_slot(control, process->inner_pid, process->namespace_id,
				  &process->slot))
	{
		close(control);
		return true;
	}
	close(control);
	say("a control file holds 2048 processes; give other programs a folder of their own (ARXHEAP_DIR)",
		"process %llu has no slot in \"%s\"", (unsigned long long) pid,
		process->control);
	return false;
}

/* True if a process with this id of ours is the one that claimed the slot. */
static bool
is_slot_of(const ArxSlotCopy *slot, uint64_t pid)
{
	char text[24];
	MapsFinding finding;
	uint64_t namespace_id;

	snprintf(text, sizeof(text), "%llu", (unsigned long long) pid);
	namespace_id = pid_namespace(text);
	if (inner_pid(pid) != slot->pid ||
		(slot->namespace_id && namespace_id &&
		 slot->namespace_id != namespace_id))
		return false;
	/* The id may have been given to another program since. */
	return read_maps(pid, &finding) ? finding.control[0] != '\0'
									: errno == EACCES;
}

uint64_t
arx_slot_process(const ArxSlotCopy *slot)
{
	uint64_t ours = pid_namespace("self");
	struct dirent *entry;
	uint64_t found = 0;
	DIR *proc;

	if (slot->state == ARX_HEAP_EXITED)
		return 0;
	if (slot->namespace_id == 0 || slot->namespace_id == ours)
	{
		char path[64];

		snprintf(path, sizeof(path), "/proc/%llu",
				 (unsigned long long) slot->pid);
		return access(path, F_OK) == 0 && is_slot_of(slot, slot->pid)
			? slot->pid
			: 0;
	}
	proc = opendir("/proc");
	while (proc && !found && (entry = readdir(proc)) != NULL)
	{
		uint64_t pid = isdigit((unsigned char) entry->d_name[0])
			? strtoull(entry->d_name, NULL, 10)
			: 0;

		if (pid && pid_namespace(entry->d_name) == slot->namespace_id &&
			is_slot_of(slot, pid))
			found = pid;
	}
	if (proc)
		closedir(proc);
	return found;
}

const char *
arx_state_name(uint32_t state)
{
	static const char *const names[] = {"free", "inert", "armed", "refused",
										"exited"};

	return state < sizeof(names) / sizeof(*names) ? names[state] : "unknown";
}

const char *
arx_refusal_reason(uint32_t refusal)
{
	static const char *const reasons[] = {
		"no reason given",
		"another malloc is linked into the program",
		"no range of addresses could be reserved (limit on address space?)",
		"no memory for its own tables",
		"it was forked in the middle of the profiler's work",
	};

	return refusal < sizeof(reasons) / sizeof(*reasons)
		? reasons[refusal]
		: "a reason that this version does not know";
}
