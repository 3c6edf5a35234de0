/* Referrers: the ways to objects of one type, of one stack, or to one object. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/hash.h"
#include "model/frozen.h"
#include "model/snapshot.h"
#include "util/text.h"

#include "ui/freeze.h"
#include "ui/view.h"
#include "ui/views/all.h"

#define DETAIL_ROWS	6	/* with its rule */
#define DETAIL_FROM	14	/* rows of the area that make room for it */
#define LOOP_FROM	10	/* the same for a cycle */
#define PATH_BYTES	1024
#define WIDE_COLS	66	/* here a whole sentence says enough before it is cut */

struct referrers {
	const struct lk_snapshot *held;		/* what holders points into */
	const struct lk_holders	 *holders;	/* NULL: nothing is known */
};

static const struct lk_holder *
row_of(const struct lk_ask *ask)
{
	return ask->item;
}

/* ---- columns ------------------------------------------------------------------------- */

static void
count_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_count(row_of(ask)->object_count, out, out_bytes);
}

static double
count_value(const struct lk_ask *ask)
{
	return row_of(ask)->object_count;
}

static void
share_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct referrers *v = ask->state;

	lk_text_percent(row_of(ask)->object_count,
	    v->holders != NULL ? v->holders->object_count : NAN, out, out_bytes);
}

static void
bytes_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_bytes(row_of(ask)->bytes, out, out_bytes);
}

static double
bytes_value(const struct lk_ask *ask)
{
	return row_of(ask)->bytes;
}

static void
retained_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_bytes(row_of(ask)->retained_bytes, out, out_bytes);
}

static double
retained_value(const struct lk_ask *ask)
{
	return row_of(ask)->retained_bytes;
}

static void
path_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_clean(row_of(ask)->path, out, out_bytes);
}

static const struct lk_column column_count = {
	.id = "count", .title = "N", .width_cells = 6, .text = count_text, .value = count_value,
	.help = "objects at the end of this way",
};
static const struct lk_column column_share = {
	.id = "share", .title = "SHARE", .width_cells = 5, .drop = 3, .text = share_text,
	.value = count_value, .help = "of all that were asked for",
};
static const struct lk_column column_bytes = {
	.id = "bytes", .title = "BYTES", .width_cells = 7, .drop = 2, .text = bytes_text,
	.value = bytes_value, .help = "of these objects alone",
};
static const struct lk_column column_retained = {
	.id = "retained", .title = "RETAINED", .width_cells = 8, .drop = 1, .text = retained_text,
	.value = retained_value, .help = "what would go with them: all that only they hold",
};
static const struct lk_column column_path = {
	.id = "path", .title = "HELD BY", .width_cells = 16, .stretch = 1, .left = true,
	.tail = true, .search = true, .text = path_text,
	.help = "shortest way there: .name an attribute, [] an item, -> what a type holds else",
};
static const struct lk_column *const referrers_columns[] = {
	&column_count, &column_share, &column_bytes, &column_retained, &column_path, NULL,
};

/* ---- content ------------------------------------------------------------------------- */

static void
referrers_fini(struct lk_view *view)
{
	struct referrers *v = view->state;

	lk_snapshot_put(v->held);
}

static uint64_t
key_of(const char *path)
{
	return lk_hash_text(LK_HASH_BEGIN, path);
}

static bool
is_asked(const struct lk_session *s)
{
	return s->freeze.label[0] != '\0';
}

static void
referrers_update(struct lk_view *view)
{
	struct lk_session *s = view->session;
	struct referrers *v = view->state;
	const struct lk_snapshot *held = v->held;

	v->held = s->now != NULL ? lk_snapshot_get(s->now) : NULL;
	v->holders = s->now != NULL && is_asked(s) ? lk_frozen_holders(s->now, &s->freeze.held) :
	    NULL;
	lk_table_begin(view->table);
	for (uint32_t i = 0; v->holders != NULL && i < v->holders->count; i++)
		lk_table_add(view->table, key_of(v->holders->list[i].path), &v->holders->list[i],
		    0);
	lk_table_end(view->table, s->now_ms);
	lk_snapshot_put(held);
}

