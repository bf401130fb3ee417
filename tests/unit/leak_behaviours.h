/*
 * leak_behaviours.h
 *	  Fourteen ways of programs with memory, simulated, and sampled as the
 *	  profiler samples.
 *
 * Time is in intervals between snapshots.  Every block that a program
 * allocates is drawn, not only the sampled ones: what a cache evicts depends
 * on all it holds.  Blocks are 4 KiB, samples 16 KiB apart, so that 22 % of the
 * blocks are sampled.  tests/profiler/verdict does the same with real programs.
 */
#ifndef ARX_TESTS_LEAK_BEHAVIOURS_H
#define ARX_TESTS_LEAK_BEHAVIOURS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "libarx/leak_verdict.h"

#define BLOCK 4096.0
#define SAMPLE_BYTES 16384.0
#define MAX_AGE 1024 /* intervals of a run, at most */
#define MAX_DEATHS 64
#define MAX_KEYS 40000
#define FOREVER 1e9

typedef enum Behaviour
{
	STATIONARY,
	RANDOM_WALK,
	SESSIONS,
	FIFO_CACHE,
	LRU_CACHE,
	FILLING_CACHE,
	LOAD_RAMP,
	DAILY_CYCLE,
	START_UP,
	BATCH,
	LEAK_PURE,
	FIRST_LEAK = LEAK_PURE,
	LEAK_2_PERCENT,
	LEAK_HALF_PERCENT,
	LEAK_ON_RAMP,
	NBEHAVIOURS
} Behaviour;

static const char *const behaviour_names[NBEHAVIOURS] = {
	"stationary",		"random walk",		   "heavy-tail sessions",
	"FIFO cache",		"LRU cache",		   "cache that fills up",
	"load ramp",		"daily cycle",		   "start-up data",
	"batch with reset", "pure leak",		   "leak of 2 %",
	"leak of 0.5 %",	"leak on a load ramp",
};

/* One site of one run, as a snapshot shows it. */
typedef struct Run
{
	double age;		 /* intervals */
	double fullness; /* of caches: how much of the run they take to fill up */
	double density;	 /* of blocks, 1 as usual */
	uint64_t random;
	ArxLeakCohort cohorts[MAX_AGE];
	ArxLeakDeaths deaths[MAX_DEATHS];
	uint64_t births;
	double leak_begins;		/* share of the run after which leaks leak */
	double leaked[MAX_AGE]; /* bytes, truly, by interval */
} Run;

static inline double
draw(Run *run)
{
	run->random ^= run->random << 13;
	run->random ^= run->random >> 7;
	run->random ^= run->random << 17;
	return ((double) (run->random >> 11) + 0.5) / 9007199254740992.0;
}

static inline double
draw_exponential(Run *run, double mean)
{
	return -mean * log(draw(run));
}

/* A block from birth to death, which may lie after the end of the run. */
static inline void
live(Run *run, double birth, double death)
{
	double p = 1 - exp(-BLOCK / SAMPLE_BYTES);
	int class = 0;

	if (birth >= run->age || draw(run) >= p)
		return;
	run->births++;
	if (death >= run->age)
	{
		ArxLeakCohort *cohort = &run->cohorts[(int) birth];

		cohort->samples++;
		cohort->bytes += BLOCK / p;
		cohort->variance += BLOCK * BLOCK * (1 - p) / (p * p);
		return;
	}
	while (class < MAX_DEATHS - 1 && run->deaths[class].age_to <= death - birth)
		class ++;
	run->deaths[class].samples++;
}

static inline void
start_run(Run *run, double age, uint64_t seed)
{
	double density = run->density;
	double fullness = run->fullness;
	double leak_begins = run->leak_begins;

	memset(run, 0, sizeof(*run));
	run->leak_begins = leak_begins;
	run->age = age;
	run->density = density;
	run->fullness = fullness;
	run->random = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
	for (int i = 0; i < 10; i++)
		draw(run);
	for (int i = 0; i < (int) age; i++)
	{
		run->cohorts[i].born_from = i;
		run->cohorts[i].born_to = i + 1;
	}
	/* as arx_heap_lifetime_class(), at snapshots 30 s apart */
	for (int i = 0; i < MAX_DEATHS; i++)
	{
		run->deaths[i].age_from = i == 0 ? 0 : 0.128 / 30 * exp2((i - 1) / 2.0);
		run->deaths[i].age_to =
			i == MAX_DEATHS - 1 ? INFINITY : 0.128 / 30 * exp2(i / 2.0);
	}
}

/* Blocks an interval, at most; thinned to a load that changes with time. */
static inline double
load_at(const Run *run, Behaviour behaviour, double now)
{
	double share = now / run->age;

	switch (behaviour)
	{
		case LOAD_RAMP:
		case LEAK_ON_RAMP:
			return (10 + 40 * share) / 50;
		case DAILY_CYCLE: /* from the night to the noon */
			return (1 + 0.8 * sin(M_PI * share - M_PI / 2)) / 1.8;
		case START_UP:
			return now < run->age / 20 ? 1 : 0;
		default:
			return 1;
	}
}

static inline double
blocks_of(Behaviour behaviour)
{
	switch (behaviour)
	{
		case LEAK_PURE:
			return 7;
		case LEAK_2_PERCENT:
			return 300;
		case LEAK_HALF_PERCENT:
			return 1200;
		case LEAK_ON_RAMP:
			return 360;
		case FIFO_CACHE:
		case FILLING_CACHE:
			return 40;
		case SESSIONS:
			return 50;
		default:
			return 150;
	}
}

