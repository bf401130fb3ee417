/*
 * wait_survival.c
 *	  Shares of waits from ages of waiters, by isotonic regression.
 */
#include "libarx/wait_survival.h"

#include <math.h>

#define FIRST_WIDTH 50e-6
#define GROWTH 1.3

int
arx_wait_bin(double age_s)
{
	int bin;

	if (!(age_s >= FIRST_WIDTH))
		return 0;
	bin = 1 + (int) fmin(log(age_s / FIRST_WIDTH) / log(GROWTH), ARX_WAIT_BINS);
	return bin < ARX_WAIT_BINS ? bin : ARX_WAIT_BINS - 1;
}

double
arx_wait_bin_start(int bin)
{
	return bin <= 0 ? 0 : FIRST_WIDTH * pow(GROWTH, bin - 1);
}

static double
middle_of(int bin)
{
	return (arx_wait_bin_start(bin) + arx_wait_bin_start(bin + 1)) / 2;
}

/* Neighbouring bins that have one share. */
typedef struct Block
{
	double share;
	double width;
	int bins;
} Block;

void
arx_wait_survival(ArxWaitSurvival *survival, const uint64_t *counts,
				  double looks, double arrival_rate)
{
	Block blocks[ARX_WAIT_BINS];
	int n = 0;
	int bin = 0;

	for (int i = 0; i < ARX_WAIT_BINS; i++)
	{
		double width = arx_wait_bin_start(i + 1) - arx_wait_bin_start(i);
		double share = (double) counts[i] / (looks * arrival_rate * width);

		blocks[n++] = (Block){share, width, 1};
		while (n > 1 && blocks[n - 2].share < blocks[n - 1].share)
		{
			Block *left = &blocks[n - 2];
			const Block *right = &blocks[n - 1];

			left->share =
				(left->share * left->width + right->share * right->width) /
				(left->width + right->width);
			left->width += right->width;
			left->bins += right->bins;
			n--;
		}
	}
	for (int b = 0; b < n; b++)
		for (int i = 0; i < blocks[b].bins; i++)
			survival->share[bin++] = fmin(blocks[b].share, 1);
}

double
arx_wait_quantile(const ArxWaitSurvival *survival, double p)
{
	double longer = 1 - p;
	double before;
	double after;
	int bin = 0;

	while (bin < ARX_WAIT_BINS && survival->share[bin] > longer)
		bin++;
	if (bin == 0)
		return 0;
	before = survival->share[bin - 1];
	after = bin < ARX_WAIT_BINS ? survival->share[bin] : 0;
	return middle_of(bin - 1) +
		(before - longer) / (before - after) *
		(middle_of(bin) - middle_of(bin - 1));
}
