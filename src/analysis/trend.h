/* trend.h - the slope of a noisy series.  Pure.  Room: analysis, private to it. */
#ifndef LK_ANALYSIS_TREND_H
#define LK_ANALYSIS_TREND_H

#include <stdint.h>

/* Theil & Sen: the median of the slopes of all pairs of points.  A quarter of the points may be
 * wild without moving it. */
struct lk_trend {
	uint32_t count;		/* points that were used; fewer than 3: no slope */
	double	 span_s;	/* from the first to the last of them */
	double	 slope_per_s;	/* NAN: none */
	double	 quartile_per_s; /* three quarters of the pairs rise faster than this */
	double	 low_per_s, high_per_s; /* 95 % of Sen's interval, as if points did not depend on
					   each other; NAN: too few of them */
};

#define LK_TREND_POINTS 96 /* more are thinned to this many: the work grows with the square */

/* lk_trend_of - of the last SPAN_S seconds of evenly spaced values; NAN is no point.
 * Without memory: as without points. */
struct lk_trend lk_trend_of(const float *values, uint32_t count, double step_s, double span_s);

/* How values go up and down. */
struct lk_swing {
	double	 range;		/* from the least to the greatest; 0 without values */
	double	 deepest;	/* fall below an earlier value */
	uint32_t falls;		/* deeper than the share of the range that was asked for, */
	uint32_t last_fall;	/* the value with which the last of them was that deep */
};

/* lk_trend_swing - NAN is no value. */
struct lk_swing lk_trend_swing(const float *values, uint32_t count, double share);

#endif
