/*
 * test_leak_verdict.c
 *	  Sites made by hand: verdict, rate, reason, and what is said of them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "libarx/leak_verdict.h"
#include "tests/unit/sample_data.h"

#define EPOCHS 240 /* of 30 s: two hours */
#define WEIGHT 524288.0

static ArxLeakParameters parameters;
static ArxLeakFinding finding;
static ArxLeakCohort cohorts[EPOCHS];
static ArxLeakDeaths deaths[1];
static ArxLeakSite site;

/* A site that keeps so many samples of each epoch, and has freed none. */
static int
setup(void **state)
{
	(void) state;
	arx_leak_defaults(&parameters);
	deaths[0] = (ArxLeakDeaths){0, 1, 0};
	for (int i = 0; i < EPOCHS; i++)
		cohorts[i] = (ArxLeakCohort){.born_from = 30 * i,
									 .born_to = 30 * i + 30,
									 .samples = 1,
									 .bytes = WEIGHT,
									 .variance = WEIGHT * WEIGHT};
	site = (ArxLeakSite){.now = 30 * EPOCHS,
						 .cohorts = cohorts,
						 .ncohorts = EPOCHS,
						 .deaths = deaths,
						 .ndeaths = 1,
						 .births = EPOCHS};
	return 0;
}

static void
assert_verdict(ArxLeakVerdict verdict)
{
	arx_leak_judge(&site, &parameters, &finding);
	if (finding.verdict != verdict)
		fail_msg("%s: %s, not %s", arx_leak_verdict_name(finding.verdict),
				 finding.reason, arx_leak_verdict_name(verdict));
}

static void
one_sample_kept_of_each_epoch_is_a_leak(void **state)
{
	(void) state;
	assert_verdict(ARX_LEAK_LEAK);
	/* 120 samples an hour, within what 160 of them can tell */
	assert_true(fabs(finding.bytes_per_hour / (120 * WEIGHT) - 1) < 0.02);
	assert_true(finding.bytes_per_hour_low < 110 * WEIGHT);
	assert_true(finding.bytes_per_hour_low > 90 * WEIGHT);
	assert_true(finding.bytes_per_hour_high < 150 * WEIGHT);
	assert_true(finding.grows_only);
	assert_true(isinf(finding.seconds_to_limit));
}

static void
the_limit_is_reached_when_the_rate_says(void **state)
{
	(void) state;
	parameters.limit_bytes = 1200 * WEIGHT;
	parameters.current_bytes = 240 * WEIGHT;
	assert_verdict(ARX_LEAK_LEAK);
	assert_true(fabs(finding.seconds_to_limit / (8 * 3600) - 1) < 0.02);
	assert_true(finding.seconds_to_limit_low < finding.seconds_to_limit);
	parameters.current_bytes = 2000 * WEIGHT;
	assert_verdict(ARX_LEAK_LEAK);
	assert_true(finding.seconds_to_limit == 0);
}

static void
a_site_that_also_frees_leaks_by_what_it_keeps(void **state)
{
	(void) state;
	deaths[0].samples = 100000;
	site.births += deaths[0].samples;
	assert_verdict(ARX_LEAK_LEAK);
	assert_false(finding.grows_only);
}

static void
mature_deaths_speak_against_a_leak(void **state)
{
	(void) state;
	deaths[0] = (ArxLeakDeaths){3000, 4000, 200};
	site.births += 200;
	assert_verdict(ARX_LEAK_BOUNDED_CACHE);
	assert_int_equal(finding.mature_deaths, 200);
	site.births += 100000;
	assert_verdict(ARX_LEAK_CHURN);
}

static void
the_oldest_being_freed_speaks_against_a_leak(void **state)
{
	(void) state;
	/* a cache that is full after 90 % of the time */
	memset(cohorts, 0, sizeof(cohorts[0]) * EPOCHS / 10);
	deaths[0] = (ArxLeakDeaths){6000, 8000, EPOCHS / 10};
	assert_verdict(ARX_LEAK_BOUNDED_CACHE);
}

static void
missing_old_cohorts_speak_against_a_leak(void **state)
{
	(void) state;
	/* all was freed once, before anything was mature */
	memset(cohorts, 0, sizeof(cohorts[0]) * EPOCHS * 3 / 10);
	deaths[0] = (ArxLeakDeaths){500, 1000, EPOCHS * 3 / 10};
	arx_leak_judge(&site, &parameters, &finding);
	assert_true(finding.verdict < ARX_LEAK_LEAK);
	assert_int_equal(finding.mature_deaths, 0);
}

