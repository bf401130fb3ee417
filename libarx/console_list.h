/*
 * console_list.h
 *	  A list of connection strings, separated by semicolons.
 *
 * Each is a connection string or URI of libpq, which may follow "name=WORD " at
 * its beginning.  A semicolon between single quotes, or after a backslash,
 * belongs to the string: quotes and backslashes are those of libpq's connection
 * strings.  Blanks around an element do not count, and empty elements neither.
 */
#ifndef ARX_LIBARX_CONSOLE_LIST_H
#define ARX_LIBARX_CONSOLE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* One element; both point into the list and are not terminated. */
typedef struct ArxConsoleText
{
	const char *name; /* NULL: none was given */
	size_t name_length;
	const char *conninfo;
	size_t conninfo_length;
} ArxConsoleText;

/*
 * The element at *rest, which moves behind it; false when there is no more.
 */
extern bool arx_console_list_next(const char **rest, ArxConsoleText *element);

#endif /* ARX_LIBARX_CONSOLE_LIST_H */
