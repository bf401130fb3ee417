/*
 * proc_file.h
 *	  Files, read whole or line by line into the caller's buffer.
 *
 * Raw system calls: no memory, no stdio, no cancellation point.  Nothing stays
 * open behind a function, apart from an AhLines between open and close.
 */
#ifndef ARX_PROFILER_PROC_FILE_H
#define ARX_PROFILER_PROC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Opens a file, always O_CLOEXEC, below the folder descriptor at (AT_FDCWD:
 * the current one), and never as descriptor 0, 1 or 2: a program that closed
 * these and writes to them anyway must not write into our file.  Returns the
 * descriptor or a negative errno.
 */
extern int ah_file_open(int at, const char *path, int flags, mode_t mode);
extern void ah_file_close(int fd);

/*
 * False when the process is limited to smaller files (RLIMIT_FSIZE): trying it
 * would not only fail, but send a signal that kills.
 */
extern bool ah_file_may_grow(uint64_t bytes);

/* read(2), again after a signal; bytes, 0 at the end, or a negative errno. */
extern ssize_t ah_file_get(int fd, void *buffer, size_t room);

/*
 * Reads a file, at most room - 1 bytes, and puts a zero byte behind.  Returns
 * the bytes without it, or a negative errno.
 */
extern ssize_t ah_file_read(const char *path, char *buffer, size_t room);

/*
 * A file line by line.  A line longer than the buffer is cut and its rest
 * skipped.
 */
typedef struct AhLines
{
	int fd;
	char *buffer;
	size_t room;
	size_t start;	 /* of the next line in the buffer */
	size_t end;		 /* of what was read */
	uint64_t offset; /* of buffer[0] in the file */
	bool skipping;	 /* the rest of a long line is to come */
	bool ended;
} AhLines;

/* Takes an open descriptor at its place offset in the file. */
extern void ah_lines_begin(AhLines *lines, int fd, uint64_t offset,
						   char *buffer, size_t room);

/*
 * The next line without its newline, zero-terminated, or NULL at the end.
 * Good until the next call; offset (may be NULL) is where it is in the file.
 * A last line without newline counts as one.
 */
extern char *ah_lines_next(AhLines *lines, size_t *length, uint64_t *offset);

#endif
