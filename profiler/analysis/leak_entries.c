/*
 * leak_entries.c
 *	  Judges the sites of one process, alone and together.
 *
 * Sites that are too small to judge are put together by libarx/leak_tree.h,
 * which wants calls as numbers: two frames are the same call here when they
 * are in the same function, whatever the line, and labels do not matter.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/leak_entries.h"
#include "libarx/leak_survival.h"
#include "libarx/leak_tree.h"

#define EVIDENCE_BYTES 1024

typedef struct Judging
{
	const ArxLeakInput *input;
	const ArxLeakParameters *parameters;
	ArxProfileArena *arena;
	ArxLeakFinding *findings; /* of sites, then of groups */
	size_t nfindings;
	/* sites too small to judge */
	size_t nsmall;
	size_t *small; /* index of the site */
	ArxLeakBranch *branches;
	size_t ngroups;
	ArxLeakGroup *groups;
	size_t *group_finding; /* index into findings; 0: not judged together */
} Judging;

/* ---- functions as numbers ---------------------------------------------- */

typedef struct Call
{
	const ArxProfileFunction *function;
	uint32_t *number; /* where its number goes */
} Call;

static int
compare_calls(const void *a, const void *b)
{
	const ArxProfileFunction *left = ((const Call *) a)->function;
	const ArxProfileFunction *right = ((const Call *) b)->function;
	int order;

	if (left == right)
		return 0;
	order = strcmp(left->name, right->name);
	return order != 0 ? order : strcmp(left->module, right->module);
}

/* Gives the branches of all small sites their frames. */
static void
number_calls(Judging *judging)
{
	size_t ncalls = 0;
	Call *calls;
	uint32_t *numbers;
	uint32_t number = 0;

	for (size_t i = 0; i < judging->nsmall; i++)
		ncalls += judging->input->sites[judging->small[i]]->nfunctions;
	calls = arx_arena_get(judging->arena, ncalls, sizeof(Call));
	numbers = arx_arena_get(judging->arena, ncalls, sizeof(uint32_t));
	ncalls = 0;
	for (size_t i = 0; i < judging->nsmall; i++)
	{
		const ArxProfileSite *site = judging->input->sites[judging->small[i]];

		judging->branches[i].frames = &numbers[ncalls];
		judging->branches[i].nframes = site->nfunctions;
		for (uint32_t j = 0; j < site->nfunctions; j++, ncalls++)
			calls[ncalls] = (Call){site->functions[j], &numbers[ncalls]};
	}
	if (ncalls > 1)
		qsort(calls, ncalls, sizeof(Call), compare_calls);
	for (size_t i = 0; i < ncalls; i++)
	{
		if (i > 0 && compare_calls(&calls[i - 1], &calls[i]) != 0)
			number++;
		*calls[i].number = number;
	}
}

/* ---- judging ------------------------------------------------------------ */

/*
 * Too few samples to be sure: such sites may be variants of one leak, which
 * together have enough.
 */
static bool
lacks_samples(const ArxLeakFinding *finding,
			  const ArxLeakParameters *parameters)
{
	return finding->verdict == ARX_LEAK_NOT_ENOUGH_SAMPLES ||
		(finding->verdict == ARX_LEAK_SUSPECT &&
		 finding->p_value > parameters->false_discovery);
}

static void
judge_each(Judging *judging)
{
	const ArxLeakInput *input = judging->input;

	for (size_t i = 0; i < input->nsites; i++)
	{
		ArxLeakFinding *finding = &judging->findings[i];
		ArxLeakBranch *branch = &judging->branches[judging->nsmall];
		ArxLeakSurvivors mature;

		arx_leak_judge(&input->facts[i], judging->parameters, finding);
		if (!lacks_samples(finding, judging->parameters) ||
			input->sites[i]->kind != ARX_HEAP_SITE_MALLOC)
			continue;
		mature = arx_leak_survivors(&input->facts[i], finding->window_from,
									finding->window_to);
		branch->mature_samples = mature.samples;
		branch->mature_bytes = mature.bytes;
		judging->small[judging->nsmall++] = i;
	}
	judging->nfindings = input->nsites;
}

/* Judges all of a group as one site. */
static void
judge_group(Judging *judging, size_t group)
{
	size_t max_cohorts = (size_t) judging->input->latest->nepochs;
	ArxLeakSum sum = {.max_cohorts = max_cohorts,
					  .max_deaths = ARX_HEAP_LIFETIME_CLASSES};
	ArxLeakFinding *finding = &judging->findings[judging->nfindings];

	sum.cohorts =
		arx_arena_get(judging->arena, max_cohorts, sizeof(ArxLeakCohort));
	sum.deaths =
		arx_arena_get(judging->arena, sum.max_deaths, sizeof(ArxLeakDeaths));
	arx_leak_sum_start(
		&sum, (double) judging->input->latest->process.elapsed_ms / 1000);
	for (size_t i = 0; i < judging->nsmall; i++)
		if (judging->branches[i].group == group &&
			!arx_leak_sum_add(&sum, &judging->input->facts[judging->small[i]]))
			return;
	arx_leak_sum_judge(&sum, judging->parameters, finding);
	judging->group_finding[group] = judging->nfindings++;
}

