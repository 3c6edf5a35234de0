#include "config.h"

#include "ui/header.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/verdict.h"
#include "base/attr.h"
#include "model/snapshot.h"
#include "util/text.h"

#include "ui/columns.h"
#include "ui/desk.h"
#include "ui/spark.h"

#define SEGMENTS_MAX	12
#define SPARK_CELLS	20
#define CLIP_CELLS	16	/* less of a sentence is not worth it */
#define SPARK_POINTS	12	/* fewer make no curve */
#define SPARK_S		1200.0	/* how far back at most */
#define BAR_CELLS	20
#define WHY_COLS	60	/* from here on there is room for the word */
#define WHY_CELLS	4

/* A line is made of segments; those that matter least go where there is no room. */
struct segment {
	char		text[200];
	enum lk_role	role;
	int		keep;		/* higher stays longer */
	bool		right;		/* from here on at the right edge */
	bool		clip;		/* loses its end before it goes */
};

struct segments {
	struct segment	list[SEGMENTS_MAX];
	int		count;
};

static struct segment *
add(struct segments *line, enum lk_role role, int keep)
{
	struct segment *segment =
	    &line->list[line->count < SEGMENTS_MAX ? line->count++ : SEGMENTS_MAX - 1];

	memset(segment, 0, sizeof(*segment));
	segment->role = role;
	segment->keep = keep;
	return segment;
}

static int
width_of(const struct lk_canvas *c, const struct segments *line)
{
	int width = 1;

	for (int i = 0; i < line->count; i++)
		if (line->list[i].text[0] != '\0')
			width += lk_canvas_width(c, line->list[i].text) + 1;
	return width;
}

/* Makes LEAST shorter by OVER cells, or empty. */
static void
shrink(const struct lk_canvas *c, struct segment *least, int over)
{
	int cells = lk_canvas_width(c, least->text) - over;

	if (least->clip && cells >= CLIP_CELLS)
		lk_text_clean(least->text, least->text, (size_t)cells + 1);
	else
		least->text[0] = '\0';
}

static void
draw_segments(struct lk_canvas *c, int row, struct segments *line)
{
	int col = 1, width;

	while ((width = width_of(c, line)) > c->cols) {
		int least = -1;

		for (int i = 0; i < line->count; i++)
			if (line->list[i].text[0] != '\0' &&
			    (least < 0 || line->list[i].keep < line->list[least].keep))
				least = i;
		if (least < 0 || line->list[least].keep >= 100)
			break;
		shrink(c, &line->list[least], width - c->cols);
	}
	for (int i = 0; i < line->count; i++) {
		const struct segment *segment = &line->list[i];

		if (segment->text[0] == '\0')
			continue;
		if (segment->right && width < c->cols) {
			col += c->cols - width;
			width = c->cols;
		}
		col += lk_canvas_text(c, row, col, c->cols - col, segment->role, segment->text) + 1;
	}
}

/* ---- identity and state ---------------------------------------------------- */

static const struct {
	const char	*word;
	enum lk_role	 role;
	bool		 explain;	/* the source's words follow */
} states[] = {
	[LK_SOURCE_CONNECTING] = {"CONNECTING", LK_ROLE_STALE, true},
	[LK_SOURCE_LIVE] = {"LIVE", LK_ROLE_SHRINK, false},
	[LK_SOURCE_STALE] = {"STALE", LK_ROLE_STALE, true},
	[LK_SOURCE_LOST] = {"LOST", LK_ROLE_BANNER, true},
	[LK_SOURCE_GONE] = {"GONE", LK_ROLE_BANNER, true},
	[LK_SOURCE_OFFLINE] = {"FILE", LK_ROLE_BASELINE, true},
	[LK_SOURCE_REFUSED] = {"REFUSED", LK_ROLE_BANNER, true},
};

