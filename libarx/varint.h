/*
 * varint.h
 *	  LEB128: unsigned integers in as few bytes as they need.
 *
 * Seven bits a byte, lowest first, the top bit set on all bytes but the last.
 * Each number has exactly one spelling here: the reader refuses a last byte
 * of zero that could have been left out.
 */
#ifndef ARX_LIBARX_VARINT_H
#define ARX_LIBARX_VARINT_H

#include <stddef.h>
#include <stdint.h>

#define ARX_VARINT_MAX_BYTES 10

typedef enum ArxVarintStatus
{
	ARX_VARINT_OK = 0,
	ARX_VARINT_SHORT, /* the input ends inside the number */
	ARX_VARINT_BAD,	  /* longer than needed, or above 64 bits */
} ArxVarintStatus;

/*
 * Writes value to out, which must have room for ARX_VARINT_MAX_BYTES; returns
 * the number of bytes used.
 */
static inline size_t
arx_varint_put(uint8_t *out, uint64_t value)
{
	size_t n = 0;

	while (value >= 0x80)
	{
		out[n++] = (uint8_t) (value | 0x80);
		value >>= 7;
	}
	out[n++] = (uint8_t) value;
	return n;
}

/*
 * Reads a number at *pos, never at or beyond end, and moves *pos behind it.
 * On any answer but ARX_VARINT_OK *pos and *value are unchanged.
 */
static inline ArxVarintStatus
arx_varint_get(const uint8_t **pos, const uint8_t *end, uint64_t *value)
{
	const uint8_t *at = *pos;
	uint64_t result = 0;

	for (int shift = 0; shift < 64; shift += 7)
	{
		uint64_t bits;

		if (at >= end)
			return ARX_VARINT_SHORT;
		bits = *at & 0x7f;
		if (shift == 63 && *at > 1)
			return ARX_VARINT_BAD;
		if (*at == 0 && shift > 0)
			return ARX_VARINT_BAD;
		result |= bits << shift;
		if (!(*at++ & 0x80))
		{
			*pos = at;
			*value = result;
			return ARX_VARINT_OK;
		}
	}
	return ARX_VARINT_BAD;
}

#endif /* ARX_LIBARX_VARINT_H */
