/* Tree: who called whom, with what lives and grows below each call; as rows or as an icicle. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/growth.h"
#include "analysis/tree.h"
#include "base/attr.h"
#include "model/snapshot.h"
#include "util/text.h"

#include "ui/columns.h"
#include "ui/icicle.h"
#include "ui/view.h"
#include "ui/views/all.h"

#define ROWS_MAX	4096
#define HOT_SHARE	0.4	/* of its parent: opened by itself */
#define OPEN_ALL_MAX	512	/* nodes that one key opens */
#define NO_INDENT	UINT32_MAX
#define SNAPSHOTS	3

struct tree_row {
	uint32_t	node;
	uint32_t	folded;		/* calls above it that lead nowhere else */
	uint32_t	indent;
	bool		opens, is_open;
};

struct tree {
	struct lk_tree	 *tree;
	struct tree_row	 *rows;		/* [row_count] of ROWS_MAX */
	size_t		  row_count;
	struct tree_mark {
		uint32_t  indent;	/* of its children's rows, while rows are made */
		bool	  open;		/* its children are shown */
	}		 *marks;	/* [mark_count] by node */
	uint32_t	  mark_count;
	uint32_t	  zoom;		/* a node: all rows are below it */
	bool		  inverted, by_live, as_icicle, opened;
	int		  pid;		/* whose stacks they are */
	uint64_t	  start_time;
	double		  total;	/* what shares are of */
	/* the tree makes nodes of their stacks when they are looked at */
	const struct lk_snapshot *held[SNAPSHOTS];
	struct lk_icicle *icicle;
};

static const struct lk_tree_node *
node_of(const struct lk_ask *ask)
{
	const struct tree *v = ask->state;
	const struct tree_row *row = ask->item;

	return lk_tree_at(v->tree, row->node);
}

/* ---- columns ------------------------------------------------------------------------------ */

static bool
by_live(const struct lk_ask *ask)
{
	return ((const struct tree *)ask->state)->by_live;
}

static void
bytes_text(double bytes, bool live, char *out, size_t out_bytes)
{
	if (live)
		lk_text_bytes(bytes, out, out_bytes);
	else
		lk_text_bytes_signed(bytes, out, out_bytes);
}

static void
total_heading(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "%s", by_live(ask) ? "TOTAL" : "dTOTAL");
}

static void
total_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct lk_tree_node *n = node_of(ask);

	bytes_text(by_live(ask) ? n->live_bytes : n->delta_bytes, by_live(ask), out, out_bytes);
}

static enum lk_role
total_role(const struct lk_ask *ask)
{
	double delta = node_of(ask)->delta_bytes;

	return by_live(ask) || fabs(delta) < 1 ? LK_ROLE_MAIN : delta > 0 ? LK_ROLE_GROW :
	    LK_ROLE_SHRINK;
}

static void
own_heading(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "%s", by_live(ask) ? "OWN" : "dOWN");
}

/* Upside down the bytes of a stack are where its calls began: not the node's own. */
static void
own_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct lk_tree_node *n = node_of(ask);
	double own = by_live(ask) ? n->own_live_bytes : n->own_delta_bytes;

	if (fabs(own) >= 1)
		bytes_text(own, by_live(ask), out, out_bytes);
}

static void
live_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct lk_tree_node *n = node_of(ask);

	bytes_text(by_live(ask) ? n->delta_bytes : n->live_bytes, !by_live(ask), out, out_bytes);
}

static void
live_heading(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "%s", by_live(ask) ? "dTOTAL" : "LIVE");
}

static void
share_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct tree *v = ask->state;
	double value = lk_icicle_value(node_of(ask), v->by_live);

	if (value > 0)
		lk_text_percent(value, v->total, out, out_bytes);
}

static void
frame_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct tree *v = ask->state;
	const struct tree_row *row = ask->item;
	char label[LK_ICICLE_LABEL_BYTES];

	lk_icicle_label(v->tree, row->node, row->folded, label);
	snprintf(out, out_bytes, "%*s%c %s", (int)(row->indent < 40 ? row->indent : 40), "",
	    !row->opens ? ' ' : row->is_open ? '-' : '+', label);
}

