/* Memory: where RSS goes, how far the limit is, what the collector does. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/verdict.h"
#include "base/attr.h"
#include "model/event.h"
#include "model/snapshot.h"
#include "util/text.h"

#include "ui/view.h"
#include "ui/views/all.h"
#include "ui/zoom.h"

#define LINES_MAX	48
#define EVENTS_SHOWN	16
#define LABEL_CELLS	21
#define VALUE_CELLS	9
#define WHOLE_CELLS	15	/* the same where sizes are written out */
#define ASK_EVERY_MS	5000	/* while it is on the screen */
#define WATCH_S		15

struct line {
	const char	*label;
	double		 bytes;		/* NAN: unknown */
	double		 whole;		/* the bar is bytes of whole; NAN: no bar */
	const char	*note;
	enum lk_role	 role;
	char		 text[96];	/* instead of all that, when not empty */
	char		 when[LK_TEXT_BYTES];
};

struct memory {
	int64_t		 asked_ms;
	struct line	 lines[LINES_MAX];
	int		 count;
	int		 top;
	int		 page;
	struct lk_zoom	 zoom;
};

static void
add(struct memory *v, const char *label, double bytes, double whole, enum lk_role role,
    const char *note)
{
	struct line *line = &v->lines[v->count];

	if (v->count == LINES_MAX)
		return;
	memset(line, 0, sizeof(*line));
	line->label = label;
	line->bytes = bytes;
	line->whole = whole;
	line->role = role;
	line->note = note;
	v->count++;
}

static struct line *
add_text(struct memory *v, const char *label, enum lk_role role)
{
	static struct line spare;

	if (v->count == LINES_MAX)
		return &spare;
	add(v, label, NAN, NAN, role, "");
	return &v->lines[v->count - 1];
}

/* Part of malloc's figures and of anonymous memory, not beside them. */
static void
add_native(struct memory *v, const struct lk_snapshot *now)
{
	bool python = strcmp(now->sampler.native, "python") == 0;
	struct line *line;

	if (!isnan(now->est_native_live_bytes) && strcmp(now->sampler.native, "off") != 0) {
		add(v, "native live, est.", now->est_native_live_bytes, now->memory.rss_bytes,
		    LK_ROLE_NATIVE, python ? "run --native=stacks for them" :
		    "part of these; by line in 1");
		return;
	}
	line = add_text(v, "native live, est.", LK_ROLE_INACTIVE);
	snprintf(line->text, sizeof(line->text), " not counted by this sampler");
}

static void
add_ledger(struct memory *v, const struct lk_snapshot *now)
{
	const struct lk_memory *m = &now->memory;
	double rss = m->rss_bytes;
	double free_in_arenas = m->pymalloc_arena_bytes - m->est_python_live_bytes;

	add(v, "RSS", rss, NAN, LK_ROLE_TITLE, "what the process occupies");
	add(v, "Python live, est.", m->est_python_live_bytes, rss, LK_ROLE_PYTHON,
	    "objects that are alive");
	add(v, "pymalloc arenas", m->pymalloc_arena_bytes, rss, LK_ROLE_PYTHON,
	    "small-object allocator");
	add(v, "pymalloc free, est.", free_in_arenas < 0 ? 0 : free_in_arenas, rss,
	    LK_ROLE_FRAGMENTED, "fragmentation: arenas - live");
	add(v, "malloc live", m->malloc_live_bytes, rss, LK_ROLE_NATIVE, "C heap in use");
	add(v, "malloc free", m->malloc_free_bytes, rss, LK_ROLE_FRAGMENTED,
	    "C heap kept, not in use");
	add(v, "malloc mmap", m->malloc_mmap_bytes, rss, LK_ROLE_NATIVE, "large C blocks");
	add_native(v, now);
	add(v, "sampler", m->sampler_bytes, rss, LK_ROLE_OTHER, "leaktop itself");
	add_text(v, "", LK_ROLE_MAIN);
	add(v, "anonymous", m->anonymous_bytes, rss, LK_ROLE_NATIVE, "heap and stacks");
	add(v, "file", m->file_bytes, rss, LK_ROLE_OTHER, "code and mapped files");
	add(v, "shared", m->shared_bytes, rss, LK_ROLE_OTHER, "shared memory");
	add(v, "swapped out", m->swap_bytes, rss, LK_ROLE_WARN, "not part of RSS");
	add(v, "private (USS)", m->uss_bytes, rss, LK_ROLE_OTHER,
	    "private to the process");
	add_text(v, "", LK_ROLE_MAIN);
}

