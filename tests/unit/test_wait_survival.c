/*
 * test_wait_survival.c
 *	  Waits that are estimated from ages are those of a simulated queue.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "libarx/wait_survival.h"

#define ARRIVALS 400000
#define MAX_SERVERS 8

static double began[ARRIVALS]; /* when each came, s */
static double waits[ARRIVALS];
static uint64_t random_state;

/* Uniform in (0, 1): splitmix64. */
static double
uniform(void)
{
	uint64_t z = (random_state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return ((double) (z >> 11) + 0.5) / 9007199254740992.0;
}

static double
exponential(double mean)
{
	return -mean * log(uniform());
}

/* First come, first served, by a number of servers; returns the duration. */
static double
simulate(int servers, double rate, double service)
{
	double is_free[MAX_SERVERS] = {0};
	double now = 0;

	random_state = 42;
	for (int i = 0; i < ARRIVALS; i++)
	{
		int first = 0;

		now += exponential(1 / rate);
		for (int s = 1; s < servers; s++)
			if (is_free[s] < is_free[first])
				first = s;
		began[i] = now;
		waits[i] = fmax(is_free[first] - now, 0);
		is_free[first] = now + waits[i] + exponential(service);
	}
	return now;
}

/* Ages of those that wait at moments about a second apart; returns the looks. */
static int
look(uint64_t *counts, double duration)
{
	int looks = 0;
	int first = 0;

	for (double at = exponential(1); at < duration; at += 2 * uniform())
	{
		looks++;
		while (first < ARRIVALS && began[first] < at - 60)
			first++;
		for (int i = first; i < ARRIVALS && began[i] <= at; i++)
			if (began[i] + waits[i] > at)
				counts[arx_wait_bin(at - began[i])]++;
	}
	return looks;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return x < y ? -1 : x > y;
}

static void
expect_quantiles(int servers, double rate, double service)
{
	static const double shares[] = {0.5, 0.75, 0.9, 0.95, 0.99};
	uint64_t counts[ARX_WAIT_BINS] = {0};
	ArxWaitSurvival survival;
	double duration = simulate(servers, rate, service);
	int looks = look(counts, duration);

	arx_wait_survival(&survival, counts, looks, rate);
	for (int i = 1; i < ARX_WAIT_BINS; i++)
		assert_true(survival.share[i] <= survival.share[i - 1]);
	qsort(waits, ARRIVALS, sizeof(double), compare);
	for (size_t i = 0; i < sizeof(shares) / sizeof(*shares); i++)
	{
		double truth = waits[(int) (shares[i] * ARRIVALS)];
		double estimate = arx_wait_quantile(&survival, shares[i]);

		if (fabs(estimate - truth) > 0.15 * truth + 1e-3)
			fail_msg("%d servers, share %g: %g s, not %g", servers, shares[i],
					 estimate, truth);
	}
}

static void
quantiles_are_those_of_a_queue(void **state)
{
	(void) state;
	expect_quantiles(1, 40, 0.020);
	expect_quantiles(3, 100, 0.025);
	expect_quantiles(5, 100, 0.045);
}

static void
who_waits_not_counts_as_no_wait(void **state)
{
	uint64_t counts[ARX_WAIT_BINS] = {0};
	ArxWaitSurvival survival;

	(void) state;
	arx_wait_survival(&survival, counts, 100, 50);
	assert_true(arx_wait_quantile(&survival, 0.5) == 0);
	assert_true(arx_wait_quantile(&survival, 1) == 0);
}

/* All wait 10 ms: 1000 looks at 100 a second see 100 of each millisecond. */
static void
a_constant_wait_is_found(void **state)
{
	uint64_t counts[ARX_WAIT_BINS] = {0};
	ArxWaitSurvival survival;

	(void) state;
	for (int i = 0; i < 1000; i++)
		counts[arx_wait_bin((i + 0.5) * 1e-5)]++;
	arx_wait_survival(&survival, counts, 1000, 100);
	for (double p = 0.1; p < 0.95; p += 0.1)
		assert_true(fabs(arx_wait_quantile(&survival, p) - 0.010) < 0.0035);
}

static void
bins_hold_all_ages(void **state)
{
	(void) state;
	assert_int_equal(arx_wait_bin(NAN), 0);
	assert_int_equal(arx_wait_bin(-1), 0);
	assert_int_equal(arx_wait_bin(0), 0);
	assert_int_equal(arx_wait_bin(1e30), ARX_WAIT_BINS - 1);
	assert_int_equal(arx_wait_bin(INFINITY), ARX_WAIT_BINS - 1);
	for (int bin = 0; bin < ARX_WAIT_BINS; bin++)
	{
		double start = arx_wait_bin_start(bin);
		double end = arx_wait_bin_start(bin + 1);

		assert_true(start < end);
		assert_int_equal(arx_wait_bin((start + end) / 2), bin);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles_are_those_of_a_queue),
		cmocka_unit_test(who_waits_not_counts_as_no_wait),
		cmocka_unit_test(a_constant_wait_is_found),
		cmocka_unit_test(bins_hold_all_ages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
