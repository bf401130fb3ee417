/*
 * heap_sample.h
 *	  Snapshots to test with: written in memory, by one function for both passes.
 */
#ifndef ARX_TESTS_HEAP_SAMPLE_H
#define ARX_TESTS_HEAP_SAMPLE_H

#include <stdlib.h>
#include <string.h>

#include "libarx/heap_format.h"

/* A file in memory, in an allocation of its exact size. */
typedef struct HeapFile
{
	uint8_t *bytes;
	size_t size;
	size_t room;
} HeapFile;

/* Writes the content of a snapshot; called once for each pass. */
typedef void (*WriteContent)(ArxHeapWriter *writer, const void *argument);

static bool
append_to_file(void *context, const void *bytes, size_t length)
{
	HeapFile *file = context;

	if (length > file->room - file->size)
		return false;
	memcpy(file->bytes + file->size, bytes, length);
	file->size += length;
	return true;
}

/* Both passes; false when the writer says so, *file is to be freed anyway. */
static inline bool
write_heap_file(HeapFile *file, WriteContent content, const void *argument)
{
	static ArxHeapWriter writer;
	bool sound;

	arx_heap_write_begin(&writer);
	content(&writer, argument);
	sound = arx_heap_write_end(&writer);
	file->room = arx_heap_write_size(&writer);
	file->bytes = malloc(file->room);
	file->size = 0;
	arx_heap_write_to(&writer, append_to_file, file);
	content(&writer, argument);
	return arx_heap_write_end(&writer) && sound;
}

static inline ArxHeapText
text_of(const char *string)
{
	ArxHeapText text = {string, (uint32_t) strlen(string)};

	return text;
}

static inline bool
is_text(ArxHeapText text, const char *string)
{
	return text.length == strlen(string) &&
		memcmp(text.data, string, text.length) == 0;
}

static inline ArxHeapProcess
sample_process(uint64_t sample_bytes)
{
	ArxHeapProcess process = {
		.pid = 4711,
		.parent_pid = 1,
		.pid_namespace = 4026531836,
		.start_us = UINT64_C(1790000000000000),
		.profile_start_us = UINT64_C(1790000000000500),
		.taken_us = UINT64_C(1790000060000000),
		.elapsed_ms = 60000,
		.sequence = 2,
		.reason = ARX_HEAP_REASON_GROWTH,
		.sample_bytes = sample_bytes,
		.interval_ms = 30000,
		.boot_id = text_of("3f0c2f2e-6a52-4c0e-9a54-6e3d7f1f0b11"),
		.host = text_of("db1"),
		.executable = text_of("/usr/lib/postgresql/15/bin/postgres"),
		.command = text_of("postgres: app shop [local] SELECT"),
		.runtime = text_of("1.0"),
	};

	return process;
}

/* A row of blocks of one size, as sampling at the mean makes it. */
static inline ArxHeapRow
equal_row(uint32_t epoch, uint32_t samples, uint64_t size, uint64_t mean)
{
	ArxHeapRow row = {.epoch = epoch, .samples = samples};

	row.size = size * samples;
	arx_heap_weigh(size, mean, &row.bytes, &row.variance, &row.objects);
	row.bytes *= samples;
	row.variance *= samples;
	row.objects *= samples;
	return row;
}

/* Adds a sampled block to a row. */
static inline void
add_block(ArxHeapRow *row, uint64_t size, uint64_t mean)
{
	double bytes;
	double variance;
	double objects;

	arx_heap_weigh(size, mean, &bytes, &variance, &objects);
	row->samples++;
	row->size += size;
	row->bytes += bytes;
	row->variance += variance;
	row->objects += objects;
}

#define SAMPLE_MEAN 524288

