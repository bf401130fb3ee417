/*
 * test_console_list.c
 *	  Tests the splitting of a list of connection strings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "libarx/console_list.h"

/* The elements of the list, each as "[name|conninfo]". */
static void
expect_elements(const char *list, const char *expected)
{
	char got[512] = "";
	size_t used = 0;
	const char *rest = list;
	ArxConsoleText element;

	while (arx_console_list_next(&rest, &element))
	{
		used += (size_t) snprintf(
			got + used, sizeof(got) - used, "[%.*s|%.*s]",
			(int) element.name_length, element.name ? element.name : "",
			(int) element.conninfo_length, element.conninfo);
		assert_true(used < sizeof(got));
	}
	assert_string_equal(got, expected);
}

static void
elements_end_at_semicolons(void **state)
{
	(void) state;
	expect_elements("", "");
	expect_elements(" ;; \n;", "");
	expect_elements("host=a", "[|host=a]");
	expect_elements(" host=a port=1 ; service=b;\n",
					"[|host=a port=1][|service=b]");
}

static void
quoted_semicolons_are_part_of_an_element(void **state)
{
	(void) state;
	expect_elements("host='/a;b' port=1;host=c",
					"[|host='/a;b' port=1][|host=c]");
	expect_elements("user='it\\'s;' ;host=c", "[|user='it\\'s;'][|host=c]");
	expect_elements("user=a\\;b;host=c", "[|user=a\\;b][|host=c]");
	expect_elements("user='open;host=c", "[|user='open;host=c]");
	expect_elements("user=a\\", "[|user=a\\]");
}

static void
a_name_stands_first(void **state)
{
	(void) state;
	expect_elements("name=main host=a; name=b postgresql://u@h:1/pgbouncer",
					"[main|host=a][b|postgresql://u@h:1/pgbouncer]");
	expect_elements("name=main", "[main|]");
	expect_elements("name= host=a", "[|host=a]");
	expect_elements("host=a name=b", "[|host=a name=b]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_end_at_semicolons),
		cmocka_unit_test(quoted_semicolons_are_part_of_an_element),
		cmocka_unit_test(a_name_stands_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
