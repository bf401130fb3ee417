/*
 * test_leak_rate.c
 *	  The rate of a leak is that of its arrivals, wherever epochs end.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "libarx/leak_survival.h"
#include "libarx/leak_verdict.h"

#define MAX_COHORTS 512
#define BYTES_PER_SECOND 700.0
#define SAMPLES_PER_SECOND 0.5
#define AGE 40000.0

static ArxLeakCohort cohorts[MAX_COHORTS];

/* A site that keeps all, in epochs of this length. */
static ArxLeakSite
make_leak(double length)
{
	ArxLeakSite site = {.now = AGE, .cohorts = cohorts};

	for (double from = 0; from < AGE; from += length)
	{
		ArxLeakCohort *cohort = &cohorts[site.ncohorts++];
		double to = fmin(AGE, from + length);

		assert_true(site.ncohorts <= MAX_COHORTS);
		cohort->born_from = from;
		cohort->born_to = to;
		cohort->samples = (uint32_t) ((to - from) * SAMPLES_PER_SECOND);
		cohort->bytes = (to - from) * BYTES_PER_SECOND;
		cohort->variance = cohort->bytes * 1000;
		site.births += cohort->samples;
		site.birth_bytes += cohort->bytes;
	}
	return site;
}

static void
the_length_of_epochs_does_not_change_the_rate(void **state)
{
	static const double lengths[] = {100, 570, 900, 1230};
	ArxLeakParameters parameters;

	(void) state;
	arx_leak_defaults(&parameters);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
	{
		ArxLeakSite site = make_leak(lengths[i]);
		ArxLeakFinding finding;

		arx_leak_judge(&site, &parameters, &finding);
		assert_int_equal(finding.verdict, ARX_LEAK_LEAK);
		assert_true(fabs(finding.bytes_per_hour / 3600 / BYTES_PER_SECOND - 1) <
					1e-9);
		assert_true(finding.bytes_per_hour_low < finding.bytes_per_hour);
		assert_true(finding.bytes_per_hour_high > finding.bytes_per_hour);
	}
}

static void
a_cohort_counts_by_its_share_of_the_stretch(void **state)
{
	ArxLeakSite site = make_leak(1000);
	ArxLeakSurvivors arrivals = arx_leak_arrivals(&site, 1250, 3750);

	(void) state;
	assert_int_equal(arrivals.samples, 1250);
	assert_int_equal(arrivals.epochs, 3);
	assert_true(fabs(arrivals.bytes - 2500 * BYTES_PER_SECOND) < 1e-6);
	assert_true(fabs(arrivals.variance - 1000 * arrivals.bytes) < 1e-3);
	assert_true(arrivals.seconds == 2500);
	arrivals = arx_leak_arrivals(&site, 10, 10);
	assert_int_equal(arrivals.samples, 0);
	assert_true(arrivals.bytes == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_length_of_epochs_does_not_change_the_rate),
		cmocka_unit_test(a_cohort_counts_by_its_share_of_the_stretch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
