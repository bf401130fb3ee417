/*
 * test_histogram_stored.c
 *	  Stored form of the latency histogram: round trips, damage of every kind.
 *
 * Damaged bytes lie in an allocation of their exact size, so that the address
 * sanitizer sees any look beyond them.
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
#include "libarx/varint.h"
#include "tests/unit/sample_data.h"

static void
fill(ArxHistogram *hist, uint64_t seed, int n)
{
	memset(hist, 0, sizeof(*hist));
	random_state = seed;
	for (int i = 0; i < n; i++)
		arx_histogram_record(hist, log_normal_us());
}

static void
assert_round_trip(const ArxHistogram *hist)
{
	static ArxHistogram back;
	static uint8_t bytes[ARX_HISTOGRAM_ENCODED_MAX];
	static uint8_t again[ARX_HISTOGRAM_ENCODED_MAX];
	size_t len = arx_histogram_encode(hist, bytes);

	assert_in_range(len, ARX_HISTOGRAM_HEADER_BYTES, ARX_HISTOGRAM_ENCODED_MAX);
	assert_int_equal(arx_histogram_decode(&back, bytes, len), ARX_HISTOGRAM_OK);
	assert_memory_equal(&back, hist, sizeof(back));
	assert_int_equal(arx_histogram_encode(&back, again), len);
	assert_memory_equal(again, bytes, len);
}

static void
stored_form_round_trips(void **state)
{
	static ArxHistogram hist;

	(void) state;
	memset(&hist, 0, sizeof(hist));
	assert_round_trip(&hist);
	for (uint64_t seed = 1; seed <= 20; seed++)
	{
		fill(&hist, seed, 1 << (seed / 2));
		assert_round_trip(&hist);
	}
	hist.sum_ms = -DBL_MAX;
	assert_round_trip(&hist);

	/* only the ends, the longest gap */
	memset(&hist, 0, sizeof(hist));
	hist.counts[ARX_HISTOGRAM_UNDERFLOW] = 1;
	hist.counts[ARX_HISTOGRAM_OVERFLOW] = 2;
	hist.total = 3;
	assert_round_trip(&hist);

	/* as long as it gets */
	hist.total = 0;
	for (int index = 0; index < ARX_HISTOGRAM_NBUCKETS; index++)
		hist.total += hist.counts[index] =
			ARX_HISTOGRAM_MAX_TOTAL / ARX_HISTOGRAM_NBUCKETS;
	assert_round_trip(&hist);

	memset(&hist, 0, sizeof(hist));
	hist.counts[77] = ARX_HISTOGRAM_MAX_TOTAL;
	hist.total = ARX_HISTOGRAM_MAX_TOTAL;
	assert_round_trip(&hist);
}

static void
no_counts_fill_more_than_the_stated_maximum(void **state)
{
	static ArxHistogram hist;
	static uint8_t bytes[ARX_HISTOGRAM_ENCODED_MAX];

	(void) state;
	memset(&hist, 0xff, sizeof(hist));
	assert_in_range(arx_histogram_encode(&hist, bytes), 1,
					ARX_HISTOGRAM_ENCODED_MAX);
}

/* header of version 1 and sum 0, then the bytes given */
static ArxHistogramStatus
decode_tail(const uint8_t *tail, size_t len)
{
	static ArxHistogram hist;
	ArxHistogramStatus status;
	uint8_t *bytes = calloc(1, ARX_HISTOGRAM_HEADER_BYTES + len);

	/* an exact allocation, so that reading beyond the end is seen */
	bytes[0] = ARX_HISTOGRAM_VERSION;
	if (len > 0)
		memcpy(bytes + ARX_HISTOGRAM_HEADER_BYTES, tail, len);
	status =
		arx_histogram_decode(&hist, bytes, ARX_HISTOGRAM_HEADER_BYTES + len);
	free(bytes);
	return status;
}

#define TAIL(...) \
	decode_tail((const uint8_t[]){__VA_ARGS__}, \
				sizeof((const uint8_t[]){__VA_ARGS__}))

