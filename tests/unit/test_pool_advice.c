/*
 * test_pool_advice.c
 *	  Each verdict on the size of a pool, its numbers, and its sentence.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "libarx/pool_advice.h"
#include "libarx/pool_model.h"
#include "tests/unit/sample_data.h"

static ArxPoolFacts facts;
static ArxPoolAdvice advice;
static char reason[ARX_POOL_REASON_BYTES];

static void
assert_near(double value, double expected, double share)
{
	if (!(fabs(value - expected) <= share * fabs(expected)))
		fail_msg("%.10g is not within %g of %.10g", value, share, expected);
}

/* A PgBouncer of that size before a load of two connections, waits unknown. */
static int
start_from(void **state)
{
	(void) state;
	arx_pool_facts_init(&facts);
	facts.source = ARX_POOL_PGBOUNCER;
	facts.size = 3;
	facts.window_s = 100;
	facts.transactions = 10000;
	facts.service_s = 0.02;
	facts.cs2 = 1;
	facts.observed_s = 86400;
	return 0;
}

/* The measured mean wait is so many times the model's. */
static void
measure_times_model(double times)
{
	ArxPoolLoad load = {100, facts.service_s, facts.ca2, facts.cs2};

	facts.wait_s = times * arx_pool_mean_wait(&load, facts.size);
}

static void
expect(ArxPoolVerdict verdict, int64_t recommended)
{
	arx_pool_advise(&facts, &advice);
	arx_pool_reason(&facts, &advice, reason, sizeof(reason));
	print_message("# %s: %s\n", arx_pool_verdict_name(advice.verdict), reason);
	assert_string_equal(arx_pool_verdict_name(advice.verdict),
						arx_pool_verdict_name(verdict));
	if (advice.recommended != recommended)
		fail_msg("recommended %lld, not %lld", (long long) advice.recommended,
				 (long long) recommended);
}

static void
expect_words(const char *words)
{
	if (!strstr(reason, words))
		fail_msg("not \"%s\" in: %s", words, reason);
}

/* ---- verdicts ------------------------------------------------------------- */

static void
small_pool_grows_to_the_target(void **state)
{
	(void) state;
	facts.arrival_rate = 98.4;
	facts.service_s = 0.02117;
	measure_times_model(1);
	facts.wait_s = 0.0112;
	expect(ARX_POOL_GROW, 5);
	assert_string_equal(reason,
						"3 connections are 69 % busy and a transaction waits "
						"11.2 ms on average; 5 connections would cut that to "
						"about 0.5 ms.");
	assert_true(advice.target_met && advice.p95_then_s <= 0.005);
	assert_true(advice.p95_now_s > 0.005);
	assert_near(advice.improvement_s, 0.0112 - advice.wait_then_s, 1e-12);
	assert_true(advice.improvement_low_s < advice.improvement_s &&
				advice.improvement_s < advice.improvement_high_s);
	assert_true(advice.wait_then_low_s < advice.wait_then_s &&
				advice.wait_then_s < advice.wait_then_high_s);
}

static void
improvement_has_no_bound_where_a_fifth_more_would_not_fit(void **state)
{
	(void) state;
	facts.service_s = 0.026; /* 2.6 of 3 */
	expect(ARX_POOL_GROW, 6);
	assert_true(isinf(advice.improvement_high_s));
	assert_true(isfinite(advice.improvement_low_s));
}

static void
busy_pool_without_waits_grows_by_its_utilisation(void **state)
{
	(void) state;
	facts.size = 100;
	facts.service_s = 0.8;
	expect(ARX_POOL_GROW, 107);
	expect_words("leaves no room");
}

static void
large_pool_shrinks_unless_its_peak_forbids(void **state)
{
	(void) state;
	facts.size = 20;
	facts.busy_peak = 6;
	expect(ARX_POOL_SHRINK, 6);
	expect_words("never more than 6 at once in the last 24 hours");
	assert_true(advice.improvement_s <= 0);
	assert_true(advice.target_met);
	/* a target that is met by 4 leaves a spare for the load's own changes */
	facts.busy_peak = 2;
	facts.target_s = 1;
	expect(ARX_POOL_SHRINK, 5);
	facts.target_s = 0.005;
	facts.busy_peak = 14;
	expect(ARX_POOL_SHRINK, 14);
	facts.busy_peak = 15;
	expect(ARX_POOL_RIGHT, 20);
	facts.busy_peak = NAN;
	expect(ARX_POOL_RIGHT, 20);
	facts.busy_peak = 6;
	facts.min_size = 10;
	expect(ARX_POOL_SHRINK, 10);
	facts.size = 8;
	facts.min_size = 0;
	expect(ARX_POOL_RIGHT, 8);
}

