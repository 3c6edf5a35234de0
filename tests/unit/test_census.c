#include "config.h"

#include "suites.h"

#include <math.h>
#include <string.h>

#include "analysis/census.h"
#include "base/attr.h"
#include "model/frozen.h"
#include "model/snapshot.h"

static const struct lk_type before[] = {
	{"str", 1000, 60000, 0, 0}, {"shop.cart.Item", 100, 5600, 2, 112},
	{"shop.feed.Entry", 50, 2000, 0, 0}, {"dict", 40, 9000, 0, 0},
};
/* Item twice: its module was loaded again */
static const struct lk_type after[] = {
	{"str", 4000, 240000, 0, 0}, {"shop.cart.Item", 900, 50400, 5, 280},
	{"dict", 41, 9232, 0, 0}, {"shop.cart.Item", 200, 11200, 1, 56},
	{"sqlite3.Cursor", 3, 360, 0, 0},
};

static struct lk_types then, now;

static void
setup(void)
{
	then = (struct lk_types){.count = LK_COUNT_OF(before), .list = before};
	now = (struct lk_types){.count = LK_COUNT_OF(after), .list = after};
	lk_frozen_unknown(&then.frozen);
	lk_frozen_unknown(&now.frozen);
	then.frozen.at_s = 1000;
	now.frozen.at_s = 1120;
	then.frozen.type_count = LK_COUNT_OF(before);
	now.frozen.type_count = LK_COUNT_OF(after);
}

static const struct lk_census_row *
row(const struct lk_census *c, const char *name)
{
	const struct lk_census_row *found = NULL;

	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->rows[i].name, name) == 0) {
			ck_assert_ptr_null(found);
			found = &c->rows[i];
		}
	return found;
}

START_TEST(types_are_compared_by_name)
{
	struct lk_census *c = lk_census_new(&now, &then);

	ck_assert_uint_eq(c->count, 5);
	ck_assert_str_eq(c->rows[0].name, "str");
	ck_assert_double_eq(row(c, "str")->delta_count, 3000);
	ck_assert_double_eq(row(c, "shop.cart.Item")->object_count, 1100);
	ck_assert_double_eq(row(c, "shop.cart.Item")->delta_count, 1000);
	ck_assert_double_eq(row(c, "shop.cart.Item")->delta_bytes, 56000);
	ck_assert_double_eq(row(c, "shop.cart.Item")->garbage_count, 6);
	ck_assert_double_eq(row(c, "shop.feed.Entry")->object_count, 0);
	ck_assert_double_eq(row(c, "shop.feed.Entry")->delta_count, -50);
	ck_assert(row(c, "shop.feed.Entry")->gone && !row(c, "shop.feed.Entry")->suspect);
	ck_assert(row(c, "sqlite3.Cursor")->fresh);
	ck_assert(row(c, "str")->suspect && row(c, "shop.cart.Item")->suspect);
	ck_assert(!row(c, "dict")->suspect);
	ck_assert_double_eq(c->seconds, 120);
	ck_assert_double_eq(c->growth_bytes, 180000 + 56000 + 232 + 360);
	ck_assert_ptr_eq(c->answer, row(c, "shop.cart.Item"));
	lk_census_free(c);
}
END_TEST

START_TEST(without_an_earlier_freeze_growth_is_unknown)
{
	struct lk_census *c = lk_census_new(&now, NULL);

	ck_assert_uint_eq(c->count, 4);
	for (size_t i = 0; i < c->count; i++) {
		ck_assert(isnan(c->rows[i].delta_count) && isnan(c->rows[i].delta_bytes));
		ck_assert(!c->rows[i].fresh && !c->rows[i].gone && !c->rows[i].suspect);
	}
	ck_assert_ptr_null(c->answer);
	ck_assert(isnan(c->seconds) && isnan(c->growth_bytes));
	lk_census_free(c);
}
END_TEST

