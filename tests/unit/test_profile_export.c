/*
 * test_profile_export.c
 *	  Profiles in the formats of other tools: sums, escapes, and the same bytes
 *	  each time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <zlib.h>

#include "exporters/profile_export.h"
#include "libarx/protobuf.h"
#include "libarx/varint.h"
#include "tests/unit/profile_sample.h"

typedef bool (*Export)(const ArxProfile *profile, FILE *out);

static ArxProfile *
load(WriteContent content, const void *argument)
{
	const char *path = sample_path("export.arxheap");
	const char *error;
	ArxProfile *profile;

	save_sample(path, content, argument);
	profile = arx_profile_load(path, &error);
	if (profile == NULL)
		fail_msg("%s", error);
	remove_sample(path);
	arx_profile_symbolize(profile, (ArxSymbolizer *) &sample_questions);
	return profile;
}

static bool
draw_svg(const ArxProfile *profile, FILE *out)
{
	return arx_export_flame_svg(profile, "</title>&\"heap\"", out);
}

static bool
draw_html(const ArxProfile *profile, FILE *out)
{
	return arx_export_flame_html(profile, "</title>&\"heap\"", out);
}

static char *
export_with(Export export, const ArxProfile *profile, size_t *length)
{
	char *bytes;
	FILE *out = open_memstream(&bytes, length);

	assert_non_null(out);
	assert_true(export(profile, out));
	fclose(out);
	return bytes;
}

/* Three sites: of malloc with a name to fear, of mmap, and only reserved. */
static ArxProfile *
load_hostile(void)
{
	static const char name[] =
		"a<script>alert(1)</script>&\"';b\n]]>\xff\x01 \xe2\x82\xac";
	const ArxHeapModule module = {
		0x1000, 0x9000, 0, {"\1\2\3\4", 4}, text_of("/usr/bin/<app>")};
	const ArxHeapFrame frames[3][2] = {
		{{0, 1}, {ARX_HEAP_NO_MODULE, 0x500}}, {{0, 1}, {0, 3}}, {{0, 4}}};
	const ArxHeapRow rows[3] = {
		equal_row(0, 40, 64, SAMPLE_MEAN),
		{.samples = 1, .size = 8192, .bytes = 8192, .objects = 1},
		{.samples = 1, .size = 1 << 30, .bytes = 1 << 30, .objects = 1}};
	const ArxHeapSite sites[3] = {{.nframes = 2,
								   .frames = frames[0],
								   .label = 5,
								   .nrows = 1,
								   .rows = &rows[0]},
								  {.kind = ARX_HEAP_SITE_MMAP,
								   .nframes = 2,
								   .frames = frames[1],
								   .nrows = 1,
								   .rows = &rows[1]},
								  {.kind = ARX_HEAP_SITE_RESERVE,
								   .nframes = 1,
								   .frames = frames[2],
								   .nrows = 1,
								   .rows = &rows[2]}};
	const ArxHeapCode code = {0x500, 16, {name, sizeof(name) - 1}};
	const ArxHeapLabel label = {5, {name, sizeof(name) - 1}};
	const uint64_t end = 60000;
	const SampleProfile sample = {.process = sample_process(SAMPLE_MEAN),
								  .nmodules = 1,
								  .modules = &module,
								  .nepochs = 1,
								  .epochs_ms = &end,
								  .nsites = 3,
								  .sites = sites,
								  .ncodes = 1,
								  .codes = &code,
								  .nlabels = 1,
								  .labels = &label};

	return load(write_profile_content, &sample);
}

static void
folded_lines_hold_calls_and_bytes(void **state)
{
	ArxProfile *profile = load_hostile();
	size_t length;
	char *text = export_with(arx_export_folded, profile, &length);

	(void) state;
	assert_string_equal(
		text,
		"<app>+0x1;a<script>alert(1)</script>&\"':b?]]>?? \xe2\x82\xac "
		"20972800\n"
		"anonymous mappings;<app>+0x1;<app>+0x3 8192\n");
	free(text);
	arx_profile_free(profile);
}

static void
names_cannot_leave_their_place(void **state)
{
	static const Export exports[] = {draw_svg, draw_html};
	ArxProfile *profile = load_hostile();

	(void) state;
	for (int i = 0; i < 2; i++)
	{
		size_t length;
		char *text = export_with(exports[i], profile, &length);
		char *script = strstr(text, "<script>");

		assert_non_null(script);
		assert_null(strstr(script + 1, "<script>"));
		assert_null(strstr(text, "alert(1)<"));
		assert_null(strstr(text, "<app>"));
		assert_null(strchr(text, '\x01'));
		assert_null(strchr(text, '\xff'));
		assert_non_null(strstr(text, "&lt;/title&gt;&amp;&quot;heap&quot;"));
		assert_non_null(strstr(text, "&lt;script&gt;alert(1)"));
		assert_non_null(strstr(text, "anonymous mappings"));
		/* nothing is fetched: the only address is that of the SVG language */
		for (char *at = text; (at = strstr(at, "://")) != NULL; at++)
			assert_memory_equal(at, "://www.w3.org/2000/svg", 22);
		free(text);
	}
	arx_profile_free(profile);
}

static void
the_same_profile_gives_the_same_bytes(void **state)
{
	static const Export exports[] = {arx_export_pprof, arx_export_folded,
									 arx_export_speedscope, draw_svg,
									 draw_html};

	(void) state;
	for (size_t i = 0; i < sizeof(exports) / sizeof(exports[0]); i++)
	{
		ArxProfile *profile = load_hostile();
		size_t first_length;
		size_t second_length;
		char *first = export_with(exports[i], profile, &first_length);
		char *second;

		arx_profile_free(profile);
		profile = load_hostile();
		second = export_with(exports[i], profile, &second_length);
		assert_int_equal(first_length, second_length);
		assert_memory_equal(first, second, first_length);
		free(first);
		free(second);
		arx_profile_free(profile);
	}
}

