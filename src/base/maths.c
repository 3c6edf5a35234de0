#include "config.h"

#include "base/maths.h"

#include <stdint.h>
#include <string.h>

#define LN2 0.693147180559945309417232121458

/* Coefficients are constants and not quotients: a division takes as long as the rest of a step. */
static double
polynomial(const double *coefficient, int degree, double x)
{
	double sum = coefficient[degree];

	while (degree-- > 0)
		sum = sum * x + coefficient[degree];
	return sum;
}

double
lk_maths_log(double x)
{
	static const double atanh_series[] = {2.0, 2.0 / 3, 2.0 / 5, 2.0 / 7, 2.0 / 9, 2.0 / 11,
	    2.0 / 13, 2.0 / 15};
	uint64_t bits;
	int exponent;
	double s;

	memcpy(&bits, &x, sizeof(bits));
	exponent = (int)(bits >> 52 & 0x7ff) - 1023;
	bits = (bits & 0xfffffffffffffULL) | 1023ULL << 52;
	memcpy(&x, &bits, sizeof(x));
	if (x > 1.4142135623730951) {	/* keeps the series argument below 0.172 */
		x *= 0.5;
		exponent++;
	}
	/* ln x = 2 atanh((x-1)/(x+1)) */
	s = (x - 1) / (x + 1);
	return s * polynomial(atanh_series, 7, s * s) + exponent * LN2;
}

/* Taylor series of 1 - exp(-x): used below 1/2, where the direct form cancels. */
static double
hit_series(double x)
{
	static const double series[] = {1, 1 / -2.0, 1 / 6.0, 1 / -24.0, 1 / 120.0, 1 / -720.0,
	    1 / 5040.0, 1 / -40320.0, 1 / 362880.0, 1 / -3628800.0, 1 / 39916800.0,
	    1 / -479001600.0};

	return x * polynomial(series, 11, x);
}

double
lk_maths_hit(double x)
{
	double miss, q;
	int halvings = 0;

	if (x <= 0.5)
		return hit_series(x);
	if (x > 40)
		return 1;
	for (q = x; q > 0.5; q *= 0.5)
		halvings++;
	miss = 1 - hit_series(q);
	while (halvings-- > 0)
		miss *= miss;
	return 1 - miss;
}
