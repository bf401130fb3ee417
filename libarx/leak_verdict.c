/*
 * leak_verdict.c
 *	  Weighs the tests of one site into a verdict, a rate and a reason.
 *
 * The mature age is not known beforehand: four are tried, and the one at which
 * the site looks most like a leak counts.
 */
#include <math.h>
#include <string.h>

#include "libarx/leak_statistics.h"
#include "libarx/leak_survival.h"
#include "libarx/leak_tests.h"

#define NORMAL_95 1.959963984540054 /* two-sided 95 % of the normal law */
#define FEW 30 /* below, intervals are those of the Poisson law */

/* A share of deaths within a factor of 2.8 of age: they all live equally long. */
#define SAME_AGE 0.8

/* parts of the profile's age after which a late leak is looked for */
#define NLATER 2
#define FIRST_SHARE 0.8
static const double later_starts[NLATER] = {1.0 / 2, 3.0 / 4};

/* from young to old: the share of that age that makes a sample mature */
static const double mature_shares[ARX_LEAK_NAGES] = {1.0 / 6, 1.0 / 4, 1.0 / 3,
													 1.0 / 2};

void
arx_leak_defaults(ArxLeakParameters *parameters)
{
	*parameters = (ArxLeakParameters){
		.interval = 30,
		.warm_up = -1,
		.patience = -1,
		.min_samples = 10,
		.enough_samples = 150,
		.min_epochs = 5,
		.balance = 0.45,
		.ramp = 0.15,
		.deaths = 0.5,
		.false_discovery = 0.01,
	};
}

/* 95 % interval of a sum of n weights with this variance, never below 0 */
static void
interval_of(double estimate, double variance, uint64_t n, double *low,
			double *high)
{
	if (n >= FEW || n == 0)
	{
		double half = NORMAL_95 * sqrt(variance);

		*low = fmax(0, estimate - half);
		*high = estimate + half;
		return;
	}
	/* n seen: what their number could have been, at their mean weight */
	*low = estimate / (double) n * arx_poisson_lower(n, 0.025);
	*high = estimate / (double) n * arx_poisson_upper(n, 0.025);
}

static void
describe_live(const ArxLeakSite *site, ArxLeakFinding *finding)
{
	ArxLeakSurvivors live = arx_leak_survivors(site, 0, INFINITY);

	finding->samples = live.samples;
	finding->live_bytes = live.bytes;
	if (live.variance > 0)
		interval_of(live.bytes, live.variance, live.samples,
					&finding->live_bytes_low, &finding->live_bytes_high);
	else
		finding->live_bytes_low = finding->live_bytes_high = live.bytes;
}

/*
 * Tries the mature ages and keeps the one with the least probability; among
 * equals, the youngest, which has most samples.
 */
static void
find_age(const ArxLeakSite *site, const ArxLeakParameters *parameters,
		 double start, ArxLeakFinding *finding, ArxLeakExamination *best)
{
	double age = site->now - start;
	double last = -1;

	*best = (ArxLeakExamination){
		.refuted[ARX_LEAK_IS_MASSIVE] = true,
		.p_worst = 1,
	};
	for (int i = 0; i < ARX_LEAK_NAGES; i++)
	{
		ArxLeakFinding candidate = *finding;
		ArxLeakExamination examination;
		double mature_age =
			arx_leak_clean_age(site, mature_shares[i] * age, age / 2);

		if (mature_age <= last)
			continue;
		arx_leak_examine(site, parameters, start, mature_age, &examination,
						 &candidate);
		if (last < 0 || examination.p_worst < best->p_worst)
		{
			*best = examination;
			*finding = candidate;
		}
		last = mature_age;
	}
}

/*
 * From the start of the profile; and if that is no leak, from later on, for a
 * leak may have begun late.  Of the chance of error, 80 % is given to the
 * first, so that the others take little from it.
 */
static void
find_window(const ArxLeakSite *site, const ArxLeakParameters *parameters,
			ArxLeakFinding *finding, ArxLeakExamination *seen)
{
	find_age(site, parameters, 0, finding, seen);
	finding->p_value = fmin(1, seen->p_worst / FIRST_SHARE);
	for (int i = 0; i < NLATER; i++)
	{
		ArxLeakFinding later = *finding;
		ArxLeakExamination examination;
		double start = later_starts[i] * site->now;

		if (finding->p_value <= parameters->false_discovery)
			return;
		find_age(site, parameters, start, &later, &examination);
		later.p_value =
			fmin(1, examination.p_worst * NLATER / (1 - FIRST_SHARE));
		if (later.p_value > parameters->false_discovery)
			continue;
		*finding = later;
		*seen = examination;
		finding->start = start;
	}
}

