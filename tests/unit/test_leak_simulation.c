/*
 * test_leak_simulation.c
 *	  No program without a leak is accused, and leaks are found.
 *
 * Each behaviour is simulated from fixed seeds, so that every run of this test
 * sees the same samples.  ARX_LEAK_RUNS in the environment asks for another
 * number of runs; the shares of verdicts are printed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/leak_behaviours.h"

#define RUNS 100
#define AGE 150 /* intervals */
#define NVERDICTS (ARX_LEAK_LEAK + 1)

static Run run;
static ArxLeakParameters parameters;

static int
number_of_runs(void)
{
	const char *asked = getenv("ARX_LEAK_RUNS");

	return asked ? atoi(asked) : RUNS;
}

/* Simulates and judges; counts verdicts, and rates within their interval. */
static int
count_verdicts(Behaviour behaviour, double age, int verdicts[NVERDICTS])
{
	int covered = 0;

	memset(verdicts, 0, NVERDICTS * sizeof(*verdicts));
	for (int i = 0; i < number_of_runs(); i++)
	{
		ArxLeakFinding finding;
		double truth;

		simulate(&run, behaviour, age, 1000000 * (uint64_t) behaviour + i + 1);
		judge(&run, &parameters, &finding);
		truth = leaked_between(&run, finding.window_from, finding.window_to) /
			(finding.window_to - finding.window_from) * 3600;
		verdicts[finding.verdict]++;
		covered += finding.bytes_per_hour_low <= truth &&
			truth <= finding.bytes_per_hour_high;
	}
	print_message("# %-20s", behaviour_names[behaviour]);
	for (int i = 0; i < NVERDICTS; i++)
		if (verdicts[i] > 0)
			print_message(" %s %.1f %%", arx_leak_verdict_name(i),
						  100.0 * verdicts[i] / number_of_runs());
	print_message("\n");
	return covered;
}

static void
setup_run(double density, double fullness)
{
	arx_leak_defaults(&parameters);
	parameters.interval = 1;
	run.density = density;
	run.fullness = fullness;
	run.leak_begins = 0;
}

static void
no_program_without_a_leak_is_called_one(void **state)
{
	int verdicts[NVERDICTS];

	(void) state;
	setup_run(1, 0.7);
	for (Behaviour b = STATIONARY; b < FIRST_LEAK; b++)
	{
		count_verdicts(b, AGE, verdicts);
		assert_int_equal(verdicts[ARX_LEAK_LEAK], 0);
		assert_true(verdicts[ARX_LEAK_SUSPECT] <= 0.01 * number_of_runs());
	}
}

static void
more_samples_accuse_no_program_either(void **state)
{
	int verdicts[NVERDICTS];

	(void) state;
	setup_run(4, 0.9);
	for (Behaviour b = STATIONARY; b < FIRST_LEAK; b++)
	{
		count_verdicts(b, AGE, verdicts);
		assert_int_equal(verdicts[ARX_LEAK_LEAK], 0);
	}
}

/* 78 % of its keys are there at the end, and a fifth as many come as did. */
static void
a_cache_that_fills_more_slowly_is_no_leak_yet(void **state)
{
	int verdicts[NVERDICTS];

	(void) state;
	setup_run(4, 2);
	count_verdicts(FILLING_CACHE, AGE, verdicts);
	assert_int_equal(verdicts[ARX_LEAK_LEAK], 0);
	setup_run(1, 1.5);
	count_verdicts(FILLING_CACHE, AGE, verdicts);
	assert_int_equal(verdicts[ARX_LEAK_LEAK], 0);
}

/* 95 % intervals of 100 runs: below 87 is less than one chance in a thousand */
static void
leaks_are_found_and_their_rate_is_right(void **state)
{
	int verdicts[NVERDICTS];

	(void) state;
	setup_run(1.4, 0);
	for (Behaviour b = FIRST_LEAK; b < NBEHAVIOURS; b++)
	{
		int covered = count_verdicts(b, AGE, verdicts);

		print_message("# intervals that hold the true rate: %.1f %%\n",
					  100.0 * covered / number_of_runs());
		assert_true(verdicts[ARX_LEAK_LEAK] >= 0.95 * number_of_runs());
		assert_int_equal(verdicts[ARX_LEAK_LEAK] + verdicts[ARX_LEAK_SUSPECT],
						 number_of_runs());
		assert_true(covered >= 0.87 * number_of_runs());
	}
}

static void
leaks_that_begin_late_are_found(void **state)
{
	int verdicts[NVERDICTS];

	(void) state;
	setup_run(2, 0);
	run.leak_begins = 0.6;
	count_verdicts(LEAK_PURE, 4 * AGE, verdicts);
	assert_true(verdicts[ARX_LEAK_LEAK] >= 0.95 * number_of_runs());
	count_verdicts(LEAK_2_PERCENT, 4 * AGE, verdicts);
	assert_true(verdicts[ARX_LEAK_LEAK] >= 0.95 * number_of_runs());
}

static void
few_samples_of_a_leak_make_a_suspect(void **state)
{
	int verdicts[NVERDICTS];

	(void) state;
	setup_run(0.2, 0);
	count_verdicts(LEAK_PURE, AGE, verdicts);
	assert_true(verdicts[ARX_LEAK_SUSPECT] >= 0.9 * number_of_runs());
}

static void
a_site_that_frees_nothing_is_given_time(void **state)
{
	int verdicts[NVERDICTS];

	(void) state;
	setup_run(4, 0);
	count_verdicts(LEAK_PURE, 110, verdicts);
	assert_int_equal(verdicts[ARX_LEAK_SUSPECT], number_of_runs());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_program_without_a_leak_is_called_one),
		cmocka_unit_test(more_samples_accuse_no_program_either),
		cmocka_unit_test(a_cache_that_fills_more_slowly_is_no_leak_yet),
		cmocka_unit_test(leaks_are_found_and_their_rate_is_right),
		cmocka_unit_test(leaks_that_begin_late_are_found),
		cmocka_unit_test(few_samples_of_a_leak_make_a_suspect),
		cmocka_unit_test(a_site_that_frees_nothing_is_given_time),
	};

	return cmocka_run_group_tests_name("leak_simulation", tests, NULL, NULL);
}
