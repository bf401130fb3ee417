/*
 * heap_format_read.c
 *	  Opens a heap snapshot: header, sections, checksums, and one look at each
 *	  entry, so that what is opened can be read to its end.
 */
#include <string.h>

#include "libarx/heap_format_coding.h"

/* A header of a newer minor may be longer than ours, within reason. */
#define MAX_HEADER_BYTES 4096

/* The least bytes of an entry: what bounds a count. */
static const uint8_t min_entry_bytes[ARX_HEAP_SYMBOLS + 1] = {
	[ARX_HEAP_LEDGER] = 1, [ARX_HEAP_COUNTERS] = 1, [ARX_HEAP_MODULES] = 5,
	[ARX_HEAP_EPOCHS] = 1, [ARX_HEAP_SITES] = 9,	[ARX_HEAP_CODE] = 3,
	[ARX_HEAP_LABELS] = 2, [ARX_HEAP_SYMBOLS] = 6,
};

static uint64_t
load_number(const uint8_t *bytes, int width)
{
	uint64_t value = 0;

	for (int i = width - 1; i >= 0; i--)
		value = value << 8 | bytes[i];
	return value;
}

static ArxHeapReadStatus
refuse(ArxHeapReader *reader, ArxHeapReadStatus status, size_t offset,
	   const char *what)
{
	reader->error = what;
	reader->error_offset = offset;
	return status;
}

/* CRC-32C of the header with its crc itself zero. */
static uint32_t
header_crc(const uint8_t *header, size_t length)
{
	static const uint8_t zero[4] = {0};
	uint32_t crc = arx_heap_crc(0, header, 24);

	crc = arx_heap_crc(crc, zero, sizeof(zero));
	return arx_heap_crc(crc, header + 28, length - 28);
}

/* Is this a whole file that this reader knows?  *size: of its header. */
static ArxHeapReadStatus
check_header(ArxHeapReader *reader, size_t *size)
{
	const uint8_t *header = reader->bytes;
	size_t length = reader->length;
	uint64_t file_bytes;

	if (length == 0)
		return refuse(reader, ARX_HEAP_READ_TRUNCATED, 0, "the file is empty");
	if (memcmp(header, ARX_HEAP_MAGIC, length < 8 ? length : 8) != 0)
		return refuse(reader, ARX_HEAP_READ_FOREIGN, 0,
					  "the file is not a heap snapshot");
	if (length < ARX_HEAP_HEADER_BYTES)
		return refuse(reader, ARX_HEAP_READ_TRUNCATED, length,
					  "the file is cut off within its header");
	*size = load_number(header + 12, 4);
	if (*size < ARX_HEAP_HEADER_BYTES || *size > MAX_HEADER_BYTES)
		return refuse(reader, ARX_HEAP_READ_DAMAGED, 12,
					  "the file's header is damaged");
	if (*size > length)
		return refuse(reader, ARX_HEAP_READ_TRUNCATED, length,
					  "the file is cut off within its header");
	if (header_crc(header, *size) != load_number(header + 24, 4))
		return refuse(reader, ARX_HEAP_READ_DAMAGED, 24,
					  "the file's header is damaged: its checksum is wrong");
	reader->major = (uint16_t) load_number(header + 8, 2);
	reader->minor = (uint16_t) load_number(header + 10, 2);
	if (reader->major > ARX_HEAP_MAJOR)
		return refuse(reader, ARX_HEAP_READ_NEWER, 8,
					  "the file was written by a newer version, in a format "
					  "that this version does not know");
	if (reader->major != ARX_HEAP_MAJOR)
		return refuse(reader, ARX_HEAP_READ_DAMAGED, 8,
					  "the file has a format version that never was");
	file_bytes = load_number(header + 16, 8);
	if (file_bytes > length)
		return refuse(reader, ARX_HEAP_READ_TRUNCATED, length,
					  "the file is cut off");
	if (file_bytes < length)
		return refuse(reader, ARX_HEAP_READ_DAMAGED, (size_t) file_bytes,
					  "the file goes on after its end");
	return ARX_HEAP_READ_OK;
}

