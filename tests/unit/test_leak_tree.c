/*
 * test_leak_tree.c
 *	  Which sites are judged together, and which call is named for them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "libarx/leak_tree.h"
#include "tests/unit/sample_data.h"

#define ENOUGH 100
#define MAX 200

enum
{
	MAIN = 1,
	SERVE,
	PARSE,
	STORE,
	LEAF
};

static size_t order[MAX];
static ArxLeakGroup groups[MAX];

static ArxLeakBranch
branch(const uint32_t *frames, uint32_t nframes, uint64_t samples)
{
	return (ArxLeakBranch){.frames = frames,
						   .nframes = nframes,
						   .mature_samples = samples,
						   .mature_bytes = 16384.0 * (double) samples};
}

static void
leaves_that_are_too_small_are_judged_at_their_caller(void **state)
{
	static uint32_t stacks[20][4];
	ArxLeakBranch sites[21];
	static const uint32_t other[] = {MAIN, SERVE, PARSE};

	(void) state;
	for (uint32_t i = 0; i < 20; i++)
	{
		stacks[i][0] = MAIN;
		stacks[i][1] = SERVE;
		stacks[i][2] = STORE;
		stacks[i][3] = LEAF + i;
		sites[i] = branch(stacks[i], 4, 10);
	}
	sites[20] = branch(other, 3, 300);
	assert_int_equal(arx_leak_group(sites, 21, ENOUGH, order, groups), 2);
	assert_int_not_equal(sites[20].group, sites[0].group);
	for (int i = 1; i < 20; i++)
		assert_int_equal(sites[i].group, sites[0].group);
	assert_int_equal(groups[sites[0].group].depth, 3);
	assert_int_equal(groups[sites[0].group].count, 20);
	assert_int_equal(groups[sites[0].group].mature_samples, 200);
	assert_int_equal(sites[groups[sites[0].group].example].frames[2], STORE);
	assert_int_equal(groups[sites[20].group].depth, 3);
	assert_int_equal(groups[sites[20].group].count, 1);
}

static void
the_deepest_call_that_holds_nearly_all_is_named(void **state)
{
	static const uint32_t most[] = {MAIN, SERVE, STORE, LEAF};
	static const uint32_t rest[] = {MAIN, PARSE};
	ArxLeakBranch sites[] = {branch(rest, 2, 19), branch(most, 4, 81)};
	ArxLeakBranch even[] = {branch(rest, 2, 21), branch(most, 4, 79)};
	ArxLeakGroup node = arx_leak_node(sites, 2, order);

	(void) state;
	assert_int_equal(node.depth, 4);
	assert_int_equal(node.example, 1);
	node = arx_leak_node(even, 2, order);
	assert_int_equal(node.depth, 1);
	assert_int_equal(node.count, 2);
}

static void
what_is_left_over_is_one_group_at_the_root(void **state)
{
	static const uint32_t a[] = {MAIN, SERVE};
	static const uint32_t b[] = {PARSE};
	ArxLeakBranch sites[] = {branch(a, 2, 3), branch(b, 1, 3),
							 branch(NULL, 0, 1)};

	(void) state;
	assert_int_equal(arx_leak_group(sites, 3, ENOUGH, order, groups), 1);
	assert_int_equal(groups[0].count, 3);
	assert_int_equal(groups[0].depth, 0);
	assert_int_equal(arx_leak_group(sites, 0, ENOUGH, order, groups), 0);
}

/* Whatever the stacks: each site is in one group, and its stack goes through
 * the group's node when it holds much; sums are right. */
static void
every_site_is_in_exactly_one_group(void **state)
{
	static uint32_t stacks[MAX][8];
	static ArxLeakBranch sites[MAX];

	(void) state;
	random_state = 20261123;
	for (int turn = 0; turn < 200; turn++)
	{
		size_t n = (size_t) (random_unit() * MAX);
		size_t ngroups;
		uint64_t counted = 0;
		uint64_t samples = 0;

		for (size_t i = 0; i < n; i++)
		{
			uint32_t depth = (uint32_t) (random_unit() * 9);

			for (uint32_t j = 0; j < depth && j < 8; j++)
				stacks[i][j] = (uint32_t) (random_unit() * 3);
			sites[i] = branch(stacks[i], depth < 8 ? depth : 8,
							  (uint64_t) (random_unit() * 60));
			samples += sites[i].mature_samples;
		}
		ngroups = arx_leak_group(sites, n, ENOUGH, order, groups);
		assert_true(ngroups <= n);
		for (size_t g = 0; g < ngroups; g++)
		{
			assert_true(groups[g].mature_samples >= ENOUGH || g == ngroups - 1);
			assert_true(groups[g].depth <= sites[groups[g].example].nframes);
			assert_int_equal(sites[groups[g].example].group, g);
			counted += groups[g].mature_samples;
		}
		for (size_t i = 0; i < n; i++)
			assert_true(sites[i].group < ngroups);
		assert_int_equal(counted, samples);
	}
}

