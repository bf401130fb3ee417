/*
 * proc_file.c
 *	  Files, read whole or line by line into the caller's buffer.
 */
#include "runtime/proc_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int
ah_file_open(int at, const char *path, int flags, mode_t mode)
{
	int fd;
	int higher;

	do
		fd = (int) syscall(SYS_openat, at, path, flags | O_CLOEXEC, mode);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return -errno;
	if (fd > 2)
		return fd;
	higher = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (higher < 0)
		higher = -errno;
	ah_file_close(fd);
	return higher;
}

void
ah_file_close(int fd)
{
	syscall(SYS_close, fd);
}

bool
ah_file_may_grow(uint64_t bytes)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) != 0 ||
		limit.rlim_cur == RLIM_INFINITY || bytes <= limit.rlim_cur;
}

ssize_t
ah_file_get(int fd, void *buffer, size_t room)
{
	ssize_t got;

	do
		got = syscall(SYS_read, fd, buffer, room);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

ssize_t
ah_file_read(const char *path, char *buffer, size_t room)
{
	int fd = ah_file_open(AT_FDCWD, path, O_RDONLY, 0);
	size_t used = 0;
	ssize_t got = 0;

	buffer[0] = '\0';
	if (fd < 0)
		return fd;
	while (used < room - 1 &&
		   (got = ah_file_get(fd, buffer + used, room - 1 - used)) > 0)
		used += (size_t) got;
	ah_file_close(fd);
	buffer[used] = '\0';
	return got < 0 ? got : (ssize_t) used;
}

void
ah_lines_begin(AhLines *lines, int fd, uint64_t offset, char *buffer,
			   size_t room)
{
	*lines =
		(AhLines){.fd = fd, .buffer = buffer, .room = room, .offset = offset};
}

/* Moves what is left to the front and reads more.  False at the end. */
static bool
fill_buffer(AhLines *lines)
{
	ssize_t got;

	if (lines->ended)
		return false;
	memmove(lines->buffer, lines->buffer + lines->start,
			lines->end - lines->start);
	lines->offset += lines->start;
	lines->end -= lines->start;
	lines->start = 0;
	got = ah_file_get(lines->fd, lines->buffer + lines->end,
					  lines->room - 1 - lines->end);
	if (got <= 0)
	{
		lines->ended = true;
		return false;
	}
	lines->end += (size_t) got;
	return true;
}

/*
 * The bytes up to a newline, to the end of the file, or a full buffer.
 * *newline says which.
 */
static char *
next_piece(AhLines *lines, size_t *length, bool *newline)
{
	size_t seen = 0;

	for (;;)
	{
		char *start = lines->buffer + lines->start;
		size_t have = lines->end - lines->start;
		char *found = memchr(start + seen, '\n', have - seen);

		*newline = found != NULL;
		if (found != NULL)
		{
			*length = (size_t) (found - start);
			return start;
		}
		seen = have;
		if (have >= lines->room - 1 || !fill_buffer(lines))
		{
			*length = have;
			return have > 0 ? lines->buffer + lines->start : NULL;
		}
	}
}

char *
ah_lines_next(AhLines *lines, size_t *length, uint64_t *offset)
{
	for (;;)
	{
		bool newline;
		bool rest = lines->skipping;
		char *line = next_piece(lines, length, &newline);

		if (line == NULL)
			return NULL;
		if (offset != NULL)
			*offset = lines->offset + lines->start;
		line[*length] = '\0';
		lines->start += *length + (newline ? 1 : 0);
		lines->skipping = !newline && !lines->ended;
		if (!rest)
			return line;
	}
}
