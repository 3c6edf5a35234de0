#include "config.h"

#include "ui/desk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "client/discover.h"
#include "model/snapshot.h"

#include "ui/footer.h"
#include "ui/freeze.h"
#include "ui/header.h"
#include "ui/restart.h"
#include "ui/tabs.h"

#define SCAN_MS		2000

static struct lk_view *
current_view(const struct lk_desk *d)
{
	return (struct lk_view *)&d->views[d->current];
}

int
lk_desk_init(struct lk_desk *d)
{
	memset(d, 0, sizeof(*d));
	d->scanned_ms = -1;
	d->sought_ms = -LK_RESTART_SEEK_MS;
	d->successor = calloc(1, sizeof(*d->successor));
	if (d->successor == NULL)
		return -ENOMEM;
	lk_session_init(&d->session);
	for (int i = 0; lk_views_all[i] != NULL && i < LK_DESK_VIEWS_MAX; i++) {
		if (lk_view_init(&d->views[i], lk_views_all[i], &d->session) < 0) {
			lk_desk_fini(d);
			return -ENOMEM;
		}
		d->view_count++;
	}
	return 0;
}

void
lk_desk_fini(struct lk_desk *d)
{
	for (int i = 0; i < d->view_count; i++)
		lk_view_fini(&d->views[i]);
	lk_session_fini(&d->session);
	free(d->successor);
	memset(d, 0, sizeof(*d));
}

static void
show(struct lk_desk *d, int view, bool drill)
{
	if (view < 0 || view >= d->view_count)
		return;
	if (d->session.source == NULL && !d->views[view].ops->without_process) {
		lk_session_say(&d->session, LK_ROLE_WARN, "choose a process first: Enter opens it");
		return;
	}
	if (drill && view != d->current) {
		if (d->back_count == LK_DESK_BACK_MAX)
			memmove(d->back, d->back + 1, sizeof(d->back[0]) * --d->back_count);
		d->back[d->back_count++] = d->current;
	}
	d->current = view;
	d->stale_view = true;
	current_view(d)->table->frozen_until_ms = 0;	/* what it held is long gone */
	if (current_view(d)->ops->enter != NULL)
		current_view(d)->ops->enter(current_view(d));
}

void
lk_desk_show(struct lk_desk *d, const char *id, bool drill)
{
	show(d, lk_views_find_id(id), drill);
}

void
lk_desk_watch(struct lk_desk *d, struct lk_source *take_source)
{
	lk_session_watch(&d->session, take_source);
	lk_session_refresh(&d->session, LK_REQUEST_HISTORY, 0);
	lk_session_refresh(&d->session, LK_REQUEST_MEMORY, 0);
	d->back_count = 0;
	show(d, lk_views_find('1'), false);
}

/* ---- time and data --------------------------------------------------------- */

static bool
in_list(const struct lk_desk *d)
{
	return strcmp(current_view(d)->ops->id, "processes") == 0;
}

static bool
scan(struct lk_desk *d, bool now)
{
	struct lk_session *s = &d->session;

	if (s->scan == NULL || !in_list(d) || s->paused)
		return false;
	if (!now && d->scanned_ms >= 0 && s->now_ms - d->scanned_ms < SCAN_MS)
		return false;
	s->process_count = s->scan(s->scan_ctx, s->now_ms, &s->processes);
	d->scanned_ms = s->now_ms;
	d->stale_view = true;
	return true;
}

/* Only after a new snapshot or reference: it goes over all stacks. */
static void
judge(struct lk_desk *d)
{
	struct lk_session *s = &d->session;
	uint64_t seq = s->now != NULL ? s->now->seq : 0;

	if (d->judged == s->now && d->judged_seq == seq && d->judged_reference == s->reference &&
	    d->judged_until == s->until)
		return;
	d->judged = s->now;
	d->judged_seq = seq;
	d->judged_reference = s->reference;
	d->judged_until = s->until;
	lk_session_judge(s);
}

/* The next moment of a recording, when it is due. */
static void
play(struct lk_desk *d)
{
	struct lk_session *s = &d->session;

	if (!s->playing || s->now_ms < d->play_ms)
		return;
	d->play_ms = s->now_ms + s->period_ms;
	if (lk_source_step(s->source, 1) < 0) {
		s->playing = false;
		lk_session_say(s, LK_ROLE_MAIN, "that was the last moment; Z plays it again");
	}
}

