/*
 * profile_diff.c
 *	  What changed between two snapshots of one profile.
 *
 * A sample that lives in both is in the same epoch of birth in both, so rows
 * that ended by the earlier snapshot hold its survivors, and the rest of the
 * earlier one's rows is what died since; rows that began at or after it hold
 * what was born since.  Only those two add to the variance of the change.  (A
 * survivor that realloc() made larger changes a row without a birth or a
 * death; the change of the row's variance stands for it.)
 *
 * The runtime ends an epoch at every snapshot, but it merges old epochs when
 * there are too many, possibly over the moment of the earlier snapshot.  In
 * such an epoch survivors and newborns cannot be told apart.  The change of
 * its bytes is exact all the same; for its variance all of the earlier one's
 * samples are taken for dead and all of the later one's for newborn, which
 * makes the interval too wide, never too narrow.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/profile.h"
#include "analysis/profile_arena.h"
#include "analysis/profile_parts.h"

/* How two profiles relate, and the one that comes of them. */
typedef struct Difference
{
	const ArxProfile *earlier;
	const ArxProfile *later;
	ArxProfile *profile;
	uint64_t moment_ms; /* of the earlier snapshot */
	double *variances;	/* scratch: of the earlier rows, by later epoch */
	uint32_t *modules;	/* of the earlier one, in the new profile */
} Difference;

static bool
same_text(ArxHeapText a, ArxHeapText b)
{
	return a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
}

/* Why there is no difference of the two, or NULL. */
static const char *
find_obstacle(const ArxProfile *earlier, const ArxProfile *later)
{
	const ArxHeapProcess *a = &earlier->process;
	const ArxHeapProcess *b = &later->process;

	if (earlier->is_diff || later->is_diff)
		return "one of them is a difference already";
	if (!arx_profile_same_process(a, b))
		return "they are of two processes";
	if (a->profile_start_us != b->profile_start_us)
		return "profiling was stopped and started again between them";
	if (a->sequence >= b->sequence || a->elapsed_ms > b->elapsed_ms)
		return "the later one has to come second";
	return NULL;
}

bool
arx_profile_same_process(const ArxHeapProcess *a, const ArxHeapProcess *b)
{
	return same_text(a->host, b->host) && same_text(a->boot_id, b->boot_id) &&
		a->pid_namespace == b->pid_namespace && a->pid == b->pid &&
		a->start_us == b->start_us;
}

static uint32_t
find_module(const ArxProfile *profile, const ArxProfileModule *wanted)
{
	for (uint32_t i = 0; i < profile->nmodules; i++)
	{
		const ArxProfileModule *module = &profile->modules[i];

		if (module->bias == wanted->bias &&
			module->build_id_bytes == wanted->build_id_bytes &&
			memcmp(module->build_id, wanted->build_id,
				   wanted->build_id_bytes) == 0 &&
			strcmp(module->path, wanted->path) == 0)
			return i;
	}
	return ARX_HEAP_NO_MODULE;
}

/* The later one's modules, then those that only the earlier one has. */
static void
join_modules(Difference *difference)
{
	const ArxProfile *earlier = difference->earlier;
	const ArxProfile *later = difference->later;
	ArxProfile *profile = difference->profile;

	profile->modules = arx_arena_get(
		profile->arena, (size_t) later->nmodules + earlier->nmodules,
		sizeof(ArxProfileModule));
	profile->nmodules = later->nmodules;
	if (later->nmodules > 0)
		memcpy(profile->modules, later->modules,
			   later->nmodules * sizeof(ArxProfileModule));
	difference->modules =
		arx_arena_get(profile->arena, earlier->nmodules, sizeof(uint32_t));
	for (uint32_t i = 0; i < earlier->nmodules; i++)
	{
		uint32_t module = i;

		/* mostly nothing was loaded or unloaded in between */
		if (i >= later->nmodules ||
			strcmp(earlier->modules[i].path, later->modules[i].path) != 0 ||
			earlier->modules[i].bias != later->modules[i].bias)
			module = find_module(later, &earlier->modules[i]);
		if (module == ARX_HEAP_NO_MODULE)
		{
			module = profile->nmodules++;
			profile->modules[module] = earlier->modules[i];
		}
		difference->modules[i] = module;
	}
}

