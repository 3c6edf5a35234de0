/* How long the collector collects, by looks and by records: against made-up collections. */
#include "config.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include <check.h>

#include "sampler/core/pauses.h"

#include "suites.h"

#define MS	UINT64_C(1000000)
#define MADE	4000

/* One after the other; the collector is between two, or in one. */
struct made {
	uint64_t	began_ns, ended_ns;
	int		generation;
};

static struct made made[MADE];
static uint64_t state;

static uint64_t
draw(uint64_t span)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (state >> 33) % span;
}

/* COUNT collections of LEAST to LEAST + SPAN, as far apart.  Returns: the sum of them. */
static uint64_t
make(int count, uint64_t least_ns, uint64_t span_ns, uint64_t apart_ns)
{
	uint64_t at_ns = 7 * MS, sum_ns = 0;
	int i;

	for (i = 0; i < count; i++) {
		at_ns += 1 + draw(2 * apart_ns);
		made[i].began_ns = at_ns;
		at_ns += least_ns + draw(span_ns);
		made[i].ended_ns = at_ns;
		made[i].generation = (int)draw(LK_PAUSES_GENERATIONS);
		sum_ns += made[i].ended_ns - made[i].began_ns;
	}
	return sum_ns;
}

/* Looks every LEAST to LEAST + SPAN until all is over. */
static void
watch(struct lk_pauses *p, int count, uint64_t least_ns, uint64_t span_ns)
{
	struct lk_pauses_look look = {.at_ns = MS};
	uint64_t until_ns = made[count - 1].ended_ns + 3 * (least_ns + span_ns);
	int i = 0;

	for (; look.at_ns < until_ns; look.at_ns += least_ns + draw(span_ns)) {
		for (; i < count && made[i].ended_ns <= look.at_ns; i++)
			look.collections[made[i].generation]++;
		look.collecting = i < count && made[i].began_ns <= look.at_ns;
		lk_pauses_look(p, &look);
	}
}

static uint64_t
longest_made(int count)
{
	uint64_t longest_ns = 0;
	int i;

	for (i = 0; i < count; i++)
		if (made[i].ended_ns - made[i].began_ns > longest_ns)
			longest_ns = made[i].ended_ns - made[i].began_ns;
	return longest_ns;
}

START_TEST(the_sum_is_unbiased_whatever_the_length)
{
	static const struct {
		uint64_t least_ns, span_ns, apart_ns;
	} kinds[] = {
		{MS / 20, MS / 10, 9 * MS}, {MS, MS, 4 * MS}, {3 * MS, 4 * MS, 20 * MS},
		{30 * MS, 40 * MS, 100 * MS}, {MS / 10, 20 * MS, 1000},
	};
	struct lk_pauses p;
	double sum_ns, longest_ns, error_ns;
	int round;

	state = (uint64_t)_i + 1;
	for (round = 0; round < 5; round++) {
		sum_ns = (double)make(MADE, kinds[_i].least_ns, kinds[_i].span_ns,
		    kinds[_i].apart_ns);
		longest_ns = (double)longest_made(MADE);
		lk_pauses_begin(&p);
		watch(&p, MADE, 2 * MS, 4 * MS);
		/* of the shortest ones some 75 are seen: 5 of their deviations */
		ck_assert_double_le(fabs((double)p.total_ns / sum_ns - 1),
		    kinds[_i].least_ns < MS / 10 ? 0.6 : 0.06);
		ck_assert_uint_eq(p.collections, MADE);
		ck_assert_uint_le(p.seen, MADE);
		if ((double)p.unseen_ns < longest_ns) {
			error_ns = (double)p.longest_error_ns;
			ck_assert_double_le((double)p.longest_ns - error_ns, longest_ns);
			ck_assert_double_ge((double)p.longest_ns + error_ns, longest_ns);
		}
	}
}
END_TEST

