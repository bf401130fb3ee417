/*
 * snapshot_folder.c
 *	  The folder that snapshots are kept in: its place, and names in it.
 */
#include "runtime/snapshot_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/proc_file.h"
#include "runtime/runtime.h"
#include "runtime/text_format.h"

/* Makes the folder and those above it; what is there already is left alone. */
static void
make_folders(const char *path)
{
	char part[AH_PATH_MAX];

	for (size_t i = 1; i < sizeof(part) - 1; i++)
	{
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		mkdir(part, 0700);
		if (path[i] == '\0')
			return;
	}
}

/* True when anybody may make files in the folder that path is in. */
static bool
lies_in_public(const char *path)
{
	char parent[AH_PATH_MAX];
	size_t length = strnlen(path, sizeof(parent) - 1);
	struct stat info;

	while (length > 1 && path[length - 1] == '/')
		length--;
	while (length > 0 && path[length - 1] != '/')
		length--;
	if (length == 0)
		return false;
	memcpy(parent, path, length);
	parent[length] = '\0';
	return stat(parent, &info) == 0 && (info.st_mode & S_IWOTH) != 0;
}

int
ah_folder_open(void)
{
	const char *path = ah_runtime.config.folder;
	bool public = lies_in_public(path);
	int flags = O_RDONLY | O_DIRECTORY | (public ? O_NOFOLLOW : 0);
	struct stat info;
	int fd = ah_file_open(AT_FDCWD, path, flags, 0);

	if (fd == -ENOENT)
	{
		make_folders(path);
		public = lies_in_public(path);
		fd = ah_file_open(AT_FDCWD, path, flags | (public ? O_NOFOLLOW : 0), 0);
	}
	if (fd >= 0 && public &&
		(fstat(fd, &info) != 0 || info.st_uid != geteuid()))
	{
		ah_file_close(fd);
		return -EPERM;
	}
	return fd;
}

/* The command's name as a part of a file name. */
static void
put_command(AhText *text)
{
	char comm[32];
	ssize_t length = ah_file_read("/proc/self/comm", comm, sizeof(comm));

	while (length > 0 && comm[length - 1] == '\n')
		length--;
	if (length <= 0)
	{
		ah_text_string(text, "process");
		return;
	}
	for (ssize_t i = 0; i < length; i++)
	{
		char c = comm[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-' ||
			(c == '.' && i > 0);

		ah_text_bytes(text, plain ? &c : "_", 1);
	}
}

void
ah_folder_name(char name[AH_NAME_MAX], uint64_t sequence, bool temporary)
{
	AhText text;

	ah_text_begin(&text, name, AH_NAME_MAX);
	put_command(&text);
	ah_text_bytes(&text, "-", 1);
	ah_text_decimal(&text, (uint64_t) atomic_load(&ah_runtime.pid), 1);
	ah_text_bytes(&text, "-", 1);
	ah_text_hex(&text, ah_runtime.start_us);
	ah_text_bytes(&text, "-", 1);
	ah_text_decimal(&text, sequence, 6);
	ah_text_string(&text, temporary ? ARX_HEAP_SUFFIX ".tmp" : ARX_HEAP_SUFFIX);
}
