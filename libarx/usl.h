/*
 * usl.h
 *	  Where more concurrency begins to cost throughput.
 *
 * Gunther's Universal Scalability Law,
 *
 *		X(N) = gamma N / (1 + sigma (N - 1) + kappa N (N - 1)),
 *
 * fitted to pairs of transactions running at once and their throughput.  sigma
 * is what queues for something shared, kappa what the running ones cost each
 * other.
 */
#ifndef ARX_LIBARX_USL_H
#define ARX_LIBARX_USL_H

#include <stdbool.h>
#include <stddef.h>

#define ARX_USL_MIN_POINTS 8 /* distinct whole numbers of N */
#define ARX_USL_MIN_R2 0.7

typedef struct ArxUsl
{
	bool fitted;	/* else nothing below means anything */
	double gamma;	/* throughput of one alone, per second */
	double sigma;	/* 0 or more */
	double kappa;	/* 0 or more */
	double r2;		/* share of the variance of N / X that the law explains */
	double largest; /* N seen */
	double peak; /* N of the highest throughput, at least 1; INFINITY without */
} ArxUsl;

/*
 * Fits n pairs by least squares of N / X.  Pairs without a positive finite N
 * and X are left out.  Returns usl->fitted: false with fewer than
 * ARX_USL_MIN_POINTS distinct N or an R2 of ARX_USL_MIN_R2 or less, so also
 * where N / X does not change at all, which is where nothing is lost.
 */
extern bool arx_usl_fit(const double *active, const double *throughput,
						size_t n, ArxUsl *usl);

#endif