/* The later epoch that a moment belongs to; the last one when none does. */
static uint32_t
find_epoch(const ArxProfile *profile, uint64_t end_ms)
{
	uint32_t low = 0;
	uint32_t high = profile->nepochs;

	while (low < high)
	{
		uint32_t middle = low + (high - low) / 2;

		if (profile->epochs_ms[middle] < end_ms)
			low = middle + 1;
		else
			high = middle;
	}
	return low < profile->nepochs ? low : profile->nepochs - 1;
}

/* Variance of the change of one epoch's rows. */
static double
change_variance(const Difference *difference, uint32_t epoch, double before,
				double after)
{
	const ArxProfile *later = difference->later;
	uint64_t begin = epoch > 0 ? later->epochs_ms[epoch - 1] : 0;
	uint64_t end = later->epochs_ms[epoch];

	if (begin < difference->moment_ms && end > difference->moment_ms)
		return before + after;
	return fabs(after - before);
}

/* Variance of the change of a site; one of the two may be NULL. */
static double
site_variance(Difference *difference, const ArxProfileSite *before,
			  const ArxProfileSite *after)
{
	const ArxProfile *later = difference->later;
	double *variances = difference->variances;
	double sum = 0;

	if (before == NULL)
		return after->variance;
	if (after == NULL || later->nepochs == 0)
		return before->variance;
	for (uint32_t i = 0; i < before->nrows; i++)
	{
		uint64_t end = difference->earlier->epochs_ms[before->rows[i].epoch];

		variances[find_epoch(later, end)] += before->rows[i].variance;
	}
	for (uint32_t i = 0; i < after->nrows; i++)
	{
		uint32_t epoch = after->rows[i].epoch;

		sum += change_variance(difference, epoch, variances[epoch],
							   after->rows[i].variance);
		variances[epoch] = 0;
	}
	/* epochs of which nothing is left */
	for (uint32_t i = 0; i < before->nrows; i++)
	{
		uint64_t end = difference->earlier->epochs_ms[before->rows[i].epoch];
		uint32_t epoch = find_epoch(later, end);

		sum += variances[epoch];
		variances[epoch] = 0;
	}
	return sum;
}

/* Frames of the earlier profile, with the modules of the new one. */
static const ArxHeapFrame *
move_frames(const Difference *difference, const ArxProfileSite *site)
{
	ArxHeapFrame *frames = arx_arena_get(difference->profile->arena,
										 site->nframes, sizeof(ArxHeapFrame));

	for (uint32_t i = 0; i < site->nframes; i++)
	{
		frames[i] = site->frames[i];
		if (frames[i].module != ARX_HEAP_NO_MODULE)
			frames[i].module = difference->modules[frames[i].module];
	}
	return frames;
}

static uint64_t
less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* Adds the change of one site, unless there is none. */
static void
add_site(Difference *difference, const ArxProfileSite *before,
		 const ArxProfileSite *after)
{
	static const uint32_t no_lifetimes[ARX_HEAP_LIFETIME_CLASSES];
	ArxProfile *profile = difference->profile;
	ArxProfileSite site = after != NULL ? *after : *before;

	if (after == NULL)
		site.frames = move_frames(difference, before);
	if (after != NULL && before != NULL)
	{
		site.births = less(after->births, before->births);
		site.birth_bytes = fmax(0, after->birth_bytes - before->birth_bytes);
		site.frees = less(after->frees, before->frees);
		site.samples = after->samples - before->samples;
		site.bytes = after->bytes - before->bytes;
		site.objects = after->objects - before->objects;
	}
	else if (after == NULL)
	{
		site.births = 0;
		site.birth_bytes = 0;
		site.frees = (uint64_t) before->samples;
		site.samples = -before->samples;
		site.bytes = -before->bytes;
		site.objects = -before->objects;
	}
	site.variance = site_variance(difference, before, after);
	site.rows = NULL;
	site.nrows = 0;
	site.lifetimes = no_lifetimes;
	if (site.samples != 0 || site.bytes != 0 || site.variance != 0 ||
		site.births != 0 || site.frees != 0)
		profile->sites[profile->nsites++] = site;
}

