/*
 * test_profile_load.c
 *	  Snapshots in memory: what is loaded, how it is named, how sure it is.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "analysis/jit_name.h"
#include "analysis/profile.h"
#include "libarx/chi_square.h"
#include "tests/unit/profile_sample.h"

static ArxProfile *
load_small(void)
{
	const char *error = NULL;
	const char *path = sample_path("small.arxheap");
	ArxProfile *profile;

	save_sample(path, write_small_content, NULL);
	profile = arx_profile_load(path, &error);
	if (profile == NULL)
		fail_msg("%s", error);
	remove_sample(path);
	return profile;
}

static void
sums_are_those_of_the_rows(void **state)
{
	ArxProfile *profile = load_small();

	(void) state;
	assert_int_equal(profile->nsites, 3);
	for (size_t i = 0; i < profile->nsites; i++)
	{
		const ArxProfileSite *site = &profile->sites[i];
		int64_t samples = 0;
		double bytes = 0;
		double variance = 0;

		for (uint32_t j = 0; j < site->nrows; j++)
		{
			samples += site->rows[j].samples;
			bytes += site->rows[j].bytes;
			variance += site->rows[j].variance;
		}
		assert_int_equal(site->samples, samples);
		assert_true(site->bytes == bytes && site->variance == variance);
	}
	assert_int_equal(profile->sites[0].samples, 10);
	assert_int_equal(profile->process.pid, 4711);
	assert_string_equal(profile->process.host.data, "db1");
	assert_int_equal(profile->sites[0].lifetimes[48], 1);
	assert_string_equal(profile->sites[1].label_name, "SELECT $1");
	assert_string_equal(profile->sites[0].label_name, "");
	arx_profile_free(profile);
}

static void
names_come_from_the_file_then_the_code_then_the_symbolizer(void **state)
{
	ArxProfile *profile = load_small();
	const ArxProfileSite *site;

	(void) state;
	sample_questions = 0;
	arx_profile_symbolize(profile, NULL);
	assert_int_equal(sample_questions, 0);
	arx_profile_free(profile);

	profile = load_small();
	/* any pointer: the symbolizer of this test does not look at it */
	arx_profile_symbolize(profile, (ArxSymbolizer *) &sample_questions);
	site = &profile->sites[0];
	/* 29d8f, 1000, 2000, 3000 (makeNode <- palloc), 4000 (outer <- inner) */
	assert_int_equal(site->nfunctions, 7);
	assert_string_equal(site->functions[0]->name, "libc.so.6+0x29d8f");
	assert_false(site->functions[0]->named);
	assert_string_equal(site->functions[1]->name, "postgres+0x1000");
	assert_string_equal(site->functions[3]->name, "makeNode");
	assert_false(site->functions[3]->inlined);
	assert_null(site->functions[3]->file);
	assert_string_equal(site->functions[4]->name, "palloc");
	assert_true(site->functions[4]->inlined);
	assert_string_equal(site->functions[4]->file, "mcxt.c");
	assert_int_equal(site->functions[4]->line, 1214);
	assert_string_equal(site->functions[5]->name, "outer");
	assert_string_equal(site->functions[6]->name, "inner");
	site = &profile->sites[2];
	assert_string_equal(site->functions[2]->name, "LazyCompile:~f");
	assert_true(site->functions[2]->generated);
	/* six addresses are in no SYMBOLS or CODE, each asked for once */
	assert_int_equal(sample_questions, 6);
	arx_profile_free(profile);
}

static void
generated_code_is_named_by_function_file_and_line(void **state)
{
	static const struct
	{
		const char *text;
		const char *name;
		const char *file;
		unsigned line;
	} known[] = {
		{"JS:*load /srv/app.js:12:3", "load", "/srv/app.js", 12},
		{"LazyCompile:~get a b node:internal/url:7:41", "get",
		 "a b node:internal/url", 7},
		{"JS:^add file:///c/x.mjs:1:0", "add", "file:///c/x.mjs", 1},
		{"JS:* /srv/app.js:12:3", "(anonymous)", "/srv/app.js", 12},
		{"Builtin:ArrayPush", NULL, NULL, 0},
		{"JS:*", NULL, NULL, 0},
		{"JS:*f x:1", NULL, NULL, 0},
		{"JS:*f :1:2", NULL, NULL, 0},
		{"JS: 1:2", NULL, NULL, 0},
		{"", NULL, NULL, 0},
	};
	ArxProfileArena *arena = arx_arena_new();

	(void) state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		const char *name;
		const char *file;
		unsigned line;
		bool split =
			arx_jit_name_split(arena, known[i].text, &name, &file, &line);

		assert_int_equal(split, known[i].name != NULL);
		if (!split)
			continue;
		assert_string_equal(name, known[i].name);
		assert_string_equal(file, known[i].file);
		assert_int_equal(line, known[i].line);
	}
	arx_arena_free(arena);
}