static ArxLeakSum
sum_with_room(ArxLeakCohort *cohorts, size_t ncohorts, ArxLeakDeaths *deaths,
			  size_t ndeaths)
{
	ArxLeakSum sum = {.cohorts = cohorts,
					  .max_cohorts = ncohorts,
					  .deaths = deaths,
					  .max_deaths = ndeaths};

	arx_leak_sum_start(&sum, 3600);
	return sum;
}

static void
sums_keep_cohorts_in_order(void **state)
{
	const ArxLeakCohort late[] = {{60, 90, 2, 200, 20}, {120, 150, 1, 100, 10}};
	const ArxLeakCohort early[] = {{0, 30, 1, 100, 10}, {60, 90, 3, 300, 30}};
	const ArxLeakDeaths some[] = {{1, 2, 7}};
	const ArxLeakDeaths more[] = {{0, 1, 5}, {1, 2, 1}};
	const ArxLeakSite a = {3600, late, 2, some, 1, 10, 1000, NULL, 0};
	const ArxLeakSite b = {3600, early, 2, more, 2, 10, 1000, NULL, 0};
	ArxLeakCohort cohorts[3];
	ArxLeakDeaths deaths[2];
	ArxLeakSum sum = sum_with_room(cohorts, 3, deaths, 2);

	(void) state;
	assert_true(arx_leak_sum_add(&sum, &a));
	assert_true(arx_leak_sum_add(&sum, &b));
	assert_int_equal(sum.site.ncohorts, 3);
	assert_int_equal(sum.site.births, 20);
	assert_true(cohorts[0].born_from < cohorts[1].born_from);
	assert_true(cohorts[1].born_from < cohorts[2].born_from);
	assert_int_equal(cohorts[1].samples, 5);
	assert_true(cohorts[1].bytes == 500);
	assert_int_equal(sum.site.ndeaths, 2);
	assert_int_equal(deaths[0].samples, 5);
	assert_int_equal(deaths[1].samples, 8);

	sum = sum_with_room(cohorts, 2, deaths, 2);
	assert_true(arx_leak_sum_add(&sum, &a));
	assert_false(arx_leak_sum_add(&sum, &b));
}

/* A block each at 400 places, one after the other, or at one place. */
static void
many_single_blocks_are_no_proof_of_a_leak(void **state)
{
	static ArxLeakCohort births[400];
	static ArxLeakCohort cohorts[400];
	ArxLeakDeaths deaths[1];
	ArxLeakParameters parameters;
	ArxLeakFinding finding;
	ArxLeakSum sum = sum_with_room(cohorts, 400, deaths, 1);
	ArxLeakSite all = {
		.now = 12000, .cohorts = births, .ncohorts = 400, .births = 400};

	(void) state;
	arx_leak_defaults(&parameters);
	arx_leak_sum_start(&sum, 12000);
	for (int i = 0; i < 400; i++)
	{
		ArxLeakSite one = {
			.now = 12000, .cohorts = &births[i], .ncohorts = 1, .births = 1};

		births[i] = (ArxLeakCohort){30 * i, 30 * i + 30, 1, 16384, 2e8};
		assert_true(arx_leak_sum_add(&sum, &one));
	}
	arx_leak_sum_judge(&sum, &parameters, &finding);
	assert_int_equal(finding.verdict, ARX_LEAK_SUSPECT);

	arx_leak_sum_start(&sum, 12000);
	assert_true(arx_leak_sum_add(&sum, &all));
	arx_leak_sum_judge(&sum, &parameters, &finding);
	assert_int_equal(finding.verdict, ARX_LEAK_LEAK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_that_are_too_small_are_judged_at_their_caller),
		cmocka_unit_test(the_deepest_call_that_holds_nearly_all_is_named),
		cmocka_unit_test(what_is_left_over_is_one_group_at_the_root),
		cmocka_unit_test(every_site_is_in_exactly_one_group),
		cmocka_unit_test(sums_keep_cohorts_in_order),
		cmocka_unit_test(many_single_blocks_are_no_proof_of_a_leak),
	};

	return cmocka_run_group_tests_name("leak_tree", tests, NULL, NULL);
}
