/*
 * test_usl.c
 *	  The scalability law is found where it holds, and nowhere else.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "libarx/usl.h"
#include "tests/unit/sample_data.h"

#define MAX_PAIRS 500

static double active[MAX_PAIRS];
static double throughput[MAX_PAIRS];

static double
law(double n, double gamma, double sigma, double kappa)
{
	return gamma * n / (1 + sigma * (n - 1) + kappa * n * (n - 1));
}

/* n pairs of N = 1, 1 + step, ..., scattered by a share. */
static void
make_pairs(int n, double step, double sigma, double kappa, double scatter)
{
	for (int i = 0; i < n; i++)
	{
		active[i] = 1 + step * i;
		throughput[i] =
			law(active[i], 900, sigma, kappa) * (1 + scatter * random_normal());
	}
}

static void
assert_near(double value, double expected, double share)
{
	if (!(fabs(value - expected) <= share * fabs(expected)))
		fail_msg("%.10g is not within %g of %.10g", value, share, expected);
}

static void
exact_pairs_give_back_the_law(void **state)
{
	static const double steps[] = {1, 3.7, 500};
	ArxUsl usl;

	(void) state;
	for (int i = 0; i < 3; i++)
	{
		double kappa = 0.0005 / steps[i] / steps[i];

		make_pairs(40, steps[i], 0.02, kappa, 0);
		assert_true(arx_usl_fit(active, throughput, 40, &usl));
		assert_true(usl.fitted);
		assert_near(usl.gamma, 900, 1e-6);
		assert_near(usl.sigma, 0.02, 1e-6);
		assert_near(usl.kappa, kappa, 1e-6);
		assert_near(usl.peak, sqrt(0.98 / kappa), 1e-6);
		assert_near(usl.r2, 1, 1e-9);
		assert_near(usl.largest, 1 + 39 * steps[i], 1e-12);
	}
}

static void
peak_is_found_in_scattered_pairs(void **state)
{
	ArxUsl usl;

	(void) state;
	random_state = 1;
	for (int i = 0; i < 50; i++)
	{
		make_pairs(300, 0.15, 0.03, 0.0008, 0.05);
		assert_true(arx_usl_fit(active, throughput, 300, &usl));
		assert_near(usl.peak, sqrt(0.97 / 0.0008), 0.15);
	}
}

static void
queueing_alone_has_no_peak(void **state)
{
	ArxUsl usl;

	(void) state;
	/* a slope that falls would be a negative kappa: it is held at 0 */
	for (int i = 0; i < 30; i++)
	{
		active[i] = i + 1;
		throughput[i] = active[i] / (1 + 0.2 * pow(i, 0.8));
	}
	assert_true(arx_usl_fit(active, throughput, 30, &usl));
	assert_true(usl.kappa == 0);
	assert_true(usl.sigma > 0);
	assert_true(isinf(usl.peak));
}

static void
too_few_levels_are_not_fitted(void **state)
{
	ArxUsl usl;

	(void) state;
	make_pairs(7, 1, 0.1, 0.01, 0);
	assert_false(arx_usl_fit(active, throughput, 7, &usl));
	assert_false(usl.fitted);
	/* many pairs at seven whole numbers are still seven */
	random_state = 2;
	for (int i = 0; i < 200; i++)
	{
		active[i] = 1 + i % 7 + 0.4 * random_unit();
		throughput[i] = law(active[i], 900, 0.1, 0.01);
	}
	assert_false(arx_usl_fit(active, throughput, 200, &usl));
	make_pairs(8, 1, 0.1, 0.01, 0);
	assert_true(arx_usl_fit(active, throughput, 8, &usl));
}

static void
noise_and_perfect_scaling_are_not_fitted(void **state)
{
	ArxUsl usl;

	(void) state;
	random_state = 3;
	for (int i = 0; i < 100; i++)
	{
		active[i] = 1 + i % 20;
		throughput[i] = active[i] * (500 + 400 * random_unit());
	}
	assert_false(arx_usl_fit(active, throughput, 100, &usl));
	assert_false(usl.fitted);
	make_pairs(40, 1, 0, 0, 0);
	assert_false(arx_usl_fit(active, throughput, 40, &usl));
}

static void
useless_pairs_are_left_out(void **state)
{
	static const double useless[] = {NAN, 0, -1, INFINITY, 1e-320};
	ArxUsl usl;

	(void) state;
	make_pairs(60, 1, 0.02, 0.0005, 0);
	for (int i = 0; i < 5; i++)
	{
		active[10 + i] = useless[i];
		throughput[20 + i] = useless[i];
	}
	assert_true(arx_usl_fit(active, throughput, 60, &usl));
	assert_near(usl.kappa, 0.0005, 1e-6);

	for (int i = 0; i < 60; i++)
		active[i] = NAN;
	assert_false(arx_usl_fit(active, throughput, 60, &usl));
	assert_false(arx_usl_fit(active, throughput, 0, &usl));
}

static void
any_pairs_give_a_law_with_a_peak_of_one_or_more(void **state)
{
	ArxUsl usl;

	(void) state;
	random_state = 4;
	for (int round = 0; round < 3000; round++)
	{
		int n = (int) (40 * random_unit());

		for (int i = 0; i < n; i++)
		{
			active[i] = exp(20 * random_normal());
			throughput[i] = exp(20 * random_normal());
		}
		if (!arx_usl_fit(active, throughput, (size_t) n, &usl))
			continue;
		assert_true(usl.peak >= 1);
		assert_true(usl.gamma > 0 && usl.sigma >= 0 && usl.kappa >= 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_pairs_give_back_the_law),
		cmocka_unit_test(peak_is_found_in_scattered_pairs),
		cmocka_unit_test(queueing_alone_has_no_peak),
		cmocka_unit_test(too_few_levels_are_not_fitted),
		cmocka_unit_test(noise_and_perfect_scaling_are_not_fitted),
		cmocka_unit_test(useless_pairs_are_left_out),
		cmocka_unit_test(any_pairs_give_a_law_with_a_peak_of_one_or_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
