/* Baselines: the marked moments, and what was born between them and is still alive. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/growth.h"
#include "base/attr.h"
#include "model/snapshot.h"
#include "util/text.h"

#include "ui/columns.h"
#include "ui/view.h"
#include "ui/views/all.h"

#define SITES_MAX	200	/* rows of the matrix: the largest by what is alive */
#define INTERVALS_MAX	33	/* 32 baselines and what was before them */
#define SHOWN_MAX	5	/* interval columns: the newest ones */
#define ALIVE_SAMPLES	3	/* fewer samples than that prove nothing */
#define SETTLED_S	30.0	/* a younger interval proves nothing either */
#define CHURN_FREED	0.5

#define ID_START	0u
#define ID_NOW		UINT32_MAX
#define ID_NONE		(UINT32_MAX - 1)

struct moment {
	uint32_t	 id;
	char		 name[72];
	double		 at_s, rss_bytes, growth_bytes, alive_bytes;
};

struct site {
	const struct lk_growth	*growth;
	const struct lk_estimate *born;		/* [interval_count] */
};

struct baselines {
	struct moment		 moments[INTERVALS_MAX + 1];	/* start, baselines, now */
	size_t			 moment_count;
	struct lk_table		 matrix;
	struct lk_growth_set	*set;
	const struct lk_snapshot *held;
	struct site		*sites;		/* [SITES_MAX] */
	struct lk_estimate	*born;		/* [SITES_MAX * INTERVALS_MAX], theirs */
	size_t			 site_count;
	uint32_t		 interval_count;
	uint32_t		 a, b;		/* tags; ID_NONE: not tagged */
	bool			 ready;
};

/* ---- the list of moments --------------------------------------------------- */

static const struct moment *
moment_of(const struct lk_ask *ask)
{
	return ask->item;
}

static void
base_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	uint32_t id = moment_of(ask)->id;

	if (id == ID_START || id == ID_NOW)
		snprintf(out, out_bytes, "%s", id == ID_NOW ? "now" : "start");
	else
		snprintf(out, out_bytes, "B%u", id);
}

static void
name_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_clean(moment_of(ask)->name, out, out_bytes);
}

static void
at_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_clock(moment_of(ask)->at_s, out, out_bytes);
}

static void
rss_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_bytes(moment_of(ask)->rss_bytes, out, out_bytes);
}

static void
growth_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_bytes_signed(moment_of(ask)->growth_bytes, out, out_bytes);
}

static void
alive_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_bytes(moment_of(ask)->alive_bytes, out, out_bytes);
}

/* A bar for what is still alive, beside the largest of them; not for what is before the first. */
static void
bar_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct baselines *v = ask->state;
	double most = 0;
	size_t length = 0;

	for (size_t i = 2; i < v->moment_count; i++)
		most = fmax(most, v->moments[i].alive_bytes);
	out[0] = '\0';
	if (!(most > 0) || moment_of(ask)->id == ID_START || moment_of(ask) == &v->moments[1])
		return;
	for (long cells = lrint(moment_of(ask)->alive_bytes / most * 10);
	    cells > 0 && length + 4 < out_bytes; cells--)
		length += (size_t)snprintf(out + length, out_bytes - length, "%s",
		    ask->session->ascii ? "#" : "█");
}

static enum lk_role
grow_role(const struct lk_ask *ask)
{
	(void)ask;
	return LK_ROLE_GROW;
}

static const struct lk_column column_base = {
	.id = "base", .title = "BASE", .width_cells = 5, .left = true, .text = base_text,
	.help = "the moment: the start, a baseline, or now",
};
static const struct lk_column column_name = {
	.id = "name", .title = "NAME", .width_cells = 8, .stretch = 1, .left = true, .search = true,
	.drop = 1, .text = name_text, .help = "given with B or R",
};
static const struct lk_column column_at = {
	.id = "at", .title = "AT", .width_cells = 8, .text = at_text, .help = "local time",
};
static const struct lk_column column_rss = {
	.id = "rss", .title = "RSS", .width_cells = 7, .drop = 2, .text = rss_text,
	.help = "resident memory at that moment",
};
static const struct lk_column column_growth = {
	.id = "growth", .title = "GROWTH", .width_cells = 7, .text = growth_text,
	.help = "RSS gained since the moment above",
};
static const struct lk_column column_alive = {
	.id = "alive", .title = "STILL ALIVE", .width_cells = 11, .drop = 3, .text = alive_text,
	.help = "allocated since the moment above and not freed until now",
};
static const struct lk_column column_bar = {
	.id = "bar", .title = "", .width_cells = 10, .drop = 4, .left = true, .text = bar_text,
	.role = grow_role,
};
static const struct lk_column *const moment_columns[] = {
	&column_base, &column_name, &column_at, &column_rss, &column_growth, &column_alive,
	&column_bar, NULL,
};

