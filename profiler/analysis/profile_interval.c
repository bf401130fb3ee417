/*
 * profile_interval.c
 *	  How far an estimate of bytes may be from the truth.
 */
#include <math.h>

#include "analysis/profile.h"
#include "libarx/chi_square.h"

#define NORMAL_FROM_SAMPLES 30
#define LEAST_VARIANCE 1			/* below, the estimate is right to a byte */
#define NORMAL_95 1.959963984540054 /* 97.5 % quantile */

/*
 * The estimate is a sum of weighted Poisson numbers; its gamma interval asks
 * what the heaviest block could be that was not seen.  That is one of weight
 * and standard deviation sample_bytes: S / p and S sqrt(1 - p) / p come from
 * it for small blocks, and larger ones are hardly ever missed.
 */
static ArxInterval
gamma_interval(double bytes, double variance, double unseen)
{
	double more = bytes + unseen;
	double more_variance = variance + unseen * unseen;
	ArxInterval interval = {0, 0};

	if (bytes > 0)
		interval.low = variance / (2 * bytes) *
			arx_chi_square_quantile(0.025, 2 * bytes * bytes / variance);
	interval.high = more_variance / (2 * more) *
		arx_chi_square_quantile(0.975, 2 * more * more / more_variance);
	return interval;
}

ArxInterval
arx_profile_interval(double bytes, double variance, int64_t samples,
					 uint64_t sample_bytes, bool difference)
{
	ArxInterval interval = {bytes, bytes};
	double reach = NORMAL_95 * sqrt(variance > 0 ? variance : 0);
	double unseen = (double) sample_bytes;

	if (!(variance >= LEAST_VARIANCE) && (sample_bytes <= 1 || samples != 0))
		return interval;
	/* samples that were taken when they were farther apart */
	if (samples > 0)
		unseen = fmax(unseen, sqrt(variance / (double) samples));
	if (!difference && samples < NORMAL_FROM_SAMPLES)
		return gamma_interval(bytes, variance, unseen);
	interval.low = bytes - reach;
	interval.high = bytes + reach;
	if (!difference && interval.low < 0)
		interval.low = 0;
	return interval;
}

ArxInterval
arx_profile_site_interval(const ArxProfile *profile, const ArxProfileSite *site)
{
	return arx_profile_interval(
		site->bytes, site->variance, site->samples,
		site->kind == ARX_HEAP_SITE_MALLOC ? profile->process.sample_bytes : 1,
		profile->is_diff);
}
