/*
 * sample_data.h
 *	  Durations in microseconds from several distributions, the same each run.
 *
 * Set random_state to a seed first.
 */
#ifndef ARX_TESTS_SAMPLE_DATA_H
#define ARX_TESTS_SAMPLE_DATA_H

#include <math.h>
#include <stdint.h>

/* splitmix64: small, and the same on every machine */
static uint64_t random_state;

static inline double
random_unit(void)
{
	uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	return ((double) (z >> 11) + 0.5) / 9007199254740992.0;
}

static inline double
random_normal(void)
{
	double radius = sqrt(-2.0 * log(random_unit()));

	return radius * cos(6.283185307179586 * random_unit());
}

static inline double
uniform_us(void)
{
	return 1.0 + 99999.0 * random_unit();
}

static inline double
log_normal_us(void)
{
	return 1.0 + exp(6.0 + 1.5 * random_normal());
}

static inline double
pareto_us(void)
{
	return 50.0 / pow(random_unit(), 1.0 / 1.1);
}

static inline double
bimodal_us(void)
{
	if (random_unit() < 0.9)
		return 80.0 * exp(0.2 * random_normal());
	return 25000.0 * exp(0.3 * random_normal());
}

static inline double
constant_us(void)
{
	return 123.456;
}

#endif /* ARX_TESTS_SAMPLE_DATA_H */
