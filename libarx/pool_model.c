/*
 * pool_model.c
 *	  How long a transaction waits for a connection of a pool.
 */
#include "libarx/pool_model.h"

#include <math.h>
#include <stdbool.h>

/* Of a load, with what is unknown filled in. */
typedef struct Queue
{
	double offered;		/* Erlangs */
	double utilisation; /* of one server */
	double waits;		/* Erlang C */
	double mean_wait_s; /* with exponential service, Poisson arrivals */
	double ca2;
	double cs2;
} Queue;

static double
known_or(double value, double otherwise)
{
	return isnan(value) ? otherwise : value;
}

double
arx_pool_offered_load(const ArxPoolLoad *load)
{
	if (!(load->arrival_rate >= 0) || !(load->service_s >= 0))
		return NAN;
	/* nothing arrives, or nothing takes time: 0 * INFINITY would be NaN */
	if (load->arrival_rate == 0 || load->service_s == 0)
		return 0;
	return load->arrival_rate * load->service_s;
}

double
arx_erlang_b(int64_t servers, double offered_load)
{
	double blocked = 1;

	if (!(offered_load >= 0) || servers < 0 || servers > ARX_POOL_MAX_SERVERS)
		return NAN;
	if (isinf(offered_load))
		return 1;
	for (int64_t k = 1; k <= servers; k++)
	{
		double refused = offered_load * blocked;

		blocked = refused / ((double) k + refused);
	}
	return blocked;
}

double
arx_erlang_c(int64_t servers, double offered_load)
{
	double blocked = arx_erlang_b(servers, offered_load);

	if (isnan(blocked) || servers < 1)
		return NAN;
	if (offered_load >= (double) servers)
		return 1;
	return blocked / (1 - offered_load / (double) servers * (1 - blocked));
}

/*
 * Cosmetatos' term of M/D/c (1976): how much better than half of the wait of
 * M/M/c it is, or worse.  Grows without bound as utilisation falls, so users
 * bound it.
 */
static double
cosmetatos(const Queue *queue, int64_t servers)
{
	double c = (double) servers;

	return (1 - queue->utilisation) * (c - 1) * (sqrt(4 + 5 * c) - 2) /
		(16 * queue->utilisation * c);
}

/*
 * Wait of M/G/c with service that varies less than exponential, as a factor
 * on that of M/M/c: harmonic interpolation (Kimura 1986) between 1 and M/D/c.
 * That cannot exceed c / (c + 1), which is where it goes as the load vanishes:
 * the least of c uniform remainders against that of c exponential ones.
 */
static double
kimura(const Queue *queue, int64_t servers)
{
	double c = (double) servers;
	double constant = fmin((1 + cosmetatos(queue, servers)) / 2, c / (c + 1));

	return (1 + queue->cs2) / (2 * queue->cs2 + (1 - queue->cs2) / constant);
}

/*
 * Wait of GI/G/c as a factor on that of M/M/c: (ca2 + cs2) / 2 of Allen and
 * Cunneen, times Whitt's correction for light loads (1993, 2.16 to 2.25).
 */
static double
whitt(const Queue *queue, int64_t servers)
{
	double ca2 = queue->ca2;
	double cs2 = queue->cs2;
	double mean = (ca2 + cs2) / 2;
	double gamma = fmin(0.24, cosmetatos(queue, servers));
	double constant = 1 + gamma; /* phi 1: M/D/c */
	double regular = (1 - 4 * gamma) *
		exp(-2 * (1 - queue->utilisation) / (3 * queue->utilisation));
	double both = fmin(1, (constant + regular) / 2);
	double psi = mean >= 1 ? 1 : pow(both, 2 * (1 - mean));

	if (mean == 0)
		return 0;
	if (isinf(mean))
		return INFINITY;
	if (ca2 >= cs2)
		return mean * (4 * (ca2 - cs2) * constant + cs2 * psi) /
			(4 * ca2 - 3 * cs2);
	return mean * ((cs2 - ca2) * regular + (cs2 + 3 * ca2) * psi) /
		(2 * (ca2 + cs2));
}

/* False when an argument is out of range. */
static bool
describe_queue(const ArxPoolLoad *load, int64_t servers, Queue *queue)
{
	queue->offered = arx_pool_offered_load(load);
	queue->ca2 = known_or(load->ca2, 1);
	queue->cs2 = known_or(load->cs2, 1);
	if (isnan(queue->offered) || servers < 1 ||
		servers > ARX_POOL_MAX_SERVERS || queue->ca2 < 0 || queue->cs2 < 0)
		return false;
	queue->utilisation = queue->offered / (double) servers;
	queue->waits = arx_erlang_c(servers, queue->offered);
	if (queue->utilisation >= 1)
		queue->mean_wait_s = INFINITY;
	else if (queue->waits == 0)
		queue->mean_wait_s = 0;
	else
		queue->mean_wait_s = queue->waits * load->service_s /
			((double) servers - queue->offered);
	return true;
}

static double
mean_wait(const Queue *queue, int64_t servers)
{
	double factor;

	if (queue->mean_wait_s == 0 || isinf(queue->mean_wait_s))
		return queue->mean_wait_s;
	if (queue->ca2 != 1)
		factor = whitt(queue, servers);
	else if (queue->cs2 <= 1)
		factor = kimura(queue, servers);
	else if (servers == 1)
		factor = (1 + queue->cs2) / 2; /* Pollaczek and Khinchine: exact */
	else
		factor = whitt(queue, servers);
	return factor * queue->mean_wait_s;
}

