/*
 * leak_tests.h
 *	  What must hold of a leak, each condition as a test with a probability.
 *
 * Each test gives the probability of data this much like a leak if the site
 * were, just so, none: if arrivals had fallen to the share balance, if older
 * survivors were down to the share ramp, if mature samples died at the rate
 * that is allowed.  A leak has to stand all of them, so the largest counts
 * (an intersection-union test: Berger 1982), and no correction among them is
 * needed.  But the mature age is chosen, so what depends on it is multiplied
 * by the number of ages tried (Bonferroni).
 */
#ifndef ARX_LIBARX_LEAK_TESTS_H
#define ARX_LIBARX_LEAK_TESTS_H

#include "libarx/leak_verdict.h"

#define ARX_LEAK_NAGES 4 /* mature ages that are tried */

/* The conditions, in the order they are asked. */
typedef enum ArxLeakCondition
{
	ARX_LEAK_IS_MASSIVE = 0, /* enough mature survivors, of enough epochs */
	ARX_LEAK_IS_NOT_DYING,	 /* mature samples are not freed */
	ARX_LEAK_KEEPS_OLDEST,	 /* nor are the oldest of all */
	ARX_LEAK_KEEPS_COHORTS,	 /* no cohorts are missing among the older ones */
	ARX_LEAK_IS_ARRIVING,	 /* survivors keep coming at the rate they came */
	ARX_LEAK_NCONDITIONS
} ArxLeakCondition;

/*
 * One site at one mature age.  refuted says where the data not only fail to
 * show a condition but speak against it: their own estimate is beyond what is
 * told from a leak.
 */
typedef struct ArxLeakExamination
{
	double p[ARX_LEAK_NCONDITIONS];
	bool refuted[ARX_LEAK_NCONDITIONS];
	bool declining; /* fewer arrive than before, by more than chance */
	double p_worst;
} ArxLeakExamination;

/*
 * Examines a site as if the profile had begun at start, at one mature age, and
 * fills the finding's counts, from mature_age to younger.  Deaths count from
 * the true start of the profile: who ever freed mature blocks does not leak.
 */
extern void
arx_leak_examine(const ArxLeakSite *site, const ArxLeakParameters *parameters,
				 double start, double mature_age,
				 ArxLeakExamination *examination, ArxLeakFinding *finding);

#endif
