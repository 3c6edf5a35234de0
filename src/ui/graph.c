#include "config.h"

#include "ui/graph.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "util/text.h"

#include "ui/canvas.h"
#include "ui/spark.h"

#define AXIS_CELLS	8	/* of the bytes at the left, with the line */
#define AXIS_BYTES	6	/* more where sizes are written out */
#define FLAT_SHARE	0.01	/* what moves less has no shape */
#define DAY_S		86400

/* What is drawn: a value for each column, and what they are scaled by. */
struct plot {
	struct lk_area	area;		/* of the bars */
	double		values[LK_CANVAS_COLS_MAX];	/* [area.cols]; NAN: none */
	double		low, high;
	double		to_s;		/* the right edge */
};

/* POINT as an index; one before the first, or one that no file should have, is 0. */
static size_t
index_of(double point, size_t count)
{
	return !(point > 0) ? 0 : point < (double)count ? (size_t)point : count;
}

/* The mean of the points taken within (FROM, TO], or of the one that stands for it: a point is how
 * it was until then. */
static double
value_between(const struct lk_graph *g, double from_s, double to_s)
{
	double first_s = g->end_s - (double)g->count * g->step_s, sum = 0;
	double from = ceil((from_s - first_s) / g->step_s);
	double to = ceil((to_s - first_s) / g->step_s);
	size_t end = index_of(to, g->count), count = 0;

	if (from == to)
		from--;
	for (size_t i = index_of(from, g->count); i < end; i++) {
		if (isnan(g->bytes[i]))
			continue;
		sum += (double)g->bytes[i];
		count++;
	}
	return count > 0 ? sum / (double)count : NAN;
}

static void
scale(struct plot *p)
{
	p->low = INFINITY;
	p->high = -INFINITY;
	for (int i = 0; i < p->area.cols; i++) {
		p->low = fmin(p->low, p->values[i]);
		p->high = fmax(p->high, p->values[i]);
	}
	if (p->high - p->low < FLAT_SHARE * p->high) {
		p->high /= 0.75;	/* a level, and room above it to see that it is one */
		p->low = 0;
	} else if (p->low < p->high / 2)
		p->low = 0;
	if (!(p->high > p->low))
		p->high = p->low + 1;
}

static void
make_plot(const struct lk_graph *g, struct plot *p)
{
	double width_s = g->span_s / p->area.cols;

	/* Whole columns: it moves when one is full, not a little with each second. */
	p->to_s = ceil(g->to_s / width_s) * width_s;
	for (int i = 0; i < p->area.cols; i++)
		p->values[i] = value_between(g, p->to_s - g->span_s + width_s * i,
		    p->to_s - g->span_s + width_s * (i + 1));
	scale(p);
}

static void
draw_bar(const struct plot *p, struct lk_canvas *c, int column, enum lk_role role, bool ascii)
{
	double share = (p->values[column] - p->low) / (p->high - p->low);
	int eighths;

	if (isnan(share))
		return;
	eighths = (int)lrint(share * p->area.rows * LK_SPARK_LEVELS);
	eighths = eighths < 1 ? 1 : eighths;	/* there was a point */
	for (int row = p->area.row + p->area.rows - 1; row >= p->area.row && eighths > 0; row--) {
		int level = eighths < LK_SPARK_LEVELS ? eighths : LK_SPARK_LEVELS;

		lk_canvas_text(c, row, p->area.col + column, 1, role,
		    lk_spark_glyph((uint8_t)level, ascii));
		eighths -= level;
	}
}

/* The column of MARK; -1: it is not within the span. */
static int
column_of(const struct lk_graph *g, const struct plot *p, const struct lk_graph_mark *mark)
{
	double share = 1 - (p->to_s - mark->at_s) / g->span_s;
	int column;

	if (!(share >= 0 && share <= 1))
		return -1;
	column = (int)floor(share * p->area.cols);
	return column < p->area.cols ? column : p->area.cols - 1;
}

/* A line above the bar, which goes on in it by its colour: how much it was stays to be seen. */
static void
draw_lines(const struct lk_graph *g, const struct plot *p, struct lk_canvas *c, bool ascii)
{
	for (int i = 0; i < g->mark_count; i++) {
		int column = column_of(g, p, &g->marks[i]);

		if (column < 0)
			continue;
		for (int row = 0; row < p->area.rows; row++)
			lk_canvas_text(c, p->area.row + row, p->area.col + column, 1,
			    LK_ROLE_BASELINE, ascii ? "|" : "│");
		draw_bar(p, c, column, LK_ROLE_BASELINE, ascii);
	}
}

