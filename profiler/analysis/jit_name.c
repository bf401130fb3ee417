/*
 * jit_name.c
 *	  Takes apart what V8 calls the code that it generates.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/jit_name.h"

/* The ':' before the number that ends at end, or NULL. */
static const char *
find_colon(const char *begin, const char *end)
{
	const char *at = end;

	while (at > begin && isdigit((unsigned char) at[-1]))
		at--;
	return at < end && at > begin && at[-1] == ':' ? at - 1 : NULL;
}

/* Behind "JS:", "LazyCompile:", "Function:" and the mark of optimisation. */
static const char *
skip_kind(const char *text)
{
	static const char *const kinds[] = {"JS:", "LazyCompile:", "Function:"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
	{
		size_t length = strlen(kinds[i]);

		if (strncmp(text, kinds[i], length) == 0)
			return text + length + strspn(text + length, "*~^+");
	}
	return NULL;
}

bool
arx_jit_name_split(ArxProfileArena *arena, const char *text, const char **name,
				   const char **file, unsigned *line)
{
	const char *begin = skip_kind(text);
	const char *column;
	const char *row;
	const char *blank;

	if (begin == NULL)
		return false;
	column = find_colon(begin, begin + strlen(begin));
	row = column != NULL ? find_colon(begin, column) : NULL;
	blank = strchr(begin, ' ');
	if (row == NULL || blank == NULL || blank + 1 >= row)
		return false;
	*name = blank > begin
		? arx_arena_text(arena, begin, (size_t) (blank - begin))
		: "(anonymous)";
	*file = arx_arena_text(arena, blank + 1, (size_t) (row - blank - 1));
	*line = (unsigned) strtoul(row + 1, NULL, 10);
	return true;
}
