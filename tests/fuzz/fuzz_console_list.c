/*
 * fuzz_console_list.c
 *	  Any list is split into pieces of itself, in order, and comes to an end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libarx/console_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *list = malloc(size + 1);
	const char *rest = list;
	ArxConsoleText element;

	if (list == NULL)
		abort();
	memcpy(list, data, size);
	list[size] = '\0';
	for (const char *before = rest; arx_console_list_next(&rest, &element);
		 before = rest)
	{
		if (rest <= before || element.conninfo < before ||
			element.conninfo + element.conninfo_length > rest ||
			(element.name &&
			 (element.name < before ||
			  element.name + element.name_length > element.conninfo)))
			abort();
	}
	if (*rest)
		abort();
	free(list);
	return 0;
}
