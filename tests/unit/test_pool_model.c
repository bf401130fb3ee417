/*
 * test_pool_model.c
 *	  Waits for a connection: known values, simulated queues, any argument.
 *
 * ARX_POOL_ARRIVALS in the environment asks for another number of simulated
 * arrivals in each queue; the model's errors are printed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "libarx/pool_model.h"
#include "tests/unit/queue_simulation.h"

#define ARRIVALS 200000
/* Chance errors beyond so many of their standard deviations do not happen. */
#define SIGMAS 4

static const int simulated_servers[] = {1, 3, 4, 5, 8};
static const double simulated_utilisation[] = {0.25, 0.4, 0.55, 0.69, 0.8, 0.9};

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

static int
number_of_arrivals(void)
{
	const char *asked = getenv("ARX_POOL_ARRIVALS");

	return asked ? atoi(asked) : ARRIVALS;
}

static void
assert_near(double value, double expected, double share)
{
	if (!(fabs(value - expected) <= share * fabs(expected)))
		fail_msg("%.10g is not within %g of %.10g", value, share, expected);
}

/* A load of that many Erlangs in units of the service time. */
static ArxPoolLoad
load_of(double offered, double cs2)
{
	return (ArxPoolLoad){offered, 1, 1, cs2};
}

/* ---- known values -------------------------------------------------------- */

static void
erlang_b_and_c_have_their_known_values(void **state)
{
	(void) state;
	assert_near(arx_erlang_b(0, 3), 1, 0);
	assert_near(arx_erlang_b(1, 3), 0.75, 1e-14);
	/* sums of a^k / k! by hand */
	assert_near(arx_erlang_b(2, 1), 0.2, 1e-14);
	assert_near(arx_erlang_b(4, 2), 2.0 / 21, 1e-14);
	assert_near(arx_erlang_b(10, 5), 0.0183845704, 1e-8);
	assert_near(arx_erlang_c(1, 0.7), 0.7, 1e-14);
	assert_near(arx_erlang_c(2, 1), 1.0 / 3, 1e-14);
	assert_near(arx_erlang_c(10, 5), 0.0361053607, 1e-7);
}

static void
one_server_has_the_wait_of_pollaczek_and_khinchine(void **state)
{
	(void) state;
	for (double cs2 = 0; cs2 < 10; cs2 += 0.25)
	{
		ArxPoolLoad load = load_of(0.8, cs2);

		assert_near(arx_pool_mean_wait(&load, 1), 0.8 / 0.2 * (1 + cs2) / 2,
					1e-12);
	}
}

/* The least of c uniform remainders against that of c exponential ones. */
static void
constant_service_has_its_limit_at_vanishing_load(void **state)
{
	(void) state;
	for (int servers = 1; servers <= 8; servers++)
	{
		ArxPoolLoad constant = load_of(0.001, 0);
		ArxPoolLoad exponential = load_of(0.001, 1);

		assert_near(arx_pool_mean_wait(&constant, servers),
					arx_pool_mean_wait(&exponential, servers) * servers /
						(servers + 1),
					1e-9);
	}
}

static void
exponential_waits_are_exact_in_mean_and_quantiles(void **state)
{
	ArxPoolLoad load = {100, 0.02, NAN, NAN};
	double waits = arx_erlang_c(3, 2);

	(void) state;
	assert_near(waits, 4.0 / 9, 1e-14);
	assert_near(arx_pool_mean_wait(&load, 3), waits * 0.02, 1e-12);
	assert_near(arx_pool_wait_quantile(&load, 3, 0.95),
				0.02 * log(waits / 0.05), 1e-12);
	assert_near(arx_pool_wait_quantile(&load, 3, 0.5), 0, 0);
	assert_near(arx_pool_queue_length(&load, 3), 100 * waits * 0.02, 1e-12);
}

static void
waits_measured_at_a_pooler_are_predicted(void **state)
{
	/* PgBouncer 1.18, exponential service, 92 s each */
	static const struct
	{
		int servers;
		double arrival_rate;
		double service_ms;
		double predicted_ms;
		double measured_ms;
	} runs[] = {{3, 98.4, 21.17, 11.20, 10.77},
				{4, 100.8, 21.13, 2.34, 2.14},
				{5, 100.2, 21.10, 0.53, 0.53}};

	(void) state;
	for (size_t i = 0; i < LENGTH(runs); i++)
	{
		ArxPoolLoad load = {runs[i].arrival_rate, runs[i].service_ms / 1000, 1,
							1};
		double wait_ms = arx_pool_mean_wait(&load, runs[i].servers) * 1000;

		assert_near(wait_ms, runs[i].predicted_ms, 0.01);
		assert_near(wait_ms, runs[i].measured_ms, 0.15);
	}
}

/* ---- simulated queues ------------------------------------------------------ */