static int
compare_sites(const void *a, const void *b)
{
	const ArxProfileSite *const *left = a;
	const ArxProfileSite *const *right = b;

	return (*left)->id < (*right)->id ? -1 : (*left)->id > (*right)->id;
}

const ArxProfileSite **
arx_profile_sites_by_id(const ArxProfile *profile, ArxProfileArena *arena)
{
	const ArxProfileSite **sites =
		arx_arena_get(arena, profile->nsites, sizeof(*sites));

	for (size_t i = 0; i < profile->nsites; i++)
		sites[i] = &profile->sites[i];
	if (profile->nsites > 1)
		qsort(sites, profile->nsites, sizeof(*sites), compare_sites);
	return sites;
}

static void
add_sites(Difference *difference)
{
	const ArxProfile *earlier = difference->earlier;
	const ArxProfile *later = difference->later;
	ArxProfile *profile = difference->profile;
	const ArxProfileSite **before =
		arx_profile_sites_by_id(earlier, profile->arena);
	const ArxProfileSite **after =
		arx_profile_sites_by_id(later, profile->arena);
	size_t i = 0;
	size_t j = 0;

	profile->sites =
		arx_arena_get(profile->arena, earlier->nsites + later->nsites,
					  sizeof(ArxProfileSite));
	while (i < earlier->nsites || j < later->nsites)
	{
		int order;

		if (i == earlier->nsites)
			order = 1;
		else if (j == later->nsites)
			order = -1;
		else
			order = compare_sites(&before[i], &after[j]);
		add_site(difference, order <= 0 ? before[i] : NULL,
				 order >= 0 ? after[j] : NULL);
		i += order <= 0;
		j += order >= 0;
	}
}

/* Counters that are a state, not a sum, keep what the later one says. */
static void
subtract_numbers(Difference *difference)
{
	const ArxProfile *earlier = difference->earlier;
	ArxProfile *profile = difference->profile;

	for (int i = 0; i < ARX_HEAP_NLEDGER; i++)
		profile->ledger[i] -= earlier->ledger[i];
	for (int i = 0; i < ARX_HEAP_NCOUNTERS; i++)
		if (i != ARX_HEAP_COUNT_LIVE && i != ARX_HEAP_COUNT_MEMORY &&
			i != ARX_HEAP_COUNT_INHERITED && i != ARX_HEAP_COUNT_PAUSE_MAX_NS &&
			i != ARX_HEAP_COUNT_ERRNO && i != ARX_HEAP_COUNT_SITES_DROPPED)
			profile->counters[i] =
				less(profile->counters[i], earlier->counters[i]);
}

ArxProfile *
arx_profile_diff(const ArxProfile *earlier, const ArxProfile *later,
				 const char **error)
{
	const char *obstacle = find_obstacle(earlier, later);
	Difference difference = {.earlier = earlier, .later = later};
	ArxProfileArena *arena;

	if (obstacle != NULL)
	{
		*error = arx_profile_error(later->path, obstacle);
		return NULL;
	}
	arena = arx_arena_new();
	difference.profile = arx_arena_get(arena, 1, sizeof(ArxProfile));
	*difference.profile = *later;
	difference.profile->arena = arena;
	difference.profile->is_diff = true;
	difference.profile->nsites = 0;
	difference.moment_ms = earlier->nepochs > 0
		? earlier->epochs_ms[earlier->nepochs - 1]
		: earlier->process.elapsed_ms;
	difference.variances = arx_arena_get(arena, later->nepochs, sizeof(double));
	join_modules(&difference);
	subtract_numbers(&difference);
	add_sites(&difference);
	return difference.profile;
}
