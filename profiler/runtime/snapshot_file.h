/*
 * snapshot_file.h
 *	  A file that appears in the snapshot folder whole, or not at all.
 */
#ifndef ARX_PROFILER_SNAPSHOT_FILE_H
#define ARX_PROFILER_SNAPSHOT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/types.h>

#include "runtime/snapshot_folder.h"

typedef struct AhSnapshotFile
{
	int folder; /* descriptor */
	int fd;
	int error; /* errno of what failed first, 0 nothing */
	dev_t device;
	ino_t inode;
	char temporary[AH_NAME_MAX];
	char name[AH_NAME_MAX];
} AhSnapshotFile;

/*
 * Makes the temporary file of the snapshot with this number, for so many bytes.
 * Returns 0 or an errno; after 0 ah_snapshot_file_end() must be called.
 */
extern int
ah_snapshot_file_begin(AhSnapshotFile *file, uint64_t sequence, uint64_t bytes);

/* An ArxHeapSink; context is the file. */
extern bool
ah_snapshot_file_write(void *context, const void *bytes, size_t length);

/*
 * Gives the file its name, when complete, after its bytes are on disk; else, or
 * when that fails, removes it.  The folder stays open (for
 * ah_folder_thin()) until the caller closes it.  Returns 0 or an errno.
 */
extern int ah_snapshot_file_end(AhSnapshotFile *file, bool complete);

#endif
