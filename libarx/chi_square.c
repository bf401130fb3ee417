/*
 * chi_square.c
 *	  Quantiles of the chi-square distribution: bounds of weighted counts.
 */
#include "libarx/chi_square.h"

#include <math.h>

#define SQRT_HALF \
	0.70710678118654752440 /* the C standard names no such constant */
#define MAX_DEGREES 20000.0
#define MAX_TERMS 2000
#define HALVINGS 100

/* P(a, x) by its series, which converges fast for x below a + 1. */
static double
gamma_by_series(double a, double x)
{
	double term = 1 / a;
	double sum = term;

	for (int n = 1; n < MAX_TERMS && term > sum * 1e-16; n++)
	{
		term *= x / (a + n);
		sum += term;
	}
	return sum * exp(a * log(x) - x - lgamma(a));
}

/* 1 - P(a, x) by its continued fraction, evaluated from the front. */
static double
gamma_by_fraction(double a, double x)
{
	double const tiny = 1e-300;
	double b = x + 1 - a;
	double c = 1 / tiny;
	double d = 1 / b;
	double value = d;

	for (int n = 1; n < MAX_TERMS; n++)
	{
		double factor = -n * (n - a);
		double change;

		b += 2;
		d = factor * d + b;
		if (fabs(d) < tiny)
			d = tiny;
		c = b + factor / c;
		if (fabs(c) < tiny)
			c = tiny;
		d = 1 / d;
		change = c * d;
		value *= change;
		if (fabs(change - 1) < 1e-16)
			break;
	}
	return value * exp(a * log(x) - x - lgamma(a));
}

static double
chi_square_probability(double x, double degrees)
{
	double a = degrees / 2;

	if (x <= 0)
		return 0;
	if (x / 2 < a + 1)
		return gamma_by_series(a, x / 2);
	return 1 - gamma_by_fraction(a, x / 2);
}

static double
normal_quantile(double probability)
{
	double low = -40;
	double high = 40;

	for (int i = 0; i < HALVINGS; i++)
	{
		double middle = (low + high) / 2;

		if (erfc(-middle * SQRT_HALF) / 2 < probability)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

double
arx_chi_square_quantile(double probability, double degrees)
{
	double low = 0;
	double high;

	if (!(probability > 0 && probability < 1 && degrees > 0))
		return 0;
	if (degrees > MAX_DEGREES)
	{
		double part = 2 / (9 * degrees);
		double root = 1 - part + normal_quantile(probability) * sqrt(part);

		return degrees * root * root * root;
	}
	high = degrees + 1;
	while (chi_square_probability(high, degrees) < probability)
		high *= 2;
	for (int i = 0; i < HALVINGS && high - low > 1e-14 * high; i++)
	{
		double middle = (low + high) / 2;

		if (chi_square_probability(middle, degrees) < probability)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}