static void
quiet_minutes_do_not_shrink_a_pool(void **state)
{
	(void) state;
	facts.size = 20;
	facts.busy_peak = 2;
	facts.busy_day_peak = 12;
	expect(ARX_POOL_SHRINK, 12);
	expect_words("never more than 12 at once");
	facts.busy_day_peak = 18;
	expect(ARX_POOL_RIGHT, 20);
	facts.busy_day_peak = 2;
	facts.observed_s = 3599;
	expect(ARX_POOL_RIGHT, 20);
	assert_int_equal(advice.ground, ARX_POOL_GROUND_BRIEF);
	expect_words("less than an hour of it was seen");
	facts.observed_s = 3600;
	expect(ARX_POOL_SHRINK, 6);
	expect_words("in the last 1 hour;");
	/* not known: what the window has */
	facts.observed_s = NAN;
	expect(ARX_POOL_RIGHT, 20);
	facts.window_s = 7200;
	facts.transactions = 720000;
	expect(ARX_POOL_SHRINK, 6);
}

static void
sessions_that_nobody_counted_give_no_advice(void **state)
{
	(void) state;
	facts.per_session = true;
	expect(ARX_POOL_GROW, 5);
	expect_words("a session waits");
	facts.transactions = 5;
	expect(ARX_POOL_TOO_FEW, -1);
	expect_words("Only 5 sessions were seen");
	facts.transactions = -1;
	facts.arrival_rate = NAN;
	facts.service_s = NAN;
	facts.busy_mean = 2;
	expect(ARX_POOL_UNKNOWN, -1);
	assert_true(isnan(advice.arrival_rate) && isnan(advice.service_s));
	expect_words("since 1.23");
}

static void
right_pool_stays(void **state)
{
	(void) state;
	facts.size = 5;
	facts.busy_peak = 5;
	measure_times_model(1.1);
	expect(ARX_POOL_RIGHT, 5);
	assert_true(advice.target_met);
	assert_true(advice.improvement_s == 0);
	assert_near(advice.wait_then_s, facts.wait_s, 0);
	expect_words("the size is right");
}

static void
capped_pool_is_not_the_problem(void **state)
{
	(void) state;
	/* the CPU: 2 for each and one, larger by the time that is not CPU time */
	facts.ncpus = 1;
	facts.cpu_share = 1;
	expect(ARX_POOL_NOT_THE_PROBLEM, 3);
	assert_int_equal(advice.cap, 3);
	assert_int_equal(advice.cap_kind, ARX_POOL_CAP_CPU);
	assert_true(advice.capped);
	expect_words("only share 1 CPU");
	expect_words("reduce service time or arrivals");
	facts.cpu_share = 0.3;
	expect(ARX_POOL_GROW, 5);
	assert_int_equal(advice.cap, 10);
	assert_false(advice.capped);
	facts.cpu_share = NAN;
	expect(ARX_POOL_GROW, 5);
	assert_int_equal(advice.cap_kind, ARX_POOL_CAP_NONE);

	facts.head_room = 3;
	expect(ARX_POOL_NOT_THE_PROBLEM, 3);
	assert_int_equal(advice.cap_kind, ARX_POOL_CAP_HEAD_ROOM);
	expect_words("max_connections and the other pools leave 3");

	facts.head_room = -1;
	facts.max_size = 3;
	expect(ARX_POOL_NOT_THE_PROBLEM, 3);
	assert_int_equal(advice.cap_kind, ARX_POOL_CAP_CONFIGURED);

	facts.max_size = -1;
	facts.usl = (ArxUsl){.fitted = true, .peak = 3.9, .largest = 3};
	expect(ARX_POOL_NOT_THE_PROBLEM, 3);
	assert_int_equal(advice.cap_kind, ARX_POOL_CAP_USL);
	/* far beyond what was seen it is a guess */
	facts.usl.largest = 1;
	expect(ARX_POOL_GROW, 5);
}

