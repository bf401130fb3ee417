/*
 * test_profile_diff.c
 *	  The change between two snapshots: bytes exact, variance from births and
 *	  deaths only.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "analysis/profile.h"
#include "tests/unit/profile_sample.h"

static const ArxHeapModule module = {0x1000,
									 0x9000,
									 0,
									 {"\1\2\3\4", 4},
									 {"/usr/bin/app", 12}};
static const ArxHeapFrame frames[3][1] = {{{0, 1}}, {{0, 2}}, {{0, 3}}};

/* A snapshot of one process; rows of malloc sites, one frame each. */
static ArxProfile *
load_snapshot(uint64_t sequence, uint32_t nepochs, const uint64_t *epochs_ms,
			  size_t nsites, ArxHeapSite *sites)
{
	SampleProfile sample = {.process = sample_process(SAMPLE_MEAN),
							.nmodules = 1,
							.modules = &module,
							.nepochs = nepochs,
							.epochs_ms = epochs_ms,
							.nsites = nsites,
							.sites = sites};
	const char *path = sample_path("snapshot.arxheap");
	const char *error;
	ArxProfile *profile;

	sample.process.sequence = sequence;
	sample.process.elapsed_ms = nepochs > 0 ? epochs_ms[nepochs - 1] : 0;
	save_sample(path, write_profile_content, &sample);
	profile = arx_profile_load(path, &error);
	if (profile == NULL)
		fail_msg("%s", error);
	remove_sample(path);
	return profile;
}

static ArxHeapSite
site_of(int place, uint32_t nrows, const ArxHeapRow *rows)
{
	ArxHeapSite site = {
		.nframes = 1, .frames = frames[place], .nrows = nrows, .rows = rows};

	return site;
}

static bool
is_near(double value, double wanted)
{
	return fabs(value - wanted) <= 1e-4 * (fabs(wanted) + 1);
}

static const uint64_t two_epochs[2] = {30000, 60000};
static const uint64_t three_epochs[3] = {30000, 60000, 90000};

static void
only_births_and_deaths_add_to_the_variance(void **state)
{
	/* 100 and 50 samples, of which 98 and 50 live on; 7 were born */
	const ArxHeapRow before[2] = {equal_row(0, 100, 64, SAMPLE_MEAN),
								  equal_row(1, 50, 64, SAMPLE_MEAN)};
	const ArxHeapRow after[3] = {equal_row(0, 98, 64, SAMPLE_MEAN),
								 equal_row(1, 50, 64, SAMPLE_MEAN),
								 equal_row(2, 7, 64, SAMPLE_MEAN)};
	const ArxHeapRow one = equal_row(0, 1, 64, SAMPLE_MEAN);
	ArxHeapSite earlier_site = site_of(0, 2, before);
	ArxHeapSite later_site = site_of(0, 3, after);
	ArxProfile *earlier = load_snapshot(1, 2, two_epochs, 1, &earlier_site);
	ArxProfile *later = load_snapshot(2, 3, three_epochs, 1, &later_site);
	const char *error;
	ArxProfile *diff = arx_profile_diff(earlier, later, &error);

	(void) state;
	assert_non_null(diff);
	assert_true(diff->is_diff);
	assert_int_equal(diff->nsites, 1);
	assert_int_equal(diff->sites[0].samples, 5);
	assert_true(is_near(diff->sites[0].bytes, 5 * one.bytes));
	assert_true(is_near(diff->sites[0].variance, 9 * one.variance));
	assert_true(diff->counters[ARX_HEAP_COUNT_SAMPLES] == 100);
	arx_profile_free(diff);
	arx_profile_free(later);
	arx_profile_free(earlier);
}

static void
an_epoch_merged_over_the_moment_counts_in_full(void **state)
{
	const uint64_t merged[1] = {90000};
	const ArxHeapRow before[2] = {equal_row(0, 10, 64, SAMPLE_MEAN),
								  equal_row(1, 5, 64, SAMPLE_MEAN)};
	const ArxHeapRow after = equal_row(0, 16, 64, SAMPLE_MEAN);
	const ArxHeapRow one = equal_row(0, 1, 64, SAMPLE_MEAN);
	ArxHeapSite earlier_site = site_of(0, 2, before);
	ArxHeapSite later_site = site_of(0, 1, &after);
	ArxProfile *earlier = load_snapshot(1, 2, two_epochs, 1, &earlier_site);
	ArxProfile *later = load_snapshot(2, 1, merged, 1, &later_site);
	const char *error;
	ArxProfile *diff = arx_profile_diff(earlier, later, &error);

	(void) state;
	assert_true(is_near(diff->sites[0].bytes, one.bytes));
	assert_true(is_near(diff->sites[0].variance, 31 * one.variance));
	arx_profile_free(diff);
	arx_profile_free(later);
	arx_profile_free(earlier);
}

