/*
 * fuzz_sql_lex.c
 *	  Feeds any bytes to the finding and scrubbing of literals.
 *
 * What must hold for every input: tokens cover it without a gap; no read is
 * outside it (the sanitizers see to that, as libFuzzer hands over a block of
 * the exact size); no result is longer than its buffer; a scrubbed text has
 * no literal left, so that scrubbing it again changes nothing; and a cut is
 * at most three bytes before the cap.  The first two bytes of the input choose
 * the settings and the cap.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libarx/sql_lex.h"
#include "libarx/sql_scrub.h"
#include "libarx/sql_secret.h"

#define REQUIRE(condition) \
	do \
	{ \
		if (!(condition)) \
			abort(); \
	} while (0)

static void
check_tokens(const char *text, size_t len, bool standard_strings)
{
	size_t pos = 0;

	while (pos < len)
	{
		ArxSqlToken token = arx_sql_token(text, len, pos, standard_strings);
		size_t constant =
			arx_sql_constant_length(text, len, pos, standard_strings);

		REQUIRE(token.length > 0 && token.length <= len - pos);
		REQUIRE(constant <= len - pos);
		REQUIRE(!token.unterminated || token.length == len - pos);
		pos += token.length;
	}
	REQUIRE(arx_sql_token(text, len, len, standard_strings).kind ==
			ARX_SQL_END);
}

/* Each literal is "$n" at least, and a blank may be put before it. */
static size_t
scrubbed_max(size_t len)
{
	return len * 12 + 16;
}

static void
check_no_literal(const char *text, size_t len, bool standard_strings)
{
	ArxSqlToken token;

	for (size_t pos = 0; pos < len; pos += token.length)
	{
		token = arx_sql_token(text, len, pos, standard_strings);
		REQUIRE(token.kind != ARX_SQL_NUMBER);
		REQUIRE(token.kind != ARX_SQL_STRING);
		REQUIRE(token.kind != ARX_SQL_DOLLAR_STRING);
		REQUIRE(!token.unterminated);
	}
}

static void
check_scrub(const char *text, size_t len, bool standard_strings, size_t cap)
{
	size_t room = scrubbed_max(len);
	char *whole = malloc(room);
	char *again = malloc(room);
	char *part = malloc(cap > 0 ? cap : 1);
	ArxSqlScrubbed first;
	ArxSqlScrubbed second;

	REQUIRE(whole != NULL && again != NULL && part != NULL);
	first = arx_sql_scrub(text, len, standard_strings, whole, room);
	REQUIRE(!first.truncated);
	check_no_literal(whole, first.length, standard_strings);
	second = arx_sql_scrub(whole, first.length, standard_strings, again, room);
	REQUIRE(second.length == first.length && !second.truncated);
	REQUIRE(memcmp(whole, again, first.length) == 0);

	second = arx_sql_scrub(text, len, standard_strings, part, cap);
	REQUIRE(second.length <= cap);
	REQUIRE(memcmp(whole, part, second.length) == 0);
	REQUIRE(second.truncated == (first.length > cap));
	free(whole);
	free(again);
	free(part);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool standard_strings;
	size_t cap;
	size_t clipped;
	size_t len;
	char *text;

	if (size < 2)
		return 0;
	standard_strings = (data[0] & 1) != 0;
	cap = data[1];
	len = size - 2;
	text = malloc(len > 0 ? len : 1);
	REQUIRE(text != NULL);
	memcpy(text, data + 2, len);

	check_tokens(text, len, standard_strings);
	check_scrub(text, len, standard_strings, cap);
	(void) arx_sql_carries_secret(text, len, standard_strings);
	(void) arx_sql_body_carries_secret(text, len);
	(void) arx_sql_name_is_secret(text, len);
	clipped = arx_sql_clip(text, len, cap);
	REQUIRE(clipped <= len && clipped <= cap);
	REQUIRE(clipped + 3 >= cap || clipped == len);
	free(text);
	return 0;
}