static void
short_command(const struct lk_session *s, char *out, size_t out_bytes)
{
	const char *command = s->now->process.command, *short_one;
	char clean[256];

	lk_text_clean(command != NULL ? command : "", clean, sizeof(clean));
	short_one = lk_columns_command(clean);
	snprintf(out, out_bytes, "%.*s", (int)strcspn(short_one, " "), short_one);
}

static const char *
base_of(const char *path)
{
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;

	return slash != NULL ? slash + 1 : path != NULL ? path : "?";
}

static void
reference_words(const struct lk_session *s, char *out, size_t out_bytes)
{
	char name[96], until[96], ago[LK_TEXT_BYTES];
	uint32_t id = s->lost_reference ? LK_REFERENCE_START :
	    lk_growth_resolve(s->now, s->reference);
	const struct lk_baseline *b = lk_snapshot_baseline(s->now, id);
	double since = b != NULL ? b->at_s : s->now->sampler.started_at_s;

	if (s->before != NULL) {
		snprintf(out, out_bytes, "A %s  B %s", base_of(s->before->origin),
		    base_of(s->now->origin));
		lk_text_clean(out, out, out_bytes);
		return;
	}
	lk_session_baseline_name(s, id, name, sizeof(name));
	if (s->until != 0) {
		snprintf(out, out_bytes, "%s to %s", name,
		    lk_session_baseline_name(s, s->until, until, sizeof(until)));
		return;
	}
	snprintf(out, out_bytes, "ref %s %s ago", name,
	    lk_text_duration(fmax(0, s->now->at_s - since), ago, sizeof(ago)));
}

/* In the past the time stands there, not only that it stands. */
static void
add_paused(const struct lk_session *s, struct segments *line)
{
	const struct lk_snapshot *newest = s->source != NULL ? lk_source_snapshot(s->source) : NULL;
	struct segment *segment = add(line, LK_ROLE_BANNER, 100);
	char at[LK_TEXT_BYTES];

	if (newest != NULL && s->now != NULL && newest->at_s - s->now->at_s >= LK_PAST_STEP_S)
		snprintf(segment->text, sizeof(segment->text), "PAUSED %s",
		    lk_text_clock(s->now->at_s, at, sizeof(at)));
	else
		snprintf(segment->text, sizeof(segment->text), "PAUSED");
}

static void
add_state(const struct lk_session *s, struct segments *line)
{
	enum lk_source_state state = lk_source_state(s->source);
	struct segment *segment = add(line, states[state].role, 100);

	snprintf(segment->text, sizeof(segment->text), "%s", states[state].word);
	if (state == LK_SOURCE_LIVE)
		snprintf(segment->text, sizeof(segment->text), "LIVE %gs", s->period_ms / 1000.0);
	if (s->now != NULL && s->now->sampler.state != LK_STATE_SAMPLING &&
	    state == LK_SOURCE_LIVE) {
		segment->role = LK_ROLE_BANNER;
		snprintf(segment->text, sizeof(segment->text), "SAMPLER %s",
		    s->now->sampler.state == LK_STATE_PAUSED ? "PAUSED" : "DORMANT");
		segment = add(line, LK_ROLE_BANNER, 72);
		segment->clip = true;
		lk_text_clean(s->now->sampler.reason != NULL ? s->now->sampler.reason : "",
		    segment->text, sizeof(segment->text));
	}
	if (states[state].explain) {
		segment = add(line, LK_ROLE_WARN, state == LK_SOURCE_OFFLINE ? 60 : 85);
		segment->clip = true;
		lk_text_clean(lk_source_words(s->source) != NULL ? lk_source_words(s->source) : "",
		    segment->text, sizeof(segment->text));
	}
	if (s->paused)
		add_paused(s, line);
	if (s->playing)
		snprintf(add(line, LK_ROLE_BANNER, 100)->text, 16, "PLAYING");
	if (s->readonly)
		snprintf(add(line, LK_ROLE_INACTIVE, 15)->text, 16, "readonly");
}

/* Where the operator gave this host a banner, all of the line is one, and its words come first:
 * they stay when nearly all else had to go, and where there are no colours. */
