/* What is suspected, and what is not: a line's past and its baselines, made by hand. */
#include "config.h"

#include "suites.h"

#include <math.h>

#include "analysis/growth.h"
#include "analysis/suspects.h"
#include "base/attr.h"
#include "model/arena.h"
#include "model/frozen.h"

#include "fixture.h"

#define POINTS	60
#define STEP_S	10.0
#define M	1048576.0

static struct lk_snapshot *s;
static struct lk_growth_set *lines;
static struct lk_suspects *found;

/* Ten minutes of the process; all else is made by one line(). */
static void
setup(void)
{
	struct lk_series *series;
	float *rss, *live;

	s = lk_fixture_new(10000);
	series = lk_arena_get(s->arena, 1, sizeof(*series));
	rss = lk_arena_get(s->arena, POINTS, sizeof(*rss));
	live = lk_arena_get(s->arena, POINTS, sizeof(*live));
	for (uint32_t i = 0; i < POINTS; i++) {
		rss[i] = (float)(500 * M);
		live[i] = (float)(300 * M);
	}
	*series = (struct lk_series){STEP_S, s->at_s, POINTS, rss, live};
	s->series = series;
	s->series_count = 1;
	s->rss_bytes = 500 * M;
	s->est_live_bytes = 300 * M;
	s->trend_step_s = STEP_S;
	lines = NULL;
	found = NULL;
}

static void
teardown(void)
{
	lk_suspects_free(found);
	lk_growth_free(lines);
	lk_snapshot_put(s);
}

/* Live samples of a line at each of the points: what its trend looks like. */
typedef double (*shape_fn)(uint32_t at);

static double
steady(uint32_t at)
{
	return 40 + at;
}

static double
noisy(uint32_t at)
{
	return 40 + at + at * 7919 % 5;
}

static double
slow(uint32_t at)
{
	return 40 + at / 20;
}

/* All that is loaded in the first two minutes. */
static double
warm_up(uint32_t at)
{
	return at < 12 ? 10 * at : 120;
}

/* A bounded cache: full after four minutes. */
static double
cache(uint32_t at)
{
	return at < 24 ? 4 * at : 96;
}

/* Filled for three minutes, then emptied. */
static double
saw_tooth(uint32_t at)
{
	return 20 + 4 * (at % 18);
}

/* Rises until the very end, but fell once. */
static double
emptied_once(uint32_t at)
{
	return at < 20 ? 4 * at : 4 * (at - 20);
}

static double
churn(uint32_t at)
{
	return 40 + at * 7919 % 13;
}

static double
none(uint32_t at)
{
	(void)at;
	return NAN;
}

/* Births that are alive, by baseline interval: before the first one, then B1-, B2-, B3-. */
struct births {
	uint32_t alive[4];
};

static const struct picture {
	const char	*name;
	shape_fn	 shape;
	uint32_t	 baselines;
	struct births	 births;
	double		 freed_share;	/* of all it ever allocated */
	double		 died_share;	/* since the newest baseline, of what was born */
	double		 least, most;	/* score; most 0: no suspect */
} pictures[] = {
	{"leak, no baseline", steady, 0, {{99}}, 0, 0, 55, 65},
	{"leak, noisy", noisy, 0, {{99}}, 0, 0, 55, 65},
	{"leak, young baseline", steady, 1, {{79, 20}}, 0, 0, 75, 85},
	{"leak, baselines", steady, 3, {{39, 20, 20, 20}}, 0, 0, 95, 100},
	{"leak beside churn", steady, 3, {{39, 20, 20, 20}}, 0.45, 0, 80, 95},
	{"leak, slow: only baselines", slow, 3, {{33, 3, 4, 3}}, 0, 0, 50, 80},
	{"leak, no trend", none, 3, {{39, 20, 20, 20}}, 0, 0, 55, 65},
	{"warm-up", warm_up, 0, {{120}}, 0, 0, 0, 0},
	{"warm-up before the baselines", warm_up, 3, {{120, 0, 0, 0}}, 0, 0, 0, 0},
	{"warm-up between the baselines", warm_up, 3, {{20, 100, 0, 0}}, 0, 0, 0, 0},
	{"bounded cache, full", cache, 0, {{96}}, 0.3, 0, 0, 0},
	{"bounded cache, turning over", none, 3, {{0, 32, 32, 32}}, 0.6, 0.9, 0, 0},
	{"saw tooth", saw_tooth, 0, {{60}}, 0.8, 0, 0, 0},
	{"emptied once", emptied_once, 0, {{156}}, 0.3, 0, 0, 0},
	{"emptied once, baselines", emptied_once, 3, {{0, 0, 60, 96}}, 0.3, 0, 0, 0},
	{"churn", churn, 0, {{45}}, 0.99, 0, 0, 0},
	{"churn, baselines", churn, 3, {{0, 0, 0, 45}}, 0.99, 0, 0, 0},
	{"few blocks", none, 3, {{0, 1, 1, 1}}, 0, 0, 0, 0},
};