/* A site of three frames: main program, this profiler, nowhere. */
static ArxProfile *
load_placed(const char *program, uint64_t base, bool with_profiler)
{
	const ArxHeapModule modules[2] = {
		{base, base + 0x100000, base, {"\1\2\3\4", 4}, text_of(program)},
		{base + 0x200000,
		 base + 0x300000,
		 base + 0x200000,
		 {NULL, 0},
		 text_of("/usr/lib/arxheap/libarxheap.so")},
	};
	const ArxHeapFrame frames[3] = {
		{ARX_HEAP_NO_MODULE, 0xabc}, {0, 0x4000}, {1, 0x77}};
	const ArxHeapRow row = equal_row(0, 3, 64, SAMPLE_MEAN);
	const uint64_t end = 60000;
	const ArxHeapSite site = {.nframes = with_profiler ? 3 : 2,
							  .frames = frames,
							  .births = 3,
							  .birth_bytes = row.bytes,
							  .nrows = 1,
							  .rows = &row};
	const SampleProfile sample = {.process = sample_process(SAMPLE_MEAN),
								  .nmodules = 2,
								  .modules = modules,
								  .nepochs = 1,
								  .epochs_ms = &end,
								  .nsites = 1,
								  .sites = &site};
	const char *path = sample_path("placed.arxheap");
	const char *error;
	ArxProfile *profile;

	save_sample(path, write_profile_content, &sample);
	profile = arx_profile_load(path, &error);
	assert_non_null(profile);
	remove_sample(path);
	return profile;
}

static void
a_site_is_the_same_wherever_its_build_was_loaded(void **state)
{
	ArxProfile *here = load_placed("/usr/bin/app", 0x550000000000, true);
	ArxProfile *there = load_placed("/srv/copy", 0x7f0000000000, true);

	(void) state;
	assert_true(here->sites[0].id == there->sites[0].id);
	arx_profile_free(here);
	arx_profile_free(there);
}

static void
the_profiler_is_not_in_the_stacks(void **state)
{
	ArxProfile *with = load_placed("/usr/bin/app", 0x550000000000, true);
	ArxProfile *without = load_placed("/usr/bin/app", 0x550000000000, false);

	(void) state;
	assert_int_equal(with->sites[0].nframes, 2);
	assert_true(with->sites[0].id == without->sites[0].id);
	arx_profile_symbolize(with, NULL);
	assert_string_equal(with->sites[0].functions[0]->name, "[unknown]+0xabc");
	assert_string_equal(with->sites[0].functions[1]->name, "app+0x4000");
	arx_profile_free(with);
	arx_profile_free(without);
}

static void
damaged_files_are_refused_with_a_sentence(void **state)
{
	const char *path = sample_path("damaged.arxheap");
	HeapFile file;

	(void) state;
	assert_true(write_heap_file(&file, write_small_content, NULL));
	for (size_t length = 0; length < file.size; length += 7)
	{
		const char *error = NULL;

		save_bytes(path, file.bytes, length);
		assert_null(arx_profile_load(path, &error));
		assert_non_null(strstr(error, path));
		assert_true(strlen(error) > strlen(path) + 5);
	}
	for (size_t i = 0; i < file.size; i += 11)
	{
		const char *error = NULL;

		file.bytes[i] ^= 0x10;
		save_bytes(path, file.bytes, file.size);
		assert_null(arx_profile_load(path, &error));
		assert_non_null(error);
		file.bytes[i] ^= 0x10;
	}
	free(file.bytes);
	remove_sample(path);
}

static void
an_absent_file_is_told_by_the_system(void **state)
{
	const char *error = NULL;

	(void) state;
	assert_null(arx_profile_load("/nowhere/x.arxheap", &error));
	assert_string_equal(error, "/nowhere/x.arxheap: No such file or directory");
}

