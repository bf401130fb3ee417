/*
 * test_leak_statistics.c
 *	  Tail probabilities against sums written down a second time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "libarx/leak_statistics.h"

static void
assert_near(double value, double expected, double error)
{
	if (!(fabs(value - expected) <= error))
		fail_msg("%.17g, not %.17g", value, expected);
}

/* Term by term from the definition, by products. */
static double
slow_poisson_at_most(int count, double mean)
{
	double sum = 0;

	for (int k = 0; k <= count; k++)
	{
		double term = exp(-mean);

		for (int i = 1; i <= k; i++)
			term *= mean / i;
		sum += term;
	}
	return sum;
}

static double
slow_binomial_at_least(int count, int n, double p)
{
	double sum = 0;

	for (int k = count; k <= n; k++)
	{
		double term = 1;

		for (int i = 1; i <= k; i++)
			term *= p * (n - k + i) / i;
		for (int i = k; i < n; i++)
			term *= 1 - p;
		sum += term;
	}
	return sum;
}

/* One term, by logarithms. */
static double
slow_step(int count, double mean)
{
	return exp(count * log(mean) - mean - lgamma(count + 1.0));
}

static void
poisson_tails_are_those_of_the_definition(void **state)
{
	static const double means[] = {0.01, 0.5, 1, 7.3, 40, 200};

	(void) state;
	for (int i = 0; i < 6; i++)
		for (int count = 0; count < 300; count += 1 + count / 4)
			assert_near(arx_poisson_at_most((uint64_t) count, means[i]),
						slow_poisson_at_most(count, means[i]), 1e-11);
}

static void
binomial_tails_are_those_of_the_definition(void **state)
{
	static const double chances[] = {0.001, 0.07, 0.31, 0.5, 0.9, 0.9999};

	(void) state;
	for (int i = 0; i < 6; i++)
		for (int n = 0; n < 300; n += 1 + n / 3)
			for (int count = 0; count <= n; count += 1 + count / 5)
				assert_near(arx_binomial_at_least((uint64_t) count,
												  (uint64_t) n, chances[i]),
							slow_binomial_at_least(count, n, chances[i]),
							1e-11);
}

static void
certain_and_impossible_things_are_exact(void **state)
{
	(void) state;
	assert_true(arx_poisson_at_most(0, 0) == 1);
	assert_true(arx_poisson_at_most(5, -1) == 1);
	assert_true(arx_binomial_at_least(0, 0, 0.5) == 1);
	assert_true(arx_binomial_at_least(1, 0, 0.5) == 0);
	assert_true(arx_binomial_at_least(1, 5, 0) == 0);
	assert_true(arx_binomial_at_least(5, 5, 1) == 1);
}

static void
large_counts_agree_with_the_normal_law(void **state)
{
	(void) state;
	/* at the mean, half and half but for a correction of 1/sqrt(n) */
	assert_near(arx_poisson_at_most(1000000000, 1e9), 0.5, 1e-4);
	assert_near(arx_binomial_at_least(500000000, 1000000000, 0.5), 0.5, 1e-4);
	/* two standard deviations */
	assert_near(arx_binomial_at_least(501000, 1000000, 0.5), 0.02275, 1e-4);
	assert_near(arx_poisson_at_most(998000, 1e6), 0.02275, 1e-4);
}

/* The two ways meet where one takes over from the other. */
static void
exact_sums_go_over_into_the_normal_law(void **state)
{
	(void) state;
	for (double mean = 9700; mean < 10300; mean += 100)
		assert_near(arx_poisson_at_most(10001, mean),
					(arx_poisson_at_most(10000, mean) + slow_step(10001, mean)),
					1e-6);
	for (uint64_t count = 4800; count < 5200; count += 50)
		assert_near(arx_binomial_at_least(count, 10001, 0.5),
					(arx_binomial_at_least(count, 10000, 0.5) +
					 arx_binomial_at_least(count - 1, 10000, 0.5)) /
						2,
					1e-5);
}

static void
bounds_invert_the_tails(void **state)
{
	(void) state;
	/* the rule of three, and table values of exact Poisson limits */
	assert_near(arx_poisson_upper(0, 0.05), -log(0.05), 1e-9);
	assert_near(arx_poisson_upper(10, 0.025), 18.390, 1e-3);
	assert_near(arx_poisson_lower(10, 0.025), 4.7954, 1e-4);
	assert_true(arx_poisson_lower(0, 0.025) == 0);
	for (uint64_t count = 0; count < UINT32_MAX; count = 2 * count + 1)
		assert_near(arx_poisson_at_most(count, arx_poisson_upper(count, 0.05)),
					0.05, 1e-7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(poisson_tails_are_those_of_the_definition),
		cmocka_unit_test(binomial_tails_are_those_of_the_definition),
		cmocka_unit_test(certain_and_impossible_things_are_exact),
		cmocka_unit_test(large_counts_agree_with_the_normal_law),
		cmocka_unit_test(exact_sums_go_over_into_the_normal_law),
		cmocka_unit_test(bounds_invert_the_tails),
	};

	return cmocka_run_group_tests_name("leak_statistics", tests, NULL, NULL);
}
