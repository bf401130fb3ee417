/*
 * snapshot_bytes.c
 *	  Snapshot files as bytes, and whose they are.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/profile_parts.h"

const char *
arx_profile_error(const char *path, const char *what)
{
	static _Thread_local char text[1024];

	snprintf(text, sizeof(text), "%s: %s", path, what);
	return text;
}

/* A pipe could keep us waiting for ever, and a device has effects. */
static FILE *
open_regular(const char *path, const char **problem)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	FILE *file = NULL;

	if (fd < 0 || fstat(fd, &status) != 0)
		*problem = strerror(errno);
	else if (!S_ISREG(status.st_mode))
		*problem = "not a regular file";
	else if ((file = fdopen(fd, "rb")) == NULL)
		*problem = strerror(errno);
	if (file == NULL && fd >= 0)
		close(fd);
	return file;
}

uint8_t *
arx_snapshot_bytes(const char *path, size_t *length, const char **problem)
{
	FILE *file = open_regular(path, problem);
	uint8_t *bytes = NULL;
	size_t room = 0;
	size_t n = 0;

	if (file == NULL)
		return NULL;
	for (;;)
	{
		bytes = arx_array_grow(bytes, n, &room, 1);
		n += fread(bytes + n, 1, room - n, file);
		if (n < room || n > ARX_PROFILE_MAX_FILE)
			break;
	}
	*problem = NULL;
	if (ferror(file))
		*problem = strerror(errno);
	else if (n > ARX_PROFILE_MAX_FILE)
		*problem = "larger than any heap snapshot (64 MiB)";
	fclose(file);
	if (*problem != NULL)
	{
		free(bytes);
		return NULL;
	}
	*length = n;
	return bytes;
}

ArxHeapText
arx_heap_text_keep(ArxProfileArena *arena, ArxHeapText text)
{
	ArxHeapText kept;

	kept.data = arx_arena_text(arena, text.data, text.length);
	kept.length = (uint32_t) strlen(kept.data);
	return kept;
}

void
arx_heap_process_keep(ArxProfileArena *arena, ArxHeapProcess *process)
{
	process->boot_id = arx_heap_text_keep(arena, process->boot_id);
	process->host = arx_heap_text_keep(arena, process->host);
	process->executable = arx_heap_text_keep(arena, process->executable);
	process->command = arx_heap_text_keep(arena, process->command);
	process->runtime = arx_heap_text_keep(arena, process->runtime);
}

bool
arx_snapshot_process(const char *path, ArxProfileArena *arena,
					 ArxHeapProcess *process, const char **problem)
{
	ArxHeapReader reader;
	size_t length;
	uint8_t *bytes = arx_snapshot_bytes(path, &length, problem);
	bool sound;

	if (bytes == NULL)
		return false;
	sound = arx_heap_read_open(&reader, bytes, length) == ARX_HEAP_READ_OK &&
		arx_heap_read_process(&reader, process) == ARX_HEAP_READ_OK;
	if (sound)
		arx_heap_process_keep(arena, process);
	else
		*problem = reader.error;
	free(bytes);
	return sound;
}