bool
lk_desk_tick(struct lk_desk *d, int64_t now_ms, double wall_s)
{
	struct lk_session *s = &d->session;
	bool dirty = false;

	s->now_ms = now_ms;
	s->wall_s = wall_s;
	if (s->message[0] != '\0' && now_ms >= s->message_until_ms) {
		s->message[0] = '\0';
		dirty = true;
	}
	if (s->source != NULL && lk_source_state(s->source) != d->drawn_state)
		dirty = true;
	if (scan(d, false) || lk_restart_seek(d))
		dirty = true;
	play(d);
	if (lk_session_take(s))
		d->stale_view = true;
	lk_freeze_go_on(s);
	if (d->stale_view) {
		lk_view_update(current_view(d));
		judge(d);
		d->stale_view = false;
		dirty = true;
	}
	return dirty;
}

int
lk_desk_timeout(const struct lk_desk *d, int64_t now_ms)
{
	const struct lk_session *s = &d->session;
	int64_t at = -1;

	if (s->scan != NULL && in_list(d) && !s->paused)
		at = d->scanned_ms + SCAN_MS;
	if (lk_restart_awaits(d) && (at < 0 || d->sought_ms + LK_RESTART_SEEK_MS < at))
		at = d->sought_ms + LK_RESTART_SEEK_MS;
	if (s->message[0] != '\0' && (at < 0 || s->message_until_ms < at))
		at = s->message_until_ms;
	if (s->playing && (at < 0 || d->play_ms < at))
		at = d->play_ms;
	return at < 0 ? -1 : at <= now_ms ? 0 : (int)(at - now_ms);
}

/* ---- keys ------------------------------------------------------------------ */

static const struct lk_process *
listed(const struct lk_session *s, int pid)
{
	for (int i = 0; i < s->process_count; i++)
		if (s->processes[i].pid == pid)
			return &s->processes[i];
	return NULL;
}

static bool
open_group(struct lk_desk *d, int pid)
{
	struct lk_session *s = &d->session;
	struct lk_source *source;
	int rc = lk_source_open_group(pid, s->period_ms, d->finder, &source);

	if (rc < 0) {
		lk_session_say(s, LK_ROLE_WARN, "cannot open %d: %s", pid, strerror(-rc));
		return false;
	}
	d->group_pid = 0;
	lk_desk_watch(d, source);
	return true;
}

/* From the list, or from the group that is being watched. */
static void
open_process(struct lk_desk *d, int pid)
{
	struct lk_session *s = &d->session;
	int group = lk_session_is_group(s) ? s->now->process.pid : 0;
	const struct lk_process *process;
	struct lk_source *source;
	int rc;

	if (s->scan != NULL && listed(s, pid) == NULL)
		s->process_count = s->scan(s->scan_ctx, s->now_ms, &s->processes);
	process = listed(s, pid);
	if (process == NULL || d->open == NULL) {
		lk_session_say(s, LK_ROLE_WARN, "%d is not there any more", pid);
		return;
	}
	rc = d->open(d->open_ctx, process, &source);
	if (rc < 0) {
		lk_session_say(s, LK_ROLE_WARN, "cannot open %d: %s", pid, strerror(-rc));
		return;
	}
	d->group_pid = group;
	lk_desk_watch(d, source);
	s->choice.is_due = group != 0 && s->choice.view != 0;
	if (s->choice.is_due)
		show(d, lk_views_find(s->choice.view), false);
}

static void
grant_wishes(struct lk_desk *d)
{
	struct lk_session *s = &d->session;
	char view = s->wish_view;
	int pid = s->wish_pid;
	bool group = s->wish_group;

	s->wish_view = 0;
	s->wish_pid = 0;
	s->wish_group = false;
	if (pid != 0 && in_list(d)) {
		d->from_list = true;
		lk_freeze_forget_choice(s);
	}
	if (pid != 0 && group)
		open_group(d, pid);
	else if (pid != 0)
		open_process(d, pid);
	if (view != 0)
		show(d, lk_views_find(view), true);
}

static void
next_view(struct lk_desk *d, int step)
{
	int view = d->current;

	do
		view = (view + step + d->view_count) % d->view_count;
	while (view != d->current && ((d->session.source == NULL &&
	    !d->views[view].ops->without_process) ||
	    (d->session.scan == NULL && strcmp(d->views[view].ops->id, "processes") == 0) ||
	    (strcmp(d->views[view].ops->id, "workers") == 0 &&
	    (d->session.now == NULL || d->session.now->member_count == 0))));
	lk_freeze_forget_choice(&d->session);
	show(d, view, false);
}

static void
back_to_group(struct lk_desk *d)
{
	if (open_group(d, d->group_pid))
		lk_desk_show(d, "workers", false);
}