/*
 * Compares one queue; returns the relative error of the mean wait, NaN where
 * it is below a thousandth of the service time.
 */
static double
compare(Times arrivals, Times service, int servers, double utilisation)
{
	ArxPoolLoad load = {utilisation * servers, 1, times_variation[arrivals],
						times_variation[service]};
	Simulated truth = simulate_queue(arrivals, service, servers, utilisation,
									 number_of_arrivals());
	double chance =
		arx_pool_sampling_error(&load, servers, number_of_arrivals());
	double allowed = arx_pool_model_error(&load, servers) + SIGMAS * chance;
	double error = arx_pool_mean_wait(&load, servers) / truth.mean_wait - 1;

	if (truth.mean_wait < 0.001)
		return NAN;
	if (!(fabs(error) <= allowed))
		fail_msg("%s arrivals, %s service, %d servers at %.2f: "
				 "simulated %.4f, error %.1f %%, allowed %.1f %%",
				 times_names[arrivals], times_names[service], servers,
				 utilisation, truth.mean_wait, 100 * error, 100 * allowed);
	return error;
}

static void
compare_all(Times arrivals, Times service, double least_utilisation)
{
	double lowest = 0;
	double highest = 0;

	for (size_t i = 0; i < LENGTH(simulated_servers); i++)
		for (size_t j = 0; j < LENGTH(simulated_utilisation); j++)
		{
			double error;

			if (simulated_utilisation[j] < least_utilisation)
				continue;
			error = compare(arrivals, service, simulated_servers[i],
							simulated_utilisation[j]);
			/* both leave out NaN */
			lowest = fmin(lowest, error);
			highest = fmax(highest, error);
		}
	print_message("# %s arrivals, %s service: %.1f to %+.1f %%\n",
				  times_names[arrivals], times_names[service], 100 * lowest,
				  100 * highest);
}

static void
mean_waits_are_those_of_simulated_queues(void **state)
{
	(void) state;
	random_state = 1;
	for (Times service = 0; service < NTIMES; service++)
		compare_all(EXPONENTIAL, service, 0);
}

static void
waits_after_uneven_arrivals_are_within_half_at_high_load(void **state)
{
	(void) state;
	random_state = 2;
	for (Times service = 0; service < NTIMES; service++)
	{
		compare_all(ERLANG_2, service, 0.8);
		compare_all(HYPEREXPONENTIAL, service, 0.8);
	}
}

static void
larger_pools_are_simulated_as_well(void **state)
{
	(void) state;
	random_state = 3;
	for (Times service = 0; service < NTIMES; service++)
	{
		compare(EXPONENTIAL, service, 20, 0.7);
		compare(EXPONENTIAL, service, 20, 0.9);
		compare(EXPONENTIAL, service, 50, 0.9);
	}
}

static void
very_uneven_service_is_within_half_at_high_load(void **state)
{
	(void) state;
	random_state = 7;
	compare_all(EXPONENTIAL, VERY_UNEVEN, 0);
	compare(EXPONENTIAL, VERY_UNEVEN, 20, 0.7);
	compare(EXPONENTIAL, VERY_UNEVEN, 20, 0.8);
	compare(EXPONENTIAL, VERY_UNEVEN, 20, 0.9);
	compare(EXPONENTIAL, VERY_UNEVEN, 50, 0.8);
}

/* The error of a 95th percentile of at least a fifth of the service time. */
static void
percentiles_are_within_their_stated_error(void **state)
{
	/* by service: docs/pool-model.md */
	static const double stated[NTIMES] = {0.05, 0.2, 0.1, 0.4};
	int n = number_of_arrivals();

	(void) state;
	random_state = 4;
	for (Times service = 0; service < NTIMES; service++)
		for (size_t i = 0; i < LENGTH(simulated_servers); i++)
			for (size_t j = 0; j < LENGTH(simulated_utilisation); j++)
			{
				int servers = simulated_servers[i];
				ArxPoolLoad load = load_of(simulated_utilisation[j] * servers,
										   times_variation[service]);
				Simulated truth = simulate_queue(EXPONENTIAL, service, servers,
												 simulated_utilisation[j], n);
				double chance = arx_pool_sampling_error(&load, servers, n);
				double p95 = arx_pool_wait_quantile(&load, servers, 0.95);
				double error = fabs(p95 - truth.p95) / truth.p95;

				if (truth.p95 < 0.2)
					continue;
				if (error > stated[service] + SIGMAS * chance)
					fail_msg("%s service, %d servers at %.2f: %.3f, "
							 "simulated %.3f",
							 times_names[service], servers,
							 simulated_utilisation[j], p95, truth.p95);
			}
}

