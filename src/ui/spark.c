#include "config.h"

#include "ui/spark.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CELLS_MAX	64
#define FLAT_SHARE	0.01f

/* The mean of the points that fall into one cell. */
static float
mean(const float *points, uint32_t from, uint32_t to)
{
	float sum = 0;
	uint32_t count = 0;

	for (uint32_t i = from; i < to; i++) {
		if (isnan(points[i]))
			continue;
		sum += points[i];
		count++;
	}
	return count > 0 ? sum / (float)count : NAN;
}

/* CELLS levels 0..LK_SPARK_LEVELS, 0: no point. */
static void
fill_levels(const float *points, uint32_t count, int cells, uint8_t *levels)
{
	float means[CELLS_MAX], low = INFINITY, high = -INFINITY;
	int used;

	memset(levels, 0, (size_t)cells);
	cells = cells > CELLS_MAX ? CELLS_MAX : cells;
	used = count < (uint32_t)cells ? (int)count : cells;
	for (int i = 0; i < used; i++) {
		means[i] = mean(points, (uint32_t)((uint64_t)count * (uint32_t)i / (uint32_t)used),
		    (uint32_t)((uint64_t)count * (uint32_t)(i + 1) / (uint32_t)used));
		if (isnan(means[i]))
			continue;
		low = fminf(low, means[i]);
		high = fmaxf(high, means[i]);
	}
	for (int i = 0; i < used; i++) {
		uint8_t *level = &levels[cells - used + i];

		if (isnan(means[i]))
			continue;
		if (high - low <= FLAT_SHARE * fabsf(high))
			*level = high > 0 ? LK_SPARK_LEVELS / 2 : 1;
		else
			*level = (uint8_t)(1 + lrintf((means[i] - low) / (high - low) *
			    (LK_SPARK_LEVELS - 1)));
	}
}

const char *
lk_spark_glyph(uint8_t level, bool ascii)
{
	static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄",
	    "▅", "▆", "▇", "█"};
	static const char *const ramp[] = {" ", ".", ":", "-", "=", "+", "*", "#", "#"};

	level = level > LK_SPARK_LEVELS ? LK_SPARK_LEVELS : level;
	return ascii ? ramp[level] : blocks[level];
}

void
lk_spark_text(const float *points, uint32_t count, int cells, bool ascii, char *out,
    size_t out_bytes)
{
	uint8_t levels[CELLS_MAX];
	size_t length = 0;

	out[0] = '\0';
	cells = cells > CELLS_MAX ? CELLS_MAX : cells;
	fill_levels(points, points != NULL ? count : 0, cells, levels);
	for (int i = 0; i < cells; i++) {
		const char *glyph = lk_spark_glyph(levels[i], ascii);

		if (length + strlen(glyph) >= out_bytes)
			return;
		memcpy(out + length, glyph, strlen(glyph) + 1);
		length += strlen(glyph);
	}
}
