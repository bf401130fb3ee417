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

/* Freed samples by age at death, youngest class first. */
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
	double
		interval; /* seconds between snapshots, the unit of the two below; 0: 30 */
	double warm_up;	 /* seconds left out at the start; < 0: 20 intervals, or a
							 * sixth of the profile's age when that is more */
	double patience; /* seconds before a site that frees nothing may be a leak;
							 * < 0: 120 intervals */
	uint32_t min_samples; /* mature survivors to say anything */
	uint32_t
		enough_samples;	 /* mature survivors with which a leak is nearly always
							  * found: sites with fewer are grouped */
	uint32_t min_epochs; /* distinct mature epochs with survivors */
	double balance;		 /* what is told from a leak: survivors arriving at this
							 * share of their earlier rate */
	double ramp; /* and older survivors being this share of what they were */
	double
		deaths; /* and mature samples dying at this many per age of the profile */
	double
		false_discovery;  /* share of leaks that may be false, over all sites */
	double limit_bytes;	  /* of memory, for the time until it; 0: none */
	double current_bytes; /* RSS now */
} ArxLeakParameters;

/* The verdict with everything it rests on. */
typedef struct ArxLeakFinding
{
	ArxLeakVerdict verdict;
	uint64_t samples; /* live samples */
	double live_bytes;
	double live_bytes_low; /* 95 % interval */
	double live_bytes_high;
	double start;	   /* seconds after the profile's: judged from here on */
	double mature_age; /* seconds: a* */
	double
		window_from;  /* births looked at, seconds after the profile's start: */
	double window_to; /* from the end of the warm-up until a* ago */
	uint64_t mature_samples; /* survivors of at least that age, after warm-up */
	uint32_t mature_epochs;
	uint64_t mature_deaths; /* deaths at that age or above */
	double hazard; /* upper 95 % bound, deaths a second of a mature sample */
	double hazard_allowed;
	bool grows_only; /* most of what was born here was never freed */
	uint64_t older;	 /* mature survivors of the older half */
	uint64_t younger;
	double bytes_per_hour;	   /* of the leak; 0 unless leak or suspect */
	double bytes_per_hour_low; /* 95 % interval */
	double bytes_per_hour_high;
	double seconds_to_limit; /* by the rate; INFINITY when there is none */
	double seconds_to_limit_low;
	double p_value; /* of "not a leak", for the control over many sites; 1 when
								* there was too little to test */
	double
		wait_seconds; /* not enough samples, or suspect for want of them: about
								* this much longer; INFINITY when it cannot be said */
	const char *reason; /* a constant phrase, for programs and readers */
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
