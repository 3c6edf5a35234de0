/* The past in fixed memory, and the log of events. */
#include "config.h"

#include <string.h>

#include <check.h>

#include "sampler/core/events.h"
#include "sampler/core/history.h"
#include "sampler/core/pages.h"

#include "suites.h"

#define ROOM (1u << 20)

static struct lk_history history;
static struct lk_pages pages;

static void
start(void)
{
	lk_pages_init(&pages, lk_pages_map(ROOM), ROOM);
	ck_assert_int_eq(lk_history_init(&history, &pages), 0);
}

static float
rss_at(uint32_t ring, uint32_t i)
{
	return lk_history_point(&history.rings[ring], i)->rss_bytes;
}

START_TEST(each_ring_keeps_its_step)
{
	static const uint32_t steps[] = {1, 10, 60, 600};
	uint64_t s;
	uint32_t r, i;

	for (s = 6000; s < 6100; s++)
		lk_history_add(&history, s, 1e9 + (double)s, (double)s, 2 * (double)s);
	for (r = 0; r < LK_HISTORY_RINGS; r++) {
		ck_assert_uint_eq(history.rings[r].step_s, steps[r]);
		ck_assert_uint_eq(history.rings[r].count, (100 + steps[r] - 1) / steps[r]);
		for (i = 0; i < history.rings[r].count; i++)
			ck_assert_float_eq(rss_at(r, i), (float)(6000 + i * steps[r]));
	}
	ck_assert_double_eq(history.rings[0].end_s, 1e9 + 6099);
	ck_assert_float_eq(lk_history_point(&history.rings[0], 7)->live_bytes, 2 * 6007.0f);
}
END_TEST

START_TEST(a_ring_wraps_and_keeps_the_newest)
{
	uint64_t s;
	uint32_t i;

	for (s = 0; s < 1500; s++)
		lk_history_add(&history, s, (double)s, (double)s, 0);
	ck_assert_uint_eq(history.rings[0].count, 600);
	for (i = 0; i < 600; i++)
		ck_assert_float_eq(rss_at(0, i), (float)(900 + i));
}
END_TEST

START_TEST(a_second_twice_is_one_point)
{
	lk_history_add(&history, 50, 50, 1, 0);
	lk_history_add(&history, 50, 50, 2, 0);
	ck_assert_uint_eq(history.rings[0].count, 1);
	lk_history_add(&history, 51, 51, 3, 0);
	ck_assert_uint_eq(history.rings[0].count, 2);
}
END_TEST

START_TEST(skipped_seconds_repeat_the_last_point)
{
	uint32_t i;

	lk_history_add(&history, 100, 100, 1, 10);
	lk_history_add(&history, 105, 105, 2, 20);
	ck_assert_uint_eq(history.rings[0].count, 6);
	for (i = 0; i < 5; i++)
		ck_assert_float_eq(rss_at(0, i), 1);
	ck_assert_float_eq(rss_at(0, 5), 2);
	lk_history_add(&history, 1000000, 1000000, 3, 30);	/* a suspended machine */
	ck_assert_uint_eq(history.rings[0].count, 600);
	ck_assert_float_eq(rss_at(0, 0), 2);
	ck_assert_float_eq(rss_at(0, 598), 2);
	ck_assert_float_eq(rss_at(0, 599), 3);
}
END_TEST

START_TEST(a_week_stays_in_its_memory)
{
	static const uint32_t full[] = {600, 720, 1440, 1008};
	size_t used = pages.used_bytes;
	uint64_t s, week = 7 * 24 * 3600;
	uint32_t r;

	ck_assert_uint_lt(used, 128u << 10);
	for (s = 0; s < week + 600; s++)
		lk_history_add(&history, s, (double)s, (double)s, 0);
	ck_assert_uint_eq(pages.used_bytes, used);
	for (r = 0; r < LK_HISTORY_RINGS; r++) {
		ck_assert_uint_eq(history.rings[r].count, full[r]);
		ck_assert_float_ge(rss_at(r, full[r] - 1),
		    (float)(s - history.rings[r].step_s - 1));
	}
	ck_assert_float_eq(rss_at(3, 0), 600);
	lk_history_forget(&history);
	for (r = 0; r < LK_HISTORY_RINGS; r++)
		ck_assert_uint_eq(history.rings[r].count, 0);
	lk_history_add(&history, s + 5, 0, 4, 0);
	ck_assert_uint_eq(history.rings[0].count, 1);
}
END_TEST

