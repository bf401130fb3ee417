/*
 * snapshot_rows.c
 *	  What is live at one moment, by site and epoch of birth.
 *
 * Sites are copied first: a sample that belongs to a site which is not among
 * them was born later and does not count.  Each sample becomes a row; when the
 * room for rows is full, rows of the same site and epoch are summed.
 */
#include "runtime/snapshot_rows.h"

#include <string.h>

#include "runtime/array_sort.h"
#include "runtime/mapping_ledger.h"
#include "runtime/snapshot_scratch.h"

/* What is copied under the tables' lock at once. */
#define SITES_AT_ONCE 256
#define SAMPLES_AT_ONCE 1024
#define REGIONS_AT_ONCE 256
/* Left in the scratch memory for whoever writes the rows, per site and in all. */
#define KEEP_PER_SITE 32
#define KEEP_FREE (128 * 1024)
/* Classes of age that frees of one site fall into, as a rule. */
#define LIFETIMES_EXPECTED 20

/* ---- orders ---- */

static int
by_site_id(const void *a, const void *b)
{
	uint32_t x = ((const AhSnapshotSite *) a)->copy.site;
	uint32_t y = ((const AhSnapshotSite *) b)->copy.site;

	return x < y ? -1 : x > y;
}

static int
by_size(const void *a, const void *b)
{
	const AhSnapshotSite *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return x->copy.birth_bytes > y->copy.birth_bytes
		? -1
		: x->copy.birth_bytes < y->copy.birth_bytes;
}

/* From the root on, so that neighbours share as many frames as can be. */
static int
by_frames(const void *a, const void *b)
{
	const AhSiteCopy *x = &((const AhSnapshotSite *) a)->copy;
	const AhSiteCopy *y = &((const AhSnapshotSite *) b)->copy;
	uint32_t n = x->nframes < y->nframes ? x->nframes : y->nframes;

	for (uint32_t i = 1; i <= n; i++)
	{
		uintptr_t f = x->frames[x->nframes - i], g = y->frames[y->nframes - i];

		if (f != g)
			return f < g ? -1 : 1;
	}
	if (x->nframes != y->nframes)
		return x->nframes < y->nframes ? -1 : 1;
	return x->label < y->label ? -1 : x->label > y->label;
}

static int
by_site_and_epoch(const void *a, const void *b)
{
	const AhSnapshotRow *x = a, *y = b;

	if (x->site != y->site)
		return x->site < y->site ? -1 : 1;
	return x->row.epoch < y->row.epoch ? -1 : x->row.epoch > y->row.epoch;
}

/* ---- sites ---- */

/* Keeps what is not zero: freeing goes on while the snapshot is written. */
static bool
copy_lifetimes(AhSnapshotSite *site)
{
	AhLifetime found[ARX_HEAP_LIFETIME_CLASSES];
	uint32_t n = 0;
	AhLifetime *kept;

	for (uint32_t i = 0;
		 site->copy.lifetimes != NULL && i < ARX_HEAP_LIFETIME_CLASSES; i++)
		if (site->copy.lifetimes[i] != 0)
			found[n++] = (AhLifetime){i, site->copy.lifetimes[i]};
	kept = ah_scratch_take(n * sizeof(AhLifetime));
	if (kept == NULL)
		return false;
	memcpy(kept, found, n * sizeof(AhLifetime));
	site->lifetimes = kept;
	site->nlifetimes = n;
	return true;
}

/* Makes room by dropping the half of the sites with the fewest live samples. */
static void
drop_smaller_half(AhRows *rows)
{
	uint32_t keep = rows->nsites / 2;

	for (uint32_t i = 0; i < rows->nsites; i++)
		rows->sites[i].bytes = (double) rows->sites[i].copy.live;
	ah_sort(rows->sites, rows->nsites, sizeof(AhSnapshotSite), by_size);
	rows->dropped += rows->nsites - keep;
	rows->nsites = keep;
}

static void
copy_sites(AhRows *rows, AhSiteCopy *chunk)
{
	uint32_t position = 0;
	size_t n;

	while ((n = ah_sites_copy(&position, chunk, SITES_AT_ONCE)) > 0)
	{
		for (size_t i = 0; i < n; i++)
		{
			AhSnapshotSite *site;

			if (rows->nsites == rows->site_room)
				drop_smaller_half(rows);
			site = &rows->sites[rows->nsites];
			*site = (AhSnapshotSite){.copy = chunk[i]};
			if (copy_lifetimes(site))
				rows->nsites++;
			else
				rows->dropped++;
		}
	}
	ah_sort(rows->sites, rows->nsites, sizeof(AhSnapshotSite), by_site_id);
}