/* A group at the root has nothing in common that could be named. */
static void
judge_groups(Judging *judging)
{
	size_t *order =
		arx_arena_get(judging->arena, judging->nsmall, sizeof(size_t));

	number_calls(judging);
	judging->groups =
		arx_arena_get(judging->arena, judging->nsmall, sizeof(ArxLeakGroup));
	judging->group_finding =
		arx_arena_get(judging->arena, judging->nsmall, sizeof(size_t));
	if (judging->nsmall == 0)
		return;
	judging->ngroups = arx_leak_group(judging->branches, judging->nsmall,
									  judging->parameters->enough_samples,
									  order, judging->groups);
	for (size_t group = 0; group < judging->ngroups; group++)
		if (judging->groups[group].count > 1 &&
			judging->groups[group].depth > 0 &&
			judging->groups[group].mature_samples >=
				judging->parameters->min_samples)
			judge_group(judging, group);
}

/* ---- entries ------------------------------------------------------------ */

static const char *
describe_label(Judging *judging, const ArxProfileSite *site)
{
	if (site->label == 0 || site->label_name[0] != '\0')
		return site->label_name;
	return arx_arena_format(judging->arena, "%" PRIu64, site->label);
}

/* All but nsites, site, live and label, which single sites and groups have
 * from different places. */
static void
describe_entry(Judging *judging, ArxLeakEntry *entry, uint32_t nfunctions)
{
	char evidence[EVIDENCE_BYTES];
	size_t length =
		arx_leak_evidence(&entry->finding, evidence, sizeof(evidence));

	entry->nfunctions = nfunctions;
	entry->functions = entry->site->functions;
	entry->shown = arx_profile_shown_function(entry->functions, nfunctions);
	entry->evidence = arx_arena_text(judging->arena, evidence, length);
}

static void
make_site_entry(Judging *judging, size_t i, ArxLeakEntry *entry)
{
	entry->finding = judging->findings[i];
	entry->site = judging->input->sites[i];
	entry->nsites = 1;
	entry->live =
		arx_profile_site_interval(judging->input->latest, entry->site);
	entry->label = describe_label(judging, entry->site);
	describe_entry(judging, entry, entry->site->nfunctions);
}

/* The stack is cut at the named call, which one site's stack goes through. */
static void
make_group_entry(Judging *judging, size_t group, ArxLeakEntry *entry)
{
	const ArxLeakGroup *node = &judging->groups[group];
	const ArxProfile *latest = judging->input->latest;
	double variance = 0;
	bool one_label = true;

	entry->finding = judging->findings[judging->group_finding[group]];
	entry->site = judging->input->sites[judging->small[node->example]];
	for (size_t i = 0; i < judging->nsmall; i++)
	{
		const ArxProfileSite *site = judging->input->sites[judging->small[i]];

		if (judging->branches[i].group != group)
			continue;
		entry->nsites++;
		variance += site->variance;
		one_label = one_label && site->label == entry->site->label;
	}
	entry->live = arx_profile_interval(entry->finding.live_bytes, variance,
									   (int64_t) entry->finding.samples,
									   latest->process.sample_bytes, false);
	entry->label = one_label ? describe_label(judging, entry->site) : "";
	describe_entry(judging, entry, node->depth);
}

/* A group tells more than its sites when its verdict is worse than theirs. */
static bool
is_telling(const Judging *judging, size_t group)
{
	size_t number = judging->group_finding[group];
	ArxLeakVerdict verdict = judging->findings[number].verdict;

	if (number == 0 || verdict < ARX_LEAK_SUSPECT)
		return false;
	for (size_t i = 0; i < judging->nsmall; i++)
		if (judging->branches[i].group == group &&
			judging->findings[judging->small[i]].verdict >= verdict)
			return false;
	return true;
}

static size_t
make_entries(Judging *judging, ArxLeakEntry *entries)
{
	bool *done =
		arx_arena_get(judging->arena, judging->input->nsites, sizeof(bool));
	size_t n = 0;

	for (size_t group = 0; group < judging->ngroups; group++)
	{
		if (!is_telling(judging, group))
			continue;
		make_group_entry(judging, group, &entries[n++]);
		for (size_t i = 0; i < judging->nsmall; i++)
			if (judging->branches[i].group == group)
				done[judging->small[i]] = true;
	}
	for (size_t i = 0; i < judging->input->nsites; i++)
		if (!done[i])
			make_site_entry(judging, i, &entries[n++]);
	return n;
}

size_t
arx_leak_entries(const ArxLeakInput *input, const ArxLeakParameters *parameters,
				 ArxProfileArena *arena, ArxLeakEntry **entries)
{
	size_t n = input->nsites;
	Judging judging = {
		.input = input, .parameters = parameters, .arena = arena};
	double *scratch = arx_arena_get(arena, 2 * n, sizeof(double));

	judging.findings = arx_arena_get(arena, 2 * n, sizeof(ArxLeakFinding));
	judging.small = arx_arena_get(arena, n, sizeof(size_t));
	judging.branches = arx_arena_get(arena, n, sizeof(ArxLeakBranch));
	judge_each(&judging);
	judge_groups(&judging);
	arx_leak_control(judging.findings, judging.nfindings, parameters, scratch);
	*entries = arx_arena_get(arena, n, sizeof(ArxLeakEntry));
	return make_entries(&judging, *entries);
}
