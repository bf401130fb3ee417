/*
 * leak_tests.c
 *	  The conditions of a leak, tested on one site at one mature age.
 */
#include <math.h>

#include "libarx/leak_statistics.h"
#include "libarx/leak_survival.h"
#include "libarx/leak_tests.h"

/* below this probability, samples died oftener than is allowed */
#define SURELY 0.01

/* below this one, fewer survivors arrive than did: one leak in a hundred or
 * fewer looks so by chance, by one of the four comparisons */
#define DECLINE 0.005

/* When the births that are looked at begin. */
static double
end_of_warm_up(const ArxLeakSite *site, const ArxLeakParameters *parameters,
			   double start)
{
	double interval = parameters->interval > 0 ? parameters->interval : 30;

	if (parameters->warm_up >= 0)
		return start + parameters->warm_up;
	return start + fmax(20 * interval, (site->now - start) / 6);
}

/*
 * Survivors of one stretch against those of another: the probability of as
 * many in the first if its rate were only this share of the other's, times the
 * number of ages at which it is tried.
 */
static void
compare_rates(const ArxLeakSurvivors *first, const ArxLeakSurvivors *other,
			  double share, int tries, ArxLeakCondition condition,
			  ArxLeakExamination *examination)
{
	double expected = share * first->seconds;
	double whole = expected + other->seconds;
	uint64_t n = first->samples + other->samples;
	double p = 1;

	if (whole > 0)
	{
		p = fmin(
			1,
			tries * arx_binomial_at_least(first->samples, n, expected / whole));
		if ((double) first->samples * other->seconds <
			(double) other->samples * expected)
			examination->refuted[condition] = true;
	}
	examination->p[condition] = fmax(examination->p[condition], p);
}

/* Survivors of late against those before: too few if arrivals had fallen, and
 * fewer than if they had not. */
static void
compare_arrivals(const ArxLeakSurvivors *late, const ArxLeakSurvivors *before,
				 double share, int tries, ArxLeakExamination *examination)
{
	uint64_t n = late->samples + before->samples;
	double seconds = late->seconds + before->seconds;

	compare_rates(late, before, share, tries, ARX_LEAK_IS_ARRIVING,
				  examination);
	if (seconds > 0 &&
		arx_binomial_at_least(before->samples, n, before->seconds / seconds) <
			DECLINE)
		examination->declining = true;
}

static void
test_mass(const ArxLeakParameters *parameters, const ArxLeakFinding *finding,
		  ArxLeakExamination *examination)
{
	bool enough = finding->mature_samples >= parameters->min_samples &&
		finding->mature_epochs >= parameters->min_epochs;

	examination->p[ARX_LEAK_IS_MASSIVE] = enough ? 0 : 1;
	examination->refuted[ARX_LEAK_IS_MASSIVE] = !enough;
}

static void
test_hazard(const ArxLeakSite *site, ArxLeakFinding *finding,
			ArxLeakExamination *examination)
{
	double exposure =
		arx_leak_exposure(site, finding->mature_age, finding->window_from);
	double allowed = finding->hazard_allowed * exposure;

	finding->hazard = exposure > 0
		? arx_poisson_upper(finding->mature_deaths, 0.05) / exposure
		: INFINITY;
	examination->p[ARX_LEAK_IS_NOT_DYING] =
		arx_poisson_at_most(finding->mature_deaths, allowed);
	examination->refuted[ARX_LEAK_IS_NOT_DYING] =
		(double) finding->mature_deaths > allowed;
}

/*
 * A cache that has just begun to evict loses its very oldest, which are few
 * among all that are mature.  So each greater age is asked, too, and there
 * those born in the warm-up count as well: they are the oldest.
 */
static void
test_oldest(const ArxLeakSite *site, const ArxLeakFinding *finding,
			ArxLeakExamination *examination)
{
	for (size_t i = 0; i < site->ndeaths; i++)
	{
		double age = site->deaths[i].age_from;
		uint64_t deaths;
		double allowed;

		if (age <= finding->mature_age || site->deaths[i].samples == 0)
			continue;
		deaths = arx_leak_deaths_after(site, age);
		allowed = finding->hazard_allowed * arx_leak_exposure(site, age, 0);
		if (1 - arx_poisson_at_most(deaths - 1, allowed) < SURELY)
		{
			examination->p[ARX_LEAK_KEEPS_OLDEST] = 1;
			examination->refuted[ARX_LEAK_KEEPS_OLDEST] = true;
		}
	}
}