static AhSnapshotSite *
find_site(const AhRows *rows, uint32_t id)
{
	uint32_t low = 0, high = rows->nsites;

	while (low < high)
	{
		uint32_t middle = (low + high) / 2;

		if (rows->sites[middle].copy.site < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < rows->nsites && rows->sites[low].copy.site == id
		? &rows->sites[low]
		: NULL;
}

/* ---- rows ---- */

static void
sum_equal_rows(AhRows *rows)
{
	uint32_t n = 0;

	ah_sort(rows->rows, rows->nrows, sizeof(AhSnapshotRow), by_site_and_epoch);
	for (uint32_t i = 0; i < rows->nrows; i++)
	{
		const AhSnapshotRow *from = &rows->rows[i];
		AhSnapshotRow *to = n > 0 ? &rows->rows[n - 1] : NULL;

		if (to == NULL || by_site_and_epoch(to, from) != 0)
		{
			rows->rows[n++] = *from;
			continue;
		}
		to->row.samples += from->row.samples;
		to->row.size += from->row.size;
		to->row.bytes += from->row.bytes;
		to->row.variance += from->row.variance;
		to->row.objects += from->row.objects;
	}
	rows->nrows = n;
}

/* Hands the rows, summed and sorted, to their sites. */
static void
attach_rows(AhRows *rows)
{
	for (uint32_t i = 0; i < rows->nsites; i++)
	{
		rows->sites[i].nrows = 0;
		rows->sites[i].bytes = 0;
	}
	for (uint32_t i = 0; i < rows->nrows; i++)
	{
		AhSnapshotSite *site = find_site(rows, rows->rows[i].site);

		if (site == NULL)
			continue;
		if (site->nrows++ == 0)
			site->first_row = i;
		site->bytes += rows->rows[i].row.bytes;
	}
}

/* Only rows of sites that are still there stay. */
static void
forget_rows(AhRows *rows)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < rows->nrows; i++)
		if (find_site(rows, rows->rows[i].site) != NULL)
			rows->rows[n++] = rows->rows[i];
	rows->nrows = n;
}

/* Sums rows; when that frees too little, leaves out sites until half is free. */
static void
make_room(AhRows *rows)
{
	sum_equal_rows(rows);
	while (rows->nrows > rows->row_room / 2 && rows->nsites > 1)
	{
		attach_rows(rows);
		ah_sort(rows->sites, rows->nsites, sizeof(AhSnapshotSite), by_size);
		rows->dropped += rows->nsites - rows->nsites / 2;
		rows->nsites /= 2;
		ah_sort(rows->sites, rows->nsites, sizeof(AhSnapshotSite), by_site_id);
		forget_rows(rows);
	}
}

/*
 * The sample's chance came from the bytes that were counted for it, its bytes
 * are those it has now: both are the same unless it was resized.
 */
static void
add_sample(AhRows *rows, const AhSampleCopy *sample)
{
	AhSnapshotRow *added;
	uint64_t counted = sample->counted > 0 ? sample->counted : 1;
	double ratio = (double) sample->size / (double) counted;

	if (find_site(rows, sample->site) == NULL)
		return;
	if (rows->nrows == rows->row_room)
		make_room(rows);
	added = &rows->rows[rows->nrows++];
	added->site = sample->site;
	added->row.epoch = ah_epoch_of(sample->born_ns);
	added->row.samples = 1;
	added->row.size = sample->size;
	arx_heap_weigh(counted, sample->mean, &added->row.bytes,
				   &added->row.variance, &added->row.objects);
	added->row.bytes *= ratio;
	added->row.variance *= ratio * ratio;
}

static void
copy_samples(AhRows *rows, AhSampleCopy *chunk, uint64_t t0_ns)
{
	uint32_t position = 0;
	size_t n;

	while ((n = ah_samples_copy(&position, chunk, SAMPLES_AT_ONCE)) > 0)
		for (size_t i = 0; i < n; i++)
			if (chunk[i].born_ns <= t0_ns)
				add_sample(rows, &chunk[i]);
}

static void
copy_mappings(AhRows *rows, AhMappingCopy *chunk, uint64_t t0_ns)
{
	uintptr_t position = 0;
	size_t n;

	while ((n = ah_mappings_copy(&position, chunk, REGIONS_AT_ONCE)) > 0)
	{
		for (size_t i = 0; i < n; i++)
		{
			AhSampleCopy sample = {.size = chunk[i].length,
								   .counted = chunk[i].length,
								   .born_ns = chunk[i].born_ns,
								   .site = chunk[i].site};

			if (sample.site != AH_NO_SITE && sample.born_ns <= t0_ns)
				add_sample(rows, &sample);
		}
	}
}