static void
add_limit(struct memory *v, const struct lk_snapshot *now, const struct lk_verdict *verdict)
{
	struct line *line;
	double limit = now->cgroup_limit_bytes, used = now->cgroup_used_bytes;
	char text[LK_TEXT_BYTES], left[LK_TEXT_BYTES];

	if (isnan(limit)) {
		line = add_text(v, "memory limit", LK_ROLE_MAIN);
		snprintf(line->text, sizeof(line->text), "none known (no cgroup limit)");
		return;
	}
	add(v, "cgroup used", used, limit, used > 0.9 * limit ? LK_ROLE_WARN : LK_ROLE_OTHER, "");
	line = add_text(v, "cgroup limit", LK_ROLE_MAIN);
	if (isnan(verdict->seconds_to_limit))
		snprintf(line->text, sizeof(line->text), "%s, not growing towards it",
		    lk_text_bytes(limit, text, sizeof(text)));
	else {
		line->role = LK_ROLE_WARN;
		snprintf(line->text, sizeof(line->text), "%s, reached in %s at this rate",
		    lk_text_bytes(limit, text, sizeof(text)),
		    lk_text_duration(verdict->seconds_to_limit, left, sizeof(left)));
	}
}

static void
add_collector(struct memory *v, const struct lk_memory *m)
{
	struct line *line = add_text(v, "", LK_ROLE_MAIN);

	line = add_text(v, m->gc_enabled ? "garbage collector" : "collector DISABLED",
	    LK_ROLE_HEADING);
	snprintf(line->text, sizeof(line->text), "%9s %9s %9s %9s %13s", "COUNT", "THRESHOLD",
	    "RUNS", "COLLECTED", "UNCOLLECTABLE");
	for (size_t i = 0; i < LK_COUNT_OF(m->gc); i++) {
		static const char *const names[] = {"  generation 0", "  generation 1",
		    "  generation 2"};
		const struct lk_gc_generation *g = &m->gc[i];
		char count[LK_TEXT_BYTES], threshold[LK_TEXT_BYTES], runs[LK_TEXT_BYTES];
		char collected[LK_TEXT_BYTES], stuck[LK_TEXT_BYTES];

		line = add_text(v, names[i], g->uncollectable > 0 ? LK_ROLE_WARN : LK_ROLE_MAIN);
		snprintf(line->text, sizeof(line->text), "%9s %9s %9s %9s %13s",
		    lk_text_count(g->count, count, sizeof(count)),
		    lk_text_count(g->threshold, threshold, sizeof(threshold)),
		    lk_text_count(g->collections, runs, sizeof(runs)),
		    lk_text_count(g->collected, collected, sizeof(collected)),
		    lk_text_count(g->uncollectable, stuck, sizeof(stuck)));
	}
}

static char *
text_us(double us, char *out, size_t out_bytes)
{
	if (us < 999.5)
		snprintf(out, out_bytes, "%.0fus", us);
	else if (us < 9.95e3)
		snprintf(out, out_bytes, "%.1fms", us / 1e3);
	else if (us < 9.995e5)
		snprintf(out, out_bytes, "%.0fms", us / 1e3);
	else if (us < 9.95e7)
		snprintf(out, out_bytes, "%.2fs", us / 1e6);
	else
		lk_text_duration(us / 1e6, out, out_bytes);
	return out;
}

/* "0.8% of 42s; longest 96ms +-3.6ms, generation 2" */
static void
say_longest(const struct lk_gc_pauses *p, char *out, size_t out_bytes)
{
	char share[LK_TEXT_BYTES], watched[LK_TEXT_BYTES], longest[LK_TEXT_BYTES];
	char error[LK_TEXT_BYTES];
	int used;

	used = snprintf(out, out_bytes, " %s of %s",
	    lk_text_percent(p->total_us / 1e6, p->watched_s, share, sizeof(share)),
	    lk_text_duration(p->watched_s, watched, sizeof(watched)));
	if (isnan(p->longest_us))
		return;
	used += snprintf(out + used, out_bytes - (size_t)used, "; longest %s",
	    text_us(p->longest_us, longest, sizeof(longest)));
	if (p->longest_error_us > 0)
		used += snprintf(out + used, out_bytes - (size_t)used, " +-%s",
		    text_us(p->longest_error_us, error, sizeof(error)));
	if (!isnan(p->longest_generation))
		snprintf(out + used, out_bytes - (size_t)used, ", generation %.0f",
		    p->longest_generation);
}

