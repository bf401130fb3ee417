/*
 * chi_square.h
 *	  Quantiles of the chi-square distribution: bounds of weighted counts.
 *
 * For the bounds of a plain Poisson number see leak_statistics.h; those of a
 * weighted sum need a fraction of degrees of freedom, which is why this is
 * here.
 */
#ifndef ARX_LIBARX_CHI_SQUARE_H
#define ARX_LIBARX_CHI_SQUARE_H

/*
 * The x below which a chi-square variable of that many degrees of freedom
 * (any number above 0) is with the given probability (above 0, below 1);
 * 0 for arguments out of range.  Up to 20,000 degrees it is found by halving,
 * from the incomplete gamma function (Abramowitz and Stegun, 6.5.29 and
 * 6.5.31), to about twelve digits; above by Wilson and Hilferty (26.4.17),
 * which is closer than 1e-6 of the value there.
 */
extern double arx_chi_square_quantile(double probability, double degrees);

#endif
