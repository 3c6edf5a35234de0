#include "config.h"

#include "analysis/suspects.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "model/arena.h"
#include "model/frozen.h"
#include "model/snapshot.h"

#include "analysis/census.h"
#include "analysis/growth.h"
#include "analysis/identity.h"
#include "analysis/trend.h"
#include "analysis/verdict.h"

#define LINES_MAX	256	/* lines that are looked at: those that grew most */
#define SPAN_S		600.0	/* what a trend looks back on */
#define CHANCE		3.0	/* standard deviations that growth must exceed */
#define LEAST_BLOCKS	9.0	/* sampled blocks that it must be */
#define PLATEAU_SHARE	0.2	/* of the growth of a trend in its newer half: less has ended */
#define PLATEAU_S	180.0	/* a shorter trend has no halves */
#define FALL_SHARE	0.4	/* of its range: one fall that deep is a saw tooth's */
#define DIED_SHARE	0.5	/* as much dies as is born: a full cache */
#define CHURN_SHARE	0.5	/* of all is freed again: levels come and go by chance */
#define ALIVE_SHARE	0.75	/* of the intervals have survivors */
#define ALIVE_MOST	3	/* samples that always prove survivors */
#define SETTLED_S	30.0	/* a younger interval proves nothing */
#define LISTED_SCORE	40.0

#define CONTAINER_LEAST	500.0	/* longer by that many, and by that share of its length */
#define CONTAINER_SHARE	0.01
#define REST_SHARE	0.5	/* of the growth of RSS: no line explains that much */

/* Points: what each kind of evidence may add to a score. */
#define POINTS_TREND	40.0
#define POINTS_ALIVE	40.0
#define POINTS_FREED	10.0
#define POINTS_SHARE	10.0

struct maker {
	const struct lk_suspects_of *of;
	struct lk_suspects	*out;
	size_t			 room;
	double			 total_bytes;	/* of the lines that grew */
	struct lk_verdict	 verdict;
	struct lk_estimate	*born;		/* [lines that are looked at][baseline_count + 1] */
};

/* What the trend of a line tells. */
struct course {
	struct lk_trend	 all;
	double		 grown_bytes;
	bool		 has_ended, falls;
};

/* ---- the trend ---------------------------------------------------------------------------- */

/* A stack without a trend until now has zeros in front: those are the time before it was there. */
static const float *
recent_points(const struct lk_growth *g, double step_s, uint32_t *count)
{
	uint32_t most = step_s > 0 ? (uint32_t)(SPAN_S / step_s) + 1 : 0;

	*count = g->trend_bytes == NULL ? 0 : g->trend_count < most ? g->trend_count : most;
	return *count > 0 ? g->trend_bytes + (g->trend_count - *count) : NULL;
}

static struct course
course_of(const struct lk_growth *g, double step_s)
{
	struct course out = {.all = {.slope_per_s = NAN, .quartile_per_s = NAN, .low_per_s = NAN}};
	struct lk_swing swing;
	struct lk_trend newer;
	uint32_t count;
	const float *points = recent_points(g, step_s, &count);

	if (points == NULL)
		return out;
	out.all = lk_trend_of(points, count, step_s, SPAN_S);
	if (isnan(out.all.slope_per_s))
		return out;
	out.grown_bytes = out.all.slope_per_s * out.all.span_s;
	swing = lk_trend_swing(points, count, FALL_SHARE);
	newer = lk_trend_of(points, count, step_s, out.all.span_s / 2);
	out.has_ended = out.all.span_s >= PLATEAU_S &&
	    !(newer.slope_per_s * newer.span_s >= PLATEAU_SHARE * out.grown_bytes);
	out.falls = swing.deepest > FALL_SHARE * swing.range;
	return out;
}

/* Growth beyond what chance does: what was born and stays has the noise of a count, and where most
 * is freed again the levels at both ends have it too. */
static bool
exceeds_chance(const struct lk_growth *g, double freed_share, double grown_bytes)
{
	double weight, blocks, noise;

	if (g->live.sampled_count == 0 || !(grown_bytes > 0))
		return false;
	weight = g->live.bytes / (double)g->live.sampled_count;
	blocks = grown_bytes / weight;
	noise = blocks;
	if (freed_share > CHURN_SHARE)
		noise += 2 * (double)g->live.sampled_count;
	return blocks >= LEAST_BLOCKS && blocks > CHANCE * sqrt(noise);
}

/* ---- baselines ---------------------------------------------------------------------------- */

/* Of the intervals since the first baseline that are old enough: in how many was something born
 * that lives. */
