/*
 * ledger_read.c
 *	  Prints what a snapshot says of mappings and resident memory, as JSON.
 *
 *	ledger_read FILE
 *
 * {"ledger": [...], "counters": [...], "sites": [{"kind", "births", "frees",
 * "bytes", "samples", "frames": [[path, address], ...]}]}, the allocating call
 * first; sites of malloc are left out.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "libarx/heap_format.h"

static ArxHeapModule modules[ARX_HEAP_MAX_MODULES];
static uint32_t nmodules;

static void
fail(const char *what)
{
	fprintf(stderr, "ledger_read: %s\n", what);
	exit(2);
}

static void
read_modules(ArxHeapReader *reader, ArxHeapCursor *cursor)
{
	arx_heap_read_start(reader, ARX_HEAP_MODULES, cursor);
	while (arx_heap_read_module(cursor, &modules[nmodules]) == ARX_HEAP_READ_OK)
		nmodules++;
}

static void
print_frames(const ArxHeapSite *site)
{
	for (uint32_t i = site->nframes; i-- > 0;)
	{
		const ArxHeapFrame *frame = &site->frames[i];
		ArxHeapText path = {"", 0};

		if (frame->module < nmodules)
			path = modules[frame->module].path;
		printf("%s[\"%.*s\", %llu]", i + 1 < site->nframes ? ", " : "",
			   (int) path.length, path.data,
			   (unsigned long long) frame->address);
	}
}

static void
print_site(ArxHeapCursor *cursor, const ArxHeapSite *site, const char *before)
{
	uint64_t bytes = 0;
	uint64_t samples = 0;
	ArxHeapRow row;

	printf("%s{\"kind\": %u, \"births\": %llu, \"frees\": %llu, \"frames\": [",
		   before, site->kind, (unsigned long long) site->births,
		   (unsigned long long) site->frees);
	print_frames(site);
	while (arx_heap_read_row(cursor, &row) == ARX_HEAP_READ_OK)
	{
		bytes += row.size;
		samples += row.samples;
	}
	printf("], \"bytes\": %llu, \"samples\": %llu}", (unsigned long long) bytes,
		   (unsigned long long) samples);
}

static void
print_sites(ArxHeapReader *reader, ArxHeapCursor *cursor)
{
	const char *before = "";
	ArxHeapSite site;
	ArxHeapReadStatus status;

	arx_heap_read_start(reader, ARX_HEAP_SITES, cursor);
	while ((status = arx_heap_read_site(cursor, &site)) == ARX_HEAP_READ_OK)
		if (site.kind != ARX_HEAP_SITE_MALLOC)
		{
			print_site(cursor, &site, before);
			before = ",\n ";
		}
	if (status != ARX_HEAP_READ_DONE)
		fail(reader->error);
}

int
main(int argc, char **argv)
{
	static ArxHeapReader reader;
	static ArxHeapCursor cursor;
	int64_t ledger[ARX_HEAP_NLEDGER];
	uint64_t counters[ARX_HEAP_NCOUNTERS];
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
	struct stat info;
	void *bytes;

	if (fd < 0 || fstat(fd, &info) != 0)
		fail("no such file");
	bytes = mmap(NULL, (size_t) info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		fail("cannot be mapped");
	if (arx_heap_read_open(&reader, bytes, (size_t) info.st_size) !=
			ARX_HEAP_READ_OK ||
		arx_heap_read_ledger(&reader, ledger) != ARX_HEAP_READ_OK ||
		arx_heap_read_counters(&reader, counters) != ARX_HEAP_READ_OK)
		fail(reader.error);
	read_modules(&reader, &cursor);
	printf("{\"ledger\": [");
	for (int i = 0; i < ARX_HEAP_NLEDGER; i++)
		printf("%s%lld", i > 0 ? ", " : "", (long long) ledger[i]);
	printf("],\n\"counters\": [");
	for (int i = 0; i < ARX_HEAP_NCOUNTERS; i++)
		printf("%s%llu", i > 0 ? ", " : "", (unsigned long long) counters[i]);
	printf("],\n\"sites\": [");
	print_sites(&reader, &cursor);
	printf("]}\n");
	return 0;
}