/* ---- the matrix ------------------------------------------------------------ */

static const struct site *
site_of(const struct lk_ask *ask)
{
	return ask->item;
}

/* The interval that column NUMBER shows; -1: it has none. */
static int
interval_of(const struct baselines *v, int number)
{
	int first = (int)v->interval_count > SHOWN_MAX ? (int)v->interval_count - SHOWN_MAX : 0;
	int interval = first + number;

	return interval < (int)v->interval_count ? interval : -1;
}

static void
born_heading(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct baselines *v = ask->state;
	const struct lk_snapshot *now = v->held;
	int i = interval_of(v, ask->column->number);
	char from[16] = "start", to[16] = "now";

	if (i < 0 || now == NULL)
		return;
	if (i > 0)
		snprintf(from, sizeof(from), "B%u", now->baselines[i - 1].id);
	if (i < (int)now->baseline_count)
		snprintf(to, sizeof(to), "B%u", now->baselines[i].id);
	snprintf(out, out_bytes, "%s-%s", from, to);
}

static double
born_value(const struct lk_ask *ask)
{
	int i = interval_of(ask->state, ask->column->number);

	return i >= 0 ? site_of(ask)->born[i].bytes : NAN;
}

static void
born_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	double bytes = born_value(ask);

	if (!isnan(bytes))
		lk_text_bytes(bytes, out, out_bytes);
}

static enum lk_role
born_role(const struct lk_ask *ask)
{
	int i = interval_of(ask->state, ask->column->number);

	return i > 0 && site_of(ask)->born[i].sampled_count >= ALIVE_SAMPLES ? LK_ROLE_GROW :
	    LK_ROLE_INACTIVE;
}

static void
site_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct lk_frame *frame = site_of(ask)->growth->frame;
	char function[LK_TABLE_TEXT_BYTES];

	lk_columns_function(frame, function, sizeof(function));
	if (frame != NULL && frame->line > 0)
		snprintf(out, out_bytes, "%.400s:%u", function, frame->line);
	else
		snprintf(out, out_bytes, "%s", function);
}

static double
since_value(const struct lk_ask *ask)
{
	const struct baselines *v = ask->state;
	double sum = 0;

	for (uint32_t i = v->interval_count > 1 ? 1 : 0; i < v->interval_count; i++)
		sum += site_of(ask)->born[i].bytes;
	return sum;
}

static void
since_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_bytes(since_value(ask), out, out_bytes);
}

static double
freed_value(const struct lk_ask *ask)
{
	const struct lk_growth *g = site_of(ask)->growth;

	return g->est_allocated_bytes > 0 ? g->est_freed_bytes / g->est_allocated_bytes : NAN;
}

static void
freed_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct lk_growth *g = site_of(ask)->growth;

	lk_text_percent(g->est_freed_bytes, g->est_allocated_bytes, out, out_bytes);
}

/* Baselines say more than any rate: what stays from every interval leaks; what stays only
 * from the first ones was warm-up; what is freed again was churn. */
static const char *
verdict_of(const struct baselines *v, const struct site *site, double freed)
{
	uint32_t last = v->interval_count > 0 ? v->interval_count - 1 : 0, closed = 0;
	bool in_last = site->born[last].sampled_count >= ALIVE_SAMPLES;
	bool young = v->held != NULL && last > 0 &&
	    v->held->at_s - v->held->baselines[last - 1].at_s < SETTLED_S;

	if (last == 0)
		return "mark b";
	for (uint32_t i = 1; i < last; i++)
		closed += site->born[i].sampled_count >= ALIVE_SAMPLES;
	if (closed == last - 1 && (in_last || (young && last > 1)))
		return last > 1 ? "LEAK steady" : "grows";
	if (closed == 0 && !in_last)
		return freed > CHURN_FREED ? "churn" : "warm-up";
	return freed > CHURN_FREED ? "churn" : closed > 0 ? "sometimes" : "new";
}