/* A worker's w leads to all of them.  From a view of one heap w is the way to choose whose. */
static void
show_by_key(struct lk_desk *d, char key)
{
	struct lk_session *s = &d->session;
	const struct lk_view_ops *here = current_view(d)->ops;

	s->sites.count = 0;
	if (key == 'w' && here->of_heap && lk_freeze_choose(s, here->key, LK_ACTION_ENTER))
		return;
	if (key == 'w' && d->group_pid != 0 && s->source != NULL && !lk_session_is_group(s)) {
		back_to_group(d);
		return;
	}
	if (key != 'w')
		lk_freeze_forget_choice(s);
	show(d, lk_views_find(key), false);
}

/* Esc: what is narrowest goes first: filter, then the drill-down, then the process. */
static bool
go_back(struct lk_desk *d)
{
	struct lk_table *table = current_view(d)->table;

	if (table->filter[0] != '\0') {
		lk_table_filter(table, "");
		d->stale_view = true;
		return true;
	}
	if (d->back_count > 0) {
		int view = d->back[--d->back_count];

		show(d, view, false);
		return true;
	}
	if (d->session.until != 0) {
		d->session.until = 0;
		d->stale_view = true;
		return true;
	}
	if (d->group_pid != 0 && d->session.source != NULL) {
		back_to_group(d);
		return true;
	}
	if (d->from_list && d->session.source != NULL) {
		lk_session_watch(&d->session, NULL);
		d->from_list = false;
		show(d, lk_views_find('0'), false);
		return true;
	}
	return false;
}

/* In a recording the same keys go through time. */
static bool
step_moment(struct lk_desk *d, int step)
{
	struct lk_session *s = &d->session;
	size_t at, count = s->source != NULL ? lk_source_moments(s->source, &at) : 1;

	if (count < 2)
		return false;
	s->playing = false;	/* whoever goes by hand wants to look */
	if (lk_source_step(s->source, step) == 0)
		lk_session_say(s, LK_ROLE_MAIN, "%s", lk_source_words(s->source));
	else
		lk_session_say(s, LK_ROLE_WARN, "there is nothing %s in this recording",
		    step < 0 ? "earlier" : "later");
	return true;
}

static void
travel(struct lk_desk *d, int step)
{
	lk_session_travel(&d->session, step);
	current_view(d)->table->frozen_until_ms = 0;
}

static void
set_period(struct lk_desk *d, int step)
{
	static const unsigned int periods[] = {250, 500, 1000, 2000, 5000, 10000, 30000};
	struct lk_session *s = &d->session;
	int at = 0;

	if (step_moment(d, -step))
		return;
	while (at + 1 < (int)LK_COUNT_OF(periods) && periods[at] < s->period_ms)
		at++;
	at += step;
	if (at < 0 || at >= (int)LK_COUNT_OF(periods))
		return;
	if (lk_session_ask(s, LK_REQUEST_PERIOD, periods[at], NULL) < 0)
		return;
	s->period_ms = periods[at];
	lk_session_say(s, LK_ROLE_MAIN, "an update every %g s", s->period_ms / 1000.0);
}

/* A file stands still by itself; a recording can be played. */
static void
play_or_stop(struct lk_desk *d)
{
	struct lk_session *s = &d->session;
	size_t at = 0, count = lk_source_moments(s->source, &at);

	if (count < 2) {
		lk_session_say(s, LK_ROLE_WARN, "this is a file of one moment: it stands still");
		return;
	}
	s->playing = !s->playing;
	d->play_ms = s->now_ms + s->period_ms;
	if (s->playing && at + 1 == count)
		lk_source_step(s->source, -(int)at);
	if (s->playing)
		lk_session_say(s, LK_ROLE_MAIN, "a moment every %g s; Z stops, , and . step",
		    s->period_ms / 1000.0);
	else
		lk_session_say(s, LK_ROLE_MAIN, "%s", lk_source_words(s->source));
}

static void
pause_screen(struct lk_desk *d)
{
	if (d->session.source != NULL &&
	    lk_source_state(d->session.source) == LK_SOURCE_OFFLINE) {
		play_or_stop(d);
		return;
	}
	d->session.paused = !d->session.paused;
	lk_session_say(&d->session, LK_ROLE_MAIN, d->session.paused ?
	    "PAUSED, the sampler goes on: , and . look back and forth; Z goes on" : "going on");
}