/*
 * Bytes an hour from the mature survivors.  The rate of a leak is asked for,
 * not what happened to leak, so the arrivals are random as well: each sample
 * adds the square of its weight, which is at least the mean square.
 */
static void
estimate_rate(const ArxLeakSite *site, const ArxLeakParameters *parameters,
			  ArxLeakFinding *finding)
{
	ArxLeakSurvivors mature =
		arx_leak_arrivals(site, finding->window_from, finding->window_to);
	double hours = mature.seconds / 3600;
	double left = parameters->limit_bytes - parameters->current_bytes;
	double low;
	double high;

	if (mature.samples == 0 || !(hours > 0))
		return;
	interval_of(mature.bytes,
				fmax(mature.variance,
					 mature.bytes * mature.bytes / (double) mature.samples),
				mature.samples, &low, &high);
	finding->bytes_per_hour = mature.bytes / hours;
	finding->bytes_per_hour_low = low / hours;
	finding->bytes_per_hour_high = high / hours;
	if (parameters->limit_bytes > 0 && high > 0)
	{
		finding->seconds_to_limit =
			fmax(0, left) / mature.bytes * mature.seconds;
		finding->seconds_to_limit_low = fmax(0, left) / high * mature.seconds;
	}
}

/* By what is missing: the classes of deaths may leave out the youngest. */
static uint64_t
total_deaths(const ArxLeakSite *site, const ArxLeakFinding *finding)
{
	return site->births > finding->samples ? site->births - finding->samples
										   : 0;
}

/* Do blocks live about equally long, and longer than a moment? */
static bool
die_at_one_age(const ArxLeakSite *site, const ArxLeakFinding *finding)
{
	uint64_t total = total_deaths(site, finding);

	for (size_t i = 0; i < site->ndeaths; i++)
	{
		double from = site->deaths[i].age_from;
		uint64_t near = 0;

		for (size_t j = i;
			 j < site->ndeaths && site->deaths[j].age_from < 2.5 * from; j++)
			near += site->deaths[j].samples;
		if (from > site->now / 50 && (double) near >= SAME_AGE * (double) total)
			return total > 0;
	}
	return false;
}

static void
decide(ArxLeakFinding *finding, ArxLeakVerdict verdict, const char *reason)
{
	finding->verdict = verdict;
	finding->reason = reason;
}

/* Too few mature survivors to test anything. */
static void
decide_small(const ArxLeakSite *site, const ArxLeakParameters *parameters,
			 ArxLeakFinding *finding)
{
	uint64_t deaths = total_deaths(site, finding);
	uint64_t early = arx_leak_survivors(site, 0, finding->window_from).samples;
	bool looked = site->now >= 2 * finding->window_from;

	if (looked && early >= parameters->min_samples &&
		2 * early >= finding->samples)
		decide(finding, ARX_LEAK_WARM_UP, "most were born in the warm-up");
	else if (deaths >= parameters->min_samples && 2 * deaths >= site->births)
	{
		if (die_at_one_age(site, finding))
			decide(finding, ARX_LEAK_BOUNDED_CACHE,
				   "all are freed at about the same age");
		else
			decide(finding, ARX_LEAK_CHURN, "nearly all are freed young");
	}
	else
	{
		decide(finding, ARX_LEAK_NOT_ENOUGH_SAMPLES,
			   "too few have survived long enough");
		if (finding->mature_samples > 0)
			finding->wait_seconds =
				fmax(0,
					 (double) parameters->min_samples /
							 (double) finding->mature_samples -
						 1) *
				site->now;
		else if (finding->samples > 0)
			finding->wait_seconds =
				fmax(site->now, 2 * finding->window_from - site->now);
	}
}

/* Mature samples die: a cache when most blocks get that old, else a long tail. */
static void
decide_dying(const ArxLeakSite *site, ArxLeakFinding *finding)
{
	if (2 * (finding->mature_samples + finding->mature_deaths) >=
			site->births ||
		die_at_one_age(site, finding))
		decide(finding, ARX_LEAK_BOUNDED_CACHE, "old ones are freed");
	else
		decide(finding, ARX_LEAK_CHURN, "lives have a long tail, but end");
}

static void
decide_stopped(const ArxLeakSite *site, ArxLeakFinding *finding)
{
	uint64_t early = arx_leak_survivors(site, 0, finding->window_from).samples;

	if (early > 2 * finding->mature_samples)
		decide(finding, ARX_LEAK_WARM_UP, "most were born in the warm-up");
	else
		decide(finding, ARX_LEAK_BOUNDED_CACHE,
			   "fewer and fewer arrive to stay");
}

