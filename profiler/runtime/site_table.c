/*
 * site_table.c
 *	  Sites: a stack with a label and a kind, and what became of its samples.
 *
 * A site counts births and deaths for as long as it exists, and deaths by the
 * age at which they happened; pages of these counts become resident only with
 * the first sample that lived for longer than the first class of ages.  When
 * memory is short, sites that hold nothing and had no birth for a while make
 * room.
 */
#include "runtime/site_table.h"

#include <string.h>

#include "runtime/private_memory.h"
#include "runtime/stack_table.h"

#define EVICT_ABOVE_PERCENT 75
#define EVICT_STEP 512 /* sites looked at in one hold of the lock */

typedef struct Site
{
	uint64_t label;
	uint64_t births;
	double birth_bytes;
	uint64_t frees;
	uint64_t births_seen; /* at the last look for sites to evict */
	uint32_t stack;		  /* AH_NO_STACK: not in use */
	uint32_t live;		  /* of all generations */
	uint32_t next;		  /* in its bucket, or in the list of free ones */
	uint32_t forks;		  /* generation that the counts are of (AhRuntime) */
	uint8_t kind;
	uint8_t idle;
	bool aged; /* lifetimes of this number are not all zero */
} Site;

typedef struct Lifetimes
{
	uint32_t
		deaths[ARX_HEAP_LIFETIME_CLASSES]; /* of a free one: [0] is the next */
} Lifetimes;

static Site *sites;
static uint32_t nsites;		/* that there is room for */
static uint32_t used_sites; /* that were ever in use */
static uint32_t free_site = AH_NO_SITE;
static uint32_t free_sites;
static uint32_t overflow_site;
static uint32_t *buckets;
static uint32_t bucket_mask;
static Lifetimes *lifetimes; /* by number of the site */

bool
ah_sites_start(uint32_t n)
{
	uint32_t nbuckets = 256;

	while (nbuckets < n / 2)
		nbuckets *= 2;
	bucket_mask = nbuckets - 1;
	nsites = n;
	sites = ah_map(n * sizeof(Site));
	buckets = ah_map(nbuckets * sizeof(uint32_t));
	lifetimes = ah_map(n * sizeof(Lifetimes));
	if (sites == NULL || buckets == NULL || lifetimes == NULL)
		return false;
	overflow_site = ah_site_intern(&(AhStack){.flags = ARX_HEAP_SITE_BROKEN}, 0,
								   ARX_HEAP_SITE_MALLOC);
	sites[overflow_site].live = 1; /* never evicted */
	return true;
}

uint32_t
ah_site_overflow(void)
{
	return overflow_site;
}

/* Buckets hold numbers of sites plus one, so that zero pages are empty ones. */
static uint32_t *
bucket_of(uint32_t stack, uint64_t label, uint32_t kind)
{
	uint64_t hash =
		(stack ^ label * 0x9E3779B97F4A7C15ULL ^ (uint64_t) kind << 32) *
		0xD1B54A32D192ED03ULL;

	return &buckets[(hash >> 32) & bucket_mask];
}

static uint32_t
take_room(void)
{
	uint32_t number = free_site;

	if (number != AH_NO_SITE)
	{
		free_site = sites[number].next;
		free_sites--;
		return number;
	}
	return used_sites < nsites ? used_sites++ : AH_NO_SITE;
}

uint32_t
ah_site_intern(const AhStack *wanted, uint64_t label, ArxHeapSiteKind kind)
{
	uint32_t stack = ah_stack_intern(wanted);
	uint32_t *bucket, number;

	if (stack == AH_NO_STACK)
		return AH_NO_SITE;
	bucket = bucket_of(stack, label, kind);
	for (number = *bucket; number != 0; number = sites[number - 1].next)
	{
		const Site *site = &sites[number - 1];

		if (site->stack == stack && site->label == label && site->kind == kind)
		{
			ah_stack_release(stack); /* the site is a user of it already */
			return number - 1;
		}
	}
	number = take_room();
	if (number == AH_NO_SITE)
	{
		ah_stack_release(stack);
		return AH_NO_SITE;
	}
	sites[number] = (Site){.label = label,
						   .stack = stack,
						   .kind = (uint8_t) kind,
						   .forks = ah_runtime.forks,
						   .next = *bucket};
	*bucket = number + 1;
	return number;
}

