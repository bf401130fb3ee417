/*
 * pool_model.h
 *	  How long a transaction waits for a connection of a pool.
 *
 * A pool of c connections is a queue with c servers and one line, first come
 * first served: transactions arrive at random, hold a connection for their
 * service time, and wait while all c are taken.  docs/pool-model.md has the
 * formulas with their sources, and how far they are from simulated queues.
 *
 * Times are seconds.  Of all functions: NaN or a negative argument, or servers
 * out of range, give NaN; a load that the servers cannot carry gives INFINITY;
 * no load gives 0.  Cost is one pass over the servers.
 */
#ifndef ARX_LIBARX_POOL_MODEL_H
#define ARX_LIBARX_POOL_MODEL_H

#include <stdint.h>

/* Most servers there can be: the server's own bound of max_connections. */
#define ARX_POOL_MAX_SERVERS 262143

/* What comes to the pool. */
typedef struct ArxPoolLoad
{
	double arrival_rate; /* transactions a second */
	double service_s;	 /* mean time a connection is held, without the wait */
	double ca2; /* squared coefficient of variation of times between arrivals;
				 * 1: Poisson; NaN: unknown, taken as 1 */
	double cs2; /* the same of service times; 1: exponential, 0: constant;
				 * NaN: unknown, taken as 1 */
} ArxPoolLoad;

/*
 * Connections in use on average (Little), which is the offered load in
 * Erlangs: arrival_rate * service_s.
 */
extern double arx_pool_offered_load(const ArxPoolLoad *load);

/*
 * The chance that all servers are taken when there is no line (Erlang B), by
 * its recursion; precise to the last digits for any load, also INFINITY.
 */
extern double arx_erlang_b(int64_t servers, double offered_load);

/*
 * The chance that an arrival has to wait (Erlang C); 1 from a load of one
 * Erlang a server on.
 */
extern double arx_erlang_c(int64_t servers, double offered_load);

/*
 * Mean wait of all transactions, also of those that do not wait.  Exact for
 * Poisson arrivals with exponential service or with one server; Kimura's
 * interpolation for Poisson arrivals and service that varies less; Whitt's
 * correction of Allen and Cunneen for anything else.
 */
extern double arx_pool_mean_wait(const ArxPoolLoad *load, int64_t servers);

/*
 * The wait that a share p (0 up to below 1, else NaN) of all transactions does
 * not exceed, 0 where fewer than 1 - p wait at all.  Exact where service is
 * exponential; elsewhere those that wait are taken to do so with an
 * exponential distribution.
 */
extern double
arx_pool_wait_quantile(const ArxPoolLoad *load, int64_t servers, double p);

/* Transactions in line on average (Little): arrival_rate times mean wait. */
extern double arx_pool_queue_length(const ArxPoolLoad *load, int64_t servers);

/*
 * Where to begin to look for a size: the load plus beta times its square root,
 * rounded up, at least 1 (square-root staffing; Halfin and Whitt 1981).  beta
 * of 0.5 is thrifty, of 2 makes waits rare.  -1 when the load is NaN or
 * negative or needs more than ARX_POOL_MAX_SERVERS.
 */
extern int64_t arx_pool_staffing_start(double offered_load, double beta);

/*
 * The least number of servers that keeps the 95th percentile of waits, times
 * calibration (above 0), at or below target_s, and the load at or below
 * max_utilisation (above 0, up to 1) of the servers.  -1 when none up to
 * ARX_POOL_MAX_SERVERS does, or an argument is out of range.
 */
extern int64_t
arx_pool_least_servers(const ArxPoolLoad *load, double target_s,
					   double max_utilisation, double calibration);

/*
 * How far the mean wait that the model gives may be from the truth, as a
 * fraction of it: the worst seen in simulations, rounded up.  0.5 when the
 * variation of service times is unknown.  Waits below a thousandth of the
 * service time are outside of it.
 */
extern double arx_pool_model_error(const ArxPoolLoad *load, int64_t servers);

/*
 * How far the mean wait of n transactions scatters about its long-run mean by
 * chance: its standard deviation as a fraction of that mean, to about a third.
 * Less when the load is measured in the same window.  INFINITY for
 * n = 0 and where the load cannot be carried.
 */
extern double
arx_pool_sampling_error(const ArxPoolLoad *load, int64_t servers, int64_t n);

#endif
