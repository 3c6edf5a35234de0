#include "config.h"

#include "base/maths.h"

#include <stdint.h>
#include <string.h>

#define LN2 0.693147180559945309417232121458

double
lk_maths_log(double x)
{
	double s, s2, term, sum;
	uint64_t bits;
	int exponent, k;

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
	s2 = s * s;
	term = s;
	sum = 0;
	for (k = 1; k < 19; k += 2) {
		sum += term / k;
		term *= s2;
	}
	return 2 * sum + exponent * LN2;
}

/* Taylor series of 1 - exp(-x): used below 1/2, where the direct form cancels. */
static double
hit_series(double x)
{
	double term = x, sum = x;
	int k;

	for (k = 2; k < 18; k++) {
		term *= -x / k;
		sum += term;
	}
	return sum;
}

double
lk_maths_hit(double x)
{
	double miss, q;
	int halvings = 0;

	if (x > 40)
		return 1;
	for (q = x; q > 0.5; q *= 0.5)
		halvings++;
	miss = 1 - hit_series(q);
	if (halvings == 0)
		return hit_series(q);
	while (halvings-- > 0)
		miss *= miss;
	return 1 - miss;
}
