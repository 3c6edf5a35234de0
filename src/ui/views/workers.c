/* Workers: the processes of a group side by side, those that ended below. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/share.h"
#include "model/snapshot.h"
#include "util/text.h"

#include "ui/columns.h"
#include "ui/session.h"
#include "ui/spark.h"
#include "ui/view.h"
#include "ui/views/all.h"

#define TREND_CELLS 8

struct worker {
	const struct lk_member	*member;
	struct lk_share		 share;
	bool			 has_share;
	bool			 is_top;	/* the process that the group is called by */
};

struct workers {
	struct worker		 *list;		/* [capacity] */
	size_t			  capacity;
	const struct lk_snapshot *held;		/* what the list points into */
};

static const struct worker *
row_of(const struct lk_ask *ask)
{
	return ask->item;
}

static void
pid_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "%d", row_of(ask)->member->pid);
}

static double
pid_value(const struct lk_ask *ask)
{
	return -(double)row_of(ask)->member->pid;
}

static void
state_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	static const char *const words[] = {
		[LK_MEMBER_LIVE] = "live", [LK_MEMBER_SILENT] = "silent",
		[LK_MEMBER_BARE] = "no sampler", [LK_MEMBER_GONE] = "gone",
	};
	const struct worker *w = row_of(ask);
	const char *word = words[w->member->state];

	if (w->member->state == LK_MEMBER_LIVE && w->member->joined)
		word = "joined";
	snprintf(out, out_bytes, "%s%s", word, w->is_top && w->member->part != NULL ? ", master" :
	    "");
}

static enum lk_role
state_role(const struct lk_ask *ask)
{
	static const enum lk_role roles[] = {
		[LK_MEMBER_LIVE] = LK_ROLE_SHRINK, [LK_MEMBER_SILENT] = LK_ROLE_STALE,
		[LK_MEMBER_BARE] = LK_ROLE_INACTIVE, [LK_MEMBER_GONE] = LK_ROLE_INACTIVE,
	};

	return roles[row_of(ask)->member->state];
}

static void
rss_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_bytes(row_of(ask)->member->rss_bytes, out, out_bytes);
}

static double
rss_value(const struct lk_ask *ask)
{
	return row_of(ask)->member->rss_bytes;
}

static void
delta_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct worker *w = row_of(ask);

	lk_text_bytes_signed(w->has_share ? w->share.delta_bytes : NAN, out, out_bytes);
}

static double
delta_value(const struct lk_ask *ask)
{
	return row_of(ask)->has_share ? row_of(ask)->share.delta_bytes : NAN;
}

static enum lk_role
delta_role(const struct lk_ask *ask)
{
	const struct worker *w = row_of(ask);

	if (!w->has_share || !w->share.significant)
		return LK_ROLE_INACTIVE;
	return w->share.delta_bytes > 0 ? LK_ROLE_GROW : LK_ROLE_SHRINK;
}

static void
error_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct worker *w = row_of(ask);

	lk_text_bytes(w->has_share ? w->share.delta_error_bytes : NAN, out, out_bytes);
}

static void
live_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct worker *w = row_of(ask);

	lk_text_bytes(w->has_share ? w->share.live_bytes : w->member->live_bytes, out, out_bytes);
}

static double
live_value(const struct lk_ask *ask)
{
	const struct worker *w = row_of(ask);

	return w->has_share ? w->share.live_bytes : w->member->live_bytes;
}

/* Since it began; of one that has ended, how long that is ago. */
static double
age_s(const struct worker *w)
{
	return isnan(w->member->ended_s) ? w->member->up_s : w->member->ended_s;
}

static void
up_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_duration(age_s(row_of(ask)), out, out_bytes);
}

static double
up_value(const struct lk_ask *ask)
{
	return age_s(row_of(ask));
}

static void
trend_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct lk_snapshot *part = row_of(ask)->member->part;

	out[0] = '\0';
	if (part != NULL && part->series_count > 0 && part->series[0].count > 1)
		lk_spark_text(part->series[0].live_bytes, part->series[0].count, TREND_CELLS,
		    ask->session->ascii, out, out_bytes);
}

/* Why nothing is heard of it, or why its growth is not what that of the others is. */
static void
why_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct lk_member *m = row_of(ask)->member;
	uint32_t id = m->part != NULL ? lk_growth_resolve(m->part, ask->session->reference) : 0;
	const struct lk_baseline *b = id != 0 ? lk_snapshot_baseline(m->part, id) : NULL;
	char late[LK_TEXT_BYTES];

	if (strncmp(m->why, "not started", 11) == 0)
		out[0] = '\0';		/* "no sampler" says it */
	else if (m->why[0] != '\0' || b == NULL)
		lk_text_clean(m->why, out, out_bytes);
	else if (b->missed_count > 0)
		snprintf(out, out_bytes, "missed B%u", id);
	else if (b->late_count > 0)
		snprintf(out, out_bytes, "B%u %s late", id,
		    lk_text_duration(b->late_s, late, sizeof(late)));
	else
		out[0] = '\0';
}