/* ---- all together ---- */

static uint32_t
count_sites(void)
{
	AhSiteCopy few[16];
	uint32_t position = 0, total = 0;
	size_t n;

	while ((n = ah_sites_copy(&position, few, 16)) > 0)
		total += (uint32_t) n;
	return total;
}

/*
 * Takes the room for what is copied at once, and for sites; what is left is for
 * their lifetimes, for rows and for whoever writes them.  When there is too
 * little, sites get their share of it.
 */
static bool
take_room(AhRows *rows, AhSiteCopy **sites, void **others)
{
	const size_t per_site = sizeof(AhSnapshotSite) + KEEP_PER_SITE +
		LIFETIMES_EXPECTED * sizeof(AhLifetime);
	const size_t chunks = SITES_AT_ONCE * sizeof(AhSiteCopy) +
		SAMPLES_AT_ONCE * sizeof(AhSampleCopy);
	size_t nsites = count_sites() + 64;
	size_t nrows = atomic_load(&ah_runtime.counters[ARX_HEAP_COUNT_LIVE]);
	size_t wanted, left;

	nrows += nrows / 8 + 4096;
	wanted = nsites * per_site + nrows * sizeof(AhSnapshotRow);
	if (!ah_scratch_begin(chunks + KEEP_FREE + wanted))
		return false;
	*sites = ah_scratch_take(SITES_AT_ONCE * sizeof(AhSiteCopy));
	*others = ah_scratch_take(SAMPLES_AT_ONCE * sizeof(AhSampleCopy));
	left = ah_scratch_left() - KEEP_FREE;
	if (wanted > left)
		nsites = (size_t) ((double) nsites * (double) left / (double) wanted);
	rows->site_room = (uint32_t) nsites;
	rows->sites = ah_scratch_take(nsites * sizeof(AhSnapshotSite));
	return rows->sites != NULL && nsites > 1;
}

static void
take_rest_for_rows(AhRows *rows)
{
	size_t keep = KEEP_FREE + rows->nsites * KEEP_PER_SITE;
	size_t left = ah_scratch_left();

	rows->row_room =
		left > keep ? (uint32_t) ((left - keep) / sizeof(AhSnapshotRow)) : 0;
	rows->rows = ah_scratch_take(rows->row_room * sizeof(AhSnapshotRow));
}

bool
ah_rows_build(AhRows *rows, uint64_t t0_ns)
{
	AhSiteCopy *sites;
	void *others;

	_Static_assert(REGIONS_AT_ONCE * sizeof(AhMappingCopy) <=
					   SAMPLES_AT_ONCE * sizeof(AhSampleCopy),
				   "both use the same chunk");
	memset(rows, 0, sizeof(*rows));
	if (!take_room(rows, &sites, &others))
		return false;
	copy_sites(rows, sites);
	take_rest_for_rows(rows);
	if (rows->row_room < 2 * AH_EPOCHS_MAX)
		return false;
	copy_samples(rows, others, t0_ns);
	copy_mappings(rows, others, t0_ns);
	sum_equal_rows(rows);
	attach_rows(rows);
	ah_sort(rows->sites, rows->nsites, sizeof(AhSnapshotSite), by_frames);
	return true;
}

void
ah_rows_cut(AhRows *rows, uint32_t n)
{
	if (n >= rows->nsites)
		return;
	ah_sort(rows->sites, rows->nsites, sizeof(AhSnapshotSite), by_size);
	rows->dropped += rows->nsites - n;
	rows->nsites = n;
	ah_sort(rows->sites, rows->nsites, sizeof(AhSnapshotSite), by_frames);
}

void
ah_rows_site(const AhRows *rows, uint32_t index, ArxHeapSite *site,
			 ArxHeapRow *out)
{
	const AhSnapshotSite *from = &rows->sites[index];

	memset(site, 0, sizeof(*site));
	site->kind = from->copy.kind;
	site->flags = from->copy.flags;
	site->label = from->copy.label;
	site->births = from->copy.births;
	site->birth_bytes = from->copy.birth_bytes;
	site->frees = from->copy.frees;
	for (uint32_t i = 0; i < from->nlifetimes; i++)
		site->lifetimes[from->lifetimes[i].lifetime_class] =
			from->lifetimes[i].frees;
	for (uint32_t i = 0; i < from->nrows; i++)
		out[i] = rows->rows[from->first_row + i].row;
	site->nrows = from->nrows;
	site->rows = out;
}
