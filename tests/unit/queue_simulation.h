/*
 * queue_simulation.h
 *	  A line before several servers, event by event: what the model is held to.
 *
 * Knows nothing of the model.  Times are in units of the mean service time;
 * set random_state to a seed first.
 */
#ifndef ARX_TESTS_QUEUE_SIMULATION_H
#define ARX_TESTS_QUEUE_SIMULATION_H

#include "tests/unit/sample_data.h"

#define MAX_SIMULATED_SERVERS 64
#define SIMULATED_BINS 40000
#define BINS_PER_TIME 100.0

typedef enum Times
{
	EXPONENTIAL = 0,
	CONSTANT,
	ERLANG_2,
	HYPEREXPONENTIAL,
	NTIMES,
	VERY_UNEVEN = NTIMES /* hyperexponential too; beside the others */
} Times;

static const char *const times_names[NTIMES + 1] = {
	"exponential", "constant", "Erlang-2", "hyperexponential", "very uneven"};

/* squared coefficients of variation */
static const double times_variation[NTIMES + 1] = {1, 0, 0.5, 4, 20};

typedef struct Simulated
{
	double mean_wait;
	double waiting; /* share that waited at all */
	double p95;		/* to 1 / BINS_PER_TIME */
} Simulated;

/* One time of mean 1. */
static inline double
draw_time(Times times)
{
	double share;

	switch (times)
	{
		case CONSTANT:
			return 1;
		case ERLANG_2:
			return -0.5 * log(random_unit() * random_unit());
		case HYPEREXPONENTIAL:
		case VERY_UNEVEN:
			/* two exponentials that do half of the work each */
			share = 0.5 *
				(1 +
				 sqrt((times_variation[times] - 1) /
					  (times_variation[times] + 1)));
			if (random_unit() >= share)
				share = 1 - share;
			return -log(random_unit()) / (2 * share);
		default:
			return -log(random_unit());
	}
}

/*
 * Lets n arrivals go through, after a tenth as many to forget that the pool
 * was empty: each takes the server that is free first.
 */
static inline Simulated
simulate_queue(Times arrivals, Times service, int servers, double utilisation,
			   int n)
{
	static int bins[SIMULATED_BINS + 1];
	double free_at[MAX_SIMULATED_SERVERS] = {0};
	double now = 0;
	Simulated found = {0};
	int seen = 0;

	for (int i = 0; i <= SIMULATED_BINS; i++)
		bins[i] = 0;
	for (int i = -n / 10; i < n; i++)
	{
		int first = 0;
		double wait;

		now += draw_time(arrivals) / (utilisation * servers);
		for (int j = 1; j < servers; j++)
			if (free_at[j] < free_at[first])
				first = j;
		wait = fmax(0, free_at[first] - now);
		free_at[first] = now + wait + draw_time(service);
		if (i < 0)
			continue;
		found.mean_wait += wait / n;
		found.waiting += (wait > 0) / (double) n;
		bins[(int) fmin(ceil(wait * BINS_PER_TIME), SIMULATED_BINS)]++;
	}
	for (int i = 0; i <= SIMULATED_BINS && seen < 0.95 * n; i++)
	{
		seen += bins[i];
		found.p95 = i / BINS_PER_TIME;
	}
	return found;
}

#endif /* ARX_TESTS_QUEUE_SIMULATION_H */
