/*
 * leak_verdict.h
 *	  Does this allocation site leak?  Cohort survival, not growth.
 *
 * A site's live samples are grouped by when they were born (cohorts).  A leak
 * keeps a share of every cohort forever, old or young; a cache that is full
 * loses its old cohorts, or gets no new ones; data of the start-up has old
 * cohorts only; churn has young ones only.  See docs/leaks.md for the method
 * and the source of each parameter.
 *
 * Times are seconds after the start of the profile.
 */
#ifndef ARX_LIBARX_LEAK_VERDICT_H
#define ARX_LIBARX_LEAK_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum ArxLeakVerdict
{
	ARX_LEAK_NOT_ENOUGH_SAMPLES = 0,
	ARX_LEAK_CHURN,
	ARX_LEAK_WARM_UP,
	ARX_LEAK_BOUNDED_CACHE,
	ARX_LEAK_SUSPECT,
	ARX_LEAK_LEAK,
} ArxLeakVerdict;

/* Live samples of one birth epoch; oldest first, intervals do not overlap. */
typedef struct ArxLeakCohort
{
	double born_from;
	double born_to;
	uint32_t samples;
	double bytes;	 /* estimate of the live bytes they stand for */
	double variance; /* of that estimate */
} ArxLeakCohort;

/*
 * Freed samples by age at death, youngest class first.  Classes without deaths
 * may be missing, and so may those of ages that are no sixth of the profile's.
 */
typedef struct ArxLeakDeaths
{
	double age_from;
	double age_to; /* INFINITY in the last class */
	uint64_t samples;
} ArxLeakDeaths;

/*
 * All that is known of one site at one moment, and, where earlier snapshots of
 * the same process exist, what it had then (history).
 */
typedef struct ArxLeakPoint
{
	double at;
	uint64_t births; /* samples taken so far */
	uint64_t live;	 /* of these alive */
	double live_bytes;
} ArxLeakPoint;

typedef struct ArxLeakSite
{
	double now; /* age of the profile */
	const ArxLeakCohort *cohorts;
	size_t ncohorts;
	const ArxLeakDeaths *deaths;
	size_t ndeaths;
	uint64_t births;
	double birth_bytes;
	const ArxLeakPoint *history; /* oldest first; may be NULL */
	size_t nhistory;
} ArxLeakSite;

/*
 * How to judge; arx_leak_defaults() fills it.  docs/leaks.md gives the source
 * of each value.
 */
typedef struct ArxLeakParameters
{
	/* seconds between snapshots, the unit of the next two; 0: 30 */
	double interval;
	/* seconds left out at the start; < 0: 20 intervals, or a sixth of the
	 * profile's age when that is more */
	double warm_up;
	/* seconds before a site that frees nothing is called a leak; < 0: 120
	 * intervals */
	double patience;

	/* mature survivors, and epochs they are of, to say anything */
	uint32_t min_samples;
	uint32_t min_epochs;
	/* mature survivors with which a leak is nearly always found: sites that
	 * have fewer are worth grouping */
	uint32_t enough_samples;

	/* what a leak is told from: survivors that arrive at this share of their
	 * earlier rate, */
	double balance;
	/* older survivors that are down to this share of the younger, */
	double ramp;
	/* and mature samples that die at this many per age of the profile */
	double deaths;
	/* share of leaks that may be false, over all sites */
	double false_discovery;

	/* of memory, for the time until it is reached; 0: none.  And RSS now. */
	double limit_bytes;
	double current_bytes;
} ArxLeakParameters;

/* The verdict with everything it rests on. */
typedef struct ArxLeakFinding
{
	ArxLeakVerdict verdict;
	const char *reason; /* a constant phrase, for programs and readers */
	uint64_t samples;	/* live ones */
	double live_bytes;
	double live_bytes_low; /* 95 % interval */
	double live_bytes_high;

	/* seconds after the profile's start: judged as if it had begun then, by
	 * births from the end of the warm-up until mature_age ago */
	double start;
	double window_from;
	double window_to;
	double mature_age;		 /* seconds: a* */
	uint64_t mature_samples; /* survivors of at least that age, born in there */
	uint32_t mature_epochs;	 /* that they are of */
	uint64_t older;			 /* of these born in the first half */
	uint64_t younger;
	uint64_t mature_deaths; /* deaths at that age or above, ever */
	double hazard; /* upper 95 % bound, deaths a second of a mature sample */
	double hazard_allowed;
	bool grows_only; /* most of what was born here was never freed */

	/* of the leak, with its 95 % interval; 0 unless leak or suspect */
	double bytes_per_hour;
	double bytes_per_hour_low;
	double bytes_per_hour_high;
	/* at that rate; INFINITY when there is no limit or no leak */
	double seconds_to_limit;
	double seconds_to_limit_low;

	/* of data like these without a leak, for the control over many sites; 1
	 * when there was too little to test */
	double p_value;
	/* not enough samples, or a suspect for want of them: about this much
	 * longer; INFINITY when it cannot be said */
	double wait_seconds;
} ArxLeakFinding;

extern void arx_leak_defaults(ArxLeakParameters *parameters);

/* Judges one site.  Needs no memory and no lock; never fails. */
extern void
arx_leak_judge(const ArxLeakSite *site, const ArxLeakParameters *parameters,
			   ArxLeakFinding *finding);

/*
 * Benjamini-Hochberg over all findings of a process: a leak whose p-value does
 * not stand the number of sites looked at becomes a suspect.  scratch has
 * nfindings elements.
 */
extern void
arx_leak_control(ArxLeakFinding *findings, size_t nfindings,
				 const ArxLeakParameters *parameters, double *scratch);

/* "leak", "suspect", "bounded cache", "warm-up", "churn", "not enough samples" */
extern const char *arx_leak_verdict_name(ArxLeakVerdict verdict);

/*
 * The evidence in words and numbers, one sentence, cut at size - 1 bytes and
 * terminated; returns its length.
 */
extern size_t
arx_leak_evidence(const ArxLeakFinding *finding, char *text, size_t size);

#endif
