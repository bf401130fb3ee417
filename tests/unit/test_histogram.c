/*
 * test_histogram.c
 *	  The latency histogram: layout, error bound, arithmetic.
 *
 * Exact answers come from sorted samples with fixed seeds, so that each run
 * sees the same numbers.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "libarx/histogram.h"
#include "tests/unit/sample_data.h"

#define NSAMPLES 50000

/* rounding of a few operations on top of the bound */
#define ROUNDING 1e-12

static const double asked[] = {0.0, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0};
#define NASKED ((int) (sizeof(asked) / sizeof(asked[0])))

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return (x > y) - (x < y);
}

/* The rank written down a second time, as percentile_disc has it. */
static size_t
exact_rank(double q, size_t n)
{
	double rank = ceil(q * (double) n);

	return rank < 1.0 ? 1 : (size_t) rank;
}

static void
check_error_bound(double (*draw)(void))
{
	static double samples[NSAMPLES];
	static ArxHistogram hist;
	double answers[NASKED];

	random_state = 20240229;
	memset(&hist, 0, sizeof(hist));
	for (int i = 0; i < NSAMPLES; i++)
	{
		samples[i] = draw();
		arx_histogram_record(&hist, samples[i]);
	}
	qsort(samples, NSAMPLES, sizeof(double), compare_doubles);
	assert_int_equal(hist.total, NSAMPLES);

	arx_histogram_quantiles(&hist, asked, NASKED, answers);
	for (int i = 0; i < NASKED; i++)
	{
		double exact = samples[exact_rank(asked[i], NSAMPLES) - 1];
		double error = fabs(answers[i] - exact) / exact;

		if (error > ARX_HISTOGRAM_MAX_ERROR + ROUNDING)
			fail_msg("q %g: %.17g for %.17g", asked[i], answers[i], exact);
	}
}

static void
quantiles_of_uniform_data_are_within_the_bound(void **state)
{
	(void) state;
	check_error_bound(uniform_us);
}

static void
quantiles_of_log_normal_data_are_within_the_bound(void **state)
{
	(void) state;
	check_error_bound(log_normal_us);
}

static void
quantiles_of_pareto_data_are_within_the_bound(void **state)
{
	(void) state;
	check_error_bound(pareto_us);
}

static void
quantiles_of_bimodal_data_are_within_the_bound(void **state)
{
	(void) state;
	check_error_bound(bimodal_us);
}

static void
quantiles_of_constant_data_are_within_the_bound(void **state)
{
	(void) state;
	check_error_bound(constant_us);
}

static void
every_edge_belongs_to_the_bucket_above_it(void **state)
{
	(void) state;
	for (int index = 1; index <= ARX_HISTOGRAM_OVERFLOW; index++)
	{
		double lower = arx_histogram_lower_us(index);
		int k = (index - 1) % 32;
		int octave = (index - 1) / 32;

		assert_true(lower == ldexp(1.0 + k / 32.0, octave));
		assert_int_equal(arx_histogram_bucket_us(lower), index);
		assert_int_equal(arx_histogram_bucket_us(nextafter(lower, 0.0)),
						 index - 1);
		assert_true(arx_histogram_upper_us(index - 1) == lower);
	}
	assert_true(arx_histogram_lower_us(0) == -INFINITY);
	assert_true(arx_histogram_upper_us(ARX_HISTOGRAM_OVERFLOW) == INFINITY);
}

static void
every_bucket_answers_within_the_bound_at_both_edges(void **state)
{
	(void) state;
	for (int index = 1; index < ARX_HISTOGRAM_OVERFLOW; index++)
	{
		double lower = arx_histogram_lower_us(index);
		double upper = arx_histogram_upper_us(index);
		double value = arx_histogram_value_us(index);
		double bound = 1.0 / (65.0 + 2.0 * ((index - 1) % 32));

		assert_true(fabs((value - lower) / lower - bound) < ROUNDING);
		assert_true(fabs((upper - value) / upper - bound) < ROUNDING);
		assert_true(bound <= ARX_HISTOGRAM_MAX_ERROR);
		assert_int_equal(arx_histogram_bucket_us(value), index);
	}
	assert_true(arx_histogram_value_us(0) == 0.5);
	assert_true(arx_histogram_value_us(ARX_HISTOGRAM_OVERFLOW) ==
				ldexp(1.0, 37));
}

