/*
 * histogram_memory.c
 *	  Prints what a statement's histogram costs in memory, by layout.
 *
 * Draws latencies of several spreads, counts which buckets are hit, and prints
 * the bytes of a dense table of counts and of chunks of several sizes that are
 * allocated when first hit, with a table of 4-byte references to them.  Each
 * figure is the mean over statements whose typical latency lies anywhere from
 * 30 us to 300 ms, so that no layout profits from where its borders are.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "libarx/histogram.h"
#include "tests/unit/sample_data.h"

#define NSTATEMENTS 60
#define NSIZES 4

static const int chunk_slots[NSIZES] = {8, 16, 32, 64};

typedef struct Spread
{
	const char *name;
	double sigma;
	double far_share; /* of a second mode, far_factor times as slow */
	double far_factor;
} Spread;

static const Spread spreads[] = {
	{"log-normal, sigma 0.3", 0.3, 0.0, 1.0},
	{"log-normal, sigma 0.6", 0.6, 0.0, 1.0},
	{"log-normal, sigma 1.0", 1.0, 0.0, 1.0},
	{"bimodal 0.3, 5 % at x 50", 0.3, 0.05, 50.0},
};

typedef struct Figures
{
	double buckets;
	double chunks; /* of the size in use */
	double stored_bytes;
	double chunked_bytes[NSIZES];
} Figures;

static double
draw_us(const Spread *spread, double typical_us)
{
	double us = typical_us * exp(spread->sigma * random_normal());

	return random_unit() < spread->far_share ? us * spread->far_factor : us;
}

static int
count_chunks(const ArxHistogram *hist, int slots)
{
	int nchunks = 0;
	int last = -1;

	for (int index = 0; index < ARX_HISTOGRAM_NBUCKETS; index++)
	{
		if (hist->counts[index] == 0 || index / slots == last)
			continue;
		last = index / slots;
		nchunks++;
	}
	return nchunks;
}

static double
chunked_bytes(const ArxHistogram *hist, int slots)
{
	int nreferences = (ARX_HISTOGRAM_NBUCKETS + slots - 1) / slots;

	return nreferences * 4.0 + count_chunks(hist, slots) * slots * 8.0;
}

static Figures
measure(const Spread *spread, int nexecutions)
{
	static uint8_t stored[ARX_HISTOGRAM_ENCODED_MAX];
	static ArxHistogram hist;
	Figures mean = {0};

	random_state = 7;
	for (int statement = 0; statement < NSTATEMENTS; statement++)
	{
		double typical_us = 30.0 * pow(10.0, 4.0 * statement / NSTATEMENTS);

		memset(&hist, 0, sizeof(hist));
		for (int i = 0; i < nexecutions; i++)
			arx_histogram_record(&hist, draw_us(spread, typical_us));
		mean.buckets += (double) count_chunks(&hist, 1) / NSTATEMENTS;
		mean.chunks += (double) count_chunks(&hist, ARX_HISTOGRAM_CHUNK_SLOTS) /
			NSTATEMENTS;
		mean.stored_bytes +=
			(double) arx_histogram_encode(&hist, stored) / NSTATEMENTS;
		for (int size = 0; size < NSIZES; size++)
			mean.chunked_bytes[size] +=
				chunked_bytes(&hist, chunk_slots[size]) / NSTATEMENTS;
	}
	return mean;
}

int
main(void)
{
	static const int nexecutions[] = {100, 10000, 1000000};

	printf("Bytes a statement: dense uint32 %d, dense uint64 %d, and\n\n",
		   ARX_HISTOGRAM_NBUCKETS * 4, ARX_HISTOGRAM_NBUCKETS * 8);
	printf("| latencies | executions | buckets hit | chunks of 16 hit | "
		   "bytes, chunks of 8 | of 16 | of 32 | of 64 | stored form |\n");
	printf("|---|---:|---:|---:|---:|---:|---:|---:|---:|\n");
	for (size_t s = 0; s < sizeof(spreads) / sizeof(spreads[0]); s++)
	{
		for (int n = 0; n < 3; n++)
		{
			Figures mean = measure(&spreads[s], nexecutions[n]);

			printf("| %s | %d | %.0f | %.1f |", spreads[s].name, nexecutions[n],
				   mean.buckets, mean.chunks);
			for (int size = 0; size < NSIZES; size++)
				printf(" %.0f |", mean.chunked_bytes[size]);
			printf(" %.0f |\n", mean.stored_bytes);
		}
	}
	return 0;
}