static void
cap_above_the_size_is_gone_to(void **state)
{
	(void) state;
	facts.head_room = 4;
	expect(ARX_POOL_GROW, 4);
	assert_int_equal(advice.needed, 5);
	assert_true(advice.capped);
	assert_false(advice.target_met);
	assert_true(advice.improvement_s > 0);
	expect_words("needs 5 connections");
	/* but not where it could not carry the load either */
	facts.service_s = 0.045;
	expect(ARX_POOL_NOT_THE_PROBLEM, 3);
	assert_true(advice.queue_growth > 0);
}

static void
cap_below_the_size_never_shrinks_a_pool_that_needs_more(void **state)
{
	(void) state;
	facts.size = 8;
	facts.service_s = 0.07;
	facts.busy_peak = 8;
	facts.ncpus = 1;
	facts.cpu_share = 1;
	expect(ARX_POOL_NOT_THE_PROBLEM, 8);
	facts.service_s = 0.03; /* the cap is 3, 6 are needed, 8 are there */
	facts.busy_peak = 6;
	expect(ARX_POOL_RIGHT, 8);
}

static void
idle_transactions_are_the_problem(void **state)
{
	(void) state;
	facts.idle_share = 0.6;
	expect(ARX_POOL_NOT_THE_PROBLEM, 3);
	assert_int_equal(advice.ground, ARX_POOL_GROUND_IDLE);
	assert_int_equal(advice.needed, 5);
	expect_words("idle for 60 %");
	facts.idle_share = 0.4;
	expect(ARX_POOL_GROW, 5);
	/* also without the idle half it would be too small */
	facts.idle_share = 0.5;
	facts.size = 2;
	facts.service_s = 0.0195;
	expect(ARX_POOL_GROW, 5);
}

static void
few_transactions_give_no_advice(void **state)
{
	(void) state;
	facts.transactions = 199;
	expect(ARX_POOL_TOO_FEW, -1);
	expect_words("199 transactions");
	facts.transactions = 0;
	facts.window_s = 0;
	expect(ARX_POOL_TOO_FEW, -1);
	facts.transactions = 200;
	facts.window_s = 2;
	expect(ARX_POOL_GROW, 5);
}

static void
overloaded_pool_is_unstable(void **state)
{
	(void) state;
	facts.service_s = 0.04; /* 4 of 3 */
	facts.wait_s = 12;
	expect(ARX_POOL_UNSTABLE, 8);
	assert_near(advice.queue_growth, 25, 1e-12);
	assert_true(isnan(advice.improvement_s));
	assert_true(isnan(advice.agreement));
	assert_true(advice.calibration == 1);
	assert_true(isinf(advice.model_wait_s));
	assert_true(advice.wait_now_s == 12);
	assert_true(advice.target_met);
	expect_words("grows by 25 a second");
	/* a reserve carries what is beyond the pool */
	facts.reserve = 1;
	expect(ARX_POOL_UNSTABLE, 8);
	assert_near(advice.queue_growth, 0, 1e-12);
	expect_words("beside a reserve of 1");
	facts.reserve = 0;

	/* throughput stops at what the pool carries */
	facts.service_s = 0.0297;
	expect(ARX_POOL_UNSTABLE, 7);
	assert_true(advice.queue_growth == 0);
	assert_true(isnan(advice.wait_then_s) && isnan(advice.improvement_s));
	assert_false(advice.target_met);
	expect_words("At least 7");
}

static void
load_that_no_pool_carries_is_not_the_pools_problem(void **state)
{
	(void) state;
	facts.service_s = 1e6;
	expect(ARX_POOL_NOT_THE_PROBLEM, 3);
	assert_int_equal(advice.ground, ARX_POOL_GROUND_TOO_BIG);
	assert_int_equal(advice.needed, -1);
}

static void
missing_facts_are_named(void **state)
{
	(void) state;
	facts.size = -1;
	expect(ARX_POOL_UNKNOWN, -1);
	expect_words("size");
	facts.size = 3;
	facts.service_s = NAN;
	expect(ARX_POOL_UNKNOWN, -1);
	expect_words("service time");
	facts.busy_mean = 2; /* with the arrivals, that is a service time */
	expect(ARX_POOL_GROW, 5);
	facts.transactions = -1;
	expect(ARX_POOL_UNKNOWN, -1);
}

