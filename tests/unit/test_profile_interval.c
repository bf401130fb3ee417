/*
 * test_profile_interval.c
 *	  Intervals of estimates at the ends of what there is.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/profile.h"
#include "profile_sample.h"

/* A block hundreds of times as large as the distance of samples has a
 * variance that is hardly a number. */
static void
an_interval_holds_its_estimate_and_is_finite(void **state)
{
	double mean = 4096;

	(void) state;
	for (double size = 1; size < 1000 * mean; size *= 1.001)
	{
		double bytes;
		double variance;
		double objects;
		ArxInterval interval;

		arx_heap_weigh((uint64_t) size, (uint64_t) mean, &bytes, &variance,
					   &objects);
		interval =
			arx_profile_interval(bytes, variance, 1, (uint64_t) mean, false);
		assert_true(interval.low >= 0 && interval.low <= bytes * 1.000001);
		assert_true(interval.high >= bytes * 0.999999);
		assert_true(isfinite(interval.high));
	}
}

/* One small block that was sampled at 512 KiB, then --sample 1 or 4096. */
static void
older_samples_keep_their_doubt_when_samples_come_closer(void **state)
{
	static const uint64_t now[] = {0, 1, 4096};
	ArxInterval then =
		arx_profile_interval(524288, 524288.0 * 524288, 1, 524288, false);

	(void) state;
	for (size_t i = 0; i < sizeof(now) / sizeof(*now); i++)
	{
		ArxInterval interval =
			arx_profile_interval(524288, 524288.0 * 524288, 1, now[i], false);

		assert_true(fabs(interval.low - then.low) < 1);
		assert_true(fabs(interval.high - then.high) < 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interval_holds_its_estimate_and_is_finite),
		cmocka_unit_test(
			older_samples_keep_their_doubt_when_samples_come_closer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