/* Nothing speaks against a leak: is there enough that speaks for one? */
static void
decide_growing(const ArxLeakSite *site, const ArxLeakParameters *parameters,
			   bool declining, ArxLeakFinding *finding)
{
	double interval = parameters->interval > 0 ? parameters->interval : 30;
	double patience =
		parameters->patience >= 0 ? parameters->patience : 120 * interval;

	if (finding->p_value > parameters->false_discovery)
	{
		decide(finding, ARX_LEAK_SUSPECT, "grows, too few samples to be sure");
		/* the logarithm of the probability falls with the samples, and so with time */
		if (finding->p_value < 0.9)
			finding->wait_seconds = site->now *
				(log(parameters->false_discovery) / log(finding->p_value) - 1);
	}
	else if (declining)
		decide(finding, ARX_LEAK_SUSPECT,
			   "grows, but slower than before, as a cache does that fills");
	else if (finding->grows_only && site->now - finding->start < patience)
	{
		decide(finding, ARX_LEAK_SUSPECT,
			   "grows only, may be a cache that still fills");
		finding->wait_seconds = patience - (site->now - finding->start);
	}
	else
		decide(finding, ARX_LEAK_LEAK, "survivors keep arriving and stay");
}

void
arx_leak_judge(const ArxLeakSite *site, const ArxLeakParameters *parameters,
			   ArxLeakFinding *finding)
{
	ArxLeakExamination seen;

	*finding = (ArxLeakFinding){
		.seconds_to_limit = INFINITY,
		.seconds_to_limit_low = INFINITY,
		.wait_seconds = INFINITY,
	};
	describe_live(site, finding);
	finding->grows_only = 2 * total_deaths(site, finding) < site->births;
	find_window(site, parameters, finding, &seen);

	if (seen.refuted[ARX_LEAK_IS_MASSIVE])
		decide_small(site, parameters, finding);
	else if (seen.refuted[ARX_LEAK_IS_NOT_DYING] ||
			 seen.refuted[ARX_LEAK_KEEPS_OLDEST])
		decide_dying(site, finding);
	else if (seen.refuted[ARX_LEAK_KEEPS_COHORTS])
		decide(finding, ARX_LEAK_BOUNDED_CACHE, "older ones are gone");
	else if (seen.refuted[ARX_LEAK_IS_ARRIVING])
		decide_stopped(site, finding);
	else
		decide_growing(site, parameters, seen.declining, finding);

	if (finding->verdict >= ARX_LEAK_SUSPECT)
		estimate_rate(site, parameters, finding);
}

static void
sift_down(double *values, size_t root, size_t n)
{
	for (size_t child; (child = 2 * root + 1) < n; root = child)
	{
		double value;

		if (child + 1 < n && values[child + 1] > values[child])
			child++;
		if (values[root] >= values[child])
			return;
		value = values[root];
		values[root] = values[child];
		values[child] = value;
	}
}

/* Heap sort, rising: no memory of its own, no bad case. */
static void
sort_values(double *values, size_t n)
{
	for (size_t root = n / 2; root-- > 0;)
		sift_down(values, root, n);
	for (size_t end = n; end-- > 1;)
	{
		double largest = values[0];

		values[0] = values[end];
		values[end] = largest;
		sift_down(values, 0, end);
	}
}

void
arx_leak_control(ArxLeakFinding *findings, size_t nfindings,
				 const ArxLeakParameters *parameters, double *scratch)
{
	double accepted = 0;
	size_t n = 0;

	/* sites too small to be tested are no tests; their number says nothing of p */
	for (size_t i = 0; i < nfindings; i++)
		if (findings[i].mature_samples >= parameters->min_samples)
			scratch[n++] = findings[i].p_value;
	sort_values(scratch, n);
	for (size_t i = n; i-- > 0 && accepted == 0;)
		if (scratch[i] <=
			parameters->false_discovery * (double) (i + 1) / (double) n)
			accepted = scratch[i];
	for (size_t i = 0; i < nfindings; i++)
		if (findings[i].verdict == ARX_LEAK_LEAK &&
			findings[i].p_value > accepted)
			decide(&findings[i], ARX_LEAK_SUSPECT,
				   "one of many sites, not sure enough");
}

const char *
arx_leak_verdict_name(ArxLeakVerdict verdict)
{
	static const char *const names[] = {
		"not enough samples", "churn",	 "warm-up",
		"bounded cache",	  "suspect", "leak"};

	return names[verdict];
}
