/*
 * fuzz_histogram_decode.c
 *	  Any bytes: the reader stays in bounds, and what it takes is canonical.
 */
#include <stdint.h>
#include <stdlib.h>

#include "libarx/histogram.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int condition)
{
	if (!condition)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const double q[] = {0.0, 0.5, 0.99, 1.0};
	static ArxHistogram hist;
	static ArxHistogram copy;
	static uint8_t bytes[ARX_HISTOGRAM_ENCODED_MAX];
	double answers[4];

	if (arx_histogram_decode(&hist, data, size) != ARX_HISTOGRAM_OK)
		return 0;
	require(arx_histogram_encode(&hist, bytes) == size);
	require(memcmp(bytes, data, size) == 0);
	arx_histogram_quantiles(&hist, q, 4, answers);
	for (int i = 1; i < 4; i++)
		require(hist.total == 0 || answers[i - 1] <= answers[i]);
	copy = hist;
	require(arx_histogram_subtract(&copy, &hist) == ARX_HISTOGRAM_OK);
	require(copy.total == 0 && copy.sum_ms == 0.0);
	if (arx_histogram_merge(&copy, &hist) == ARX_HISTOGRAM_OK)
		require(copy.total == hist.total);
	return 0;
}
