/* zoom.h - the trend of a row, or of the process, as a graph over a range of time.  Room: ui. */
#ifndef LK_UI_ZOOM_H
#define LK_UI_ZOOM_H

#include <stdbool.h>

#include "ui/keys.h"

struct lk_area;
struct lk_canvas;
struct lk_growth;
struct lk_session;

#define LK_ZOOM_BESIDE_FROM	16	/* rows of a view that has room for its table too */

struct lk_zoom {
	bool	open;
	int	range;		/* which of the ranges, the shortest is 0 */
};

/* lk_zoom_input - opens, closes, goes nearer or further back.  Returns: true when ACTION did. */
bool lk_zoom_input(struct lk_zoom *z, enum lk_action action);

/* lk_zoom_draw_row - live bytes of G (NULL: none is selected) as far back as the sampler keeps
 * them for a stack, beyond that those of all of Python. */
void lk_zoom_draw_row(const struct lk_zoom *z, const struct lk_session *s,
    const struct lk_growth *g, struct lk_canvas *c, const struct lk_area *area);

/* lk_zoom_draw_process - RSS, and Python's live bytes where there is room for both. */
void lk_zoom_draw_process(const struct lk_zoom *z, const struct lk_session *s,
    struct lk_canvas *c, const struct lk_area *area);

#endif
