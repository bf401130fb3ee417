/*
 * load.h
 *	  What the loads share: random numbers, a clock, call stacks of any depth.
 *
 * A load is a program whose allocations are known beforehand; it is run under
 * one preload after another.
 */
#ifndef ARX_BENCH_LOAD_H
#define ARX_BENCH_LOAD_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Keeps the compiler from inlining, cloning and merging: one frame each. */
#define LOAD_FRAME __attribute__((noipa))

/* Frames of the main thread beside the levels: the work itself,
 * load_call_deep(), main() and three of the C library's start. */
#define LOAD_FIXED_FRAMES 6

/* A pseudo-random number (splitmix64, public domain); state may begin anywhere. */
static inline uint64_t
load_random(uint64_t *state)
{
	uint64_t x = (*state += 0x9e3779b97f4a7c15u);

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static inline uint64_t
load_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t) now.tv_sec * 1000000000u + (uint64_t) now.tv_nsec;
}

/* The n-th argument as a number, or what stands for it. */
static inline long
load_argument(int argc, char **argv, int n, long otherwise)
{
	return n < argc ? strtol(argv[n], NULL, 10) : otherwise;
}

/* Work to be done at the bottom of a call stack. */
typedef void (*LoadWork)(void *argument);

/*
 * Allocates and frees 64 MB.  Some allocators read their settings only after
 * the first 16 MB; what is measured comes after this.
 */
extern void load_warm_up(void);

/*
 * Calls work so many levels further down (at least one).  The last levels go
 * by the path, three of its bits each, so that one caller has as many stacks
 * as it has paths: LOAD_STACKS at most, of five levels or more.
 */
#define LOAD_STACKS 4096
#define LOAD_FEW_STACKS 512
extern void
load_call_deep(int levels, unsigned path, LoadWork work, void *argument);

#endif