static const struct lk_column column_pid = {
	.id = "pid", .title = "PID", .width_cells = 7, .text = pid_text, .value = pid_value,
	.search = true, .help = "process",
};
static const struct lk_column column_delta = {
	.id = "delta", .title = "dLIVE", .width_cells = 8, .text = delta_text,
	.value = delta_value, .role = delta_role, .help = "growth since the reference",
};
static const struct lk_column column_error = {
	.id = "error", .title = "+/-", .width_cells = 6, .drop = 4, .text = error_text,
	.help = "half of the 95 % interval of that",
};
static const struct lk_column column_live = {
	.id = "live", .title = "LIVE", .width_cells = 6, .text = live_text, .value = live_value,
	.help = "alive now, of what was sampled",
};
static const struct lk_column column_rss = {
	.id = "rss", .title = "RSS", .width_cells = 6, .text = rss_text, .value = rss_value,
	.help = "resident memory, pages that are shared too",
};
static const struct lk_column column_up = {
	.id = "up", .title = "UP", .width_cells = 7, .drop = 2, .text = up_text,
	.value = up_value, .help = "since it began; gone: since when",
};
static const struct lk_column column_trend = {
	.id = "trend", .title = "TREND", .width_cells = TREND_CELLS, .drop = 5, .left = true,
	.text = trend_text, .help = "its live bytes",
};
static const struct lk_column column_state = {
	.id = "state", .title = "STATE", .width_cells = 12, .left = true, .search = true,
	.text = state_text, .role = state_role, .help = "joined: it came while this was watched",
};
static const struct lk_column column_why = {
	.id = "why", .title = "", .width_cells = 4, .stretch = 1, .drop = 3, .left = true,
	.text = why_text, .help = "why nothing is heard, or its growth is not known",
};
static const struct lk_column *const workers_columns[] = {
	&column_pid, &column_delta, &column_error, &column_live, &column_rss, &column_up,
	&column_trend, &column_state, &column_why, NULL,
};

static void
workers_fini(struct lk_view *view)
{
	struct workers *v = view->state;

	free(v->list);
	lk_snapshot_put(v->held);
}

static bool
make_room(struct workers *v, size_t count)
{
	struct worker *list;

	if (count <= v->capacity)
		return true;
	list = realloc(v->list, count * sizeof(*list));
	if (list == NULL)
		return false;
	v->list = list;
	v->capacity = count;
	return true;
}

static void
fill(struct worker *w, const struct lk_session *s, const struct lk_member *m)
{
	*w = (struct worker){.member = m,
	    .is_top = m->pid == s->now->process.pid};
	w->has_share = m->part != NULL &&
	    lk_share_of_all(m->part, s->reference, s->until, &w->share) == 0;
}

static void
workers_update(struct lk_view *view)
{
	struct lk_session *s = view->session;
	struct workers *v = view->state;
	const struct lk_snapshot *held = v->held;

	v->held = s->now != NULL ? lk_snapshot_get(s->now) : NULL;
	lk_table_begin(view->table);
	if (s->now != NULL && make_room(v, s->now->member_count)) {
		for (uint32_t i = 0; i < s->now->member_count; i++) {
			const struct lk_member *m = &s->now->members[i];

			fill(&v->list[i], s, m);
			lk_table_add(view->table, (uint64_t)m->pid << 20 ^
			    m->start_time, &v->list[i],
			    m->state == LK_MEMBER_GONE ? LK_ROW_GONE :
			    m->state == LK_MEMBER_BARE ? LK_ROW_DIM : 0);
		}
	}
	lk_table_end(view->table, s->now_ms);
	lk_snapshot_put(held);
}

static void
workers_draw(struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	const struct lk_session *s = view->session;

	if (s->now == NULL || s->now->member_count == 0)
		lk_view_empty(c, area, "this is one process, not a group",
		    "0 lists the host's; Space folds a group there, Enter opens it");
	else
		lk_table_draw(view->table, c, area);
}

static bool
workers_input(struct lk_view *view, enum lk_action action)
{
	const struct lk_row_ref *row = lk_table_selected(view->table);
	const struct worker *w = row != NULL ? row->item : NULL;
	struct lk_session *s = view->session;

	if (action != LK_ACTION_ENTER)
		return false;
	if (w == NULL)
		return true;
	if (!lk_session_is_group(s))
		lk_session_say(s, LK_ROLE_WARN, "this is a file: none of them can be opened");
	else if (w->member->state == LK_MEMBER_GONE)
		lk_session_say(s, LK_ROLE_WARN, "%d has ended", w->member->pid);
	else if (w->member->state == LK_MEMBER_BARE)
		lk_session_say(s, LK_ROLE_WARN, "%d has no sampler: %s", w->member->pid,
		    w->member->why);
	else
		s->wish_pid = w->member->pid;
	return true;
}

static void
workers_status(const struct lk_view *view, char *out, size_t out_bytes)
{
	const struct lk_snapshot *now = view->session->now;

	if (now != NULL && now->member_count > 0)
		snprintf(out, out_bytes, "%u in the sum, %u ended", lk_snapshot_summed(now),
		    now->ended_count);
}

const struct lk_view_ops lk_view_workers = {
	.id = "workers",
	.title = "Workers",
	.short_title = "Wrk",
	.key = 'w',
	.state_size = sizeof(struct workers),
	.columns = workers_columns,
	.sort = "delta",
	.fini = workers_fini,
	.update = workers_update,
	.draw = workers_draw,
	.input = workers_input,
	.status = workers_status,
};
