/* estimate.h - error bars of sampled quantities.  Pure.  Room: analysis.
 * The maths stands at the top of estimate.c. */
#ifndef LK_ANALYSIS_ESTIMATE_H
#define LK_ANALYSIS_ESTIMATE_H

#include <stdbool.h>
#include <stdint.h>

struct lk_cell;

/* A sum of weighted Poisson samples. */
struct lk_estimate {
	uint64_t	sampled_count;
	double		bytes;
	double		objects;
	double		variance;	/* bytes^2 */
};

struct lk_interval {
	double low_bytes, high_bytes;	/* 95 % */
};

void lk_estimate_add(struct lk_estimate *e, const struct lk_cell *cell);

/* lk_estimate_interval - of a total; INTERVAL_BYTES is used when nothing was sampled. */
struct lk_interval lk_estimate_interval(const struct lk_estimate *e, double interval_bytes);

/* lk_estimate_delta_error - half width of the 95 % interval of BORN - DIED. */
double lk_estimate_delta_error(const struct lk_estimate *born, const struct lk_estimate *died,
    double interval_bytes);

/* lk_estimate_delta - both at once of BORN - DIED: its error into *ERROR_BYTES unless that is NULL,
 * and whether it exceeds chance. */
bool lk_estimate_delta(const struct lk_estimate *born, const struct lk_estimate *died,
    double interval_bytes, double *error_bytes);

/* lk_estimate_exceeds_chance - is BORN - DIED more than its error, and more than the coming and
 * going of so few blocks would do by itself?  What passes is marked as growing or shrinking. */
bool lk_estimate_exceeds_chance(const struct lk_estimate *born, const struct lk_estimate *died,
    double interval_bytes);

/* lk_estimate_error - half width of the 95 % interval of E: the larger side. */
double lk_estimate_error(const struct lk_estimate *e, double interval_bytes);

#endif
