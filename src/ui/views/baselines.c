/* Baselines: the marked moments, and what was born between them and is still alive. */
#include "config.h"

#include <stdio.h>

#include "analysis/growth.h"
#include "model/snapshot.h"
#include "util/text.h"

#include "ui/moments.h"
#include "ui/survivors.h"
#include "ui/view.h"
#include "ui/views/all.h"

#define NOT_TAGGED	(LK_MOMENTS_NOW - 1)

struct baselines {
	struct lk_moments	 moments;
	struct lk_survivors	 survivors;
	uint32_t		 a, b;		/* ids of tagged moments, or NOT_TAGGED */
	bool			 ready;
};

/* ---- update ---------------------------------------------------------------- */

static void
set_up(struct lk_view *view)
{
	struct baselines *v = view->state;

	if (v->ready)
		return;
	v->ready = true;
	v->a = v->b = NOT_TAGGED;
	lk_survivors_init(&v->survivors, view->session);
}

static void
baselines_fini(struct lk_view *view)
{
	struct baselines *v = view->state;

	if (v->ready)
		lk_survivors_fini(&v->survivors);
}

static void
update_moments(struct lk_view *view, const struct lk_snapshot *now)
{
	struct baselines *v = view->state;

	lk_moments_fill(&v->moments, now);
	lk_table_begin(&view->own);
	for (size_t i = 0; i < v->moments.count; i++) {
		const struct lk_moment *m = &v->moments.list[i];

		lk_table_add(&view->own, (uint64_t)m->id + 1, m,
		    (m->id == v->a ? LK_ROW_TAG_A : 0u) | (m->id == v->b ? LK_ROW_TAG_B : 0u));
	}
	lk_table_end(&view->own, view->session->now_ms);
}

static void
baselines_update(struct lk_view *view)
{
	const struct lk_snapshot *now = view->session->now;
	struct baselines *v = view->state;

	set_up(view);
	if (now == NULL)
		return;
	update_moments(view, now);
	lk_survivors_update(&v->survivors, now);
}

/* ---- draw ------------------------------------------------------------------ */

static void
draw_files(struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	const struct lk_snapshot *files[] = {view->session->before, view->session->now};

	for (int i = 0; i < 2; i++) {
		char text[LK_TABLE_TEXT_BYTES], rss[LK_TEXT_BYTES], clock[LK_TEXT_BYTES];

		snprintf(text, sizeof(text), "%c  %s  RSS %s  %.200s", "AB"[i],
		    lk_text_clock(files[i]->at_s, clock, sizeof(clock)),
		    lk_text_bytes(files[i]->rss_bytes, rss, sizeof(rss)), files[i]->origin);
		lk_text_clean(text, text, sizeof(text));
		lk_canvas_text(c, area->row + 1 + i, area->col + 2, area->cols - 2, LK_ROLE_MAIN,
		    text);
	}
	lk_canvas_text(c, area->row + 4, area->col + 2, area->cols - 2, LK_ROLE_INACTIVE,
	    "two files: 1 Stacks shows what grew from A to B");
}

static void
baselines_draw(struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	const struct lk_session *s = view->session;
	struct baselines *v = view->state;
	struct lk_area list = *area, matrix = *area;
	int most = area->rows >= 12 ? area->rows / 2 : area->rows - 2;

	if (s->now == NULL) {
		lk_view_empty(c, area, "waiting for the first numbers", NULL);
		return;
	}
	if (s->before != NULL) {
		draw_files(view, c, area);
		return;
	}
	set_up(view);
	if (area->rows < 12) {		/* room for one of the two */
		lk_table_draw(view->table, c, area);
		return;
	}
	list.rows = (int)v->moments.count + 1 < most ? (int)v->moments.count + 1 : most;
	lk_table_draw(&view->own, c, &list);
	matrix.row += list.rows + 1;
	matrix.rows -= list.rows + 1;
	lk_view_rule(c, area, matrix.row - 1, view->table == &v->survivors.table ?
	    "alive now, by when it was born  (a: back to the list)" :
	    "alive now, by when it was born  (a: into this table)", s->ascii);
	lk_table_draw(&v->survivors.table, c, &matrix);
	if (s->now->baseline_count == 0)
		lk_canvas_text(c, area->row + area->rows - 1, area->col + 3, area->cols - 3,
		    LK_ROLE_HIGH, "b marks a baseline: what is born after it and stays is suspect");
}

/* ---- keys ------------------------------------------------------------------ */

static const struct lk_moment *
selected_moment(const struct lk_view *view)
{
	const struct lk_row_ref *row = lk_table_selected(&view->own);

	return row != NULL ? row->item : NULL;
}

