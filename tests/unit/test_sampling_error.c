/*
 * test_sampling_error.c
 *	  Tests the intervals of means and shares against loads that are known.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "libarx/sampling_error.h"

#define WINDOWS 2000

/* xorshift64*, so that each run is the same. */
static uint64_t state = 88172645463325252ULL;

static double
uniform(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (double) ((state * 2685821657736338717ULL) >> 11) /
		9007199254740992.0;
}

/* At one place in time: how many sessions are in the class, out of t. */
typedef void (*Load)(double time, double *n, double *t);

/* One session, in the class for 30 % of each second. */
static void
beating(double time, double *n, double *t)
{
	*n = time - floor(time) < 0.3;
	*t = 1;
}

/* Eight sessions that wait all together for 20 ms of each 0.7 s. */
static void
together(double time, double *n, double *t)
{
	double beats = time / 0.7;

	*n = beats - floor(beats) < 0.02 / 0.7 ? 8 : 0;
	*t = 8;
}

/* Ten sessions, of which some work, in turns of their own. */
static void
apart(double time, double *n, double *t)
{
	*n = 0;
	*t = 0;
	for (int i = 0; i < 10; i++)
	{
		double phase = time * (0.9 + 0.037 * i) + 0.31 * i;

		phase -= floor(phase);
		*t += phase < 0.6;
		*n += phase < 0.1;
	}
}

/* A load that grows over the window. */
static void
growing(double time, double *n, double *t)
{
	double beat = time * 1.3 - floor(time * 1.3);

	*t = 1 + floor(time / 5);
	*n = beat < 0.5 ? floor(time / 7) : 0;
}

/* Twenty sessions that are in the class all the time. */
static void
always(double time, double *n, double *t)
{
	(void) time;
	*n = 20;
	*t = 20;
}

/* A class that is there for 1 ms in 2 s. */
static void
rare(double time, double *n, double *t)
{
	*n = time / 2 - floor(time / 2) < 0.0005;
	*t = 4;
}

/* Fifty sessions, each of them idle for a twentieth of the time, by itself. */
static void
crowded(double time, double *n, double *t)
{
	*n = 0;
	for (int i = 0; i < 50; i++)
	{
		double beat = (time + 0.037 * i) / (0.5 + 0.013 * i);

		*n += beat - floor(beat) >= 0.05;
	}
	*t = 50;
}

/* The truth, by as many looks as settle it. */
static void
truth(Load load, double seconds, double *mean, double *share)
{
	double sum_n = 0;
	double sum_t = 0;
	int steps = 400000;

	for (int i = 0; i < steps; i++)
	{
		double n;
		double t;

		load(seconds * (i + 0.5) / steps, &n, &t);
		sum_n += n;
		sum_t += t;
	}
	*mean = sum_n / steps;
	*share = sum_n / sum_t;
}

static int
inside(ArxEstimate estimate, double value)
{
	assert_true(estimate.low <= estimate.value);
	assert_true(estimate.value <= estimate.high);
	return estimate.low <= value && value <= estimate.high;
}

/* The truth is in the interval in 95 % of windows (less three deviations). */
static void
expect_coverage(size_t which, Load load, double seconds, double interval)
{
	double enough = 0.95 - 3 * sqrt(0.95 * 0.05 / WINDOWS);
	double mean;
	double share;
	int means = 0;
	int shares = 0;

	truth(load, seconds, &mean, &share);
	for (int i = 0; i < WINDOWS; i++)
	{
		ArxLookSums sums = {0};

		for (double at = 0; at < seconds - interval / 2; at += interval)
		{
			double n;
			double t;

			load(at + interval * uniform(), &n, &t);
			arx_look_add(&sums, interval, n, t);
		}
		means += inside(arx_look_mean(&sums), mean);
		shares += inside(arx_look_share(&sums), share);
	}
	if (means < enough * WINDOWS || shares < enough * WINDOWS)
		fail_msg(
			"load %zu, %g s, a look each %g s: mean inside in %.1f %%, share in "
			"%.1f %%",
			which, seconds, interval, 100.0 * means / WINDOWS,
			100.0 * shares / WINDOWS);
}

