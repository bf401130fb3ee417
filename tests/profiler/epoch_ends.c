/*
 * epoch_ends.c
 *	  The epochs of a profile that lasts long, each against its age.
 */
#include <stdio.h>

#include "runtime/runtime.h"
#include "runtime/snapshot_epochs.h"

#define STEP_NS (UINT64_C(30) * 1000000000)
#define STEP_MS (UINT64_C(30) * 1000)

AhRuntime ah_runtime = {.start_ns = 1000};

static int tests;
static int failures;

static void
check(bool holds, const char *what, uint64_t snapshots)
{
	failures += !holds;
	printf("%sok %d - after %llu snapshots %s\n", holds ? "" : "not ", ++tests,
		   (unsigned long long) snapshots, what);
}

/* Begin of an epoch in milliseconds. */
static uint64_t
begin_of(uint32_t epoch)
{
	return epoch > 0 ? ah_epoch_end_ms(epoch - 1) : 0;
}

/* Epochs whose middle is in this share of the profile. */
static uint32_t
count_between(double from, double to, double now_ms)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < ah_epochs_count(); i++)
	{
		double middle = (double) (begin_of(i) + ah_epoch_end_ms(i)) / 2;

		n += middle >= from * now_ms && middle < to * now_ms;
	}
	return n;
}

/* No epoch is longer than a twelfth of the time since it began. */
static bool
is_fine(uint64_t now_ms)
{
	for (uint32_t i = 0; i < ah_epochs_count(); i++)
	{
		uint64_t length = ah_epoch_end_ms(i) - begin_of(i);

		if (length > STEP_MS && 12 * length > now_ms - begin_of(i))
			return false;
	}
	return true;
}

static bool
is_in_order(uint64_t now_ms)
{
	uint32_t n = ah_epochs_count();

	for (uint32_t i = 0; i < n; i++)
		if (ah_epoch_end_ms(i) <= begin_of(i))
			return false;
	return n <= AH_EPOCHS_MAX && ah_epoch_end_ms(n - 1) == now_ms &&
		ah_epoch_end_ms(n - 2) == now_ms - STEP_MS;
}

/* A birth is in the epoch that holds its moment. */
static bool
finds_births(uint64_t now_ms)
{
	for (uint64_t ms = 1; ms < now_ms; ms += 1 + now_ms / 997)
	{
		uint32_t epoch =
			ah_epoch_of(atomic_load(&ah_runtime.start_ns) + ms * 1000000);

		if (ms <= begin_of(epoch) || ms > ah_epoch_end_ms(epoch))
			return false;
	}
	return true;
}

int
main(void)
{
	uint64_t start = atomic_load(&ah_runtime.start_ns);

	for (uint64_t i = 1; i <= 100000; i++)
	{
		uint64_t now_ms = i * STEP_MS;

		ah_epoch_close(start + i * STEP_NS);
		if (i != 500 && i != 3000 && i != 20000 && i != 100000)
			continue;
		check(is_in_order(now_ms), "the latest epochs are as they were", i);
		check(is_fine(now_ms), "no epoch is long against its age", i);
		check(finds_births(now_ms), "births are found in their epochs", i);
		check(count_between(1.0 / 6, 1.0 / 2, (double) now_ms) >= 10 &&
				  count_between(0, 1.0 / 4, (double) now_ms) >= 5 &&
				  count_between(7.0 / 8, 1, (double) now_ms) >= 10,
			  "each part of the profile has epochs enough for a verdict", i);
	}
	printf("1..%d\n", tests);
	return failures > 0;
}
