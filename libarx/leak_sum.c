/*
 * leak_sum.c
 *	  Adds up the sites of a group and judges them as one.
 */
#include <string.h>

#include "libarx/leak_tree.h"

void
arx_leak_sum_start(ArxLeakSum *sum, double now)
{
	sum->site = (ArxLeakSite){
		.now = now, .cohorts = sum->cohorts, .deaths = sum->deaths};
	sum->recurring = 0;
	sum->bytes = 0;
}

/* The cohort that begins then, made in its place when there is none; NULL: full. */
static ArxLeakCohort *
find_cohort(ArxLeakSum *sum, const ArxLeakCohort *like)
{
	ArxLeakCohort *cohorts = sum->cohorts;
	size_t n = sum->site.ncohorts;
	size_t low = 0;
	size_t high = n;

	while (low < high)
	{
		size_t middle = (low + high) / 2;

		if (cohorts[middle].born_from < like->born_from)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < n && cohorts[low].born_from <= like->born_from)
		return &cohorts[low];
	if (n == sum->max_cohorts)
		return NULL;
	memmove(&cohorts[low + 1], &cohorts[low], (n - low) * sizeof(*cohorts));
	cohorts[low] =
		(ArxLeakCohort){.born_from = like->born_from, .born_to = like->born_to};
	sum->site.ncohorts++;
	return &cohorts[low];
}

static ArxLeakDeaths *
find_deaths(ArxLeakSum *sum, const ArxLeakDeaths *like)
{
	ArxLeakDeaths *deaths = sum->deaths;
	size_t n = sum->site.ndeaths;
	size_t i = 0;

	while (i < n && deaths[i].age_from < like->age_from)
		i++;
	if (i < n && deaths[i].age_from <= like->age_from)
		return &deaths[i];
	if (n == sum->max_deaths)
		return NULL;
	memmove(&deaths[i + 1], &deaths[i], (n - i) * sizeof(*deaths));
	deaths[i] =
		(ArxLeakDeaths){.age_from = like->age_from, .age_to = like->age_to};
	sum->site.ndeaths++;
	return &deaths[i];
}

bool
arx_leak_sum_add(ArxLeakSum *sum, const ArxLeakSite *site)
{
	double bytes = 0;
	size_t epochs = 0;

	for (size_t i = 0; i < site->ncohorts; i++)
	{
		ArxLeakCohort *cohort = find_cohort(sum, &site->cohorts[i]);

		if (!cohort)
			return false;
		cohort->samples += site->cohorts[i].samples;
		cohort->bytes += site->cohorts[i].bytes;
		cohort->variance += site->cohorts[i].variance;
		bytes += site->cohorts[i].bytes;
		epochs += site->cohorts[i].samples > 0;
	}
	for (size_t i = 0; i < site->ndeaths; i++)
	{
		ArxLeakDeaths *deaths = find_deaths(sum, &site->deaths[i]);

		if (!deaths)
			return false;
		deaths->samples += site->deaths[i].samples;
	}
	sum->site.births += site->births;
	sum->site.birth_bytes += site->birth_bytes;
	sum->bytes += bytes;
	if (epochs > 1)
		sum->recurring += bytes;
	return true;
}

void
arx_leak_sum_judge(const ArxLeakSum *sum, const ArxLeakParameters *parameters,
				   ArxLeakFinding *finding)
{
	arx_leak_judge(&sum->site, parameters, finding);
	if (finding->verdict == ARX_LEAK_LEAK &&
		sum->recurring < ARX_LEAK_NODE_SHARE * sum->bytes)
	{
		finding->verdict = ARX_LEAK_SUSPECT;
		finding->reason = "grows by many sites that keep a block each";
	}
}
