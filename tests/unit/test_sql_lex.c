/*
 * test_sql_lex.c
 *	  Tests the finding of literals in SQL text.
 *
 * Each text is copied to a heap block of exactly its size, so that the
 * address sanitizer sees any read outside it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "libarx/sql_lex.h"

#define NOT_FOUND ((size_t) -1)

static size_t
length_in(const char *text, size_t len, size_t pos, bool standard_strings)
{
	char *copy = malloc(len > 0 ? len : 1);
	size_t found;

	assert_non_null(copy);
	memcpy(copy, text, len);
	found = arx_sql_constant_length(copy, len, pos, standard_strings);
	free(copy);
	return found;
}

/* The constant at the start of text is its first "expected" bytes. */
static void
expect_constant(const char *text, const char *expected)
{
	size_t found = length_in(text, strlen(text), 0, true);

	if (found != strlen(expected))
		fail_msg("in [%s]: %zu bytes, not [%s]", text, found, expected);
}

static void
numbers_end_where_the_lexer_ends_them(void **state)
{
	(void) state;
	expect_constant("1", "1");
	expect_constant("42,", "42");
	expect_constant("1.5)", "1.5");
	expect_constant("1.", "1.");
	expect_constant(".5+", ".5");
	expect_constant("1e5 ", "1e5");
	expect_constant("1.5E-3-1", "1.5E-3");
	expect_constant("1e+5", "1e+5");
	expect_constant("1e", "1");
	expect_constant("1e+", "1");
	expect_constant("1..10", "1");
	expect_constant("0x1F]", "0x1F");
	expect_constant("0Xff_ff", "0Xff_ff");
	expect_constant("0x_1", "0x_1");
	expect_constant("0o17", "0o17");
	expect_constant("0b101::int", "0b101");
	expect_constant("0x", "0");
	expect_constant("1_000_000", "1_000_000");
	expect_constant("1_000.000_1e1_0,", "1_000.000_1e1_0");
	expect_constant("1__0", "1");
	expect_constant("1_", "1");
}

static void
a_minus_sign_belongs_to_the_number(void **state)
{
	(void) state;
	expect_constant("-5,", "-5");
	expect_constant("-  5 ", "-  5");
	expect_constant("-/* 'x' /* */ */5", "-/* 'x' /* */ */5");
	expect_constant("- --c\n5", "- --c\n5");
	expect_constant("-.5", "-.5");
	expect_constant("-(5)+1", "-(5)");
	expect_constant("- ( ( 5 ) ) )", "- ( ( 5 ) )");
	expect_constant("-(-5)", "-(-5)");
	expect_constant("- - 5", "- - 5");
	expect_constant("+ 2 ", "+ 2");
	expect_constant("-(5", "-(5");
	expect_constant("-a", "");
	expect_constant("-'5'", "");
	expect_constant("--5", "");
	expect_constant("-", "");
	expect_constant("- (", "");
}

static void
strings_end_at_their_own_quote(void **state)
{
	(void) state;
	expect_constant("'a' x", "'a'");
	expect_constant("''", "''");
	expect_constant("'a''b',", "'a''b'");
	expect_constant("'a\\' b'", "'a\\'");
	expect_constant("E'a\\'b' c'", "E'a\\'b'");
	expect_constant("e'\\\\' '", "e'\\\\'");
	expect_constant("B'01' ", "B'01'");
	expect_constant("x'1F'::int", "x'1F'");
	expect_constant("N'a\\'b", "N'a\\'");
	expect_constant("U&'\\0041''' UESCAPE '!'", "U&'\\0041'''");
	expect_constant("u&\"n\"\"m\".x", "u&\"n\"\"m\"");
	expect_constant("\"a'b\" ", "\"a'b\"");
	expect_constant("U & 'x'", "U");
}

static void
backslashes_escape_only_where_the_setting_says_so(void **state)
{
	(void) state;
	assert_int_equal(length_in("'a\\'b' ", 7, 0, false), 6);
	assert_int_equal(length_in("'a\\'b' ", 7, 0, true), 4);
	assert_int_equal(length_in("N'\\'b' ", 7, 0, false), 6);
	assert_int_equal(length_in("B'\\' b'", 7, 0, false), 4);
	assert_int_equal(length_in("U&'\\' b'", 8, 0, false), 5);
}

static void
a_string_continues_only_over_a_newline(void **state)
{
	(void) state;
	expect_constant("'a'\n'b' c", "'a'\n'b'");
	expect_constant("'a' \t\r\n\f 'b'", "'a' \t\r\n\f 'b'");
	expect_constant("'a' 'b'", "'a'");
	expect_constant("'a' -- it's\n 'b'", "'a' -- it's\n 'b'");
	expect_constant("'a'\n-- x\n--y\n'b'", "'a'\n-- x\n--y\n'b'");
	expect_constant("'a' /* \n */ 'b'", "'a'");
	expect_constant("'a' -- 'b'", "'a'");
	expect_constant("E'a'\n'\\'b' c'", "E'a'\n'\\'b'");
	expect_constant("'a'\nE'b'", "'a'");
	expect_constant("\"a\"\n\"b\"", "\"a\"");
	expect_constant("$$a$$\n'b'", "$$a$$");
}

