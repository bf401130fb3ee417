/*
 * gzip_stream.c
 *	  A stream compressed as gzip (RFC 1952), the same bytes for the same input.
 */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#include "exporters/gzip_stream.h"

#define WINDOW_BITS (15 + 16) /* the largest window, in gzip's format */
#define MEMORY_LEVEL 8		  /* zlib's default */

struct ArxGzipStream
{
	z_stream deflater;
	FILE *out;
	bool failed;
	unsigned char buffer[16384];
};

ArxGzipStream *
arx_gzip_open(FILE *out)
{
	ArxGzipStream *stream = calloc(1, sizeof(ArxGzipStream));

	if (stream == NULL)
		return NULL;
	stream->out = out;
	if (deflateInit2(&stream->deflater, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
					 WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
	{
		free(stream);
		return NULL;
	}
	return stream;
}

/* Hands on all that the deflater gives for its input. */
static void
pump(ArxGzipStream *stream, int flush)
{
	size_t ready;

	do
	{
		stream->deflater.next_out = stream->buffer;
		stream->deflater.avail_out = sizeof(stream->buffer);
		deflate(&stream->deflater, flush);
		ready = sizeof(stream->buffer) - stream->deflater.avail_out;
		if (ready > 0 && fwrite(stream->buffer, 1, ready, stream->out) != ready)
			stream->failed = true;
	} while (stream->deflater.avail_out == 0 && !stream->failed);
}

void
arx_gzip_write(ArxGzipStream *stream, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;

	while (length > 0 && !stream->failed)
	{
		unsigned int part = length < INT_MAX ? (unsigned int) length : INT_MAX;

		/* zlib reads only, but takes no pointer to const */
		stream->deflater.next_in = (unsigned char *) (uintptr_t) at;
		stream->deflater.avail_in = part;
		pump(stream, Z_NO_FLUSH);
		at += part;
		length -= part;
	}
}

bool
arx_gzip_close(ArxGzipStream *stream)
{
	bool failed;

	pump(stream, Z_FINISH);
	failed = stream->failed;
	deflateEnd(&stream->deflater);
	free(stream);
	return !failed;
}