static void
draw_banner(const struct lk_session *s, struct lk_canvas *c, int row, struct segments *line)
{
	if (s->banner[0] != '\0') {
		lk_canvas_fill(c, row, 0, c->cols, LK_ROLE_BANNER, " ");
		for (int i = 0; i < line->count; i++)
			line->list[i].role = LK_ROLE_BANNER;
	}
	draw_segments(c, row, line);
}

/* Of a group: how many are in its sums, and who of these is as it was last. */
static void
add_members(const struct lk_snapshot *now, struct segments *line)
{
	uint32_t silent = lk_snapshot_silent(now);

	if (now->member_count == 0)
		return;
	snprintf(add(line, LK_ROLE_TITLE, 88)->text, 64, "sum of %u processes",
	    lk_snapshot_summed(now));
	if (silent > 0)
		snprintf(add(line, LK_ROLE_WARN, 87)->text, 64, "%u silent", silent);
}

/* Whose growth since the reference is in no sum; whose counts from a later time. */
static void
add_missed(const struct lk_session *s, struct segments *line)
{
	uint32_t id = lk_growth_resolve(s->now, s->reference);
	const struct lk_baseline *b = lk_snapshot_baseline(s->now, id);
	char late[LK_TEXT_BYTES];

	if (b == NULL || s->before != NULL || s->now->member_count == 0)
		return;
	if (b->missed_count > 0)
		snprintf(add(line, LK_ROLE_WARN, 86)->text, 64, "%u missed B%u",
		    b->missed_count, id);
	if (b->late_count > 0)
		snprintf(add(line, LK_ROLE_WARN, 65)->text, 64, "%u marked %s late", b->late_count,
		    lk_text_duration(b->late_s, late, sizeof(late)));
}

/* Which process it is. */
static void
add_process(const struct lk_session *s, struct segments *line)
{
	const struct lk_process_info *p = &s->now->process;
	struct segment *segment = add(line, LK_ROLE_TITLE, 90);
	char host[72], python[24];

	snprintf(segment->text, sizeof(segment->text), "%d", p->pid);
	add_members(s->now, line);
	add_missed(s, line);
	segment = add(line, LK_ROLE_TITLE, 80);
	short_command(s, segment->text, 48);
	segment = add(line, LK_ROLE_GRAPH_TEXT, 20);
	lk_text_clean(p->host != NULL ? p->host : "", host, sizeof(host));
	snprintf(segment->text, sizeof(segment->text), "@%.40s", host);
	segment = add(line, LK_ROLE_GRAPH_TEXT, 30);
	lk_text_clean(p->python != NULL ? p->python : "?", python, sizeof(python));
	snprintf(segment->text, sizeof(segment->text), "py%s", python);
}

static void
draw_identity(const struct lk_session *s, struct lk_canvas *c, int row)
{
	struct segments line = {.count = 0};
	struct segment *segment;
	char rss[LK_TEXT_BYTES];

	if (s->banner[0] != '\0')
		lk_text_head(s->banner, (size_t)c->cols / 3,
		    add(&line, LK_ROLE_BANNER, 100)->text, sizeof(s->banner));
	snprintf(add(&line, LK_ROLE_HIGH, 10)->text, 16, "leaktop");
	if (s->source == NULL) {
		snprintf(add(&line, LK_ROLE_TITLE, 50)->text, 64, "Python processes of this host");
		if (s->paused)
			snprintf(add(&line, LK_ROLE_BANNER, 100)->text, 16, "PAUSED");
		draw_banner(s, c, row, &line);
		return;
	}
	if (s->now != NULL)
		add_process(s, &line);
	add_state(s, &line);
	if (s->now != NULL && c->rows < LK_HEADER_FULL_ROWS)
		snprintf(add(&line, LK_ROLE_TITLE, 75)->text, 64, "RSS %s",
		    lk_text_bytes(s->now->rss_bytes, rss, sizeof(rss)));
	if (s->now != NULL) {
		segment = add(&line, LK_ROLE_BASELINE, 70);
		segment->right = true;
		segment->clip = true;
		reference_words(s, segment->text, sizeof(segment->text));
	}
	draw_banner(s, c, row, &line);
}