static void
count_alive(struct maker *m, const struct lk_growth *g, struct lk_suspect *x, double *since_bytes)
{
	const struct lk_snapshot *s = m->of->now;
	const struct lk_estimate *born =
	    m->born + (size_t)(g - m->of->lines->rows) * (s->baseline_count + 1);
	uint64_t samples = 0, least;
	uint32_t settled = s->baseline_count;

	*since_bytes = 0;
	if (settled == 0 || m->of->two_files)
		return;
	if (s->at_s - s->baselines[settled - 1].at_s < SETTLED_S)
		settled--;
	for (uint32_t i = 1; i <= s->baseline_count; i++) {
		samples += born[i].sampled_count;
		*since_bytes += born[i].bytes;
	}
	least = settled > 0 ? samples / (4 * settled) : 0;
	least = least < 1 ? 1 : least > ALIVE_MOST ? ALIVE_MOST : least;
	for (uint32_t i = 1; i <= settled; i++)
		x->alive_count += born[i].sampled_count >= least;
	x->settled_count = settled;
}

static double
alive_share(const struct lk_suspect *x)
{
	return x->settled_count > 0 ? (double)x->alive_count / x->settled_count : NAN;
}

/* ---- lines -------------------------------------------------------------------------------- */

static const struct lk_holders *
holders_of_line(const struct lk_snapshot *s, const struct lk_growth *g)
{
	for (uint32_t i = s->holders_count; i-- > 0;) {
		const struct lk_holders *h = s->holders[i];
		const struct lk_row *row = h->held.kind == LK_HELD_STACK ?
		    lk_snapshot_row(s->rows, s->row_count, (uint32_t)h->held.number) : NULL;

		if (row != NULL && lk_identity_same(row->stack, g->stack, LK_GROUP_LINE))
			return h;
	}
	return NULL;
}

static double
share_of(double part, double whole)
{
	return whole > 0 && isfinite(part) ? fmin(fmax(part / whole, 0), 1) : NAN;
}

static double
points_of(const struct lk_suspect *x, bool rises_perhaps)
{
	double points = x->rises ? POINTS_TREND : rises_perhaps ? POINTS_TREND / 2 : 0;
	double alive = alive_share(x);

	if (alive >= ALIVE_SHARE)
		points += POINTS_ALIVE * alive * (x->settled_count > 1 ? 1 : 0.5);
	if (!isnan(x->freed_share))
		points += POINTS_FREED * (1 - fmin(x->freed_share / CHURN_SHARE, 1));
	if (!isnan(x->share))
		points += POINTS_SHARE * fmin(x->share / 0.25, 1);
	return points;
}

static void
note_facts(const struct maker *m, const struct lk_growth *g, struct lk_suspect *x)
{
	x->kind = LK_SUSPECT_LINE;
	x->key = g->key;
	x->growth = g;
	x->rate_bytes_per_min = g->rate_bytes_per_min;
	x->share = share_of(g->delta_bytes, m->total_bytes);
	x->freed_share = share_of(g->est_freed_bytes, g->est_allocated_bytes);
	x->died_share = g->born.bytes > 0 && m->of->lines->reference != LK_REFERENCE_START ?
	    g->died.bytes / g->born.bytes : NAN;
}

/* Sen's interval does not know that one point of a trend is the one before and what came since:
 * the count of what grew has an error of its own. */
static void
note_trend(const struct lk_growth *g, const struct course *course, struct lk_suspect *x)
{
	const struct lk_trend *t = &course->all;
	double weight = g->live.bytes / (double)g->live.sampled_count;
	double half = 1.96 * sqrt(course->grown_bytes * weight) / t->span_s;

	x->rate_bytes_per_min = t->slope_per_s * 60;
	x->low_bytes_per_min = fmin(t->low_per_s, t->slope_per_s - half) * 60;
	x->high_bytes_per_min = fmax(t->high_per_s, t->slope_per_s + half) * 60;
	x->trend_s = t->span_s;
}

/* Two files: there is only what grew between them. */
static bool
judge_difference(const struct maker *m, const struct lk_growth *g, struct lk_suspect *x)
{
	note_facts(m, g, x);
	if (!g->significant || !(g->delta_bytes > 0) || !(x->share >= 0.05))
		return false;
	x->score = LISTED_SCORE + POINTS_SHARE * 2 * fmin(x->share / 0.25, 1);
	return true;
}

