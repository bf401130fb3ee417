/*
 * fuzz_heap_format.c
 *	  Any bytes: the reader of heap snapshots stays in bounds and says OK only to
 *	  what can be read to its end, and written again.
 *
 * Checksums would end almost every try early, so each input is also read with
 * its sizes and checksums put right.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libarx/heap_format.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ArxHeapReader reader;
static ArxHeapCursor cursor;
static ArxHeapWriter writer;

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
store(uint8_t *out, uint64_t value, int width)
{
	for (int i = 0; i < width; i++)
		out[i] = (uint8_t) (value >> (8 * i));
}

static uint64_t
load(const uint8_t *bytes, int width)
{
	uint64_t value = 0;

	for (int i = width - 1; i >= 0; i--)
		value = value << 8 | bytes[i];
	return value;
}

/* Puts header and sections right, as far as there are any. */
static void
repair(uint8_t *bytes, size_t size)
{
	size_t pos = ARX_HEAP_HEADER_BYTES;

	if (size < ARX_HEAP_HEADER_BYTES + ARX_HEAP_SECTION_BYTES)
		return;
	memcpy(bytes, ARX_HEAP_MAGIC, 8);
	store(bytes + 8, ARX_HEAP_MAJOR, 2);
	store(bytes + 12, ARX_HEAP_HEADER_BYTES, 4);
	store(bytes + 16, size, 8);
	store(bytes + 24, 0, 4);
	store(bytes + 24, arx_heap_crc(0, bytes, ARX_HEAP_HEADER_BYTES), 4);
	while (size - pos >= ARX_HEAP_SECTION_BYTES)
	{
		uint8_t *header = bytes + pos;
		uint64_t left = size - pos - ARX_HEAP_SECTION_BYTES;
		uint32_t crc;

		if (left < ARX_HEAP_SECTION_BYTES)
		{
			store(header, ARX_HEAP_END, 4);
			store(header + 8, left, 8);
		}
		else if (load(header + 8, 8) > left - ARX_HEAP_SECTION_BYTES)
			store(header + 8, left - ARX_HEAP_SECTION_BYTES, 8);
		left = load(header + 8, 8);
		pos += ARX_HEAP_SECTION_BYTES;
		crc = arx_heap_crc(0, bytes + pos, (size_t) left);
		crc = arx_heap_crc(crc, header, 4);
		store(header + 4, arx_heap_crc(crc, header + 8, 8), 4);
		pos += (size_t) left;
	}
}

/* Every byte of it is there. */
static void
check_text(ArxHeapText text, uint32_t max)
{
	require(text.length <= max);
	(void) arx_heap_crc(0, text.data, text.length);
}

static void
check_module_number(uint32_t module)
{
	require(module == ARX_HEAP_NO_MODULE ||
			module < reader.sections[ARX_HEAP_MODULES].count);
}

static void
check_row(const ArxHeapRow *row, const ArxHeapRow *before)
{
	require(row->epoch < reader.sections[ARX_HEAP_EPOCHS].count);
	require(before == NULL || row->epoch >= before->epoch);
	require(isfinite(row->bytes) && row->bytes >= 0);
	require(isfinite(row->variance) && row->variance >= 0);
	require(isfinite(row->objects) && row->objects >= 0);
}

/* Reads the rows of a site, which are bounded by the file's size. */
static void
walk_rows(ArxHeapSite *site)
{
	ArxHeapRow *rows = malloc((site->nrows + 1) * sizeof(*rows));

	for (uint32_t i = 0; i < site->nrows; i++)
	{
		require(arx_heap_read_row(&cursor, &rows[i]) == ARX_HEAP_READ_OK);
		check_row(&rows[i], i == 0 ? NULL : &rows[i - 1]);
	}
	require(arx_heap_read_row(&cursor, &rows[site->nrows]) ==
			ARX_HEAP_READ_DONE);
	site->rows = rows;
	arx_heap_write_site(&writer, site);
	free(rows);
}

