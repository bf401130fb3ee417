/*
 * heap_format_write.c
 *	  Writes a heap snapshot, in two passes of the same calls; all but sites.
 *
 * The counting pass adds up what each section will have, the writing one hands
 * it on; both go through put_bytes().  Whatever is wrong sets failed, after
 * which nothing more reaches the sink: callers ask once, at the end.
 */
#include <string.h>

#include "libarx/heap_format_coding.h"

static void
store_number(uint8_t *out, uint64_t value, int width)
{
	for (int i = 0; i < width; i++)
		out[i] = (uint8_t) (value >> (8 * i));
}

/* ---- bytes --------------------------------------------------------------- */

static void
flush_buffer(ArxHeapWriter *writer)
{
	if (writer->used > 0 && !writer->failed &&
		!writer->sink(writer->context, writer->buffer, writer->used))
		writer->failed = true;
	writer->used = 0;
}

/* Hands bytes to the sink, by way of the buffer. */
static void
emit(ArxHeapWriter *writer, const void *bytes, size_t length)
{
	const uint8_t *from = bytes;

	while (length > 0 && writer->sink != NULL && !writer->failed)
	{
		size_t n = sizeof(writer->buffer) - writer->used;

		if (n > length)
			n = length;
		memcpy(writer->buffer + writer->used, from, n);
		writer->used += n;
		from += n;
		length -= n;
		if (writer->used == sizeof(writer->buffer))
			flush_buffer(writer);
	}
}

/* Adds bytes to the open section. */
static void
put_bytes(ArxHeapWriter *writer, const void *bytes, size_t length)
{
	writer->section_bytes += length;
	writer->section_crc = arx_heap_crc(writer->section_crc, bytes, length);
	emit(writer, bytes, length);
}

void
arx_heap_put_number(ArxHeapWriter *writer, uint64_t value)
{
	uint8_t bytes[ARX_VARINT_MAX_BYTES];

	put_bytes(writer, bytes, arx_varint_put(bytes, value));
}

void
arx_heap_put_difference(ArxHeapWriter *writer, uint64_t value, uint64_t base)
{
	arx_heap_put_number(writer, arx_heap_zigzag((int64_t) (value - base)));
}

static void
put_text(ArxHeapWriter *writer, const ArxHeapText *text)
{
	uint32_t length = text->length;

	if (length > ARX_HEAP_MAX_STRING)
		length = ARX_HEAP_MAX_STRING;
	arx_heap_put_number(writer, length);
	if (length > 0)
		put_bytes(writer, text->data, length);
}

/* ---- file and sections --------------------------------------------------- */

static void
emit_header(ArxHeapWriter *writer)
{
	uint8_t header[ARX_HEAP_HEADER_BYTES] = {0};

	memcpy(header, ARX_HEAP_MAGIC, 8);
	store_number(header + 8, ARX_HEAP_MAJOR, 2);
	store_number(header + 10, ARX_HEAP_MINOR, 2);
	store_number(header + 12, sizeof(header), 4);
	store_number(header + 16, arx_heap_write_size(writer), 8);
	store_number(header + 24, arx_heap_crc(0, header, sizeof(header)), 4);
	emit(writer, header, sizeof(header));
}

/* The payload's checksum goes on over the section's kind and size. */
static uint32_t
finish_crc(uint32_t payload_crc, uint32_t kind, uint64_t bytes)
{
	uint8_t numbers[12];

	store_number(numbers, kind, 4);
	store_number(numbers + 4, bytes, 8);
	return arx_heap_crc(payload_crc, numbers, sizeof(numbers));
}

static void
emit_section_header(ArxHeapWriter *writer, uint32_t kind, uint32_t crc,
					uint64_t bytes)
{
	uint8_t header[ARX_HEAP_SECTION_BYTES];

	store_number(header, kind, 4);
	store_number(header + 4, crc, 4);
	store_number(header + 8, bytes, 8);
	emit(writer, header, sizeof(header));
}

/* Kind of the open section, ARX_HEAP_END when none is. */
static uint32_t
open_kind(const ArxHeapWriter *writer)
{
	return writer->section == 0 ? (uint32_t) ARX_HEAP_END
								: writer->sections[writer->section - 1].kind;
}

