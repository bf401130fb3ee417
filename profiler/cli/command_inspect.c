/*
 * command_inspect.c
 *	  arxheap inspect: a snapshot file as it is, and what is wrong with it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/profile_parts.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/little_endian.h"
#include "cli/options.h"
#include "cli/site_print.h"
#include "cli/text_print.h"

#define MOST_SECTIONS 32 /* shown of a file */

const char arx_help_inspect[] =
	"usage: arxheap inspect [options] FILE\n"
	"\n"
	"Shows what a snapshot file holds, record by record, as it was written: header,\n"
	"sections with their checksums, process, ledger, counters, modules, epochs,\n"
	"sites.  Of a file that is damaged, cut, foreign or newer it says what is wrong\n"
	"and where, and exits with status 2.\n"
	"\n"
	"  -a, --all                all records (otherwise at most 20 of a kind)\n"
	"      --json               header, sections and soundness, for programs\n"
	"      --progress           say on stderr what takes long, also without a terminal\n"
	"  -h, --help               this text\n"
	"\n"
	"examples:\n"
	"  arxheap inspect snap.arxheap\n"
	"  arxheap inspect snap.arxheap --json | jq .sound\n";

static const char *const section_names[] = {
	"END",	  "PROCESS", "LEDGER", "COUNTERS", "MODULES",
	"EPOCHS", "SITES",	 "CODE",   "LABELS",   "SYMBOLS"};

static const char *const status_names[] = {"sound", "done",		 "foreign",
										   "newer", "truncated", "damaged"};

/* A section as its header in the file says. */
typedef struct Section
{
	size_t offset;
	uint32_t kind;
	uint32_t crc;
	uint64_t bytes;
	bool complete; /* all its bytes are there */
	bool matches;  /* and the checksum fits */
} Section;

/* What inspect knows of a file. */
typedef struct Inspection
{
	const char *path;
	const uint8_t *bytes;
	size_t length;
	ArxHeapReader reader;
	ArxHeapReadStatus status;
	uint64_t most; /* records of a kind */
	Section sections[MOST_SECTIONS];
	size_t nsections;
} Inspection;

/* CRC-32C of payload and then kind and size, as heap_format.h states. */
static bool
checksum_fits(const uint8_t *section, uint64_t bytes, uint32_t expected)
{
	uint8_t kind_and_size[12];
	uint32_t crc =
		arx_heap_crc(0, section + ARX_HEAP_SECTION_BYTES, (size_t) bytes);

	memcpy(kind_and_size, section, 4);
	memcpy(kind_and_size + 4, section + 8, 8);
	return arx_heap_crc(crc, kind_and_size, sizeof(kind_and_size)) == expected;
}

/* Walks the sections as far as their headers make sense, sound or not. */
static void
find_sections(Inspection *in)
{
	size_t at = in->length >= ARX_HEAP_HEADER_BYTES
		? arx_little_endian(in->bytes + 12, 4)
		: in->length;

	while (in->nsections < MOST_SECTIONS && at < in->length &&
		   in->length - at >= ARX_HEAP_SECTION_BYTES)
	{
		Section *section = &in->sections[in->nsections++];
		const uint8_t *start = in->bytes + at;

		section->offset = at;
		section->kind = (uint32_t) arx_little_endian(start, 4);
		section->crc = (uint32_t) arx_little_endian(start + 4, 4);
		section->bytes = arx_little_endian(start + 8, 8);
		section->complete =
			section->bytes <= in->length - at - ARX_HEAP_SECTION_BYTES;
		if (!section->complete)
			return;
		section->matches = checksum_fits(start, section->bytes, section->crc);
		at += ARX_HEAP_SECTION_BYTES + (size_t) section->bytes;
		if (section->kind == ARX_HEAP_END)
			return;
	}
}

static const char *
section_name(uint32_t kind)
{
	return kind < sizeof(section_names) / sizeof(*section_names)
		? section_names[kind]
		: "unknown";
}

static void
print_header(const Inspection *in)
{
	if (in->length < ARX_HEAP_HEADER_BYTES ||
		memcmp(in->bytes, ARX_HEAP_MAGIC, 8) != 0)
	{
		printf("file: %zu bytes, not a heap snapshot\n", in->length);
		return;
	}
	printf("file: %zu bytes; header: version %u.%u, %u bytes, file of %" PRIu64
		   " bytes, checksum %08x\n",
		   in->length, (unsigned) arx_little_endian(in->bytes + 8, 2),
		   (unsigned) arx_little_endian(in->bytes + 10, 2),
		   (unsigned) arx_little_endian(in->bytes + 12, 4),
		   arx_little_endian(in->bytes + 16, 8),
		   (unsigned) arx_little_endian(in->bytes + 24, 4));
}

