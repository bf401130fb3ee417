/*
 * test_sql_scrub.c
 *	  Tests that no literal and no secret survives in text nobody has parsed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "libarx/sql_scrub.h"
#include "libarx/sql_secret.h"

static ArxSqlScrubbed
scrub(const char *text, bool standard_strings, char *out, size_t cap)
{
	size_t len = strlen(text);
	char *copy = malloc(len > 0 ? len : 1);
	ArxSqlScrubbed scrubbed;

	assert_non_null(copy);
	memcpy(copy, text, len);
	scrubbed = arx_sql_scrub(copy, len, standard_strings, out, cap);
	free(copy);
	return scrubbed;
}

static void
expect_scrubbed(const char *text, const char *expected)
{
	char out[256];
	ArxSqlScrubbed scrubbed = scrub(text, true, out, sizeof(out) - 1);

	assert_false(scrubbed.truncated);
	out[scrubbed.length] = '\0';
	assert_string_equal(out, expected);
}

static void
every_literal_becomes_a_parameter(void **state)
{
	(void) state;
	expect_scrubbed("select 1, 'a', E'\\'', $$b$$, 1.5e3, 0x1f",
					"select $1, $2, $3, $4, $5, $6");
	expect_scrubbed("select -5, x-1", "select -$1, x-$2");
	expect_scrubbed("varchar(10) order by 1", "varchar($1) order by $2");
	expect_scrubbed("date'2020-01-01'", "date $1");
	expect_scrubbed("'a'\n'b' 'c'", "$1 $2");
	expect_scrubbed("12ab34, 5_", "$1, $2");
	expect_scrubbed("", "");
}

static void
names_words_and_comments_stay(void **state)
{
	(void) state;
	expect_scrubbed("select \"it's 5\", true, null from t1 -- it's 5",
					"select \"it's 5\", true, null from t1 -- it's 5");
	expect_scrubbed("/* '1' /* 2 */ */ a$1", "/* '1' /* 2 */ */ a$1");
	expect_scrubbed("\xe2\x82\xac\xff", "\xe2\x82\xac\xff");
}

static void
numbers_start_after_the_highest_parameter(void **state)
{
	(void) state;
	expect_scrubbed("select $2, 5, $1, '$9'", "select $2, $3, $1, $4");
	expect_scrubbed("/* $7 */ \"$8\" 5", "/* $7 */ \"$8\" $1");
	expect_scrubbed("$99999999999999999999 5",
					"$99999999999999999999 $2147483648");
}

static void
what_is_not_ended_is_dropped(void **state)
{
	(void) state;
	expect_scrubbed("select 'abc; select 5", "select $1");
	expect_scrubbed("select $q$ 5", "select $1");
	expect_scrubbed("select \"abc 'x'", "select ");
	expect_scrubbed("select 5 /* 'x' /* */", "select $1 ");
}

static void
backslashes_follow_the_setting(void **state)
{
	char out[64];
	ArxSqlScrubbed scrubbed = scrub("'a\\' b', c", false, out, sizeof(out));

	(void) state;
	assert_int_equal(scrubbed.length, 5);
	assert_memory_equal(out, "$1, c", 5);
}

static void
the_result_never_passes_the_cap(void **state)
{
	static const char text[] = "select 'a', 'b' from t where x = 5";
	static const char whole[] = "select $1, $2 from t where x = $3";

	(void) state;
	for (size_t cap = 0; cap <= sizeof(whole); cap++)
	{
		char *out = malloc(cap > 0 ? cap : 1);
		ArxSqlScrubbed scrubbed = scrub(text, true, out, cap);

		assert_true(scrubbed.length <= cap);
		assert_memory_equal(out, whole, scrubbed.length);
		assert_int_equal(scrubbed.truncated, cap < strlen(whole));
		/* a placeholder is there as a whole or not at all */
		assert_true(scrubbed.length == 0 || out[scrubbed.length - 1] != '$');
		free(out);
	}
}

static bool
secret(const char *text)
{
	size_t len = strlen(text);
	char *copy = malloc(len > 0 ? len : 1);
	bool found;

	assert_non_null(copy);
	memcpy(copy, text, len);
	found = arx_sql_carries_secret(copy, len, true);
	free(copy);
	return found;
}

