/*
 * test_heap_format_write.c
 *	  Writing heap snapshots: wrong calls make no file, what is too long is cut.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/heap_sample.h"

static ArxHeapReader reader;
static ArxHeapCursor cursor;

typedef enum Mistake
{
	NO_MISTAKE,
	TOO_FEW,
	TOO_MANY,
	UNKNOWN_EPOCH,
	UNKNOWN_KIND,
	UNKNOWN_SECTION,
	EPOCHS_GO_BACK,
	ROWS_GO_BACK,
	SECTIONS_GO_BACK,
	NO_PROCESS,
	NO_FUNCTION,
	FUNCTION_MISSING,
	FUNCTION_WITHOUT_ADDRESS,
	TOO_MANY_MODULES,
	TOO_MANY_EPOCHS,
	MORE_IN_SECOND_PASS,
	LESS_IN_SECOND_PASS,
	OTHER_BYTES_IN_SECOND_PASS,
	NMISTAKES
} Mistake;

static void
write_start(ArxHeapWriter *writer, Mistake mistake)
{
	const ArxHeapProcess process = sample_process(SAMPLE_MEAN);
	const uint32_t modules =
		ARX_HEAP_MAX_MODULES + (mistake == TOO_MANY_MODULES);
	const uint32_t epochs = ARX_HEAP_MAX_EPOCHS + (mistake == TOO_MANY_EPOCHS);

	if (mistake != NO_PROCESS)
	{
		arx_heap_write_section(writer, ARX_HEAP_PROCESS, 0);
		arx_heap_write_process(writer, &process);
	}
	arx_heap_write_section(writer, ARX_HEAP_MODULES, modules);
	for (uint32_t i = 0; i < modules; i++)
		arx_heap_write_module(writer, &(ArxHeapModule){.start = i});
	arx_heap_write_section(writer, ARX_HEAP_EPOCHS, epochs);
	for (uint32_t i = mistake == TOO_FEW; i < epochs; i++)
		arx_heap_write_epoch(writer,
							 mistake == EPOCHS_GO_BACK && i == 9 ? 0 : i);
	if (mistake == TOO_MANY)
		arx_heap_write_epoch(writer, epochs);
}

static void
write_names(ArxHeapWriter *writer, Mistake mistake)
{
	ArxHeapSymbol symbol = {.count = 2};

	arx_heap_write_section(writer, ARX_HEAP_SYMBOLS, 2);
	if (mistake == NO_FUNCTION)
		symbol.count = 0;
	if (mistake == FUNCTION_WITHOUT_ADDRESS)
		symbol.depth = 1;
	arx_heap_write_symbol(writer, &symbol);
	symbol.depth = 1;
	if (mistake != FUNCTION_MISSING)
		arx_heap_write_symbol(writer, &symbol);
	symbol.depth = 0;
	symbol.count = 1;
	arx_heap_write_symbol(writer, &symbol);
}

static void
write_with_mistake(ArxHeapWriter *writer, const void *argument)
{
	static int calls;
	const bool first_pass = calls++ % 2 == 0;
	const Mistake mistake = *(const Mistake *) argument;
	const ArxHeapRow rows[2] = {
		equal_row(mistake == ROWS_GO_BACK, 1, 100, 1000),
		equal_row(mistake == UNKNOWN_EPOCH ? ARX_HEAP_MAX_EPOCHS : 0, 1, 100,
				  1000)};
	const ArxHeapSite site = {
		.kind = ARX_HEAP_SITE_RESERVE + (mistake == UNKNOWN_KIND),
		.rows = rows,
		.nrows = 2,
		.births = mistake == OTHER_BYTES_IN_SECOND_PASS && first_pass};

	write_start(writer, mistake);
	arx_heap_write_section(writer, ARX_HEAP_SITES, 1);
	arx_heap_write_site(writer, &site);
	if (mistake == SECTIONS_GO_BACK)
	{
		arx_heap_write_section(writer, ARX_HEAP_EPOCHS, 1);
		arx_heap_write_epoch(writer, 0);
	}
	if (mistake == MORE_IN_SECOND_PASS && !first_pass)
		arx_heap_write_section(writer, ARX_HEAP_CODE, 0);
	if (mistake != LESS_IN_SECOND_PASS || first_pass)
		write_names(writer, mistake);
	if (mistake == UNKNOWN_SECTION)
		arx_heap_write_section(writer, ARX_HEAP_SYMBOLS + 1, 0);
}

static void
wrong_calls_make_no_file(void **state)
{
	(void) state;
	for (int mistake = NO_MISTAKE; mistake < NMISTAKES; mistake++)
	{
		const Mistake argument = (Mistake) mistake;
		HeapFile file;
		bool sound = write_heap_file(&file, write_with_mistake, &argument);

		if (sound != (mistake == NO_MISTAKE))
			print_message("# mistake %d\n", mistake);
		assert_int_equal(sound, mistake == NO_MISTAKE);
		assert_int_equal(arx_heap_read_open(&reader, file.bytes, file.size) ==
							 ARX_HEAP_READ_OK,
						 sound);
		free(file.bytes);
	}
}

static void
write_nothing(ArxHeapWriter *writer, const void *argument)
{
	(void) writer;
	(void) argument;
}

static void
a_file_of_nothing_is_none(void **state)
{
	HeapFile file;

	(void) state;
	assert_false(write_heap_file(&file, write_nothing, NULL));
	free(file.bytes);
}

/* Takes the first bytes, then no more. */
static bool
refuse_after_100_bytes(void *context, const void *bytes, size_t length)
{
	size_t *taken = context;

	(void) bytes;
	assert_in_range(*taken, 0, 100);
	*taken += length;
	return *taken <= 100;
}