static void
print_sections(const Inspection *in)
{
	ArxTable table;

	if (in->nsections == 0 || in->status == ARX_HEAP_READ_FOREIGN ||
		in->status == ARX_HEAP_READ_NEWER)
		return;
	arx_table_begin(&table, "rlrrll", "offset|section|bytes|entries|checksum|");
	for (size_t i = 0; i < in->nsections; i++)
	{
		const Section *section = &in->sections[i];

		arx_table_cell(&table, "%zu", section->offset);
		arx_table_cell(&table, "%s (%u)", section_name(section->kind),
					   section->kind);
		arx_table_cell(&table, "%" PRIu64, section->bytes);
		if (in->status == ARX_HEAP_READ_OK &&
			section->kind <= ARX_HEAP_SYMBOLS &&
			section->kind > ARX_HEAP_COUNTERS)
			arx_table_cell(&table, "%" PRIu64,
						   in->reader.sections[section->kind].count);
		else
			arx_table_cell(&table, "%s", "");
		arx_table_cell(&table, "%08x", section->crc);
		arx_table_cell(&table, "%s",
					   !section->complete	  ? "cut off"
						   : section->matches ? "fits"
											  : "DOES NOT FIT");
	}
	fputc('\n', stdout);
	arx_table_print(&table, stdout, 0);
}

/* A text of the file, cleaned, in a ring of buffers for one printf(). */
static const char *
shown(ArxHeapText text)
{
	static char buffers[4][ARX_HEAP_MAX_STRING + 1];
	static unsigned next;
	char raw[ARX_HEAP_MAX_STRING + 1];
	size_t length =
		text.length < ARX_HEAP_MAX_STRING ? text.length : ARX_HEAP_MAX_STRING;

	memcpy(raw, text.data, length);
	raw[length] = '\0';
	next = (next + 1) % 4;
	return arx_text_clean(buffers[next], sizeof(buffers[next]), raw);
}

static void
print_process_record(Inspection *in)
{
	ArxHeapProcess p;
	char time[3][ARX_TEXT_MAX];

	if (arx_heap_read_process(&in->reader, &p) != ARX_HEAP_READ_OK)
		return;
	printf("\nprocess\n  pid %" PRIu64 ", parent %" PRIu64
		   ", pid namespace %" PRIu64 "\n",
		   p.pid, p.parent_pid, p.pid_namespace);
	printf("  started %s, profiled since %s, taken %s\n",
		   arx_text_time(time[0], p.start_us),
		   arx_text_time(time[1], p.profile_start_us),
		   arx_text_time(time[2], p.taken_us));
	printf("  elapsed %" PRIu64 " ms, sequence %" PRIu64
		   ", reason %s, sample %" PRIu64 " bytes, interval %" PRIu64 " ms\n",
		   p.elapsed_ms, p.sequence, arx_reason_name(p.reason), p.sample_bytes,
		   p.interval_ms);
	printf("  host %s, boot %s, written by %s\n", shown(p.host),
		   shown(p.boot_id), shown(p.runtime));
	printf("  executable %s\n", shown(p.executable));
	printf("  command %s\n", shown(p.command));
}

static void
print_numbers(Inspection *in)
{
	int64_t ledger[ARX_HEAP_NLEDGER];
	uint64_t counters[ARX_HEAP_NCOUNTERS];

	if (arx_heap_read_ledger(&in->reader, ledger) == ARX_HEAP_READ_OK)
	{
		fputs("\nledger\n", stdout);
		for (int i = 0; i < ARX_HEAP_NLEDGER; i++)
			printf("  %-18s %15" PRId64 "\n", arx_ledger_names[i], ledger[i]);
	}
	if (arx_heap_read_counters(&in->reader, counters) == ARX_HEAP_READ_OK)
	{
		fputs("\ncounters\n", stdout);
		for (int i = 0; i < ARX_HEAP_NCOUNTERS; i++)
			printf("  %-18s %15" PRIu64 "\n", arx_counter_names[i],
				   counters[i]);
	}
}

/* Begins a list of records; false when there are none. */
static bool
begin_records(Inspection *in, ArxHeapSectionKind kind, ArxHeapCursor *cursor,
			  const char *title)
{
	uint64_t count =
		in->reader.sections[kind].start ? in->reader.sections[kind].count : 0;

	arx_heap_read_start(&in->reader, kind, cursor);
	if (count)
		printf("\n%s (%" PRIu64 ")\n", title, count);
	return count > 0;
}