static void
quantiles_are_those_of_the_tables(void **state)
{
	/* of SciPy 1.10: chi2.ppf(probability, degrees) */
	static const struct
	{
		double probability;
		double degrees;
		double value;
	} known[] = {
		{0.025, 2, 0.050635615968579795}, {0.975, 2, 7.377758908227871},
		{0.025, 20, 9.590777392264867},	  {0.975, 22, 36.78071208403581},
		{0.5, 1, 0.454936423119572},	  {0.975, 0.1, 1.1343475235},
		{0.025, 1000, 914.2571537989},	  {0.975, 20001, 20394.8934498},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		double value =
			arx_chi_square_quantile(known[i].probability, known[i].degrees);

		assert_true(fabs(value / known[i].value - 1) < 1e-7);
	}
	assert_true(arx_chi_square_quantile(0, 2) == 0);
	assert_true(arx_chi_square_quantile(0.5, 0) == 0);
}

static bool
is_near(double value, double wanted)
{
	return fabs(value - wanted) <= 1e-6 * fabs(wanted);
}

static void
few_small_blocks_have_the_exact_interval_of_a_poisson_number(void **state)
{
	double mean = SAMPLE_MEAN;
	ArxInterval none = arx_profile_interval(0, 0, 0, SAMPLE_MEAN, false);
	ArxInterval ten = arx_profile_interval(10 * mean, 10 * mean * mean, 10,
										   SAMPLE_MEAN, false);

	(void) state;
	assert_true(none.low == 0);
	assert_true(is_near(none.high, 3.688879454 * mean));
	assert_true(is_near(ten.low, 4.795388696 * mean));
	assert_true(is_near(ten.high, 18.390356042 * mean));
}

static void
many_samples_have_a_normal_interval(void **state)
{
	double mean = SAMPLE_MEAN;
	ArxInterval hundred = arx_profile_interval(100 * mean, 100 * mean * mean,
											   100, SAMPLE_MEAN, false);

	(void) state;
	assert_true(is_near(hundred.low, (100 - 19.59963985) * mean));
	assert_true(is_near(hundred.high, (100 + 19.59963985) * mean));
}

static void
what_is_not_sampled_is_exact(void **state)
{
	ArxInterval all = arx_profile_interval(4096, 0, 3, 1, false);
	ArxInterval less = arx_profile_interval(-100, 400, 2, 64, true);

	(void) state;
	assert_true(all.low == 4096 && all.high == 4096);
	assert_true(is_near(less.low, -139.19927970) &&
				is_near(less.high, -60.80072030));
}

/* Independent of how intervals are made: sample known bytes, and count. */
static void
intervals_hold_the_truth_as_often_as_they_say(void **state)
{
	uint64_t random = 42;
	int held = 0;
	int const trials = 4000;

	(void) state;
	for (int trial = 0; trial < trials; trial++)
	{
		uint64_t mean = 4096;
		uint64_t sizes[3] = {48, 700, 9000};
		int blocks[3] = {trial % 700, trial % 40, trial % 4};
		ArxHeapRow row = {.epoch = 0};
		ArxInterval interval;
		double truth = 0;

		for (int kind = 0; kind < 3; kind++)
			for (int i = 0; i < blocks[kind]; i++)
			{
				random = random * UINT64_C(6364136223846793005) + 1;
				truth += (double) sizes[kind];
				if ((double) (random >> 11) / 9007199254740992.0 <
					-expm1(-(double) sizes[kind] / (double) mean))
					add_block(&row, sizes[kind], mean);
			}
		interval = arx_profile_interval(row.bytes, row.variance, row.samples,
										mean, false);
		held += interval.low <= truth && truth <= interval.high;
	}
	assert_in_range(held, trials * 94 / 100, trials * 99 / 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_those_of_the_rows),
		cmocka_unit_test(
			names_come_from_the_file_then_the_code_then_the_symbolizer),
		cmocka_unit_test(generated_code_is_named_by_function_file_and_line),
		cmocka_unit_test(a_site_is_the_same_wherever_its_build_was_loaded),
		cmocka_unit_test(the_profiler_is_not_in_the_stacks),
		cmocka_unit_test(damaged_files_are_refused_with_a_sentence),
		cmocka_unit_test(an_absent_file_is_told_by_the_system),
		cmocka_unit_test(quantiles_are_those_of_the_tables),
		cmocka_unit_test(
			few_small_blocks_have_the_exact_interval_of_a_poisson_number),
		cmocka_unit_test(many_samples_have_a_normal_interval),
		cmocka_unit_test(what_is_not_sampled_is_exact),
		cmocka_unit_test(intervals_hold_the_truth_as_often_as_they_say),
	};

	return cmocka_run_group_tests_name("profile_load", tests, NULL, NULL);
}
