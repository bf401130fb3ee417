/*
 * sampling_error.c
 *	  Score intervals from sums over looks.
 */
#include "libarx/sampling_error.h"

#include <math.h>

/* Quantile 0.975 of the normal distribution. */
#define Z 1.959963984540054

static double
larger(double a, double b)
{
	return a > b ? a : b;
}

static double
smaller(double a, double b)
{
	return a < b ? a : b;
}

/*
 * Quantile 0.975 of Student's t with df >= 1 degrees of freedom: the first ones
 * from the table, then the expansion of Abramowitz and Stegun, 26.7.5, which is
 * right to 0.2 % from there on.
 */
static double
t_quantile(double df)
{
	static const double first[] = {12.706, 4.303, 3.182, 2.776};
	double z3 = Z * Z * Z;
	double z5 = z3 * Z * Z;

	if (df < 5)
		return first[(int) df - 1];
	return Z + (z3 + Z) / (4 * df) +
		(5 * z5 + 16 * z3 + 3 * Z) / (96 * df * df);
}

/*
 * Wilson's interval for a proportion p seen in n trials, with correction for
 * continuity (Newcombe, Statistics in Medicine 17, 1998, method 4), without
 * which it is too narrow for one or two in many; z is the quantile.
 */
static ArxEstimate
wilson(double p, double n, double z)
{
	double zz = z * z;
	double twice = 2 * (n + zz);
	double below = zz - 2 - 1 / n + 4 * p * (n * (1 - p) + 1);
	double above = zz + 2 - 1 / n + 4 * p * (n * (1 - p) - 1);
	ArxEstimate result = {p, 0, 1};

	if (p > 0)
		result.low = (2 * n * p + zz - 1 - z * sqrt(larger(below, 0))) / twice;
	if (p < 1)
		result.high = (2 * n * p + zz + 1 + z * sqrt(larger(above, 0))) / twice;
	result.low = smaller(larger(result.low, 0), p);
	result.high = larger(smaller(result.high, 1), p);
	return result;
}

/* How many sessions come together, as seen by one of them. */
static double
bunch(const ArxLookSums *sums)
{
	double mean_weight = sums->weight / sums->looks;

	if (sums->n > 0)
		return larger(sums->nn / sums->n / mean_weight, 1);
	return sums->t > 0 ? larger(sums->tt / sums->t / mean_weight, 1) : 1;
}

/* Between looks; 0 where all were alike. */
static double
variance_of(const ArxLookSums *sums, double mean)
{
	double square = sums->nn * sums->looks / (sums->weight * sums->weight);
	double variance = square - mean * mean;

	/* what rounding leaves is none */
	return variance > 1e-9 * square ? variance : 0;
}

/*
 * Student's interval, for a class in which sessions mostly are: their number is
 * no proportion of anything, so nothing bounds it above.  Never narrower than
 * one session more or less that was never seen.
 */
static ArxEstimate
mean_of_many(double mean, double variance, double looks, double z)
{
	double half = larger(z * sqrt(variance / looks), wilson(0, looks, z).high);

	return (ArxEstimate){mean, larger(mean - half, 0), mean + half};
}

ArxEstimate
arx_look_mean(const ArxLookSums *sums)
{
	ArxEstimate result = {0, 0, INFINITY};
	double looks = sums->looks - 1; /* one is spent on the mean */
	double variance;
	double c;
	double z;

	if (looks < 0 || sums->weight <= 0)
		return result;
	result.value = sums->n / sums->weight;
	if (looks < 1)
		return result;
	c = bunch(sums);
	z = t_quantile(looks);
	variance = variance_of(sums, result.value);
	if (result.value > c / 2 && variance > 0)
		return mean_of_many(result.value, variance, looks, z);
	result = wilson(smaller(result.value / c, 1), looks, z);
	result.value = sums->n / sums->weight;
	result.low *= c;
	result.high *= c;
	/* There may have been one more than ever seen, between the looks. */
	result.high = larger(result.high, result.value + wilson(0, looks, z).high);
	return result;
}

ArxEstimate
arx_look_share(const ArxLookSums *sums)
{
	ArxEstimate result = {0, 0, 1};
	double samples;
	double share;
	double squares;
	double variance;

	if (sums->looks < 1 || sums->t <= 0)
		return result;
	share = smaller(sums->n / sums->t, 1);
	result.value = share;
	if (sums->looks < 2)
		return result;
	samples = sums->t / (sums->weight / sums->looks) / bunch(sums);
	squares = sums->nn - 2 * share * sums->nt + share * share * sums->tt;
	variance = larger(squares, 0) / (sums->t * sums->t) * sums->looks /
		(sums->looks - 1);
	if (variance > 0)
		samples = smaller(samples, share * (1 - share) / variance);
	return wilson(share, samples, t_quantile(sums->looks - 1));
}
