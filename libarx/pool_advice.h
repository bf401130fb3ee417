/*
 * pool_advice.h
 *	  What size a connection pool should have, and what that would change.
 *
 * Takes facts, gives a verdict with its numbers; knows nothing of where facts
 * come from.  Start from arx_pool_facts_init() and fill in what is known.
 * docs/pool-model.md has the rules in words.
 *
 * Times are seconds, rates per second, shares 0..1.
 */
#ifndef ARX_LIBARX_POOL_ADVICE_H
#define ARX_LIBARX_POOL_ADVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libarx/usl.h"

#define ARX_POOL_MIN_TRANSACTIONS 200
#define ARX_POOL_SHRINK_S 3600.0 /* least time seen before a pool shrinks */
#define ARX_POOL_TARGET_S 0.005	 /* default, of the 95th percentile */
#define ARX_POOL_MAX_UTILISATION 0.75 /* default */
/*
 * What a PgBouncer itself takes to hand over a connection that is free: 0.1 to
 * 0.2 ms were measured on a busy machine.  The model does not have it.
 */
#define ARX_POOL_HANDLING_S 0.0002
#define ARX_POOL_REASON_BYTES 512 /* holds any reason */

typedef enum ArxPoolSource
{
	ARX_POOL_DATABASE = 0, /* seen by the server: waits are out of its sight */
	ARX_POOL_PGBOUNCER,
} ArxPoolSource;

/* NaN: unknown; of whole numbers -1. */
typedef struct ArxPoolFacts
{
	ArxPoolSource source;
	bool per_session;  /* a connection is taken for a whole session: then
						* transactions below are sessions */
	int64_t size;	   /* connections the pool can have now, at least 1 */
	int64_t min_size;  /* configured; 0 none */
	int64_t max_size;  /* configured; -1 none */
	int64_t reserve;   /* that open when clients wait long; 0 none */
	int64_t head_room; /* connections this pool could have: what max_connections
						* leaves when the other pools have theirs */
	int64_t ncpus;	   /* that this pool may use */
	double window_s;   /* the counts below are of */
	int64_t transactions;
	double arrival_rate; /* NaN: transactions / window_s */
	double service_s;	 /* mean time a connection is held, without the wait for
						  * it; NaN: busy_mean / arrival_rate */
	double ca2; /* squared coefficient of variation, see pool_model.h */
	double cs2;
	double wait_s;		  /* measured mean over all transactions */
	double busy_mean;	  /* connections in use, from samples */
	double busy_peak;	  /* highest sample */
	double busy_day_peak; /* the same of the last day; NaN: busy_peak */
	double observed_s;	  /* that busy_day_peak is of; NaN: window_s */
	double busy_now;	  /* last sample, for rule_of_thumb only */
	double waiting_now;	  /* clients in line in the last sample, the same */
	double
		idle_share; /* of the time connections are held: idle in transaction */
	double cpu_share; /* of the same time: burning CPU */
	ArxUsl usl;
	double target_s;		/* of the 95th percentile of waits */
	double max_utilisation; /* highest load as a share of the connections */
} ArxPoolFacts;

typedef enum ArxPoolVerdict
{
	ARX_POOL_GROW = 0,
	ARX_POOL_SHRINK,
	ARX_POOL_RIGHT,
	ARX_POOL_NOT_THE_PROBLEM, /* another size would not help */
	ARX_POOL_TOO_FEW,  /* fewer than ARX_POOL_MIN_TRANSACTIONS transactions */
	ARX_POOL_UNSTABLE, /* as much comes in as the pool can carry, or more */
	ARX_POOL_UNKNOWN,
} ArxPoolVerdict;

/* What keeps a pool from being larger. */
typedef enum ArxPoolCap
{
	ARX_POOL_CAP_NONE = 0,
	ARX_POOL_CAP_CPU,
	ARX_POOL_CAP_HEAD_ROOM,
	ARX_POOL_CAP_USL,
	ARX_POOL_CAP_CONFIGURED,
} ArxPoolCap;

