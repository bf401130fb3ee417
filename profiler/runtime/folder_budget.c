/*
 * folder_budget.c
 *	  Keeps a snapshot folder within its budget by thinning out series.
 *
 * The folder is read with getdents64 into a list of at most MAX_FILES; when
 * there are more, those beyond are neither counted nor removed this time.
 * Reading the whole folder for each snapshot of each process would be much
 * when there are hundreds of them, so that is done when the process's own
 * series is over its budget, and otherwise once in CHECK_EVERY snapshots.
 */
#include "runtime/snapshot_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/array_sort.h"
#include "runtime/control_slot.h"
#include "runtime/runtime.h"
#include "runtime/snapshot_scratch.h"
#include "runtime/text_format.h"

#define MAX_FILES 4096
#define CHECK_EVERY 16
#define TEMPORARY ARX_HEAP_SUFFIX ".tmp"

typedef struct SnapshotFile
{
	uint64_t pid;
	uint64_t start_us;
	uint64_t sequence;
	uint64_t bytes;
	uint64_t changed_ns; /* of the file; of a series its newest */
	bool removed;
	char name[AH_NAME_MAX];
} SnapshotFile;

/* The files of one process: neighbours in the list, by sequence. */
typedef struct Series
{
	uint32_t first;
	uint32_t nfiles;
	uint64_t bytes;
	uint64_t changed_ns;
} Series;

typedef struct Folder
{
	int fd;
	uint32_t nfiles;
	uint32_t nseries;
	uint64_t bytes;
	char entries[16 * 1024]; /* what getdents64 gave */
	SnapshotFile files[MAX_FILES];
	Series series[MAX_FILES];
} Folder;

_Static_assert(sizeof(Folder) <= AH_SCRATCH_LEAST, "always fits");

/* Bytes of the files that this process wrote and still keeps. */
static uint64_t own_bytes;

