/*
 * heap_dump.c
 *	  Prints all that the snapshots given hold, one JSON object a line.
 *
 *	heap_dump FILE...
 *
 * Addresses of frames are those in memory, from the root to the allocating
 * call.  Texts are printed with bytes that are not plain as \u00XX.
 */
#include <stdio.h>

#include "libarx/heap_format.h"

#define MAX_BYTES (16 * 1024 * 1024)
#define MAX_MODULES 4096

static char bytes[MAX_BYTES];
static ArxHeapReader reader;
static ArxHeapCursor cursor;
static ArxHeapModule modules[MAX_MODULES];
static size_t nmodules;

static void
print_text(ArxHeapText text)
{
	putchar('"');
	for (uint32_t i = 0; i < text.length; i++)
	{
		unsigned char c = (unsigned char) text.data[i];

		if (c < ' ' || c == '"' || c == '\\' || c > '~')
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void
print_process(void)
{
	ArxHeapProcess process;

	arx_heap_read_process(&reader, &process);
	printf(", \"pid\": %llu, \"parent_pid\": %llu, \"start_us\": %llu, "
		   "\"sequence\": %llu, \"reason\": %llu, \"sample_bytes\": %llu",
		   (unsigned long long) process.pid,
		   (unsigned long long) process.parent_pid,
		   (unsigned long long) process.start_us,
		   (unsigned long long) process.sequence,
		   (unsigned long long) process.reason,
		   (unsigned long long) process.sample_bytes);
	printf(", \"executable\": ");
	print_text(process.executable);
	printf(", \"command\": ");
	print_text(process.command);
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
print_modules(void)
{
	nmodules = 0;
	printf(", \"modules\": [");
	arx_heap_read_start(&reader, ARX_HEAP_MODULES, &cursor);
	while (nmodules < MAX_MODULES &&
		   arx_heap_read_module(&cursor, &modules[nmodules]) ==
			   ARX_HEAP_READ_OK)
	{
		printf("%s", nmodules > 0 ? ", " : "");
		print_text(modules[nmodules++].path);
	}
	printf("]");
}

static void
print_site(const ArxHeapSite *site)
{
	unsigned long long samples = 0, size = 0;
	double live = 0, variance = 0, objects = 0;
	ArxHeapRow row;

	printf("{\"kind\": %u, \"flags\": %u, \"label\": %llu, \"births\": %llu, "
		   "\"frees\": %llu, \"frames\": [",
		   site->kind, site->flags, (unsigned long long) site->label,
		   (unsigned long long) site->births, (unsigned long long) site->frees);
	for (uint32_t i = 0; i < site->nframes; i++)
	{
		const ArxHeapFrame *frame = &site->frames[i];
		long long module =
			frame->module < nmodules ? (long long) frame->module : -1;

		printf("%s[%lld, %llu, %llu]", i > 0 ? ", " : "", module,
			   (unsigned long long) frame->address,
			   (unsigned long long) (frame->address +
									 (module >= 0 ? modules[module].bias : 0)));
	}
	while (arx_heap_read_row(&cursor, &row) == ARX_HEAP_READ_OK)
	{
		samples += row.samples;
		size += row.size;
		live += row.bytes;
		variance += row.variance;
		objects += row.objects;
	}
	printf("], \"rows\": %u, \"samples\": %llu, \"size\": %llu, \"bytes\": "
		   "%.0f, \"variance\": %.0f, \"objects\": %.3f}",
		   site->nrows, samples, size, live, variance, objects);
}

static void
print_sites(void)
{
	const char *before = "";
	ArxHeapSite site;

	printf(", \"sites\": [");
	arx_heap_read_start(&reader, ARX_HEAP_SITES, &cursor);
	for (; arx_heap_read_site(&cursor, &site) == ARX_HEAP_READ_OK;
		 before = ", ")
	{
		printf("%s", before);
		print_site(&site);
	}
	printf("]");
}

static void
print_names(void)
{
	const char *before = "";
	ArxHeapCode code;
	ArxHeapLabel label;

	printf(", \"codes\": [");
	arx_heap_read_start(&reader, ARX_HEAP_CODE, &cursor);
	for (; arx_heap_read_code(&cursor, &code) == ARX_HEAP_READ_OK;
		 before = ", ")
	{
		printf("%s", before);
		print_text(code.name);
	}
	printf("], \"labels\": {");
	before = "";
	arx_heap_read_start(&reader, ARX_HEAP_LABELS, &cursor);
	for (; arx_heap_read_label(&cursor, &label) == ARX_HEAP_READ_OK;
		 before = ", ")
	{
		printf("%s\"%llu\": ", before, (unsigned long long) label.label);
		print_text(label.name);
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
		printf("{\"error\": null");
		print_process();
		print_counters();
		print_modules();
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