static const struct lk_column column_total = {
	.id = "total", .title = "dTOTAL", .width_cells = 8, .heading = total_heading,
	.text = total_text, .role = total_role,
	.help = "growth since the reference of this call and all that it called; a: live bytes",
};
static const struct lk_column column_own = {
	.id = "own", .title = "dOWN", .width_cells = 8, .drop = 2, .heading = own_heading,
	.text = own_text, .help = "the same of what it allocated itself",
};
static const struct lk_column column_live = {
	.id = "live", .title = "LIVE", .width_cells = 7, .drop = 3, .heading = live_heading,
	.text = live_text, .help = "live bytes of this call and all that it called; a: growth",
};
static const struct lk_column column_share = {
	.id = "share", .title = "%", .width_cells = 4, .drop = 1, .text = share_text,
	.help = "share of all that is shown",
};
static const struct lk_column column_frame = {
	.id = "frame", .title = "CALL", .width_cells = 16, .stretch = 1, .left = true,
	.search = true, .text = frame_text,
	.help = "function and line; (3): three calls above it that lead nowhere else",
};
static const struct lk_column *const tree_columns[] = {
	&column_total, &column_own, &column_live, &column_share, &column_frame, NULL,
};

/* ---- rows --------------------------------------------------------------------------------- */

static void
tree_fini(struct lk_view *view)
{
	struct tree *v = view->state;

	lk_tree_free(v->tree);
	free(v->rows);
	free(v->marks);
	free(v->icicle);
	for (int i = 0; i < SNAPSHOTS; i++)
		lk_snapshot_put(v->held[i]);
}

static bool
is_open(const struct tree *v, uint32_t node)
{
	return node < v->mark_count && v->marks[node].open;
}

/* NULL without memory. */
static struct tree_mark *
mark_of(struct tree *v, uint32_t node)
{
	uint32_t count = 2 * lk_tree_count(v->tree);
	struct tree_mark *more;

	if (node < v->mark_count)
		return &v->marks[node];
	more = realloc(v->marks, count * sizeof(*more));
	if (more == NULL)
		return NULL;
	for (uint32_t i = v->mark_count; i < count; i++)
		more[i] = (struct tree_mark){NO_INDENT, false};
	v->marks = more;
	v->mark_count = count;
	return &v->marks[node];
}

static void
set_open(struct tree *v, uint32_t node, bool open)
{
	struct tree_mark *mark = mark_of(v, node);

	if (mark != NULL)
		mark->open = open;
}

static void
close_all(struct tree *v)
{
	for (uint32_t i = 0; i < v->mark_count; i++)
		v->marks[i].open = false;
}

static bool
is_shown(const struct tree *v, uint32_t node)
{
	const struct lk_tree_node *n = lk_tree_at(v->tree, node);

	return v->by_live ? n->live_bytes > 0 : fabs(n->delta_bytes) >= 1;
}

/* Whether NODE has COUNT children that show. */
static bool
has_children(const struct tree *v, uint32_t node, uint32_t count)
{
	for (uint32_t i = lk_tree_expand(v->tree, node); i != LK_TREE_NONE && count > 0;
	    i = lk_tree_at(v->tree, i)->next)
		count -= is_shown(v, i);
	return count == 0;
}

/* The hottest way down, as far as there is one. */
static void
open_hottest(struct tree *v, bool sort)
{
	uint32_t node = lk_icicle_skip(v->tree, v->zoom, v->by_live, &(uint32_t){0}), first;

	for (;;) {
		double value = lk_icicle_value(lk_tree_at(v->tree, node), v->by_live);

		set_open(v, node, true);
		first = lk_tree_expand(v->tree, node);
		if (sort) {
			lk_tree_sort(v->tree, node, v->by_live);
			first = lk_tree_at(v->tree, node)->first;
		}
		if (first == LK_TREE_NONE || v->inverted || !(value > 0) ||
		    lk_icicle_value(lk_tree_at(v->tree, first), v->by_live) < HOT_SHARE * value)
			return;
		node = lk_icicle_skip(v->tree, first, v->by_live, &(uint32_t){0});
	}
}

static bool
add_row(struct tree *v, uint32_t node, uint32_t folded, uint32_t indent)
{
	if (v->row_count == ROWS_MAX)
		return false;
	v->rows[v->row_count++] = (struct tree_row){node, folded, indent,
	    has_children(v, node, 1), is_open(v, node)};
	return true;
}

/* The next node that shows, depth first and without recursion: depth is what the program's calls
 * make of it.  DEEPER: the children of NODE come first. */
