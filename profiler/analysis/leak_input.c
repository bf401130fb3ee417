/*
 * leak_input.c
 *	  What the verdict asks for, from snapshots of one process.
 */
#include <math.h>

#include "analysis/leak_input.h"
#include "analysis/profile_parts.h"

static double
seconds(uint64_t ms)
{
	return (double) ms / 1000;
}

/* One cohort for each row: births between the ends of two epochs. */
static void
set_cohorts(ArxLeakInput *input, const ArxProfileSite *site, ArxLeakSite *facts)
{
	const uint64_t *ends = input->latest->epochs_ms;
	ArxLeakCohort *cohorts =
		arx_arena_get(input->arena, site->nrows, sizeof(ArxLeakCohort));

	for (uint32_t i = 0; i < site->nrows; i++)
	{
		const ArxHeapRow *row = &site->rows[i];

		cohorts[i].born_from =
			row->epoch > 0 ? seconds(ends[row->epoch - 1]) : 0;
		cohorts[i].born_to = seconds(ends[row->epoch]);
		cohorts[i].samples = row->samples;
		cohorts[i].bytes = row->bytes;
		cohorts[i].variance = row->variance;
	}
	facts->cohorts = cohorts;
	facts->ncohorts = site->nrows;
}

static void
set_deaths(ArxLeakInput *input, const ArxProfileSite *site, ArxLeakSite *facts)
{
	ArxLeakDeaths *deaths;

	if (site->frees == 0)
		return;
	deaths = arx_arena_get(input->arena, ARX_HEAP_LIFETIME_CLASSES,
						   sizeof(ArxLeakDeaths));
	for (int i = 0; i < ARX_HEAP_LIFETIME_CLASSES; i++)
	{
		deaths[i].age_from = seconds(arx_heap_lifetime_start(i));
		deaths[i].age_to = i + 1 < ARX_HEAP_LIFETIME_CLASSES
			? seconds(arx_heap_lifetime_start(i + 1))
			: INFINITY;
		deaths[i].samples = site->lifetimes[i];
	}
	facts->deaths = deaths;
	facts->ndeaths = ARX_HEAP_LIFETIME_CLASSES;
}

void
arx_leak_input_begin(ArxLeakInput *input, const ArxProfile *latest,
					 size_t max_history, ArxProfileArena *arena)
{
	const ArxProfileSite **all = arx_profile_sites_by_id(latest, arena);

	*input = (ArxLeakInput){
		.latest = latest, .arena = arena, .max_history = max_history};
	input->sites = arx_arena_get(arena, latest->nsites, sizeof(*all));
	input->facts = arx_arena_get(arena, latest->nsites, sizeof(ArxLeakSite));
	for (size_t i = 0; i < latest->nsites; i++)
	{
		ArxLeakSite *facts = &input->facts[input->nsites];

		if (all[i]->kind == ARX_HEAP_SITE_RESERVE)
			continue;
		input->sites[input->nsites++] = all[i];
		facts->now = seconds(latest->process.elapsed_ms);
		facts->births = all[i]->births;
		facts->birth_bytes = all[i]->birth_bytes;
		set_cohorts(input, all[i], facts);
		set_deaths(input, all[i], facts);
	}
}

/* before is NULL when the site was not in the earlier snapshot. */
static void
add_point(ArxLeakInput *input, size_t i, const ArxProfile *earlier,
		  const ArxProfileSite *before)
{
	ArxLeakSite *facts = &input->facts[i];
	ArxLeakPoint *points = (ArxLeakPoint *) (uintptr_t) facts->history;
	ArxLeakPoint *point;

	if (facts->nhistory == input->max_history)
		return;
	if (points == NULL)
		points = arx_arena_get(input->arena, input->max_history,
							   sizeof(ArxLeakPoint));
	point = &points[facts->nhistory++];
	point->at = seconds(earlier->process.elapsed_ms);
	if (before != NULL)
	{
		point->births = before->births;
		point->live = (uint64_t) before->samples;
		point->live_bytes = before->bytes;
	}
	facts->history = points;
}

void
arx_leak_input_history(ArxLeakInput *input, const ArxProfile *earlier)
{
	ArxProfileArena *arena = arx_arena_new();
	const ArxProfileSite **before = arx_profile_sites_by_id(earlier, arena);
	/* a site that is not there had nothing, unless there was no room for it */
	bool complete = earlier->counters[ARX_HEAP_COUNT_SITES_DROPPED] == 0;
	size_t j = 0;

	for (size_t i = 0; i < input->nsites; i++)
	{
		while (j < earlier->nsites && before[j]->id < input->sites[i]->id)
			j++;
		if (j < earlier->nsites && before[j]->id == input->sites[i]->id)
			add_point(input, i, earlier, before[j]);
		else if (complete)
			add_point(input, i, earlier, NULL);
	}
	arx_arena_free(arena);
}