/* ---- sizes and rates ------------------------------------------------------- */

/* The ring that reaches back furthest within about a quarter of an hour.  A coarse ring begins
 * with few points, which say less than the finer one's many. */
static const struct lk_series *
pick_series(const struct lk_snapshot *now)
{
	const struct lk_series *best = NULL;

	for (uint32_t i = 0; i < now->series_count; i++)
		if (best == NULL || (now->series[i].count >= SPARK_POINTS &&
		    now->series[i].step_s * now->series[i].count <= SPARK_S))
			best = &now->series[i];
	return best;
}

/* RSS gained since the reference, where that is a baseline. */
static void
add_since(const struct lk_session *s, struct segments *line)
{
	uint32_t id = lk_growth_resolve(s->now, s->reference);
	const struct lk_baseline *b = lk_snapshot_baseline(s->now, id);
	char delta[LK_TEXT_BYTES];

	if (b == NULL || s->before != NULL)
		return;
	snprintf(add(line, LK_ROLE_BASELINE, 22)->text, 64, "%s since B%u",
	    lk_text_bytes_signed(s->now->rss_bytes - b->rss_bytes, delta, sizeof(delta)), id);
}

static void
add_rss(const struct lk_session *s, const struct lk_verdict *verdict, struct segments *line,
    int spark_cells)
{
	const struct lk_snapshot *now = s->now;
	const struct lk_series *series = pick_series(now);
	struct segment *segment = add(line, LK_ROLE_TITLE, 100);
	char rss[LK_TEXT_BYTES], span[LK_TEXT_BYTES];

	snprintf(segment->text, sizeof(segment->text), "RSS %s",
	    lk_text_bytes(now->rss_bytes, rss, sizeof(rss)));
	if (series != NULL && series->count > 1) {
		segment = add(line, verdict->rss_growth_bytes_per_min > 0 ? LK_ROLE_GROW :
		    LK_ROLE_SHRINK, 40);
		lk_spark_text(series->rss_bytes, series->count, spark_cells, s->ascii,
		    segment->text, sizeof(segment->text));
	}
	segment = add(line, verdict->rss_growth_bytes_per_min > 1024 * 1024 ? LK_ROLE_GROW :
	    LK_ROLE_MAIN, 90);
	if (isnan(verdict->rss_growth_bytes_per_min))
		snprintf(segment->text, sizeof(segment->text), "rate unknown yet");
	else
		lk_text_rate_per_min(verdict->rss_growth_bytes_per_min, segment->text,
		    sizeof(segment->text));
	add_since(s, line);
	if (series != NULL && series->count > 1) {
		segment = add(line, LK_ROLE_INACTIVE, 5);
		snprintf(segment->text, sizeof(segment->text), "over %s",
		    lk_text_duration(series->step_s * (series->count - 1), span, sizeof(span)));
	}
}

static void
add_limit(const struct lk_snapshot *now, const struct lk_verdict *verdict, struct segments *line)
{
	struct segment *segment;
	char limit[LK_TEXT_BYTES], percent[LK_TEXT_BYTES], left[LK_TEXT_BYTES];

	if (isnan(now->cgroup_limit_bytes))
		return;
	segment = add(line, LK_ROLE_GRAPH_TEXT, 18);
	lk_text_bytes(now->cgroup_limit_bytes, limit, sizeof(limit));
	lk_text_percent(now->cgroup_used_bytes, now->cgroup_limit_bytes, percent, sizeof(percent));
	if (isnan(verdict->seconds_to_limit)) {
		snprintf(segment->text, sizeof(segment->text), "%s of %s", percent, limit);
		return;
	}
	segment->role = LK_ROLE_WARN;	/* the verdict says it too */
	snprintf(segment->text, sizeof(segment->text), "limit %s in %s", limit,
	    lk_text_duration(verdict->seconds_to_limit, left, sizeof(left)));
}