/* Keeps what the counting pass learnt, checks that the writing one agrees. */
static void
close_section(ArxHeapWriter *writer)
{
	uint32_t kind = open_kind(writer);
	uint32_t i = writer->section - 1;
	uint32_t crc;

	if (kind == ARX_HEAP_END)
		return;
	if (writer->entries_left > 0 || writer->functions_left > 0)
		writer->failed = true;
	crc = finish_crc(writer->section_crc, kind, writer->section_bytes);
	if (writer->sink == NULL)
	{
		writer->sections[i].crc = crc;
		writer->sections[i].bytes = writer->section_bytes;
	}
	else if (crc != writer->sections[i].crc ||
			 writer->section_bytes != writer->sections[i].bytes)
		writer->failed = true;
}

/* May a section of this kind and size come now? */
static bool
is_next_section(const ArxHeapWriter *writer, uint32_t kind, uint64_t count)
{
	if (writer->ended || kind <= open_kind(writer) || kind > ARX_HEAP_SYMBOLS)
		return false;
	if (writer->section == 0 && kind != ARX_HEAP_PROCESS)
		return false;
	if (kind == ARX_HEAP_MODULES && count > ARX_HEAP_MAX_MODULES)
		return false;
	if (kind == ARX_HEAP_EPOCHS && count > ARX_HEAP_MAX_EPOCHS)
		return false;
	return writer->sink == NULL ||
		(writer->section < writer->nsections &&
		 kind == writer->sections[writer->section].kind);
}

static void
begin_pass(ArxHeapWriter *writer, ArxHeapSink sink, void *context)
{
	writer->sink = sink;
	writer->context = context;
	writer->ended = false;
	writer->section = 0;
	writer->entries_left = 0;
	writer->functions_left = 0;
	writer->used = 0;
	memset(&writer->coding, 0, sizeof(writer->coding));
}

void
arx_heap_write_begin(ArxHeapWriter *writer)
{
	writer->failed = false;
	writer->nsections = 0;
	begin_pass(writer, NULL, NULL);
}

void
arx_heap_write_to(ArxHeapWriter *writer, ArxHeapSink sink, void *context)
{
	if (!writer->ended)
		arx_heap_write_end(writer);
	begin_pass(writer, sink, context);
	emit_header(writer);
}

uint64_t
arx_heap_write_size(const ArxHeapWriter *writer)
{
	uint64_t size = ARX_HEAP_HEADER_BYTES + ARX_HEAP_SECTION_BYTES;

	for (uint32_t i = 0; i < writer->nsections; i++)
		size += ARX_HEAP_SECTION_BYTES + writer->sections[i].bytes;
	return size;
}

bool
arx_heap_write_end(ArxHeapWriter *writer)
{
	if (writer->ended)
		return !writer->failed;
	close_section(writer);
	writer->ended = true;
	if (writer->section == 0)
		writer->failed = true;
	if (writer->sink == NULL)
	{
		writer->nsections = writer->section;
		return !writer->failed;
	}
	if (writer->section != writer->nsections)
		writer->failed = true;
	emit_section_header(writer, ARX_HEAP_END, finish_crc(0, ARX_HEAP_END, 0),
						0);
	flush_buffer(writer);
	return !writer->failed;
}

void
arx_heap_write_section(ArxHeapWriter *writer, ArxHeapSectionKind kind,
					   uint64_t count)
{
	uint32_t i = writer->section;

	close_section(writer);
	writer->entries_left = 0;
	if (!is_next_section(writer, kind, count))
	{
		writer->failed = true;
		return;
	}
	if (writer->sink == NULL)
		writer->sections[i].kind = kind;
	else
		emit_section_header(writer, kind, writer->sections[i].crc,
							writer->sections[i].bytes);
	writer->section++;
	writer->section_bytes = 0;
	writer->section_crc = 0;
	arx_heap_coding_begin(&writer->coding);
	if (kind <= ARX_HEAP_COUNTERS)
		count = 1;
	else
		arx_heap_put_number(writer, count);
	writer->entries_left = count;
	if (kind == ARX_HEAP_MODULES)
		writer->coding.nmodules = (uint32_t) count;
	if (kind == ARX_HEAP_EPOCHS)
		writer->coding.nepochs = (uint32_t) count;
}

/* ---- entries ------------------------------------------------------------- */

bool
arx_heap_take_entry(ArxHeapWriter *writer, ArxHeapSectionKind kind)
{
	if (open_kind(writer) != (uint32_t) kind || writer->entries_left == 0 ||
		writer->ended)
		writer->failed = true;
	else
		writer->entries_left--;
	return !writer->failed;
}

