/*
 * wait_survival.h
 *	  How long transactions wait, from the ages of those seen waiting.
 *
 * Look at a queue at random moments and note for how long each waiter has
 * waited so far.  With lambda arrivals a second, those seen with an age between
 * x and x + dx are lambda * P(W > x) * dx on average (Little's law for the part
 * of the wait that is older than x).  So
 *
 *	P(W > x) = seen with an age in a bin / (looks * lambda * width of the bin)
 *
 * is the share of all transactions, also of those that do not wait at all, that
 * wait longer than x.  It can only fall with x: neighbours that say otherwise by
 * chance are put together (pool adjacent violators).
 *
 * The error is that of a count: with n seen at x and older, about 1/sqrt(n) of
 * the share there.
 */
#ifndef ARX_LIBARX_WAIT_SURVIVAL_H
#define ARX_LIBARX_WAIT_SURVIVAL_H

#include <stdint.h>

/*
 * Bins of ages: below 50 us, then each 30 % wider than the one before, the last
 * one from about 9 minutes on.
 */
#define ARX_WAIT_BINS 64

typedef struct ArxWaitSurvival
{
	double share[ARX_WAIT_BINS]; /* P(W > x) in the middle of each bin */
} ArxWaitSurvival;

/* The bin of an age in seconds; what is negative or NaN is in the first. */
extern int arx_wait_bin(double age_s);

/* Where a bin begins, s; of ARX_WAIT_BINS, where the last one ends. */
extern double arx_wait_bin_start(int bin);

/*
 * From counts of ages, the number of looks (also those that saw nobody) and the
 * arrivals a second, both above 0.
 */
extern void arx_wait_survival(ArxWaitSurvival *survival, const uint64_t *counts,
							  double looks, double arrival_rate);

/*
 * The wait in seconds that a share p (0..1) of all transactions does not
 * exceed; 0 when fewer than 1 - p wait.
 */
extern double arx_wait_quantile(const ArxWaitSurvival *survival, double p);

#endif /* ARX_LIBARX_WAIT_SURVIVAL_H */