/* What was not seen, and how well it was looked. */
static void
say_seen(const struct lk_gc_pauses *p, char *out, size_t out_bytes)
{
	char seen[LK_TEXT_BYTES], all[LK_TEXT_BYTES], every[LK_TEXT_BYTES], least[LK_TEXT_BYTES];
	int used;

	lk_text_count(p->collections, all, sizeof(all));
	if (p->exact)
		used = snprintf(out, out_bytes, " %s runs, timed by Python itself", all);
	else
		used = snprintf(out, out_bytes, " %s of %s runs seen by looks %s apart",
		    lk_text_count(p->seen, seen, sizeof(seen)), all,
		    text_us(p->watched_s / p->looks * 1e6, every, sizeof(every)));
	if (p->unseen_us > 0)
		snprintf(out + used, out_bytes - (size_t)used, "; others < %s",
		    text_us(p->unseen_us, least, sizeof(least)));
}

static void
add_pauses(struct memory *v, const struct lk_gc_pauses *p, bool is_file)
{
	struct line *line = add_text(v, p->exact ? "  time in it" : "  time in it, est.",
	    LK_ROLE_MAIN);

	if (isnan(p->watched_s)) {
		line->role = LK_ROLE_INACTIVE;
		snprintf(line->text, sizeof(line->text), " %s", is_file ?
		    "unknown: nobody looked when this was taken" :
		    "not known yet: looked at while this is shown");
		return;
	}
	say_longest(p, line->text, sizeof(line->text));
	line = add_text(v, "", LK_ROLE_INACTIVE);
	say_seen(p, line->text, sizeof(line->text));
}

/* Newest first: the last thing that went wrong is what one looks for. */
static void
add_events(struct memory *v, const struct lk_snapshot *now)
{
	struct line *line;

	if (now->event_count == 0)
		return;
	add_text(v, "", LK_ROLE_MAIN);
	line = add_text(v, "sampler's log", LK_ROLE_HEADING);
	snprintf(line->text, sizeof(line->text), "%s", "newest first");
	for (uint32_t i = 0; i < now->event_count && i < EVENTS_SHOWN; i++) {
		const struct lk_sampler_event *event = &now->events[now->event_count - 1 - i];

		line = add_text(v, "", lk_event_is_fault(event) ? LK_ROLE_WARN : LK_ROLE_MAIN);
		line->label = lk_text_clock(event->at_s, line->when, sizeof(line->when));
		lk_event_words(event, line->text, sizeof(line->text));
	}
}

static bool
is_file(const struct lk_session *s)
{
	return s->source == NULL || lk_source_state(s->source) == LK_SOURCE_OFFLINE;
}

static void
refresh_ledger(struct lk_view *view)
{
	struct memory *v = view->state;

	v->asked_ms = view->session->now_ms;
	lk_session_refresh(view->session, LK_REQUEST_MEMORY, WATCH_S);
}

static void
memory_update(struct lk_view *view)
{
	const struct lk_snapshot *now = view->session->now;
	struct memory *v = view->state;

	if (!view->session->paused && view->session->now_ms - v->asked_ms >= ASK_EVERY_MS)
		refresh_ledger(view);

	v->count = 0;
	if (now == NULL)
		return;
	add_ledger(v, now);
	add_limit(v, now, &view->session->verdict);
	add_collector(v, &now->memory);
	add_pauses(v, &now->memory.gc_pauses, is_file(view->session));
	add_events(v, now);
}

static void
draw_bar(const struct lk_session *s, struct lk_canvas *c, int row, int col, int cells,
    const struct line *line)
{
	double share = line->bytes / line->whole;
	int full;

	if (isnan(share) || cells < 4)
		return;
	share = share < 0 ? 0 : share > 1 ? 1 : share;
	full = (int)lrint(share * cells);
	lk_canvas_fill(c, row, col, full, line->role, s->ascii ? "#" : "█");
	lk_canvas_fill(c, row, col + full, cells - full, LK_ROLE_LINE, s->ascii ? "." : "·");
}

