#include "config.h"

#include "ui/icicle.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/tree.h"

#include "ui/canvas.h"
#include "ui/columns.h"

#define OWN_SHARE 0.02	/* of all: what a box allocated itself stands out */

double
lk_icicle_value(const struct lk_tree_node *node, bool by_live)
{
	double value = by_live ? node->live_bytes : node->delta_bytes;

	return value > 0 ? value : 0;
}

static double
own_value(const struct lk_tree_node *node, bool by_live)
{
	return by_live ? node->own_live_bytes : node->own_delta_bytes;
}

static bool
is_shown(const struct lk_tree_node *node, bool by_live)
{
	return by_live ? node->live_bytes > 0 : fabs(node->delta_bytes) >= 1;
}

/* The only child that shows; NONE: there is none, or another one beside it. */
static uint32_t
only_child(struct lk_tree *t, uint32_t node, bool by_live)
{
	uint32_t only = LK_TREE_NONE;

	for (uint32_t i = lk_tree_expand(t, node); i != LK_TREE_NONE;
	    i = lk_tree_at(t, i)->next) {
		if (!is_shown(lk_tree_at(t, i), by_live))
			continue;
		if (only != LK_TREE_NONE)
			return LK_TREE_NONE;
		only = i;
	}
	return only;
}

uint32_t
lk_icicle_skip(struct lk_tree *t, uint32_t node, bool by_live, uint32_t *folded)
{
	*folded = 0;
	if (lk_tree_is_inverted(t))
		return node;
	while (fabs(own_value(lk_tree_at(t, node), by_live)) < 1) {
		uint32_t child = only_child(t, node, by_live);

		if (child == LK_TREE_NONE)
			break;
		*folded += node != LK_TREE_ROOT;
		node = child;
	}
	return node;
}

char *
lk_icicle_label(const struct lk_tree *t, uint32_t node, uint32_t folded, char *out)
{
	const struct lk_tree_node *n = lk_tree_at(t, node);
	char name[LK_ICICLE_LABEL_BYTES] = "all", line[16] = "", skipped[24] = "";

	if (node != LK_TREE_ROOT)
		lk_columns_function(n->frame.function != NULL ? &n->frame : NULL, name,
		    sizeof(name));
	if (n->frame.line > 0)
		snprintf(line, sizeof(line), ":%u", n->frame.line);
	if (folded > 0)
		snprintf(skipped, sizeof(skipped), "(%u) ", folded);
	snprintf(out, LK_ICICLE_LABEL_BYTES, "%s%.400s%s", skipped, name, line);
	return out;
}

/* ---- drawing ------------------------------------------------------------------------------ */

struct work {
	struct lk_icicle	*v;
	struct lk_tree		*t;
	struct lk_canvas	*c;
	const struct lk_area	*area;
	bool			 by_live;
	double			 all;
};

/* The name without its module where that does not fit; the line goes last. */
static const char *
fit(const struct lk_canvas *c, const char *label, int width)
{
	const char *dot;

	while (lk_canvas_width(c, label) > width && (dot = strchr(label, '.')) != NULL &&
	    dot[1] != '\0')
		label = dot + 1;
	return label;
}

static int
add_box(struct work *w, uint32_t node, int parent, int row, int col, int width)
{
	struct lk_icicle *v = w->v;

	if (v->count == LK_ICICLE_BOXES_MAX || row >= w->area->rows || width < 1)
		return -1;
	v->boxes[v->count] = (struct lk_icicle_box){
	    .parent = parent, .row = row, .col = col,
	    .width = width, .node = node};
	return v->count++;
}

static void
draw_box(struct work *w, const struct lk_icicle_box *box, uint32_t folded)
{
	const struct lk_tree_node *n = lk_tree_at(w->t, box->node);
	bool own = own_value(n, w->by_live) >= OWN_SHARE * w->all;
	char label[LK_ICICLE_LABEL_BYTES];
	int row = w->area->row + box->row, col = w->area->col + box->col;

	lk_canvas_text(w->c, row, col, 1, LK_ROLE_LINE, w->c->utf8 ? "▏" : "|");
	lk_icicle_label(w->t, box->node, folded, label);
	lk_canvas_text(w->c, row, col + 1, box->width - 1, own ? LK_ROLE_GROW : LK_ROLE_MAIN,
	    fit(w->c, label, box->width - 1));
	if (box->node == w->v->selected)
		lk_canvas_select(w->c, row, col, box->width);
}

