/*
 * live_table.c
 *	  The samples that have not been freed, by address.
 *
 * Samples lie close together, in the order in which room became free, so that
 * few of them touch few pages; an index of chains finds them by address.  The
 * lock of all tables is here.
 */
#include "runtime/futex_lock.h"
#include "runtime/private_memory.h"
#include "runtime/site_table.h"
#include "runtime/stack_table.h"
#include "runtime/tables.h"

typedef struct Sample
{
	uintptr_t address; /* 0: not in use */
	uint64_t size;
	uint64_t counted;
	uint64_t born_ns;
	uint32_t mean;
	float weight; /* bytes it stands for */
	uint32_t site;
	uint32_t
		next; /* number + 1, in its chain or in the list of free ones; 0 none */
} Sample;

_Static_assert(sizeof(Sample) == 48, "100 bytes a sample are promised");

static AhLock tables_lock;
_Atomic uint32_t ah_tables_version;
static Sample *samples;
static uint32_t nsamples;	  /* that there is room for */
static uint32_t used_samples; /* that were ever in use */
static uint32_t free_sample;  /* number + 1 */
static uint32_t *chains;
static uint32_t chain_mask;
static uint32_t live_samples;
static uint64_t inherited_samples;
static double live_bytes;
static _Atomic uint64_t published_bytes;

/* Samples that a snapshot reads between two looks at the tables' version. */
#define COPY_STEP 64

/*
 * How the memory is shared out, in percent of ARXHEAP_MEMORY.  The ledger of
 * mappings takes 9 more; buckets, and what snapshots keep, are in the rest.
 */
#define SAMPLES_PERCENT 30
#define STACKS_PERCENT 22
#define SITES_PERCENT 18

bool
ah_tables_start(void)
{
	size_t percent = ah_runtime.config.memory / 100;
	uint32_t nchains = 1024;

	if (!ah_stacks_start(percent * STACKS_PERCENT) ||
		!ah_sites_start((uint32_t) (percent * SITES_PERCENT / AH_SITE_BYTES)))
		return false;
	nsamples = (uint32_t) (percent * SAMPLES_PERCENT / (sizeof(Sample) + 8));
	while (nchains < nsamples)
		nchains *= 2;
	chain_mask = nchains - 1;
	samples = ah_map(nsamples * sizeof(Sample));
	chains = ah_map(nchains * sizeof(uint32_t));
	return samples != NULL && chains != NULL;
}