static void
put_sentence(const struct lk_holders *h, const char *what, char *out, size_t out_bytes)
{
	char holder[LK_TABLE_TEXT_BYTES], some[LK_TEXT_BYTES], all[LK_TEXT_BYTES];

	lk_freeze_holder(h, holder, sizeof(holder));
	lk_freeze_count(h->object_count, all, sizeof(all));
	if ((h->count == 0 || h->object_count == 0) && h->held.kind == LK_HELD_TYPE)
		snprintf(out, out_bytes, "there is no object of %s now", what);
	else if (h->count == 0 || h->object_count == 0)
		snprintf(out, out_bytes, "%s: none was found; gone, or not held by Python", what);
	else if (h->object_count == 1)
		snprintf(out, out_bytes, "%s is %s", what, holder);
	else if (h->list[0].object_count >= h->object_count)
		snprintf(out, out_bytes, "all %s %s are %s", all, what, holder);
	else
		snprintf(out, out_bytes, "%s of %s %s are %s",
		    lk_freeze_count(h->list[0].object_count, some, sizeof(some)), all, what,
		    holder);
}

/* Where there is no room for it. */
static void
put_share(const struct lk_holders *h, char *out, size_t out_bytes)
{
	char holder[LK_TABLE_TEXT_BYTES], share[LK_TEXT_BYTES];

	snprintf(out, out_bytes, "%s %s",
	    lk_text_percent(h->list[0].object_count, h->object_count, share, sizeof(share)),
	    lk_freeze_holder(h, holder, sizeof(holder)));
}

static void
draw_answer(const struct lk_session *s, const struct lk_holders *h, struct lk_canvas *c,
    const struct lk_area *area)
{
	const char *dot = strrchr(s->freeze.label, '.');
	char text[2 * LK_TABLE_TEXT_BYTES];

	put_sentence(h, s->freeze.label, text, sizeof(text));
	if (lk_canvas_width(c, text) > area->cols - 3 && dot != NULL && dot[1] != '\0' &&
	    s->freeze.held.kind == LK_HELD_TYPE)
		put_sentence(h, dot + 1, text, sizeof(text));
	if (lk_canvas_width(c, text) > area->cols - 3 && h->count > 0 && area->cols < WIDE_COLS)
		put_share(h, text, sizeof(text));
	lk_text_head(text, (size_t)area->cols - 3, text, sizeof(text));
	lk_canvas_text(c, area->row, area->col + 3, area->cols - 3, LK_ROLE_TITLE, text);
}

/* "5,100 are in cycles of 3: Context -> dict -> method -> Context". */
static void
draw_loop(const struct lk_holders *h, struct lk_canvas *c, const struct lk_area *area)
{
	char text[PATH_BYTES], words[LK_TABLE_TEXT_BYTES], count[LK_TEXT_BYTES], length[32] = "";

	lk_text_clean(h->loops[0].words, words, sizeof(words));
	if (h->loops[0].length > 0)
		snprintf(length, sizeof(length), " of %.0f", h->loops[0].length);
	snprintf(text, sizeof(text), "%s in cycles%s: %s",
	    lk_freeze_count(h->loops[0].object_count, count, sizeof(count)), length, words);
	lk_text_head(text, (size_t)area->cols - 3, text, sizeof(text));
	lk_canvas_text(c, area->row, area->col + 3, area->cols - 3, LK_ROLE_WARN, text);
}

/* ---- the selected way -------------------------------------------------------------------- */

/* Where the next step of the way at AT begins: at an item, an attribute behind one, or an arrow. */
static size_t
length_of_step(const char *at, bool first)
{
	size_t i = strncmp(at, " -> ", 4) == 0 ? 4 : strncmp(at, "[]", 2) == 0 ? 2 : 1;
	bool dotted = first || i == 4;	/* the name of a module, or of a type */

	if (first && at[0] == '(') {
		const char *end = strchr(at, ')');

		i = end != NULL ? (size_t)(end - at) + 1 : i;
	}
	while (at[i] != '\0' && strncmp(at + i, "[]", 2) != 0 &&
	    strncmp(at + i, " -> ", 4) != 0 && (dotted || at[i] != '.'))
		i++;
	return i;
}

static const char *
meaning_of(const struct lk_snapshot *now, const char *step, bool first)
{
	if (first && strncmp(step, "(garbage)", 9) == 0)
		return lk_freeze_is_collector_off(now) ?
		    "nothing holds these, but the collector is disabled" :
		    "nothing holds these: the next collection frees them";
	if (first && strncmp(step, "(local", 6) == 0)
		return "a local variable of a function that runs";
	if (first && strncmp(step, "(C", 2) == 0)
		return "C code, or the midst of an expression";
	if (first)
		return "a name of a module";
	return step[0] == '[' ? "its items" : step[0] == '.' ? "an attribute" : "what it holds";
}