START_TEST(without_memory_it_says_so)
{
	struct lk_pages small;

	lk_pages_init(&small, lk_pages_map(65536), 4096);
	ck_assert_int_lt(lk_history_init(&history, &small), 0);
	ck_assert_ptr_null(lk_pages_take(&small, SIZE_MAX / 2, 1));
}
END_TEST

/* ---- trends ---------------------------------------------------------------------- */

static double levels[1000];

static double
level(const void *ctx, uint32_t stack)
{
	(void)ctx;
	return levels[stack];
}

static const struct lk_trend *
trend_of(uint32_t stack)
{
	uint32_t i;

	for (i = 0; i < LK_HISTORY_STACKS; i++)
		if (history.trends[i].stack == stack)
			return &history.trends[i];
	return NULL;
}

START_TEST(a_trend_is_oldest_first)
{
	uint64_t s;
	uint32_t i, steps = 0;

	for (s = 0; s < 1000; s++) {
		levels[3] = 100 + (double)(s / 10);
		steps += (uint32_t)lk_history_trends(&history, s, (double)s, 5, level, NULL);
	}
	ck_assert_uint_eq(steps, 100);
	ck_assert_uint_eq(history.trend_count, LK_HISTORY_TREND_POINTS);
	ck_assert_ptr_nonnull(trend_of(3));
	ck_assert_ptr_null(trend_of(2));	/* nothing of it ever lived */
	for (i = 0; i < LK_HISTORY_TREND_POINTS; i++)
		ck_assert_float_eq(lk_history_trend_point(&history, trend_of(3), i),
		    (float)(100 + 40 + i));
}
END_TEST

/* Small ones first, so that they have all trends when the large ones come. */
START_TEST(the_largest_stacks_have_trends)
{
	uint64_t s;
	uint32_t i;

	for (i = 0; i < 1000; i++)
		levels[i] = i < 600 ? 1 + i % 7 : 0;
	lk_history_trends(&history, 0, 0, 1000, level, NULL);
	for (i = 600; i < 800; i++)
		levels[i] = 5000 + i;
	levels[999] = 2;	/* a small one last of all */
	for (s = 10; s <= 50; s += 10)
		ck_assert_int_eq(lk_history_trends(&history, s, (double)s, 1000, level, NULL), 1);
	for (i = 600; i < 800; i++)
		ck_assert_msg(trend_of(i) != NULL, "stack %u has no trend", i);
	levels[0] = 1e6;
	lk_history_trends(&history, 60, 60, 1000, level, NULL);
	ck_assert_ptr_nonnull(trend_of(0));
	ck_assert_float_eq(lk_history_trend_point(&history, trend_of(0),
	    history.trend_count - 1), 1e6f);
	for (i = 600; i < 800; i++)
		ck_assert_ptr_nonnull(trend_of(i));
	lk_history_forget(&history);
	ck_assert_ptr_null(trend_of(0));
}
END_TEST

/* ---- events ---------------------------------------------------------------------- */

START_TEST(the_newest_events_are_kept)
{
	uint64_t i, before = lk_events_count();

	for (i = 0; i < 100; i++)
		lk_events_add(i % 2 ? "odd" : "even", i);
	ck_assert_uint_eq(lk_events_count(), before + 100);
	ck_assert_ptr_null(lk_events_get(before + 100));
	ck_assert_ptr_null(lk_events_get(before + 100 - LK_EVENTS_KEPT - 1));
	for (i = 100 - LK_EVENTS_KEPT; i < 100; i++) {
		ck_assert_uint_eq(lk_events_get(before + i)->value, i);
		ck_assert_str_eq(lk_events_get(before + i)->code, i % 2 ? "odd" : "even");
		ck_assert_double_gt(lk_events_get(before + i)->at_s, 1.5e9);
	}
}
END_TEST

static Suite *
history_suite(void)
{
	Suite *s = suite_create("history");
	TCase *tc = tcase_create("history");

	tcase_add_checked_fixture(tc, start, NULL);
	tcase_add_test(tc, each_ring_keeps_its_step);
	tcase_add_test(tc, a_ring_wraps_and_keeps_the_newest);
	tcase_add_test(tc, a_second_twice_is_one_point);
	tcase_add_test(tc, skipped_seconds_repeat_the_last_point);
	tcase_add_test(tc, a_week_stays_in_its_memory);
	tcase_add_test(tc, without_memory_it_says_so);
	tcase_add_test(tc, a_trend_is_oldest_first);
	tcase_add_test(tc, the_largest_stacks_have_trends);
	tcase_add_test(tc, the_newest_events_are_kept);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {history_suite, NULL};

	return lk_suites_run(suites);
}