static void
ask_text(struct lk_desk *d, enum lk_ask_for purpose)
{
	static const char *const titles[] = {
		[LK_ASK_FILTER] = "filter (!not ~regex file: func: & ...)",
		[LK_ASK_SEARCH] = "search",
		[LK_ASK_BASELINE] = "name of the baseline",
	};
	const struct lk_table *table = current_view(d)->table;

	if ((purpose == LK_ASK_FILTER || purpose == LK_ASK_SEARCH) && table->columns[0] == NULL) {
		lk_session_say(&d->session, LK_ROLE_WARN, "no table here");
		return;
	}
	lk_prompt_open(&d->session.prompt, purpose, titles[purpose],
	    purpose == LK_ASK_FILTER ? table->filter : NULL);
}

static void
show_frame(struct lk_desk *d)
{
	const struct lk_view *view = current_view(d);

	lk_session_show_source(&d->session, view->ops->frame != NULL ? view->ops->frame(view) :
	    NULL);
}

static void
filter_by(struct lk_desk *d, const char *text)
{
	int rc = lk_table_filter(current_view(d)->table, text);

	if (rc < 0)
		lk_session_say(&d->session, LK_ROLE_WARN, rc == -E2BIG ?
		    "at most four terms" : "not a regular expression yet");
	d->stale_view = true;
}

static void
answer(struct lk_desk *d, const char *text)
{
	struct lk_session *s = &d->session;
	struct lk_view *view = current_view(d);

	switch (s->prompt.purpose) {
	case LK_ASK_FILTER:
		filter_by(d, text);
		break;
	case LK_ASK_SEARCH:
		if (!lk_table_find(view->table, text))
			lk_session_say(s, LK_ROLE_WARN, "not found: %s", text);
		break;
	case LK_ASK_BASELINE:
		lk_session_ask(s, LK_REQUEST_BASELINE, 0, *text != '\0' ? text : NULL);
		break;
	case LK_ASK_RENAME:
		lk_session_ask(s, LK_REQUEST_BASELINE_RENAME, s->prompt_number, text);
		break;
	default:
		if (view->ops->answer != NULL)
			view->ops->answer(view, (enum lk_ask_for)s->prompt.purpose, text);
	}
}

static void
prompt_key(struct lk_desk *d, int key)
{
	struct lk_prompt *prompt = &d->session.prompt;

	switch (lk_prompt_key(prompt, key)) {
	case LK_PROMPT_CHANGED:
		if (prompt->purpose == LK_ASK_FILTER)
			filter_by(d, prompt->text);
		break;
	case LK_PROMPT_DONE:
		answer(d, prompt->text);
		break;
	case LK_PROMPT_LEFT:
		if (prompt->purpose == LK_ASK_FILTER)
			filter_by(d, "");
		break;
	case LK_PROMPT_TYPING:
		break;
	}
}

/* Actions of everywhere.  Those of the terminal are returned. */
static enum lk_desk_wish
act_globally(struct lk_desk *d, enum lk_action action, int key)
{
	struct lk_session *s = &d->session;

	switch (action) {
	case LK_ACTION_QUIT: return LK_DESK_QUIT;
	case LK_ACTION_BACK_OR_QUIT: return go_back(d) ? LK_DESK_NOTHING : LK_DESK_QUIT;
	case LK_ACTION_SUSPEND: return LK_DESK_SUSPEND;
	case LK_ACTION_REDRAW: return LK_DESK_REDRAW;
	case LK_ACTION_COPY: return LK_DESK_COPY;
	case LK_ACTION_THEME: return LK_DESK_THEME;
	case LK_ACTION_SCREEN: return LK_DESK_SCREEN;
	case LK_ACTION_EXPORT: return LK_DESK_EXPORT;
	case LK_ACTION_BACK: go_back(d); break;
	case LK_ACTION_HELP: show(d, lk_views_find('?'), true); break;
	case LK_ACTION_VIEW: show_by_key(d, (char)key); break;
	case LK_ACTION_SETUP: show(d, lk_views_find('S'), true); break;
	case LK_ACTION_TREE: show(d, lk_views_find('2'), true); break;
	case LK_ACTION_NEXT_VIEW: next_view(d, 1); break;
	case LK_ACTION_PREVIOUS_VIEW: next_view(d, -1); break;
	case LK_ACTION_FILTER: ask_text(d, LK_ASK_FILTER); break;
	case LK_ACTION_SEARCH: ask_text(d, LK_ASK_SEARCH); break;
	case LK_ACTION_BASELINE: lk_session_ask(s, LK_REQUEST_BASELINE, 0, NULL); break;
	case LK_ACTION_BASELINE_NAMED: ask_text(d, LK_ASK_BASELINE); break;
	case LK_ACTION_REFERENCE_OLDER: lk_session_step(s, -1); break;
	case LK_ACTION_REFERENCE_NEWER: lk_session_step(s, 1); break;
	case LK_ACTION_PAUSE: pause_screen(d); break;
	case LK_ACTION_SLOWER: (s->paused ? travel : set_period)(d, s->paused ? -1 : 1); break;
	case LK_ACTION_FASTER: (s->paused ? travel : set_period)(d, s->paused ? 1 : -1); break;
	case LK_ACTION_RELOAD: scan(d, true); break;
	case LK_ACTION_SOURCE: show_frame(d); break;
	default: break;
	}
	return LK_DESK_NOTHING;
}

