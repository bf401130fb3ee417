/*
 * usl.c
 *	  Where more concurrency begins to cost throughput.
 *
 * N / X is linear in what is sought, so the fit needs no search:
 *
 *		N / X = 1 / gamma + sigma / gamma (N - 1) + kappa / gamma N (N - 1).
 *
 * The terms are divided by the powers of the largest N, and N / X by its mean,
 * which keeps the equations well conditioned.
 */
#include "libarx/usl.h"

#include <math.h>

#define NTERMS 3

/* What the pairs are divided by. */
typedef struct Scale
{
	double largest; /* N */
	double mean;	/* of N / X */
	size_t npairs;
} Scale;

/* Sums of products of terms, and of terms with N / X. */
typedef struct Equations
{
	double left[NTERMS][NTERMS];
	double right[NTERMS];
} Equations;

static bool
is_usable(double active, double throughput)
{
	double cost = active / throughput;

	return active > 0 && throughput > 0 && isfinite(active) &&
		isfinite(throughput) && isfinite(cost) && cost > 0;
}

/* Counts to ARX_USL_MIN_POINTS and no further. */
static size_t
count_distinct(const double *active, const double *throughput, size_t n)
{
	double seen[ARX_USL_MIN_POINTS];
	size_t nseen = 0;

	for (size_t i = 0; i < n && nseen < ARX_USL_MIN_POINTS; i++)
	{
		size_t at = 0;

		if (!is_usable(active[i], throughput[i]))
			continue;
		while (at < nseen && seen[at] != round(active[i]))
			at++;
		if (at == nseen)
			seen[nseen++] = round(active[i]);
	}
	return nseen;
}

static Scale
find_scale(const double *active, const double *throughput, size_t n)
{
	Scale scale = {0};

	for (size_t i = 0; i < n; i++)
		if (is_usable(active[i], throughput[i]))
		{
			scale.npairs++;
			scale.largest = fmax(scale.largest, active[i]);
			scale.mean += (active[i] / throughput[i] - scale.mean) /
				(double) scale.npairs;
		}
	return scale;
}

static void
find_terms(double active, const Scale *scale, double terms[NTERMS])
{
	double m = scale->largest;

	terms[0] = 1;
	terms[1] = (active - 1) / m;
	terms[2] = active / m * ((active - 1) / m);
}

static Equations
add_up(const double *active, const double *throughput, size_t n,
	   const Scale *scale)
{
	Equations sums = {0};

	for (size_t i = 0; i < n; i++)
	{
		double terms[NTERMS];
		double cost = active[i] / throughput[i] / scale->mean;

		if (!is_usable(active[i], throughput[i]))
			continue;
		find_terms(active[i], scale, terms);
		for (int j = 0; j < NTERMS; j++)
		{
			for (int k = 0; k < NTERMS; k++)
				sums.left[j][k] += terms[j] * terms[k] / (double) scale->npairs;
			sums.right[j] += terms[j] * cost / (double) scale->npairs;
		}
	}
	return sums;
}

/*
 * Solves for the terms in use, the others are 0.  False when they cannot be
 * told apart, or one comes out negative: no such system exists.
 */
static bool
solve(Equations equations, const bool use[NTERMS], double solution[NTERMS])
{
	double(*left)[NTERMS] = equations.left;

	/* symmetric and positive: elimination needs no exchange of rows */
	for (int j = 0; j < NTERMS; j++)
	{
		if (!use[j])
			continue;
		if (!(left[j][j] > 1e-12))
			return false;
		for (int row = j + 1; row < NTERMS; row++)
		{
			double factor = left[row][j] / left[j][j];

			for (int k = j; k < NTERMS; k++)
				left[row][k] -= factor * left[j][k];
			equations.right[row] -= factor * equations.right[j];
		}
	}
	for (int j = NTERMS - 1; j >= 0; j--)
	{
		solution[j] = 0;
		if (!use[j])
			continue;
		solution[j] = equations.right[j];
		for (int k = j + 1; k < NTERMS; k++)
			solution[j] -= left[j][k] * solution[k];
		solution[j] /= left[j][j];
		if (!(solution[j] >= 0))
			return false;
	}
	return solution[0] > 0;
}

/* Share of the variance of N / X that a solution explains. */
static double
explained(const double *active, const double *throughput, size_t n,
		  const Scale *scale, const double solution[NTERMS])
{
	double about_fit = 0;
	double about_mean = 0;

	for (size_t i = 0; i < n; i++)
	{
		double terms[NTERMS];
		double cost = active[i] / throughput[i] / scale->mean;
		double fit = 0;

		if (!is_usable(active[i], throughput[i]))
			continue;
		find_terms(active[i], scale, terms);
		for (int j = 0; j < NTERMS; j++)
			fit += solution[j] * terms[j];
		about_fit += (cost - fit) * (cost - fit);
		about_mean += (cost - 1) * (cost - 1);
	}
	return 1 - about_fit / about_mean; /* NaN where there is no variance */
}

bool
arx_usl_fit(const double *active, const double *throughput, size_t n,
			ArxUsl *usl)
{
	/* all terms; else the better of those without one that was negative */
	static const bool uses[][NTERMS] = {
		{true, true, true}, {true, true, false}, {true, false, true}};
	Scale scale;
	Equations equations;
	double best[NTERMS] = {1, 0, 0};

	*usl = (ArxUsl){0};
	if (count_distinct(active, throughput, n) < ARX_USL_MIN_POINTS)
		return false;
	scale = find_scale(active, throughput, n);
	equations = add_up(active, throughput, n, &scale);
	for (int i = 0; i < 3; i++)
	{
		double solution[NTERMS];
		double r2;

		if (!solve(equations, uses[i], solution))
			continue;
		r2 = explained(active, throughput, n, &scale, solution);
		if (!(r2 > usl->r2))
			continue;
		usl->r2 = r2;
		for (int j = 0; j < NTERMS; j++)
			best[j] = solution[j];
	}
	if (!(usl->r2 > ARX_USL_MIN_R2))
		return false;

	usl->gamma = 1 / (best[0] * scale.mean);
	usl->sigma = best[1] / best[0] / scale.largest;
	usl->kappa = best[2] / best[0] / scale.largest / scale.largest;
	usl->largest = scale.largest;
	if (usl->kappa > 0)
		usl->peak =
			usl->sigma < 1 ? fmax(1, sqrt((1 - usl->sigma) / usl->kappa)) : 1;
	else
		usl->peak = INFINITY;
	usl->fitted = true;
	return true;
}
