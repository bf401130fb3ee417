/*
 * output_file.c
 *	  Writes a file beside its target and renames it when it is complete.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/output_file.h"

bool
arx_output_open(ArxOutputFile *output, const char *path)
{
	struct stat status;
	bool replace = stat(path, &status) == 0;

	*output = (ArxOutputFile){.path = path};
	/* stdout and devices are written to as they are. */
	if (strcmp(path, "-") == 0)
		output->stream = stdout;
	else if (replace && !S_ISREG(status.st_mode))
		output->stream = fopen(path, "we");
	else
	{
		snprintf(output->temporary, sizeof(output->temporary), "%s.%ld.tmp",
				 path, (long) getpid());
		output->stream = fopen(output->temporary, "wxe");
	}
	if (!output->stream)
	{
		arx_say_error(NULL, "could not write \"%s\": %s", path,
					  strerror(errno));
		return false;
	}
	/* A file that is replaced keeps its owner and its mode. */
	if (replace && output->temporary[0] &&
		(fchown(fileno(output->stream), status.st_uid, status.st_gid) == 0 ||
		 status.st_uid == geteuid()))
		(void) fchmod(fileno(output->stream), status.st_mode & 0777);
	return true;
}

bool
arx_output_close(ArxOutputFile *output, bool complete)
{
	int error = complete ? 0 : errno;

	if (!error && (fflush(output->stream) != 0 || ferror(output->stream)))
		error = errno ? errno : EIO;
	if (!error && output->temporary[0] && fsync(fileno(output->stream)) != 0 &&
		errno != EINVAL)
		error = errno;
	if (output->stream != stdout && fclose(output->stream) != 0 && !error)
		error = errno;
	if (!error && output->temporary[0] &&
		rename(output->temporary, output->path) != 0)
		error = errno;
	output->stream = NULL;
	if (complete && !error)
		return true;
	if (output->temporary[0])
		unlink(output->temporary);
	arx_say_error(NULL, "could not write \"%s\": %s", output->path,
				  error ? strerror(error) : "unknown error");
	return false;
}