void
arx_heap_write_process(ArxHeapWriter *writer, const ArxHeapProcess *process)
{
	const char *fields = (const char *) process;

	if (!arx_heap_take_entry(writer, ARX_HEAP_PROCESS))
		return;
	for (int i = 0; i < ARX_HEAP_PROCESS_NUMBERS; i++)
		arx_heap_put_number(
			writer, *(const uint64_t *) (fields + arx_heap_process_numbers[i]));
	for (int i = 0; i < ARX_HEAP_PROCESS_TEXTS; i++)
		put_text(writer,
				 (const ArxHeapText *) (fields + arx_heap_process_texts[i]));
	writer->coding.sample_bytes = process->sample_bytes;
}

void
arx_heap_write_ledger(ArxHeapWriter *writer,
					  const int64_t ledger[ARX_HEAP_NLEDGER])
{
	if (!arx_heap_take_entry(writer, ARX_HEAP_LEDGER))
		return;
	arx_heap_put_number(writer, ARX_HEAP_NLEDGER);
	for (int i = 0; i < ARX_HEAP_NLEDGER; i++)
		arx_heap_put_number(writer, arx_heap_zigzag(ledger[i]));
}

void
arx_heap_write_counters(ArxHeapWriter *writer,
						const uint64_t counters[ARX_HEAP_NCOUNTERS])
{
	if (!arx_heap_take_entry(writer, ARX_HEAP_COUNTERS))
		return;
	arx_heap_put_number(writer, ARX_HEAP_NCOUNTERS);
	for (int i = 0; i < ARX_HEAP_NCOUNTERS; i++)
		arx_heap_put_number(writer, counters[i]);
}

void
arx_heap_write_module(ArxHeapWriter *writer, const ArxHeapModule *module)
{
	uint64_t end = module->end < module->start ? module->start : module->end;
	ArxHeapText build_id = module->build_id;

	if (!arx_heap_take_entry(writer, ARX_HEAP_MODULES))
		return;
	if (build_id.length > ARX_HEAP_MAX_BUILD_ID)
		build_id.length = 0;
	arx_heap_put_difference(writer, module->start, writer->coding.last_value);
	arx_heap_put_number(writer, end - module->start);
	arx_heap_put_difference(writer, module->start, module->bias);
	put_text(writer, &build_id);
	put_text(writer, &module->path);
	writer->coding.last_value = end;
}

void
arx_heap_write_epoch(ArxHeapWriter *writer, uint64_t end_ms)
{
	if (end_ms < writer->coding.last_value)
		writer->failed = true;
	if (!arx_heap_take_entry(writer, ARX_HEAP_EPOCHS))
		return;
	arx_heap_put_number(writer, end_ms - writer->coding.last_value);
	writer->coding.last_value = end_ms;
}

void
arx_heap_write_code(ArxHeapWriter *writer, const ArxHeapCode *code)
{
	uint64_t bytes = code->bytes;

	if (!arx_heap_take_entry(writer, ARX_HEAP_CODE))
		return;
	if (bytes > UINT64_MAX - code->address)
		bytes = UINT64_MAX - code->address;
	arx_heap_put_difference(writer, code->address, writer->coding.last_value);
	arx_heap_put_number(writer, bytes);
	put_text(writer, &code->name);
	writer->coding.last_value = code->address;
}

void
arx_heap_write_label(ArxHeapWriter *writer, const ArxHeapLabel *label)
{
	if (!arx_heap_take_entry(writer, ARX_HEAP_LABELS))
		return;
	arx_heap_put_number(writer, label->label);
	put_text(writer, &label->name);
}

/* Begins an address; its functions follow. */
static void
put_symbol_address(ArxHeapWriter *writer, const ArxHeapSymbol *symbol)
{
	uint64_t *last = &writer->coding.last_address[symbol->module & 255];

	arx_heap_put_number(writer, symbol->module + 1U);
	arx_heap_put_difference(writer, symbol->address, *last);
	arx_heap_put_number(writer, symbol->count);
	*last = symbol->address;
	writer->functions_left = symbol->count;
}

void
arx_heap_write_symbol(ArxHeapWriter *writer, const ArxHeapSymbol *symbol)
{
	if (symbol->depth == 0)
	{
		if (writer->functions_left > 0 || symbol->count == 0)
			writer->failed = true;
		if (arx_heap_take_entry(writer, ARX_HEAP_SYMBOLS))
			put_symbol_address(writer, symbol);
	}
	if (writer->functions_left == 0)
		writer->failed = true;
	if (writer->failed)
		return;
	writer->functions_left--;
	put_text(writer, &symbol->function);
	put_text(writer, &symbol->file);
	arx_heap_put_number(writer, symbol->line);
}
