#include "config.h"

#include "ui/survivors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/growth.h"
#include "model/snapshot.h"
#include "ui/columns.h"
#include "ui/moments.h"
#include "ui/session.h"
#include "util/text.h"

#define ROWS_MAX	200	/* the largest by what is alive */
#define INTERVALS_MAX	LK_MOMENTS_INTERVALS_MAX
#define SHOWN_MAX	5	/* interval columns: the newest ones */
#define ALIVE_SAMPLES	3	/* fewer samples than that prove nothing */
#define SETTLED_S	30.0	/* a younger interval proves nothing either */
#define CHURN_FREED	0.5

/* A line of code. */
struct lk_survivor {
	const struct lk_growth	*growth;
	const struct lk_estimate *born;		/* [interval_count] */
};

/* ---- what a row says -------------------------------------------------------- */

static const struct lk_survivor *
row_of(const struct lk_ask *ask)
{
	return ask->item;
}

/* The interval that column NUMBER shows; -1: it has none. */
static int
interval_of(const struct lk_survivors *v, int number)
{
	int first = (int)v->interval_count > SHOWN_MAX ? (int)v->interval_count - SHOWN_MAX : 0;
	int interval = first + number;

	return interval < (int)v->interval_count ? interval : -1;
}

static void
born_heading(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct lk_survivors *v = ask->state;
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

	return i >= 0 ? row_of(ask)->born[i].bytes : NAN;
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

	return i > 0 && row_of(ask)->born[i].sampled_count >= ALIVE_SAMPLES ? LK_ROLE_GROW :
	    LK_ROLE_INACTIVE;
}

static void
site_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct lk_frame *frame = row_of(ask)->growth->frame;
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
	const struct lk_survivors *v = ask->state;
	double sum = 0;

	for (uint32_t i = v->interval_count > 1 ? 1 : 0; i < v->interval_count; i++)
		sum += row_of(ask)->born[i].bytes;
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
	const struct lk_growth *g = row_of(ask)->growth;

	return g->est_allocated_bytes > 0 ? g->est_freed_bytes / g->est_allocated_bytes : NAN;
}

static void
freed_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct lk_growth *g = row_of(ask)->growth;

	lk_text_percent(g->est_freed_bytes, g->est_allocated_bytes, out, out_bytes);
}

/* Baselines say more than any rate: what stays from every interval leaks; what stays only
 * from the first ones was warm-up; what is freed again was churn. */
static const char *
verdict_of(const struct lk_survivors *v, const struct lk_survivor *row, double freed)
{
	uint32_t last = v->interval_count > 0 ? v->interval_count - 1 : 0, closed = 0;
	bool in_last = row->born[last].sampled_count >= ALIVE_SAMPLES;
	bool young = v->held != NULL && last > 0 &&
	    v->held->at_s - v->held->baselines[last - 1].at_s < SETTLED_S;

	if (last == 0)
		return "mark b";
	for (uint32_t i = 1; i < last; i++)
		closed += row->born[i].sampled_count >= ALIVE_SAMPLES;
	if (closed == last - 1 && (in_last || (young && last > 1)))
		return last > 1 ? "LEAK steady" : "grows";
	if (closed == 0 && !in_last)
		return freed > CHURN_FREED ? "churn" : "warm-up";
	return freed > CHURN_FREED ? "churn" : closed > 0 ? "sometimes" : "new";
}

static bool
leaks(const struct lk_survivors *v, const struct lk_survivor *row)
{
	return strncmp(verdict_of(v, row, 0), "LEAK", 4) == 0;
}

static void
verdict_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "%s", verdict_of(ask->state, row_of(ask), freed_value(ask)));
}

static enum lk_role
verdict_role(const struct lk_ask *ask)
{
	return leaks(ask->state, row_of(ask)) ? LK_ROLE_SUSPECT : LK_ROLE_INACTIVE;
}

/* ---- columns ---------------------------------------------------------------- */

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
static const struct lk_column *const columns_of[SHOWN_MAX + 1][LK_TABLE_COLUMNS_MAX] = {
	LISTED(),
	LISTED(&column_born[0],),
	LISTED(&column_born[0], &column_born[1],),
	LISTED(&column_born[0], &column_born[1], &column_born[2],),
	LISTED(&column_born[0], &column_born[1], &column_born[2], &column_born[3],),
	LISTED(&column_born[0], &column_born[1], &column_born[2], &column_born[3],
	    &column_born[4],),
};

static void
show_columns(struct lk_survivors *v)
{
	uint32_t shown = v->interval_count > SHOWN_MAX ? SHOWN_MAX : v->interval_count;
	const struct lk_column *const *columns = columns_of[shown];

	if (v->table.columns == columns)
		return;
	v->table.columns = columns;
	v->table.sort = (int)shown + 1;	/* SINCE */
}

/* ---- rows ------------------------------------------------------------------- */

void
lk_survivors_init(struct lk_survivors *v, struct lk_session *session)
{
	v->session = session;
	lk_table_init(&v->table, columns_of[0], session, v, NULL);
}

void
lk_survivors_fini(struct lk_survivors *v)
{
	lk_table_fini(&v->table);
	lk_growth_free(v->set);
	lk_snapshot_put(v->held);
	free(v->rows);
	free(v->born);
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

static bool
has_room(struct lk_survivors *v)
{
	if (v->rows == NULL)
		v->rows = calloc(ROWS_MAX, sizeof(*v->rows));
	if (v->born == NULL)
		v->born = calloc((size_t)ROWS_MAX * INTERVALS_MAX, sizeof(*v->born));
	return v->rows != NULL && v->born != NULL;
}

static void
fill_rows(struct lk_survivors *v, const struct lk_growth_set *set)
{
	lk_table_begin(&v->table);
	v->row_count = set->count < ROWS_MAX ? set->count : ROWS_MAX;
	lk_growth_survivors_all(v->held, set, LK_GROUP_LINE, v->row_count, v->born);
	for (size_t i = 0; i < v->row_count; i++) {
		struct lk_survivor *row = &v->rows[i];

		row->growth = &set->rows[i];
		row->born = v->born + i * v->interval_count;
		lk_table_add(&v->table, set->rows[i].key, row, leaks(v, row) ? LK_ROW_SUSPECT : 0);
	}
	lk_table_end(&v->table, v->session->now_ms);
}

void
lk_survivors_update(struct lk_survivors *v, const struct lk_snapshot *now)
{
	uint32_t intervals = now->baseline_count + 1;
	struct lk_growth_set *set = growth_since_start(v->session, now);
	const struct lk_snapshot *held = v->held;

	if (set == NULL || !has_room(v) || intervals > INTERVALS_MAX) {
		lk_growth_free(set);
		return;
	}
	v->held = lk_snapshot_get(now);
	v->interval_count = intervals;
	show_columns(v);
	fill_rows(v, set);
	lk_growth_free(v->set);
	lk_snapshot_put(held);
	v->set = set;
}

const struct lk_frame *
lk_survivors_frame(const struct lk_survivors *v)
{
	const struct lk_row_ref *selected = lk_table_selected(&v->table);
	const struct lk_survivor *row = selected != NULL ? selected->item : NULL;

	return row != NULL ? row->growth->frame : NULL;
}
