/*
 * pool_advice.c
 *	  What size a connection pool should have, and what that would change.
 */
#include "libarx/pool_advice.h"

#include <math.h>

#include "libarx/pool_model.h"

/* Throughput cannot exceed what a pool carries, so more may be waiting. */
#define SATURATED 0.98
#define LOWEST_CALIBRATION 0.3
#define HIGHEST_CALIBRATION 3.0
#define LOAD_RANGE 0.2
#define SHRINK_SHARE 0.7
#define IDLE_SHARE 0.5
/* A peak of throughput that far beyond what was seen is a guess. */
#define USL_REACH 2.0

void
arx_pool_facts_init(ArxPoolFacts *facts)
{
	*facts = (ArxPoolFacts){.source = ARX_POOL_DATABASE,
							.size = -1,
							.max_size = -1,
							.head_room = -1,
							.ncpus = -1,
							.window_s = NAN,
							.transactions = -1,
							.arrival_rate = NAN,
							.service_s = NAN,
							.ca2 = NAN,
							.cs2 = NAN,
							.wait_s = NAN,
							.busy_mean = NAN,
							.busy_peak = NAN,
							.busy_day_peak = NAN,
							.observed_s = NAN,
							.busy_now = NAN,
							.waiting_now = NAN,
							.idle_share = NAN,
							.cpu_share = NAN,
							.target_s = ARX_POOL_TARGET_S,
							.max_utilisation = ARX_POOL_MAX_UTILISATION};
}

/* Rounded up, within what a size can be; value is not NaN. */
static int64_t
size_of(double value)
{
	if (value >= ARX_POOL_MAX_SERVERS)
		return ARX_POOL_MAX_SERVERS;
	return value <= 1 ? 1 : (int64_t) ceil(value);
}