/* Forgets at what ages samples died. */
static void
clear_lifetimes(Site *site)
{
	if (site->aged)
		memset(&lifetimes[site - sites], 0, sizeof(Lifetimes));
	site->aged = false;
}

/* The site, its counts begun anew if they are the parent's. */
static Site *
own_site(uint32_t number)
{
	Site *site = &sites[number];

	if (site->forks != ah_runtime.forks)
	{
		site->forks = ah_runtime.forks;
		site->births = site->frees = site->births_seen = 0;
		site->birth_bytes = 0;
		clear_lifetimes(site);
	}
	return site;
}

void
ah_site_born(uint32_t number, double bytes)
{
	Site *site = own_site(number);

	site->births++;
	site->birth_bytes += bytes;
	site->live++;
	site->idle = 0;
}

void
ah_site_lost(uint32_t number)
{
	sites[number].live--;
}

void
ah_site_died(uint32_t number, uint64_t age_ns)
{
	Site *site = own_site(number);
	int age_class = arx_heap_lifetime_class(age_ns / 1000000);

	site->frees++;
	site->live--;
	if (age_class == 0)
		return;
	lifetimes[number].deaths[age_class]++;
	site->aged = true;
}

/* A site as it is, whole. */
static Site
read_site(uint32_t number)
{
	Site site;

	for (int i = 0; i < AH_READ_TRIES; i++)
	{
		uint32_t version = ah_read_begin();

		site = sites[number];
		if (ah_read_whole(version))
			return site;
	}
	ah_tables_lock();
	site = sites[number];
	ah_tables_unlock();
	return site;
}

/* Stacks and lifetimes stay where they are until this thread evicts sites. */
size_t
ah_sites_copy(uint32_t *position, AhSiteCopy *out, size_t n)
{
	uint32_t end = *(volatile uint32_t *) &used_sites;
	size_t copied = 0;

	for (; *position < end && copied < n; ++*position)
	{
		Site site = read_site(*position);
		AhSiteCopy *copy = &out[copied];

		if (site.stack == AH_NO_STACK || site.forks != ah_runtime.forks)
			continue;
		*copy = (AhSiteCopy){.site = *position,
							 .kind = site.kind,
							 .label = site.label,
							 .births = site.births,
							 .birth_bytes = site.birth_bytes,
							 .frees = site.frees,
							 .live = site.live};
		copy->frames =
			ah_stack_frames(site.stack, &copy->nframes, &copy->flags);
		if (site.aged)
			copy->lifetimes = lifetimes[*position].deaths;
		copied++;
	}
	return copied;
}

/* ---- making room ---- */

static bool
is_short_of_memory(void)
{
	return (uint64_t) (used_sites - free_sites) * 100 >
		(uint64_t) nsites * EVICT_ABOVE_PERCENT ||
		ah_stacks_used() > EVICT_ABOVE_PERCENT;
}

static void
evict(uint32_t number)
{
	Site *site = &sites[number];
	uint32_t *link = bucket_of(site->stack, site->label, site->kind);

	while (*link != number + 1)
		link = &sites[*link - 1].next;
	*link = site->next;
	ah_stack_release(site->stack);
	clear_lifetimes(site);
	site->stack = AH_NO_STACK;
	site->next = free_site;
	free_site = number;
	free_sites++;
}

/* Evicts what was idle twice; returns where to go on, 0 at the end. */
static uint32_t
evict_some(uint32_t from)
{
	uint32_t number = from;

	for (; number < used_sites && number < from + EVICT_STEP; number++)
	{
		Site *site = &sites[number];

		if (site->stack == AH_NO_STACK || site->live > 0)
			continue;
		if (site->births != site->births_seen)
			site->idle = 0;
		site->births_seen = site->births;
		if (site->idle++ >= 2)
			evict(number);
	}
	return number < used_sites ? number : 0;
}

void
ah_tables_evict(void)
{
	uint32_t from = 0;
	bool is_short;

	do
	{
		ah_tables_lock();
		is_short = is_short_of_memory();
		if (is_short)
			from = evict_some(from);
		ah_tables_unlock();
	} while (is_short && from != 0);
}