static void
draw_line(const struct lk_session *s, struct lk_canvas *c, const struct lk_area *area, int row,
    const struct line *line)
{
	int col = area->col + 3, bar = area->cols >= 100 ? 40 : area->cols >= 70 ? 11 : 8;
	int cells = lk_text_used_unit() == LK_TEXT_WHOLE ? WHOLE_CELLS : VALUE_CELLS;
	char value[LK_TEXT_BYTES], share[LK_TEXT_BYTES];

	lk_canvas_text(c, row, col, LABEL_CELLS, line->role == LK_ROLE_HEADING ? LK_ROLE_HEADING :
	    LK_ROLE_MAIN, line->label);
	col += area->cols < 60 ? LABEL_CELLS - 3 : LABEL_CELLS;
	if (line->text[0] != '\0') {
		lk_canvas_text(c, row, col, area->col + area->cols - col, line->role, line->text);
		return;
	}
	if (line->label[0] == '\0')
		return;
	if (isnan(line->bytes))
		snprintf(value, sizeof(value), "unknown");
	else
		lk_text_bytes(line->bytes, value, sizeof(value));
	lk_canvas_right(c, row, col, cells - 1,
	    isnan(line->bytes) ? LK_ROLE_INACTIVE : LK_ROLE_TITLE, value);
	col += cells;
	if (!isnan(line->bytes) && !isnan(line->whole)) {
		lk_text_percent(line->bytes, line->whole, share, sizeof(share));
		lk_canvas_right(c, row, col, 5, LK_ROLE_GRAPH_TEXT, share);
		draw_bar(s, c, row, col + 6, bar, line);
	}
	col += 6 + bar + 1;
	if (col + lk_canvas_width(c, line->note) <= area->col + area->cols)
		lk_canvas_text(c, row, col, area->col + area->cols - col, LK_ROLE_INACTIVE,
		    line->note);
}

static void
memory_draw(struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	struct memory *v = view->state;

	if (view->session->now == NULL || isnan(view->session->now->memory.at_s)) {
		lk_view_empty(c, area, "the ledger is on its way", NULL);
		return;
	}
	if (v->zoom.open) {
		lk_zoom_draw_process(&v->zoom, view->session, c, area);
		return;
	}
	v->page = area->rows;
	v->top = lk_view_top(v->top, v->page, v->count);
	for (int i = 0; i < area->rows && v->top + i < v->count; i++)
		draw_line(view->session, c, area, area->row + i, &v->lines[v->top + i]);
}

static void
ask_ledger(struct lk_view *view)
{
	lk_session_ask(view->session, LK_REQUEST_MEMORY, WATCH_S, NULL);
}

static bool
memory_input(struct lk_view *view, enum lk_action action)
{
	struct memory *v = view->state;

	if (action == LK_ACTION_RELOAD) {
		ask_ledger(view);
		return true;
	}
	return lk_zoom_input(&v->zoom, action) ||
	    lk_view_scroll(&v->top, v->page, v->count, action);
}

static void
memory_status(const struct lk_view *view, char *out, size_t out_bytes)
{
	const struct memory *v = view->state;
	const struct lk_snapshot *now = view->session->now;
	char ago[LK_TEXT_BYTES];

	if (now == NULL || isnan(now->memory.at_s))
		return;
	lk_text_duration(fmax(0, now->at_s - now->memory.at_s), ago, sizeof(ago));
	if (v->page > 0 && v->page < v->count)
		snprintf(out, out_bytes, "%d-%d of %d, read %s ago", v->top + 1,
		    v->top + v->page < v->count ? v->top + v->page : v->count, v->count, ago);
	else
		snprintf(out, out_bytes, "read %s ago", ago);
}

const struct lk_view_ops lk_view_memory = {
	.id = "memory",
	.title = "Memory",
	.short_title = "Mem",
	.key = '6',
	.state_size = sizeof(struct memory),
	.enter = refresh_ledger,
	.update = memory_update,
	.draw = memory_draw,
	.input = memory_input,
	.status = memory_status,
};