static void
values_outside_the_range_are_counted_in_the_end_buckets(void **state)
{
	static const double below[] = {0.0,	 -0.0,	   0.999,	  DBL_MIN, -1.0,
								   -5e9, -DBL_MAX, -INFINITY, 4.9e-324};
	static const double above[] = {137438953472.0, 1.1 * 137438953472.0, 1e12,
								   DBL_MAX, INFINITY};

	(void) state;
	for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++)
		assert_int_equal(arx_histogram_bucket_us(below[i]),
						 ARX_HISTOGRAM_UNDERFLOW);
	for (size_t i = 0; i < sizeof(above) / sizeof(above[0]); i++)
		assert_int_equal(arx_histogram_bucket_us(above[i]),
						 ARX_HISTOGRAM_OVERFLOW);
	assert_in_range(arx_histogram_bucket_us((double) NAN), 0,
					ARX_HISTOGRAM_OVERFLOW);
	assert_in_range(arx_histogram_bucket_us(-(double) NAN), 0,
					ARX_HISTOGRAM_OVERFLOW);
}

static void
nanoseconds_fall_into_the_bucket_of_their_exact_value(void **state)
{
	(void) state;
	for (int index = 1; index <= ARX_HISTOGRAM_OVERFLOW; index++)
	{
		/* the first whole nanosecond at or above the edge, and the one before */
		int octave = (index - 1) / 32;
		int64_t thousands = INT64_C(1000) * (32 + (index - 1) % 32);
		int64_t first;

		if (octave >= 5)
			first = thousands << (octave - 5);
		else
			first =
				(thousands + (INT64_C(1) << (5 - octave)) - 1) >> (5 - octave);
		assert_int_equal(arx_histogram_bucket_ns(first), index);
		assert_int_equal(arx_histogram_bucket_ns(first - 1), index - 1);
	}
	assert_int_equal(arx_histogram_bucket_ns(INT64_MIN), 0);
	assert_int_equal(arx_histogram_bucket_ns(0), 0);
	assert_int_equal(arx_histogram_bucket_ns(INT64_MAX),
					 ARX_HISTOGRAM_OVERFLOW);
}

static void
chunk_and_slot_name_each_bucket_once(void **state)
{
	(void) state;
	for (int index = 0; index < ARX_HISTOGRAM_NBUCKETS; index++)
	{
		assert_int_equal(arx_histogram_chunk(index) *
								 ARX_HISTOGRAM_CHUNK_SLOTS +
							 arx_histogram_slot(index),
						 index);
		assert_in_range(arx_histogram_chunk(index), 0,
						ARX_HISTOGRAM_NCHUNKS - 1);
	}
}

static void
rank_is_the_nearest_rank(void **state)
{
	(void) state;
	assert_int_equal(arx_histogram_rank(0.0, 10), 1);
	assert_int_equal(arx_histogram_rank(0.05, 10), 1);
	assert_int_equal(arx_histogram_rank(0.1, 10), 1);
	assert_int_equal(arx_histogram_rank(0.11, 10), 2);
	assert_int_equal(arx_histogram_rank(0.5, 10), 5);
	assert_int_equal(arx_histogram_rank(0.5, 11), 6);
	assert_int_equal(arx_histogram_rank(1.0, 10), 10);
	assert_int_equal(arx_histogram_rank(1.0, ARX_HISTOGRAM_MAX_TOTAL),
					 ARX_HISTOGRAM_MAX_TOTAL);
	assert_int_equal(arx_histogram_rank((double) NAN, 10), 1);
}