static void
draw_way(const struct lk_session *s, struct lk_canvas *c, const struct lk_area *area,
    const char *path)
{
	const char *branch = s->ascii ? "`- " : "└─ ";
	int row = area->row, indent = 0;

	while (*path != '\0' && row < area->row + area->rows) {
		bool first = row == area->row, last = row + 1 == area->row + area->rows;
		size_t length = last ? strlen(path) : length_of_step(path, first);
		char step[PATH_BYTES];
		int col = area->col + indent;

		snprintf(step, sizeof(step), "%.*s", (int)length, path);
		if (!first)
			col += lk_canvas_text(c, row, col, 3, LK_ROLE_LINE, branch);
		col += lk_canvas_text(c, row, col, area->col + area->cols - col,
		    first ? LK_ROLE_TITLE : LK_ROLE_MAIN, step + strspn(step, " "));
		lk_canvas_text(c, row, col + 2, area->col + area->cols - col - 2,
		    LK_ROLE_INACTIVE, meaning_of(s->now, path + strspn(path, " "), first));
		indent += first ? 1 : 3;
		path += length;
		row++;
	}
}

static void
draw_detail(const struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	const struct lk_row_ref *row = lk_table_selected(view->table);
	const struct lk_holder *holder = row != NULL ? row->item : NULL;
	struct lk_area inner = {area->row + 1, area->col + 2, area->rows - 1, area->cols - 3};
	char path[PATH_BYTES], text[96], count[LK_TEXT_BYTES];

	if (holder == NULL)
		return;
	snprintf(text, sizeof(text), "selected way, to %s object%s",
	    lk_freeze_count(holder->object_count, count, sizeof(count)),
	    holder->object_count == 1 ? "" : "s");
	lk_view_rule(c, area, area->row, text, view->session->ascii);
	lk_text_clean(holder->path, path, sizeof(path));
	draw_way(view->session, c, &inner, path);
}

static void
referrers_draw(struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	const struct lk_session *s = view->session;
	const struct referrers *v = view->state;
	int detail = area->rows >= DETAIL_FROM ? DETAIL_ROWS : 0, used;
	struct lk_area rest = *area, below = *area;

	if (v->holders == NULL) {
		lk_freeze_draw_nothing(s, c, area, false, "4 Types lists types");
		return;
	}
	draw_answer(s, v->holders, c, &rest);
	rest.row++;
	used = 1 + lk_freeze_draw_head(s, &v->holders->frozen, c, &rest, false);
	if (v->holders->loop_count > 0 && area->rows >= LOOP_FROM) {
		rest.row = area->row + used++;
		draw_loop(v->holders, c, &rest);
	}
	rest.row = area->row + used;
	rest.rows = area->rows - used - detail;
	below.row = rest.row + rest.rows;
	below.rows = detail;
	lk_table_draw(view->table, c, &rest);
	if (detail > 0)
		draw_detail(view, c, &below);
}

static bool
referrers_input(struct lk_view *view, enum lk_action action)
{
	struct lk_session *s = view->session;
	char label[sizeof(s->freeze.label)], type[sizeof(s->freeze.type)];
	struct lk_held held = s->freeze.held;

	if (lk_freeze_input(s, action))
		return true;
	if (action != LK_ACTION_RELOAD)
		return false;
	if (!is_asked(s)) {
		lk_session_say(s, LK_ROLE_WARN, "r on a row of another view asks");
		return true;
	}
	memcpy(label, s->freeze.label, sizeof(label));
	memcpy(type, s->freeze.type, sizeof(type));
	held.type = type;
	lk_freeze_holders(s, &held, label, true);
	return true;
}

static void
referrers_status(const struct lk_view *view, char *out, size_t out_bytes)
{
	const struct referrers *v = view->state;

	if (v->holders == NULL)
		return;
	if (v->holders->sample_count > 0)
		snprintf(out, out_bytes, "%.0f of %.0f samples", v->holders->found_count,
		    v->holders->sample_count);
	else
		snprintf(out, out_bytes, "%.0f way%s", v->holders->path_count,
		    v->holders->path_count == 1 ? "" : "s");
}

const struct lk_view_ops lk_view_referrers = {
	.id = "referrers",
	.title = "Referrers",
	.short_title = "Ref",
	.key = 'r',
	.of_heap = true,
	.state_size = sizeof(struct referrers),
	.columns = referrers_columns,
	.sort = "count",
	.fini = referrers_fini,
	.update = referrers_update,
	.draw = referrers_draw,
	.input = referrers_input,
	.status = referrers_status,
};
