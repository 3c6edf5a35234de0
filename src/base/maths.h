/* maths.h - the two functions sampling needs, without libm: the sampler depends on libc
 * alone, and libm's may set errno.  Room: base.  Pure. */
#ifndef LK_BASE_MATHS_H
#define LK_BASE_MATHS_H

/* lk_maths_log - natural logarithm of a normal X > 0; relative error below 1e-12. */
double lk_maths_log(double x);

/* lk_maths_hit - 1 - exp(-x) for x >= 0; relative error below 1e-12 also near zero. */
double lk_maths_hit(double x);

#endif
