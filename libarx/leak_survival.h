/*
 * leak_survival.h
 *	  Counts of a site's survivors and deaths, as the verdict asks for them.
 *
 * Cohorts count where their middle is: epochs are short against the ages that
 * matter.  Times are seconds after the start of the profile, ages seconds.
 */
#ifndef ARX_LIBARX_LEAK_SURVIVAL_H
#define ARX_LIBARX_LEAK_SURVIVAL_H

#include "libarx/leak_verdict.h"

/* Live samples that were born in a stretch of time. */
typedef struct ArxLeakSurvivors
{
	uint64_t samples;
	uint32_t epochs; /* with survivors */
	double bytes;
	double variance;
	double seconds; /* length of the stretch */
} ArxLeakSurvivors;

extern ArxLeakSurvivors
arx_leak_survivors(const ArxLeakSite *site, double from, double to);

/*
 * The same for a rate: of a cohort that reaches beyond the stretch only its
 * share in there counts, so that the ends of epochs do not matter.
 */
extern ArxLeakSurvivors
arx_leak_arrivals(const ArxLeakSite *site, double from, double to);

/* Deaths in the classes that reach beyond an age: none is missed. */
extern uint64_t arx_leak_deaths_after(const ArxLeakSite *site, double age);

/*
 * Sample-seconds that samples born at or after born_from spent, or spend, at
 * this age or above; of the dead, whose births are not known, all count, each
 * from the age to the start of its class.
 */
extern double
arx_leak_exposure(const ArxLeakSite *site, double age, double born_from);

/*
 * The age moved out of a class that has deaths, upwards unless that goes
 * beyond limit, so that the deaths before and after it are known.
 */
extern double
arx_leak_clean_age(const ArxLeakSite *site, double age, double limit);

#endif