static bool
judge_line(struct maker *m, const struct lk_growth *g, struct lk_suspect *x)
{
	struct course course = course_of(g, m->of->now->trend_step_s);
	double since_bytes;
	bool stays;

	note_facts(m, g, x);
	count_alive(m, g, x, &since_bytes);
	x->rises = course.all.low_per_s > 0 &&
	    exceeds_chance(g, x->freed_share, course.grown_bytes);
	if (x->rises && (course.has_ended || course.falls))
		return false;		/* warm-up, or a saw tooth */
	if (x->died_share > DIED_SHARE)
		return false;		/* a full cache */
	if (x->settled_count > 1 && alive_share(x) < ALIVE_SHARE)
		return false;		/* what was born then is gone */
	stays = x->settled_count > 1 && !(course.all.quartile_per_s < 0) &&
	    exceeds_chance(g, x->freed_share, since_bytes);
	if (!x->rises && !stays)
		return false;
	if (x->rises)
		note_trend(g, &course, x);
	x->score = points_of(x, course.all.quartile_per_s > 0);
	return x->score >= LISTED_SCORE;
}

static struct lk_suspect *
next_one(struct maker *m)
{
	struct lk_suspect *x;

	if (m->out->count == m->room)
		return NULL;
	x = &m->out->list[m->out->count];
	*x = (struct lk_suspect){
		.rate_bytes_per_min = NAN, .low_bytes_per_min = NAN, .high_bytes_per_min = NAN,
		.trend_s = NAN, .share = NAN, .freed_share = NAN, .died_share = NAN,
		.container_growth = NAN, .container_per_min = NAN,
	};
	return x;
}

static void
add_lines(struct maker *m)
{
	const struct lk_growth_set *lines = m->of->lines;

	for (size_t i = 0; i < lines->count; i++)
		m->total_bytes += fmax(lines->rows[i].delta_bytes, 0);
	for (size_t i = 0; i < lines->count && i < LINES_MAX; i++) {
		const struct lk_growth *g = &lines->rows[i];
		struct lk_suspect *x = next_one(m);

		if (x == NULL)
			return;
		if (!(m->of->two_files ? judge_difference(m, g, x) : judge_line(m, g, x)))
			continue;
		x->holders = holders_of_line(m->of->now, g);
		m->out->count++;
	}
}

/* ---- containers --------------------------------------------------------------------------- */

/* NAN: it was not listed at the reference, or it may be another object. */
static double
container_growth(const struct lk_container *k, uint32_t reference)
{
	for (uint32_t i = 0; i < k->then_count; i++)
		if (k->then[i].baseline == reference)
			return (double)k->length - k->then[i].length;
	return NAN;
}

static struct lk_suspect *
line_of(const struct maker *m, const struct lk_stack *stack)
{
	for (size_t i = 0; stack != NULL && i < m->out->count; i++) {
		const struct lk_growth *g = m->out->list[i].growth;

		if (g != NULL && lk_identity_same(g->stack, stack, LK_GROUP_LINE))
			return &m->out->list[i];
	}
	return NULL;
}

static void
add_container(struct maker *m, const struct lk_container *k, double growth, double per_min)
{
	struct lk_suspect *x = line_of(m, k->stack);

	if (x != NULL && (x->container == NULL || growth > x->container_growth)) {
		x->container = k;
		x->container_growth = growth;
		x->container_per_min = per_min;
	}
	if (x != NULL || (x = next_one(m)) == NULL)
		return;
	x->kind = LK_SUSPECT_CONTAINER;
	x->key = lk_hash_more(LK_HASH_BEGIN, k->address);
	x->container = k;
	x->container_growth = growth;
	x->container_per_min = per_min;
	x->score = LISTED_SCORE + (k->bound == 0 ? 10 : 0) + (k->owner != NULL ? 10 : 0) +
	    10 * fmin(growth / (double)k->length / 0.25, 1);
	m->out->count++;
}

static void
add_containers(struct maker *m)
{
	const struct lk_snapshot *s = m->of->now;
	uint32_t reference = m->of->lines->reference;
	const struct lk_baseline *b = lk_snapshot_baseline(s, reference);
	double minutes = b != NULL ? (s->containers.at_s - b->at_s) / 60 : NAN;

	for (uint32_t i = 0; i < s->containers.count && b != NULL; i++) {
		const struct lk_container *k = &s->containers.list[i];
		double growth = container_growth(k, reference);

		if (growth >= CONTAINER_LEAST && growth >= CONTAINER_SHARE * (double)k->length &&
		    !(k->bound > 0))
			add_container(m, k, growth, minutes > 0 ? growth / minutes : NAN);
	}
}

/* ---- types -------------------------------------------------------------------------------- */

static bool
is_type_of(const struct lk_suspect *x, const char *name)
{
	return x->holders != NULL && x->holders->type != NULL &&
	    strcmp(x->holders->type, name) == 0;
}

/* Of a container: most of its values are of that type. */
static bool
holds_type(const struct lk_container *k, const char *name)
{
	return k != NULL && k->value_count > 0 && strcmp(k->values[0].type, name) == 0;
}