/* The older half of the mature window, and the first quarter since the start. */
static void
test_cohorts(const ArxLeakSite *site, const ArxLeakParameters *parameters,
			 double start, const ArxLeakSurvivors *older,
			 const ArxLeakSurvivors *younger, ArxLeakExamination *examination)
{
	ArxLeakSurvivors first =
		arx_leak_survivors(site, start, start + (site->now - start) / 4);

	compare_rates(older, younger, parameters->ramp, ARX_LEAK_NAGES,
				  ARX_LEAK_KEEPS_COHORTS, examination);
	compare_rates(&first, younger, parameters->ramp, ARX_LEAK_NAGES,
				  ARX_LEAK_KEEPS_COHORTS, examination);
}

/* The last seconds against all before. */
static void
test_latest(const ArxLeakSite *site, double warm_up, double seconds,
			double share, ArxLeakExamination *examination)
{
	double since = site->now - seconds;
	ArxLeakSurvivors before = arx_leak_survivors(site, warm_up, since);
	ArxLeakSurvivors latest = arx_leak_survivors(site, since, site->now);

	compare_arrivals(&latest, &before, share, 1, examination);
}

/*
 * The younger half of the mature window, and, as a cache may have filled up
 * since, the younger half, the last quarter and the last eighth up to now.
 * There may be short-lived samples as well, which hide that; hence all four.
 * The last eighth has few samples, so only half of the share is asked of it.
 */
static void
test_arrivals(const ArxLeakSite *site, const ArxLeakParameters *parameters,
			  double start, double warm_up, const ArxLeakSurvivors *older,
			  const ArxLeakSurvivors *younger, ArxLeakExamination *examination)
{
	double now = site->now;
	double age = now - start;
	double middle = (warm_up + now) / 2;
	ArxLeakSurvivors first_half = arx_leak_survivors(site, warm_up, middle);
	ArxLeakSurvivors second_half = arx_leak_survivors(site, middle, now);

	compare_arrivals(younger, older, parameters->balance, ARX_LEAK_NAGES,
					 examination);
	compare_arrivals(&second_half, &first_half, parameters->balance, 1,
					 examination);
	test_latest(site, warm_up, age / 4, parameters->balance, examination);
	test_latest(site, warm_up, age / 8, parameters->balance / 2, examination);
}

void
arx_leak_examine(const ArxLeakSite *site, const ArxLeakParameters *parameters,
				 double start, double mature_age,
				 ArxLeakExamination *examination, ArxLeakFinding *finding)
{
	double warm_up = end_of_warm_up(site, parameters, start);
	double end = site->now - mature_age;
	double middle = (warm_up + end) / 2;
	ArxLeakSurvivors older = arx_leak_survivors(site, warm_up, middle);
	ArxLeakSurvivors younger = arx_leak_survivors(site, middle, end);

	*examination = (ArxLeakExamination){.p_worst = 0};
	finding->mature_age = mature_age;
	finding->window_from = warm_up;
	finding->window_to = fmax(warm_up, end);
	finding->older = older.samples;
	finding->younger = younger.samples;
	finding->mature_samples = older.samples + younger.samples;
	finding->mature_epochs = older.epochs + younger.epochs;
	finding->mature_deaths = arx_leak_deaths_after(site, mature_age);
	finding->hazard_allowed =
		site->now > start ? parameters->deaths / (site->now - start) : 0;

	test_mass(parameters, finding, examination);
	test_hazard(site, finding, examination);
	test_oldest(site, finding, examination);
	test_cohorts(site, parameters, start, &older, &younger, examination);
	test_arrivals(site, parameters, start, warm_up, &older, &younger,
				  examination);
	for (int i = 0; i < ARX_LEAK_NCONDITIONS; i++)
		examination->p_worst = fmax(examination->p_worst, examination->p[i]);
}
