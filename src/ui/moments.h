/* moments.h - the moments that growth can be counted between: the start, the baselines, now.
 * Room: ui. */
#ifndef LK_UI_MOMENTS_H
#define LK_UI_MOMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "ui/table.h"

struct lk_snapshot;

#define LK_MOMENTS_INTERVALS_MAX	33	/* before, between and after 32 baselines */
#define LK_MOMENTS_MAX			(LK_MOMENTS_INTERVALS_MAX + 1)

#define LK_MOMENTS_START		0u
#define LK_MOMENTS_NOW			UINT32_MAX

struct lk_moment {
	uint32_t	 id;		/* of a baseline, or START or NOW: they rise with time */
	char		 name[72];	/* not cleaned */
	double		 at_s, rss_bytes;
	double		 growth_bytes;	/* of RSS since the moment before; NAN of the start */
	double		 alive_bytes;	/* born since the moment before; NAN of the start */
	double		 alive_share;	/* of the most of them, 0 to 1; NAN before the first
					   baseline: what was born then is mostly what stays */
};

struct lk_moments {
	struct lk_moment list[LK_MOMENTS_MAX];	/* the oldest first */
	size_t		 count;
};

/* lk_moments_fill - those of NOW, whose texts are copied. */
void lk_moments_fill(struct lk_moments *moments, const struct lk_snapshot *now);

/* Of a table of struct lk_moment. */
extern const struct lk_column *const lk_moments_columns[];

#endif