static void
add_type(struct maker *m)
{
	const struct lk_census *census = m->of->census;
	const struct lk_census_row *type = census != NULL && census->then != NULL ?
	    census->answer : NULL;
	const struct lk_held held = {.kind = LK_HELD_TYPE, .type = type != NULL ? type->name : ""};
	struct lk_suspect *x;

	if (type == NULL || !type->suspect || !(type->delta_count > 0))
		return;
	for (size_t i = 0; i < m->out->count; i++)
		if (is_type_of(&m->out->list[i], type->name) ||
		    holds_type(m->out->list[i].container, type->name)) {
			m->out->list[i].type = type;
			return;
		}
	if ((x = next_one(m)) == NULL)
		return;
	x->kind = LK_SUSPECT_TYPE;
	x->key = type->key;
	x->type = type;
	x->rate_bytes_per_min = census->seconds >= 1 ? type->delta_bytes / census->seconds * 60 :
	    NAN;
	x->share = share_of(type->delta_bytes, census->growth_bytes);
	x->holders = lk_frozen_holders(m->of->now, &held);
	x->score = LISTED_SCORE + (isnan(x->share) ? 0 : POINTS_SHARE * 2 * x->share);
	m->out->count++;
}

/* ---- what no line explains ---------------------------------------------------------------- */

static void
add_rest(struct maker *m)
{
	double explained = 0, rest = m->verdict.rss_growth_bytes_per_min;
	struct lk_suspect *x;

	if (m->of->two_files || !m->verdict.rss_grows || m->verdict.warm_up_s > 0)
		return;
	for (size_t i = 0; i < m->out->count; i++)
		if (m->out->list[i].kind == LK_SUSPECT_LINE &&
		    isfinite(m->out->list[i].rate_bytes_per_min))
			explained += m->out->list[i].rate_bytes_per_min;
	rest -= explained;
	if (!(rest >= REST_SHARE * m->verdict.rss_growth_bytes_per_min) ||
	    (x = next_one(m)) == NULL)
		return;
	x->kind = LK_SUSPECT_REST;
	x->key = 1;
	x->rate_bytes_per_min = rest;
	x->share = rest / m->verdict.rss_growth_bytes_per_min;
	x->score = LISTED_SCORE + 5 * x->share;	/* it is known by no line: others come first */
	m->out->count++;
}

static int
by_score(const void *a, const void *b)
{
	const struct lk_suspect *x = a, *y = b;

	if (lround(x->score) != lround(y->score))
		return x->score > y->score ? -1 : 1;
	if (fmax(x->rate_bytes_per_min, 0) != fmax(y->rate_bytes_per_min, 0))
		return fmax(x->rate_bytes_per_min, 0) > fmax(y->rate_bytes_per_min, 0) ? -1 : 1;
	return x->key < y->key ? -1 : x->key > y->key;
}

static int
make(struct maker *m)
{
	const struct lk_snapshot *s = m->of->now;
	size_t lines = m->of->lines->count < LINES_MAX ? m->of->lines->count : LINES_MAX;

	m->room = lines + s->containers.count + 3;
	m->out->list = lk_arena_get(m->out->arena, m->room, sizeof(*m->out->list));
	m->born = lk_arena_get(m->out->arena, lines * (s->baseline_count + 1), sizeof(*m->born));
	if (m->out->list == NULL || m->born == NULL)
		return -1;
	if (m->of->verdict != NULL)
		m->verdict = *m->of->verdict;
	else
		lk_verdict_of(s, &m->verdict);
	if (m->verdict.warm_up_s > 0 && !m->of->two_files)
		return 0;		/* everything grows now */
	if (s->baseline_count > 0 && !m->of->two_files)
		lk_growth_survivors_all(s, m->of->lines, LK_GROUP_LINE, lines, m->born);
	add_lines(m);
	add_containers(m);
	add_type(m);
	add_rest(m);
	qsort(m->out->list, m->out->count, sizeof(*m->out->list), by_score);
	return 0;
}

struct lk_suspects *
lk_suspects_new(const struct lk_suspects_of *of)
{
	struct maker m = {.of = of};
	struct lk_arena *arena = lk_arena_new();

	m.out = arena != NULL ? lk_arena_get(arena, 1, sizeof(*m.out)) : NULL;
	if (m.out != NULL)
		m.out->arena = arena;
	if (m.out == NULL || make(&m) < 0) {
		lk_arena_free(arena);
		return NULL;
	}
	return m.out;
}

void
lk_suspects_free(struct lk_suspects *suspects)
{
	if (suspects != NULL)
		lk_arena_free(suspects->arena);
}