/* Of many short windows, the scatter is the stated one. */
static void
scatter_of_measured_waits_is_as_stated(void **state)
{
	enum
	{
		NWINDOWS = 200,
		NARRIVALS = 5000
	};
	static const double utilisation[] = {0.4, 0.55, 0.7, 0.8, 0.9};

	(void) state;
	random_state = 5;
	for (size_t i = 0; i < LENGTH(utilisation); i++)
	{
		ArxPoolLoad load = load_of(4 * utilisation[i], 1);
		double expected = arx_pool_mean_wait(&load, 4);
		double squares = 0;
		double scatter;

		for (int window = 0; window < NWINDOWS; window++)
		{
			double wait = simulate_queue(EXPONENTIAL, EXPONENTIAL, 4,
										 utilisation[i], NARRIVALS)
							  .mean_wait;

			squares += (wait / expected - 1) * (wait / expected - 1);
		}
		scatter = sqrt(squares / NWINDOWS);
		print_message("# at %.1f: scatter %.3f, stated %.3f\n", utilisation[i],
					  scatter, arx_pool_sampling_error(&load, 4, NARRIVALS));
		assert_near(arx_pool_sampling_error(&load, 4, NARRIVALS), scatter,
					0.35);
	}
}

/* ---- any argument ---------------------------------------------------------- */

static void
more_servers_never_wait_longer(void **state)
{
	static const double variations[] = {0, 0.1, 0.5, 0.9, 1, 1.1, 2, 5, 30};

	(void) state;
	for (size_t a = 0; a < LENGTH(variations); a++)
		for (size_t s = 0; s < LENGTH(variations); s++)
			for (double offered = 0.01; offered < 200; offered *= 1.7)
			{
				ArxPoolLoad load = {offered, 1, variations[a], variations[s]};
				double wait = INFINITY;
				double p95 = INFINITY;

				for (int servers = 1; servers < 1.5 * offered + 30; servers++)
				{
					double mean = arx_pool_mean_wait(&load, servers);
					double quantile =
						arx_pool_wait_quantile(&load, servers, 0.95);

					if (!(mean <= wait && quantile <= p95))
						fail_msg("load %g, ca2 %g, cs2 %g: %d servers wait "
								 "%g, %g after %g, %g",
								 offered, load.ca2, load.cs2, servers, mean,
								 quantile, wait, p95);
					wait = mean;
					p95 = quantile;
				}
			}
}

static void
least_servers_are_the_least(void **state)
{
	(void) state;
	random_state = 6;
	for (int i = 0; i < 2000; i++)
	{
		ArxPoolLoad load = {exp(8 * random_unit()), exp(-6 * random_unit()),
							NAN, 5 * random_unit()};
		double offered = arx_pool_offered_load(&load);
		double target_s = 0.1 * random_unit() * random_unit();
		double limit = 0.5 + 0.5 * random_unit();
		double k = 0.3 + 2.7 * random_unit();
		int64_t n = arx_pool_least_servers(&load, target_s, limit, k);

		assert_true(n >= 1);
		assert_true(arx_pool_wait_quantile(&load, n, 0.95) * k <= target_s);
		assert_true(offered <= limit * (double) n * (1 + 1e-12));
		if (n > 1)
			assert_false(arx_pool_wait_quantile(&load, n - 1, 0.95) * k <=
							 target_s &&
						 offered <= limit * (double) (n - 1));
	}
}

static void
no_load_waits_not_and_too_much_forever(void **state)
{
	ArxPoolLoad none = {0, 0.02, 1, 1};
	ArxPoolLoad instant = {INFINITY, 0, 1, 1};
	ArxPoolLoad full = load_of(4, 1);
	ArxPoolLoad endless = load_of(INFINITY, 1);

	(void) state;
	assert_true(arx_pool_mean_wait(&none, 1) == 0);
	assert_true(arx_pool_wait_quantile(&none, 1, 0.99) == 0);
	assert_true(arx_pool_queue_length(&none, 1) == 0);
	assert_true(arx_pool_mean_wait(&instant, 1) == 0);
	assert_true(arx_pool_least_servers(&none, 0, 0.75, 1) == 1);
	for (int servers = 1; servers <= 4; servers++)
	{
		assert_true(isinf(arx_pool_mean_wait(&full, servers)));
		assert_true(isinf(arx_pool_wait_quantile(&full, servers, 0)));
		assert_true(isinf(arx_pool_queue_length(&full, servers)));
		assert_true(isinf(arx_pool_mean_wait(&endless, servers)));
		assert_true(arx_erlang_c(servers, 4) == 1);
	}
	assert_int_equal(arx_pool_least_servers(&endless, 1, 1, 1), -1);
	assert_int_equal(arx_pool_staffing_start(INFINITY, 1), -1);
	assert_true(isinf(arx_pool_sampling_error(&full, 4, 1000)));
	assert_true(isinf(arx_pool_sampling_error(&none, 4, 0)));
}