static void
quantiles_of_nothing_are_nan(void **state)
{
	static const ArxHistogram empty;
	double answers[NASKED];

	(void) state;
	arx_histogram_quantiles(&empty, asked, NASKED, answers);
	for (int i = 0; i < NASKED; i++)
		assert_true(isnan(answers[i]));
}

static void
end_buckets_answer_quantiles_as_documented(void **state)
{
	static const double q[] = {0.0, 0.5, 1.0};
	static ArxHistogram hist;
	double answers[3];

	(void) state;
	memset(&hist, 0, sizeof(hist));
	arx_histogram_record(&hist, 0.0);
	arx_histogram_record(&hist, 1000.0);
	arx_histogram_record(&hist, INFINITY);
	arx_histogram_quantiles(&hist, q, 3, answers);
	assert_true(answers[0] == ARX_HISTOGRAM_UNDERFLOW_US);
	assert_true(fabs(answers[1] - 1000.0) <= 1000.0 * ARX_HISTOGRAM_MAX_ERROR);
	assert_true(answers[2] == ARX_HISTOGRAM_MAX_US);
	assert_true(hist.sum_ms == 1.0 + ARX_HISTOGRAM_MAX_US * 0.001);
}

static void
missing_chunks_count_as_zero(void **state)
{
	static const double q[] = {0.5, 1.0};
	const uint64_t *chunks[ARX_HISTOGRAM_NCHUNKS] = {NULL};
	uint64_t counts[ARX_HISTOGRAM_CHUNK_SLOTS] = {0};
	int index = arx_histogram_bucket_us(777.0);
	double answers[2];

	(void) state;
	arx_histogram_quantiles_chunked(chunks, 0, q, 2, answers);
	assert_true(isnan(answers[0]) && isnan(answers[1]));

	/* counted by someone who did not allocate yet */
	arx_histogram_quantiles_chunked(chunks, 5, q, 2, answers);
	assert_true(isnan(answers[0]) && isnan(answers[1]));

	chunks[arx_histogram_chunk(index)] = counts;
	counts[arx_histogram_slot(index)] = 9;
	arx_histogram_quantiles_chunked(chunks, 9, q, 2, answers);
	assert_true(answers[0] == arx_histogram_value_us(index));

	/* and a total of 0 answers nothing, whatever is counted meanwhile */
	arx_histogram_quantiles_chunked(chunks, 0, q, 2, answers);
	assert_true(isnan(answers[0]) && isnan(answers[1]));

	/* fewer counts than the total says: the last bucket answers */
	arx_histogram_quantiles_chunked(chunks, 20, q, 2, answers);
	assert_true(answers[1] == arx_histogram_value_us(index));
}

static void
fill(ArxHistogram *hist, uint64_t seed, int n)
{
	memset(hist, 0, sizeof(*hist));
	random_state = seed;
	for (int i = 0; i < n; i++)
		arx_histogram_record(hist, log_normal_us());
}

static void
subtracting_what_was_merged_gives_the_first_back(void **state)
{
	static ArxHistogram a;
	static ArxHistogram b;
	static ArxHistogram both;

	(void) state;
	fill(&a, 1, 1000);
	fill(&b, 2, 3000);
	both = a;
	assert_int_equal(arx_histogram_merge(&both, &b), ARX_HISTOGRAM_OK);
	assert_int_equal(both.total, 4000);
	assert_true(fabs(both.sum_ms - a.sum_ms - b.sum_ms) < 1e-6);
	assert_int_equal(arx_histogram_subtract(&both, &b), ARX_HISTOGRAM_OK);
	assert_int_equal(both.total, 1000);
	assert_memory_equal(both.counts, a.counts, sizeof(a.counts));
	assert_true(fabs(both.sum_ms - a.sum_ms) < 1e-6);
	assert_int_equal(arx_histogram_subtract(&both, &a), ARX_HISTOGRAM_OK);
	assert_int_equal(both.total, 0);
	assert_true(both.sum_ms == 0.0);
}