static void
end_records(const Inspection *in, uint64_t printed, uint64_t count)
{
	if (printed == in->most && printed < count)
		printf("  ... %" PRIu64 " more (--all)\n", count - printed);
}

static void
print_modules(Inspection *in, ArxHeapCursor *cursor)
{
	ArxHeapModule m;
	uint64_t n = 0;

	if (!begin_records(in, ARX_HEAP_MODULES, cursor,
					   "modules: start, end, bias, build id, path"))
		return;
	for (; n < in->most && arx_heap_read_module(cursor, &m) == ARX_HEAP_READ_OK;
		 n++)
	{
		printf("  %" PRIu64 ": %" PRIx64 " %" PRIx64 " %" PRIx64 " ", n,
			   m.start, m.end, m.bias);
		for (uint32_t i = 0; i < m.build_id.length; i++)
			printf("%02x", (unsigned char) m.build_id.data[i]);
		printf("%s %s\n", m.build_id.length ? "" : "-", shown(m.path));
	}
	end_records(in, n, in->reader.sections[ARX_HEAP_MODULES].count);
}

static void
print_epochs(Inspection *in, ArxHeapCursor *cursor)
{
	uint64_t end_ms;
	uint64_t n = 0;

	if (!begin_records(in, ARX_HEAP_EPOCHS, cursor,
					   "ends of epochs, ms after the profile's start"))
		return;
	for (; n < in->most &&
		 arx_heap_read_epoch(cursor, &end_ms) == ARX_HEAP_READ_OK;
		 n++)
		printf("%s%" PRIu64, n % 8 ? " " : n ? "\n  " : "  ", end_ms);
	fputc('\n', stdout);
	end_records(in, n, in->reader.sections[ARX_HEAP_EPOCHS].count);
}

static void
print_site(const ArxHeapSite *site, ArxHeapCursor *cursor)
{
	static const char *const kinds[] = {"malloc", "mmap", "reserve"};
	ArxHeapRow row;

	printf("  %s, flags %u, label %" PRIu64 ", births %" PRIu64
		   " of %.0f bytes, frees %" PRIu64 "\n    frames",
		   site->kind <= ARX_HEAP_SITE_RESERVE ? kinds[site->kind]
											   : "unknown kind",
		   site->flags, site->label, site->births, site->birth_bytes,
		   site->frees);
	for (uint32_t i = 0; i < site->nframes; i++)
		if (site->frames[i].module == ARX_HEAP_NO_MODULE)
			printf(" -:%" PRIx64, site->frames[i].address);
		else
			printf(" %u:%" PRIx64, site->frames[i].module,
				   site->frames[i].address);
	fputc('\n', stdout);
	for (int i = 0; i < ARX_HEAP_LIFETIME_CLASSES; i++)
		if (site->lifetimes[i])
			printf("    %u freed at %" PRIu64 " ms or more\n",
				   site->lifetimes[i], arx_heap_lifetime_start(i));
	while (arx_heap_read_row(cursor, &row) == ARX_HEAP_READ_OK)
		printf("    epoch %u: %u samples of %" PRIu64
			   " bytes, estimate %.0f bytes, variance %.4g, %.1f objects\n",
			   row.epoch, row.samples, row.size, row.bytes, row.variance,
			   row.objects);
}

static void
print_sites(Inspection *in, ArxHeapCursor *cursor)
{
	ArxHeapSite site;
	uint64_t n = 0;

	if (!begin_records(in, ARX_HEAP_SITES, cursor,
					   "sites: frames are module:address from the root"))
		return;
	for (;
		 n < in->most && arx_heap_read_site(cursor, &site) == ARX_HEAP_READ_OK;
		 n++)
		print_site(&site, cursor);
	end_records(in, n, in->reader.sections[ARX_HEAP_SITES].count);
}