static const float *
trend_of(shape_fn shape)
{
	float *points = lk_arena_get(s->arena, POINTS, sizeof(*points));

	for (uint32_t i = 0; i < POINTS; i++)
		points[i] = (float)(shape(i) * T);
	return points;
}

/* One line that allocates, and a baseline of its past for what died since. */
static void
draw(const struct picture *p)
{
	static const double at_s[] = {9500, 9650, 9800};
	const struct lk_stack *stack = lk_fixture_stack(s, 1, "price_key", "/srv/cart.py", 88);
	struct lk_baseline *baselines = lk_fixture_baselines(s, p->baselines, at_s);
	struct fixture_cell cells[5] = {{0, 0, 0}}, old[2] = {{0, 0, 0}};
	struct lk_row *row;
	uint32_t used = 0, kept = 0, missing;
	double live = 0;

	for (uint32_t i = 0; i <= p->baselines; i++) {
		if (p->births.alive[i] > 0)
			cells[used++] = (struct fixture_cell){1, i, p->births.alive[i]};
		live += p->births.alive[i] * T;
		kept += i < p->baselines ? p->births.alive[i] : 0;
	}
	s->rows = lk_fixture_rows(s, &stack, cells, 0, &s->row_count);
	row = (struct lk_row *)(uintptr_t)s->rows;
	row->est_allocated_bytes = live / (1 - p->freed_share);
	if (!isnan(p->shape(0))) {
		row->trend_bytes = trend_of(p->shape);
		row->trend_count = POINTS;
	}
	if (p->baselines > 0) {
		kept += (uint32_t)(p->died_share * p->births.alive[p->baselines]);
		old[0] = (struct fixture_cell){1, 0, kept};
		baselines[p->baselines - 1].rows = lk_fixture_rows(s, &stack, old, 0,
		    &baselines[p->baselines - 1].row_count);
		baselines[p->baselines - 1].has_rows = true;
	}
	lines = lk_growth_new(s, LK_REFERENCE_NEWEST, 0, LK_GROUP_LINE, &missing);
	ck_assert_ptr_nonnull(lines);
	found = lk_suspects_new(&(struct lk_suspects_of){.now = s, .lines = lines});
	ck_assert_ptr_nonnull(found);
}

START_TEST(what_leaks_is_suspected_and_nothing_else)
{
	const struct picture *p = &pictures[_i];

	draw(p);
	ck_assert_msg(found->count == (p->most > 0), "%s: %zu suspects, score %g", p->name,
	    found->count, found->count > 0 ? found->list[0].score : NAN);
	if (p->most > 0)
		ck_assert_msg(found->list[0].score >= p->least && found->list[0].score <= p->most,
		    "%s: score %g", p->name, found->list[0].score);
}
END_TEST

START_TEST(the_slope_has_an_error)
{
	const struct lk_suspect *x;

	draw(&pictures[0]);
	x = &found->list[0];
	ck_assert_int_eq(x->kind, LK_SUSPECT_LINE);
	ck_assert(x->rises);
	/* one block of T in ten seconds */
	ck_assert_double_eq_tol(x->rate_bytes_per_min, 6 * T, 0.01 * T);
	/* of 59 blocks: 1.96 / sqrt(59) */
	ck_assert_double_eq_tol(x->low_bytes_per_min, 6 * T * (1 - 1.96 / sqrt(59)), 0.05 * T);
	ck_assert_double_eq_tol(x->high_bytes_per_min, 6 * T * (1 + 1.96 / sqrt(59)), 0.05 * T);
	ck_assert_double_eq_tol(x->trend_s, 590, 1);
	ck_assert_double_eq(x->share, 1);
}
END_TEST

