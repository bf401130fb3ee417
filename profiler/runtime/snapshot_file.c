/*
 * snapshot_file.c
 *	  A file that appears in the snapshot folder whole, or not at all.
 *
 * The runtime's thread has descriptors of its own (snapshot_thread.c).  Where
 * it shares them with the program, or another thread writes, the program may
 * close ours, all of them at once as daemons do, and open a file of its own by
 * the same number: so before each write the file is looked at.
 */
#include "runtime/snapshot_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* renameat */
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/proc_file.h"

static int
create_temporary(AhSnapshotFile *file)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
	int fd = ah_file_open(file->folder, file->temporary, flags, 0600);

	/* what an earlier try could not remove */
	if (fd == -EEXIST && unlinkat(file->folder, file->temporary, 0) == 0)
		fd = ah_file_open(file->folder, file->temporary, flags, 0600);
	return fd;
}

int
ah_snapshot_file_begin(AhSnapshotFile *file, uint64_t sequence, uint64_t bytes)
{
	struct stat info;

	file->error = 0;
	if (!ah_file_may_grow(bytes))
		return EFBIG;
	file->folder = ah_folder_open();
	if (file->folder < 0)
		return -file->folder;
	ah_folder_name(file->temporary, sequence, true);
	ah_folder_name(file->name, sequence, false);
	file->fd = create_temporary(file);
	if (file->fd < 0)
	{
		ah_file_close(file->folder);
		return -file->fd;
	}
	if (fstat(file->fd, &info) != 0)
		file->error = errno;
	file->device = info.st_dev;
	file->inode = info.st_ino;
	return 0;
}

static bool
is_still_ours(const AhSnapshotFile *file)
{
	struct stat info;

	return fstat(file->fd, &info) == 0 && info.st_dev == file->device &&
		info.st_ino == file->inode;
}

bool
ah_snapshot_file_write(void *context, const void *bytes, size_t length)
{
	AhSnapshotFile *file = context;
	const char *from = bytes;

	while (length > 0 && file->error == 0)
	{
		ssize_t done = -1;

		errno = EBADF;
		if (is_still_ours(file))
			done = syscall(SYS_write, file->fd, from, length);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
		{
			file->error = done < 0 ? errno : EIO;
			break;
		}
		from += done;
		length -= (size_t) done;
	}
	return file->error == 0;
}

/* To disk, closed, and by its name. */
static void
publish(AhSnapshotFile *file)
{
	if (!is_still_ours(file))
	{
		file->error = EBADF;
		return;
	}
	if (fdatasync(file->fd) != 0 && errno != EINVAL)
		file->error = errno;
	if (syscall(SYS_close, file->fd) != 0 && errno != EINTR && file->error == 0)
		file->error = errno;
	if (file->error == 0 &&
		renameat(file->folder, file->temporary, file->folder, file->name) != 0)
		file->error = errno;
	if (file->error == 0)
		fsync(file->folder);
}

int
ah_snapshot_file_end(AhSnapshotFile *file, bool complete)
{
	if (complete && file->error == 0)
		publish(file);
	else
	{
		if (file->error == 0)
			file->error = EIO;
		if (is_still_ours(file))
			ah_file_close(file->fd);
	}
	if (file->error != 0)
		unlinkat(file->folder, file->temporary, 0);
	return file->error;
}