static void
statements_that_take_a_credential_are_found(void **state)
{
	static const char *const texts[] = {
		"create role x password 'y'",
		"CREATE USER x WITH ENCRYPTED\nPASSWORD 'y'",
		"Alter/*c*/Role x password null",
		"alter group x password 'y'",
		"alter user \"x\" login password 'y'",
		"create user mapping for x server s options (user 'u')",
		"alter user mapping for x server s",
		"create subscription s connection 'host=x' publication p",
		"alter subscription s connection 'x'",
		"create server s foreign data wrapper w",
		"alter server s options (set x 'y')",
		"select 1; create role x password 'y'",
		"set app.secret_token = x",
		"set local app.password to x",
		"set session \"my_api_key\" = x",
		"alter role x set app.secret = 'y'",
		"alter system set primary_conninfo = 'x'",
		"alter database d set x.passphrase = 'y'",
	};

	(void) state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!secret(texts[i]))
			fail_msg("not found: %s", texts[i]);
}

static void
secrets_in_code_and_addresses_are_found(void **state)
{
	static const char *const texts[] = {
		"do $$ begin create role x password 'y'; end $$",
		"do $set$begin execute 'alter user x password ''y'''; end$set$",
		"do E'begin\\nalter role x password \\'y\\''",
		"create function f() returns void as 'set x.token = 1'",
		"do $$ begin perform set_config('x.secret', 'y', true); end $$",
		"create view v as select 'host=h password=y'",
		"create view v as select dblink('user=u PASSWORD = y')",
		"do $$ declare v_password text; begin v_password := 'x'; end $$",
		"copy t from program 'curl https://u:p@h/x'",
	};

	(void) state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!secret(texts[i]))
			fail_msg("not found: %s", texts[i]);
	assert_true(arx_sql_body_carries_secret("set x.token=1", 13));
}

static void
ordinary_statements_carry_no_secret(void **state)
{
	static const char *const texts[] = {
		"",
		"update users set password = $1 where token = $2",
		"select password from users",
		"create role x login",
		"create role x; select password from users",
		"create table user_secret (password text)",
		"alter table t add password text",
		"/* create role x password 'y' */ select 1",
		"-- create role x password 'y'\nselect 1",
		"set work_mem = 'x'",
		"set role x",
		"set search_path to secret",
		"alter role x set work_mem = '4MB'",
		"insert into t values ('see https://h/x:y@z')",
		"insert into t values ('mailto:a@b')",
		"insert into t values ('https://user@h/x')",
		"select 'the password is'",
		"do $$ begin update t set k = 5; end $$",
		"grant select on password to x",
	};

	(void) state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (secret(texts[i]))
			fail_msg("found in: %s", texts[i]);
}

static void
telling_names_are_known_in_any_case(void **state)
{
	(void) state;
	assert_true(arx_sql_name_is_secret("app.API_Key", 11));
	assert_true(arx_sql_name_is_secret("primary_conninfo", 16));
	assert_true(arx_sql_name_is_secret("PASSWD", 6));
	assert_false(arx_sql_name_is_secret("passwd", 5));
	assert_false(arx_sql_name_is_secret("tcp_keepalives_idle", 19));
	assert_false(arx_sql_name_is_secret("", 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_literal_becomes_a_parameter),
		cmocka_unit_test(names_words_and_comments_stay),
		cmocka_unit_test(numbers_start_after_the_highest_parameter),
		cmocka_unit_test(what_is_not_ended_is_dropped),
		cmocka_unit_test(backslashes_follow_the_setting),
		cmocka_unit_test(the_result_never_passes_the_cap),
		cmocka_unit_test(statements_that_take_a_credential_are_found),
		cmocka_unit_test(secrets_in_code_and_addresses_are_found),
		cmocka_unit_test(ordinary_statements_carry_no_secret),
		cmocka_unit_test(telling_names_are_known_in_any_case),
	};

	return cmocka_run_group_tests_name("sql_scrub", tests, NULL, NULL);
}