static bool
allowed(struct lk_desk *d, const struct lk_binding *binding)
{
	if ((binding->flags & LK_BINDING_CHANGES) != 0 && !lk_session_touches(&d->session))
		return false;
	if ((binding->flags & LK_BINDING_PROCESS) != 0 && d->session.source == NULL) {
		lk_session_say(&d->session, LK_ROLE_WARN, "choose a process first: Enter opens it");
		return false;
	}
	return true;
}

/* Other numbers: the old order means nothing any more. */
static bool
changes_order(enum lk_action action)
{
	return action == LK_ACTION_BASELINE || action == LK_ACTION_REFERENCE_OLDER ||
	    action == LK_ACTION_REFERENCE_NEWER;
}

/* The rows stay what they are, though others are seen, or in another order: they are not made anew,
 * which takes a tenth of a second where there are 100,000 stacks. */
static bool
only_moves(enum lk_action action)
{
	static const enum lk_action moves[] = {LK_ACTION_UP, LK_ACTION_DOWN, LK_ACTION_PAGE_UP,
	    LK_ACTION_PAGE_DOWN, LK_ACTION_FIRST, LK_ACTION_LAST, LK_ACTION_LEFT, LK_ACTION_RIGHT,
	    LK_ACTION_SEARCH_NEXT, LK_ACTION_SEARCH_PREVIOUS, LK_ACTION_SORT_NEXT,
	    LK_ACTION_SORT_PREVIOUS, LK_ACTION_INVERT};

	for (size_t i = 0; i < LK_COUNT_OF(moves); i++)
		if (moves[i] == action)
			return true;
	return false;
}

enum lk_desk_wish
lk_desk_key(struct lk_desk *d, int key)
{
	struct lk_view *view = current_view(d);
	const struct lk_binding *binding;
	enum lk_desk_wish wish = LK_DESK_NOTHING;

	lk_table_hold(view->table, d->session.now_ms);
	if (d->session.prompt.open) {
		prompt_key(d, key);
		grant_wishes(d);
		return LK_DESK_NOTHING;
	}
	binding = lk_keys_find(view->ops->id, key);
	if (binding == NULL) {
		lk_session_say(&d->session, LK_ROLE_INACTIVE, "no such key here; ? lists them");
		return LK_DESK_NOTHING;
	}
	if (!allowed(d, binding))
		return LK_DESK_NOTHING;
	/* typed ahead: the key before, a filter say, changed which row this one is about */
	if (d->stale_view && !only_moves(binding->action))
		lk_view_update(view);
	if (!only_moves(binding->action))
		d->stale_view = true;
	if (!lk_restart_take(d, binding->action) && !lk_view_input(view, binding->action))
		wish = act_globally(d, binding->action, key);
	if (changes_order(binding->action))
		view->table->frozen_until_ms = 0;
	grant_wishes(d);
	return wish;
}

/* ---- drawing --------------------------------------------------------------- */

void
lk_desk_row_text(const struct lk_desk *d, char *out, size_t out_bytes)
{
	lk_table_row_text(current_view(d)->table, out, out_bytes);
}

void
lk_desk_draw(struct lk_desk *d, struct lk_canvas *c)
{
	struct lk_area area = {0, 0, c->rows, c->cols};
	struct lk_view *view = current_view(d);

	lk_canvas_erase(c);
	if (d->session.source != NULL)
		d->drawn_state = lk_source_state(d->session.source);
	if (c->rows < LK_HEADER_MIN_ROWS || c->cols < LK_HEADER_MIN_COLS) {
		lk_header_summary(&d->session, c);
		return;
	}
	area.row = lk_header_draw(&d->session, c);
	lk_tabs_draw(d, c, area.row++);
	area.rows = c->rows - area.row - lk_footer_draw(d, c);
	lk_view_draw(view, c, &area);
}