/* How long a block lives, where that does not depend on the others. */
static inline double
life_of(Run *run, Behaviour behaviour, double birth)
{
	switch (behaviour)
	{
		case RANDOM_WALK:
			return draw_exponential(run, run->age / 8);
		case SESSIONS: /* Pareto, 1.2 */
			return pow(draw(run), -1 / 1.2);
		case LOAD_RAMP:
		case DAILY_CYCLE:
			return draw_exponential(run, 3);
		case START_UP:
			return FOREVER;
		case BATCH: /* all are freed six times a run, the last time a while ago */
			return (floor(birth / (run->age / 6.3)) + 1) * run->age / 6.3 -
				birth;
		case LEAK_PURE:
			return FOREVER;
		case LEAK_ON_RAMP:
			return draw(run) < 0.03 ? FOREVER : draw_exponential(run, 3);
		case LEAK_2_PERCENT:
		case LEAK_HALF_PERCENT:
			if (draw(run) < (behaviour == LEAK_2_PERCENT ? 0.02 : 0.005))
				return FOREVER;
			/* FALLTHROUGH */
		default:
			return draw_exponential(run, draw(run) < 0.9 ? 0.5 : 5);
	}
}

/* Keys by Zipf's law are asked for; one that is not held evicts the least recent. */
static inline void
simulate_lru(Run *run, int nkeys, int capacity, double asked)
{
	static double cumulated[MAX_KEYS];
	static double birth[MAX_KEYS];
	static int newer[MAX_KEYS + 1];
	static int older[MAX_KEYS + 1];
	double total = 0;
	int held = 0;

	/* a ring of the keys that are held; nkeys is its anchor */
	newer[nkeys] = older[nkeys] = nkeys;
	for (int i = 0; i < nkeys; i++)
	{
		cumulated[i] = total += 1 / (double) (i + 1);
		birth[i] = -1;
	}
	for (double now = 0; now < run->age;
		 now += draw_exponential(run, 1 / asked))
	{
		double wanted = draw(run) * total;
		int low = 0;
		int high = nkeys - 1;

		while (low < high)
		{
			int middle = (low + high) / 2;

			if (cumulated[middle] < wanted)
				low = middle + 1;
			else
				high = middle;
		}
		if (birth[low] >= 0)
		{
			newer[older[low]] = newer[low];
			older[newer[low]] = older[low];
		}
		else
		{
			if (held == capacity)
			{
				int last = newer[nkeys];

				live(run, birth[last], now);
				birth[last] = -1;
				newer[nkeys] = newer[last];
				older[newer[last]] = nkeys;
			}
			else
				held++;
			birth[low] = now;
		}
		older[low] = older[nkeys];
		newer[low] = nkeys;
		newer[older[low]] = low;
		older[nkeys] = low;
	}
	for (int i = 0; i < nkeys; i++)
		if (birth[i] >= 0)
			live(run, birth[i], FOREVER);
}

/* New keys only, and the oldest go when the cache is full. */
static inline void
simulate_fifo(Run *run, double rate)
{
	static double births[MAX_KEYS];
	int capacity = (int) (run->fullness * run->age * rate);
	int n = 0;

	for (double now = draw_exponential(run, 1 / rate); now < run->age;
		 now += draw_exponential(run, 1 / rate), n++)
	{
		if (n >= capacity)
			live(run, births[n % capacity], now);
		births[n % capacity] = now;
	}
	for (int i = n > capacity ? n - capacity : 0; i < n; i++)
		live(run, births[i % capacity], FOREVER);
}

/*
 * A set of keys that are asked for with equal chance, each kept when it is
 * first asked for.  After fullness of the run, 95 % of them are there.
 */
static inline void
simulate_filling(Run *run, double rate)
{
	double slowness = run->fullness * run->age / 3;
	int nkeys = (int) (rate * run->age / 3);

	for (int i = 0; i < nkeys; i++)
		live(run, draw_exponential(run, slowness), FOREVER);
}

/* Runs a behaviour from the start of a profile to its age. */
static inline void
simulate(Run *run, Behaviour behaviour, double age, uint64_t seed)
{
	double rate = blocks_of(behaviour) * run->density;

	start_run(run, age, seed);
	if (behaviour == FIFO_CACHE)
		simulate_fifo(run, rate);
	else if (behaviour == LRU_CACHE)
		simulate_lru(run, 3000, 600, rate);
	else if (behaviour == FILLING_CACHE)
		simulate_filling(run, rate);
	else
		for (double now = 0; now < age; now += draw_exponential(run, 1 / rate))
		{
			double life;

			if (draw(run) >= load_at(run, behaviour, now))
				continue;
			life = life_of(run, behaviour, now);
			if (life >= FOREVER && behaviour >= FIRST_LEAK)
			{
				if (now < run->leak_begins * age)
					continue;
				run->leaked[(int) now] += BLOCK;
			}
			live(run, now, now + life);
		}
}

/* Truly leaked, in whole intervals as cohorts are counted. */
static inline double
leaked_between(const Run *run, double from, double to)
{
	double bytes = 0;

	for (int i = 0; i < (int) run->age; i++)
		if (i + 0.5 >= from && i + 0.5 < to)
			bytes += run->leaked[i];
	return bytes;
}

static inline void
judge(Run *run, const ArxLeakParameters *parameters, ArxLeakFinding *finding)
{
	ArxLeakSite site = {
		.now = run->age,
		.cohorts = run->cohorts,
		.ncohorts = (size_t) run->age,
		.deaths = run->deaths,
		.ndeaths = MAX_DEATHS,
		.births = run->births,
	};

	arx_leak_judge(&site, parameters, finding);
}

#endif