static void
a_refusing_stream_is_told(void **state)
{
	static const Export exports[] = {arx_export_pprof, arx_export_folded,
									 arx_export_speedscope, draw_svg,
									 draw_html};
	ArxProfile *profile = load_hostile();

	(void) state;
	for (size_t i = 0; i < sizeof(exports) / sizeof(exports[0]); i++)
	{
		FILE *out = fopen("/dev/full", "w");
		bool written;

		if (out == NULL)
			skip();
		written = exports[i](profile, out) && fflush(out) == 0;
		assert_false(written);
		fclose(out);
	}
	arx_profile_free(profile);
}

/* ---- pprof, decoded by a reader of its own ------------------------------ */

static uint64_t
take(const uint8_t **at, const uint8_t *end)
{
	uint64_t number = 0;

	assert_int_equal(arx_varint_get(at, end, &number), ARX_VARINT_OK);
	return number;
}

/* The next field: its number; a length-delimited one's bytes in *inner. */
static uint32_t
next_field(const uint8_t **at, const uint8_t *end, const uint8_t **inner,
		   uint64_t *value)
{
	uint64_t tag = take(at, end);

	*value = take(at, end);
	*inner = NULL;
	assert_true((tag & 7) == 0 || (tag & 7) == 2);
	if ((tag & 7) == 2)
	{
		assert_true(*value <= (uint64_t) (end - *at));
		*inner = *at;
		*at += *value;
	}
	return (uint32_t) (tag >> 3);
}

static size_t
unpack(const char *packed, size_t length, uint8_t *bytes, size_t room)
{
	z_stream stream = {.next_in = (Bytef *) packed,
					   .avail_in = (uInt) length,
					   .next_out = bytes,
					   .avail_out = (uInt) room};

	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.avail_in, 0);
	inflateEnd(&stream);
	return stream.total_out;
}

static void
pprof_holds_what_lives(void **state)
{
	static uint8_t bytes[1 << 20];
	ArxProfile *profile = load_hostile();
	size_t length;
	char *packed = export_with(arx_export_pprof, profile, &length);
	const uint8_t *at = bytes;
	const uint8_t *end;
	uint64_t objects = 0;
	uint64_t space = 0;
	int samples = 0;
	int strings = 0;
	int types = 0;

	(void) state;
	end = bytes + unpack(packed, length, bytes, sizeof(bytes));
	while (at < end)
	{
		const uint8_t *inner;
		uint64_t value;
		uint32_t field = next_field(&at, end, &inner, &value);

		types += field == 1;
		if (field == 6)
		{
			/* the first string is empty, and all are UTF-8 */
			assert_true(strings++ > 0 || value == 0);
			assert_null(memchr(inner, 0xff, value));
		}
		if (field == 12)
			assert_int_equal(value, SAMPLE_MEAN);
		if (field == 2)
		{
			const uint8_t *part = inner;
			const uint8_t *part_end = inner + value;

			samples++;
			while (part < part_end)
				if (next_field(&part, part_end, &inner, &value) == 2)
				{
					objects += take(&inner, part_end);
					space += take(&inner, part_end);
				}
		}
	}
	assert_int_equal(types, 3);
	assert_int_equal(samples, 2);
	assert_int_equal(space, 20972800 + 8192);
	/* 40 samples of 64 bytes: 40 / (1 - exp(-64 / 524288)), and one mapping */
	assert_int_equal(objects, 327700 + 1);
	free(packed);
	arx_profile_free(profile);
}

static void
messages_are_as_the_encoding_says(void **state)
{
	/* the examples of the description of the encoding, and one nested */
	static const uint8_t wanted[] = {0x08, 0x96, 0x01, 0x12, 0x07, 't',	 'e',
									 's',  't',	 'i',  'n',	 'g',  0x1a, 0x03,
									 0x08, 0x96, 0x01, 0x22, 0x02, 0x03, 0x04};
	uint8_t bytes[64];
	ArxProtobuf message;
	size_t opened;

	(void) state;
	for (size_t room = 0; room <= sizeof(wanted) + 10; room++)
	{
		arx_protobuf_start(&message, bytes, room);
		memset(bytes, 0xee, sizeof(bytes));
		arx_protobuf_number(&message, 1, 150);
		arx_protobuf_number(&message, 9, 0);
		arx_protobuf_bytes(&message, 2, "testing", 7);
		opened = arx_protobuf_open(&message, 3);
		arx_protobuf_number(&message, 1, 150);
		arx_protobuf_close(&message, opened);
		opened = arx_protobuf_open(&message, 4);
		arx_protobuf_packed(&message, 3);
		arx_protobuf_packed(&message, 4);
		arx_protobuf_close(&message, opened);
		assert_int_equal(message.failed, room < sizeof(wanted));
		assert_int_equal(bytes[room], 0xee);
	}
	assert_int_equal(message.used, sizeof(wanted));
	assert_memory_equal(bytes, wanted, sizeof(wanted));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folded_lines_hold_calls_and_bytes),
		cmocka_unit_test(names_cannot_leave_their_place),
		cmocka_unit_test(the_same_profile_gives_the_same_bytes),
		cmocka_unit_test(a_refusing_stream_is_told),
		cmocka_unit_test(pprof_holds_what_lives),
		cmocka_unit_test(messages_are_as_the_encoding_says),
	};

	return cmocka_run_group_tests_name("profile_export", tests, NULL, NULL);
}
