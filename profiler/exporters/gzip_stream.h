/*
 * gzip_stream.h
 *	  A stream compressed as gzip (RFC 1952), the same bytes for the same input.
 */
#ifndef ARX_PROFILER_GZIP_STREAM_H
#define ARX_PROFILER_GZIP_STREAM_H

#include <stdbool.h>
#include <stdio.h>

typedef struct ArxGzipStream ArxGzipStream;

/* NULL when there is no memory. */
extern ArxGzipStream *arx_gzip_open(FILE *out);

/* Compresses bytes; a refusal of out is remembered for arx_gzip_close(). */
extern void
arx_gzip_write(ArxGzipStream *stream, const void *bytes, size_t length);

/* Ends the stream and frees it; false when out refused.  Does not close out. */
extern bool arx_gzip_close(ArxGzipStream *stream);

#endif