static void
walk_sites(void)
{
	ArxHeapSite site;

	while (arx_heap_read_site(&cursor, &site) == ARX_HEAP_READ_OK)
	{
		require(site.kind <= ARX_HEAP_SITE_RESERVE);
		require(site.nframes <= ARX_HEAP_MAX_FRAMES);
		require(isfinite(site.birth_bytes) && site.birth_bytes >= 0);
		for (uint32_t i = 0; i < site.nframes; i++)
			check_module_number(site.frames[i].module);
		walk_rows(&site);
	}
}

static void
walk_modules(void)
{
	ArxHeapModule module;

	while (arx_heap_read_module(&cursor, &module) == ARX_HEAP_READ_OK)
	{
		require(module.start <= module.end);
		check_text(module.build_id, ARX_HEAP_MAX_BUILD_ID);
		check_text(module.path, ARX_HEAP_MAX_STRING);
		arx_heap_write_module(&writer, &module);
	}
}

static void
walk_epochs(void)
{
	uint64_t last = 0;
	uint64_t end_ms;

	while (arx_heap_read_epoch(&cursor, &end_ms) == ARX_HEAP_READ_OK)
	{
		require(end_ms >= last);
		last = end_ms;
		arx_heap_write_epoch(&writer, end_ms);
	}
}

static void
walk_names(void)
{
	ArxHeapCode code;
	ArxHeapLabel label;
	ArxHeapSymbol symbol;

	while (arx_heap_read_code(&cursor, &code) == ARX_HEAP_READ_OK)
	{
		require(code.bytes <= UINT64_MAX - code.address);
		check_text(code.name, ARX_HEAP_MAX_STRING);
		arx_heap_write_code(&writer, &code);
	}
	while (arx_heap_read_label(&cursor, &label) == ARX_HEAP_READ_OK)
	{
		check_text(label.name, ARX_HEAP_MAX_STRING);
		arx_heap_write_label(&writer, &label);
	}
	while (arx_heap_read_symbol(&cursor, &symbol) == ARX_HEAP_READ_OK)
	{
		check_module_number(symbol.module);
		require(symbol.depth < symbol.count);
		check_text(symbol.function, ARX_HEAP_MAX_STRING);
		check_text(symbol.file, ARX_HEAP_MAX_STRING);
		arx_heap_write_symbol(&writer, &symbol);
	}
}

static void
walk_summary(void)
{
	ArxHeapProcess process;
	int64_t ledger[ARX_HEAP_NLEDGER];
	uint64_t counters[ARX_HEAP_NCOUNTERS];

	require(arx_heap_read_process(&reader, &process) == ARX_HEAP_READ_OK);
	require(arx_heap_read_ledger(&reader, ledger) == ARX_HEAP_READ_OK);
	require(arx_heap_read_counters(&reader, counters) == ARX_HEAP_READ_OK);
	check_text(process.boot_id, ARX_HEAP_MAX_STRING);
	check_text(process.runtime, ARX_HEAP_MAX_STRING);
	arx_heap_write_section(&writer, ARX_HEAP_PROCESS, 0);
	arx_heap_write_process(&writer, &process);
	arx_heap_write_section(&writer, ARX_HEAP_LEDGER, 0);
	arx_heap_write_ledger(&writer, ledger);
	arx_heap_write_section(&writer, ARX_HEAP_COUNTERS, 0);
	arx_heap_write_counters(&writer, counters);
}

static void
read_and_write(const uint8_t *bytes, size_t size)
{
	if (arx_heap_read_open(&reader, bytes, size) != ARX_HEAP_READ_OK)
	{
		require(reader.error != NULL && reader.error_offset <= size);
		return;
	}
	arx_heap_write_begin(&writer);
	walk_summary();
	for (uint32_t kind = ARX_HEAP_MODULES; kind <= ARX_HEAP_SYMBOLS; kind++)
	{
		arx_heap_read_start(&reader, (ArxHeapSectionKind) kind, &cursor);
		arx_heap_write_section(&writer, (ArxHeapSectionKind) kind,
							   reader.sections[kind].count);
		walk_modules();
		walk_epochs();
		walk_sites();
		walk_names();
	}
	require(reader.error == NULL);
	require(arx_heap_write_end(&writer));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);

	read_and_write(data, size);
	memcpy(copy, data, size);
	repair(copy, size);
	read_and_write(copy, size);
	free(copy);
	return 0;
}