static void
slower_growth_is_no_proof_of_a_leak(void **state)
{
	(void) state;
	for (int i = 0; i < EPOCHS; i++)
		cohorts[i].samples = 12 - 8 * i / EPOCHS;
	site.births = 12 * EPOCHS;
	assert_verdict(ARX_LEAK_SUSPECT);
}

static void
no_arrivals_of_late_speak_against_a_leak(void **state)
{
	(void) state;
	site.ncohorts = EPOCHS * 6 / 10;
	assert_verdict(ARX_LEAK_BOUNDED_CACHE);
	site.ncohorts = EPOCHS * 9 / 10;
	assert_verdict(ARX_LEAK_BOUNDED_CACHE);
}

static void
what_was_born_in_the_warm_up_is_told_apart(void **state)
{
	(void) state;
	site.ncohorts = 30;
	assert_verdict(ARX_LEAK_WARM_UP);
}

static void
little_is_not_enough(void **state)
{
	(void) state;
	cohorts[0] = cohorts[100];
	site.ncohorts = 1;
	site.births = 1;
	assert_verdict(ARX_LEAK_NOT_ENOUGH_SAMPLES);
	assert_true(finding.wait_seconds > 3600);
	site.ncohorts = 0;
	site.births = 0;
	assert_verdict(ARX_LEAK_NOT_ENOUGH_SAMPLES);
}

static void
some_are_enough_to_suspect(void **state)
{
	(void) state;
	for (int i = 0; i < EPOCHS; i++)
		cohorts[i].samples = i % 8 == 0;
	site.births = EPOCHS / 8;
	assert_verdict(ARX_LEAK_SUSPECT);
	assert_true(finding.bytes_per_hour > 0);
	assert_true(finding.wait_seconds > 0 && isfinite(finding.wait_seconds));
}

static void
a_young_profile_says_nothing_yet(void **state)
{
	(void) state;
	site.now = 600;
	site.ncohorts = 20;
	site.births = 20;
	assert_verdict(ARX_LEAK_NOT_ENOUGH_SAMPLES);
	site.now = 3000;
	site.ncohorts = 100;
	site.births = 100;
	assert_verdict(ARX_LEAK_SUSPECT);
}

static void
leaks_have_to_stand_the_number_of_sites(void **state)
{
	ArxLeakFinding findings[1000];
	double scratch[1000];

	(void) state;
	arx_leak_judge(&site, &parameters, &finding);
	for (int i = 0; i < 1000; i++)
	{
		findings[i] = finding;
		findings[i].verdict = ARX_LEAK_SUSPECT;
		findings[i].p_value = 0.5 + i / 2000.0;
	}
	findings[7].verdict = findings[500].verdict = findings[999].verdict =
		ARX_LEAK_LEAK;
	findings[7].p_value = 1e-7;
	findings[500].p_value = 1.9e-5; /* the second of 1000 at one in a hundred */
	findings[999].p_value = 0.009;
	arx_leak_control(findings, 1000, &parameters, scratch);
	assert_int_equal(findings[7].verdict, ARX_LEAK_LEAK);
	assert_int_equal(findings[500].verdict, ARX_LEAK_LEAK);
	assert_int_equal(findings[999].verdict, ARX_LEAK_SUSPECT);

	/* sites that are too small to be tested are none of the many */
	for (int i = 0; i < 999; i++)
		findings[i].mature_samples = 0;
	findings[999].verdict = ARX_LEAK_LEAK;
	arx_leak_control(findings, 1000, &parameters, scratch);
	assert_int_equal(findings[999].verdict, ARX_LEAK_LEAK);
	arx_leak_control(findings, 0, &parameters, scratch);
}

static void
the_evidence_says_what_was_counted(void **state)
{
	char text[1000];
	size_t length;

	(void) state;
	parameters.limit_bytes = 1200 * WEIGHT;
	assert_verdict(ARX_LEAK_LEAK);
	length = arx_leak_evidence(&finding, text, sizeof(text));
	assert_int_equal(length, strlen(text));
	assert_non_null(
		strstr(text, "160 samples of 160 epochs have outlived 20 min"));
	assert_non_null(strstr(text, "(80 older, 80 younger); 0 were freed"));
	assert_non_null(strstr(text, "60 MiB an hour (50.7 MiB to 69.3 MiB)"));
	assert_non_null(strstr(text, "the limit in 10 h"));
	assert_non_null(
		strstr(text, "the chance of such counts is at most 0.0000"));
	assert_non_null(strstr(text, "hardly any block"));
}