static double
sum_of_children(const struct work *w, uint32_t node)
{
	double sum = 0;

	for (uint32_t i = lk_tree_expand(w->t, node); i != LK_TREE_NONE;
	    i = lk_tree_at(w->t, i)->next)
		sum += lk_icicle_value(lk_tree_at(w->t, i), w->by_live);
	return sum;
}

/* Boxes of one depth follow each other in the list: the list is the queue of what is to be
 * divided further.  Children that shrink leave more than all to the others. */
static void
divide(struct work *w, int parent)
{
	const struct lk_icicle_box box = w->v->boxes[parent];
	double whole = fmax(lk_icicle_value(lk_tree_at(w->t, box.node), w->by_live),
	    sum_of_children(w, box.node));
	double done = 0;

	if (!(whole > 0))
		return;
	for (uint32_t i = lk_tree_expand(w->t, box.node); i != LK_TREE_NONE;
	    i = lk_tree_at(w->t, i)->next) {
		double from = done;
		int col, end, at;
		uint32_t folded, node;

		done += lk_icicle_value(lk_tree_at(w->t, i), w->by_live);
		col = (int)(from / whole * box.width);
		end = (int)(done / whole * box.width);
		if (end <= col)
			continue;
		node = lk_icicle_skip(w->t, i, w->by_live, &folded);
		at = add_box(w, node, parent, box.row + 1, box.col + col, end - col);
		if (at >= 0)
			draw_box(w, &w->v->boxes[at], folded);
	}
}

void
lk_icicle_draw(struct lk_icicle *v, struct lk_tree *t, uint32_t node, bool by_live,
    struct lk_canvas *c, const struct lk_area *area)
{
	struct work w = {v, t, c, area, by_live, 0};
	uint32_t folded;
	bool there = false;

	node = lk_icicle_skip(t, node, by_live, &folded);
	w.all = lk_icicle_value(lk_tree_at(t, node), by_live);
	v->count = 0;
	if (add_box(&w, node, -1, 0, 0, area->cols) < 0)
		return;
	for (uint32_t i = v->selected; i != LK_TREE_NONE && !there && i < lk_tree_count(t);
	    i = lk_tree_at(t, i)->parent)
		there = i == node;
	if (!there)
		v->selected = node;
	draw_box(&w, &v->boxes[0], folded);
	for (int i = 0; i < v->count; i++)
		divide(&w, i);
}

/* ---- keys --------------------------------------------------------------------------------- */

static int
selected_box(const struct lk_icicle *v)
{
	for (int i = 0; i < v->count; i++)
		if (v->boxes[i].node == v->selected)
			return i;
	return v->count > 0 ? 0 : -1;
}

bool
lk_icicle_input(struct lk_icicle *v, enum lk_action action)
{
	int at = selected_box(v), to = -1;

	if (at < 0)
		return false;
	switch (action) {
	case LK_ACTION_UP:
		to = v->boxes[at].parent;
		break;
	case LK_ACTION_DOWN:
		for (int i = v->count - 1; i > at; i--)
			if (v->boxes[i].parent == at)
				to = i;
		break;
	case LK_ACTION_LEFT:
		to = at > 0 && v->boxes[at - 1].row == v->boxes[at].row ? at - 1 : -1;
		break;
	case LK_ACTION_RIGHT:
		to = at + 1 < v->count && v->boxes[at + 1].row == v->boxes[at].row ? at + 1 : -1;
		break;
	case LK_ACTION_FIRST:
		to = 0;
		break;
	default:
		return false;
	}
	if (to >= 0)
		v->selected = v->boxes[to].node;
	return true;
}