static void
damaged_pairs_are_refused(void **state)
{
	(void) state;
	assert_int_equal(decode_tail(NULL, 0), ARX_HISTOGRAM_OK);
	assert_int_equal(TAIL(3, 1), ARX_HISTOGRAM_OK);
	assert_int_equal(TAIL(3), ARX_HISTOGRAM_SHORT);
	assert_int_equal(TAIL(0x83), ARX_HISTOGRAM_SHORT);
	assert_int_equal(TAIL(3, 0x81), ARX_HISTOGRAM_SHORT);
	assert_int_equal(TAIL(3, 1, 0), ARX_HISTOGRAM_SHORT);
	assert_int_equal(TAIL(3, 0), ARX_HISTOGRAM_ZERO_COUNT);
	assert_int_equal(TAIL(0x83, 0, 1), ARX_HISTOGRAM_BAD_VARINT);
	assert_int_equal(TAIL(3, 0x81, 0x80, 0), ARX_HISTOGRAM_BAD_VARINT);
	/* 1185 is the last bucket */
	assert_int_equal(TAIL(0xa1, 9, 1), ARX_HISTOGRAM_OK);
	assert_int_equal(TAIL(0xa2, 9, 1), ARX_HISTOGRAM_BAD_INDEX);
	assert_int_equal(TAIL(0xa1, 9, 1, 0, 1), ARX_HISTOGRAM_BAD_INDEX);
	assert_int_equal(
		TAIL(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1),
		ARX_HISTOGRAM_BAD_INDEX);
	/* 2^63 - 1, one more, 2^64 - 1, one more */
	assert_int_equal(
		TAIL(0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
		ARX_HISTOGRAM_OK);
	assert_int_equal(
		TAIL(0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 1),
		ARX_HISTOGRAM_TOO_MANY);
	assert_int_equal(
		TAIL(0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1),
		ARX_HISTOGRAM_TOO_MANY);
	assert_int_equal(
		TAIL(0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2),
		ARX_HISTOGRAM_BAD_VARINT);
	assert_int_equal(
		TAIL(0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x80, 1),
		ARX_HISTOGRAM_BAD_VARINT);
}

static void
damaged_headers_are_refused(void **state)
{
	static const double bad_sums[] = {INFINITY, -INFINITY, (double) NAN, -0.0};
	static ArxHistogram hist;
	uint8_t bytes[ARX_HISTOGRAM_HEADER_BYTES] = {ARX_HISTOGRAM_VERSION};

	(void) state;
	for (size_t len = 0; len < sizeof(bytes); len++)
		assert_int_equal(arx_histogram_decode(&hist, bytes, len),
						 ARX_HISTOGRAM_SHORT);
	bytes[0] = ARX_HISTOGRAM_VERSION + 1;
	assert_int_equal(arx_histogram_decode(&hist, bytes, 0),
					 ARX_HISTOGRAM_SHORT);
	for (int version = 0; version < 256; version++)
	{
		bytes[0] = (uint8_t) version;
		assert_int_equal(arx_histogram_decode(&hist, bytes, sizeof(bytes)),
						 version == ARX_HISTOGRAM_VERSION
							 ? ARX_HISTOGRAM_OK
							 : ARX_HISTOGRAM_BAD_VERSION);
	}
	bytes[0] = ARX_HISTOGRAM_VERSION;
	for (size_t i = 0; i < sizeof(bad_sums) / sizeof(bad_sums[0]); i++)
	{
		uint64_t bits;

		memcpy(&bits, &bad_sums[i], sizeof(bits));
		for (int byte = 0; byte < 8; byte++)
			bytes[1 + byte] = (uint8_t) (bits >> (8 * byte));
		assert_int_equal(arx_histogram_decode(&hist, bytes, sizeof(bytes)),
						 ARX_HISTOGRAM_BAD_SUM);
	}
}

static void
stored_form_cut_anywhere_never_reads_as_the_whole(void **state)
{
	static ArxHistogram hist;
	static ArxHistogram back;
	static uint8_t bytes[ARX_HISTOGRAM_ENCODED_MAX];
	size_t len;

	(void) state;
	fill(&hist, 9, 2000);
	len = arx_histogram_encode(&hist, bytes);
	for (size_t cut = 0; cut < len; cut++)
	{
		uint8_t *exact = malloc(cut > 0 ? cut : 1);

		memcpy(exact, bytes, cut);
		if (arx_histogram_decode(&back, exact, cut) == ARX_HISTOGRAM_OK)
			assert_true(back.total < hist.total);
		free(exact);
	}
}

static void
stored_sum_is_little_endian_milliseconds(void **state)
{
	static const uint8_t expected[] = {1, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 1, 2};
	static uint8_t bytes[ARX_HISTOGRAM_ENCODED_MAX];
	static ArxHistogram hist;

	(void) state;
	memset(&hist, 0, sizeof(hist));
	hist.sum_ms = 1.5;
	hist.counts[1] = hist.total = 2;
	assert_int_equal(arx_histogram_encode(&hist, bytes), sizeof(expected));
	assert_memory_equal(bytes, expected, sizeof(expected));

	memset(&hist, 0, sizeof(hist));
	arx_histogram_record(&hist, 2500.0);
	assert_true(hist.sum_ms == 2.5);
}

static void
numbers_round_trip_in_their_shortest_form(void **state)
{
	uint8_t bytes[ARX_VARINT_MAX_BYTES];

	(void) state;
	for (int shift = 0; shift < 64; shift++)
	{
		for (int off = -1; off <= 1; off++)
		{
			uint64_t value = (UINT64_C(1) << shift) + (uint64_t) (int64_t) off;
			uint64_t back = ~value;
			const uint8_t *pos = bytes;
			size_t len = arx_varint_put(bytes, value);

			assert_in_range(len, 1, ARX_VARINT_MAX_BYTES);
			assert_int_equal(arx_varint_get(&pos, bytes + len - 1, &back),
							 ARX_VARINT_SHORT);
			assert_ptr_equal(pos, bytes);
			assert_int_equal(arx_varint_get(&pos, bytes + len, &back),
							 ARX_VARINT_OK);
			assert_ptr_equal(pos, bytes + len);
			assert_true(back == value);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stored_form_round_trips),
		cmocka_unit_test(no_counts_fill_more_than_the_stated_maximum),
		cmocka_unit_test(damaged_pairs_are_refused),
		cmocka_unit_test(damaged_headers_are_refused),
		cmocka_unit_test(stored_form_cut_anywhere_never_reads_as_the_whole),
		cmocka_unit_test(stored_sum_is_little_endian_milliseconds),
		cmocka_unit_test(numbers_round_trip_in_their_shortest_form),
	};

	return cmocka_run_group_tests_name("histogram_stored", tests, NULL, NULL);
}