static bool
leaks(const struct baselines *v, const struct site *site)
{
	return strncmp(verdict_of(v, site, 0), "LEAK", 4) == 0;
}

static void
verdict_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "%s", verdict_of(ask->state, site_of(ask), freed_value(ask)));
}

static enum lk_role
verdict_role(const struct lk_ask *ask)
{
	return leaks(ask->state, site_of(ask)) ? LK_ROLE_SUSPECT : LK_ROLE_INACTIVE;
}

static const struct lk_column column_site = {
	.id = "site", .title = "BORN IN ->", .width_cells = 20, .stretch = 1, .left = true,
	.name = true, .search = true, .text = site_text,
	.help = "allocating line; its columns: bytes born in an interval and alive now",
};

#define BORN(n, priority) { .id = "born" #n, .title = "BORN", .heading = born_heading, \
	.width_cells = 8, .drop = (priority), .text = born_text, .value = born_value, \
	.role = born_role, .number = (n) }

/* The oldest go first where there is little room. */
static const struct lk_column column_born[SHOWN_MAX] = {
	BORN(0, 8), BORN(1, 7), BORN(2, 6), BORN(3, 5), BORN(4, 4),
};
static const struct lk_column column_since = {
	.id = "since", .title = "SINCE B1", .width_cells = 9, .text = since_text,
	.value = since_value, .help = "born after the first baseline and alive now",
};
static const struct lk_column column_freed = {
	.id = "freed", .title = "FREED", .width_cells = 5, .drop = 3, .text = freed_text,
	.value = freed_value, .help = "share of all it ever allocated that is freed again",
};
static const struct lk_column column_verdict = {
	.id = "verdict", .title = "VERDICT", .width_cells = 11, .drop = 1, .left = true,
	.text = verdict_text, .role = verdict_role,
	.help = "LEAK: alive from every interval; warm-up: only from before the baselines; churn: "
	    "freed again",
};

/* One list per number of intervals: there are no empty columns. */
#define LISTED(...) {&column_site, __VA_ARGS__ &column_since, &column_freed, &column_verdict, NULL}
static const struct lk_column *const matrix_columns[SHOWN_MAX + 1][LK_TABLE_COLUMNS_MAX] = {
	LISTED(),
	LISTED(&column_born[0],),
	LISTED(&column_born[0], &column_born[1],),
	LISTED(&column_born[0], &column_born[1], &column_born[2],),
	LISTED(&column_born[0], &column_born[1], &column_born[2], &column_born[3],),
	LISTED(&column_born[0], &column_born[1], &column_born[2], &column_born[3],
	    &column_born[4],),
};

/* ---- update ---------------------------------------------------------------- */

static void
set_up(struct lk_view *view)
{
	struct baselines *v = view->state;

	if (v->ready)
		return;
	v->ready = true;
	v->a = v->b = ID_NONE;
	lk_table_init(&v->matrix, matrix_columns[0], view->session, v, NULL);
}

static void
baselines_fini(struct lk_view *view)
{
	struct baselines *v = view->state;

	if (v->ready)
		lk_table_fini(&v->matrix);
	lk_growth_free(v->set);
	lk_snapshot_put(v->held);
	free(v->sites);
	free(v->born);
}

/* Bytes alive now by the interval of their birth. */
static void
sum_alive(const struct lk_snapshot *now, double alive[INTERVALS_MAX])
{
	memset(alive, 0, sizeof(double) * INTERVALS_MAX);
	for (uint32_t r = 0; r < now->row_count; r++)
		for (uint32_t i = 0; i < now->rows[r].cell_count; i++) {
			const struct lk_cell *cell = &now->rows[r].cells[i];
			uint32_t interval = 0;

			while (interval < now->baseline_count && interval + 1 < INTERVALS_MAX &&
			    now->baselines[interval].id <= cell->epoch)
				interval++;
			alive[interval] += cell->est_bytes;
		}
}

