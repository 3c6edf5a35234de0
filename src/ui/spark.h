/* spark.h - small graphs made of characters.  Room: ui. */
#ifndef LK_UI_SPARK_H
#define LK_UI_SPARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LK_SPARK_LEVELS 8

/* lk_spark_glyph - of one level: blocks, or the ramp " .:-=+*#@" in ASCII. */
const char *lk_spark_glyph(uint8_t level, bool ascii);

/* lk_spark_text - POINTS (oldest first, NAN: none) squeezed or taken one to one into CELLS, at most
 * 64, right-aligned, scaled from the least to the most of what is seen, as UTF-8.  A series that
 * moves less than 1 % is flat at half height. */
void lk_spark_text(const float *points, uint32_t count, int cells, bool ascii, char *out,
    size_t out_bytes);

#endif