double
arx_pool_mean_wait(const ArxPoolLoad *load, int64_t servers)
{
	Queue queue;

	if (!describe_queue(load, servers, &queue))
		return NAN;
	return mean_wait(&queue, servers);
}

double
arx_pool_wait_quantile(const ArxPoolLoad *load, int64_t servers, double p)
{
	Queue queue;

	if (!(p >= 0 && p < 1) || !describe_queue(load, servers, &queue))
		return NAN;
	if (queue.utilisation >= 1)
		return INFINITY;
	if (queue.waits <= 1 - p)
		return 0;
	return mean_wait(&queue, servers) / queue.waits *
		log(queue.waits / (1 - p));
}

double
arx_pool_queue_length(const ArxPoolLoad *load, int64_t servers)
{
	double wait_s = arx_pool_mean_wait(load, servers);

	return wait_s == 0 ? 0 : load->arrival_rate * wait_s;
}

int64_t
arx_pool_staffing_start(double offered_load, double beta)
{
	double servers = ceil(offered_load + beta * sqrt(offered_load));

	if (!(offered_load >= 0) || !(servers <= ARX_POOL_MAX_SERVERS))
		return -1;
	return servers < 1 ? 1 : (int64_t) servers;
}

int64_t
arx_pool_least_servers(const ArxPoolLoad *load, double target_s,
					   double max_utilisation, double calibration)
{
	double offered = arx_pool_offered_load(load);
	int64_t low; /* too few, or 0 */
	int64_t high;
	int64_t step = 1;

	if (!(target_s >= 0) || !(calibration > 0) ||
		!(max_utilisation > 0 && max_utilisation <= 1))
		return -1;
	low = arx_pool_staffing_start(offered / max_utilisation, 0) - 1;
	if (low < 0)
		return -1;

	/* waits only fall as servers are added: bracket, then halve */
	for (high = low + 1;
		 !(arx_pool_wait_quantile(load, high, 0.95) * calibration <= target_s);
		 high += step)
	{
		low = high;
		step *= 2;
		if (high == ARX_POOL_MAX_SERVERS)
			return -1;
		if (step > ARX_POOL_MAX_SERVERS - high)
			step = ARX_POOL_MAX_SERVERS - high;
	}
	while (high - low > 1)
	{
		int64_t middle = low + (high - low) / 2;

		if (arx_pool_wait_quantile(load, middle, 0.95) * calibration <=
			target_s)
			high = middle;
		else
			low = middle;
	}
	return high;
}

double
arx_pool_model_error(const ArxPoolLoad *load, int64_t servers)
{
	Queue queue;

	if (!describe_queue(load, servers, &queue))
		return NAN;
	if (isnan(load->cs2))
		return 0.5;
	if (queue.ca2 != 1)
		return queue.utilisation >= 0.8 ? 0.5 : 2;
	if (servers == 1 || queue.cs2 == 1)
		return 0;
	if (queue.cs2 < 1)
		return 0.1;
	if (queue.cs2 > 4)
		return queue.utilisation >= 0.8 ? 0.5 : 2;
	return queue.utilisation >= 0.5 && servers <= 8 ? 0.2 : 0.5;
}

/*
 * Waits come in spells: from when all servers are taken until one is free.  A
 * spell is a busy period of M/M/1, whose servers are together one.  Gives the
 * second moment of the sum of its waits as a multiple of the first one's
 * square, from what may happen first: it ends, or another comes, which makes
 * a spell within the spell, in which one more waits, and a spell after that.
 */
static double
scatter_of_spell(double utilisation)
{
	double rho = utilisation;
	double comes = rho / (1 + rho);
	double before = 1 / (1 + rho); /* mean time until either */
	double length = 1 / (1 - rho);
	double length2 = 2 * length * length * length; /* second moment */
	double waits = rho * length * length;
	double both; /* mean of length times waits */
	double waits2;

	both = comes *
		(before * (2 * waits + length) + length2 + 2 * waits * length +
		 length * length) /
		(1 - 2 * comes);
	waits2 = comes *
		(length2 + 2 * waits * waits + 2 * both + 2 * waits * length) /
		(1 - 2 * comes);
	return waits2 / (waits * waits);
}

double
arx_pool_sampling_error(const ArxPoolLoad *load, int64_t servers, int64_t n)
{
	Queue queue;
	double spells;
	double variance;

	if (!describe_queue(load, servers, &queue) || n < 0)
		return NAN;
	if (n == 0 || queue.utilisation >= 1 || queue.waits == 0)
		return INFINITY;
	spells =
		(double) n * queue.waits * (1 - queue.utilisation) / queue.utilisation;
	variance = scatter_of_spell(queue.utilisation) / spells;
	/* spells are not independent of how many there are: near full load the
	 * variance is 4 / (n (1 - rho)^2) (Whitt 1989), where this alone has 10 */
	variance *= 1 - 0.6 * queue.waits;
	return sqrt(variance * (queue.ca2 + queue.cs2) / 2);
}