static void
dollar_quotes_end_at_the_same_tag(void **state)
{
	(void) state;
	expect_constant("$$a$$ ", "$$a$$");
	expect_constant("$$$$x", "$$$$");
	expect_constant("$t$ $$ $T$ $tt$ $t$$t$", "$t$ $$ $T$ $tt$ $t$");
	expect_constant("$t$ $x$t$ ", "$t$ $x$t$");
	expect_constant("$$ $a$$ ", "$$ $a$$");
	expect_constant("$\xc3\xa9$ 'x $\xc3\xa9$,", "$\xc3\xa9$ 'x $\xc3\xa9$");
	expect_constant("$1$", "$1");
	expect_constant("$12,", "$12");
	expect_constant("$a b$", "");
	expect_constant("$", "");
}

static void
words_are_constants_too(void **state)
{
	(void) state;
	expect_constant("TRUE,", "TRUE");
	expect_constant("null::int", "null");
	expect_constant("year from", "year");
	expect_constant("a$1_\xe9 ", "a$1_\xe9");
	expect_constant("e", "e");
	expect_constant("u&", "u");
}

static void
other_bytes_start_no_constant(void **state)
{
	static const char others[] = " \n()[],;:.*/%^<>=~!@#&|`?+\\{}\x01\x7f";

	(void) state;
	for (size_t i = 0; i < sizeof(others); i++)
		assert_int_equal(length_in(&others[i], 1, 0, true), 0);
	expect_constant("/* 1 */", "");
	assert_int_equal(length_in("1", 1, 1, true), 0);
	assert_int_equal(length_in("1", 1, NOT_FOUND, true), 0);
	assert_int_equal(length_in("", 0, 0, true), 0);
}

static void
what_the_text_ends_in_reaches_to_the_end(void **state)
{
	static const char *const texts[] = {
		"'a",  "'",		 "E'a\\", "E'a\\'", "'a''", "'a'\n'b",
		"$$a", "$t$a$t", "\"a",	  "U&'",	"U&\"", "'a\xf0\x9f"};

	(void) state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		expect_constant(texts[i], texts[i]);
	assert_true(arx_sql_token("'a", 2, 0, true).unterminated);
	assert_true(arx_sql_token("/* /* */", 8, 0, true).unterminated);
	assert_false(arx_sql_token("-- x", 4, 0, true).unterminated);
	assert_false(arx_sql_token("'a'", 3, 0, true).unterminated);
	assert_int_equal(arx_sql_token("/*/", 3, 0, true).length, 3);
}

static void
tokens_cover_any_bytes_without_a_gap(void **state)
{
	unsigned char bytes[4096];
	uint32_t seed = 1;

	(void) state;
	for (size_t i = 0; i < sizeof(bytes); i++)
	{
		seed = seed * 1664525 + 1013904223;
		bytes[i] = (unsigned char) (seed >> 24);
	}
	for (size_t len = 0; len <= 64; len++)
	{
		char *copy = malloc(len > 0 ? len : 1);
		size_t pos = 0;

		assert_non_null(copy);
		memcpy(copy, bytes + len * 60, len);
		while (pos < len)
		{
			ArxSqlToken token = arx_sql_token(copy, len, pos, len & 1);

			assert_true(token.length > 0 && token.length <= len - pos);
			pos += token.length;
		}
		assert_int_equal(arx_sql_token(copy, len, pos, true).kind, ARX_SQL_END);
		free(copy);
	}
}

static void
a_cut_keeps_characters_whole(void **state)
{
	static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
	static const size_t whole[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};

	(void) state;
	for (size_t cap = 0; cap < sizeof(whole) / sizeof(whole[0]); cap++)
		assert_int_equal(arx_sql_clip(text, 11, cap), whole[cap]);
}

static void
a_cut_in_invalid_bytes_stays_near_the_cap(void **state)
{
	char text[64];

	(void) state;
	memset(text, 0x80, sizeof(text));
	text[0] = 'a';
	for (size_t cap = 0; cap < sizeof(text); cap++)
	{
		size_t n = arx_sql_clip(text, sizeof(text), cap);

		assert_true(n <= cap && n + 3 >= cap);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_end_where_the_lexer_ends_them),
		cmocka_unit_test(a_minus_sign_belongs_to_the_number),
		cmocka_unit_test(strings_end_at_their_own_quote),
		cmocka_unit_test(backslashes_escape_only_where_the_setting_says_so),
		cmocka_unit_test(a_string_continues_only_over_a_newline),
		cmocka_unit_test(dollar_quotes_end_at_the_same_tag),
		cmocka_unit_test(words_are_constants_too),
		cmocka_unit_test(other_bytes_start_no_constant),
		cmocka_unit_test(what_the_text_ends_in_reaches_to_the_end),
		cmocka_unit_test(tokens_cover_any_bytes_without_a_gap),
		cmocka_unit_test(a_cut_keeps_characters_whole),
		cmocka_unit_test(a_cut_in_invalid_bytes_stays_near_the_cap),
	};

	return cmocka_run_group_tests_name("sql_lex", tests, NULL, NULL);
}
