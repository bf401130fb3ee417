/*
 * text_format.c
 *	  Text from numbers and back, without stdio and without memory.
 */
#include "runtime/text_format.h"

#include <string.h>

void
ah_text_begin(AhText *text, char *buffer, size_t room)
{
	*text = (AhText){.data = buffer, .room = room};
	buffer[0] = '\0';
}

void
ah_text_bytes(AhText *text, const char *bytes, size_t length)
{
	size_t left = text->room - 1 - text->used;

	if (length > left)
	{
		length = left;
		text->cut = true;
	}
	memcpy(text->data + text->used, bytes, length);
	text->used += length;
	text->data[text->used] = '\0';
}

void
ah_text_string(AhText *text, const char *string)
{
	ah_text_bytes(text, string, strlen(string));
}

static void
put_digits(AhText *text, uint64_t value, unsigned base, int width)
{
	char digits[24];
	int at = sizeof(digits);

	do
	{
		digits[--at] = "0123456789abcdef"[value % base];
		value /= base;
		width--;
	} while ((value != 0 || width > 0) && at > 0);
	ah_text_bytes(text, digits + at, sizeof(digits) - (size_t) at);
}

void
ah_text_decimal(AhText *text, uint64_t value, int width)
{
	put_digits(text, value, 10, width);
}

void
ah_text_hex(AhText *text, uint64_t value)
{
	put_digits(text, value, 16, 1);
}

static unsigned
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned) (c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned) (c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned) (c - 'A') + 10;
	return 16;
}

static bool
parse_number(const char **pos, const char *end, unsigned base, uint64_t *value)
{
	const char *at = *pos;
	uint64_t result = 0;

	for (; at < end && digit_value(*at) < base; at++)
	{
		if (__builtin_mul_overflow(result, base, &result) ||
			__builtin_add_overflow(result, digit_value(*at), &result))
			return false;
	}
	if (at == *pos)
		return false;
	*pos = at;
	*value = result;
	return true;
}

bool
ah_parse_decimal(const char **pos, const char *end, uint64_t *value)
{
	return parse_number(pos, end, 10, value);
}

bool
ah_parse_hex(const char **pos, const char *end, uint64_t *value)
{
	return parse_number(pos, end, 16, value);
}

bool
ah_parse_char(const char **pos, const char *end, char expected)
{
	if (*pos >= end || **pos != expected)
		return false;
	(*pos)++;
	return true;
}