void
ah_tables_lock(void)
{
	ah_lock(&tables_lock);
	atomic_store_explicit(&ah_tables_version, ah_tables_version + 1,
						  memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
}

void
ah_tables_unlock(void)
{
	atomic_store_explicit(&ah_tables_version, ah_tables_version + 1,
						  memory_order_release);
	ah_unlock(&tables_lock);
}

static uint32_t *
chain_of(uintptr_t address)
{
	return &chains[(address >> 3) * 0x9E3779B97F4A7C15ULL >> 32 & chain_mask];
}

/* The chain's link to the sample of this block, or to the chain's end. */
static uint32_t *
find_link(uintptr_t address)
{
	uint32_t *link = chain_of(address);

	while (*link != 0 && samples[*link - 1].address != address)
		link = &samples[*link - 1].next;
	return link;
}

/*
 * Bytes that a block of this size stands for: size / p, where p comes from the
 * bytes that had a chance to be chosen.
 */
static float
weigh(uint64_t size, uint64_t counted, uint64_t mean)
{
	double bytes, variance, objects;

	arx_heap_weigh(counted, mean, &bytes, &variance, &objects);
	return (float) ((double) size * objects);
}

/* True for what a parent left: it is freed like others, but never counted. */
static bool
is_inherited(const Sample *sample)
{
	return sample->born_ns <
		atomic_load_explicit(&ah_runtime.start_ns, memory_order_relaxed);
}

static void
publish(void)
{
	atomic_store_explicit(&published_bytes,
						  (uint64_t) (live_bytes > 0 ? live_bytes : 0),
						  memory_order_relaxed);
	atomic_store_explicit(&ah_runtime.counters[ARX_HEAP_COUNT_LIVE],
						  live_samples, memory_order_relaxed);
}

static void
publish_inherited(uint64_t n)
{
	inherited_samples = n;
	atomic_store_explicit(&ah_runtime.counters[ARX_HEAP_COUNT_INHERITED], n,
						  memory_order_relaxed);
}

double
ah_live_bytes(void)
{
	return (double) atomic_load_explicit(&published_bytes,
										 memory_order_relaxed);
}

static uint32_t
take_room(void)
{
	uint32_t number = free_sample;

	if (number != 0)
	{
		free_sample = samples[number - 1].next;
		return number;
	}
	return used_samples < nsamples ? ++used_samples : 0;
}

/* Enters a sample; the lock is held.  False when there is no room. */
static bool
enter(const Sample *sample)
{
	uint32_t number = take_room();
	uint32_t *chain = chain_of(sample->address);

	if (number == 0)
		return false;
	samples[number - 1] = *sample;
	samples[number - 1].next = *chain;
	*chain = number;
	if (!is_inherited(sample))
	{
		live_samples++;
		live_bytes += (double) sample->weight;
		publish();
	}
	return true;
}

/* Takes a sample out of the table into *out; the lock is held. */
static bool
take_out(void *block, Sample *out)
{
	uint32_t *link = find_link((uintptr_t) block);
	uint32_t number = *link;

	if (number == 0)
		return false;
	*out = samples[number - 1];
	*link = out->next;
	samples[number - 1].address = 0;
	samples[number - 1].next = free_sample;
	free_sample = number;
	if (!is_inherited(out))
	{
		live_samples--;
		live_bytes = live_samples > 0 ? live_bytes - (double) out->weight : 0;
		publish();
	}
	else
		publish_inherited(inherited_samples - 1);
	return true;
}

bool
ah_sample_add(void *block, size_t size, size_t counted, uint64_t mean,
			  const AhStack *stack, uint64_t label)
{
	Sample sample = {.address = (uintptr_t) block,
					 .size = size,
					 .counted = counted,
					 .born_ns = ah_now_ns(),
					 .mean = mean > 1 ? (uint32_t) mean : 0, /* else: all */
					 .weight = weigh(size, counted, mean > 1 ? mean : 0)};
	bool done = false;

	ah_tables_lock();
	sample.site = ah_site_intern(stack, label, ARX_HEAP_SITE_MALLOC);
	if (sample.site == AH_NO_SITE)
	{
		sample.site = ah_site_overflow();
		ah_count(ARX_HEAP_COUNT_STACKS_FAILED, 1);
	}
	if (enter(&sample))
	{
		ah_site_born(sample.site, (double) sample.weight);
		done = true;
	}
	ah_tables_unlock();
	ah_count(done ? ARX_HEAP_COUNT_SAMPLES : ARX_HEAP_COUNT_DROPPED_MEMORY, 1);
	return done;
}

bool
ah_sample_remove(void *block)
{
	uint64_t now = ah_now_ns();
	Sample sample;
	bool known;

	ah_tables_lock();
	known = take_out(block, &sample);
	if (known && is_inherited(&sample))
		ah_site_lost(sample.site);
	else if (known)
	{
		ah_site_died(sample.site, now - sample.born_ns);
		ah_count(ARX_HEAP_COUNT_FREED, 1);
	}
	ah_tables_unlock();
	return known;
}

static AhSampleCopy
copy_of(const Sample *sample)
{
	return (AhSampleCopy){.size = sample->size,
						  .counted = sample->counted,
						  .mean = sample->mean,
						  .born_ns = sample->born_ns,
						  .site = sample->site};
}

/* Gives a sample another address; the lock is held.  NULL when unknown. */
static Sample *
move_sample(uintptr_t from, uintptr_t to)
{
	uint32_t *link = find_link(from);
	uint32_t number = *link;
	Sample *sample = &samples[number - 1];

	if (number == 0)
		return NULL;
	*link = sample->next;
	link = chain_of(to);
	sample->address = to;
	sample->next = *link;
	*link = number;
	return sample;
}

AhSampleState
ah_sample_take(void *block)
{
	AhSampleState state = {.meanwhile = (uintptr_t) block | 1};
	const Sample *sample;

	ah_tables_lock();
	sample = move_sample((uintptr_t) block, state.meanwhile);
	state.known = sample != NULL;
	if (sample != NULL)
		state.sample = copy_of(sample);
	ah_tables_unlock();
	return state;
}

void
ah_sample_put(void *block, size_t size, size_t counted,
			  const AhSampleState *state)
{
	Sample *sample;

	ah_tables_lock();
	sample = move_sample(state->meanwhile, (uintptr_t) block);
	if (sample != NULL)
	{
		float before = sample->weight;

		sample->size = size;
		sample->counted = counted;
		sample->weight = weigh(size, sample->counted, sample->mean);
		if (!is_inherited(sample))
		{
			live_bytes += (double) sample->weight - (double) before;
			publish();
		}
	}
	ah_tables_unlock();
}

void
ah_sample_end(const AhSampleState *state)
{
	Sample sample;

	ah_tables_lock();
	if (take_out((void *) state->meanwhile, &sample))
	{
		if (is_inherited(&sample))
			ah_site_lost(sample.site);
		else
		{
			ah_site_died(sample.site, 0);
			ah_count(ARX_HEAP_COUNT_FREED, 1);
		}
	}
	ah_tables_unlock();
}

static size_t
copy_range(uint32_t from, uint32_t to, AhSampleCopy *out)
{
	size_t copied = 0;

	for (uint32_t i = from; i < to; i++)
		if (samples[i].address != 0 && !is_inherited(&samples[i]))
			out[copied++] = copy_of(&samples[i]);
	return copied;
}

/* The same in one piece, for a table that does not hold still. */
static size_t
copy_locked(uint32_t from, uint32_t to, AhSampleCopy *out)
{
	uint64_t began, held;
	size_t copied;

	ah_tables_lock();
	began = ah_now_ns();
	copied = copy_range(from, to, out);
	held = ah_now_ns() - began;
	ah_tables_unlock();
	if (held > atomic_load(&ah_runtime.counters[ARX_HEAP_COUNT_PAUSE_MAX_NS]))
		atomic_store(&ah_runtime.counters[ARX_HEAP_COUNT_PAUSE_MAX_NS], held);
	return copied;
}

static size_t
copy_whole(uint32_t from, uint32_t to, AhSampleCopy *out)
{
	for (int i = 0; i < AH_READ_TRIES; i++)
	{
		uint32_t version = ah_read_begin();
		size_t copied = copy_range(from, to, out);

		if (ah_read_whole(version))
			return copied;
	}
	return copy_locked(from, to, out);
}

size_t
ah_samples_copy(uint32_t *position, AhSampleCopy *out, size_t n)
{
	uint32_t end = *(volatile uint32_t *) &used_samples;
	size_t copied = 0;

	while (*position < end && copied < n)
	{
		size_t step = n - copied < COPY_STEP ? n - copied : COPY_STEP;
		uint32_t to =
			end - *position < step ? end : *position + (uint32_t) step;

		copied += copy_whole(*position, to, out + copied);
		*position = to;
	}
	return copied;
}

void
ah_tables_forked(void)
{
	tables_lock = 0;
	ah_tables_version = 0;
	publish_inherited(inherited_samples + live_samples);
	live_samples = 0;
	live_bytes = 0;
	publish();
}