/* Beside their lines, where there is room: the newest ones first. */
static void
draw_names(const struct lk_graph *g, const struct plot *p, struct lk_canvas *c)
{
	int free_to = p->area.cols;

	for (int i = g->mark_count; i-- > 0;) {
		int column = column_of(g, p, &g->marks[i]);
		int width = lk_canvas_width(c, g->marks[i].name);

		if (column < 0)
			continue;
		if (column + 1 + width > p->area.cols)
			column = p->area.cols - width - 2;	/* left of its line */
		if (column + 1 + width > free_to || column < -1)
			continue;
		lk_canvas_text(c, p->area.row, p->area.col + column + 1, width, LK_ROLE_BASELINE,
		    g->marks[i].name);
		free_to = column;
	}
}

static void
draw_bytes(const struct plot *p, struct lk_canvas *c, int col, bool ascii)
{
	int last = p->area.rows - 1, cells = p->area.col - 1 - col;
	char text[LK_TEXT_BYTES];

	for (int i = 0; i <= last; i++)
		lk_canvas_text(c, p->area.row + i, p->area.col - 1, 1, LK_ROLE_LINE,
		    ascii ? "|" : "│");
	lk_text_bytes(p->high, text, sizeof(text));
	lk_canvas_right(c, p->area.row, col, cells, LK_ROLE_GRAPH_TEXT, text);
	if (last > 0) {
		lk_text_bytes(p->low, text, sizeof(text));
		lk_canvas_right(c, p->area.row + last, col, cells, LK_ROLE_GRAPH_TEXT, text);
	}
	if (last >= 4) {
		lk_text_bytes(p->low + (p->high - p->low) * (1 - (double)(last / 2) / last), text,
		    sizeof(text));
		lk_canvas_right(c, p->area.row + last / 2, col, cells, LK_ROLE_GRAPH_TEXT, text);
	}
}

/* Clock times within a day; further back they would be of any day. */
static void
draw_times(const struct lk_graph *g, const struct plot *p, struct lk_canvas *c)
{
	int row = p->area.row + p->area.rows, half = p->area.cols / 2;
	char text[LK_TEXT_BYTES], ago[LK_TEXT_BYTES + 8];

	if (g->span_s < DAY_S)
		lk_text_clock(g->to_s - g->span_s, ago, sizeof(ago));
	else
		snprintf(ago, sizeof(ago), "%s ago", lk_text_duration(g->span_s, text,
		    sizeof(text)));
	lk_canvas_text(c, row, p->area.col, half, LK_ROLE_GRAPH_TEXT, ago);
	if (p->area.cols >= 48) {
		snprintf(ago, sizeof(ago), "%s ago", lk_text_duration(g->span_s / 2, text,
		    sizeof(text)));
		lk_canvas_text(c, row, p->area.col + half, half - 10, LK_ROLE_GRAPH_TEXT, ago);
	}
	lk_canvas_right(c, row, p->area.col + half, p->area.cols - half, LK_ROLE_GRAPH_TEXT,
	    lk_text_clock(g->to_s, text, sizeof(text)));
}

void
lk_graph_draw(const struct lk_graph *g, struct lk_canvas *c, const struct lk_area *area,
    bool ascii)
{
	int axis = AXIS_CELLS + (lk_text_used_unit() == LK_TEXT_WHOLE ? AXIS_BYTES : 0);
	struct plot p;

	p.area = (struct lk_area){area->row, area->col + axis, area->rows - 1, area->cols - axis};
	if (p.area.rows < LK_GRAPH_ROWS_LEAST - 1 || p.area.cols < 4 || !(g->step_s > 0))
		return;
	if (p.area.cols > LK_CANVAS_COLS_MAX)
		p.area.cols = LK_CANVAS_COLS_MAX;
	make_plot(g, &p);
	for (int i = 0; i < p.area.cols; i++)
		draw_bar(&p, c, i, g->role, ascii);
	draw_lines(g, &p, c, ascii);
	draw_names(g, &p, c);
	draw_bytes(&p, c, area->col, ascii);
	draw_times(g, &p, c);
}