static struct moment *
add_moment(struct baselines *v, uint32_t id, const char *name, double at_s, double rss_bytes)
{
	struct moment *m = &v->moments[v->moment_count++];

	memset(m, 0, sizeof(*m));
	m->id = id;
	m->at_s = at_s;
	m->rss_bytes = rss_bytes;
	m->growth_bytes = v->moment_count > 2 ? rss_bytes - m[-1].rss_bytes : NAN;
	snprintf(m->name, sizeof(m->name), "%s", name != NULL ? name : "");
	return m;
}

static void
update_moments(struct lk_view *view, const struct lk_snapshot *now)
{
	struct baselines *v = view->state;
	double alive[INTERVALS_MAX];

	sum_alive(now, alive);
	v->moment_count = 0;
	add_moment(v, ID_START, "sampler started", now->sampler.started_at_s, NAN);
	v->moments[0].alive_bytes = NAN;
	for (uint32_t i = 0; i < now->baseline_count && i + 1 < INTERVALS_MAX; i++) {
		const struct lk_baseline *b = &now->baselines[i];

		add_moment(v, b->id, b->name, b->at_s, b->rss_bytes)->alive_bytes = alive[i];
	}
	add_moment(v, ID_NOW, "", now->at_s, now->rss_bytes)->alive_bytes =
	    alive[now->baseline_count < INTERVALS_MAX ? now->baseline_count : INTERVALS_MAX - 1];
	lk_table_begin(&view->own);
	for (size_t i = 0; i < v->moment_count; i++)
		lk_table_add(&view->own, (uint64_t)v->moments[i].id + 1, &v->moments[i],
		    (v->moments[i].id == v->a ? LK_ROW_TAG_A : 0u) |
		    (v->moments[i].id == v->b ? LK_ROW_TAG_B : 0u));
	lk_table_end(&view->own, view->session->now_ms);
}

static void
show_columns(struct baselines *v)
{
	uint32_t shown = v->interval_count > SHOWN_MAX ? SHOWN_MAX : v->interval_count;
	const struct lk_column *const *columns = matrix_columns[shown];

	if (v->matrix.columns == columns)
		return;
	v->matrix.columns = columns;
	v->matrix.sort = (int)shown + 1;	/* SINCE */
}

/* All that lives, which is often what the header asks for too. */
static struct lk_growth_set *
growth_since_start(struct lk_session *s, const struct lk_snapshot *now)
{
	uint32_t missing;

	if (s->before == NULL && s->until == 0 && s->now == now &&
	    lk_growth_resolve(now, s->reference) == LK_REFERENCE_START)
		return lk_session_growth(s, LK_GROUP_LINE);
	return lk_growth_new(now, LK_REFERENCE_START, 0, LK_GROUP_LINE, &missing);
}

static void
update_matrix(struct lk_view *view, const struct lk_snapshot *now)
{
	struct lk_session *s = view->session;
	struct baselines *v = view->state;
	uint32_t intervals = now->baseline_count + 1;
	struct lk_growth_set *set = growth_since_start(s, now);
	const struct lk_snapshot *held = v->held;

	if (v->sites == NULL)
		v->sites = calloc(SITES_MAX, sizeof(*v->sites));
	if (v->born == NULL)
		v->born = calloc((size_t)SITES_MAX * INTERVALS_MAX, sizeof(*v->born));
	if (set == NULL || v->born == NULL || v->sites == NULL || intervals > INTERVALS_MAX) {
		lk_growth_free(set);
		return;
	}
	v->held = lk_snapshot_get(now);
	v->interval_count = intervals;
	show_columns(v);
	lk_table_begin(&v->matrix);
	v->site_count = set->count < SITES_MAX ? set->count : SITES_MAX;
	lk_growth_survivors_all(now, set, LK_GROUP_LINE, v->site_count, v->born);
	for (size_t i = 0; i < v->site_count; i++) {
		v->sites[i].growth = &set->rows[i];
		v->sites[i].born = v->born + i * intervals;
	}
	for (size_t i = 0; i < v->site_count; i++)
		lk_table_add(&v->matrix, set->rows[i].key, &v->sites[i],
		    leaks(v, &v->sites[i]) ? LK_ROW_SUSPECT : 0);
	lk_table_end(&v->matrix, s->now_ms);
	lk_growth_free(v->set);
	lk_snapshot_put(held);
	v->set = set;
}