START_TEST(none_is_longer_than_what_is_told)
{
	struct lk_pauses p;
	uint64_t least_ns;

	state = (uint64_t)_i;
	least_ns = 1 + draw(8 * MS);
	make(50, least_ns, 1 + draw(20 * MS), 1 + draw(40 * MS));
	lk_pauses_begin(&p);
	watch(&p, 50, 1 + draw(3 * MS), 1 + draw(30 * MS));
	ck_assert(longest_made(50) <= p.unseen_ns ||
	    longest_made(50) <= p.longest_ns + p.longest_error_ns);
}
END_TEST

static void
look_at(struct lk_pauses *p, uint64_t at_ms, bool collecting, uint64_t young, uint64_t old)
{
	lk_pauses_look(p, &(struct lk_pauses_look){at_ms * MS, collecting, {young, 0, old}});
}

START_TEST(one_is_seen_with_both_ends_or_not_at_all)
{
	struct lk_pauses p;

	lk_pauses_begin(&p);
	look_at(&p, 100, true, 7, 3);		/* it had begun before */
	look_at(&p, 104, false, 7, 4);
	ck_assert_uint_eq(p.seen, 0);
	ck_assert_uint_eq(p.total_ns, 2 * MS);
	look_at(&p, 108, true, 7, 4);
	look_at(&p, 112, true, 7, 4);
	lk_pauses_interrupt(&p);
	look_at(&p, 900, true, 7, 4);		/* another one, who knows */
	look_at(&p, 904, false, 7, 5);
	ck_assert_uint_eq(p.seen, 0);
	ck_assert_int_eq(p.longest_generation, -1);
	look_at(&p, 910, true, 7, 5);
	look_at(&p, 920, false, 7, 6);
	ck_assert_uint_eq(p.seen, 1);
	ck_assert_uint_eq(p.longest_ns, 8 * MS);
	ck_assert_uint_eq(p.longest_error_ns, 8 * MS);
	ck_assert_int_eq(p.longest_generation, 2);
	ck_assert_uint_eq(p.watched_ns, 32 * MS);
	ck_assert_uint_eq(p.collections, 3);
	ck_assert_uint_eq(p.unseen_ns, 0);
}
END_TEST

START_TEST(one_after_the_other_is_not_one_that_is_long)
{
	struct lk_pauses p;
	uint64_t i;

	lk_pauses_begin(&p);
	look_at(&p, 0, false, 0, 0);
	for (i = 0; i < 100; i++)
		look_at(&p, 10 + 10 * i, true, 0, i);
	look_at(&p, 1010, false, 0, 100);
	ck_assert_uint_eq(p.seen, 100);
	ck_assert_uint_eq(p.longest_ns, 10 * MS);
	ck_assert_uint_eq(p.total_ns, 1000 * MS);
	ck_assert_uint_eq(p.unseen_ns, 0);
	look_at(&p, 1020, false, 5, 100);	/* nobody saw these */
	ck_assert_uint_eq(p.unseen_ns, 10 * MS);
	ck_assert_uint_eq(p.seen, 100);
	ck_assert_uint_eq(p.collections, 105);
}
END_TEST

START_TEST(what_is_counted_and_goes_on_is_one)
{
	struct lk_pauses p;

	lk_pauses_begin(&p);
	look_at(&p, 0, false, 0, 0);
	look_at(&p, 10, true, 0, 0);
	look_at(&p, 20, true, 0, 1);		/* it calls gc.callbacks */
	look_at(&p, 30, true, 0, 1);
	look_at(&p, 40, false, 0, 1);
	ck_assert_uint_eq(p.seen, 1);
	ck_assert_uint_eq(p.longest_ns, 30 * MS);
	ck_assert_int_eq(p.longest_generation, 2);
	ck_assert_uint_eq(p.unseen_ns, 0);
	look_at(&p, 50, true, 0, 1);
	look_at(&p, 60, true, 1, 1);		/* there, a long one begins at once */
	look_at(&p, 110, true, 1, 1);
	look_at(&p, 120, false, 1, 2);
	ck_assert_uint_eq(p.seen, 3);
	ck_assert_uint_eq(p.longest_ns, 60 * MS);
	ck_assert_int_eq(p.longest_generation, 2);
	ck_assert_uint_eq(p.longest_error_ns, 10 * MS);
	look_at(&p, 130, true, 1, 2);		/* two: one was over before it was looked at */
	look_at(&p, 140, false, 3, 2);
	ck_assert_uint_eq(p.seen, 4);
	ck_assert_uint_eq(p.collections, 5);
	ck_assert_uint_eq(p.unseen_ns, 10 * MS);
	look_at(&p, 150, true, 3, 2);		/* that one, others, and one that is counted */
	look_at(&p, 400, true, 8, 3);
	look_at(&p, 410, false, 8, 3);
	ck_assert_uint_eq(p.seen, 6);
	ck_assert_uint_le(p.longest_ns, 130 * MS + p.longest_error_ns);
	ck_assert_uint_ge(p.longest_error_ns, 130 * MS);
}
END_TEST

