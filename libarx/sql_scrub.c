/*
 * sql_scrub.c
 *	  Takes the literals out of SQL text that nobody has parsed.
 *
 * Two passes over the tokens: the first finds the highest parameter, so that
 * the numbers given out by the second do not meet those of the text.
 */
#include <stdint.h>
#include <string.h>

#include "libarx/sql_chars.h"
#include "libarx/sql_lex.h"
#include "libarx/sql_scrub.h"

/* Highest parameter number that is believed; the server's is an int. */
#define MAX_PARAM 2147483647u

/* Room for a blank, the dollar sign and a 64-bit number. */
#define PLACEHOLDER_MAX 24

typedef struct Output
{
	char *out;
	size_t cap;
	size_t length;
	bool truncated;
} Output;

static void
put_text(Output *output, const char *text, size_t len)
{
	size_t room = output->cap - output->length;

	if (len > room)
	{
		output->truncated = true;
		len = room;
	}
	if (len > 0)
		memcpy(output->out + output->length, text, len);
	output->length += len;
}

static inline bool
is_word_byte(char c)
{
	return (arx_sql_char_class(c) & ARX_SQL_CHAR_WORD) != 0;
}

static void
put_placeholder(Output *output, uint64_t number)
{
	char buf[PLACEHOLDER_MAX];
	size_t at = sizeof(buf);

	do
		buf[--at] = (char) ('0' + number % 10);
	while ((number /= 10) > 0);
	buf[--at] = '$';
	if (output->length > 0 && is_word_byte(output->out[output->length - 1]))
		buf[--at] = ' ';

	if (sizeof(buf) - at > output->cap - output->length)
		output->truncated = true;
	else
		put_text(output, buf + at, sizeof(buf) - at);
}

static uint64_t
param_number(const char *digits, size_t len)
{
	uint64_t number = 0;

	for (size_t i = 0; i < len && number <= MAX_PARAM; i++)
		number = number * 10 + (uint64_t) (digits[i] - '0');
	return number <= MAX_PARAM ? number : MAX_PARAM;
}

static uint64_t
highest_param(const char *text, size_t len, bool standard_strings)
{
	uint64_t highest = 0;
	ArxSqlToken token;

	for (size_t pos = 0; pos < len; pos += token.length)
	{
		token = arx_sql_token(text, len, pos, standard_strings);
		if (token.kind == ARX_SQL_PARAM)
		{
			uint64_t number = param_number(text + pos + 1, token.length - 1);

			if (number > highest)
				highest = number;
		}
	}
	return highest;
}

/*
 * Length of the number at pos with the letters that follow it, which the
 * server refuses and which may be the rest of a value without quotes.
 */
static size_t
number_with_junk(const char *text, size_t len, size_t pos, size_t number_len)
{
	size_t end = pos + number_len;

	while (end < len && is_word_byte(text[end]))
		end++;
	return end - pos;
}

ArxSqlScrubbed
arx_sql_scrub(const char *text, size_t len, bool standard_strings, char *out,
			  size_t cap)
{
	Output output = {out, cap, 0, false};
	uint64_t param = highest_param(text, len, standard_strings);
	ArxSqlToken token;

	for (size_t pos = 0; pos < len && !output.truncated; pos += token.length)
	{
		token = arx_sql_token(text, len, pos, standard_strings);
		switch (token.kind)
		{
			case ARX_SQL_NUMBER:
				token.length = number_with_junk(text, len, pos, token.length);
				put_placeholder(&output, ++param);
				break;
			case ARX_SQL_STRING:
			case ARX_SQL_DOLLAR_STRING:
				put_placeholder(&output, ++param);
				break;
			default:
				if (!token.unterminated)
					put_text(&output, text + pos, token.length);
				break;
		}
	}
	return (ArxSqlScrubbed){output.length, output.truncated};
}