static void
huge_pools_are_computed(void **state)
{
	ArxPoolLoad load = load_of(9900, 1);
	ArxPoolLoad most = load_of(260000, 0.5);

	(void) state;
	/* Halfin and Whitt: 1 / (1 + beta Phi(beta) / phi(beta)), beta = 1.005 */
	assert_near(arx_erlang_c(10000, 9900), 0.2236, 0.02);
	assert_near(arx_pool_mean_wait(&load, 10000),
				arx_erlang_c(10000, 9900) / 100, 1e-9);
	assert_true(isfinite(arx_pool_mean_wait(&most, ARX_POOL_MAX_SERVERS)));
	assert_true(arx_pool_least_servers(&most, 0.1, 1, 1) > 260000);
	assert_int_equal(arx_pool_least_servers(&most, 0.1, 0.75, 1), -1);
	assert_true(isnan(arx_pool_mean_wait(&most, ARX_POOL_MAX_SERVERS + 1)));
	assert_true(arx_erlang_b(10000, 1e300) == 1);
	assert_true(arx_erlang_b(10000, 1e-300) == 0);
	assert_true(arx_erlang_c(10000, 1) == 0);
}

static void
what_is_not_a_number_gives_none(void **state)
{
	const ArxPoolLoad bad[] = {{NAN, 1, 1, 1}, {1, NAN, 1, 1}, {-1, 1, 1, 1},
							   {1, -1, 1, 1},  {1, 1, -1, 1},  {1, 1, 1, -1}};
	ArxPoolLoad good = load_of(1, 1);

	(void) state;
	for (size_t i = 0; i < LENGTH(bad); i++)
	{
		assert_true(isnan(arx_pool_mean_wait(&bad[i], 2)));
		assert_true(isnan(arx_pool_wait_quantile(&bad[i], 2, 0.5)));
		assert_true(isnan(arx_pool_queue_length(&bad[i], 2)));
		assert_true(isnan(arx_pool_model_error(&bad[i], 2)));
		assert_true(isnan(arx_pool_sampling_error(&bad[i], 2, 100)));
		assert_int_equal(arx_pool_least_servers(&bad[i], 1, 1, 1), -1);
	}
	for (int servers = -1; servers <= 0; servers++)
		assert_true(isnan(arx_pool_mean_wait(&good, servers)));
	assert_true(isnan(arx_pool_wait_quantile(&good, 2, NAN)));
	assert_true(isnan(arx_pool_wait_quantile(&good, 2, 1)));
	assert_true(isnan(arx_erlang_b(2, NAN)));
	assert_true(isnan(arx_erlang_c(2, -1)));
	assert_int_equal(arx_pool_staffing_start(NAN, 1), -1);
	assert_int_equal(arx_pool_least_servers(&good, NAN, 1, 1), -1);
	assert_int_equal(arx_pool_least_servers(&good, 1, NAN, 1), -1);
	assert_int_equal(arx_pool_least_servers(&good, 1, 0, 1), -1);
	assert_int_equal(arx_pool_least_servers(&good, 1, 1, 0), -1);
}

static void
staffing_starts_at_the_load_and_its_root(void **state)
{
	(void) state;
	assert_int_equal(arx_pool_staffing_start(0, 2), 1);
	assert_int_equal(arx_pool_staffing_start(100, 0.5), 105);
	assert_int_equal(arx_pool_staffing_start(100, 2), 120);
	assert_int_equal(arx_pool_staffing_start(2.1, 2), 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(erlang_b_and_c_have_their_known_values),
		cmocka_unit_test(one_server_has_the_wait_of_pollaczek_and_khinchine),
		cmocka_unit_test(constant_service_has_its_limit_at_vanishing_load),
		cmocka_unit_test(exponential_waits_are_exact_in_mean_and_quantiles),
		cmocka_unit_test(waits_measured_at_a_pooler_are_predicted),
		cmocka_unit_test(mean_waits_are_those_of_simulated_queues),
		cmocka_unit_test(
			waits_after_uneven_arrivals_are_within_half_at_high_load),
		cmocka_unit_test(larger_pools_are_simulated_as_well),
		cmocka_unit_test(very_uneven_service_is_within_half_at_high_load),
		cmocka_unit_test(percentiles_are_within_their_stated_error),
		cmocka_unit_test(scatter_of_measured_waits_is_as_stated),
		cmocka_unit_test(more_servers_never_wait_longer),
		cmocka_unit_test(least_servers_are_the_least),
		cmocka_unit_test(no_load_waits_not_and_too_much_forever),
		cmocka_unit_test(huge_pools_are_computed),
		cmocka_unit_test(what_is_not_a_number_gives_none),
		cmocka_unit_test(staffing_starts_at_the_load_and_its_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
