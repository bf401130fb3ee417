/*
 * test_profile_exit.c
 *	  A program that frees all before it ends is judged by what it held.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "analysis/leak_series.h"
#include "tests/unit/profile_sample.h"

#define NEPOCHS 240

static const ArxHeapModule module = {0x1000,
									 0x9000,
									 0,
									 {"\1\2\3\4", 4},
									 {"/usr/bin/app", 12}};
static uint64_t epochs_ms[NEPOCHS];
static ArxHeapRow rows[NEPOCHS];

/* A site that keeps two samples of each epoch, or that has freed them all. */
static void
save_site(const char *path, uint64_t sequence, uint32_t nepochs, bool at_exit)
{
	const ArxHeapFrame frame = {0, 0x4000};
	ArxHeapSite site = {.nframes = 1, .frames = &frame, .rows = rows};
	SampleProfile sample = {.process = sample_process(SAMPLE_MEAN),
							.nmodules = 1,
							.modules = &module,
							.nepochs = nepochs,
							.epochs_ms = epochs_ms,
							.nsites = 1,
							.sites = &site};

	for (uint32_t i = 0; i < nepochs; i++)
	{
		epochs_ms[i] = 30000 * (uint64_t) (i + 1);
		rows[i] = equal_row(i, 2, 64, SAMPLE_MEAN);
	}
	site.nrows = at_exit ? 0 : nepochs;
	site.births = 2 * (uint64_t) nepochs;
	site.birth_bytes = (double) site.births * SAMPLE_MEAN;
	site.frees = at_exit ? site.births : 0;
	site.lifetimes[arx_heap_lifetime_class(1000000)] = (uint32_t) site.frees;
	sample.process.sequence = sequence;
	sample.process.elapsed_ms = epochs_ms[nepochs - 1];
	sample.process.reason =
		at_exit ? ARX_HEAP_REASON_EXIT : ARX_HEAP_REASON_INTERVAL;
	save_sample(path, write_profile_content, &sample);
}

/* Judges a site that lived until some epoch, and was freed at the exit. */
static ArxLeakReport *
judge(uint32_t last_seen)
{
	char first[256];
	char last[256];
	const char *const paths[2] = {first, last};
	ArxLeakOptions options = {.pid = 0};

	snprintf(first, sizeof(first), "%s", sample_path("working"));
	snprintf(last, sizeof(last), "%s", sample_path("ended"));
	save_site(first, 1, last_seen, false);
	save_site(last, 2, NEPOCHS, true);
	arx_leak_defaults(&options.parameters);
	return arx_leak_report(paths, 2, &options);
}

static void
what_is_freed_at_the_exit_still_leaked(void **state)
{
	ArxLeakReport *report = judge(NEPOCHS - 1);

	(void) state;
	assert_int_equal(report->nseries, 1);
	assert_int_equal(report->series[0].nsnapshots, 2);
	assert_int_equal(report->series[0].latest->process.sequence, 1);
	assert_int_equal(report->series[0].entries[0].finding.verdict,
					 ARX_LEAK_LEAK);
	arx_leak_report_free(report);
}

static void
an_exit_long_after_the_last_look_counts(void **state)
{
	ArxLeakReport *report = judge(NEPOCHS / 2);

	(void) state;
	assert_int_equal(report->nseries, 1);
	assert_int_equal(report->series[0].latest->process.sequence, 2);
	assert_true(report->series[0].entries[0].finding.verdict <
				ARX_LEAK_SUSPECT);
	arx_leak_report_free(report);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_freed_at_the_exit_still_leaked),
		cmocka_unit_test(an_exit_long_after_the_last_look_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