static uint32_t
next_node(const struct tree *v, uint32_t top, uint32_t node, bool deeper)
{
	uint32_t next = deeper ? lk_tree_expand(v->tree, node) : LK_TREE_NONE;

	for (;;) {
		if (next != LK_TREE_NONE && is_shown(v, next))
			return next;
		if (next != LK_TREE_NONE) {
			next = lk_tree_at(v->tree, next)->next;
			continue;
		}
		if (node == top)
			return LK_TREE_NONE;
		next = lk_tree_at(v->tree, node)->next;
		node = lk_tree_at(v->tree, node)->parent;
	}
}

static uint32_t
known_indent(const struct tree *v, uint32_t node)
{
	return node < v->mark_count ? v->marks[node].indent : NO_INDENT;
}

/* Of the children of the row that NODE is below. */
static uint32_t
indent_of(const struct tree *v, uint32_t node)
{
	uint32_t up = lk_tree_at(v->tree, node)->parent;

	while (up != LK_TREE_ROOT && known_indent(v, up) == NO_INDENT)
		up = lk_tree_at(v->tree, up)->parent;
	return known_indent(v, up) == NO_INDENT ? 0 : known_indent(v, up);
}

static void
make_rows(struct tree *v, bool sort)
{
	uint32_t folded, top = lk_icicle_skip(v->tree, v->zoom, v->by_live, &folded);
	uint32_t node = top, indent = 0;

	v->row_count = 0;
	for (uint32_t i = 0; i < v->mark_count; i++)
		v->marks[i].indent = NO_INDENT;
	if (!is_shown(v, top))
		return;
	while (add_row(v, node, folded, indent)) {
		bool open = is_open(v, node);
		struct tree_mark *mark = open ? mark_of(v, node) : NULL;

		if (mark != NULL)
			mark->indent = indent + (has_children(v, node, 2) ||
			    (v->inverted && node != LK_TREE_ROOT));
		if (open && sort)
			lk_tree_sort(v->tree, node, v->by_live);
		node = next_node(v, top, node, open);
		if (node == LK_TREE_NONE)
			break;
		indent = indent_of(v, node);
		node = lk_icicle_skip(v->tree, node, v->by_live, &folded);
	}
}

/* What is shown, in place of what was; the newest may have said what a baseline was. */
static void
hold(struct tree *v, const struct lk_session *s)
{
	const struct lk_snapshot *const now[SNAPSHOTS] = {s->now, s->before,
	    s->source != NULL ? lk_source_snapshot(s->source) : NULL};

	for (int i = 0; i < SNAPSHOTS; i++) {
		const struct lk_snapshot *old = v->held[i];

		v->held[i] = now[i] != NULL ? lk_snapshot_get(now[i]) : NULL;
		lk_snapshot_put(old);
	}
}

static int
refresh_tree(struct lk_view *view, const struct lk_growth_stacks *stacks)
{
	struct lk_session *s = view->session;
	struct tree *v = view->state;
	bool same = v->tree != NULL && s->before == NULL && v->pid == s->now->process.pid &&
	    v->start_time == s->now->process.start_time;
	int rc;

	if (v->tree == NULL)
		v->tree = lk_tree_new(v->inverted);
	if (v->rows == NULL)
		v->rows = calloc(ROWS_MAX, sizeof(*v->rows));
	if (v->icicle == NULL)
		v->icicle = calloc(1, sizeof(*v->icicle));
	if (v->tree == NULL || v->rows == NULL || v->icicle == NULL)
		return -1;
	rc = lk_tree_update(v->tree, stacks, same);
	hold(v, s);
	if (rc > 0) {
		close_all(v);
		v->zoom = LK_TREE_ROOT;
		v->opened = false;
	}
	v->pid = s->before == NULL ? s->now->process.pid : 0;	/* ids of two mean nothing */
	v->start_time = s->now->process.start_time;
	return rc < 0 || lk_tree_count(v->tree) == 0 ? -1 : 0;
}

