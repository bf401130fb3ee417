/*
 * sampling_error.h
 *	  What a count of looks is worth: mean and share with their 95 % intervals.
 *
 * Looks are taken one in each stratum of time, at a random place in it, so the
 * mean over looks is without bias and looks are independent of each other.  The
 * variance between all looks is taken for that within strata: it is the larger
 * of the two, so an interval is rather too wide than too narrow.
 */
#ifndef ARX_LIBARX_SAMPLING_ERROR_H
#define ARX_LIBARX_SAMPLING_ERROR_H

/*
 * Sums over looks of one class (of waits, say).  At a look n sessions were in
 * the class, out of t.  Zero bytes are the sums of no look.
 *
 * weight is the time that a look stands for, in any unit; only looks of the
 * same weight may be kept with weight 1 each.
 */
typedef struct ArxLookSums
{
	double looks;
	double weight; /* sum of weight */
	double n;	   /* of weight * n */
	double nn;	   /* of its square */
	double nt;	   /* of weight * n times weight * t */
	double t;	   /* of weight * t */
	double tt;	   /* of its square */
} ArxLookSums;

typedef struct ArxEstimate
{
	double value;
	double low;	 /* 95 %: the truth is below in 2.5 % of cases, */
	double high; /* and above in 2.5 %; infinite when nothing is known */
} ArxEstimate;

static inline void
arx_look_add(ArxLookSums *sums, double weight, double n, double t)
{
	sums->looks += 1;
	sums->weight += weight;
	sums->n += weight * n;
	sums->nn += weight * n * weight * n;
	sums->nt += weight * n * weight * t;
	sums->t += weight * t;
	sums->tt += weight * t * weight * t;
}

/*
 * Mean number of sessions in the class (average active sessions), at least 0.
 * It needs no nt.
 *
 * Sessions come in bunches of c = sum n^2 / sum n.  Up to a mean of c / 2 the
 * interval is c times Wilson's for mean / c in as many trials as looks, which has
 * just the variance that was seen between looks, and is honest where there was
 * none.  Above, where looks differ, it is Student's, which has no bound at c.
 * Of a class never seen, bunches are those of t: [0, 4.8 c / looks].
 */
extern ArxEstimate arx_look_mean(const ArxLookSums *sums);

/*
 * Share of the class in all of t, 0..1; value 0 when all t are 0.
 *
 * A ratio estimator: its variance is that of n - share * t over looks
 * (Cochran, Sampling Techniques, 1977, 6.4), turned into the number of
 * independent samples that would have it, at most sum t / c; then the same
 * interval for these.
 */
extern ArxEstimate arx_look_share(const ArxLookSums *sums);

#endif /* ARX_LIBARX_SAMPLING_ERROR_H */