static void
a_sink_that_refuses_is_not_asked_again(void **state)
{
	static ArxHeapWriter writer;
	size_t taken = 0;

	(void) state;
	arx_heap_write_begin(&writer);
	for (int pass = 0; pass < 2; pass++)
	{
		arx_heap_write_section(&writer, ARX_HEAP_PROCESS, 0);
		arx_heap_write_process(&writer, &(ArxHeapProcess){.pid = 1});
		arx_heap_write_section(&writer, ARX_HEAP_LABELS, 5000);
		for (uint64_t i = 0; i < 5000; i++)
			arx_heap_write_label(&writer, &(ArxHeapLabel){i, text_of("name")});
		assert_int_equal(arx_heap_write_end(&writer), pass == 0);
		if (pass == 0)
			arx_heap_write_to(&writer, refuse_after_100_bytes, &taken);
	}
	assert_in_range(taken, 1, sizeof(writer.buffer));
}

static char long_name[ARX_HEAP_MAX_STRING + 1];

static void
write_what_does_not_fit(ArxHeapWriter *writer, const void *argument)
{
	const ArxHeapProcess process = sample_process(SAMPLE_MEAN);
	const ArxHeapText name = {long_name, sizeof(long_name)};
	const ArxHeapText id = {long_name, ARX_HEAP_MAX_BUILD_ID + 1};

	(void) argument;
	arx_heap_write_section(writer, ARX_HEAP_PROCESS, 0);
	arx_heap_write_process(writer, &process);
	arx_heap_write_section(writer, ARX_HEAP_MODULES, 2);
	arx_heap_write_module(writer, &(ArxHeapModule){5, 6, 7, id, name});
	arx_heap_write_module(writer, &(ArxHeapModule){.start = 9, .end = 8});
	arx_heap_write_section(writer, ARX_HEAP_CODE, 1);
	arx_heap_write_code(writer,
						&(ArxHeapCode){UINT64_MAX - 5, 10, text_of("code")});
}

static void
what_does_not_fit_is_cut_and_read(void **state)
{
	HeapFile file;
	ArxHeapModule module;
	ArxHeapCode code;

	(void) state;
	memset(long_name, 'x', sizeof(long_name));
	assert_true(write_heap_file(&file, write_what_does_not_fit, NULL));
	assert_int_equal(arx_heap_read_open(&reader, file.bytes, file.size),
					 ARX_HEAP_READ_OK);
	arx_heap_read_start(&reader, ARX_HEAP_MODULES, &cursor);
	assert_int_equal(arx_heap_read_module(&cursor, &module), ARX_HEAP_READ_OK);
	assert_int_equal(module.path.length, ARX_HEAP_MAX_STRING);
	assert_int_equal(module.build_id.length, 0);
	assert_int_equal(module.bias, 7);
	assert_int_equal(arx_heap_read_module(&cursor, &module), ARX_HEAP_READ_OK);
	assert_int_equal(module.start, 9);
	assert_int_equal(module.end, 9);
	arx_heap_read_start(&reader, ARX_HEAP_CODE, &cursor);
	assert_int_equal(arx_heap_read_code(&cursor, &code), ARX_HEAP_READ_OK);
	assert_int_equal(code.bytes, 5);
	free(file.bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_calls_make_no_file),
		cmocka_unit_test(a_file_of_nothing_is_none),
		cmocka_unit_test(a_sink_that_refuses_is_not_asked_again),
		cmocka_unit_test(what_does_not_fit_is_cut_and_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