/* The order holds still for a while after a key, as in every table; here by not sorting. */
static void
tree_update(struct lk_view *view)
{
	struct lk_session *s = view->session;
	struct tree *v = view->state;
	struct lk_growth_stacks *stacks = lk_session_stacks(s);
	int64_t frozen_until_ms = view->table->frozen_until_ms;
	bool sort;

	if (stacks == NULL)
		return;
	v->row_count = 0;
	lk_table_begin(view->table);
	if (refresh_tree(view, stacks) == 0) {
		sort = s->now_ms >= frozen_until_ms || !v->opened;
		if (!v->opened)
			open_hottest(v, sort);
		v->opened = v->opened || v->zoom != LK_TREE_ROOT ||
		    lk_icicle_value(lk_tree_at(v->tree, LK_TREE_ROOT), v->by_live) > 0;
		v->total = lk_icicle_value(lk_tree_at(v->tree, v->zoom), v->by_live);
		make_rows(v, sort);
	}
	for (size_t i = 0; i < v->row_count; i++)
		lk_table_add(view->table, v->rows[i].node, &v->rows[i], 0);
	view->table->frozen_until_ms = 0;
	lk_table_end(view->table, s->now_ms);
	view->table->frozen_until_ms = frozen_until_ms;
	free(stacks);
}

/* ---- draw --------------------------------------------------------------------------------- */

static void
draw_icicle(struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	struct tree *v = view->state;
	struct lk_area boxes = {area->row, area->col + 1, area->rows - 2, area->cols - 2};
	const struct lk_tree_node *n;
	char label[LK_ICICLE_LABEL_BYTES], total[LK_TEXT_BYTES], own[LK_TEXT_BYTES];
	char share[LK_TEXT_BYTES], live[LK_TEXT_BYTES], text[LK_TABLE_TEXT_BYTES];

	lk_icicle_draw(v->icicle, v->tree, v->zoom, v->by_live, c, &boxes);
	n = lk_tree_at(v->tree, v->icicle->selected);
	lk_view_rule(c, area, area->row + area->rows - 2,
	    lk_icicle_label(v->tree, v->icicle->selected, 0, label), view->session->ascii);
	snprintf(text, sizeof(text), "%s of %s: growth %s, own %s; live %s",
	    lk_text_percent(lk_icicle_value(n, v->by_live), v->total, share, sizeof(share)),
	    v->by_live ? "all live bytes" : "all growth",
	    lk_text_bytes_signed(n->delta_bytes, total, sizeof(total)),
	    lk_text_bytes_signed(n->own_delta_bytes, own, sizeof(own)),
	    lk_text_bytes(n->live_bytes, live, sizeof(live)));
	lk_canvas_text(c, area->row + area->rows - 1, area->col + 2, area->cols - 3,
	    LK_ROLE_MAIN, text);
}

static void
tree_draw(struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	const struct lk_session *s = view->session;
	struct tree *v = view->state;

	if (v->tree == NULL || v->row_count == 0)
		lk_view_empty(c, area, s->now == NULL ? "waiting for the first numbers" :
		    "nothing grew since the reference", s->now == NULL ? NULL :
		    "a shows what lives; [ an older reference");
	else if (v->as_icicle)
		draw_icicle(view, c, area);
	else
		lk_table_draw(view->table, c, area);
}

/* ---- keys --------------------------------------------------------------------------------- */

static uint32_t
selected_node(const struct lk_view *view)
{
	const struct tree *v = view->state;
	const struct lk_row_ref *row = lk_table_selected(view->table);
	uint32_t node;

	if (v->tree == NULL || lk_tree_count(v->tree) == 0)
		return LK_TREE_NONE;
	if (v->as_icicle)
		return v->icicle->selected < lk_tree_count(v->tree) ? v->icicle->selected :
		    LK_TREE_ROOT;
	if (row == NULL || row->item == NULL)
		return LK_TREE_NONE;
	node = ((const struct tree_row *)row->item)->node;
	return node < lk_tree_count(v->tree) ? node : LK_TREE_NONE;	/* it was just turned */
}

static const struct lk_frame *
tree_frame(const struct lk_view *view)
{
	const struct tree *v = view->state;
	uint32_t node = selected_node(view);
	const struct lk_tree_node *n = node != LK_TREE_NONE ? lk_tree_at(v->tree, node) : NULL;

	return n != NULL && n->frame.function != NULL ? &n->frame : NULL;
}

/* Level by level, so that what is left closed is what is deepest. */
static void
open_all(struct tree *v, uint32_t from)
{
	uint32_t opened[OPEN_ALL_MAX + 1] = {from}, count = 1;

	set_open(v, from, true);
	for (uint32_t at = 0; at < count && count < LK_COUNT_OF(opened); at++)
		for (uint32_t i = lk_tree_expand(v->tree, opened[at]);
		    i != LK_TREE_NONE && count < LK_COUNT_OF(opened);
		    i = lk_tree_at(v->tree, i)->next) {
			if (!is_shown(v, i))
				continue;
			set_open(v, i, true);
			opened[count++] = i;
		}
}

