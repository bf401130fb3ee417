/*
 * snapshot_files.h
 *	  Which snapshot files there are, and which of them a user means.
 *
 * Files are named NAME-PID-STARTHEX-SEQ.arxheap: program, process id as the
 * process sees it, its start in UTC microseconds (hexadecimal), and the number
 * of the snapshot.  The files of one process are a series.
 */
#ifndef ARX_PROFILER_SNAPSHOT_FILES_H
#define ARX_PROFILER_SNAPSHOT_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ArxSnapshotFile
{
	char *path;
	const char *base;	  /* the file's name, in path */
	uint32_t name_length; /* of NAME, at base */
	uint64_t pid;
	uint64_t start_us;
	uint64_t sequence;
	uint64_t bytes;
	int64_t changed_s; /* UTC */
} ArxSnapshotFile;

/* Sorted by start, pid and sequence: series after series. */
typedef struct ArxSnapshotList
{
	char *folder; /* where they are; NULL when a single file was named */
	size_t count;
	ArxSnapshotFile *files;
} ArxSnapshotList;

/* ARXHEAP_DIR, or the default of the runtime; in the caller's buffer. */
extern const char *arx_default_folder(char *buffer, size_t size);

/* Splits a file's name; false when it is not that of a snapshot. */
extern bool arx_snapshot_name_parse(const char *base, ArxSnapshotFile *file);

/*
 * All snapshots of a folder; no files is no error.  False after an error was
 * said.  Freed with arx_snapshots_free(), also after an error.
 */
extern bool arx_snapshots_of_folder(const char *folder, ArxSnapshotList *list);

/*
 * What FILE|DIR|PID means: the one file, all of the folder, or all of the
 * folder that belong to this process.  text NULL: the default folder.
 * only_pid is not 0: of a folder just this process's.  At least one file;
 * false after an error was said.
 */
extern bool arx_snapshots_resolve(const char *text, uint64_t only_pid,
								  ArxSnapshotList *list);

extern void arx_snapshots_free(ArxSnapshotList *list);

/* Number of files from first on that are of the same series. */
extern size_t arx_snapshot_series(const ArxSnapshotList *list, size_t first);

/*
 * The series that was written to last: its first file's index, its length in
 * *length.  Says a note when there are others.
 */
extern size_t
arx_snapshot_newest_series(const ArxSnapshotList *list, size_t *length);

#endif