static void
waits_that_the_load_does_not_explain_are_not_blamed_on_the_size(void **state)
{
	(void) state;
	facts.size = 12;
	facts.busy_peak = 12;
	facts.wait_s = 0.05;
	expect(ARX_POOL_UNKNOWN, -1);
	assert_int_equal(advice.ground, ARX_POOL_GROUND_UNEXPLAINED);
	assert_true(advice.agreement > 1000);
	expect_words("bursts");
	/* unexplained, but within the target */
	facts.wait_s = 0.003;
	expect(ARX_POOL_RIGHT, 12);
	assert_true(advice.agreement > 1000);
	/* what the pooler itself takes is no such wait, and no cause for doubt */
	facts.wait_s = 0.00013;
	expect(ARX_POOL_RIGHT, 12);
	assert_true(isnan(advice.agreement));
	assert_true(advice.target_met);
	assert_true(advice.wait_then_low_s <= advice.wait_then_s);
	assert_true(advice.wait_then_high_s >= advice.wait_then_s);
}

/* ---- seen from the database ------------------------------------------------- */

static void
database_refuses_when_all_were_busy(void **state)
{
	(void) state;
	facts.source = ARX_POOL_DATABASE;
	facts.service_s = NAN;
	facts.busy_mean = 2;
	facts.busy_peak = 3;
	expect(ARX_POOL_UNKNOWN, -1);
	assert_string_equal(
		reason,
		"All connections were busy at once; clients may wait where "
		"the database cannot see it.");
	facts.busy_peak = NAN;
	expect(ARX_POOL_UNKNOWN, -1);
	expect_words("not known how many");
}

static void
database_judges_by_busy_connections(void **state)
{
	(void) state;
	facts.source = ARX_POOL_DATABASE;
	facts.service_s = NAN;
	facts.size = 40;
	facts.busy_mean = 2;
	facts.busy_peak = 9;
	expect(ARX_POOL_SHRINK, 9);
	assert_near(advice.load, 2, 1e-12);
	assert_near(advice.wait_now_s, advice.model_wait_s, 0);
	facts.size = 12;
	expect(ARX_POOL_RIGHT, 12);
	facts.busy_mean = 10;
	facts.busy_peak = 11;
	expect(ARX_POOL_GROW, 16);
	/* a service time from elsewhere does not overrule what was seen */
	facts.service_s = 5;
	expect(ARX_POOL_GROW, 16);
	assert_near(advice.load, 10, 1e-12);
}

/* ---- numbers ------------------------------------------------------------------ */

static void
published_measurements_are_predicted(void **state)
{
	static const struct
	{
		int64_t size;
		double arrival_rate;
		double service_s;
		double wait_s;
	} runs[] = {{3, 98.4, 0.02117, 0.01077},
				{4, 100.8, 0.02113, 0.00214},
				{5, 100.2, 0.02110, 0.00053}};

	(void) state;
	for (int from = 0; from < 3; from++)
	{
		ArxPoolLoad load = {runs[from].arrival_rate, runs[from].service_s, 1,
							1};

		facts.size = runs[from].size;
		facts.arrival_rate = runs[from].arrival_rate;
		facts.service_s = runs[from].service_s;
		facts.wait_s = runs[from].wait_s;
		arx_pool_advise(&facts, &advice);
		assert_int_equal(advice.recommended, 5);
		assert_near(advice.model_wait_s, runs[from].wait_s, 0.15);
		assert_near(advice.agreement, 1, 0.15);
		/* what came out after a change to the other sizes */
		for (int to = 0; to < 3; to++)
			assert_near(arx_pool_mean_wait(&load, runs[to].size) *
							advice.calibration,
						runs[to].wait_s, 0.2);
		assert_near(advice.wait_then_s, runs[2].wait_s, 0.15);
	}
}

static void
measured_waits_calibrate_within_bounds(void **state)
{
	static const struct
	{
		double times;
		double calibration;
	} cases[] = {{0.01, 0.3}, {0.3, 0.3}, {0.7, 0.7}, {2, 2}, {50, 3}};

	(void) state;
	for (int i = 0; i < 5; i++)
	{
		measure_times_model(cases[i].times);
		arx_pool_advise(&facts, &advice);
		assert_near(advice.agreement, cases[i].times, 1e-9);
		assert_near(advice.calibration, cases[i].calibration, 1e-9);
		/* the 95th percentile of waits that the model does not explain */
		assert_true(isnan(advice.p95_now_s) == (cases[i].times > 3));
		assert_true(!(advice.improvement_s < 0));
	}
	expect(ARX_POOL_GROW, 5);
	expect_words("take this as rough");
}