static void
begin_again(struct lk_view *view)
{
	struct tree *v = view->state;

	v->opened = false;
	v->zoom = LK_TREE_ROOT;
	view->table->frozen_until_ms = 0;
	view->table->touched = false;
}

static void
turn(struct lk_view *view)
{
	struct tree *v = view->state;

	v->inverted = !v->inverted;
	if (v->tree != NULL)
		lk_tree_turn(v->tree);
	close_all(v);
	begin_again(view);
	lk_session_say(view->session, LK_ROLE_MAIN, v->inverted ?
	    "inverted: what allocated first, its callers below" : "outermost calls first");
}

static void
zoom(struct lk_view *view, uint32_t node)
{
	struct tree *v = view->state;

	v->zoom = node;
	set_open(v, node, true);
	view->table->touched = false;
	if (node != LK_TREE_ROOT)
		lk_session_say(view->session, LK_ROLE_MAIN, "zoomed; Esc shows all again");
}

/* Left closes, or goes up where there is nothing to close. */
static void
close_or_up(struct lk_view *view, uint32_t node)
{
	struct tree *v = view->state;
	uint32_t up = lk_tree_at(v->tree, node)->parent;

	if (is_open(v, node)) {
		set_open(v, node, false);
		return;
	}
	while (up != LK_TREE_NONE && !is_open(v, up))
		up = lk_tree_at(v->tree, up)->parent;
	if (up != LK_TREE_NONE)
		view->table->cursor_key = up;
	view->table->touched = true;
}

static bool
act_on_node(struct lk_view *view, enum lk_action action, uint32_t node)
{
	struct tree *v = view->state;

	switch (action) {
	case LK_ACTION_RIGHT:
	case LK_ACTION_OPEN:
		set_open(v, node, true);
		return true;
	case LK_ACTION_CLOSE:
		set_open(v, node, false);
		return true;
	case LK_ACTION_LEFT:
		close_or_up(view, node);
		return true;
	case LK_ACTION_OPEN_ALL:
		open_all(v, node);
		return true;
	case LK_ACTION_ENTER:
		zoom(view, node);
		return true;
	default:
		return false;
	}
}

static bool
tree_input(struct lk_view *view, enum lk_action action)
{
	struct tree *v = view->state;
	uint32_t node = selected_node(view);

	if (v->as_icicle && v->icicle != NULL && lk_icicle_input(v->icicle, action))
		return true;
	if (node != LK_TREE_NONE && act_on_node(view, action, node))
		return true;
	switch (action) {
	case LK_ACTION_TURN:
		turn(view);
		return true;
	case LK_ACTION_GROUP:
		v->as_icicle = !v->as_icicle;
		return true;
	case LK_ACTION_MODE:
	case LK_ACTION_SORT_NEXT:
	case LK_ACTION_SORT_PREVIOUS:
		v->by_live = !v->by_live;
		begin_again(view);
		lk_session_say(view->session, LK_ROLE_MAIN, v->by_live ? "live bytes" : "growth");
		return true;
	case LK_ACTION_BACK:
	case LK_ACTION_BACK_OR_QUIT:
		if (v->zoom == LK_TREE_ROOT || view->table->filter[0] != '\0')
			return false;
		zoom(view, LK_TREE_ROOT);
		return true;
	default:
		return false;
	}
}

static void
tree_status(const struct lk_view *view, char *out, size_t out_bytes)
{
	const struct tree *v = view->state;

	snprintf(out, out_bytes, "%s%s%s", v->by_live ? "live" : "growth",
	    v->inverted ? ", inverted" : "", v->zoom != LK_TREE_ROOT ? ", zoomed" : "");
}

const struct lk_view_ops lk_view_tree = {
	.id = "tree",
	.title = "Tree",
	.short_title = "Tree",
	.key = '2',
	.state_size = sizeof(struct tree),
	.columns = tree_columns,
	.fini = tree_fini,
	.update = tree_update,
	.draw = tree_draw,
	.input = tree_input,
	.status = tree_status,
	.frame = tree_frame,
};
