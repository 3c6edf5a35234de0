#include "config.h"

#include "analysis/verdict.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "model/snapshot.h"
#include "util/text.h"

#include "analysis/trend.h"

#define SPAN_S		 600.0	/* what the slope looks back on */
#define TREND_MIN_POINTS 3	/* of lk_trend_of() */
#define WARM_UP_S	 60.0	/* no judgement on less */
#define GROWN_SHARE	 0.005	/* of RSS in that span: less is not growth */
#define GROWN_MIN_BYTES	 (1 << 20)
#define LEAK_SHARE	 0.5	/* of RSS growth: more is a leak of Python, or of native code */
#define NATIVE_POINTS	 128	/* of the trends of stacks: more than SPAN_S at their step */
#define NO_LIMIT_BYTES	 0x1p60	/* cgroups spell "no limit" so */

struct judged {
	struct lk_trend rss, live, native;
	bool rss_grows, live_grows, native_grows;
	double data_s;	/* how much there is to judge by */
};

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

/* Three quarters of the pairs rise, and by enough to matter. */
static bool
grows(const struct lk_trend *t, double whole_bytes)
{
	double grown = t->slope_per_s * t->span_s;
	double enough = isfinite(whole_bytes) ? whole_bytes * GROWN_SHARE : 0;

	return t->quartile_per_s > 0 && grown >= enough && grown >= GROWN_MIN_BYTES;
}

/* There is no series of all native memory, but each of its larger stacks has a trend; all of them
 * end now. */
static struct lk_trend
native_trend(const struct lk_snapshot *s)
{
	float sum[NATIVE_POINTS] = {0};
	uint32_t count = 0;

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
	return lk_trend_of(sum + NATIVE_POINTS - count, count, s->trend_step_s, SPAN_S);
}

static struct judged
judge(const struct lk_snapshot *s)
{
	const struct lk_series *series = series_to_judge(s);
	struct judged j = {.rss = {.slope_per_s = NAN}, .live = {.slope_per_s = NAN}};

	j.native = native_trend(s);
	j.native_grows = grows(&j.native, s->rss_bytes);
	if (series == NULL)
		return j;
	j.rss = lk_trend_of(series->rss_bytes, series->count, series->step_s, SPAN_S);
	j.live = lk_trend_of(series->live_bytes, series->count, series->step_s, SPAN_S);
	j.rss_grows = grows(&j.rss, s->rss_bytes);
	j.live_grows = grows(&j.live, s->rss_bytes);
	j.data_s = j.rss.span_s > j.live.span_s ? j.rss.span_s : j.live.span_s;
	return j;
}

static double
or_zero(double value)
{
	return isfinite(value) && value > 0 ? value : 0;
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

	if (!j->rss_grows || !(limit > 0) || limit >= NO_LIMIT_BYTES || !isfinite(used))
		return NAN;
	return or_zero(limit - used) / j->rss.slope_per_s;
}

/* "Python leak" in front of what follows. */
static void
say_leak(const char *kind, double bytes_per_min, double share, struct lk_verdict *out)
{
	char rate[LK_TEXT_BYTES];

	out->kind_bytes = strlen(kind);
	snprintf(out->sentence, sizeof(out->sentence), "%s: %s, %.0f%% of RSS growth", kind,
	    lk_text_rate_per_min(bytes_per_min, rate, sizeof(rate)), fmin(100 * share, 100));
}

static void
say_mixed(double live_share, double native_share, struct lk_verdict *out)
{
	char rss[LK_TEXT_BYTES];

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
		    "RSS grows %s, Python %.0f%% of it: native memory or fragmentation", rss,
		    100 * live_share);
	else
		snprintf(out->sentence, sizeof(out->sentence),
		    "RSS grows %s, Python does not: native memory or fragmentation", rss);
}

static void
say_growth(const struct lk_snapshot *s, const struct judged *j, struct lk_verdict *out)
{
	double live_share = j->live_grows ? j->live.slope_per_s / j->rss.slope_per_s : 0;
	double native_share = j->native_grows ? j->native.slope_per_s / j->rss.slope_per_s : 0;
	char limit[LK_TEXT_BYTES], in[LK_TEXT_BYTES];
	size_t used;

	out->is_native = native_share >= LEAK_SHARE && native_share > live_share;
	if (out->is_native)
		say_leak("Native leak", out->native_growth_bytes_per_min, native_share, out);
	else if (live_share >= LEAK_SHARE)
		say_leak("Python leak", out->live_growth_bytes_per_min, live_share, out);
	else
		say_mixed(live_share, native_share, out);
	if (isnan(out->seconds_to_limit))
		return;
	used = strlen(out->sentence);
	snprintf(out->sentence + used, sizeof(out->sentence) - used, "; limit %s in %s",
	    lk_text_bytes(s->cgroup_limit_bytes, limit, sizeof(limit)),
	    lk_text_duration(out->seconds_to_limit, in, sizeof(in)));
}

static void
say(const struct lk_snapshot *s, const struct judged *j, struct lk_verdict *out)
{
	char text[LK_TEXT_BYTES];

	if (s->sampler.state == LK_STATE_DORMANT)
		snprintf(out->sentence, sizeof(out->sentence), j->rss_grows ?
		    "RSS grows %s; the sampler is dormant: by what is not known" :
		    "the sampler is dormant: only RSS is known",
		    lk_text_rate_per_min(out->rss_growth_bytes_per_min, text, sizeof(text)));
	else if (j->data_s < WARM_UP_S)
		snprintf(out->sentence, sizeof(out->sentence), "warming up: %s of data",
		    lk_text_duration(j->data_s, text, sizeof(text)));
	else if (j->rss_grows)
		say_growth(s, j, out);
	else if (j->live_grows)
		snprintf(out->sentence, sizeof(out->sentence),
		    "Python grows %s inside memory that the process already has",
		    lk_text_rate_per_min(out->live_growth_bytes_per_min, text, sizeof(text)));
	else
		snprintf(out->sentence, sizeof(out->sentence), "not growing");
}

void
lk_verdict_of(const struct lk_snapshot *s, struct lk_verdict *out)
{
	struct judged j = judge(s);

	memset(out, 0, sizeof(*out));
	out->rss_growth_bytes_per_min = j.rss.slope_per_s * 60;
	out->live_growth_bytes_per_min = j.live.slope_per_s * 60;
	out->native_growth_bytes_per_min = j.native.slope_per_s * 60;
	out->seconds_to_limit = seconds_to_limit(s, &j);
	out->rss_grows = j.rss_grows;
	out->warm_up_s = s->sampler.state == LK_STATE_DORMANT ? 0 : fmax(WARM_UP_S - j.data_s, 0);
	share_out(s, out);
	say(s, &j, out);
}
