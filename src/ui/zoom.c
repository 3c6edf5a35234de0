#include "config.h"

#include "ui/zoom.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/growth.h"
#include "base/attr.h"
#include "model/snapshot.h"
#include "util/text.h"

#include "ui/columns.h"
#include "ui/graph.h"
#include "ui/session.h"
#include "ui/view.h"

#define RANGE_FIRST	1
#define COVERS_SHARE	0.8	/* of a range: then it is taken for covered */
#define HINT_FROM	9	/* rows of the area that make room for the keys */
#define BOTH_FROM	12	/* the same for two graphs */

/* What a sampler keeps at one second, ten, a minute and ten, and the last minute of the first. */
static const struct {
	double	    span_s;
	const char *words;
} ranges[] = {
	{60, "last minute"}, {600, "last 10 minutes"}, {7200, "last 2 hours"},
	{86400, "last day"}, {604800, "last week"},
};

bool
lk_zoom_input(struct lk_zoom *z, enum lk_action action)
{
	const int count = (int)LK_COUNT_OF(ranges);

	if (action == LK_ACTION_ZOOM) {
		z->range = z->open ? (z->range + 1) % count : RANGE_FIRST;
		z->open = true;
		return true;
	}
	if (!z->open)
		return false;
	if (action == LK_ACTION_OPEN)
		z->range -= z->range > 0;
	else if (action == LK_ACTION_CLOSE)
		z->range += z->range + 1 < count;
	else if (action == LK_ACTION_BACK || action == LK_ACTION_BACK_OR_QUIT)
		z->open = false;
	else
		return false;
	return true;
}

/* The finest series that reaches back as far, else the one that reaches furthest. */
static const struct lk_series *
pick_series(const struct lk_snapshot *now, double span_s)
{
	const struct lk_series *best = NULL;

	for (uint32_t i = 0; i < now->series_count; i++) {
		const struct lk_series *series = &now->series[i];

		if (series->step_s * series->count >= COVERS_SHARE * span_s)
			return series;
		if (best == NULL || series->step_s * series->count > best->step_s * best->count)
			best = series;
	}
	return best;
}

static void
begin(const struct lk_zoom *z, const struct lk_snapshot *now, struct lk_graph *g)
{
	memset(g, 0, sizeof(*g));
	g->to_s = now->at_s;
	g->span_s = ranges[z->range].span_s;
	for (uint32_t i = 0; i < now->baseline_count && g->mark_count < LK_GRAPH_MARKS_MAX; i++) {
		struct lk_graph_mark *mark = &g->marks[g->mark_count++];

		mark->at_s = now->baselines[i].at_s;
		snprintf(mark->name, sizeof(mark->name), "B%u", now->baselines[i].id);
	}
}

/* Of all of the process: RSS or live bytes. */
static void
take_series(const struct lk_zoom *z, const struct lk_snapshot *now, bool rss, struct lk_graph *g)
{
	const struct lk_series *series = pick_series(now, ranges[z->range].span_s);

	if (series == NULL)
		return;
	g->bytes = rss ? series->rss_bytes : series->live_bytes;
	g->count = series->count;
	g->step_s = series->step_s;
	g->end_s = series->end_s;
	g->role = rss ? LK_ROLE_GRAPH_TEXT : LK_ROLE_PYTHON;
}

static void
draw(const struct lk_session *s, const struct lk_graph *g, const char *title, struct lk_canvas *c,
    const struct lk_area *area)
{
	struct lk_area below = {area->row + 1, area->col + 1, area->rows - 1, area->cols - 2};
	char words[LK_TABLE_TEXT_BYTES];

	lk_text_head(title, area->cols > 8 ? (size_t)area->cols - 6 : 1, words, sizeof(words));
	lk_view_rule(c, area, area->row, words, s->ascii);
	if (g->count > 0)
		lk_graph_draw(g, c, &below, s->ascii);
	else
		lk_canvas_text(c, below.row + below.rows / 2, below.col + 2, below.cols - 2,
		    LK_ROLE_INACTIVE, "no course of this is kept (of the largest stacks it is)");
}

/* Returns: the rows that are left. */
static int
draw_hint(struct lk_canvas *c, const struct lk_area *area)
{
	if (area->rows < HINT_FROM)
		return area->rows;
	lk_canvas_text(c, area->row + area->rows - 1, area->col + 2, area->cols - 3,
	    LK_ROLE_INACTIVE, "z - further back   + nearer   Esc closes");
	return area->rows - 1;
}

static void
row_title(const struct lk_zoom *z, const struct lk_session *s, const struct lk_growth *row,
    char *out, size_t out_bytes)
{
	char site[LK_TABLE_TEXT_BYTES], place[LK_TABLE_TEXT_BYTES];

	lk_columns_site(row, (int)s->group, site, sizeof(site));
	lk_columns_place(row->frame, place, sizeof(place));
	if (s->group == LK_GROUP_LINE || s->group == LK_GROUP_OWN || s->group == LK_GROUP_STACK)
		snprintf(site, sizeof(site), "%s", place);
	snprintf(out, out_bytes, "%s, live, %s", site, ranges[z->range].words);
}

void
lk_zoom_draw_row(const struct lk_zoom *z, const struct lk_session *s, const struct lk_growth *row,
    struct lk_canvas *c, const struct lk_area *area)
{
	struct lk_area rest = *area;
	char title[2 * LK_TABLE_TEXT_BYTES];
	struct lk_graph g;

	if (s->now == NULL)
		return;
	rest.rows = draw_hint(c, area);
	begin(z, s->now, &g);
	if (z->range > RANGE_FIRST || row == NULL) {
		take_series(z, s->now, false, &g);
		snprintf(title, sizeof(title), "all of Python, live, %s (a row: 10 minutes)",
		    ranges[z->range].words);
		draw(s, &g, title, c, &rest);
		return;
	}
	row_title(z, s, row, title, sizeof(title));
	g.bytes = row->trend_bytes;
	g.count = row->trend_bytes != NULL ? row->trend_count : 0;
	g.step_s = s->now->trend_step_s;
	/* when its last point was taken is not told: within the last step */
	g.end_s = floor(s->now->at_s / g.step_s) * g.step_s;
	g.role = !row->significant ? LK_ROLE_GRAPH_TEXT :
	    row->delta_bytes > 0 ? LK_ROLE_GROW : LK_ROLE_SHRINK;
	draw(s, &g, title, c, &rest);
}

void
lk_zoom_draw_process(const struct lk_zoom *z, const struct lk_session *s, struct lk_canvas *c,
    const struct lk_area *area)
{
	struct lk_area upper = *area, lower = *area;
	struct lk_graph g;
	char title[LK_TABLE_TEXT_BYTES];

	if (s->now == NULL)
		return;
	upper.rows = draw_hint(c, area);
	if (upper.rows >= BOTH_FROM) {
		lower.rows = upper.rows / 2;
		upper.rows -= lower.rows;
		lower.row += upper.rows;
		begin(z, s->now, &g);
		take_series(z, s->now, false, &g);
		snprintf(title, sizeof(title), "Python live, est., %s", ranges[z->range].words);
		draw(s, &g, title, c, &lower);
	}
	begin(z, s->now, &g);
	take_series(z, s->now, true, &g);
	snprintf(title, sizeof(title), "RSS, %s", ranges[z->range].words);
	draw(s, &g, title, c, &upper);
}