static void
subtracting_what_is_not_contained_changes_nothing(void **state)
{
	static ArxHistogram a;
	static ArxHistogram before;
	static ArxHistogram more;

	(void) state;
	fill(&a, 3, 500);
	before = a;
	more = a;
	more.counts[ARX_HISTOGRAM_OVERFLOW]++;
	more.total++;
	assert_int_equal(arx_histogram_subtract(&a, &more),
					 ARX_HISTOGRAM_NOT_CONTAINED);
	assert_memory_equal(&a, &before, sizeof(a));
}

static void
merging_beyond_a_bigint_changes_nothing(void **state)
{
	static ArxHistogram a;
	static ArxHistogram b;

	(void) state;
	memset(&a, 0, sizeof(a));
	a.counts[5] = ARX_HISTOGRAM_MAX_TOTAL;
	a.total = ARX_HISTOGRAM_MAX_TOTAL;
	fill(&b, 4, 1);
	assert_int_equal(arx_histogram_merge(&a, &b), ARX_HISTOGRAM_TOO_MANY);
	assert_int_equal(a.total, ARX_HISTOGRAM_MAX_TOTAL);
}

static void
sums_stay_finite_and_are_never_minus_zero(void **state)
{
	(void) state;
	assert_true(arx_histogram_add_sums(1.0, 2.0) == 3.0);
	assert_true(arx_histogram_add_sums(DBL_MAX, DBL_MAX) == DBL_MAX);
	assert_true(arx_histogram_add_sums(-DBL_MAX, -INFINITY) == -DBL_MAX);
	assert_true(arx_histogram_add_sums(INFINITY, -INFINITY) == 0.0);
	assert_true(arx_histogram_add_sums((double) NAN, 4.0) == 4.0);
	assert_false(signbit(arx_histogram_add_sums(-0.0, -0.0)));
}

static void
every_status_has_a_text(void **state)
{
	(void) state;
	for (int status = ARX_HISTOGRAM_OK; status <= ARX_HISTOGRAM_NOT_CONTAINED;
		 status++)
	{
		assert_string_not_equal(arx_histogram_status_text(status),
								"unknown fault");
	}
	assert_string_equal(arx_histogram_status_text(99), "unknown fault");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles_of_uniform_data_are_within_the_bound),
		cmocka_unit_test(quantiles_of_log_normal_data_are_within_the_bound),
		cmocka_unit_test(quantiles_of_pareto_data_are_within_the_bound),
		cmocka_unit_test(quantiles_of_bimodal_data_are_within_the_bound),
		cmocka_unit_test(quantiles_of_constant_data_are_within_the_bound),
		cmocka_unit_test(every_edge_belongs_to_the_bucket_above_it),
		cmocka_unit_test(every_bucket_answers_within_the_bound_at_both_edges),
		cmocka_unit_test(
			values_outside_the_range_are_counted_in_the_end_buckets),
		cmocka_unit_test(nanoseconds_fall_into_the_bucket_of_their_exact_value),
		cmocka_unit_test(chunk_and_slot_name_each_bucket_once),
		cmocka_unit_test(rank_is_the_nearest_rank),
		cmocka_unit_test(quantiles_of_nothing_are_nan),
		cmocka_unit_test(end_buckets_answer_quantiles_as_documented),
		cmocka_unit_test(missing_chunks_count_as_zero),
		cmocka_unit_test(subtracting_what_was_merged_gives_the_first_back),
		cmocka_unit_test(subtracting_what_is_not_contained_changes_nothing),
		cmocka_unit_test(merging_beyond_a_bigint_changes_nothing),
		cmocka_unit_test(sums_stay_finite_and_are_never_minus_zero),
		cmocka_unit_test(every_status_has_a_text),
	};

	return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