static void
thumb_knows_only_utilisation_and_line(void **state)
{
	static const struct
	{
		int64_t size;
		double busy;
		double waiting;
		int64_t min_size;
		int64_t max_size;
		int64_t expected;
	} cases[] = {
		{10, 9, 1, 0, -1, 15}, {5, 5, 2, 0, -1, 8},	  {10, 9, 1, 0, 12, 12},
		{10, 9, 0, 0, -1, 10}, {10, 8, 5, 0, -1, 10}, {10, 9, NAN, 0, -1, 10},
		{10, 2, 0, 0, -1, 7},  {10, 2, 0, 9, -1, 9},  {10, 3, 0, 0, -1, 10},
		{1, 0, 0, 0, -1, 1},   {5, 1, 0, 0, -1, 4},	  {10, NAN, 1, 0, -1, -1},
		{-1, 3, 1, 0, -1, -1}, {20, 20, 1, 0, 10, 20}};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
	{
		facts.size = cases[i].size;
		facts.busy_now = cases[i].busy;
		facts.waiting_now = cases[i].waiting;
		facts.min_size = cases[i].min_size;
		facts.max_size = cases[i].max_size;
		arx_pool_advise(&facts, &advice);
		if (advice.rule_of_thumb != cases[i].expected)
			fail_msg("case %zu: %lld, not %lld", i,
					 (long long) advice.rule_of_thumb,
					 (long long) cases[i].expected);
	}
}

static void
more_load_never_needs_fewer(void **state)
{
	int64_t before = 0;

	(void) state;
	for (double rate = 1; rate < 5000; rate *= 1.05)
	{
		facts.arrival_rate = rate;
		arx_pool_advise(&facts, &advice);
		assert_true(advice.needed >= before);
		before = advice.needed;
	}
}

static void
stated_errors_follow_what_is_known(void **state)
{
	(void) state;
	arx_pool_advise(&facts, &advice);
	assert_true(advice.model_error == 0);
	assert_true(advice.sampling_error > 0.01 && advice.sampling_error < 0.2);
	facts.cs2 = 0;
	arx_pool_advise(&facts, &advice);
	assert_near(advice.model_error, 0.1, 0);
	facts.cs2 = NAN;
	arx_pool_advise(&facts, &advice);
	assert_near(advice.model_error, 0.5, 0);
}

/* ---- any input ------------------------------------------------------------------ */

static double
any_number(void)
{
	static const double odd[] = {NAN,	 0,	  -1, INFINITY, -INFINITY, 1e300,
								 1e-300, 0.5, 1,  1e-9,		1e18};
	double pick = random_unit();

	if (pick < 0.25)
		return odd[(int) (11 * random_unit())];
	return exp(4 * random_normal());
}

static int64_t
any_size(void)
{
	static const int64_t odd[] = {
		-1, 0, 1, INT64_MIN, INT64_MAX, ARX_POOL_MAX_SERVERS, 10000};

	if (random_unit() < 0.2)
		return odd[(int) (7 * random_unit())];
	return (int64_t) (60 * random_unit());
}

static void
make_any_facts(void)
{
	facts.source = random_unit() < 0.5 ? ARX_POOL_DATABASE : ARX_POOL_PGBOUNCER;
	facts.size = any_size();
	facts.min_size = any_size();
	facts.max_size = any_size();
	facts.head_room = any_size();
	facts.ncpus = any_size();
	facts.transactions = random_unit() < 0.8 ? 10000 : any_size() / 2 * 2;
	facts.window_s = any_number();
	facts.arrival_rate = any_number();
	facts.service_s = any_number();
	facts.ca2 = any_number();
	facts.cs2 = any_number();
	facts.wait_s = any_number();
	facts.busy_mean = any_number();
	facts.busy_peak = any_number();
	facts.busy_now = any_number();
	facts.waiting_now = any_number();
	facts.idle_share = random_unit() < 0.5 ? any_number() : random_unit();
	facts.cpu_share = any_number();
	facts.usl = (ArxUsl){.fitted = random_unit() < 0.5,
						 .peak = any_number(),
						 .largest = any_number()};
	facts.target_s = random_unit() < 0.5 ? any_number() : 0.005;
	facts.max_utilisation = random_unit() < 0.5 ? any_number() : 0.75;
}

