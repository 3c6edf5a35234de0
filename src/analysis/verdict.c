#include "config.h"

#include "analysis/verdict.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "model/snapshot.h"
#include "util/text.h"

#include "analysis/growth.h"
#include "analysis/trend.h"

#define SPAN_S		 600.0	/* what the slope looks back on */
#define RECENT_S	 120.0	/* the same for growth that began a short while ago */
#define TREND_MIN_POINTS 3	/* of lk_trend_of() */
#define WARM_UP_S	 60.0	/* no judgement on less */
#define GROWN_SHARE	 0.005	/* of RSS in that span: less is not growth */
#define GROWN_MIN_BYTES	 (1 << 20)
#define LEAK_SHARE	 0.5	/* of RSS growth: more is a leak of Python, or of native code */
#define UNUSED_SHARE	 1.5	/* likewise: memory that is taken, and not written to yet */
#define NATIVE_POINTS	 128	/* of the trends of stacks: more than SPAN_S at their step */
#define NO_LIMIT_BYTES	 0x1p60	/* cgroups spell "no limit" so */
#define NEWEST_SHARE	 0.25	/* of the span: growth that lacks there has ended */
#define NEWEST_S	 30.0	/* at least */
#define LATEST_SHARE	 0.75	/* of the span: there must be some before that */
#define RSS_LEAST_BYTES	 (256 << 10) /* that it would have grown by meanwhile */
#define LIVE_LEAST_BLOCKS 4.0	/* the same of an estimate, in blocks that are sampled */
#define LEVEL_SHARE	 0.03	/* of what it grew by: nearer to the end is flat */
#define FLAT_SHARE	 0.2	/* of the slope of all: less in the newest part is flat, */
#define SLOW_SHARE	 0.5	/* less is slower, */
#define FAST_SHARE	 2.0	/* more is growth that began lately, */
#define ON_SHARE	 0.6	/* and that much of Python goes on, whatever RSS does */
#define FALL_SHARE	 0.4	/* of its range: a fall that deep is a saw tooth's */
#define BEYOND_SHARE	 0.2	/* of the range: what is higher than before by less is not */
#define TOOTH_SHARE	 0.05	/* of RSS: smaller ones are not worth a word */
#define TOOTH_MIN_BYTES	 (8 << 20)
#define CHANCE		 2.5	/* standard deviations that no sampling explains */
#define FREE_SHARE	 0.25	/* of what came: less that is free is no fragmentation */
#define LINE_SHARE	 0.5	/* of all growth: less is not the line that explains it */
#define LEVEL_POINTS	 3	/* whose median is the level there */

/* One course of bytes: its points, and what is read from them. */
struct course {
	const float *bytes;
	uint32_t count;
	double step_s;
	struct lk_trend trend;
	bool grows;
	double newest_s;	/* of its newest part: */
	double pace;		/* its growth there, of what the slope of all says; NAN unknown */
	double tooth_bytes;	/* it rises and falls back by that; 0: it does not */
};

struct judged {
	struct course rss, live, native;
	double data_s;	/* how much there is to judge by */
	bool slows;	/* it grew by slope_before, and by less now; */
	double slope_before;
	double flat_s;	/* or it has not for so long; 0: it does, or never did */
};

static double
or_zero(double value)
{
	return isfinite(value) && value > 0 ? value : 0;
}

/* The finest series that reaches back far enough, else the one that reaches furthest. */
static const struct lk_series *
series_to_judge(const struct lk_snapshot *s)
{
	const struct lk_series *best = NULL;
	double best_s = 0;

	for (uint32_t i = 0; i < s->series_count; i++) {
		double step_s = s->series[i].step_s;
		/* fewer points than a trend needs span nothing, however coarse their ring */
		double span_s = s->series[i].count < TREND_MIN_POINTS ? 0 :
		    step_s * (s->series[i].count - 1);

		/* a coarse ring rounds up to its step */
		if (best == NULL || (best_s < SPAN_S && span_s - step_s > best_s)) {
			best = &s->series[i];
			best_s = span_s;
		}
	}
	return best;
}

