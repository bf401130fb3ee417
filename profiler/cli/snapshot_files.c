/*
 * snapshot_files.c
 *	  Finds snapshot files by folder, process or name.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "cli/process_find.h"
#include "cli/snapshot_files.h"
#include "libarx/heap_format.h"

const char *
arx_default_folder(char *buffer, size_t size)
{
	const char *set = getenv("ARXHEAP_DIR");

	if (set && *set)
		snprintf(buffer, size, "%s", set);
	else
		snprintf(buffer, size, "/tmp/arxheap-%u", (unsigned) geteuid());
	return buffer;
}

/* The number that ends before *end in text, after a '-'; moves *end to that. */
static bool
take_number(const char *text, const char **end, int base, uint64_t *number)
{
	const char *start = *end;
	char *stop;

	while (start > text && start[-1] != '-')
		start--;
	if (start <= text + 1 || start == *end || *start == '+' || *start == ' ')
		return false;
	errno = 0;
	*number = strtoull(start, &stop, base);
	if (stop != *end || errno != 0)
		return false;
	*end = start - 1;
	return true;
}

bool
arx_snapshot_name_parse(const char *base, ArxSnapshotFile *file)
{
	size_t length = strlen(base);
	size_t suffix = strlen(ARX_HEAP_SUFFIX);
	const char *end = base + length - suffix;

	if (length <= suffix || strcmp(end, ARX_HEAP_SUFFIX) != 0)
		return false;
	if (!take_number(base, &end, 10, &file->sequence) ||
		!take_number(base, &end, 16, &file->start_us) ||
		!take_number(base, &end, 10, &file->pid))
		return false;
	file->name_length = (uint32_t) (end - base);
	return true;
}

/* Appends a file; false when memory is exhausted. */
static bool
add_file(ArxSnapshotList *list, const char *folder, const char *base,
		 ArxSnapshotFile file)
{
	ArxSnapshotFile *grown =
		realloc(list->files, (list->count + 1) * sizeof(*grown));

	if (!grown)
		return false;
	list->files = grown;
	if (folder ? asprintf(&file.path, "%s/%s", folder, base) < 0
			   : !(file.path = strdup(base)))
		return false;
	file.base = strrchr(file.path, '/');
	file.base = file.base ? file.base + 1 : file.path;
	list->files[list->count++] = file;
	return true;
}

static int
compare_files(const void *left, const void *right)
{
	const ArxSnapshotFile *a = left;
	const ArxSnapshotFile *b = right;

	if (a->start_us != b->start_us)
		return a->start_us < b->start_us ? -1 : 1;
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	if (a->sequence != b->sequence)
		return a->sequence < b->sequence ? -1 : 1;
	return strcmp(a->base, b->base);
}

bool
arx_snapshots_of_folder(const char *folder, ArxSnapshotList *list)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	bool enough = true;

	*list = (ArxSnapshotList){.folder = strdup(folder)};
	if (!dir)
	{
		arx_say_error(
			errno == ENOENT
				? "snapshots are written by \"arxheap run -- PROGRAM\", in ARXHEAP_DIR"
				: NULL,
			"could not open folder \"%s\": %s", folder, strerror(errno));
		return false;
	}
	while (enough && (entry = readdir(dir)) != NULL)
	{
		ArxSnapshotFile file = {0};
		struct stat status;

		if (!arx_snapshot_name_parse(entry->d_name, &file) ||
			fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) !=
				0 ||
			!S_ISREG(status.st_mode))
			continue;
		file.bytes = (uint64_t) status.st_size;
		file.changed_s = status.st_mtime;
		enough = add_file(list, folder, entry->d_name, file);
	}
	closedir(dir);
	if (!enough)
		arx_say_error(NULL, "out of memory");
	else if (list->count > 1)
		qsort(list->files, list->count, sizeof(*list->files), compare_files);
	return enough;
}

/* Keeps the files of one process: its start too, unless start_us is 0. */
static void
keep_process(ArxSnapshotList *list, uint64_t pid, uint64_t start_us)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (list->files[i].pid == pid &&
			(start_us == 0 || list->files[i].start_us == start_us))
			list->files[kept++] = list->files[i];
		else
			free(list->files[i].path);
	list->count = kept;
}