static void
any_facts_give_sound_advice(void **state)
{
	int verdicts[ARX_POOL_UNKNOWN + 1] = {0};

	(void) state;
	random_state = 1;
	for (int i = 0; i < 30000; i++)
	{
		size_t length;

		make_any_facts();
		arx_pool_advise(&facts, &advice);
		verdicts[advice.verdict]++;
		if (advice.verdict == ARX_POOL_TOO_FEW ||
			advice.verdict == ARX_POOL_UNKNOWN)
			assert_int_equal(advice.recommended, -1);
		else
		{
			assert_in_range(advice.recommended, 1, ARX_POOL_MAX_SERVERS);
			assert_true(advice.load >= 0);
			assert_true(advice.wait_now_s >= 0);
			assert_true(advice.calibration >= 0.3 && advice.calibration <= 3);
			assert_true(advice.model_error >= 0);
		}
		if (advice.verdict == ARX_POOL_GROW)
		{
			assert_true(advice.recommended > facts.size);
			assert_true(advice.cap < 0 || advice.recommended <= advice.cap);
			assert_true(advice.improvement_s >= 0);
		}
		else if (advice.verdict == ARX_POOL_SHRINK)
		{
			assert_true(advice.recommended < facts.size);
			assert_true((double) advice.recommended > advice.load);
			assert_true((double) advice.recommended >= facts.busy_peak);
		}
		else if (advice.verdict == ARX_POOL_UNSTABLE)
			assert_true(isnan(advice.improvement_s) &&
						(double) advice.recommended > advice.load);
		arx_pool_reason(&facts, &advice, reason, sizeof(reason));
		length = strlen(reason);
		assert_in_range(length, 10, sizeof(reason) - 100);
		assert_true(reason[length - 1] == '.');
		assert_null(strstr(reason, "nan"));
		assert_null(strstr(reason, "inf "));
	}
	for (int i = 0; i <= ARX_POOL_UNKNOWN; i++)
	{
		print_message("# %s: %d\n", arx_pool_verdict_name(i), verdicts[i]);
		assert_true(verdicts[i] > 0);
	}
}

static void
reason_is_cut_at_the_buffer(void **state)
{
	char small[8] = "1234567";

	(void) state;
	arx_pool_advise(&facts, &advice);
	arx_pool_reason(&facts, &advice, small, 5);
	assert_string_equal(small, "3 co");
	assert_int_equal(small[5], '6');
	arx_pool_reason(&facts, &advice, small, 1);
	assert_string_equal(small, "");
}

#define TEST(name) cmocka_unit_test_setup(name, start_from)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(small_pool_grows_to_the_target),
		TEST(improvement_has_no_bound_where_a_fifth_more_would_not_fit),
		TEST(busy_pool_without_waits_grows_by_its_utilisation),
		TEST(large_pool_shrinks_unless_its_peak_forbids),
		TEST(quiet_minutes_do_not_shrink_a_pool),
		TEST(sessions_that_nobody_counted_give_no_advice),
		TEST(right_pool_stays),
		TEST(capped_pool_is_not_the_problem),
		TEST(cap_above_the_size_is_gone_to),
		TEST(cap_below_the_size_never_shrinks_a_pool_that_needs_more),
		TEST(idle_transactions_are_the_problem),
		TEST(few_transactions_give_no_advice),
		TEST(overloaded_pool_is_unstable),
		TEST(load_that_no_pool_carries_is_not_the_pools_problem),
		TEST(missing_facts_are_named),
		TEST(waits_that_the_load_does_not_explain_are_not_blamed_on_the_size),
		TEST(database_refuses_when_all_were_busy),
		TEST(database_judges_by_busy_connections),
		TEST(published_measurements_are_predicted),
		TEST(measured_waits_calibrate_within_bounds),
		TEST(thumb_knows_only_utilisation_and_line),
		TEST(more_load_never_needs_fewer),
		TEST(stated_errors_follow_what_is_known),
		TEST(any_facts_give_sound_advice),
		TEST(reason_is_cut_at_the_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