START_TEST(nothing_is_suspected_while_it_warms_up)
{
	((struct lk_series *)(uintptr_t)s->series)->count = 3;
	draw(&pictures[0]);
	ck_assert_uint_eq(found->count, 0);
}
END_TEST

/* A list that grew from 50,000 to 100,000 items since the newest baseline. */
static struct lk_container *
container(const char *owner, double bound, const struct lk_stack *stack)
{
	struct lk_container *k = lk_arena_get(s->arena, 1, sizeof(*k));
	struct lk_container_then *then = lk_arena_get(s->arena, 1, sizeof(*then));

	*then = (struct lk_container_then){3, 50000};
	*k = (struct lk_container){.address = 0x7000, .type = "list", .length = 100000,
	    .shallow_bytes = 800000, .stack = stack, .owner = owner, .then_count = 1,
	    .then = then, .bound = bound};
	s->containers.list = k;
	s->containers.count = 1;
	s->containers.at_s = 9980;
	return k;
}

START_TEST(a_container_belongs_to_its_line)
{
	const struct lk_container *k = container("shop.cart._PRICES", 0,
	    lk_fixture_stack(s, 2, "other", "/srv/cart.py", 88));

	draw(&pictures[3]);
	ck_assert_uint_eq(found->count, 1);
	ck_assert_ptr_eq(found->list[0].container, k);
	ck_assert_double_eq(found->list[0].container_growth, 50000);
	ck_assert_double_eq_tol(found->list[0].container_per_min, 50000 / 3.0, 1);
}
END_TEST

START_TEST(a_container_of_no_line_is_a_suspect_of_its_own)
{
	container("shop.cart._PRICES", 0, NULL);
	draw(&pictures[9]);
	ck_assert_uint_eq(found->count, 1);
	ck_assert_int_eq(found->list[0].kind, LK_SUSPECT_CONTAINER);
	ck_assert_double_ge(found->list[0].score, 60);
}
END_TEST

START_TEST(a_bounded_container_is_no_suspect)
{
	container("shop.geo.lookup", 200000, NULL);
	draw(&pictures[9]);
	ck_assert_uint_eq(found->count, 0);
}
END_TEST

START_TEST(who_holds_is_joined)
{
	struct lk_holders *h = lk_arena_get(s->arena, 1, sizeof(*h));
	const struct lk_holders *const list[] = {h};

	lk_frozen_unknown(&h->frozen);
	h->held = (struct lk_held){LK_HELD_STACK, "", 1};
	s->holders = list;
	s->holders_count = 1;
	draw(&pictures[0]);
	ck_assert_ptr_eq(found->list[0].holders, h);
	s->holders_count = 0;
}
END_TEST

START_TEST(growth_of_no_line_is_said)
{
	float *rss = (float *)(uintptr_t)s->series->rss_bytes;

	for (uint32_t i = 0; i < POINTS; i++)
		rss[i] = (float)((500 + 2 * (double)i) * M);
	draw(&pictures[9]);
	ck_assert_uint_eq(found->count, 1);
	ck_assert_int_eq(found->list[0].kind, LK_SUSPECT_REST);
	ck_assert_double_eq_tol(found->list[0].rate_bytes_per_min, 12 * M, 0.1 * M);
}
END_TEST

static Suite *
suspects_suite(void)
{
	Suite *suite = suite_create("suspects");
	TCase *tc = tcase_create("suspects");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, what_leaks_is_suspected_and_nothing_else, 0,
	    LK_COUNT_OF(pictures));
	tcase_add_test(tc, the_slope_has_an_error);
	tcase_add_test(tc, nothing_is_suspected_while_it_warms_up);
	tcase_add_test(tc, a_container_belongs_to_its_line);
	tcase_add_test(tc, a_container_of_no_line_is_a_suspect_of_its_own);
	tcase_add_test(tc, a_bounded_container_is_no_suspect);
	tcase_add_test(tc, who_holds_is_joined);
	tcase_add_test(tc, growth_of_no_line_is_said);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {suspects_suite, NULL};

	return lk_suites_run(suites);
}
