/*
 * symbolize_addresses.c
 *	  Prints what profiler/symbols says of addresses, for symbols.py.
 *
 * usage: symbolize_addresses [--debug-path P] [--root R] [--debuginfod]
 *		  PATH BUILD-ID < ADDRESSES
 *
 * BUILD-ID is hexadecimal, "-" for none; addresses are hexadecimal, one a line.
 * For each: the address, then a line for each frame from the innermost inlined
 * call outwards: tab, function, tab, file, tab, line.  Last a line "problem:"
 * with the reason for missing names, empty when there is none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/symbols.h"

static size_t
read_build_id(const char *text, uint8_t *id, size_t id_bytes)
{
	size_t n = 0;

	while (n < id_bytes && sscanf(text + 2 * n, "%2hhx", &id[n]) == 1)
		n++;
	return n;
}

static void
print_address(ArxSymbolizer *symbolizer, const char *path, const uint8_t *id,
			  size_t id_bytes, uint64_t address)
{
	const ArxSymbol *frames;
	const ArxSymbol *again;
	size_t n = arx_symbolize(symbolizer, path, id, id_bytes, address, &frames);

	printf("0x%llx\n", (unsigned long long) address);
	for (size_t i = 0; i < n; i++)
		printf("\t%s\t%s\t%u\n", frames[i].function,
			   frames[i].file ? frames[i].file : "", frames[i].line);
	if (arx_symbolize(symbolizer, path, id, id_bytes, address, &again) != n ||
		again != frames)
		printf("\tthe second answer differs from the first\t\t0\n");
}

static void
print_progress(void *context, const char *what)
{
	(void) context;
	fprintf(stderr, "%s\n", what);
}

int
main(int argc, char **argv)
{
	ArxSymbolizerOptions options = {.progress = print_progress};
	ArxSymbolizer *symbolizer;
	const char *problem;
	uint8_t id[64];
	size_t id_bytes;
	char line[64];
	int i = 1;

	for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++)
	{
		if (strcmp(argv[i], "--debuginfod") == 0)
			options.debuginfod = true;
		else if (strcmp(argv[i], "--root") == 0 && i + 1 < argc)
			options.root = argv[++i];
		else if (strcmp(argv[i], "--debug-path") == 0 && i + 1 < argc)
			options.debug_path = argv[++i];
	}
	if (i + 2 != argc)
		return 1;
	id_bytes = read_build_id(argv[i + 1], id, sizeof(id));
	symbolizer = arx_symbolizer_new(&options);
	if (!symbolizer)
		return 2;
	while (fgets(line, sizeof(line), stdin))
		print_address(symbolizer, argv[i], id, id_bytes,
					  strtoull(line, NULL, 16));
	problem = arx_symbolizer_problem(symbolizer, argv[i], id, id_bytes);
	printf("problem: %s\n", problem ? problem : "");
	arx_symbolizer_free(symbolizer);
	return 0;
}
