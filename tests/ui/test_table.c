/* Rows that hold still: selection, order, filter, search. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "ui/session.h"
#include "ui/table.h"

#include "suites.h"

struct fruit {
	uint64_t    key;
	const char *name;
	double	    weight;
};

static struct fruit basket[] = {
	{1, "apple", 100}, {2, "banana", 120}, {3, "cherry", 8}, {4, "date", 7},
};
static struct lk_session session;
static struct lk_table table;

static void
name_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "%s", ((const struct fruit *)ask->item)->name);
}

static void
weight_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "%g", ((const struct fruit *)ask->item)->weight);
}

static double
weight_value(const struct lk_ask *ask)
{
	return ((const struct fruit *)ask->item)->weight;
}

static const struct lk_column column_name = {.id = "name", .title = "NAME", .width_cells = 6,
    .stretch = 1, .left = true, .search = true, .text = name_text};
static const struct lk_column column_weight = {.id = "weight", .title = "GRAMS",
    .width_cells = 6, .drop = 1, .text = weight_text, .value = weight_value};
static const struct lk_column *const columns[] = {&column_name, &column_weight, NULL};

static void
fill(int64_t now_ms, size_t count)
{
	lk_table_begin(&table);
	for (size_t i = 0; i < count; i++)
		lk_table_add(&table, basket[i].key, &basket[i], 0);
	lk_table_end(&table, now_ms);
}

static void
set_up(void)
{
	lk_session_init(&session);
	session.ascii = true;
	lk_table_init(&table, columns, &session, NULL, "weight");
	basket[0].weight = 100;
	basket[1].weight = 120;
	basket[2].weight = 8;
	basket[3].weight = 7;
	fill(0, LK_COUNT_OF(basket));
}

static void
tear_down(void)
{
	lk_table_fini(&table);
	lk_session_fini(&session);
}

static const char *
at(size_t row)
{
	return row < table.count ? ((const struct fruit *)table.rows[row].item)->name : "";
}

static const char *
selected(void)
{
	const struct lk_row_ref *row = lk_table_selected(&table);

	return row != NULL ? ((const struct fruit *)row->item)->name : "";
}

START_TEST(rows_are_sorted_falling_by_value)
{
	ck_assert_str_eq(at(0), "banana");
	ck_assert_str_eq(at(1), "apple");
	ck_assert_str_eq(at(2), "cherry");
	ck_assert_str_eq(at(3), "date");
	ck_assert(lk_table_input(&table, LK_ACTION_INVERT, 0));
	ck_assert_str_eq(at(0), "date");
	ck_assert_str_eq(at(3), "banana");
}
END_TEST

START_TEST(unknown_values_come_last_both_ways)
{
	basket[1].weight = NAN;
	fill(1, LK_COUNT_OF(basket));
	ck_assert_str_eq(at(3), "banana");
	lk_table_input(&table, LK_ACTION_INVERT, 0);
	ck_assert_str_eq(at(3), "banana");
}
END_TEST

START_TEST(the_selection_follows_its_row)
{
	lk_table_input(&table, LK_ACTION_DOWN, 0);
	ck_assert_str_eq(selected(), "apple");
	basket[3].weight = 1000;
	basket[2].weight = 900;
	fill(LK_TABLE_FREEZE_MS + 1, LK_COUNT_OF(basket));
	ck_assert_str_eq(at(0), "date");
	ck_assert_str_eq(selected(), "apple");
}
END_TEST

START_TEST(the_selection_stays_first_until_it_is_moved)
{
	basket[3].weight = 1000;
	fill(1, LK_COUNT_OF(basket));
	ck_assert_str_eq(selected(), "date");
}
END_TEST

START_TEST(the_selection_stays_near_when_its_row_goes)
{
	lk_table_input(&table, LK_ACTION_LAST, 0);
	ck_assert_str_eq(selected(), "date");
	fill(1, 3);
	ck_assert_str_eq(selected(), "cherry");
	fill(2, 0);
	ck_assert_ptr_null(lk_table_selected(&table));
	ck_assert(lk_table_input(&table, LK_ACTION_DOWN, 3));
	fill(4, 2);
	ck_assert_str_ne(selected(), "");
}
END_TEST

START_TEST(the_order_holds_still_after_a_key)
{
	lk_table_hold(&table, 1000);
	basket[3].weight = 1000;
	fill(1000 + LK_TABLE_FREEZE_MS - 1, LK_COUNT_OF(basket));
	ck_assert_str_eq(at(0), "banana");
	ck_assert_str_eq(at(3), "date");
	fill(1000 + LK_TABLE_FREEZE_MS, LK_COUNT_OF(basket));
	ck_assert_str_eq(at(0), "date");
}
END_TEST

START_TEST(new_rows_come_last_while_the_order_holds)
{
	fill(1, 3);
	lk_table_hold(&table, 10);
	basket[3].weight = 1000;
	fill(20, 4);
	ck_assert_str_eq(at(3), "date");
}
END_TEST

static const struct {
	const char *filter;
	size_t	    count;
} filters[] = {
	{"an", 1}, {"AN", 1}, {"!an", 3}, {"~^(a|c)", 2}, {"!~^(a|c)", 2}, {"~rr", 1}, {"", 4},
	{"!", 4}, {"~", 4}, {"nothing like it", 0}, {"~[", 4}, {"!~^a & !~^b & !~^c & !~^d", 0},
	{"an & ba", 1}, {"a & b & c & d & e", 4}, {"a & ~e & ! & ~", 2},
};

START_TEST(a_filter_keeps_what_it_says)
{
	int rc = lk_table_filter(&table, filters[_i].filter);

	ck_assert_int_eq(rc, strcmp(filters[_i].filter, "~[") == 0 ? -EINVAL :
	    strlen(filters[_i].filter) == 17 ? -E2BIG : 0);
	fill(1, LK_COUNT_OF(basket));
	ck_assert_uint_eq(table.count, filters[_i].count);
	ck_assert_uint_eq(table.all_count, LK_COUNT_OF(basket));
	lk_table_filter(&table, "");
	fill(2, LK_COUNT_OF(basket));
	ck_assert_uint_eq(table.count, LK_COUNT_OF(basket));
}
END_TEST

START_TEST(search_goes_round)
{
	ck_assert(lk_table_find(&table, "A"));
	ck_assert_str_eq(selected(), "banana");
	lk_table_input(&table, LK_ACTION_SEARCH_NEXT, 0);
	ck_assert_str_eq(selected(), "apple");
	lk_table_input(&table, LK_ACTION_SEARCH_NEXT, 0);
	ck_assert_str_eq(selected(), "date");
	lk_table_input(&table, LK_ACTION_SEARCH_NEXT, 0);
	ck_assert_str_eq(selected(), "banana");
	lk_table_input(&table, LK_ACTION_SEARCH_PREVIOUS, 0);
	ck_assert_str_eq(selected(), "date");
	ck_assert(!lk_table_find(&table, "zucchini"));
	ck_assert_str_eq(selected(), "date");
}
END_TEST

START_TEST(the_next_column_sorts)
{
	lk_table_input(&table, LK_ACTION_SORT_NEXT, 0);
	ck_assert_str_eq(at(0), "apple");	/* texts rise */
	lk_table_input(&table, LK_ACTION_SORT_PREVIOUS, 0);
	ck_assert_str_eq(at(0), "banana");
	ck_assert_str_eq(table.columns[table.sort]->title, "GRAMS");
}
END_TEST

