/*
 * leak_survival.c
 *	  Counts survivors by birth, deaths by age, and time at risk.
 */
#include <math.h>

#include "libarx/leak_survival.h"

static double
middle_of(const ArxLeakCohort *cohort)
{
	return (cohort->born_from + cohort->born_to) / 2;
}

ArxLeakSurvivors
arx_leak_survivors(const ArxLeakSite *site, double from, double to)
{
	ArxLeakSurvivors survivors = {.seconds = fmax(0, to - from)};

	for (size_t i = 0; i < site->ncohorts; i++)
	{
		const ArxLeakCohort *cohort = &site->cohorts[i];
		double born = middle_of(cohort);

		if (born < from || born >= to || cohort->samples == 0)
			continue;
		survivors.samples += cohort->samples;
		survivors.epochs++;
		survivors.bytes += cohort->bytes;
		survivors.variance += cohort->variance;
	}
	return survivors;
}

ArxLeakSurvivors
arx_leak_arrivals(const ArxLeakSite *site, double from, double to)
{
	ArxLeakSurvivors arrivals = {.seconds = fmax(0, to - from)};
	double samples = 0;

	for (size_t i = 0; i < site->ncohorts; i++)
	{
		const ArxLeakCohort *cohort = &site->cohorts[i];
		double length = cohort->born_to - cohort->born_from;
		double inside =
			fmin(to, cohort->born_to) - fmax(from, cohort->born_from);
		double share;

		if (!(inside > 0) || cohort->samples == 0)
			continue;
		share = fmin(1, inside / length);
		samples += share * cohort->samples;
		arrivals.epochs++;
		arrivals.bytes += share * cohort->bytes;
		arrivals.variance += share * cohort->variance;
	}
	arrivals.samples = (uint64_t) (samples + 0.5);
	return arrivals;
}

uint64_t
arx_leak_deaths_after(const ArxLeakSite *site, double age)
{
	uint64_t deaths = 0;

	for (size_t i = 0; i < site->ndeaths; i++)
		if (site->deaths[i].age_to > age)
			deaths += site->deaths[i].samples;
	return deaths;
}

double
arx_leak_exposure(const ArxLeakSite *site, double age, double born_from)
{
	double exposure = 0;

	for (size_t i = 0; i < site->ncohorts; i++)
	{
		double born = middle_of(&site->cohorts[i]);

		if (born >= born_from)
			exposure +=
				site->cohorts[i].samples * fmax(0, site->now - age - born);
	}
	for (size_t i = 0; i < site->ndeaths; i++)
		exposure += (double) site->deaths[i].samples *
			fmax(0, site->deaths[i].age_from - age);
	return exposure;
}

double
arx_leak_clean_age(const ArxLeakSite *site, double age, double limit)
{
	for (size_t i = 0; i < site->ndeaths; i++)
	{
		const ArxLeakDeaths *deaths = &site->deaths[i];

		if (deaths->samples > 0 && deaths->age_from < age &&
			age < deaths->age_to)
			return deaths->age_to <= limit ? deaths->age_to : deaths->age_from;
	}
	return age;
}
