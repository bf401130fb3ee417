/*
 * text_format.h
 *	  Text from numbers and back, without stdio and without memory.
 */
#ifndef ARX_PROFILER_TEXT_FORMAT_H
#define ARX_PROFILER_TEXT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A text that grows in the caller's buffer; always ends in a zero byte. */
typedef struct AhText
{
	char *data;
	size_t room; /* of data, at least 1 */
	size_t used; /* without the zero byte */
	bool cut;	 /* something did not fit */
} AhText;

extern void ah_text_begin(AhText *text, char *buffer, size_t room);
extern void ah_text_bytes(AhText *text, const char *bytes, size_t length);
extern void ah_text_string(AhText *text, const char *string);
/* value in decimal, with zeros in front up to width digits. */
extern void ah_text_decimal(AhText *text, uint64_t value, int width);
extern void ah_text_hex(AhText *text, uint64_t value);

/*
 * Reads a number at *pos and moves *pos behind it.  False, and *pos stays,
 * when there is no digit before end or the number is above 64 bits.
 */
extern bool
ah_parse_decimal(const char **pos, const char *end, uint64_t *value);
extern bool ah_parse_hex(const char **pos, const char *end, uint64_t *value);

/* Moves *pos behind the character; false when another one is there. */
extern bool ah_parse_char(const char **pos, const char *end, char expected);

#endif