static void
the_truth_is_inside_in_95_percent_of_windows(void **unused)
{
	static const Load loads[] = {beating, together, apart,	growing,
								 always,  rare,		crowded};

	(void) unused;
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
	{
		expect_coverage(i, loads[i], 30, 0.1);
		expect_coverage(i, loads[i], 30, 1);
		expect_coverage(i, loads[i], 3, 0.1);
	}
}

static ArxLookSums
looks(int number, double n, double t)
{
	ArxLookSums sums = {0};

	for (int i = 0; i < number; i++)
		arx_look_add(&sums, 0.1, n, t);
	return sums;
}

static void
what_was_never_seen_may_have_been_there(void **unused)
{
	ArxLookSums sums = looks(1000, 0, 5);
	ArxEstimate mean = arx_look_mean(&sums);
	ArxEstimate share = arx_look_share(&sums);

	(void) unused;
	assert_true(mean.value == 0 && mean.low == 0);
	assert_true(mean.high > 0.023 && mean.high < 0.025);
	assert_true(share.value == 0 && share.low == 0);
	assert_true(share.high > 0.0046 && share.high < 0.005);
}

static void
what_was_always_seen_may_have_been_gone(void **unused)
{
	ArxLookSums sums = looks(1000, 5, 5);
	ArxEstimate mean = arx_look_mean(&sums);
	ArxEstimate share = arx_look_share(&sums);

	(void) unused;
	assert_true(fabs(mean.value - 5) < 1e-9);
	assert_true(mean.low > 4.97 && mean.low < 4.985);
	assert_true(mean.high > 5.003 && mean.high < 5.005);
	assert_true(fabs(share.value - 1) < 1e-9);
	assert_true(share.low > 0.995 && share.low < 0.997);
}

/* Halving the interval and the weight changes nothing but the number. */
static void
weights_are_a_unit_only(void **unused)
{
	ArxLookSums a = {0};
	ArxLookSums b = {0};

	(void) unused;
	for (int i = 0; i < 100; i++)
	{
		arx_look_add(&a, 1, i % 3, 4);
		arx_look_add(&b, 0.05, i % 3, 4);
	}
	assert_true(fabs(arx_look_mean(&a).high - arx_look_mean(&b).high) < 1e-9);
	assert_true(fabs(arx_look_share(&a).low - arx_look_share(&b).low) < 1e-9);
}

static void
looks_weigh_what_they_stand_for(void **unused)
{
	ArxLookSums sums = {0};

	(void) unused;
	for (int i = 0; i < 10; i++)
	{
		arx_look_add(&sums, 1, 1, 1);
		arx_look_add(&sums, 3, 0, 1);
	}
	assert_true(fabs(arx_look_mean(&sums).value - 0.25) < 1e-9);
	assert_true(fabs(arx_look_share(&sums).value - 0.25) < 1e-9);
}

static void
few_looks_tell_little(void **unused)
{
	ArxLookSums none = {0};
	ArxLookSums one = looks(1, 2, 4);
	ArxLookSums two = looks(2, 2, 4);

	(void) unused;
	assert_true(isinf(arx_look_mean(&none).high));
	assert_true(arx_look_share(&none).high == 1);
	assert_true(arx_look_mean(&one).value == 2);
	assert_true(isinf(arx_look_mean(&one).high));
	assert_true(arx_look_share(&one).low == 0);
	assert_true(arx_look_share(&one).high == 1);
	assert_true(arx_look_mean(&two).low < 0.1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_truth_is_inside_in_95_percent_of_windows),
		cmocka_unit_test(what_was_never_seen_may_have_been_there),
		cmocka_unit_test(what_was_always_seen_may_have_been_gone),
		cmocka_unit_test(weights_are_a_unit_only),
		cmocka_unit_test(looks_weigh_what_they_stand_for),
		cmocka_unit_test(few_looks_tell_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
