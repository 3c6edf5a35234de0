#include "config.h"

#include "analysis/trend.h"

#include <math.h>
#include <stdlib.h>

struct point {
	double at_s, value;
};

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static uint32_t
pick_points(const float *values, uint32_t count, double step_s, double span_s, struct point *out)
{
	double wanted = floor(span_s / step_s) + 1;
	uint32_t last = wanted < count ? (uint32_t)wanted : count, stride, used = 0;

	stride = (last + LK_TREND_POINTS - 1) / LK_TREND_POINTS;
	for (uint32_t back = 0; back < last; back += stride) {
		uint32_t i = count - 1 - back;

		if (!isnan(values[i]))
			out[used++] = (struct point){i * step_s, (double)values[i]};
	}
	return used; /* newest first */
}

/* Sen 1968: the ranks of the slopes that Kendall's variance allows. */
static void
find_interval(const double *slopes, size_t pairs, uint32_t count, struct lk_trend *out)
{
	double n = count, half = 1.96 * sqrt(n * (n - 1) * (2 * n + 5) / 18) / 2;
	double low = floor((double)pairs / 2 - half), high = ceil((double)pairs / 2 + half);

	if (low < 0 || high >= (double)pairs)
		return;
	out->low_per_s = slopes[(size_t)low];
	out->high_per_s = slopes[(size_t)high];
}

struct lk_trend
lk_trend_of(const float *values, uint32_t count, double step_s, double span_s)
{
	struct lk_trend out = {.slope_per_s = NAN, .quartile_per_s = NAN, .low_per_s = NAN,
	    .high_per_s = NAN};
	struct point points[LK_TREND_POINTS];
	size_t pairs = 0;
	double *slopes;

	if (count == 0 || !(step_s > 0) || !(span_s > 0))
		return out;
	out.count = pick_points(values, count, step_s, span_s, points);
	if (out.count < 3)
		return out;
	out.span_s = points[0].at_s - points[out.count - 1].at_s;
	slopes = calloc((size_t)out.count * out.count / 2, sizeof(*slopes));
	if (slopes == NULL)
		return out;
	for (uint32_t i = 0; i < out.count; i++)
		for (uint32_t k = i + 1; k < out.count; k++)
			slopes[pairs++] = (points[i].value - points[k].value) /
			    (points[i].at_s - points[k].at_s);
	qsort(slopes, pairs, sizeof(*slopes), ascending);
	out.slope_per_s = (slopes[(pairs - 1) / 2] + slopes[pairs / 2]) / 2;
	out.quartile_per_s = slopes[pairs / 4];
	find_interval(slopes, pairs, out.count, &out);
	free(slopes);
	return out;
}

static double
range_of(const float *values, uint32_t count)
{
	double least = INFINITY, greatest = -INFINITY;

	for (uint32_t i = 0; i < count; i++)
		if (!isnan(values[i])) {
			least = fmin(least, (double)values[i]);
			greatest = fmax(greatest, (double)values[i]);
		}
	return greatest > least ? greatest - least : 0;
}

struct lk_swing
lk_trend_swing(const float *values, uint32_t count, double share)
{
	struct lk_swing out = {.range = range_of(values, count)};
	double deep = share * out.range, peak = -INFINITY, highest = -INFINITY, trough = INFINITY;

	for (uint32_t i = 0; i < count && out.range > 0; i++) {
		double value = (double)values[i];

		if (isnan(value))
			continue;
		highest = fmax(highest, value);
		out.deepest = fmax(out.deepest, highest - value);
		trough = fmin(trough, value);
		if (out.falls > 0 && isinf(peak) && value - trough < deep)
			continue;	/* still down there */
		peak = fmax(peak, value);
		if (peak - value > deep) {
			out.falls++;
			out.last_fall = i;
			peak = -INFINITY;
			trough = value;
		}
	}
	return out;
}
