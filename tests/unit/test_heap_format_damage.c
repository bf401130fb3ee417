/*
 * test_heap_format_damage.c
 *	  Heap snapshots: damage of every kind is told.
 *
 * Damaged bytes lie in an allocation of their exact size, so that the address
 * sanitizer sees any look beyond them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/heap_sample.h"

static HeapFile sample;
static ArxHeapReader reader;
static ArxHeapCursor cursor;

static int
make_sample(void **state)
{
	(void) state;
	return write_heap_file(&sample, write_small_content, NULL) ? 0 : 1;
}

static int
drop_sample(void **state)
{
	(void) state;
	free(sample.bytes);
	return 0;
}

/* Opens a copy of exactly length bytes; *where: what the reader says. */
static ArxHeapReadStatus
open_copy(const uint8_t *bytes, size_t length)
{
	uint8_t *copy = malloc(length + (length == 0));
	ArxHeapReadStatus status;

	memcpy(copy, bytes, length);
	status = arx_heap_read_open(&reader, copy, length);
	assert_true((status == ARX_HEAP_READ_OK) == (reader.error == NULL));
	assert_true(reader.error_offset <= length);
	free(copy);
	return status;
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

/* Makes a header's size and checksum hold again. */
static void
seal_header(uint8_t *bytes, size_t length)
{
	size_t header_bytes = (size_t) load(bytes + 12, 4);

	store(bytes + 16, length, 8);
	store(bytes + 24, 0, 4);
	store(bytes + 24, arx_heap_crc(0, bytes, header_bytes), 4);
}

static void
seal_section(uint8_t *section)
{
	size_t bytes = (size_t) load(section + 8, 8);
	uint32_t crc = arx_heap_crc(0, section + ARX_HEAP_SECTION_BYTES, bytes);

	crc = arx_heap_crc(crc, section, 4);
	store(section + 4, arx_heap_crc(crc, section + 8, 8), 4);
}

/* The section of a kind in the sample. */
static size_t
find_section(uint32_t kind)
{
	size_t pos = ARX_HEAP_HEADER_BYTES;

	while (load(sample.bytes + pos, 4) != kind)
		pos += ARX_HEAP_SECTION_BYTES + load(sample.bytes + pos + 8, 8);
	return pos;
}

/*
 * The sample with its section of a kind replaced by one with another kind and
 * payload, sealed; opened.
 */
static ArxHeapReadStatus
open_with_section(uint32_t kind, uint32_t new_kind, const uint8_t *payload,
				  size_t length)
{
	size_t at = find_section(kind);
	size_t old = ARX_HEAP_SECTION_BYTES + load(sample.bytes + at + 8, 8);
	size_t size = sample.size - old + ARX_HEAP_SECTION_BYTES + length;
	uint8_t *bytes = malloc(size);
	ArxHeapReadStatus status;

	memcpy(bytes, sample.bytes, at);
	store(bytes + at, new_kind, 4);
	store(bytes + at + 8, length, 8);
	memcpy(bytes + at + ARX_HEAP_SECTION_BYTES, payload, length);
	seal_section(bytes + at);
	memcpy(bytes + at + ARX_HEAP_SECTION_BYTES + length,
		   sample.bytes + at + old, sample.size - at - old);
	seal_header(bytes, size);
	status = open_copy(bytes, size);
	free(bytes);
	return status;
}

/* A payload of a few bytes instead of the sample's. */
#define OPEN_WITH(kind, ...) \
	open_with_section(kind, kind, (const uint8_t[]){__VA_ARGS__}, \
					  sizeof((const uint8_t[]){__VA_ARGS__}))

static void
every_section_of_a_sound_file_is_read(void **state)
{
	ArxHeapProcess process;
	int64_t ledger[ARX_HEAP_NLEDGER];
	uint64_t counters[ARX_HEAP_NCOUNTERS];

	(void) state;
	assert_int_equal(arx_heap_read_open(&reader, sample.bytes, sample.size),
					 ARX_HEAP_READ_OK);
	assert_int_equal(reader.major, ARX_HEAP_MAJOR);
	assert_int_equal(reader.minor, ARX_HEAP_MINOR);
	assert_int_equal(arx_heap_read_process(&reader, &process),
					 ARX_HEAP_READ_OK);
	assert_int_equal(process.pid, 4711);
	assert_int_equal(process.pid_namespace, 4026531836);
	assert_int_equal(process.taken_us, 1790000060000000);
	assert_int_equal(process.reason, ARX_HEAP_REASON_GROWTH);
	assert_int_equal(process.sample_bytes, SAMPLE_MEAN);
	assert_int_equal(process.interval_ms, 30000);
	assert_true(
		is_text(process.boot_id, "3f0c2f2e-6a52-4c0e-9a54-6e3d7f1f0b11"));
	assert_true(is_text(process.command, "postgres: app shop [local] SELECT"));
	assert_true(is_text(process.runtime, "1.0"));
	assert_int_equal(arx_heap_read_ledger(&reader, ledger), ARX_HEAP_READ_OK);
	assert_int_equal(ledger[1], -1000000);
	assert_int_equal(ledger[ARX_HEAP_LEDGER_SWAP], 36000000);
	assert_int_equal(arx_heap_read_counters(&reader, counters),
					 ARX_HEAP_READ_OK);
	for (uint64_t i = 0; i < ARX_HEAP_NCOUNTERS; i++)
		assert_int_equal(counters[i], i * i * 1000);
}

static void
every_entry_of_a_sound_file_is_read(void **state)
{
	ArxHeapModule module;
	ArxHeapCode code;
	ArxHeapLabel label;
	ArxHeapSymbol symbol;
	uint64_t end_ms;

	(void) state;
	arx_heap_read_open(&reader, sample.bytes, sample.size);
	arx_heap_read_start(&reader, ARX_HEAP_MODULES, &cursor);
	assert_int_equal(arx_heap_read_module(&cursor, &module), ARX_HEAP_READ_OK);
	assert_int_equal(module.end, 0x55d000801000);
	assert_int_equal(module.bias, 0x55d000000000);
	assert_int_equal(module.build_id.length, 20);
	assert_int_equal(arx_heap_read_module(&cursor, &module), ARX_HEAP_READ_OK);
	assert_int_equal(module.start, 0x7f1000000000);
	assert_int_equal(module.build_id.length, 0);
	assert_true(is_text(module.path, "/lib/x86_64-linux-gnu/libc.so.6"));
	assert_int_equal(arx_heap_read_module(&cursor, &module),
					 ARX_HEAP_READ_DONE);

	arx_heap_read_start(&reader, ARX_HEAP_EPOCHS, &cursor);
	for (uint64_t i = 1; i <= 4; i++)
	{
		assert_int_equal(arx_heap_read_epoch(&cursor, &end_ms),
						 ARX_HEAP_READ_OK);
		assert_int_equal(end_ms, 15000 * i);
	}
	assert_int_equal(arx_heap_read_epoch(&cursor, &end_ms), ARX_HEAP_READ_DONE);

	arx_heap_read_start(&reader, ARX_HEAP_CODE, &cursor);
	assert_int_equal(arx_heap_read_code(&cursor, &code), ARX_HEAP_READ_OK);
	assert_int_equal(code.address, 0x7f2000000000);
	assert_int_equal(code.bytes, 64);
	assert_true(is_text(code.name, "LazyCompile:~f"));

	arx_heap_read_start(&reader, ARX_HEAP_LABELS, &cursor);
	assert_int_equal(arx_heap_read_label(&cursor, &label), ARX_HEAP_READ_OK);
	assert_int_equal(label.label, 77);
	assert_true(is_text(label.name, "SELECT $1"));
	assert_int_equal(arx_heap_read_label(&cursor, &label), ARX_HEAP_READ_DONE);

	arx_heap_read_start(&reader, ARX_HEAP_SYMBOLS, &cursor);
	assert_int_equal(arx_heap_read_symbol(&cursor, &symbol), ARX_HEAP_READ_OK);
	assert_true(is_text(symbol.function, "palloc"));
	assert_int_equal(symbol.line, 1214);
	assert_int_equal(arx_heap_read_symbol(&cursor, &symbol), ARX_HEAP_READ_OK);
	assert_true(is_text(symbol.function, "makeNode"));
	assert_int_equal(symbol.depth, 1);
	assert_int_equal(symbol.address, 0x3000);
	assert_int_equal(arx_heap_read_symbol(&cursor, &symbol), ARX_HEAP_READ_OK);
	assert_int_equal(symbol.module, ARX_HEAP_NO_MODULE);
	assert_int_equal(symbol.address, 5);
	assert_int_equal(symbol.depth, 0);
	assert_int_equal(arx_heap_read_symbol(&cursor, &symbol),
					 ARX_HEAP_READ_DONE);
	/* a cursor of another section has nothing to say */
	assert_int_equal(arx_heap_read_label(&cursor, &label), ARX_HEAP_READ_DONE);
}

static void
rows_that_nobody_asks_for_are_skipped(void **state)
{
	ArxHeapSite site;
	ArxHeapRow row;

	(void) state;
	arx_heap_read_open(&reader, sample.bytes, sample.size);
	arx_heap_read_start(&reader, ARX_HEAP_SITES, &cursor);
	assert_int_equal(arx_heap_read_site(&cursor, &site), ARX_HEAP_READ_OK);
	assert_int_equal(site.nrows, 3);
	assert_int_equal(arx_heap_read_row(&cursor, &row), ARX_HEAP_READ_OK);
	assert_int_equal(arx_heap_read_site(&cursor, &site), ARX_HEAP_READ_OK);
	assert_int_equal(site.kind, ARX_HEAP_SITE_MMAP);
	assert_int_equal(arx_heap_read_site(&cursor, &site), ARX_HEAP_READ_OK);
	assert_int_equal(site.label, 77);
	assert_int_equal(site.lifetimes[10], 1);
	assert_int_equal(arx_heap_read_site(&cursor, &site), ARX_HEAP_READ_DONE);
	assert_int_equal(arx_heap_read_row(&cursor, &row), ARX_HEAP_READ_DONE);
}

static void
a_file_cut_off_anywhere_is_truncated(void **state)
{
	(void) state;
	for (size_t length = 0; length < sample.size; length++)
		assert_int_equal(open_copy(sample.bytes, length),
						 ARX_HEAP_READ_TRUNCATED);
	assert_int_equal(open_copy(sample.bytes, sample.size), ARX_HEAP_READ_OK);
}

static void
a_bit_flipped_anywhere_is_refused(void **state)
{
	(void) state;
	for (size_t i = 0; i < sample.size; i++)
	{
		for (int bit = 0; bit < 8; bit++)
		{
			ArxHeapReadStatus status;

			sample.bytes[i] ^= (uint8_t) (1 << bit);
			status = open_copy(sample.bytes, sample.size);
			sample.bytes[i] ^= (uint8_t) (1 << bit);
			if (i < 8)
				assert_int_equal(status, ARX_HEAP_READ_FOREIGN);
			else if (i >= 12 && i < 16)
				assert_true(status == ARX_HEAP_READ_DAMAGED ||
							status == ARX_HEAP_READ_TRUNCATED);
			else
				assert_int_equal(status, ARX_HEAP_READ_DAMAGED);
		}
	}
}

static void
random_bytes_are_refused(void **state)
{
	uint8_t bytes[4096];

	(void) state;
	srand(1);
	for (int i = 0; i < 2000; i++)
	{
		size_t length = 1 + (size_t) rand() % sizeof(bytes);

		for (size_t j = 0; j < length; j++)
			bytes[j] = (uint8_t) rand();
		assert_int_equal(open_copy(bytes, length), ARX_HEAP_READ_FOREIGN);
		if (length < sample.size)
			continue;
		/* garbage behind a sound header, and within a sound section */
		memcpy(bytes, sample.bytes, ARX_HEAP_HEADER_BYTES);
		seal_header(bytes, length);
		assert_int_equal(open_copy(bytes, length), ARX_HEAP_READ_DAMAGED);
	}
	assert_int_equal(open_copy((const uint8_t *) "heap_v2/524288", 14),
					 ARX_HEAP_READ_FOREIGN);
}

static void
bytes_after_the_end_are_refused(void **state)
{
	uint8_t *bytes = calloc(1, sample.size + 16);

	(void) state;
	memcpy(bytes, sample.bytes, sample.size);
	assert_int_equal(open_copy(bytes, sample.size + 1), ARX_HEAP_READ_DAMAGED);
	assert_non_null(strstr(reader.error, "after its end"));
	/* even when the header knows of them, and when they are an end section */
	seal_header(bytes, sample.size + 16);
	seal_section(bytes + sample.size);
	assert_int_equal(open_copy(bytes, sample.size + 16), ARX_HEAP_READ_DAMAGED);
	free(bytes);
}

static void
a_newer_major_is_told_from_damage(void **state)
{
	(void) state;
	store(sample.bytes + 8, ARX_HEAP_MAJOR + 1, 2);
	seal_header(sample.bytes, sample.size);
	assert_int_equal(open_copy(sample.bytes, sample.size), ARX_HEAP_READ_NEWER);
	assert_non_null(strstr(reader.error, "newer version"));
	/* even when the rest is not there */
	assert_int_equal(open_copy(sample.bytes, sample.size / 2),
					 ARX_HEAP_READ_NEWER);
	store(sample.bytes + 8, 0, 2);
	seal_header(sample.bytes, sample.size);
	assert_int_equal(open_copy(sample.bytes, sample.size),
					 ARX_HEAP_READ_DAMAGED);
	store(sample.bytes + 8, ARX_HEAP_MAJOR, 2);
	seal_header(sample.bytes, sample.size);
}

/* Reads a file that a newer minor might write; frees it. */
static void
assert_read_as_sample(uint8_t *bytes, size_t size)
{
	ArxHeapSite site;
	int n = 0;

	assert_int_equal(arx_heap_read_open(&reader, bytes, size),
					 ARX_HEAP_READ_OK);
	assert_int_equal(reader.minor, 7);
	arx_heap_read_start(&reader, ARX_HEAP_SITES, &cursor);
	while (arx_heap_read_site(&cursor, &site) == ARX_HEAP_READ_OK)
		n++;
	assert_int_equal(n, 3);
	free(bytes);
}

static void
what_a_newer_minor_adds_is_skipped(void **state)
{
	const size_t end = sample.size - ARX_HEAP_SECTION_BYTES;
	const size_t labels = find_section(ARX_HEAP_LABELS);
	const size_t after = find_section(ARX_HEAP_SYMBOLS);
	uint8_t *bytes = calloc(1, sample.size + 100);

	(void) state;
	/* a section of an unknown kind */
	memcpy(bytes, sample.bytes, end);
	store(bytes + 10, 7, 2);
	store(bytes + end, 1000, 4);
	store(bytes + end + 8, 5, 8);
	seal_section(bytes + end);
	seal_section(bytes + end + 21);
	seal_header(bytes, sample.size + 21);
	assert_read_as_sample(bytes, sample.size + 21);

	/* bytes at the end of a section */
	bytes = calloc(1, sample.size + 3);
	memcpy(bytes, sample.bytes, after);
	memcpy(bytes + after + 3, sample.bytes + after, sample.size - after);
	store(bytes + 10, 7, 2);
	store(bytes + labels + 8, load(bytes + labels + 8, 8) + 3, 8);
	seal_section(bytes + labels);
	seal_header(bytes, sample.size + 3);
	assert_read_as_sample(bytes, sample.size + 3);

	/* a longer header */
	bytes = calloc(1, sample.size + 8);
	memcpy(bytes, sample.bytes, ARX_HEAP_HEADER_BYTES);
	memcpy(bytes + ARX_HEAP_HEADER_BYTES + 8,
		   sample.bytes + ARX_HEAP_HEADER_BYTES,
		   sample.size - ARX_HEAP_HEADER_BYTES);
	store(bytes + 10, 7, 2);
	store(bytes + 12, ARX_HEAP_HEADER_BYTES + 8, 4);
	seal_header(bytes, sample.size + 8);
	assert_read_as_sample(bytes, sample.size + 8);
}

static void
a_section_twice_or_in_the_wrong_place_is_refused(void **state)
{
	const uint8_t none[1] = {0};

	(void) state;
	assert_int_equal(
		open_with_section(ARX_HEAP_LABELS, ARX_HEAP_LABELS, none, 1),
		ARX_HEAP_READ_OK);
	assert_int_equal(open_with_section(ARX_HEAP_LABELS, ARX_HEAP_CODE, none, 1),
					 ARX_HEAP_READ_DAMAGED);
	assert_int_equal(
		open_with_section(ARX_HEAP_LABELS, ARX_HEAP_MODULES, none, 1),
		ARX_HEAP_READ_DAMAGED);
	/* an end section in the middle, one with content, none */
	assert_int_equal(open_with_section(ARX_HEAP_LABELS, ARX_HEAP_END, none, 0),
					 ARX_HEAP_READ_DAMAGED);
	assert_int_equal(open_with_section(ARX_HEAP_END, ARX_HEAP_END, none, 1),
					 ARX_HEAP_READ_DAMAGED);
	assert_int_equal(open_with_section(ARX_HEAP_END, 1000, none, 1),
					 ARX_HEAP_READ_DAMAGED);
	assert_non_null(strstr(reader.error, "no end section"));
}

static void
a_file_without_a_process_is_refused(void **state)
{
	uint8_t bytes[ARX_HEAP_HEADER_BYTES + ARX_HEAP_SECTION_BYTES] = {0};

	(void) state;
	memcpy(bytes, sample.bytes, ARX_HEAP_HEADER_BYTES);
	seal_section(bytes + ARX_HEAP_HEADER_BYTES);
	seal_header(bytes, sizeof(bytes));
	assert_int_equal(open_copy(bytes, sizeof(bytes)), ARX_HEAP_READ_DAMAGED);
	assert_non_null(strstr(reader.error, "what process"));
}

/* Below, sections whose checksums hold say what cannot be. */

static void
counts_beyond_the_bytes_that_follow_are_refused(void **state)
{
	(void) state;
	for (uint32_t kind = ARX_HEAP_LEDGER; kind <= ARX_HEAP_SYMBOLS; kind++)
	{
		if (kind == ARX_HEAP_MODULES || kind == ARX_HEAP_EPOCHS)
			continue; /* sites need them */
		assert_int_equal(OPEN_WITH(kind, 0), ARX_HEAP_READ_OK);
		assert_int_equal(OPEN_WITH(kind, 1), ARX_HEAP_READ_DAMAGED);
		assert_int_equal(OPEN_WITH(kind, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
								   0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0),
						 ARX_HEAP_READ_DAMAGED);
		/* a number that does not end, and one that is written too long */
		assert_int_equal(OPEN_WITH(kind, 0x80), ARX_HEAP_READ_DAMAGED);
		assert_int_equal(OPEN_WITH(kind, 0x80, 0), ARX_HEAP_READ_DAMAGED);
	}
	assert_int_equal(open_with_section(ARX_HEAP_PROCESS, ARX_HEAP_PROCESS,
									   (const uint8_t *) "", 0),
					 ARX_HEAP_READ_DAMAGED);
}

static void
sites_that_cannot_be_are_refused(void **state)
{
	(void) state;
	/* kind, label, shared, more, births, birth bytes, frees, classes, rows */
#define SITE(...) OPEN_WITH(ARX_HEAP_SITES, 1, __VA_ARGS__)
	assert_int_equal(SITE(0, 0, 0, 0, 0, 0, 0, 0, 0), ARX_HEAP_READ_OK);
	assert_int_equal(SITE(3, 0, 0, 0, 0, 0, 0, 0, 0), ARX_HEAP_READ_DAMAGED);
	/* a label that was not there before */
	assert_int_equal(SITE(0, 1, 77, 0, 0, 0, 0, 0, 0, 0), ARX_HEAP_READ_OK);
	assert_int_equal(SITE(0, 2, 77, 0, 0, 0, 0, 0, 0, 0),
					 ARX_HEAP_READ_DAMAGED);
	/* frames shared with nothing, not foreseen, of module 3 of 2 */
	assert_int_equal(SITE(0, 0, 1, 0, 0, 0, 0, 0, 0), ARX_HEAP_READ_DAMAGED);
	assert_int_equal(SITE(0, 0, 0, 1, 2, 0, 0, 0, 0, 0), ARX_HEAP_READ_DAMAGED);
	assert_int_equal(SITE(0, 0, 0, 1, 0, 5, 0, 0, 0, 0, 0),
					 ARX_HEAP_READ_DAMAGED);
	assert_int_equal(SITE(0, 0, 0, 1, 1, 2, 5, 0, 0, 0, 0, 0),
					 ARX_HEAP_READ_OK);
	assert_int_equal(SITE(0, 0, 0, 1, 1, 3, 5, 0, 0, 0, 0, 0),
					 ARX_HEAP_READ_DAMAGED);
	/* bytes below 0 */
	assert_int_equal(SITE(0, 0, 0, 0, 0, 1, 0, 0, 0), ARX_HEAP_READ_DAMAGED);
	/* too many classes, one beyond the last, more frees than fit */
	assert_int_equal(SITE(0, 0, 0, 0, 0, 0, 0, 50, 0), ARX_HEAP_READ_DAMAGED);
	assert_int_equal(SITE(0, 0, 0, 0, 0, 0, 0, 1, 7, 45, 0), ARX_HEAP_READ_OK);
	assert_int_equal(SITE(0, 0, 0, 0, 0, 0, 0, 1, 7, 46, 0),
					 ARX_HEAP_READ_DAMAGED);
	assert_int_equal(
		SITE(0, 0, 0, 0, 0, 0, 0, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 1, 0),
		ARX_HEAP_READ_DAMAGED);
#undef SITE
}

static void
a_stack_of_more_frames_than_there_may_be_is_refused(void **state)
{
	uint8_t payload[5 + 3 * 257 + 5] = {1, 0, 0, 0, 0x80, 2};

	(void) state;
	/* each frame: far, of no module, address 0 */
	for (int i = 0; i < 256; i++)
		payload[6 + 3 * i] = 1;
	assert_int_equal(open_with_section(ARX_HEAP_SITES, ARX_HEAP_SITES, payload,
									   sizeof(payload)),
					 ARX_HEAP_READ_OK);
	payload[4] = 0x81;
	payload[6 + 3 * 256] = 1;
	assert_int_equal(open_with_section(ARX_HEAP_SITES, ARX_HEAP_SITES, payload,
									   sizeof(payload)),
					 ARX_HEAP_READ_DAMAGED);
	assert_non_null(strstr(reader.error, "out of bounds"));
}

static void
rows_that_cannot_be_are_refused(void **state)
{
	(void) state;
#define ROW(...) \
	OPEN_WITH(ARX_HEAP_SITES, 1, 0, 0, 0, 0, 0, 0, 0, 0, __VA_ARGS__)
	assert_int_equal(ROW(1, 0, 100), ARX_HEAP_READ_OK);
	/* more rows than there is room, a form and an epoch that do not exist */
	assert_int_equal(ROW(2, 0, 100, 0), ARX_HEAP_READ_DAMAGED);
	assert_non_null(strstr(reader.error, "more rows"));
	assert_int_equal(ROW(1, 5, 100, 0, 0, 0, 0), ARX_HEAP_READ_DAMAGED);
	assert_int_equal(ROW(1, 3 * 8, 100), ARX_HEAP_READ_OK);
	assert_int_equal(ROW(1, 4 * 8, 100), ARX_HEAP_READ_DAMAGED);
	assert_int_equal(ROW(2, 2 * 8, 100, 2 * 8, 100), ARX_HEAP_READ_DAMAGED);
	/* no samples of a size, more bytes than a number holds */
	assert_int_equal(ROW(1, 1, 0, 100), ARX_HEAP_READ_DAMAGED);
	assert_int_equal(
		ROW(1, 1, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
		ARX_HEAP_READ_DAMAGED);
	/* estimates below 0, and above what is written */
	assert_int_equal(ROW(1, 4, 0, 0, 0, 0, 0), ARX_HEAP_READ_OK);
	assert_int_equal(ROW(1, 4, 0, 0, 1, 0, 0), ARX_HEAP_READ_DAMAGED);
	assert_int_equal(ROW(1, 4, 0, 0, 0, 1, 0), ARX_HEAP_READ_DAMAGED);
	assert_int_equal(ROW(1, 4, 0, 0, 0, 0, 1), ARX_HEAP_READ_DAMAGED);
	assert_int_equal(ROW(1, 4, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
						 0xff, 0xff, 1, 0, 0),
					 ARX_HEAP_READ_DAMAGED);
#undef ROW
}

static void
other_entries_that_cannot_be_are_refused(void **state)
{
	(void) state;
	/* an epoch that ends after the end of time; module, code that do so */
	assert_int_equal(OPEN_WITH(ARX_HEAP_EPOCHS, 4, 1, 1, 1, 0xff, 0xff, 0xff,
							   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1),
					 ARX_HEAP_READ_DAMAGED);
	assert_int_equal(
		OPEN_WITH(ARX_HEAP_MODULES, 2, 2, 2, 0, 0, 0, 2, 2, 0, 0, 0),
		ARX_HEAP_READ_OK);
	assert_int_equal(
		OPEN_WITH(ARX_HEAP_MODULES, 2, 2, 2, 0, 0, 0, 1, 4, 0, 0, 0),
		ARX_HEAP_READ_OK);
	assert_int_equal(
		OPEN_WITH(ARX_HEAP_MODULES, 2, 1, 1, 0, 0, 0, 2, 2, 0, 0, 0),
		ARX_HEAP_READ_DAMAGED);
	assert_int_equal(OPEN_WITH(ARX_HEAP_CODE, 1, 1, 1, 0),
					 ARX_HEAP_READ_DAMAGED);
	/* a build id of 65 bytes, names that reach beyond the section */
	assert_int_equal(OPEN_WITH(ARX_HEAP_MODULES, 2, 2, 2, 0, 65, [80] = 0),
					 ARX_HEAP_READ_DAMAGED);
	assert_int_equal(OPEN_WITH(ARX_HEAP_LABELS, 1, 77, 2, 'a'),
					 ARX_HEAP_READ_DAMAGED);
	assert_int_equal(OPEN_WITH(ARX_HEAP_LABELS, 1, 77, 0x80, 0x20, [4200] = 0),
					 ARX_HEAP_READ_OK);
	assert_int_equal(OPEN_WITH(ARX_HEAP_LABELS, 1, 77, 0x81, 0x20, [4200] = 0),
					 ARX_HEAP_READ_DAMAGED);
	/* no function, too many, of module 3 of 2 */
	assert_int_equal(OPEN_WITH(ARX_HEAP_SYMBOLS, 1, 2, 0, 1, 0, 0, 0),
					 ARX_HEAP_READ_OK);
	assert_int_equal(OPEN_WITH(ARX_HEAP_SYMBOLS, 1, 2, 0, 0, 0, 0, 0),
					 ARX_HEAP_READ_DAMAGED);
	assert_int_equal(OPEN_WITH(ARX_HEAP_SYMBOLS, 1, 2, 0, 2, 0, 0, 0),
					 ARX_HEAP_READ_DAMAGED);
	assert_int_equal(OPEN_WITH(ARX_HEAP_SYMBOLS, 1, 3, 0, 1, 0, 0, 0),
					 ARX_HEAP_READ_DAMAGED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_section_of_a_sound_file_is_read),
		cmocka_unit_test(every_entry_of_a_sound_file_is_read),
		cmocka_unit_test(rows_that_nobody_asks_for_are_skipped),
		cmocka_unit_test(a_file_cut_off_anywhere_is_truncated),
		cmocka_unit_test(a_bit_flipped_anywhere_is_refused),
		cmocka_unit_test(random_bytes_are_refused),
		cmocka_unit_test(bytes_after_the_end_are_refused),
		cmocka_unit_test(a_newer_major_is_told_from_damage),
		cmocka_unit_test(what_a_newer_minor_adds_is_skipped),
		cmocka_unit_test(a_section_twice_or_in_the_wrong_place_is_refused),
		cmocka_unit_test(a_file_without_a_process_is_refused),
		cmocka_unit_test(counts_beyond_the_bytes_that_follow_are_refused),
		cmocka_unit_test(sites_that_cannot_be_are_refused),
		cmocka_unit_test(a_stack_of_more_frames_than_there_may_be_is_refused),
		cmocka_unit_test(rows_that_cannot_be_are_refused),
		cmocka_unit_test(other_entries_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests(tests, make_sample, drop_sample);
}