START_TEST(what_a_short_list_leaves_out_is_unknown)
{
	struct lk_census *c;

	then.frozen.type_count++;	/* and so sqlite3.Cursor may have been there */
	c = lk_census_new(&now, &then);
	ck_assert(isnan(row(c, "sqlite3.Cursor")->delta_count));
	ck_assert(!row(c, "sqlite3.Cursor")->fresh);
	ck_assert(row(c, "shop.feed.Entry")->gone);
	lk_census_free(c);
	now.frozen.type_count++;	/* and so shop.feed.Entry may be there */
	c = lk_census_new(&now, &then);
	ck_assert_ptr_null(row(c, "shop.feed.Entry"));
	ck_assert_double_eq(row(c, "str")->delta_count, 3000);
	lk_census_free(c);
}
END_TEST

/* When the program's own types gain few objects, what gains most is the answer. */
START_TEST(few_objects_of_ones_own_are_no_answer)
{
	static const struct lk_type grown[] = {
		{"str", 90000, 5400000, 0, 0}, {"shop.cart.Item", 110, 6160, 0, 0}};
	struct lk_census *c;

	now.list = grown;
	now.count = LK_COUNT_OF(grown);
	now.frozen.type_count = LK_COUNT_OF(grown);
	c = lk_census_new(&now, &then);
	ck_assert_str_eq(c->answer->name, "str");
	lk_census_free(c);
	c = lk_census_new(&then, &then);
	ck_assert_ptr_null(c->answer);
	lk_census_free(c);
}
END_TEST

START_TEST(empty_lists_are_fine)
{
	struct lk_census *c;

	now.count = then.count = 0;
	now.frozen.type_count = then.frozen.type_count = 0;
	c = lk_census_new(&now, &then);
	ck_assert_uint_eq(c->count, 0);
	ck_assert_double_eq(c->growth_bytes, 0);
	lk_census_free(c);
	lk_census_free(NULL);
}
END_TEST

/* Read twice before baseline 1, once after it, and twice after 3. */
START_TEST(growth_counts_from_the_first_freeze_after_the_reference)
{
	static const struct {
		uint32_t reference, then;
	} cases[] = {{0, 0}, {1, 2}, {2, 3}, {3, 3}};
	struct lk_types list[5] = {{.baseline = 0}, {.baseline = 0}, {.baseline = 1},
	    {.baseline = 3}, {.baseline = 3}};
	const struct lk_types *all[5];
	struct lk_snapshot *s = lk_snapshot_new(), *other = lk_snapshot_new();

	for (size_t i = 0; i < LK_COUNT_OF(list); i++)
		all[i] = &list[i];
	s->types = all;
	ck_assert_ptr_null(lk_census_then(s, 0, NULL));
	s->types_count = 1;
	ck_assert_ptr_null(lk_census_then(s, 0, NULL));	/* not with itself */
	s->types_count = 5;
	for (size_t i = 0; i < LK_COUNT_OF(cases); i++)
		ck_assert_ptr_eq(lk_census_then(s, cases[i].reference, NULL),
		    all[cases[i].then]);
	ck_assert_ptr_null(lk_census_then(s, 4, NULL));	/* nothing was read since then */
	ck_assert_ptr_null(lk_census_then(s, 0, other));
	other->types = all;
	other->types_count = 2;
	ck_assert_ptr_eq(lk_census_then(s, 3, other), all[1]);
	lk_snapshot_put(s);
	lk_snapshot_put(other);
}
END_TEST

static Suite *
census_suite(void)
{
	Suite *s = suite_create("census");
	TCase *tc = tcase_create("census");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, types_are_compared_by_name);
	tcase_add_test(tc, without_an_earlier_freeze_growth_is_unknown);
	tcase_add_test(tc, what_a_short_list_leaves_out_is_unknown);
	tcase_add_test(tc, few_objects_of_ones_own_are_no_answer);
	tcase_add_test(tc, empty_lists_are_fine);
	tcase_add_test(tc, growth_counts_from_the_first_freeze_after_the_reference);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {census_suite, NULL};

	return lk_suites_run(suites);
}