static void
evidence_that_does_not_fit_is_cut(void **state)
{
	char whole[1000];
	char text[1000];

	(void) state;
	arx_leak_judge(&site, &parameters, &finding);
	arx_leak_evidence(&finding, whole, sizeof(whole));
	for (size_t size = 1; size < strlen(whole); size++)
	{
		memset(text, 'x', sizeof(text));
		assert_int_equal(arx_leak_evidence(&finding, text, size), size - 1);
		assert_memory_equal(text, whole, size - 1);
		assert_int_equal(text[size - 1], '\0');
		assert_int_equal(text[size], 'x');
	}
	assert_int_equal(arx_leak_evidence(&finding, text, 0), 0);
}

/* Numbers as a damaged file may hold them: an answer, and soon. */
static void
senseless_numbers_give_some_verdict(void **state)
{
	static const double odd[] = {0,			-1,	  1,	  1e-300,
								 1e300,		30,	  NAN,	  INFINITY,
								 -INFINITY, 3600, 7200.5, 4294967296};
	char text[1000];

	(void) state;
	random_state = 20261123;
	for (int turn = 0; turn < 20000; turn++)
	{
		setup(NULL);
		for (int change = 0; change < 4; change++)
		{
			double value = odd[(int) (random_unit() * 12)];
			int at = (int) (random_unit() * EPOCHS);
			double *const places[] = {&site.now,
									  &cohorts[at].born_from,
									  &cohorts[at].born_to,
									  &cohorts[at].bytes,
									  &cohorts[at].variance,
									  &deaths[0].age_from,
									  &deaths[0].age_to,
									  &parameters.limit_bytes,
									  &parameters.interval};

			*places[(int) (random_unit() * 9)] = value;
			if (random_unit() < 0.3)
				cohorts[at].samples = UINT32_MAX;
			if (random_unit() < 0.3)
				deaths[0].samples = UINT64_MAX >> (int) (random_unit() * 60);
			if (random_unit() < 0.3)
				site.births = UINT64_MAX >> (int) (random_unit() * 60);
		}
		arx_leak_judge(&site, &parameters, &finding);
		assert_true(finding.verdict <= ARX_LEAK_LEAK);
		assert_true(finding.p_value >= 0 && finding.p_value <= 1);
		assert_true(arx_leak_evidence(&finding, text, sizeof(text)) > 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_sample_kept_of_each_epoch_is_a_leak, setup),
		cmocka_unit_test_setup(the_limit_is_reached_when_the_rate_says, setup),
		cmocka_unit_test_setup(a_site_that_also_frees_leaks_by_what_it_keeps,
							   setup),
		cmocka_unit_test_setup(mature_deaths_speak_against_a_leak, setup),
		cmocka_unit_test_setup(the_oldest_being_freed_speaks_against_a_leak,
							   setup),
		cmocka_unit_test_setup(missing_old_cohorts_speak_against_a_leak, setup),
		cmocka_unit_test_setup(slower_growth_is_no_proof_of_a_leak, setup),
		cmocka_unit_test_setup(no_arrivals_of_late_speak_against_a_leak, setup),
		cmocka_unit_test_setup(what_was_born_in_the_warm_up_is_told_apart,
							   setup),
		cmocka_unit_test_setup(little_is_not_enough, setup),
		cmocka_unit_test_setup(some_are_enough_to_suspect, setup),
		cmocka_unit_test_setup(a_young_profile_says_nothing_yet, setup),
		cmocka_unit_test_setup(leaks_have_to_stand_the_number_of_sites, setup),
		cmocka_unit_test_setup(the_evidence_says_what_was_counted, setup),
		cmocka_unit_test_setup(evidence_that_does_not_fit_is_cut, setup),
		cmocka_unit_test_setup(senseless_numbers_give_some_verdict, setup),
	};

	return cmocka_run_group_tests_name("leak_verdict", tests, NULL, NULL);
}
