/*
 * console_list.c
 *	  Splits a list of connection strings.
 */
#include "libarx/console_list.h"

#include <string.h>

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static const char *
skip_blanks(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at;
}

/* The semicolon that ends the element at this place, or the list's end. */
static const char *
element_end(const char *at)
{
	bool quoted = false;

	for (; *at && (quoted || *at != ';'); at++)
	{
		if (*at == '\\' && at[1])
			at++;
		else if (*at == '\'')
			quoted = !quoted;
	}
	return at;
}

static void
take_name(ArxConsoleText *element, const char **at, const char *end)
{
	static const char key[] = "name=";
	size_t length = sizeof(key) - 1;

	element->name = NULL;
	element->name_length = 0;
	if ((size_t) (end - *at) < length || memcmp(*at, key, length) != 0)
		return;
	*at += length;
	element->name = *at;
	while (*at < end && !is_blank(**at))
		(*at)++;
	element->name_length = (size_t) (*at - element->name);
	*at = skip_blanks(*at, end);
}

bool
arx_console_list_next(const char **rest, ArxConsoleText *element)
{
	while (**rest)
	{
		const char *end = element_end(*rest);
		const char *at = skip_blanks(*rest, end);

		*rest = *end ? end + 1 : end;
		while (end > at && is_blank(end[-1]))
			end--;
		if (at == end)
			continue;
		take_name(element, &at, end);
		element->conninfo = at;
		element->conninfo_length = (size_t) (end - at);
		return true;
	}
	return false;
}
