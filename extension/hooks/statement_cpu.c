/*
 * statement_cpu.c
 *	  The estimated CPU clock; its rules and its error are in the header.
 */
#include "postgres.h"

#include <sys/resource.h>
#include <sys/time.h>

#include "hooks/statement_cpu.h"

/* Execution time between two readings, and the gap that forces a new base. */
#define WINDOW_NS 1000000

static struct
{
	bool started;
	int depth;		 /* measured stretches we are in */
	int64 at;		 /* the estimate is as of this moment */
	int64 busy;		 /* execution time since the last reading */
	ArxCpuMark now;	 /* the estimate */
	ArxCpuMark base; /* the estimate when the clock was last read */
	ArxCpuMark read; /* what was read then */
	ArxCpuMark rate; /* CPU per elapsed time */
	ArxCpuMark debt; /* truth minus estimate, not yet given to anybody */
} cpu = {.rate = {1.0, 0.0}};

static double
to_ns(const struct timeval *tv)
{
	return (double) tv->tv_sec * 1e9 + (double) tv->tv_usec * 1e3;
}

void
arx_cpu_read(ArxCpuMark *clock)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) != 0)
		memset(&usage, 0, sizeof(usage));
	clock->user = to_ns(&usage.ru_utime);
	clock->sys = to_ns(&usage.ru_stime);
}

/* What was burnt in a long gap is nobody's: start from a fresh reading. */
static void
rebase(int64 now)
{
	arx_cpu_read(&cpu.read);
	cpu.base = cpu.now;
	cpu.busy = 0;
	cpu.at = now;
	cpu.started = true;
}

static inline void
advance(int64 now)
{
	double passed = (double) (now - cpu.at);

	cpu.now.user += passed * cpu.rate.user;
	cpu.now.sys += passed * cpu.rate.sys;
	cpu.busy += now - cpu.at;
	cpu.at = now;
}

static double
clamp(double value, double low, double high)
{
	return value < low ? low : value > high ? high : value;
}

/*
 * One of user and system time at a reading: pays the debt off at once when one
 * statement made up the window, else through the rate of the next window.
 */
static void
settle(double truth, bool pay_now, double mark, double *now, double base,
	   double *rate, double *debt)
{
	*debt += truth - (*now - base);
	if (pay_now)
	{
		/* It gives back no more than it has: the rest stays a debt. */
		double paid = Max(*debt, Min(mark - *now, 0));

		*now += paid;
		*debt -= paid;
	}
	*debt = clamp(*debt, -WINDOW_NS, WINDOW_NS);
	*rate = clamp(truth / (double) cpu.busy + *debt / WINDOW_NS, 0.0, 1.0);
}

/*
 * Both together are at most 1: a window that a long gap cuts short is never
 * compared with the truth, so what is estimated too much there would stay.
 */
static void
cap_rates(void)
{
	double sum = cpu.rate.user + cpu.rate.sys;

	if (sum > 1.0)
	{
		cpu.rate.user /= sum;
		cpu.rate.sys /= sum;
	}
}

static void
read_clock(const ArxCpuMark *mark, int64 elapsed)
{
	ArxCpuMark clock;
	double user;
	double sys;
	double scale;
	bool pay_now = elapsed * 2 >= cpu.busy;

	arx_cpu_read(&clock);
	user = Max(clock.user - cpu.read.user, 0);
	sys = Max(clock.sys - cpu.read.sys, 0);

	/* More CPU than time in execution: the rest was spent between. */
	scale = user + sys > (double) cpu.busy ? cpu.busy / (user + sys) : 1.0;
	settle(user * scale, pay_now, mark->user, &cpu.now.user, cpu.base.user,
		   &cpu.rate.user, &cpu.debt.user);
	settle(sys * scale, pay_now, mark->sys, &cpu.now.sys, cpu.base.sys,
		   &cpu.rate.sys, &cpu.debt.sys);
	cap_rates();
	cpu.base = cpu.now;
	cpu.read = clock;
	cpu.busy = 0;
}

void
arx_cpu_begin(ArxCpuMark *mark, int64 now)
{
	if (cpu.depth > 0)
		advance(now);
	else if (unlikely(!cpu.started || now - cpu.at >= WINDOW_NS))
		rebase(now);
	cpu.at = now;
	cpu.depth++;
	*mark = cpu.now;
}

void
arx_cpu_end(const ArxCpuMark *mark, int64 now, int64 elapsed, int64 *user,
			int64 *sys)
{
	advance(now);
	cpu.depth--;
	if (cpu.busy >= WINDOW_NS)
		read_clock(mark, elapsed);
	*user += (int64) Max(cpu.now.user - mark->user, 0);
	*sys += (int64) Max(cpu.now.sys - mark->sys, 0);
}
