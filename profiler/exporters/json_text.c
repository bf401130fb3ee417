/*
 * json_text.c
 *	  Texts of unknown bytes, made fit for JSON, XML and other formats of text.
 */
#include <string.h>

#include "exporters/json_text.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* How many bytes a character has by its first one; 0 when none begins so. */
static size_t
bytes_by_lead(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

size_t
arx_character_bytes(const char *text, size_t length)
{
	const unsigned char *byte = (const unsigned char *) text;
	size_t n = length > 0 ? bytes_by_lead(byte[0]) : 0;

	if (n == 0 || n > length)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
	/* longer than needed, a surrogate, or above U+10FFFF */
	if ((byte[0] == 0xe0 && byte[1] < 0xa0) ||
		(byte[0] == 0xed && byte[1] > 0x9f) ||
		(byte[0] == 0xf0 && byte[1] < 0x90) ||
		(byte[0] == 0xf4 && byte[1] > 0x8f))
		return 0;
	return n;
}

bool
arx_is_control(const char *text, size_t bytes)
{
	unsigned char first = (unsigned char) text[0];

	return (bytes == 1 && (first < 0x20 || first == 0x7f)) ||
		(bytes == 2 && first == 0xc2 && (unsigned char) text[1] < 0xa0);
}

void
arx_json_quote(FILE *out, const char *text, size_t length)
{
	size_t step;

	fputc('"', out);
	for (size_t i = 0; i < length; i += step)
	{
		unsigned char byte = (unsigned char) text[i];

		step = arx_character_bytes(text + i, length - i);
		if (step == 0)
		{
			fputs("\\ufffd", out);
			step = 1;
		}
		else if (byte == '"' || byte == '\\')
			fprintf(out, "\\%c", byte);
		else if (byte == '<' || arx_is_control(text + i, step))
			fprintf(out, "\\u%04x", (unsigned char) text[i + step - 1]);
		else
			fwrite(text + i, 1, step, out);
	}
	fputc('"', out);
}

/* Is the character at text one that XML 1.0 allows, and browsers show? */
static bool
is_shown(const char *text, size_t bytes)
{
	if (arx_is_control(text, bytes))
		return false;
	return bytes != 3 || memcmp(text, "\xef\xbf", 2) != 0 ||
		(unsigned char) text[2] < 0xbe; /* U+FFFE, U+FFFF */
}

void
arx_xml_escape(FILE *out, const char *text)
{
	size_t left = strlen(text);
	size_t step;

	for (; left > 0; text += step, left -= step)
	{
		step = arx_character_bytes(text, left);
		if (step == 0 || !is_shown(text, step))
		{
			fputs(REPLACEMENT, out);
			step = step == 0 ? 1 : step;
		}
		else if (*text == '&')
			fputs("&amp;", out);
		else if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '>')
			fputs("&gt;", out);
		else if (*text == '"')
			fputs("&quot;", out);
		else if (*text == '\'')
			fputs("&#39;", out);
		else
			fwrite(text, 1, step, out);
	}
}
