/*
 * test_profile_leaks.c
 *	  Series of snapshots: whose files are whose, what is judged, what is named.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "analysis/leak_series.h"
#include "tests/unit/profile_sample.h"

#define NEPOCHS 240
#define NSITES 40

static const ArxHeapModule module = {0x1000,
									 0x9000,
									 0,
									 {"\1\2\3\4", 4},
									 {"/usr/bin/app", 12}};
static uint64_t epochs_ms[NEPOCHS];
static ArxHeapRow rows[NEPOCHS];

/* Survivors of each epoch up to the last one, every step of them. */
static uint32_t
fill_rows(ArxHeapRow *to, uint32_t first, uint32_t step, uint32_t nepochs)
{
	uint32_t n = 0;

	for (uint32_t i = first; i < nepochs; i += step)
		to[n++] = equal_row(i, 2, 64, SAMPLE_MEAN);
	return n;
}

/* A leak below 0x4000 (inner inlined into outer), half an epoch each. */
static void
save_leak(const char *path, uint64_t pid, uint64_t sequence, uint32_t nepochs)
{
	const ArxHeapFrame frames[2] = {{0, 1}, {0, 0x4000}};
	ArxHeapSite site = {.nframes = 2, .frames = frames, .rows = rows};
	SampleProfile sample = {.process = sample_process(SAMPLE_MEAN),
							.nmodules = 1,
							.modules = &module,
							.nepochs = nepochs,
							.epochs_ms = epochs_ms,
							.nsites = 1,
							.sites = &site};

	site.nrows = fill_rows(rows, 0, 1, nepochs);
	site.births = 2 * (uint64_t) site.nrows;
	site.birth_bytes = (double) site.births * SAMPLE_MEAN;
	sample.process.pid = pid;
	sample.process.sequence = sequence;
	sample.process.elapsed_ms = epochs_ms[nepochs - 1];
	save_sample(path, write_profile_content, &sample);
}

static int
set_epochs(void **state)
{
	(void) state;
	for (uint64_t i = 0; i < NEPOCHS; i++)
		epochs_ms[i] = 30000 * (i + 1);
	return 0;
}

static ArxLeakReport *
report_on(const char *const *paths, size_t npaths)
{
	ArxLeakOptions options = {.pid = 0};

	arx_leak_defaults(&options.parameters);
	options.symbolizer = (ArxSymbolizer *) &sample_questions;
	return arx_leak_report(paths, npaths, &options);
}

static void
a_leak_is_named_after_who_allocates(void **state)
{
	char path[256];
	const char *paths[1] = {path};
	ArxLeakReport *report;
	const ArxLeakEntry *entry;

	(void) state;
	snprintf(path, sizeof(path), "%s", sample_path("one"));
	save_leak(path, 7, 1, NEPOCHS);
	report = report_on(paths, 1);
	assert_int_equal(report->nseries, 1);
	assert_int_equal(report->nproblems, 0);
	assert_int_equal(report->series[0].nentries, 1);
	entry = &report->series[0].entries[0];
	assert_int_equal(entry->finding.verdict, ARX_LEAK_LEAK);
	assert_string_equal(entry->shown->name, "inner");
	assert_int_equal(entry->shown->line, 3);
	assert_true(entry->live.low < entry->finding.live_bytes &&
				entry->live.high > entry->finding.live_bytes);
	/* a megabyte each half minute */
	assert_true(entry->finding.bytes_per_hour_low < 126e6 &&
				entry->finding.bytes_per_hour_high > 126e6);
	assert_true(strlen(entry->evidence) > 20);
	arx_leak_report_free(report);
	remove_sample(path);
}