static int64_t
greater(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static bool
is_number(double value)
{
	return isfinite(value) && value >= 0;
}

static double
wait_at(const ArxPoolLoad *load, int64_t size, double calibration)
{
	return arx_pool_mean_wait(load, size) * calibration;
}

/* ---- what is known ------------------------------------------------------ */

static int64_t
rule_of_thumb(const ArxPoolFacts *facts)
{
	double size = (double) facts->size;
	double most = facts->max_size > 0 ? (double) facts->max_size
		: facts->head_room > 0		  ? (double) facts->head_room
									  : INFINITY;

	if (facts->size < 1 || !is_number(facts->busy_now))
		return -1;
	if (facts->busy_now / size > 0.8 && facts->waiting_now > 0)
		return greater(facts->size, size_of(fmin(1.5 * size, most)));
	if (facts->busy_now / size < 0.3)
		return greater(size_of(round(0.7 * size)), facts->min_size);
	return facts->size;
}

/*
 * Completes what follows from other facts.  Of a database only the busy
 * connections were seen, so they are its load.
 */
static ArxPoolLoad
find_load(const ArxPoolFacts *facts)
{
	ArxPoolLoad load = {.arrival_rate = facts->arrival_rate,
						.service_s = facts->service_s,
						.ca2 = facts->ca2,
						.cs2 = facts->cs2};

	if (!is_number(load.arrival_rate) && facts->transactions >= 0)
		load.arrival_rate = (double) facts->transactions / facts->window_s;
	if (!is_number(load.service_s) ||
		(facts->source == ARX_POOL_DATABASE && is_number(facts->busy_mean)))
		load.service_s = facts->busy_mean / load.arrival_rate;
	/* what cannot be is not known */
	if (!is_number(load.ca2))
		load.ca2 = NAN;
	if (!is_number(load.cs2))
		load.cs2 = NAN;
	return load;
}

static void
lower_cap(ArxPoolAdvice *advice, double size, ArxPoolCap kind)
{
	int64_t cap = size < 1 ? 1 : size_of(floor(size));

	if (advice->cap >= 0 && advice->cap <= cap)
		return;
	advice->cap = cap;
	advice->cap_kind = kind;
}

/*
 * A CPU cannot be shared by more than a few who want it: 2 for each plus one.
 * Connections that wait or idle want none, so the pool may be larger by the
 * share of the time they do; where that share is unknown there is no such cap.
 */
static void
find_cap(const ArxPoolFacts *facts, ArxPoolAdvice *advice)
{
	if (facts->max_size > 0)
		lower_cap(advice, (double) facts->max_size, ARX_POOL_CAP_CONFIGURED);
	if (facts->head_room >= 0)
		lower_cap(advice, (double) facts->head_room, ARX_POOL_CAP_HEAD_ROOM);
	if (facts->ncpus > 0 && is_number(facts->cpu_share) && facts->cpu_share > 0)
		lower_cap(advice,
				  (2 * (double) facts->ncpus + 1) / fmin(facts->cpu_share, 1),
				  ARX_POOL_CAP_CPU);
	if (facts->usl.fitted && is_number(facts->usl.peak) &&
		facts->usl.peak <= USL_REACH * facts->usl.largest)
		lower_cap(advice, facts->usl.peak, ARX_POOL_CAP_USL);
}

/*
 * Below it a wait is none: it is the pooler's own handling, of which the model
 * knows nothing, or noise, and a tenth of the target at most.
 */
static double
no_wait(const ArxPoolFacts *facts)
{
	return fmax(ARX_POOL_HANDLING_S, facts->target_s / 10);
}

/* How measured waits compare with the model's. */
static void
calibrate(const ArxPoolFacts *facts, ArxPoolAdvice *advice)
{
	double model = advice->model_wait_s;

	advice->calibration = 1;
	if (!is_number(facts->wait_s) || !isfinite(model) ||
		advice->utilisation >= SATURATED ||
		(facts->wait_s < no_wait(facts) && model < no_wait(facts)))
		return;
	advice->agreement = facts->wait_s / model; /* INFINITY where model is 0 */
	advice->calibration =
		fmin(fmax(advice->agreement, LOWEST_CALIBRATION), HIGHEST_CALIBRATION);
}

static void
describe_now(const ArxPoolFacts *facts, const ArxPoolLoad *load,
			 ArxPoolAdvice *advice)
{
	double ratio = 1;

	advice->load = arx_pool_offered_load(load);
	advice->utilisation = advice->load / (double) facts->size;
	advice->model_wait_s = arx_pool_mean_wait(load, facts->size);
	advice->model_error = arx_pool_model_error(load, facts->size);
	advice->sampling_error =
		arx_pool_sampling_error(load, facts->size, facts->transactions);
	calibrate(facts, advice);
	advice->wait_now_s =
		is_number(facts->wait_s) ? facts->wait_s : advice->model_wait_s;
	if (!isnan(advice->agreement))
		ratio = advice->agreement;
	/* the shape of waits that the model does not explain is not its own */
	if (ratio <= HIGHEST_CALIBRATION)
		advice->p95_now_s =
			arx_pool_wait_quantile(load, facts->size, 0.95) * ratio;
}

/* ---- what would be ------------------------------------------------------ */

/* More connections never lengthen a wait, fewer never shorten it. */
static void
bound_by_now(const ArxPoolFacts *facts, ArxPoolAdvice *advice)
{
	if (advice->recommended > facts->size)
	{
		advice->wait_then_s = fmin(advice->wait_then_s, advice->wait_now_s);
		advice->p95_then_s = fmin(advice->p95_then_s, advice->p95_now_s);
	}
	else
	{
		advice->wait_then_s = fmax(advice->wait_then_s, advice->wait_now_s);
		advice->p95_then_s = fmax(advice->p95_then_s, advice->p95_now_s);
	}
}

/* All that is known of arrivals is that they are more than get through. */
static void
forget_prediction(ArxPoolAdvice *advice)
{
	advice->wait_then_s = NAN;
	advice->wait_then_low_s = NAN;
	advice->wait_then_high_s = NAN;
	advice->p95_then_s = NAN;
	advice->target_met = false;
}

static void
predict(const ArxPoolFacts *facts, const ArxPoolLoad *load,
		ArxPoolAdvice *advice)
{
	ArxPoolLoad less = *load;
	ArxPoolLoad more = *load;
	double k = advice->calibration;
	double gain_less;
	double gain_more;

	less.arrival_rate *= 1 - LOAD_RANGE;
	more.arrival_rate *= 1 + LOAD_RANGE;
	advice->model_error = fmax(advice->model_error,
							   arx_pool_model_error(load, advice->recommended));
	advice->wait_then_s = wait_at(load, advice->recommended, k);
	advice->wait_then_low_s = wait_at(&less, advice->recommended, k);
	advice->wait_then_high_s = wait_at(&more, advice->recommended, k);
	if (facts->source == ARX_POOL_PGBOUNCER)
		advice->wait_then_high_s += ARX_POOL_HANDLING_S;
	advice->p95_then_s =
		arx_pool_wait_quantile(load, advice->recommended, 0.95) * k;
	bound_by_now(facts, advice);
	advice->target_met = advice->p95_then_s <= advice->target_s;
	if (advice->verdict == ARX_POOL_UNSTABLE)
	{
		if (!(advice->queue_growth > 0))
			forget_prediction(advice);
		return;
	}
	if (advice->recommended == facts->size)
	{
		/* nothing changes, whatever the model makes of it */
		advice->wait_then_s = advice->wait_now_s;
		advice->wait_then_low_s =
			fmin(advice->wait_then_low_s, advice->wait_then_s);
		advice->wait_then_high_s =
			fmax(advice->wait_then_high_s, advice->wait_then_s);
		advice->p95_then_s = advice->p95_now_s;
		advice->target_met = advice->p95_now_s <= advice->target_s;
		advice->improvement_s = 0;
		advice->improvement_low_s = 0;
		advice->improvement_high_s = 0;
		return;
	}
	advice->improvement_s = advice->wait_now_s - advice->wait_then_s;
	gain_less = wait_at(&less, facts->size, k) - advice->wait_then_low_s;
	/* both may be without end */
	gain_more = isinf(advice->wait_then_high_s)
		? NAN
		: wait_at(&more, facts->size, k) - advice->wait_then_high_s;
	advice->improvement_low_s = fmin(gain_less, gain_more);
	advice->improvement_high_s = fmax(gain_less, gain_more);
}

/* The size to go to, and whether the cap is in its way. */
static void
choose_size(ArxPoolAdvice *advice)
{
	advice->recommended = advice->needed;
	if (advice->cap < 0 ||
		(advice->needed > 0 && advice->needed <= advice->cap))
		return;
	advice->capped = true;
	advice->recommended = advice->cap;
}

/* Would the present size do if no transaction sat idle? */
static bool
is_idle_to_blame(const ArxPoolFacts *facts, const ArxPoolLoad *load,
				 const ArxPoolAdvice *advice)
{
	ArxPoolLoad working = *load;
	int64_t needed;

	if (!(facts->idle_share >= IDLE_SHARE && facts->idle_share <= 1))
		return false;
	working.service_s *= 1 - facts->idle_share;
	needed =
		arx_pool_least_servers(&working, advice->target_s,
							   facts->max_utilisation, advice->calibration);
	return needed > 0 && needed <= facts->size;
}

static void
not_the_problem(const ArxPoolFacts *facts, ArxPoolAdvice *advice,
				ArxPoolGround ground)
{
	advice->verdict = ARX_POOL_NOT_THE_PROBLEM;
	advice->ground = ground;
	advice->recommended = facts->size;
}

/* More is needed than there is. */
static void
judge_small(const ArxPoolFacts *facts, const ArxPoolLoad *load,
			ArxPoolAdvice *advice)
{
	bool saturated = advice->utilisation >= SATURATED;

	choose_size(advice);
	if (advice->needed < 0 && advice->cap < 0)
		not_the_problem(facts, advice, ARX_POOL_GROUND_TOO_BIG);
	/* a cap below the present size is no reason to go there */
	else if (advice->recommended <= facts->size ||
			 advice->load >= SATURATED * (double) advice->recommended)
		not_the_problem(facts, advice, ARX_POOL_GROUND_CAPPED);
	else if (is_idle_to_blame(facts, load, advice))
		not_the_problem(facts, advice, ARX_POOL_GROUND_IDLE);
	else
		advice->verdict = saturated ? ARX_POOL_UNSTABLE : ARX_POOL_GROW;
	if (saturated)
		advice->queue_growth =
			fmax(0,
				 load->arrival_rate -
					 (double) (facts->size + facts->reserve) / load->service_s);
}

/* The highest sample of the last day, or of what is known of it. */
static double
highest_sample(const ArxPoolFacts *facts)
{
	return fmax(facts->busy_peak, facts->busy_day_peak);
}

/* There is as much as is needed, or more. */
static void
judge_large(const ArxPoolFacts *facts, const ArxPoolLoad *load,
			ArxPoolAdvice *advice)
{
	ArxPoolLoad more = *load;
	double observed_s =
		isnan(facts->observed_s) ? facts->window_s : facts->observed_s;
	int64_t enough;

	advice->verdict = ARX_POOL_RIGHT;
	advice->recommended = facts->size;
	if (!is_number(facts->busy_peak))
		return;
	more.arrival_rate *= 1 + LOAD_RANGE;
	enough = arx_pool_least_servers(
		&more, advice->target_s, facts->max_utilisation, advice->calibration);
	if (enough < 0)
		return;
	enough = greater(enough, arx_pool_staffing_start(advice->load, 2));
	enough = greater(enough, size_of(highest_sample(facts)));
	enough = greater(enough, facts->min_size);
	if ((double) enough > SHRINK_SHARE * (double) facts->size)
		return;
	if (!(observed_s >= ARX_POOL_SHRINK_S))
	{
		advice->ground = ARX_POOL_GROUND_BRIEF;
		return;
	}
	advice->verdict = ARX_POOL_SHRINK;
	advice->recommended = enough;
}

static void
unknown(ArxPoolAdvice *advice, ArxPoolGround ground)
{
	advice->verdict = ARX_POOL_UNKNOWN;
	advice->ground = ground;
	advice->recommended = -1;
}

/* Of what the server sees: nothing waited as long as not all were busy. */
static void
judge_database(const ArxPoolFacts *facts, const ArxPoolLoad *load,
			   ArxPoolAdvice *advice)
{
	if (!is_number(facts->busy_peak))
		unknown(advice, ARX_POOL_GROUND_NO_PEAK);
	else if (facts->busy_peak >= (double) facts->size ||
			 advice->utilisation >= SATURATED)
		unknown(advice, ARX_POOL_GROUND_ALL_BUSY);
	else if (advice->utilisation > facts->max_utilisation)
		judge_small(facts, load, advice);
	else
		judge_large(facts, load, advice);
}

static void
judge_pgbouncer(const ArxPoolFacts *facts, const ArxPoolLoad *load,
				ArxPoolAdvice *advice)
{
	if (advice->needed < 0 || advice->needed > facts->size)
		judge_small(facts, load, advice);
	else if (advice->agreement > HIGHEST_CALIBRATION &&
			 facts->wait_s > advice->target_s)
		unknown(advice, ARX_POOL_GROUND_UNEXPLAINED);
	else
		judge_large(facts, load, advice);
}

static ArxPoolAdvice
no_advice(void)
{
	return (ArxPoolAdvice){.verdict = ARX_POOL_UNKNOWN,
						   .recommended = -1,
						   .needed = -1,
						   .cap = -1,
						   .arrival_rate = NAN,
						   .service_s = NAN,
						   .load = NAN,
						   .utilisation = NAN,
						   .model_wait_s = NAN,
						   .agreement = NAN,
						   .calibration = 1,
						   .wait_now_s = NAN,
						   .wait_then_s = NAN,
						   .wait_then_low_s = NAN,
						   .wait_then_high_s = NAN,
						   .improvement_s = NAN,
						   .improvement_low_s = NAN,
						   .improvement_high_s = NAN,
						   .p95_now_s = NAN,
						   .p95_then_s = NAN,
						   .target_s = NAN,
						   .queue_growth = NAN,
						   .model_error = NAN,
						   .sampling_error = NAN,
						   .rule_of_thumb = -1};
}

void
arx_pool_advise(const ArxPoolFacts *given, ArxPoolAdvice *advice)
{
	ArxPoolFacts facts = *given;
	ArxPoolLoad load;

	if (!is_number(facts.target_s))
		facts.target_s = ARX_POOL_TARGET_S;
	if (!(facts.max_utilisation > 0 && facts.max_utilisation <= 1))
		facts.max_utilisation = ARX_POOL_MAX_UTILISATION;
	load = find_load(&facts);

	*advice = no_advice();
	advice->target_s = facts.target_s;
	advice->rule_of_thumb = rule_of_thumb(&facts);
	advice->arrival_rate = load.arrival_rate;
	advice->service_s = load.service_s;
	find_cap(&facts, advice);
	if (facts.size < 1 || facts.size > ARX_POOL_MAX_SERVERS)
	{
		unknown(advice, ARX_POOL_GROUND_NO_SIZE);
		return;
	}
	if (facts.transactions >= 0 &&
		facts.transactions < ARX_POOL_MIN_TRANSACTIONS)
	{
		advice->verdict = ARX_POOL_TOO_FEW;
		return;
	}
	if (facts.transactions < 0 || !is_number(load.arrival_rate) ||
		!is_number(load.service_s))
	{
		unknown(advice, ARX_POOL_GROUND_NO_LOAD);
		return;
	}
	describe_now(&facts, &load, advice);
	advice->needed = arx_pool_least_servers(
		&load, facts.target_s, facts.max_utilisation, advice->calibration);
	if (facts.source == ARX_POOL_DATABASE)
		judge_database(&facts, &load, advice);
	else
		judge_pgbouncer(&facts, &load, advice);
	if (advice->recommended > 0)
		predict(&facts, &load, advice);
}