/* The snapshots of a process, which may have ended. */
static bool
resolve_process(const char *text, uint64_t pid, ArxSnapshotList *list)
{
	char folder[4096];
	ArxProcess process;

	if (arx_process_find(pid, &process, NULL))
	{
		if (!arx_snapshots_of_folder(process.folder, list))
			return false;
		/* not those of an earlier process that had the same id */
		keep_process(list, process.inner_pid, process.slot.start_us);
	}
	else if (!arx_snapshots_of_folder(
				 arx_default_folder(folder, sizeof(folder)), list))
		return false;
	else
		keep_process(list, pid, 0);
	if (list->count > 0)
		return true;
	/* Why there are none is best said by who looked for the process. */
	if (!arx_process_find(pid, &process, arx_say_error))
		return false;
	arx_say_error("arxheap snapshot PID takes one now",
				  "process %s has no snapshot in \"%s\" yet", text,
				  list->folder);
	return false;
}

static bool
resolve_file(const char *path, ArxSnapshotList *list)
{
	ArxSnapshotFile file = {0};
	const char *base = strrchr(path, '/');

	*list = (ArxSnapshotList){0};
	if (!arx_snapshot_name_parse(base ? base + 1 : path, &file))
		file = (ArxSnapshotFile){0};
	if (add_file(list, NULL, path, file))
		return true;
	arx_say_error(NULL, "out of memory");
	return false;
}

bool
arx_snapshots_resolve(const char *text, uint64_t only_pid,
					  ArxSnapshotList *list)
{
	char folder[4096];
	struct stat status;
	uint64_t pid;

	*list = (ArxSnapshotList){0};
	if (!text)
		text = arx_default_folder(folder, sizeof(folder));
	if (stat(text, &status) != 0)
	{
		if (errno == ENOENT && arx_parse_number(text, &pid))
			return resolve_process(text, pid, list);
		arx_say_error("give a snapshot, a folder of snapshots or a process id",
					  "could not read \"%s\": %s", text, strerror(errno));
		return false;
	}
	if (!S_ISDIR(status.st_mode))
		return resolve_file(text, list);
	if (!arx_snapshots_of_folder(text, list))
		return false;
	if (only_pid)
		keep_process(list, only_pid, 0);
	if (list->count > 0)
		return true;
	if (only_pid)
		arx_say_error("arxheap list DIR shows whose there are",
					  "no snapshot of process %llu in folder \"%s\"",
					  (unsigned long long) only_pid, text);
	else
		arx_say_error(
			"the first one comes after ARXHEAP_INTERVAL; arxheap snapshot PID takes one now",
			"no snapshot in folder \"%s\"", text);
	return false;
}

void
arx_snapshots_free(ArxSnapshotList *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->files[i].path);
	free(list->files);
	free(list->folder);
	*list = (ArxSnapshotList){0};
}

size_t
arx_snapshot_series(const ArxSnapshotList *list, size_t first)
{
	size_t next = first + 1;

	while (next < list->count &&
		   list->files[next].pid == list->files[first].pid &&
		   list->files[next].start_us == list->files[first].start_us)
		next++;
	return next - first;
}

size_t
arx_snapshot_newest_series(const ArxSnapshotList *list, size_t *length)
{
	size_t best = 0;
	size_t nseries = 0;
	int64_t newest = INT64_MIN;

	for (size_t first = 0, n; first < list->count; first += n)
	{
		n = arx_snapshot_series(list, first);
		nseries++;
		if (list->files[first + n - 1].changed_s >= newest)
		{
			newest = list->files[first + n - 1].changed_s;
			best = first;
		}
	}
	*length = arx_snapshot_series(list, best);
	if (nseries > 1)
		arx_say_note(
			"%zu processes wrote here; this is the one heard of last, %.*s %llu (others: --pid PID)",
			nseries, (int) list->files[best].name_length,
			list->files[best].base, (unsigned long long) list->files[best].pid);
	return best;
}