static void
files_are_grouped_by_their_process_and_none_is_lost(void **state)
{
	char names[6][256];
	const char *paths[6];
	ArxLeakReport *report;

	(void) state;
	for (int i = 0; i < 6; i++)
	{
		const char name[] = {(char) ('a' + i), '\0'};

		snprintf(names[i], sizeof(names[i]), "%s", sample_path(name));
		paths[i] = names[i];
	}
	save_leak(paths[0], 8, 3, NEPOCHS);
	save_leak(paths[1], 7, 1, 30);
	save_leak(paths[2], 8, 1, 60);
	save_bytes(paths[3], "ARXHEAP\nnot really", 18);
	save_leak(paths[4], 8, 2, 90);
	/* the sixth does not exist */
	report = report_on(paths, 6);
	assert_int_equal(report->nseries, 2);
	assert_int_equal(report->series[0].latest->process.pid, 7);
	assert_int_equal(report->series[0].nsnapshots, 1);
	assert_int_equal(report->series[1].latest->process.pid, 8);
	assert_int_equal(report->series[1].latest->process.sequence, 3);
	assert_int_equal(report->series[1].nsnapshots, 3);
	assert_int_equal(report->series[1].nhistory, 2);
	assert_int_equal(report->nproblems, 2);
	assert_string_equal(report->problems[0].path, paths[3]);
	assert_string_equal(report->problems[1].path, paths[5]);
	assert_string_equal(report->problems[1].sentence,
						"No such file or directory");
	arx_leak_report_free(report);
	for (int i = 0; i < 5; i++)
		remove_sample(paths[i]);
}

/* Many callees of one function, each with too few survivors to judge. */
static void
small_sites_below_one_call_are_judged_together(void **state)
{
	static ArxHeapFrame frames[NSITES][3];
	static ArxHeapRow site_rows[NSITES][NEPOCHS];
	ArxHeapSite sites[NSITES] = {{0}};
	SampleProfile sample = {.process = sample_process(SAMPLE_MEAN),
							.nmodules = 1,
							.modules = &module,
							.nepochs = NEPOCHS,
							.epochs_ms = epochs_ms,
							.nsites = NSITES,
							.sites = sites};
	const char *path = sample_path("small");
	ArxLeakReport *report;
	const ArxLeakEntry *entry;

	(void) state;
	sample.process.elapsed_ms = epochs_ms[NEPOCHS - 1];
	for (uint32_t i = 0; i < NSITES; i++)
	{
		frames[i][0] = (ArxHeapFrame){0, 1};
		frames[i][1] = (ArxHeapFrame){0, 2};
		frames[i][2] = (ArxHeapFrame){0, 0x100 + i};
		sites[i].nframes = 3;
		sites[i].frames = frames[i];
		sites[i].rows = site_rows[i];
		sites[i].nrows = fill_rows(site_rows[i], i, 60, NEPOCHS);
		sites[i].births = 2 * (uint64_t) sites[i].nrows;
		sites[i].birth_bytes = (double) sites[i].births * SAMPLE_MEAN;
	}
	save_sample(path, write_profile_content, &sample);
	report = report_on(&path, 1);
	assert_int_equal(report->series[0].nentries, 1);
	entry = &report->series[0].entries[0];
	assert_true(entry->finding.verdict >= ARX_LEAK_SUSPECT);
	assert_int_equal(entry->nsites, NSITES);
	assert_string_equal(entry->shown->name, "app+0x2");
	assert_int_equal(entry->nfunctions, 2);
	arx_leak_report_free(report);
	remove_sample(path);
}

static void
wrappers_of_malloc_are_not_who_allocates(void **state)
{
	static const ArxProfileFunction functions[] = {
		{.name = "main", .named = true},
		{.name = "load_orders", .named = true},
		{.name = "std::vector<int>::push_back(int&&)", .named = true},
		{.name = "operator new(unsigned long)", .named = true},
		{.name = "malloc", .named = true},
		{.name = "AllocSetAlloc", .named = true},
		{.name = "palloc0", .named = true},
	};
	const ArxProfileFunction *const cpp[] = {&functions[0], &functions[1],
											 &functions[2], &functions[3],
											 &functions[4]};
	const ArxProfileFunction *const postgres[] = {&functions[1], &functions[6],
												  &functions[5]};
	const ArxProfileFunction *const only[] = {&functions[6], &functions[5]};

	(void) state;
	assert_string_equal(arx_profile_shown_function(cpp, 5)->name,
						"load_orders");
	assert_string_equal(arx_profile_shown_function(postgres, 3)->name,
						"load_orders");
	assert_string_equal(arx_profile_shown_function(only, 2)->name,
						"AllocSetAlloc");
	assert_null(arx_profile_shown_function(only, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leak_is_named_after_who_allocates),
		cmocka_unit_test(files_are_grouped_by_their_process_and_none_is_lost),
		cmocka_unit_test(small_sites_below_one_call_are_judged_together),
		cmocka_unit_test(wrappers_of_malloc_are_not_who_allocates),
	};

	return cmocka_run_group_tests_name("profile_leaks", tests, set_epochs,
									   NULL);
}