/* ---- one course ------------------------------------------------------------------------------ */

/* What a sample of a small block stands for. */
static double
block_bytes(const struct lk_snapshot *s)
{
	return s->sampler.duty > 0 ? s->sampler.interval_bytes / s->sampler.duty :
	    s->sampler.interval_bytes;
}

static double
enough_bytes(double whole_bytes)
{
	return fmax(isfinite(whole_bytes) ? whole_bytes * GROWN_SHARE : 0, GROWN_MIN_BYTES);
}

/* The last of its points that are not older than SPAN_S. */
static struct course
course_of(const float *bytes, uint32_t count, double step_s, double span_s)
{
	double wanted = step_s > 0 ? floor(span_s / step_s) + 1 : 0;
	uint32_t used = wanted < count ? (uint32_t)wanted : count;

	return (struct course){.bytes = used > 0 ? bytes + (count - used) : NULL, .count = used,
	    .step_s = step_s, .trend = lk_trend_of(bytes, count, step_s, span_s)};
}

static double
middle_of(double a, double b, double c)
{
	return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* The level where its LAST point is that old: a median, as points are noisy. */
static double
level_of(const struct course *c, uint32_t ago)
{
	uint32_t last = c->count - 1 - ago;

	if (c->count < ago + LEVEL_POINTS)
		return NAN;
	return middle_of((double)c->bytes[last], (double)c->bytes[last - 1],
	    (double)c->bytes[last - 2]);
}

static double
greatest_of(const float *bytes, uint32_t count)
{
	double greatest = -INFINITY;

	for (uint32_t i = 0; i < count; i++)
		greatest = fmax(greatest, (double)bytes[i]);
	return greatest;
}

/* Its levels, oldest first: a single wild point is no tooth.  Returns: how many. */
static uint32_t
levels_of(const struct course *c, float levels[LK_TREND_POINTS])
{
	uint32_t stride = (c->count + LK_TREND_POINTS - 1) / LK_TREND_POINTS, used = 0;

	for (uint32_t i = LEVEL_POINTS - 1; i < c->count; i += stride)
		levels[used++] = (float)level_of(c, c->count - 1 - i);
	return used;
}

/* It fell deep, and is not beyond what it was before; TOOTH_BYTES: it did so more than once. */
static bool
falls_back(const struct course *c, double whole_bytes, double *tooth_bytes)
{
	float levels[LK_TREND_POINTS];
	uint32_t count = levels_of(c, levels);
	struct lk_swing swing = lk_trend_swing(levels, count, FALL_SHARE);
	double least = fmax(isfinite(whole_bytes) ? whole_bytes * TOOTH_SHARE : 0, TOOTH_MIN_BYTES);
	double beyond = fmax(enough_bytes(whole_bytes), BEYOND_SHARE * swing.range);

	*tooth_bytes = swing.falls > 1 && swing.range >= least ? swing.range : 0;
	return swing.falls > 0 &&
	    level_of(c, 0) < greatest_of(levels, swing.last_fall) + beyond;
}

/* Three quarters of the pairs rise, and by enough to matter. */
static bool
rises(const struct course *c, double whole_bytes)
{
	double grown = c->trend.slope_per_s * c->trend.span_s;

	return c->trend.quartile_per_s > 0 && grown >= enough_bytes(whole_bytes);
}

/* What it went up by, from end to end. */
static double
rise_of(const struct course *c)
{
	return c->count < 2 * LEVEL_POINTS ? NAN :
	    level_of(c, 0) - level_of(c, c->count - LEVEL_POINTS);
}

/* How fast it grows by now.  The slower it is, the longer it takes to see it: by LEAST_BYTES. */
static void
find_pace(struct course *c, double least_bytes)
{
	double slope = c->trend.slope_per_s, by_level;
	struct lk_trend newest;

	c->newest_s = fmax(fmax(NEWEST_SHARE * c->trend.span_s, NEWEST_S), least_bytes / slope);
	if (!(c->newest_s <= LATEST_SHARE * c->trend.span_s))
		return;
	newest = lk_trend_of(c->bytes, c->count, c->step_s, c->newest_s);
	by_level = level_of(c, 0) - level_of(c, (uint32_t)(c->newest_s / c->step_s));
	c->pace = fmax(newest.slope_per_s, by_level / c->newest_s) / slope;
}

static void
judge_course(struct course *c, double whole_bytes, double least_bytes)
{
	bool back = c->count > 0 && falls_back(c, whole_bytes, &c->tooth_bytes);

	c->pace = NAN;
	c->grows = rises(c, whole_bytes) && !back;
	if (c->grows)
		find_pace(c, least_bytes);
}

/* For how long it is where it is now. */
static double
flat_s_of(const struct course *c)
{
	double most = LEVEL_SHARE * c->trend.slope_per_s * c->trend.span_s, end = level_of(c, 0);
	uint32_t ago = (uint32_t)(c->newest_s / c->step_s);

	while (ago + LEVEL_POINTS < c->count && end - level_of(c, ago + 1) < most)
		ago++;
	return ago * c->step_s;
}

/* From here on its newest part counts. */
static void
end_course(struct course *c, double newest_s, bool grows)
{
	c->grows = c->grows && grows;
	c->trend = lk_trend_of(c->bytes, c->count, c->step_s, newest_s);
}

/* RSS is exact: where it is flat it does not grow, whatever Python does within what is there.  It
 * slows down when Python does, too. */
static void
end_growth(struct judged *j)
{
	struct course *lead = j->rss.grows ? &j->rss : &j->live;
	bool live_goes_on = j->live.grows && j->live.pace >= ON_SHARE;
	double newest_s = lead->newest_s;

	if (!lead->grows || !(lead->pace < (live_goes_on ? FLAT_SHARE : SLOW_SHARE)))
		return;
	j->slows = lead->pace >= FLAT_SHARE;
	j->slope_before = lead->trend.slope_per_s;
	j->flat_s = j->slows ? 0 : flat_s_of(lead);
	end_course(&j->rss, newest_s, j->slows);
	if (!live_goes_on)
		end_course(&j->live, newest_s, j->slows);
}

/* Growth that began a short while ago: the older points would hide it for minutes.  It must go on,
 * and be higher than they ever were, or it is one of the ups and downs that they show. */
static bool
began_lately(const struct course *c, double whole_bytes, double least_bytes, struct course *recent)
{
	uint32_t older;

	*recent = course_of(c->bytes, c->count, c->step_s, RECENT_S);
	older = c->count - recent->count;
	if (older * c->step_s < WARM_UP_S || !rises(recent, whole_bytes))
		return false;
	recent->pace = NAN;
	find_pace(recent, least_bytes);
	recent->grows = !(recent->pace < SLOW_SHARE) && level_of(recent, 0) -
	    greatest_of(c->bytes, older) >= enough_bytes(whole_bytes);
	return recent->grows;
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* There is no series of all native memory, but each of its larger stacks has a trend; all of them
 * end now.  SUM has their points. */
static struct course
native_course(const struct lk_snapshot *s, float *sum, double span_s)
{
	uint32_t count = 0;

	memset(sum, 0, NATIVE_POINTS * sizeof(*sum));
	for (uint32_t i = 0; i < s->row_count; i++) {
		const struct lk_row *row = &s->rows[i];
		uint32_t used = row->trend_count < NATIVE_POINTS ? row->trend_count : NATIVE_POINTS;

		if (row->stack->domain != LK_DOMAIN_NATIVE || row->trend_bytes == NULL)
			continue;
		for (uint32_t k = 0; k < used; k++) {
			float bytes = row->trend_bytes[row->trend_count - used + k];

			sum[NATIVE_POINTS - used + k] += isfinite(bytes) ? bytes : 0;
		}
		count = used > count ? used : count;
	}
	return course_of(sum + NATIVE_POINTS - count, count, s->trend_step_s, span_s);
}

/* By the same time for all three. */
static void
judge_recent(const struct lk_snapshot *s, struct judged *j, float *sum)
{
	struct course rss, live;
	bool rss_grows = began_lately(&j->rss, s->rss_bytes, RSS_LEAST_BYTES, &rss);
	bool live_grows = began_lately(&j->live, s->rss_bytes, LIVE_LEAST_BLOCKS * block_bytes(s),
	    &live);

	if (!rss_grows && !live_grows)
		return;
	j->rss = rss;
	j->live = live;
	j->native = native_course(s, sum, RECENT_S);
	j->native.grows = rises(&j->native, s->rss_bytes);
}

static struct judged
judge(const struct lk_snapshot *s)
{
	const struct lk_series *series = series_to_judge(s);
	struct judged j = {.rss.trend.slope_per_s = NAN, .live.trend.slope_per_s = NAN};
	float sum[NATIVE_POINTS];

	j.native = native_course(s, sum, SPAN_S);
	j.native.grows = rises(&j.native, s->rss_bytes);
	if (series == NULL)
		return j;
	j.rss = course_of(series->rss_bytes, series->count, series->step_s, SPAN_S);
	j.live = course_of(series->live_bytes, series->count, series->step_s, SPAN_S);
	j.data_s = fmax(or_zero(j.rss.trend.span_s), or_zero(j.live.trend.span_s));
	judge_course(&j.rss, s->rss_bytes, RSS_LEAST_BYTES);
	judge_course(&j.live, s->rss_bytes, LIVE_LEAST_BLOCKS * block_bytes(s));
	end_growth(&j);
	if ((!j.rss.grows && !j.live.grows) || fmax(j.rss.pace, j.live.pace) > FAST_SHARE)
		judge_recent(s, &j, sum);
	return j;
}

/* Live bytes that pymalloc can hold: object and memory domains, as far as there are arenas.  What
 * is larger than 512 bytes went on to malloc, but which did is not known here. */
static double
arena_live_bytes(const struct lk_snapshot *s)
{
	double sum = 0;

	for (uint32_t i = 0; i < s->row_count; i++) {
		const struct lk_row *row = &s->rows[i];

		if (row->stack->domain != LK_DOMAIN_OBJ && row->stack->domain != LK_DOMAIN_MEM)
			continue;
		for (uint32_t k = 0; k < row->cell_count; k++)
			sum += row->cells[k].est_bytes;
	}
	return fmin(sum, or_zero(s->memory.pymalloc_arena_bytes));
}

static void
share_out(const struct lk_snapshot *s, struct lk_verdict *out)
{
	const struct lk_memory *m = &s->memory;
	double in_arenas, malloced;

	out->python_bytes = s->est_live_bytes;
	out->fragmented_bytes = out->native_bytes = out->other_bytes = NAN;
	if (isnan(m->at_s) || isnan(m->pymalloc_arena_bytes) || isnan(m->malloc_live_bytes) ||
	    isnan(s->rss_bytes) || isnan(s->est_live_bytes))
		return;
	in_arenas = arena_live_bytes(s);
	malloced = or_zero(m->malloc_live_bytes) + or_zero(m->malloc_mmap_bytes);
	out->fragmented_bytes =
	    or_zero(m->pymalloc_arena_bytes - in_arenas) + or_zero(m->malloc_free_bytes);
	/* malloc's own count has what libraries took from it; the samples know of mappings too, but
	 * only since they are counted: the larger of the two, never their sum */
	out->native_bytes = fmax(or_zero(malloced - (s->est_live_bytes - in_arenas)),
	    or_zero(s->est_native_live_bytes));
	out->other_bytes = or_zero(s->rss_bytes - out->python_bytes - out->fragmented_bytes -
	    out->native_bytes);
}

static double
seconds_to_limit(const struct lk_snapshot *s, const struct judged *j)
{
	double limit = s->cgroup_limit_bytes;
	double used = isfinite(s->cgroup_used_bytes) ? s->cgroup_used_bytes : s->rss_bytes;

	if (!j->rss.grows || !(limit > 0) || limit >= NO_LIMIT_BYTES || !isfinite(used))
		return NAN;
	return or_zero(limit - used) / j->rss.trend.slope_per_s;
}

/* ---- words ----------------------------------------------------------------------------------- */

static const char *const kinds[] = {
	[LK_VERDICT_WARMING_UP] = "warming up", [LK_VERDICT_DORMANT] = "dormant",
	[LK_VERDICT_PYTHON_LEAK] = "python leak", [LK_VERDICT_NATIVE_LEAK] = "native leak",
	[LK_VERDICT_GROWTH] = "growth", [LK_VERDICT_INSIDE] = "growth inside",
	[LK_VERDICT_SLOWING] = "slowing", [LK_VERDICT_ENDED] = "ended",
	[LK_VERDICT_SAW_TOOTH] = "saw tooth", [LK_VERDICT_STEADY] = "steady",
};

const char *
lk_verdict_kind_name(enum lk_verdict_kind kind)
{
	return kinds[kind];
}

/* "Python leak" in front of what follows. */
static void
say_leak(double bytes_per_min, double share, struct lk_verdict *out)
{
	const char *kind = out->is_native ? "Native leak" : "Python leak";
	char rate[LK_TEXT_BYTES];

	out->kind = out->is_native ? LK_VERDICT_NATIVE_LEAK : LK_VERDICT_PYTHON_LEAK;
	out->kind_bytes = strlen(kind);
	lk_text_rate_per_min(bytes_per_min, rate, sizeof(rate));
	if (share > UNUSED_SHARE)
		snprintf(out->sentence, sizeof(out->sentence), "%s: %s, %.0f%% of it in RSS yet",
		    kind, rate, 100 / share);
	else
		snprintf(out->sentence, sizeof(out->sentence), "%s: %s, %.0f%% of RSS growth",
		    kind, rate, fmin(100 * share, 100));
}

/* What is left when it is not Python: all that is free in the heaps may be less than what came. */
static const char *
rest_words(const struct lk_verdict *v, double rise)
{
	return v->fragmented_bytes < FREE_SHARE * rise ? "native memory, not fragmentation" :
	    "native memory or fragmentation";
}

static void
say_mixed(double live_share, double native_share, double rise, struct lk_verdict *out)
{
	char rss[LK_TEXT_BYTES];

	out->kind = LK_VERDICT_GROWTH;
	lk_text_rate_per_min(out->rss_growth_bytes_per_min, rss, sizeof(rss));
	if (live_share > 0 && native_share > 0)
		snprintf(out->sentence, sizeof(out->sentence),
		    "RSS grows %s, Python %.0f%% of it, native memory %.0f%%", rss,
		    100 * live_share, 100 * native_share);
	else if (native_share > 0)
		snprintf(out->sentence, sizeof(out->sentence),
		    "RSS grows %s, native memory %.0f%% of it, Python does not", rss,
		    100 * native_share);
	else if (live_share > 0)
		snprintf(out->sentence, sizeof(out->sentence),
		    "RSS grows %s, Python %.0f%% of it: %s", rss, 100 * live_share,
		    rest_words(out, rise));
	else
		snprintf(out->sentence, sizeof(out->sentence),
		    "RSS grows %s, Python does not: %s", rss, rest_words(out, rise));
}

static void
say_unknown(struct lk_verdict *out)
{
	char rss[LK_TEXT_BYTES];

	out->kind = LK_VERDICT_GROWTH;
	snprintf(out->sentence, sizeof(out->sentence),
	    "RSS grows %s: too few samples yet to say by what",
	    lk_text_rate_per_min(out->rss_growth_bytes_per_min, rss, sizeof(rss)));
}

/* Of the growth of RSS.  What comes in a few large steps has no slope, but a rise. */
static double
share_of_growth(const struct course *rss, const struct course *part)
{
	double share = rise_of(part) / rise_of(rss);

	if (part->grows)
		return part->trend.slope_per_s / rss->trend.slope_per_s;
	return part->tooth_bytes == 0 && share >= LEAK_SHARE && part->count == rss->count ?
	    fmin(share, 1) : 0;
}

/* All of it may be Python's, as few samples as that would be. */
static bool
is_within_chance(const struct lk_snapshot *s, const struct course *rss, double explained)
{
	double rise = rise_of(rss);

	return rise * (1 - explained) < CHANCE * sqrt(fmax(rise, 0) * block_bytes(s));
}

static void
say_growth(const struct lk_snapshot *s, const struct judged *j, struct lk_verdict *out)
{
	double live_share = share_of_growth(&j->rss, &j->live);
	double native_share = j->native.grows ?
	    j->native.trend.slope_per_s / j->rss.trend.slope_per_s : 0;

	out->is_native = native_share >= LEAK_SHARE && native_share > live_share;
	if (out->is_native)
		say_leak(out->native_growth_bytes_per_min, native_share, out);
	else if (live_share >= LEAK_SHARE)
		say_leak(live_share * out->rss_growth_bytes_per_min, live_share, out);
	else if (is_within_chance(s, &j->rss, live_share + native_share))
		say_unknown(out);
	else
		say_mixed(live_share, native_share, rise_of(&j->rss), out);
}

/* A cache that fills does that, and a leak with less traffic. */
static void
say_slower(const struct judged *j, struct lk_verdict *out)
{
	bool rss = j->rss.grows;
	char now[LK_TEXT_BYTES], before[LK_TEXT_BYTES];

	out->kind = LK_VERDICT_SLOWING;
	snprintf(out->sentence, sizeof(out->sentence), "%s grows ever slower: %s now, was %s",
	    rss ? "RSS" : "Python", lk_text_rate_per_min(rss ? out->rss_growth_bytes_per_min :
	    out->live_growth_bytes_per_min, now, sizeof(now)),
	    lk_text_rate_per_min(60 * j->slope_before, before, sizeof(before)));
}

/* Nothing grows now. */
static void
say_level(const struct judged *j, struct lk_verdict *out)
{
	double tooth = fmax(j->rss.tooth_bytes, j->live.tooth_bytes);
	char text[LK_TEXT_BYTES], grown[LK_TEXT_BYTES];

	if (j->flat_s > 0) {
		out->kind = LK_VERDICT_ENDED;
		snprintf(out->sentence, sizeof(out->sentence),
		    "not growing any more: RSS %s, then flat for %s",
		    lk_text_bytes_signed((double)j->rss.bytes[j->rss.count - 1] -
			(double)j->rss.bytes[0], grown, sizeof(grown)),
		    lk_text_duration(j->flat_s, text, sizeof(text)));
	} else if (tooth > 0) {
		out->kind = LK_VERDICT_SAW_TOOTH;
		snprintf(out->sentence, sizeof(out->sentence),
		    "not growing: rises and falls back by %s",
		    lk_text_bytes(tooth, text, sizeof(text)));
	} else {
		out->kind = LK_VERDICT_STEADY;
		snprintf(out->sentence, sizeof(out->sentence), "not growing");
	}
}

static void
add_limit(const struct lk_snapshot *s, struct lk_verdict *out)
{
	char limit[LK_TEXT_BYTES], in[LK_TEXT_BYTES];
	size_t used = strlen(out->sentence);

	if (!isnan(out->seconds_to_limit))
		snprintf(out->sentence + used, sizeof(out->sentence) - used, "; limit %s in %s",
		    lk_text_bytes(s->cgroup_limit_bytes, limit, sizeof(limit)),
		    lk_text_duration(out->seconds_to_limit, in, sizeof(in)));
}

static void
say_dormant(const struct judged *j, struct lk_verdict *out)
{
	char rate[LK_TEXT_BYTES];

	out->kind = LK_VERDICT_DORMANT;
	snprintf(out->sentence, sizeof(out->sentence), j->rss.grows ?
	    "RSS grows %s; the sampler is dormant: by what is not known" :
	    "the sampler is dormant: only RSS is known",
	    lk_text_rate_per_min(out->rss_growth_bytes_per_min, rate, sizeof(rate)));
}

static void
say(const struct lk_snapshot *s, const struct judged *j, struct lk_verdict *out)
{
	char text[LK_TEXT_BYTES];

	if (s->sampler.state == LK_STATE_DORMANT)
		say_dormant(j, out);
	else if (j->data_s < WARM_UP_S) {
		out->kind = LK_VERDICT_WARMING_UP;
		snprintf(out->sentence, sizeof(out->sentence), "warming up: %s of data",
		    lk_text_duration(j->data_s, text, sizeof(text)));
	} else if (j->slows)
		say_slower(j, out);
	else if (j->rss.grows)
		say_growth(s, j, out);
	else if (j->live.grows) {
		out->kind = LK_VERDICT_INSIDE;
		snprintf(out->sentence, sizeof(out->sentence),
		    "Python grows %s inside memory that the process already has",
		    lk_text_rate_per_min(out->live_growth_bytes_per_min, text, sizeof(text)));
	} else
		say_level(j, out);
}

void
lk_verdict_of(const struct lk_snapshot *s, struct lk_verdict *out)
{
	struct judged j = judge(s);

	memset(out, 0, sizeof(*out));
	out->rss_growth_bytes_per_min = j.rss.trend.slope_per_s * 60;
	out->live_growth_bytes_per_min = j.live.trend.slope_per_s * 60;
	out->native_growth_bytes_per_min = j.native.trend.slope_per_s * 60;
	out->seconds_to_limit = seconds_to_limit(s, &j);
	out->rss_grows = j.rss.grows;
	out->warm_up_s = s->sampler.state == LK_STATE_DORMANT ? 0 : fmax(WARM_UP_S - j.data_s, 0);
	share_out(s, out);
	say(s, &j, out);
	if (out->kind != LK_VERDICT_DORMANT && out->kind != LK_VERDICT_WARMING_UP)
		add_limit(s, out);
}

/* ---- the line -------------------------------------------------------------------------------- */

/* By its newer half; points are means of two, as estimates are noisy.  NAN: no such trend. */
static double
recent_bytes(const struct lk_growth *g, double step_s)
{
	const float *end = g->trend_bytes + g->trend_count;
	double wanted = step_s > 0 ? SPAN_S / step_s + 1 : 0;
	uint32_t half = (uint32_t)fmin(wanted, g->trend_count) / 2;

	if (g->trend_bytes == NULL || half < 2 || half + 2 > g->trend_count)
		return NAN;
	return ((double)end[-1] + (double)end[-2] - (double)end[-1 - (int)half] -
	    (double)end[-2 - (int)half]) / 2;
}

double
lk_verdict_recent_per_min(const struct lk_growth *row, double trend_step_s)
{
	double points = fmin(trend_step_s > 0 ? SPAN_S / trend_step_s + 1 : 0, row->trend_count);

	return recent_bytes(row, trend_step_s) / (floor(points / 2) * trend_step_s) * 60;
}

/* Three standard deviations of what so many bytes are estimated with. */
static bool
exceeds_chance(const struct lk_growth *g, double grown)
{
	return g->live.bytes > 0 && grown > 9 * g->live.variance / g->live.bytes;
}

static const struct lk_growth *
most_of(const struct lk_growth_set *lines, double step_s, bool by_trend)
{
	const struct lk_growth *first = NULL;
	double most = 0, total = 0;

	for (size_t i = 0; i < lines->count; i++) {
		const struct lk_growth *g = &lines->rows[i];
		double grown = by_trend ? recent_bytes(g, step_s) : g->delta_bytes;

		if (!(grown > 0) || (by_trend && !exceeds_chance(g, grown)))
			continue;
		total += grown;
		if (grown > most) {
			most = grown;
			first = g;
		}
	}
	return first != NULL && (by_trend || first->significant) && most >= LINE_SHARE * total ?
	    first : NULL;
}

const struct lk_growth *
lk_verdict_line(const struct lk_growth_set *lines, double trend_step_s)
{
	bool by_trend = false;

	for (size_t i = 0; i < lines->count && !by_trend; i++)
		by_trend = !isnan(recent_bytes(&lines->rows[i], trend_step_s));
	return most_of(lines, trend_step_s, by_trend);
}