static void
tag(struct lk_view *view)
{
	struct baselines *v = view->state;
	const struct lk_moment *m = selected_moment(view);

	if (m == NULL)
		return;
	if (v->a == m->id)
		v->a = NOT_TAGGED;
	else if (v->b == m->id)
		v->b = NOT_TAGGED;
	else if (v->a == NOT_TAGGED)
		v->a = m->id;
	else
		v->b = m->id;
	baselines_update(view);
	lk_session_say(view->session, LK_ROLE_BASELINE, v->a == NOT_TAGGED || v->b == NOT_TAGGED ?
	    "tagged: tag the other one too, or Enter" : "A and B tagged: Enter shows the growth");
}

/* What is not tagged: A is the selected moment, B is now. */
static void
show_diff(struct lk_view *view)
{
	struct lk_session *s = view->session;
	struct baselines *v = view->state;
	const struct lk_moment *m = selected_moment(view);
	uint32_t a = v->a, b = v->b != NOT_TAGGED ? v->b : LK_MOMENTS_NOW;
	char from[96], to[96] = "now";

	if (a == NOT_TAGGED && m != NULL)
		a = m->id;
	if (a == b || a == NOT_TAGGED) {
		lk_session_say(s, LK_ROLE_WARN, "choose two moments: Space tags A, then B");
		return;
	}
	if (a > b) {		/* ids rise with time; start is 0, now the greatest */
		uint32_t swap = a;

		a = b;
		b = swap;
	}
	s->reference = a;
	s->until = b == LK_MOMENTS_NOW ? 0 : b;
	s->wish_view = '1';
	lk_session_baseline_name(s, a, from, sizeof(from));
	if (b != LK_MOMENTS_NOW)
		lk_session_baseline_name(s, b, to, sizeof(to));
	lk_session_say(s, LK_ROLE_BASELINE, "growth from %s to %s", from, to);
}

static void
rename_selected(struct lk_view *view)
{
	struct lk_session *s = view->session;
	const struct lk_moment *m = selected_moment(view);

	if (!lk_session_touches(s))
		return;
	if (m == NULL || m->id == LK_MOMENTS_START || m->id == LK_MOMENTS_NOW) {
		lk_session_say(s, LK_ROLE_WARN, "only baselines have names");
		return;
	}
	s->prompt_number = m->id;
	lk_prompt_open(&s->prompt, LK_ASK_RENAME, "new name", m->name);
}

static const struct lk_frame *
baselines_frame(const struct lk_view *view)
{
	const struct baselines *v = view->state;

	return v->ready ? lk_survivors_frame(&v->survivors) : NULL;
}

static bool
baselines_input(struct lk_view *view, enum lk_action action)
{
	struct baselines *v = view->state;

	set_up(view);
	switch (action) {
	case LK_ACTION_TAG:
		tag(view);
		return true;
	case LK_ACTION_MODE:
		view->table = view->table == &view->own ? &v->survivors.table : &view->own;
		return true;
	case LK_ACTION_ENTER:
		if (view->table == &v->survivors.table)
			lk_session_show_source(view->session, baselines_frame(view));
		else
			show_diff(view);
		return true;
	case LK_ACTION_RENAME:
		rename_selected(view);
		return true;
	default:
		return false;
	}
}

static void
tag_name(const struct lk_session *s, uint32_t id, char *out, size_t out_bytes)
{
	char name[96];

	if (id == LK_MOMENTS_NOW)
		snprintf(out, out_bytes, "now");
	else
		snprintf(out, out_bytes, "%.20s",
		    lk_session_baseline_name(s, id, name, sizeof(name)));
}

static void
baselines_status(const struct lk_view *view, char *out, size_t out_bytes)
{
	const struct lk_session *s = view->session;
	const struct baselines *v = view->state;
	char a[32], b[32];

	if (!v->ready || s->now == NULL || s->before != NULL)
		return;
	tag_name(s, v->a != NOT_TAGGED ? v->a : lk_growth_resolve(s->now, s->reference), a,
	    sizeof(a));
	tag_name(s, v->b != NOT_TAGGED ? v->b : LK_MOMENTS_NOW, b, sizeof(b));
	snprintf(out, out_bytes, "A=%s B=%s", a, b);
}

const struct lk_view_ops lk_view_baselines = {
	.id = "baselines",
	.title = "Baselines",
	.short_title = "Base",
	.key = '8',
	.state_size = sizeof(struct baselines),
	.columns = lk_moments_columns,
	.fini = baselines_fini,
	.update = baselines_update,
	.draw = baselines_draw,
	.input = baselines_input,
	.status = baselines_status,
	.frame = baselines_frame,
};
