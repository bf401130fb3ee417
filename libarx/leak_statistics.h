/*
 * leak_statistics.h
 *	  The few tail probabilities that verdicts rest on.
 *
 * Exact sums of terms by their recurrence for counts up to ten thousand, so
 * that they hold for three samples, too.  Above, the cube root of a Poisson
 * count and a binomial count itself are taken as normal (Wilson and Hilferty
 * 1931; de Moivre), which is right to four digits or more, and no damaged file
 * can ask for a long sum.
 */
#ifndef ARX_LIBARX_LEAK_STATISTICS_H
#define ARX_LIBARX_LEAK_STATISTICS_H

#include <stdint.h>

/* P(X <= count) for X Poisson with this mean (>= 0). */
extern double arx_poisson_at_most(uint64_t count, double mean);

/* P(X >= count) for X binomial: n tries, each with probability p in [0, 1]. */
extern double arx_binomial_at_least(uint64_t count, uint64_t n, double p);

/*
 * The mean for which at most count events have probability tail: the upper
 * confidence bound of a Poisson mean after count events (Garwood 1936), 3.0
 * for none and tail 0.05.
 */
extern double arx_poisson_upper(uint64_t count, double tail);

/* The same from below: the mean for which count or more have probability tail; 0 for 0. */
extern double arx_poisson_lower(uint64_t count, double tail);

#endif