struct linux_dirent64
{
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

/* ---- reading the folder ---- */

static bool
ends_with(const char *text, size_t length, const char *end)
{
	size_t n = strlen(end);

	return length > n && memcmp(text + length - n, end, n) == 0;
}

/* Takes a name apart from its end on: the command may hold dashes. */
static bool
parse_name(const char *name, const char *end, SnapshotFile *file)
{
	const char *pos = end;
	int dashes = 0;

	while (pos > name && dashes < 3)
		dashes += *--pos == '-';
	return dashes == 3 && pos > name && ah_parse_char(&pos, end, '-') &&
		ah_parse_decimal(&pos, end, &file->pid) &&
		ah_parse_char(&pos, end, '-') &&
		ah_parse_hex(&pos, end, &file->start_us) &&
		ah_parse_char(&pos, end, '-') &&
		ah_parse_decimal(&pos, end, &file->sequence) && pos == end;
}

/* Enters a snapshot into the list; removes what a dead process left unfinished. */
static void
take_entry(Folder *folder, const char *name)
{
	SnapshotFile *file = &folder->files[folder->nfiles];
	size_t length = strlen(name);
	bool temporary = ends_with(name, length, TEMPORARY);
	struct stat info;

	if (length >= AH_NAME_MAX || folder->nfiles == MAX_FILES ||
		!(temporary || ends_with(name, length, ARX_HEAP_SUFFIX)))
		return;
	length -= strlen(temporary ? TEMPORARY : ARX_HEAP_SUFFIX);
	if (!parse_name(name, name + length, file) ||
		fstatat(folder->fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
		!S_ISREG(info.st_mode))
		return;
	if (temporary)
	{
		if (!ah_control_alive((int64_t) file->pid, file->start_us))
			unlinkat(folder->fd, name, 0);
		return;
	}
	strcpy(file->name, name);
	file->bytes = (uint64_t) info.st_size;
	file->changed_ns = (uint64_t) info.st_mtim.tv_sec * 1000000000U +
		(uint64_t) info.st_mtim.tv_nsec;
	file->removed = false;
	folder->nfiles++;
	folder->bytes += file->bytes;
}

static void
read_folder(Folder *folder)
{
	long got;

	lseek(folder->fd, 0, SEEK_SET);
	while ((got = syscall(SYS_getdents64, folder->fd, folder->entries,
						  sizeof(folder->entries))) > 0)
	{
		for (long at = 0; at < got;)
		{
			struct linux_dirent64 *entry =
				(struct linux_dirent64 *) (folder->entries + at);

			take_entry(folder, entry->name);
			at += entry->length;
		}
	}
}

static int
compare_files(const void *a, const void *b)
{
	const SnapshotFile *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	if (x->start_us != y->start_us)
		return x->start_us < y->start_us ? -1 : 1;
	return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

/* Those that ended first come first. */
static int
compare_series(const void *a, const void *b)
{
	const Series *x = a, *y = b;

	return x->changed_ns < y->changed_ns ? -1 : x->changed_ns > y->changed_ns;
}

static void
build_series(Folder *folder)
{
	Series *series = NULL;

	ah_sort(folder->files, folder->nfiles, sizeof(SnapshotFile), compare_files);
	for (uint32_t i = 0; i < folder->nfiles; i++)
	{
		SnapshotFile *file = &folder->files[i];

		if (i == 0 || file->pid != file[-1].pid ||
			file->start_us != file[-1].start_us)
		{
			series = &folder->series[folder->nseries++];
			*series = (Series){.first = i};
		}
		series->nfiles++;
		series->bytes += file->bytes;
		if (file->changed_ns > series->changed_ns)
			series->changed_ns = file->changed_ns;
	}
	ah_sort(folder->series, folder->nseries, sizeof(Series), compare_series);
}

/* ---- removing ---- */

static bool
remove_file(Folder *folder, Series *series, SnapshotFile *file)
{
	if (unlinkat(folder->fd, file->name, 0) != 0 && errno != ENOENT)
		return false;
	file->removed = true;
	series->bytes -= file->bytes;
	folder->bytes -= file->bytes;
	ah_count(ARX_HEAP_COUNT_SNAPSHOTS_THINNED, 1);
	return true;
}

/*
 * The file of the older half whose neighbours are closest to each other, so
 * that what stays is spread evenly over the process's life; never the first nor
 * the last.  NULL when there is none.
 */
static SnapshotFile *
find_spare(Folder *folder, const Series *series)
{
	SnapshotFile *files = &folder->files[series->first];
	SnapshotFile *before = NULL, *file = NULL, *best = NULL;
	uint32_t nleft = 0, seen = 0;
	uint64_t least = UINT64_MAX;

	for (uint32_t i = 0; i < series->nfiles; i++)
		nleft += !files[i].removed;
	for (uint32_t i = 0; i < series->nfiles && seen <= nleft / 2 + 1; i++)
	{
		if (files[i].removed)
			continue;
		if (before != NULL && files[i].sequence - before->sequence < least)
		{
			least = files[i].sequence - before->sequence;
			best = file;
		}
		before = file;
		file = &files[i];
		seen++;
	}
	return best;
}

/* Thins the series until *bytes is within the budget, or little is left. */
static void
thin_series(Folder *folder, Series *series, const uint64_t *bytes,
			uint64_t budget)
{
	SnapshotFile *spare;

	while (*bytes > budget && (spare = find_spare(folder, series)) != NULL &&
		   remove_file(folder, series, spare))
		;
}

static bool
is_own(const Folder *folder, const Series *series)
{
	const SnapshotFile *file = &folder->files[series->first];

	return file->pid == (uint64_t) atomic_load(&ah_runtime.pid) &&
		file->start_us == ah_runtime.start_us;
}

static bool
is_dead(const Folder *folder, const Series *series)
{
	const SnapshotFile *file = &folder->files[series->first];

	return !is_own(folder, series) &&
		!ah_control_alive((int64_t) file->pid, file->start_us);
}

static void
remove_series(Folder *folder, Series *series)
{
	for (uint32_t i = 0; i < series->nfiles; i++)
	{
		SnapshotFile *file = &folder->files[series->first + i];

		if (!file->removed)
			remove_file(folder, series, file);
	}
}

static void
thin_folder(Folder *folder, uint64_t budget)
{
	for (uint32_t i = 0; i < folder->nseries && folder->bytes > budget; i++)
		if (is_dead(folder, &folder->series[i]))
			thin_series(folder, &folder->series[i], &folder->bytes, budget);
	for (uint32_t i = 0; i < folder->nseries && folder->bytes > budget; i++)
		if (is_dead(folder, &folder->series[i]))
			remove_series(folder, &folder->series[i]);
	for (uint32_t i = 0; i < folder->nseries && folder->bytes > budget; i++)
		if (is_own(folder, &folder->series[i]))
			thin_series(folder, &folder->series[i], &folder->bytes, budget);
}

void
ah_folder_thin(int fd, uint64_t sequence, uint64_t bytes)
{
	const AhConfig *config = &ah_runtime.config;
	uint64_t turn = sequence + (uint64_t) atomic_load(&ah_runtime.pid);
	Folder *folder;

	own_bytes += bytes;
	if (own_bytes <= config->process_bytes && turn % CHECK_EVERY != 0)
		return;
	if (!ah_scratch_begin(sizeof(Folder)))
		return;
	folder = ah_scratch_take(sizeof(Folder));
	folder->fd = fd;
	read_folder(folder);
	build_series(folder);
	for (uint32_t i = 0; i < folder->nseries; i++)
	{
		if (is_own(folder, &folder->series[i]))
			thin_series(folder, &folder->series[i], &folder->series[i].bytes,
						config->process_bytes);
	}
	thin_folder(folder, config->folder_bytes);
	own_bytes = 0;
	for (uint32_t i = 0; i < folder->nseries; i++)
		if (is_own(folder, &folder->series[i]))
			own_bytes = folder->series[i].bytes;
	ah_scratch_end();
}

void
ah_folder_forked(void)
{
	own_bytes = 0;
}