START_TEST(records_are_exact)
{
	struct lk_pauses_record all[20];
	struct lk_pauses p;
	uint64_t at_ms = 5, total_ns = 0, i;

	for (i = 0; i < 20; i++) {
		all[i] = (struct lk_pauses_record){.collections = i + 1, .began_ns = at_ms * MS,
		    .ended_ns = (at_ms + 1 + i) * MS};
		total_ns += (1 + i) * MS;
		all[i].total_ns = total_ns;
		at_ms += 50;
	}
	lk_pauses_begin(&p);
	lk_pauses_records(&p, 900 * MS, 1, NULL, 0);
	lk_pauses_records(&p, 1000 * MS, 1, all, 1);	/* there was none before */
	ck_assert_uint_eq(p.seen, 1);
	ck_assert_uint_eq(p.total_ns, MS);
	lk_pauses_begin(&p);
	lk_pauses_records(&p, 1000 * MS, 0, all, 3);	/* what was before does not count */
	ck_assert_uint_eq(p.seen + p.collections + p.total_ns + p.watched_ns, 0);
	lk_pauses_records(&p, 1500 * MS, 0, all + 2, 3);
	ck_assert_uint_eq(p.seen, 2);
	ck_assert_uint_eq(p.collections, 2);
	ck_assert_uint_eq(p.total_ns, 9 * MS);
	ck_assert_uint_eq(p.longest_ns, 5 * MS);
	ck_assert_uint_eq(p.unseen_ns, 0);
	lk_pauses_records(&p, 2000 * MS, 0, all + 12, 3);	/* 6 to 12 were overwritten */
	ck_assert_uint_eq(p.seen, 5);
	ck_assert_uint_eq(p.collections, 12);
	ck_assert_uint_eq(p.longest_ns, 15 * MS);
	ck_assert_uint_eq(p.unseen_ns, (6 + 7 + 8 + 9 + 10 + 11 + 12) * MS);
	ck_assert_uint_eq(p.watched_ns, 1000 * MS);
	lk_pauses_records(&p, 2000 * MS, 2, all, 1);
	lk_pauses_records(&p, 2100 * MS, 2, all, 20);
	ck_assert_int_eq(p.longest_generation, 2);
	ck_assert_uint_eq(p.longest_ns, 20 * MS);
	ck_assert_uint_eq(p.longest_error_ns, 0);
	ck_assert_uint_eq(p.looks, 0);
}
END_TEST

static Suite *
pauses_suite(void)
{
	Suite *suite = suite_create("pauses");
	TCase *tc = tcase_create("looks and records");

	tcase_add_loop_test(tc, the_sum_is_unbiased_whatever_the_length, 0, 5);
	tcase_add_loop_test(tc, none_is_longer_than_what_is_told, 0, 300);
	tcase_add_test(tc, one_is_seen_with_both_ends_or_not_at_all);
	tcase_add_test(tc, one_after_the_other_is_not_one_that_is_long);
	tcase_add_test(tc, what_is_counted_and_goes_on_is_one);
	tcase_add_test(tc, records_are_exact);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	static Suite *(*const suites[])(void) = {pauses_suite, NULL};

	return lk_suites_run(suites);
}
