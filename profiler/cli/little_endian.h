/*
 * little_endian.h
 *	  Numbers of a given width as they stand in snapshot files.
 */
#ifndef ARX_PROFILER_LITTLE_ENDIAN_H
#define ARX_PROFILER_LITTLE_ENDIAN_H

#include <stdint.h>

/* The number in so many bytes, at most 8. */
static inline uint64_t
arx_little_endian(const uint8_t *at, int bytes)
{
	uint64_t value = 0;

	for (int i = bytes; i-- > 0;)
		value = value << 8 | at[i];
	return value;
}

#endif