static void
print_names(Inspection *in, ArxHeapCursor *cursor)
{
	ArxHeapCode code;
	ArxHeapLabel label;
	ArxHeapSymbol symbol;
	uint64_t n = 0;

	if (begin_records(in, ARX_HEAP_CODE, cursor,
					  "generated code: address, bytes, name"))
		for (; n < in->most &&
			 arx_heap_read_code(cursor, &code) == ARX_HEAP_READ_OK;
			 n++)
			printf("  %" PRIx64 " %" PRIu64 " %s\n", code.address, code.bytes,
				   shown(code.name));
	end_records(in, n, in->reader.sections[ARX_HEAP_CODE].count);
	n = 0;
	if (begin_records(in, ARX_HEAP_LABELS, cursor, "labels"))
		for (; n < in->most &&
			 arx_heap_read_label(cursor, &label) == ARX_HEAP_READ_OK;
			 n++)
			printf("  %" PRIu64 " %s\n", label.label, shown(label.name));
	end_records(in, n, in->reader.sections[ARX_HEAP_LABELS].count);
	n = 0;
	if (begin_records(in, ARX_HEAP_SYMBOLS, cursor,
					  "symbols: module, address, function, file, line"))
		for (; n < in->most &&
			 arx_heap_read_symbol(cursor, &symbol) == ARX_HEAP_READ_OK;
			 n += symbol.depth + 1 == symbol.count)
			printf("  %d:%" PRIx64 " %s%s %s %u\n", (int) symbol.module,
				   symbol.address,
				   symbol.depth + 1 < symbol.count ? "(inlined) " : "",
				   shown(symbol.function),
				   symbol.file.length ? shown(symbol.file) : "-", symbol.line);
	end_records(in, n, in->reader.sections[ARX_HEAP_SYMBOLS].count);
}

static void
print_inspection(Inspection *in)
{
	ArxHeapCursor *cursor = malloc(sizeof(*cursor));

	print_header(in);
	print_sections(in);
	if (cursor && in->status == ARX_HEAP_READ_OK)
	{
		print_process_record(in);
		print_numbers(in);
		print_modules(in, cursor);
		print_epochs(in, cursor);
		print_sites(in, cursor);
		print_names(in, cursor);
	}
	free(cursor);
}

static void
print_inspection_json(const Inspection *in)
{
	ArxJson json;

	arx_json_begin(&json, stdout);
	arx_json_open(&json, NULL, '{');
	arx_json_text(&json, "snapshot", in->path);
	arx_json_bool(&json, "sound", in->status == ARX_HEAP_READ_OK);
	arx_json_text(&json, "status", status_names[in->status]);
	arx_json_text(&json, "error",
				  in->status == ARX_HEAP_READ_OK ? NULL : in->reader.error);
	if (in->status != ARX_HEAP_READ_OK)
		arx_json_integer(&json, "error_offset",
						 (int64_t) in->reader.error_offset);
	arx_json_integer(&json, "bytes", (int64_t) in->length);
	arx_json_open(&json, "sections", '[');
	for (size_t i = 0; in->status != ARX_HEAP_READ_FOREIGN &&
		 in->status != ARX_HEAP_READ_NEWER && i < in->nsections;
		 i++)
	{
		const Section *section = &in->sections[i];

		arx_json_open(&json, NULL, '{');
		arx_json_text(&json, "kind", section_name(section->kind));
		arx_json_integer(&json, "offset", (int64_t) section->offset);
		arx_json_integer(&json, "bytes", (int64_t) section->bytes);
		if (in->status == ARX_HEAP_READ_OK && section->kind <= ARX_HEAP_SYMBOLS)
			arx_json_integer(
				&json, "entries",
				(int64_t) in->reader.sections[section->kind].count);
		arx_json_bool(&json, "checksum_fits",
					  section->complete && section->matches);
		arx_json_close(&json);
	}
	arx_json_close(&json);
	arx_json_close(&json);
}

int
arx_command_inspect(int argc, char **argv)
{
	bool all = false;
	bool as_json = false;
	const ArxOption options[] = {{"all", 'a', ARX_OPTION_FLAG, &all},
								 {"json", 0, ARX_OPTION_FLAG, &as_json},
								 {0}};
	Inspection in = {0};
	const char *problem = NULL;
	uint8_t *bytes;
	int first;
	int status;

	if (!arx_options_parse(argc, argv, options, 1, 1, &first, &status))
		return status;
	in.path = argv[first];
	in.most = all ? UINT64_MAX : 20;
	bytes = arx_snapshot_bytes(in.path, &in.length, &problem);
	if (!bytes)
	{
		arx_say_error(NULL, "could not read \"%s\": %s", in.path, problem);
		return ARX_EXIT_FAILED;
	}
	in.bytes = bytes;
	in.status = arx_heap_read_open(&in.reader, bytes, in.length);
	find_sections(&in);
	if (as_json)
		print_inspection_json(&in);
	else
		print_inspection(&in);
	if (in.status != ARX_HEAP_READ_OK)
		arx_say_error(NULL, "%s: %s (at byte %zu)", in.path, in.reader.error,
					  in.reader.error_offset);
	free(bytes);
	return arx_finish_output(in.status == ARX_HEAP_READ_OK ? ARX_EXIT_OK
														   : ARX_EXIT_FAILED);
}