static void
epochs_merged_before_the_moment_change_nothing(void **state)
{
	const uint64_t merged[2] = {60000, 90000};
	const ArxHeapRow before[2] = {equal_row(0, 10, 64, SAMPLE_MEAN),
								  equal_row(1, 5, 64, SAMPLE_MEAN)};
	const ArxHeapRow after = equal_row(0, 15, 64, SAMPLE_MEAN);
	ArxHeapSite earlier_site = site_of(0, 2, before);
	ArxHeapSite later_site = site_of(0, 1, &after);
	ArxProfile *earlier = load_snapshot(1, 2, two_epochs, 1, &earlier_site);
	ArxProfile *later = load_snapshot(2, 2, merged, 1, &later_site);
	const char *error;
	ArxProfile *diff = arx_profile_diff(earlier, later, &error);
	double left = 0;

	(void) state;
	for (size_t i = 0; i < diff->nsites; i++)
		left += fabs(diff->sites[i].bytes) + sqrt(diff->sites[i].variance);
	assert_true(left < 100); /* of 7.8 million: what the file rounds */
	arx_profile_free(diff);
	arx_profile_free(later);
	arx_profile_free(earlier);
}

static void
an_epoch_that_died_out_counts_as_deaths(void **state)
{
	const ArxHeapRow before[2] = {equal_row(0, 10, 64, SAMPLE_MEAN),
								  equal_row(1, 5, 64, SAMPLE_MEAN)};
	const ArxHeapRow one = equal_row(0, 1, 64, SAMPLE_MEAN);
	ArxHeapSite earlier_site = site_of(0, 2, before);
	ArxHeapSite later_site = site_of(0, 1, &before[1]);
	ArxProfile *earlier = load_snapshot(1, 2, two_epochs, 1, &earlier_site);
	ArxProfile *later = load_snapshot(2, 3, three_epochs, 1, &later_site);
	const char *error;
	ArxProfile *diff = arx_profile_diff(earlier, later, &error);

	(void) state;
	assert_int_equal(diff->sites[0].samples, -10);
	assert_true(is_near(diff->sites[0].variance, 10 * one.variance));
	arx_profile_free(diff);
	arx_profile_free(later);
	arx_profile_free(earlier);
}

static void
sites_that_came_or_went_are_in_it(void **state)
{
	const ArxHeapRow old = equal_row(0, 4, 64, SAMPLE_MEAN);
	const ArxHeapRow born = equal_row(2, 3, 64, SAMPLE_MEAN);
	ArxHeapSite before[2] = {site_of(0, 1, &old), site_of(1, 1, &old)};
	ArxHeapSite after[2] = {site_of(1, 1, &old), site_of(2, 1, &born)};
	ArxProfile *earlier = load_snapshot(1, 2, two_epochs, 2, before);
	ArxProfile *later = load_snapshot(2, 3, three_epochs, 2, after);
	const char *error;
	ArxProfile *diff;
	int64_t samples[4] = {0};

	(void) state;
	arx_profile_symbolize(earlier, NULL);
	arx_profile_symbolize(later, NULL);
	diff = arx_profile_diff(earlier, later, &error);
	assert_int_equal(diff->nsites, 2);
	for (size_t i = 0; i < diff->nsites; i++)
	{
		samples[diff->sites[i].frames[0].address] = diff->sites[i].samples;
		assert_int_equal(diff->sites[i].nfunctions, 1);
	}
	assert_int_equal(samples[1], -4);
	assert_int_equal(samples[2], 0);
	assert_int_equal(samples[3], 3);
	arx_profile_free(diff);
	arx_profile_free(later);
	arx_profile_free(earlier);
}

static void
two_processes_or_the_wrong_order_have_no_difference(void **state)
{
	ArxProfile *first = load_snapshot(1, 2, two_epochs, 0, NULL);
	ArxProfile *second = load_snapshot(2, 3, three_epochs, 0, NULL);
	const char *error = NULL;

	(void) state;
	assert_null(arx_profile_diff(second, first, &error));
	assert_non_null(strstr(error, "has to come second"));
	second->process.start_us++;
	assert_null(arx_profile_diff(first, second, &error));
	assert_non_null(strstr(error, "two processes"));
	second->process.start_us--;
	second->process.profile_start_us++;
	assert_null(arx_profile_diff(first, second, &error));
	assert_non_null(strstr(error, "stopped and started"));
	arx_profile_free(first);
	arx_profile_free(second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_births_and_deaths_add_to_the_variance),
		cmocka_unit_test(an_epoch_merged_over_the_moment_counts_in_full),
		cmocka_unit_test(epochs_merged_before_the_moment_change_nothing),
		cmocka_unit_test(an_epoch_that_died_out_counts_as_deaths),
		cmocka_unit_test(sites_that_came_or_went_are_in_it),
		cmocka_unit_test(two_processes_or_the_wrong_order_have_no_difference),
	};

	return cmocka_run_group_tests_name("profile_diff", tests, NULL, NULL);
}
