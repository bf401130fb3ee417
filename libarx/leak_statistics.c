/*
 * leak_statistics.c
 *	  Poisson and binomial tails, and the bounds that invert them.
 *
 * A tail is summed from its largest term outwards: each term is the one before
 * times a ratio that shrinks, and the sum ends where terms no longer count.
 */
#include <math.h>

#include "libarx/leak_statistics.h"

/* a term this much smaller than the sum changes no digit that is shown */
#define NEGLIGIBLE 1e-17

/* counts above are taken as normal */
#define EXACT 10000

/* P(Z >= z) */
static double
normal_tail(double z)
{
	return erfc(z / 1.4142135623730951) / 2;
}

/* log n!, without lgamma(), which writes a global variable (Stirling's series) */
static double
log_factorial(double n)
{
	double log_product = 0;

	for (; n < 15; n++)
		log_product += log(n + 1);
	return n * log(n) - n + 0.5 * log(6.283185307179586 * n) + 1 / (12 * n) -
		1 / (360 * n * n * n) + 1 / (1260 * n * n * n * n * n) - log_product;
}

static double
poisson_term(double count, double mean)
{
	return exp(count * log(mean) - mean - log_factorial(count));
}

static double
poisson_at_least(uint64_t count, double mean)
{
	double term = poisson_term((double) count, mean);
	double sum = term;

	for (double k = (double) count + 1; term > sum * NEGLIGIBLE; k++)
		sum += term *= mean / k;
	return sum;
}

double
arx_poisson_at_most(uint64_t count, double mean)
{
	double term;
	double sum;

	if (!(mean > 0))
		return 1;
	if (count > EXACT)
	{
		double n = (double) count + 1;

		return normal_tail((cbrt(mean / n) - 1 + 1 / (9 * n)) * 3 * sqrt(n));
	}
	if ((double) count > mean)
		return fmax(0, 1 - poisson_at_least(count + 1, mean));
	term = poisson_term((double) count, mean);
	sum = term;
	for (double k = (double) count; k > 0 && term > sum * NEGLIGIBLE; k--)
		sum += term *= k / mean;
	return fmin(1, sum);
}

static double
binomial_term(double count, double n, double p)
{
	return exp(log_factorial(n) - log_factorial(count) -
			   log_factorial(n - count) + count * log(p) +
			   (n - count) * log1p(-p));
}

/* P(X >= count), count at or above the mean: terms fall from the first on */
static double
binomial_upper_tail(double count, double n, double p)
{
	double odds = p / (1 - p);
	double term = binomial_term(count, n, p);
	double sum = term;

	for (double k = count; k < n && term > sum * NEGLIGIBLE; k++)
		sum += term *= odds * (n - k) / (k + 1);
	return fmin(1, sum);
}

double
arx_binomial_at_least(uint64_t count, uint64_t n, double p)
{
	if (count == 0)
		return 1;
	if (count > n || !(p > 0))
		return 0;
	if (p >= 1)
		return 1;
	if (n > EXACT)
		return normal_tail(((double) count - 0.5 - (double) n * p) /
						   sqrt((double) n * p * (1 - p)));
	if ((double) count >= (double) n * p)
		return binomial_upper_tail((double) count, (double) n, p);
	/* fewer than count successes are at least n - count + 1 failures */
	return 1 - binomial_upper_tail((double) (n - count + 1), (double) n, 1 - p);
}

/* The mean where at most count events have probability tail, by halving. */
static double
solve_poisson(uint64_t count, double tail)
{
	double low = 0;
	double high = (double) count + 10 * sqrt((double) count + 1) + 40;

	for (int i = 0; i < 60; i++)
	{
		double middle = (low + high) / 2;

		if (arx_poisson_at_most(count, middle) > tail)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

double
arx_poisson_upper(uint64_t count, double tail)
{
	return solve_poisson(count, tail);
}

double
arx_poisson_lower(uint64_t count, double tail)
{
	return count == 0 ? 0 : solve_poisson(count - 1, 1 - tail);
}