/* Why the verdict is what it is, where the numbers do not say so. */
typedef enum ArxPoolGround
{
	ARX_POOL_GROUND_NUMBERS = 0,
	ARX_POOL_GROUND_NO_SIZE,	 /* UNKNOWN: size of the pool */
	ARX_POOL_GROUND_NO_LOAD,	 /* UNKNOWN: arrivals or service time */
	ARX_POOL_GROUND_NO_PEAK,	 /* UNKNOWN: database without busy_peak */
	ARX_POOL_GROUND_ALL_BUSY,	 /* UNKNOWN: database, all were busy at once */
	ARX_POOL_GROUND_BRIEF,		 /* RIGHT: fewer would do, but ARX_POOL_SHRINK_S
								  * were not seen */
	ARX_POOL_GROUND_UNEXPLAINED, /* UNKNOWN: waits the load does not explain */
	ARX_POOL_GROUND_CAPPED,		 /* NOT_THE_PROBLEM: a cap is in the way */
	ARX_POOL_GROUND_IDLE,		 /* NOT_THE_PROBLEM: idle in transaction */
	ARX_POOL_GROUND_TOO_BIG,	 /* NOT_THE_PROBLEM: no pool could carry it */
} ArxPoolGround;

/*
 * Numbers that cannot be given are NaN, sizes -1; INFINITY is a wait that grows
 * without end.  "now" is measured where it can be, else the model's; "then" is
 * with the recommended size, calibrated.  Low and high are over 20 % less and
 * 20 % more arrivals, high with ARX_POOL_HANDLING_S for a PgBouncer.
 */
typedef struct ArxPoolAdvice
{
	ArxPoolVerdict verdict;
	ArxPoolGround ground;
	int64_t recommended; /* 1 or more; -1 with TOO_FEW and UNKNOWN */
	int64_t needed;		 /* least size for target and max_utilisation, caps
						  * aside */
	int64_t cap;		 /* the lowest known */
	ArxPoolCap cap_kind; /* which that is */
	bool capped;		 /* it kept recommended below needed */
	double arrival_rate; /* as used */
	double service_s;	 /* as used */
	double load;		 /* offered, in connections */
	double utilisation;	 /* load / size */
	double model_wait_s; /* at the current size, not calibrated */
	double agreement;	 /* measured / model_wait_s; NaN: nothing measured, or
						  * both are as good as none: below a tenth of the
						  * target, or ARX_POOL_HANDLING_S */
	double calibration;	 /* agreement within 0.3..3; 1 when it is NaN */
	double wait_now_s;
	double wait_then_s;
	double wait_then_low_s;
	double wait_then_high_s;
	double improvement_s; /* wait_now_s - wait_then_s: negative with SHRINK */
	double improvement_low_s;
	double improvement_high_s;
	double p95_now_s;
	double p95_then_s;
	double target_s;	   /* as used */
	bool target_met;	   /* by p95_then_s */
	double queue_growth;   /* UNSTABLE: clients in line more each second, at
						  * least */
	double model_error;	   /* of waits as a fraction, before calibration */
	double sampling_error; /* of a measured mean wait, as a fraction */
	int64_t rule_of_thumb; /* the size by utilisation alone: above 0.8 with a
							 * line 1.5 times, below 0.3 0.7 times */
} ArxPoolAdvice;

/* Everything unknown, the defaults for the two aims. */
extern void arx_pool_facts_init(ArxPoolFacts *facts);

/* The decision.  Any input gives a verdict; nothing is out of range. */
extern void arx_pool_advise(const ArxPoolFacts *facts, ArxPoolAdvice *advice);

/* "grow", "shrink", "right", "not the problem", "too few", "unstable", "unknown" */
extern const char *arx_pool_verdict_name(ArxPoolVerdict verdict);

/* "none", "cpu", "max_connections", "scalability", "configured" */
extern const char *arx_pool_cap_name(ArxPoolCap cap);

/*
 * The reason as one or two English sentences, cut at size - 1 bytes and ended
 * with a zero; size is at least 1, and ARX_POOL_REASON_BYTES is always enough.
 * advice is what arx_pool_advise() made of facts.
 */
extern void
arx_pool_reason(const ArxPoolFacts *facts, const ArxPoolAdvice *advice,
				char *buffer, size_t size);

#endif