/* Notes a section whose checksum holds, and the count of its entries. */
static ArxHeapReadStatus
note_section(ArxHeapReader *reader, uint32_t kind, const uint8_t *payload,
			 size_t length)
{
	ArxHeapInput input = {reader, payload, payload + length, false};
	uint64_t max = UINT64_MAX;
	uint64_t count = 0;

	if (kind > ARX_HEAP_SYMBOLS)
		return ARX_HEAP_READ_OK;
	if (kind == ARX_HEAP_MODULES)
		max = ARX_HEAP_MAX_MODULES;
	if (kind == ARX_HEAP_EPOCHS)
		max = ARX_HEAP_MAX_EPOCHS;
	if (min_entry_bytes[kind] > 0)
	{
		count = arx_heap_get_number(&input, max);
		if (count > arx_heap_input_left(&input) / min_entry_bytes[kind])
			arx_heap_input_fail(
				&input, "a section has more entries than it has room for");
	}
	if (input.failed)
		return ARX_HEAP_READ_DAMAGED;
	reader->sections[kind].start = input.pos;
	reader->sections[kind].end = input.end;
	reader->sections[kind].count = count;
	return ARX_HEAP_READ_OK;
}

/* Checks the section at *pos and moves it behind; *kind was the one before. */
static ArxHeapReadStatus
check_section(ArxHeapReader *reader, size_t *pos, uint32_t *kind)
{
	const uint8_t *header = reader->bytes + *pos;
	const uint8_t *payload = header + ARX_HEAP_SECTION_BYTES;
	size_t left = reader->length - *pos;
	uint32_t last_kind = *kind;
	uint64_t bytes;
	uint32_t crc;

	if (left < ARX_HEAP_SECTION_BYTES)
		return refuse(reader, ARX_HEAP_READ_DAMAGED, *pos,
					  "the file has no end section");
	left -= ARX_HEAP_SECTION_BYTES;
	*kind = (uint32_t) load_number(header, 4);
	bytes = load_number(header + 8, 8);
	if (bytes > left)
		return refuse(reader, ARX_HEAP_READ_DAMAGED, *pos,
					  "a section is larger than the file");
	crc = arx_heap_crc(0, payload, (size_t) bytes);
	crc = arx_heap_crc(crc, header, 4);
	crc = arx_heap_crc(crc, header + 8, 8);
	if (crc != load_number(header + 4, 4))
		return refuse(reader, ARX_HEAP_READ_DAMAGED, *pos,
					  "a section is damaged: its checksum is wrong");
	if (*kind == ARX_HEAP_END ? left > 0 : *kind <= last_kind)
		return refuse(reader, ARX_HEAP_READ_DAMAGED, *pos,
					  "a section stands twice or in the wrong place");
	*pos += ARX_HEAP_SECTION_BYTES + (size_t) bytes;
	return note_section(reader, *kind, payload, (size_t) bytes);
}

static ArxHeapReadStatus
check_sections(ArxHeapReader *reader, size_t pos)
{
	uint32_t kind = ARX_HEAP_END;
	ArxHeapReadStatus status;

	do
		status = check_section(reader, &pos, &kind);
	while (status == ARX_HEAP_READ_OK && kind != ARX_HEAP_END);
	if (status == ARX_HEAP_READ_OK &&
		reader->sections[ARX_HEAP_PROCESS].start == NULL)
		return refuse(reader, ARX_HEAP_READ_DAMAGED, pos,
					  "the file does not say what process it is of");
	return status;
}

/* Reads the next entry of the cursor's section and forgets it. */
static ArxHeapReadStatus
check_entry(ArxHeapCursor *cursor)
{
	union
	{
		ArxHeapModule module;
		uint64_t end_ms;
		ArxHeapSite site;
		ArxHeapRow row;
		ArxHeapCode code;
		ArxHeapLabel label;
		ArxHeapSymbol symbol;
	} entry;
	ArxHeapReadStatus status;

	switch (cursor->kind)
	{
		case ARX_HEAP_MODULES:
			return arx_heap_read_module(cursor, &entry.module);
		case ARX_HEAP_EPOCHS:
			return arx_heap_read_epoch(cursor, &entry.end_ms);
		case ARX_HEAP_SITES:
			status = arx_heap_read_site(cursor, &entry.site);
			while (status == ARX_HEAP_READ_OK && cursor->rows_left > 0)
				status = arx_heap_read_row(cursor, &entry.row);
			return status;
		case ARX_HEAP_CODE:
			return arx_heap_read_code(cursor, &entry.code);
		case ARX_HEAP_LABELS:
			return arx_heap_read_label(cursor, &entry.label);
		case ARX_HEAP_SYMBOLS:
			return arx_heap_read_symbol(cursor, &entry.symbol);
		default:
			return ARX_HEAP_READ_DONE;
	}
}