/* The share of time with hooks: "d1.0", "d0.25". */
static void
add_duty(const struct lk_snapshot *now, struct segments *line)
{
	struct segment *segment;

	if (isnan(now->sampler.duty))
		return;
	segment = add(line, LK_ROLE_GRAPH_TEXT, now->sampler.duty < 1 ? 32 : 24);
	snprintf(segment->text, sizeof(segment->text), "d%.*f",
	    now->sampler.duty > 0.49 ? 1 : 2, now->sampler.duty);
}

/* What is too much: the budget, with what is measured too late in a second. */
static double
warned_percent(const struct lk_snapshot *now)
{
	double budget = now->sampler.budget_percent;

	return isnan(budget) || budget == 0 ? 1 : budget * 1.5;
}

static void
add_sampler(const struct lk_snapshot *now, struct segments *line)
{
	struct segment *segment = add(line, LK_ROLE_GRAPH_TEXT, 30);
	char interval[LK_TEXT_BYTES], lost[LK_TEXT_BYTES], *point;

	segment->right = true;
	lk_text_bytes(now->sampler.interval_bytes, interval, sizeof(interval));
	if ((point = strstr(interval, ".0")) != NULL)
		memmove(point, point + 2, strlen(point + 2) + 1);
	snprintf(segment->text, sizeof(segment->text), "sampler %s", interval);
	add_duty(now, line);
	segment = add(line, now->sampler.cost_percent > warned_percent(now) ? LK_ROLE_WARN :
	    LK_ROLE_GRAPH_TEXT, 35);
	if (isnan(now->sampler.cost_percent))
		snprintf(segment->text, sizeof(segment->text), "cost unknown");
	else
		snprintf(segment->text, sizeof(segment->text), "cost %.1f%%",
		    now->sampler.cost_percent);
	segment = add(line, now->sampler.drops > 0 ? LK_ROLE_WARN : LK_ROLE_GRAPH_TEXT,
	    now->sampler.drops > 0 ? 60 : 25);
	snprintf(segment->text, sizeof(segment->text), "lost %s",
	    lk_text_count(now->sampler.drops, lost, sizeof(lost)));
}

static void
draw_sizes(const struct lk_session *s, struct lk_canvas *c, int row,
    const struct lk_verdict *verdict)
{
	struct segments line = {.count = 0};

	add_rss(s, verdict, &line, c->cols >= 110 ? 40 : c->cols >= 90 ? SPARK_CELLS : 12);
	add_limit(s->now, verdict, &line);
	add_sampler(s->now, &line);
	draw_segments(c, row, &line);
}

/* ---- the verdict ----------------------------------------------------------- */

static int
draw_bar(struct lk_canvas *c, int row, int col, int cells, const struct lk_verdict *verdict)
{
	const struct {
		double		 bytes;
		const char	*letter;
		enum lk_role	 role;
	} parts[] = {
		{verdict->python_bytes, "P", LK_ROLE_PYTHON},
		{verdict->fragmented_bytes, "F", LK_ROLE_FRAGMENTED},
		{verdict->native_bytes, "N", LK_ROLE_NATIVE},
		{verdict->other_bytes, "O", LK_ROLE_OTHER},
	};
	double total = 0, sum = 0;
	int from = 0;

	for (size_t i = 0; i < LK_COUNT_OF(parts); i++)
		total += isnan(parts[i].bytes) ? 0 : parts[i].bytes;
	if (!(total > 0))
		return 0;
	for (size_t i = 0; i < LK_COUNT_OF(parts); i++) {
		int to;

		sum += isnan(parts[i].bytes) ? 0 : parts[i].bytes;
		to = (int)lrint(sum / total * cells);
		lk_canvas_fill(c, row, col + from, to - from, parts[i].role, parts[i].letter);
		from = to;
	}
	return cells + 1;
}

