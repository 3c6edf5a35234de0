/* The governor against programs of a given weight: it ends within the budget, and does not hunt. */
#include "config.h"

#include <math.h>
#include <stdbool.h>

#include <check.h>

#include "base/attr.h"
#include "sampler/core/governor.h"

#include "suites.h"

/* What a program costs at full duty and the interval that was asked for. */
struct program {
	double	samples, hooks, others;
};

static struct lk_governor_load
load_of(const struct lk_governor *g, const struct program *p)
{
	double duty = ldexp(1, -(int)g->duty_shift);

	return (struct lk_governor_load){p->samples * duty * ldexp(1, -(int)g->interval_shift),
	    p->hooks * duty, p->others};
}

static double
cost(const struct lk_governor *g, const struct program *p)
{
	struct lk_governor_load load = load_of(g, p);

	return load.samples_percent + load.hooks_percent + load.others_percent;
}

/* Seconds until nothing changes any more for a minute. */
static int
settle(struct lk_governor *g, const struct program *p)
{
	int second, last = 0;

	for (second = 1; second < last + 60; second++) {
		struct lk_governor_load load = load_of(g, p);

		if (lk_governor_step(g, &load))
			last = second;
		ck_assert_int_lt(second, 600);
	}
	return last;
}

static struct lk_governor
fresh(double budget)
{
	return (struct lk_governor){.budget_percent = budget, .duty_shift_max = 4,
	    .interval_shift_max = 11};
}

START_TEST(it_ends_within_the_budget)
{
	static const struct program programs[] = {
		{0.2, 0.1, 0.05}, {3, 0.5, 0.1}, {0.1, 5, 0.1}, {40, 2, 0.1}, {90, 9, 0.1},
		{2, 2, 0.3},
	};
	struct lk_governor g = fresh(1);
	const struct program *p = &programs[_i];
	bool was_much = cost(&g, p) > 1;

	ck_assert_int_le(settle(&g, p), 2);	/* down at once */
	ck_assert_double_le(cost(&g, p), 1);
	ck_assert(was_much == (g.duty_shift + g.interval_shift > 0));
	if (was_much)		/* not much lower than needed */
		ck_assert_double_ge(cost(&g, p) - p->others, (1 - p->others) * 0.3);
}
END_TEST

START_TEST(what_was_taken_comes_back)
{
	const struct program heavy = {60, 8, 0.1}, light = {0.05, 0.02, 0.1};
	struct lk_governor g = fresh(1);

	settle(&g, &heavy);
	ck_assert_uint_gt(g.duty_shift, 0);
	ck_assert_uint_gt(g.interval_shift, 0);
	settle(&g, &light);
	ck_assert_uint_eq(g.duty_shift, 0);
	ck_assert_uint_eq(g.interval_shift, 0);
}
END_TEST

START_TEST(a_client_that_asks_for_much_leaves_a_part)
{
	const struct program watched = {3, 1, 20};
	struct lk_governor g = fresh(1);

	settle(&g, &watched);
	ck_assert_double_le(cost(&g, &watched), 20.75);
	ck_assert_double_ge(cost(&g, &watched), 20.2);
}
END_TEST

START_TEST(without_a_budget_or_a_knob_nothing_moves)
{
	const struct program heavy = {60, 8, 0.1};
	struct lk_governor g = fresh(0);

	ck_assert_int_eq(settle(&g, &heavy), 0);
	g = fresh(1);
	g.duty_shift_max = 0;
	settle(&g, &heavy);
	ck_assert_uint_eq(g.duty_shift, 0);
	/* the hooks cost too much whatever it does: it goes on seeing what costs next to nothing */
	ck_assert_uint_eq(g.interval_shift, 10);
}
END_TEST

/* The interval may be shorter than the usual one, three steps here. */
static struct lk_governor
free_to_see_more(void)
{
	struct lk_governor g = fresh(1);

	g.usual_shift = g.interval_shift = 3;
	return g;
}

START_TEST(what_costs_nothing_is_seen_better)
{
	/* at shift 0: eight times as many samples as at the usual interval */
	const struct program cheap = {0.08, 0.2, 0.05}, busy = {0.3, 2.2, 0.05},
	    costly = {3.2, 2, 0.05};
	struct lk_governor g = free_to_see_more();

	settle(&g, &cheap);
	ck_assert_uint_eq(g.duty_shift, 0);
	ck_assert_uint_eq(g.interval_shift, 0);
	g = free_to_see_more();
	settle(&g, &busy);		/* its hooks have the budget; its samples do not matter */
	ck_assert_uint_eq(g.duty_shift, 2);
	ck_assert_uint_le(g.interval_shift, 1);
	ck_assert_double_le(cost(&g, &busy), 1);
	g = free_to_see_more();
	settle(&g, &costly);
	ck_assert_uint_eq(g.interval_shift, 3);
}
END_TEST

START_TEST(what_was_seen_better_goes_first)
{
	const struct program cheap = {0.1, 0.3, 0.05}, samples = {1.6, 0.6, 0.05};
	struct lk_governor g = free_to_see_more();

	settle(&g, &cheap);
	ck_assert_uint_eq(g.interval_shift, 0);
	settle(&g, &samples);
	ck_assert_uint_eq(g.duty_shift, 0);
	ck_assert_uint_gt(g.interval_shift, 0);
	ck_assert_double_le(cost(&g, &samples), 1);
}
END_TEST

/* Loads that differ by a factor of two from second to second change nothing for long. */
START_TEST(noise_makes_no_hunting)
{
	static const struct program programs[] = {{4, 1, 0.1}, {0.2, 1.5, 0.1}, {0.05, 0.6, 0.1}};
	struct program p = programs[_i];
	struct lk_governor g = free_to_see_more();
	int second, changes = 0;

	for (second = 0; second < 1000; second++) {
		struct lk_governor_load load = load_of(&g, &p);
		double noise = second % 3 == 0 ? 1 : second % 3 == 1 ? 0.5 : 0.75;

		load.samples_percent *= noise;
		load.hooks_percent *= noise;
		changes += lk_governor_step(&g, &load);
	}
	ck_assert_int_le(changes, 6);
}
END_TEST

static Suite *
governor_suite(void)
{
	Suite *s = suite_create("governor");
	TCase *tc = tcase_create("governor");

	tcase_add_loop_test(tc, it_ends_within_the_budget, 0, 6);
	tcase_add_test(tc, what_was_taken_comes_back);
	tcase_add_test(tc, a_client_that_asks_for_much_leaves_a_part);
	tcase_add_test(tc, without_a_budget_or_a_knob_nothing_moves);
	tcase_add_test(tc, what_costs_nothing_is_seen_better);
	tcase_add_test(tc, what_was_seen_better_goes_first);
	tcase_add_loop_test(tc, noise_makes_no_hunting, 0, 3);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {governor_suite, NULL};

	return lk_suites_run(suites);
}
