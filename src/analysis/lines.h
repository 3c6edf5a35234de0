/* lines.h - per-line bytes of one source file, for the Source view.  Pure.  Room: analysis. */
#ifndef LK_ANALYSIS_LINES_H
#define LK_ANALYSIS_LINES_H

#include <stddef.h>
#include <stdint.h>

struct lk_growth_set;

struct lk_line {
	uint32_t	line;
	double		delta_bytes, live_bytes, rate_bytes_per_min, delta_error_bytes;
};

/* lk_lines_of - lines of FILE with anything live or changed, ascending; *count set.  LINES is
 * growth by LK_GROUP_LINE.
 * Own bytes: the site (lk_growth_site) is in FILE, so those of libraries that it called count to
 * its lines.  Caller frees with free().
 * Returns: NULL without memory or when there is none (*count = 0). */
struct lk_line *lk_lines_of(const struct lk_growth_set *lines, const char *file, size_t *count);

#endif
