/*
 * snapshot_read.c
 *	  Prints what each snapshot given says, as one JSON object a line.
 *
 *	snapshot_read FILE...
 *
 * {"error": null or why it is no good, "reason", "sequence", "pid",
 * "parent_pid", "elapsed_ms", "bytes", "command", "counters": [...],
 * "epochs": [...], "sites", "samples", "live_bytes", "births", "rows_ok",
 * "modules": [path], "codes": [name], "labels": {label: name}}
 */
#include <stdio.h>
#include <stdlib.h>

#include "libarx/heap_format.h"

#define MAX_BYTES (8 * 1024 * 1024)

static char bytes[MAX_BYTES];
static ArxHeapReader reader;
static ArxHeapCursor cursor;

static void
print_text(const char *before, ArxHeapText text)
{
	printf("%s\"", before);
	for (uint32_t i = 0; i < text.length; i++)
	{
		unsigned char c = (unsigned char) text.data[i];

		if (c < ' ' || c == '"' || c == '\\' || c > '~')
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	printf("\"");
}

static void
print_process(void)
{
	ArxHeapProcess process;

	arx_heap_read_process(&reader, &process);
	printf(
		", \"reason\": %llu, \"sequence\": %llu, \"pid\": %llu, \"parent_pid\": %llu, "
		"\"elapsed_ms\": %llu, \"sample_bytes\": %llu",
		(unsigned long long) process.reason,
		(unsigned long long) process.sequence, (unsigned long long) process.pid,
		(unsigned long long) process.parent_pid,
		(unsigned long long) process.elapsed_ms,
		(unsigned long long) process.sample_bytes);
	print_text(", \"command\": ", process.command);
	print_text(", \"executable\": ", process.executable);
}

static void
print_counters(void)
{
	uint64_t counters[ARX_HEAP_NCOUNTERS];

	arx_heap_read_counters(&reader, counters);
	printf(", \"counters\": [");
	for (int i = 0; i < ARX_HEAP_NCOUNTERS; i++)
		printf("%s%llu", i > 0 ? ", " : "", (unsigned long long) counters[i]);
	printf("]");
}

static void
print_epochs(void)
{
	const char *before = "";
	uint64_t end_ms;

	printf(", \"epochs\": [");
	arx_heap_read_start(&reader, ARX_HEAP_EPOCHS, &cursor);
	for (; arx_heap_read_epoch(&cursor, &end_ms) == ARX_HEAP_READ_OK;
		 before = ", ")
		printf("%s%llu", before, (unsigned long long) end_ms);
	printf("]");
}

static void
print_sites(void)
{
	unsigned long long sites = 0, samples = 0, births = 0;
	double live = 0;
	ArxHeapSite site;
	ArxHeapRow row;

	arx_heap_read_start(&reader, ARX_HEAP_SITES, &cursor);
	while (arx_heap_read_site(&cursor, &site) == ARX_HEAP_READ_OK)
	{
		if (site.kind != ARX_HEAP_SITE_MALLOC)
			continue;
		sites++;
		births += site.births;
		while (arx_heap_read_row(&cursor, &row) == ARX_HEAP_READ_OK)
		{
			samples += row.samples;
			live += row.bytes;
		}
	}
	printf(
		", \"sites\": %llu, \"samples\": %llu, \"births\": %llu, \"live_bytes\": %.0f",
		sites, samples, births, live);
}

static void
print_names(void)
{
	const char *before;
	ArxHeapModule module;
	ArxHeapCode code;
	ArxHeapLabel label;

	printf(", \"modules\": [");
	arx_heap_read_start(&reader, ARX_HEAP_MODULES, &cursor);
	for (before = "";
		 arx_heap_read_module(&cursor, &module) == ARX_HEAP_READ_OK;
		 before = ", ")
	{
		print_text(before, module.path);
		printf(", %u", module.build_id.length);
	}
	printf("], \"codes\": [");
	arx_heap_read_start(&reader, ARX_HEAP_CODE, &cursor);
	for (before = ""; arx_heap_read_code(&cursor, &code) == ARX_HEAP_READ_OK;
		 before = ", ")
		print_text(before, code.name);
	printf("], \"labels\": {");
	arx_heap_read_start(&reader, ARX_HEAP_LABELS, &cursor);
	for (before = ""; arx_heap_read_label(&cursor, &label) == ARX_HEAP_READ_OK;
		 before = ", ")
	{
		printf("%s\"%llu\"", before, (unsigned long long) label.label);
		print_text(": ", label.name);
	}
	printf("}");
}

static void
print_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	size_t length = file != NULL ? fread(bytes, 1, sizeof(bytes), file) : 0;

	if (file != NULL)
		fclose(file);
	if (file == NULL)
		printf("{\"error\": \"gone\"");
	else if (arx_heap_read_open(&reader, bytes, length) != ARX_HEAP_READ_OK)
		printf("{\"error\": \"%s\"", reader.error);
	else
	{
		printf("{\"error\": null, \"bytes\": %zu", length);
		print_process();
		print_counters();
		print_epochs();
		print_sites();
		print_names();
	}
	puts("}");
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		print_file(argv[i]);
	return 0;
}
