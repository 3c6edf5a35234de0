/* graph.h - the course of one quantity of bytes over time, with axes and marks.  Room: ui. */
#ifndef LK_UI_GRAPH_H
#define LK_UI_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "ui/theme.h"

struct lk_area;
struct lk_canvas;

#define LK_GRAPH_MARKS_MAX	64
#define LK_GRAPH_ROWS_LEAST	3	/* of its area */

struct lk_graph {
	const float	*bytes;		/* [count] evenly spaced, oldest first; NAN: no point */
	uint32_t	 count;
	double		 step_s, end_s;	/* end_s: when the last one was taken */
	double		 to_s, span_s;	/* what is shown: the SPAN before TO */
	enum lk_role	 role;
	struct lk_graph_mark {
		double	at_s;
		char	name[12];
	}		 marks[LK_GRAPH_MARKS_MAX];	/* [mark_count], in the order of time */
	int		 mark_count;
};

/* lk_graph_draw - bytes upwards, from 0 or from the least of them as the axis says, and the times
 * below; parts of the span without points stay empty. */
void lk_graph_draw(const struct lk_graph *g, struct lk_canvas *c, const struct lk_area *area,
    bool ascii);

#endif