/* A small file with something of every kind, and rows of every form. */
static inline void
write_small_content(ArxHeapWriter *writer, const void *argument)
{
	static const uint8_t build_id[20] = {0xde, 0xad, 0xbe, 0xef, 1, 2, 3};
	const ArxHeapText id = {(const char *) build_id, sizeof(build_id)};
	const ArxHeapProcess process = sample_process(SAMPLE_MEAN);
	const ArxHeapModule modules[2] = {
		{0x55d000001000, 0x55d000801000, 0x55d000000000, id,
		 text_of("/usr/lib/postgresql/15/bin/postgres")},
		{0x7f1000000000,
		 0x7f1000200000,
		 0x7f1000000000,
		 {NULL, 0},
		 text_of("/lib/x86_64-linux-gnu/libc.so.6")},
	};
	const ArxHeapFrame frames[3][5] = {
		{{1, 0x29d8f}, {0, 0x1000}, {0, 0x2000}, {0, 0x3000}, {0, 0x4000}},
		{{1, 0x29d8f}, {0, 0x1000}, {0, 0x2010}, {0, 0x3000}, {0, 0x4000}},
		{{1, 0x29d8f},
		 {0, 0x1500},
		 {ARX_HEAP_NO_MODULE, 0x7f2000000010},
		 {0, 0x2010},
		 {0, 0x3000}},
	};
	ArxHeapRow rows[3][3] = {
		{equal_row(0, 1, 100, SAMPLE_MEAN),
		 equal_row(1, 7, 8192, SAMPLE_MEAN),
		 {.epoch = 3}},
		{{.epoch = 2,
		  .samples = 3,
		  .size = 65536,
		  .bytes = 65536,
		  .objects = 3}},
		{equal_row(0, 2, 4096, 65536), equal_row(3, 1, 4096, 65536)},
	};
	ArxHeapSite sites[3] = {
		{.births = 30, .birth_bytes = 16e6, .frees = 12, .nrows = 3},
		{.kind = ARX_HEAP_SITE_MMAP,
		 .label = 77,
		 .births = 3,
		 .birth_bytes = 65536,
		 .nrows = 1},
		{.flags = ARX_HEAP_SITE_TRUNCATED,
		 .label = 77,
		 .births = 4,
		 .birth_bytes = 262144,
		 .frees = 1,
		 .nrows = 2},
	};
	int64_t ledger[ARX_HEAP_NLEDGER];
	uint64_t counters[ARX_HEAP_NCOUNTERS];

	(void) argument;
	add_block(&rows[0][2], 100, SAMPLE_MEAN);
	add_block(&rows[0][2], 100000, SAMPLE_MEAN);
	sites[0].lifetimes[0] = 5;
	sites[0].lifetimes[2] = 6;
	sites[0].lifetimes[48] = 1;
	sites[2].lifetimes[10] = 1;
	for (int i = 0; i < ARX_HEAP_NLEDGER; i++)
		ledger[i] = i % 2 ? -1000000 * i : 3000000 * i;
	for (int i = 0; i < ARX_HEAP_NCOUNTERS; i++)
		counters[i] = (uint64_t) i * i * 1000;

	arx_heap_write_section(writer, ARX_HEAP_PROCESS, 0);
	arx_heap_write_process(writer, &process);
	arx_heap_write_section(writer, ARX_HEAP_LEDGER, ARX_HEAP_NLEDGER);
	arx_heap_write_ledger(writer, ledger);
	arx_heap_write_section(writer, ARX_HEAP_COUNTERS, 0);
	arx_heap_write_counters(writer, counters);
	arx_heap_write_section(writer, ARX_HEAP_MODULES, 2);
	for (int i = 0; i < 2; i++)
		arx_heap_write_module(writer, &modules[i]);
	arx_heap_write_section(writer, ARX_HEAP_EPOCHS, 4);
	for (int i = 0; i < 4; i++)
		arx_heap_write_epoch(writer, 15000 * (uint64_t) (i + 1));
	arx_heap_write_section(writer, ARX_HEAP_SITES, 3);
	for (int i = 0; i < 3; i++)
	{
		sites[i].frames = frames[i];
		sites[i].nframes = 5;
		sites[i].rows = rows[i];
		arx_heap_write_site(writer, &sites[i]);
	}
	arx_heap_write_section(writer, ARX_HEAP_CODE, 1);
	arx_heap_write_code(
		writer, &(ArxHeapCode){0x7f2000000000, 64, text_of("LazyCompile:~f")});
	arx_heap_write_section(writer, ARX_HEAP_LABELS, 1);
	arx_heap_write_label(writer, &(ArxHeapLabel){77, text_of("SELECT $1")});
	arx_heap_write_section(writer, ARX_HEAP_SYMBOLS, 2);
	arx_heap_write_symbol(writer,
						  &(ArxHeapSymbol){0, 0x3000, 0, 2, text_of("palloc"),
										   text_of("mcxt.c"), 1214});
	arx_heap_write_symbol(
		writer,
		&(ArxHeapSymbol){0, 0x3000, 1, 2, text_of("makeNode"), text_of(""), 0});
	arx_heap_write_symbol(writer,
						  &(ArxHeapSymbol){ARX_HEAP_NO_MODULE, 5, 0, 1,
										   text_of("f"), text_of(""), 0});
}

#endif /* ARX_TESTS_HEAP_SAMPLE_H */