/* The verdict's sentence, and what the session knows besides, where there is room. */
static void
why_text(const struct lk_session *s, const struct lk_canvas *c, const struct lk_verdict *verdict,
    char *out, size_t out_bytes)
{
	const char *rest = verdict->sentence + verdict->kind_bytes;
	char left[LK_TEXT_BYTES];
	int room = c->cols - (c->cols >= WHY_COLS ? WHY_CELLS : 0) - 1;

	if (verdict->warm_up_s > 0 && s->source != NULL &&
	    lk_source_state(s->source) == LK_SOURCE_LIVE)
		snprintf(out, out_bytes, "%s, verdict in %s", verdict->sentence,
		    lk_text_duration(ceil(verdict->warm_up_s), left, sizeof(left)));
	else if (verdict->kind_bytes > 0 && s->worst[0] != '\0' &&
	    verdict->is_native == s->worst_is_native) {
		snprintf(out, out_bytes, "%.*s at %s%s", (int)verdict->kind_bytes,
		    verdict->sentence, s->worst, rest);
		/* a line is one of Python anyway */
		if (!verdict->is_native && lk_canvas_width(c, out) > room)
			snprintf(out, out_bytes, "Leak at %s%s", s->worst, rest);
	} else
		out[0] = '\0';
	if (out[0] == '\0' || (lk_canvas_width(c, out) > room &&
	    lk_canvas_width(c, verdict->sentence) <= room))
		snprintf(out, out_bytes, "%s", verdict->sentence);
}

static void
draw_why(const struct lk_session *s, struct lk_canvas *c, int row,
    const struct lk_verdict *verdict)
{
	char why[sizeof(verdict->sentence) + sizeof(s->worst) + 8];
	int col = 1, cells = c->cols >= 110 ? BAR_CELLS * 3 / 2 : c->cols >= 80 ? BAR_CELLS / 2 : 0;
	int sentence;

	why_text(s, c, verdict, why, sizeof(why));
	sentence = lk_canvas_width(c, why);
	/* The sentence is the answer: the bar gives way to it. */
	if (c->cols >= WHY_COLS)
		col += lk_canvas_text(c, row, col, WHY_CELLS, LK_ROLE_TITLE, "Why ");
	if (cells > 0 && col + cells + 1 + sentence > c->cols)
		cells = c->cols - col - 1 - sentence;
	if (cells >= 4)
		col += draw_bar(c, row, col, cells, verdict);
	lk_canvas_text(c, row, col, c->cols - col, LK_ROLE_TITLE, why);
}

int
lk_header_draw(const struct lk_session *s, struct lk_canvas *c)
{
	draw_identity(s, c, 0);
	if (s->source == NULL)
		return 1;
	if (s->now == NULL)
		return c->rows >= LK_HEADER_FULL_ROWS ? 3 : 2;
	if (c->rows < LK_HEADER_FULL_ROWS) {
		draw_why(s, c, 1, &s->verdict);
		return 2;
	}
	draw_sizes(s, c, 1, &s->verdict);
	draw_why(s, c, 2, &s->verdict);
	return 3;
}

void
lk_header_summary(const struct lk_session *s, struct lk_canvas *c)
{
	char text[320], rss[LK_TEXT_BYTES];
	int col = lk_canvas_text(c, 0, 0, c->cols, LK_ROLE_BANNER, s->banner);

	col += col > 0;
	if (s->now == NULL) {
		snprintf(text, sizeof(text), s->source != NULL ? "leaktop: waiting" :
		    "%d Python processes; more in 40x10", s->process_count);
		lk_canvas_text(c, 0, col, c->cols - col, LK_ROLE_MAIN, text);
		return;
	}
	snprintf(text, sizeof(text), "%d %s %s", s->now->process.pid,
	    lk_text_bytes(s->now->rss_bytes, rss, sizeof(rss)), s->verdict.sentence);
	lk_canvas_text(c, 0, col, c->cols - col, LK_ROLE_MAIN, text);
}
