/*
 * output_file.h
 *	  Writes a file in full or not at all.
 *
 * Bytes go to a temporary file beside the target, which takes the target's
 * name when it is complete and synced: a full disk or a crash leaves what was
 * there before.
 */
#ifndef ARX_PROFILER_OUTPUT_FILE_H
#define ARX_PROFILER_OUTPUT_FILE_H

#include <stdbool.h>
#include <stdio.h>

typedef struct ArxOutputFile
{
	FILE *stream; /* NULL when it could not be opened */
	const char *path;
	char temporary[4200]; /* "" for stdout */
} ArxOutputFile;

/* path "-" is stdout.  False after an error was said. */
extern bool arx_output_open(ArxOutputFile *output, const char *path);

/*
 * complete false: gives up, and says why (errno) the writer refused.  False
 * after an error was said; then nothing new is at the path.
 */
extern bool arx_output_close(ArxOutputFile *output, bool complete);

#endif