static void
baselines_update(struct lk_view *view)
{
	const struct lk_snapshot *now = view->session->now;

	set_up(view);
	if (now == NULL)
		return;
	update_moments(view, now);
	update_matrix(view, now);
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
	list.rows = (int)v->moment_count + 1 < most ? (int)v->moment_count + 1 : most;
	lk_table_draw(&view->own, c, &list);
	matrix.row += list.rows + 1;
	matrix.rows -= list.rows + 1;
	lk_view_rule(c, area, matrix.row - 1, view->table == &v->matrix ?
	    "alive now, by when it was born  (a: back to the list)" :
	    "alive now, by when it was born  (a: into this table)", s->ascii);
	lk_table_draw(&v->matrix, c, &matrix);
	if (s->now->baseline_count == 0)
		lk_canvas_text(c, area->row + area->rows - 1, area->col + 3, area->cols - 3,
		    LK_ROLE_HIGH, "b marks a baseline: what is born after it and stays is suspect");
}

/* ---- keys ------------------------------------------------------------------ */

static const struct moment *
selected_moment(const struct lk_view *view)
{
	const struct lk_row_ref *row = lk_table_selected(&view->own);

	return row != NULL ? row->item : NULL;
}

static void
tag(struct lk_view *view)
{
	struct baselines *v = view->state;
	const struct moment *m = selected_moment(view);

	if (m == NULL)
		return;
	if (v->a == m->id)
		v->a = ID_NONE;
	else if (v->b == m->id)
		v->b = ID_NONE;
	else if (v->a == ID_NONE)
		v->a = m->id;
	else
		v->b = m->id;
	baselines_update(view);
	lk_session_say(view->session, LK_ROLE_BASELINE, v->a == ID_NONE || v->b == ID_NONE ?
	    "tagged: tag the other one too, or Enter" : "A and B tagged: Enter shows the growth");
}

/* What is not tagged: A is the selected moment, B is now. */
static void
show_diff(struct lk_view *view)
{
	struct lk_session *s = view->session;
	struct baselines *v = view->state;
	const struct moment *m = selected_moment(view);
	uint32_t a = v->a, b = v->b != ID_NONE ? v->b : ID_NOW;
	char from[96], to[96] = "now";

	if (a == ID_NONE && m != NULL)
		a = m->id;
	if (a == b || a == ID_NONE) {
		lk_session_say(s, LK_ROLE_WARN, "choose two moments: Space tags A, then B");
		return;
	}
	if (a > b) {		/* ids rise with time; start is 0, now the greatest */
		uint32_t swap = a;

		a = b;
		b = swap;
	}
	s->reference = a;
	s->until = b == ID_NOW ? 0 : b;
	s->wish_view = '1';
	lk_session_baseline_name(s, a, from, sizeof(from));
	if (b != ID_NOW)
		lk_session_baseline_name(s, b, to, sizeof(to));
	lk_session_say(s, LK_ROLE_BASELINE, "growth from %s to %s", from, to);
}

static void
rename_selected(struct lk_view *view)
{
	struct lk_session *s = view->session;
	const struct moment *m = selected_moment(view);

	if (!lk_session_touches(s))
		return;
	if (m == NULL || m->id == ID_START || m->id == ID_NOW) {
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
	const struct lk_row_ref *row = v->ready ? lk_table_selected(&v->matrix) : NULL;
	const struct site *site = row != NULL ? row->item : NULL;

	return site != NULL ? site->growth->frame : NULL;
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
		view->table = view->table == &view->own ? &v->matrix : &view->own;
		return true;
	case LK_ACTION_ENTER:
		if (view->table == &v->matrix)
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

	if (id == ID_NOW)
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
	tag_name(s, v->a != ID_NONE ? v->a : lk_growth_resolve(s->now, s->reference), a, sizeof(a));
	tag_name(s, v->b != ID_NONE ? v->b : ID_NOW, b, sizeof(b));
	snprintf(out, out_bytes, "A=%s B=%s", a, b);
}

const struct lk_view_ops lk_view_baselines = {
	.id = "baselines",
	.title = "Baselines",
	.short_title = "Base",
	.key = '8',
	.state_size = sizeof(struct baselines),
	.columns = moment_columns,
	.fini = baselines_fini,
	.update = baselines_update,
	.draw = baselines_draw,
	.input = baselines_input,
	.status = baselines_status,
	.frame = baselines_frame,
};