START_TEST(columns_are_dropped_where_there_is_no_room)
{
	struct lk_canvas c = {.utf8 = false};
	struct lk_area area = {0, 0, 3, 20};
	char line[128];

	ck_assert_int_eq(lk_canvas_resize(&c, 3, 20), 0);
	lk_table_draw(&table, &c, &area);
	lk_canvas_row_text(&c, 1, line, sizeof(line));
	ck_assert_str_eq(line, ">  banana        120");
	ck_assert_int_eq(lk_canvas_resize(&c, 3, 12), 0);
	area.cols = 12;
	lk_table_draw(&table, &c, &area);
	lk_canvas_row_text(&c, 1, line, sizeof(line));
	ck_assert_str_eq(line, ">  banana");
	lk_canvas_fini(&c);
}
END_TEST

static const struct lk_column column_code = {.id = "code", .title = "CODE", .width_cells = 6,
    .stretch = 1, .left = true, .name = true, .text = name_text};
static const struct lk_column *const code_columns[] = {&column_code, NULL};
static const struct {
	const char *name;
	int cells;
	const char *shown;
} names[] = {
	{"shop.cart.price_key", 19, "shop.cart.price_key"},
	{"shop.cart.price_key", 18, "cart.price_key"},
	{"shop.cart.price_key", 9, "price_key"},
	{"shop.cart.price_key", 8, "price..."},
	{"shop.cart.price_key[listcomp]", 19, "price_key[listcomp]"},
	{"shop.cart.price_key[listcomp]", 18, "price_key"},
	{"shop.cart.price_key[listcomp]:88", 14, "price_key:88"},
	{"shop.cart.price_key[listcomp]:88", 10, "pric...:88"},
	{"/srv/shop/shop/cart.py", 12, "shop/cart.py"},
};

START_TEST(names_of_code_keep_their_beginning)
{
	struct fruit one = {1, names[_i].name, 1};
	struct lk_canvas c = {.utf8 = false};
	struct lk_area area = {0, 0, 2, names[_i].cells + 3};
	char line[128];

	table.columns = code_columns;
	table.sort = 0;
	lk_table_begin(&table);
	lk_table_add(&table, one.key, &one, 0);
	lk_table_end(&table, 0);
	ck_assert_int_eq(lk_canvas_resize(&c, area.rows, area.cols), 0);
	lk_table_draw(&table, &c, &area);
	lk_canvas_row_text(&c, 1, line, sizeof(line));
	ck_assert_str_eq(line + 3, names[_i].shown);
	lk_canvas_fini(&c);
}
END_TEST

static Suite *
table_suite(void)
{
	Suite *suite = suite_create("table");
	TCase *tc = tcase_create("table");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, rows_are_sorted_falling_by_value);
	tcase_add_test(tc, unknown_values_come_last_both_ways);
	tcase_add_test(tc, the_selection_follows_its_row);
	tcase_add_test(tc, the_selection_stays_first_until_it_is_moved);
	tcase_add_test(tc, the_selection_stays_near_when_its_row_goes);
	tcase_add_test(tc, the_order_holds_still_after_a_key);
	tcase_add_test(tc, new_rows_come_last_while_the_order_holds);
	tcase_add_loop_test(tc, a_filter_keeps_what_it_says, 0, (int)LK_COUNT_OF(filters));
	tcase_add_test(tc, search_goes_round);
	tcase_add_test(tc, the_next_column_sorts);
	tcase_add_test(tc, columns_are_dropped_where_there_is_no_room);
	tcase_add_loop_test(tc, names_of_code_keep_their_beginning, 0, (int)LK_COUNT_OF(names));
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {table_suite, NULL};

	return lk_suites_run(suites);
}