static ArxHeapReadStatus
check_entries(ArxHeapReader *reader)
{
	ArxHeapReadStatus status = ARX_HEAP_READ_OK;
	ArxHeapCursor cursor;

	for (uint32_t kind = ARX_HEAP_MODULES;
		 kind <= ARX_HEAP_SYMBOLS && status == ARX_HEAP_READ_OK; kind++)
	{
		arx_heap_read_start(reader, (ArxHeapSectionKind) kind, &cursor);
		do
			status = check_entry(&cursor);
		while (status == ARX_HEAP_READ_OK);
		if (status == ARX_HEAP_READ_DONE)
			status = ARX_HEAP_READ_OK;
	}
	return status;
}

/* What is read whole: process, ledger, counters. */
static ArxHeapReadStatus
check_summary(ArxHeapReader *reader)
{
	uint64_t counters[ARX_HEAP_NCOUNTERS];
	int64_t ledger[ARX_HEAP_NLEDGER];
	ArxHeapProcess process;
	ArxHeapReadStatus status;

	status = arx_heap_read_process(reader, &process);
	if (status == ARX_HEAP_READ_OK)
		status = arx_heap_read_ledger(reader, ledger);
	if (status == ARX_HEAP_READ_OK)
		status = arx_heap_read_counters(reader, counters);
	reader->sample_bytes = process.sample_bytes;
	return status;
}

ArxHeapReadStatus
arx_heap_read_open(ArxHeapReader *reader, const void *bytes, size_t length)
{
	ArxHeapReadStatus status;
	size_t header_bytes = 0;

	memset(reader, 0, sizeof(*reader));
	reader->bytes = bytes;
	reader->length = length;
	status = check_header(reader, &header_bytes);
	if (status == ARX_HEAP_READ_OK)
		status = check_sections(reader, header_bytes);
	if (status == ARX_HEAP_READ_OK)
		status = check_summary(reader);
	if (status == ARX_HEAP_READ_OK)
		status = check_entries(reader);
	return status;
}

ArxHeapReadStatus
arx_heap_read_process(ArxHeapReader *reader, ArxHeapProcess *process)
{
	ArxHeapInput input = {reader, reader->sections[ARX_HEAP_PROCESS].start,
						  reader->sections[ARX_HEAP_PROCESS].end, false};
	char *fields = (char *) process;

	for (int i = 0; i < ARX_HEAP_PROCESS_NUMBERS; i++)
		*(uint64_t *) (fields + arx_heap_process_numbers[i]) =
			arx_heap_get_number(&input, UINT64_MAX);
	for (int i = 0; i < ARX_HEAP_PROCESS_TEXTS; i++)
		*(ArxHeapText *) (fields + arx_heap_process_texts[i]) =
			arx_heap_get_text(&input, ARX_HEAP_MAX_STRING);
	return input.failed ? ARX_HEAP_READ_DAMAGED : ARX_HEAP_READ_OK;
}

/*
 * The numbers of LEDGER or COUNTERS: those that this version knows into out,
 * of which there are n; 0 for those that are not in the file.
 */
static ArxHeapReadStatus
read_numbers(ArxHeapReader *reader, ArxHeapSectionKind kind, uint64_t *out,
			 uint64_t n)
{
	ArxHeapInput input = {reader, reader->sections[kind].start,
						  reader->sections[kind].end, false};
	uint64_t count = reader->sections[kind].count;

	memset(out, 0, n * sizeof(*out));
	for (uint64_t i = 0; i < count && !input.failed; i++)
	{
		uint64_t value = arx_heap_get_number(&input, UINT64_MAX);

		if (i < n)
			out[i] = value;
	}
	return input.failed ? ARX_HEAP_READ_DAMAGED : ARX_HEAP_READ_OK;
}

ArxHeapReadStatus
arx_heap_read_ledger(ArxHeapReader *reader, int64_t ledger[ARX_HEAP_NLEDGER])
{
	uint64_t coded[ARX_HEAP_NLEDGER];
	ArxHeapReadStatus status;

	status = read_numbers(reader, ARX_HEAP_LEDGER, coded, ARX_HEAP_NLEDGER);
	for (int i = 0; i < ARX_HEAP_NLEDGER; i++)
		ledger[i] = (int64_t) arx_heap_unzigzag(coded[i]);
	return status;
}

ArxHeapReadStatus
arx_heap_read_counters(ArxHeapReader *reader,
					   uint64_t counters[ARX_HEAP_NCOUNTERS])
{
	return read_numbers(reader, ARX_HEAP_COUNTERS, counters,
						ARX_HEAP_NCOUNTERS);
}
