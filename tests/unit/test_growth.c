#include "config.h"

#include "suites.h"

#include <math.h>
#include <string.h>

#include "analysis/growth.h"
#include "analysis/lines.h"
#include "analysis/typed.h"
#include "base/attr.h"
#include "leaktop/wire.h"
#include "model/arena.h"
#include "model/frozen.h"

#include "fixture.h"

/*
 * Baselines 1 at second 100 and 2 at second 200, now is second 500.
 *   1 leak     cart.py:10   10 samples live before 1, 20 born in 1..2, 30 since 2
 *   2 startup  boot.py:5    40 samples from before 1, all still alive
 *   3 churn    json.py:7    12 alive at 2, now 11 others
 *   4 shrunk   cart.py:20   20 alive at 2, 4 of them left
 *   5 gone     feed.py:9    15 alive at 2, no row at all now
 *   6 fresh    cart.py:10   same line as 1, other stack; 3 samples since 2
 *   7 nowhere  no frames    nothing alive, ever
 */
static struct lk_snapshot *s;
static const struct lk_stack *stacks[7];

static const struct fixture_cell rows_now[] = {
	{1, 0, 10}, {1, 1, 20}, {1, 2, 30}, {2, 0, 40}, {3, 2, 11}, {4, 1, 4}, {6, 2, 3},
	{7, 0, 0},  {0, 0, 0},
};
static const struct fixture_cell rows_at_2[] = {
	{1, 0, 10}, {1, 1, 20}, {2, 0, 40}, {3, 1, 12}, {4, 0, 8}, {4, 1, 12}, {5, 0, 15},
	{7, 0, 0},  {0, 0, 0},
};
static const struct fixture_cell rows_at_1[] = {
	{1, 0, 12}, {2, 0, 40}, {3, 0, 9}, {4, 0, 8}, {5, 0, 15}, {0, 0, 0},
};

static void
setup(void)
{
	static const double at_s[] = {100, 200};
	struct lk_baseline *b;

	s = lk_fixture_new(500);
	stacks[0] = lk_fixture_stack(s, 1, "price_key", "cart.py", 10);
	stacks[1] = lk_fixture_stack(s, 2, "load", "boot.py", 5);
	stacks[2] = lk_fixture_stack(s, 3, "decode", "json.py", 7);
	stacks[3] = lk_fixture_stack(s, 4, "total", "cart.py", 20);
	stacks[4] = lk_fixture_stack(s, 5, "feed", "feed.py", 9);
	stacks[5] = lk_fixture_stack(s, 6, "price_key", "cart.py", 10);
	stacks[6] = lk_fixture_stack(s, 7, NULL, NULL, 0);
	b = lk_fixture_baselines(s, 2, at_s);
	s->rows = lk_fixture_rows(s, stacks, rows_now, 5 * T, &s->row_count);
	b[0].rows = lk_fixture_rows(s, stacks, rows_at_1, 0, &b[0].row_count);
	b[1].rows = lk_fixture_rows(s, stacks, rows_at_2, 0, &b[1].row_count);
	b[0].has_rows = b[1].has_rows = true;
}

static void
teardown(void)
{
	lk_snapshot_put(s);
}

static struct lk_growth_set *
growth(uint32_t reference, uint32_t until, enum lk_group group)
{
	uint32_t missing = 99;
	struct lk_growth_set *set = lk_growth_new(s, reference, until, group, &missing);

	ck_assert_ptr_nonnull(set);
	ck_assert_uint_eq(missing, 0);
	for (size_t i = 1; i < set->count; i++)
		ck_assert_double_ge(set->rows[i - 1].delta_bytes, set->rows[i].delta_bytes);
	return set;
}

static const struct lk_growth *
row_of(const struct lk_growth_set *set, uint32_t stack_id)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->rows[i].stack->id == stack_id)
			return &set->rows[i];
	ck_abort_msg("no row of stack %u", stack_id);
	return NULL;
}

START_TEST(since_the_newest_baseline)
{
	struct lk_growth_set *set = growth(LK_REFERENCE_NEWEST, 0, LK_GROUP_STACK);
	const struct lk_growth *leak = &set->rows[0], *churn = row_of(set, 3);

	ck_assert_uint_eq(set->reference, 2);
	ck_assert_uint_eq(set->until, 0);
	ck_assert_double_eq(set->window_s, 300);
	ck_assert_uint_eq(set->count, 7);
	ck_assert_uint_eq(leak->stack->id, 1);
	ck_assert_double_eq(leak->live.bytes, 60 * T);
	ck_assert_double_eq(leak->delta_bytes, 30 * T);
	ck_assert_double_eq(leak->delta_objects, 30000);
	ck_assert_double_eq(leak->rate_bytes_per_min, 6 * T);
	ck_assert(leak->significant);
	ck_assert(!leak->fresh && !leak->gone);
	ck_assert_double_eq(leak->est_allocated_bytes, 65 * T);
	ck_assert_double_eq(leak->est_allocated_since_bytes, 35 * T);
	ck_assert_double_eq(leak->est_freed_bytes, 5 * T);
	ck_assert_double_eq(churn->born.bytes, 11 * T);
	ck_assert_double_eq(churn->died.bytes, 12 * T);
	ck_assert_double_eq(churn->delta_bytes, -T);
	ck_assert(!churn->significant);
	lk_growth_free(set);
}
END_TEST

START_TEST(what_shrank_or_vanished_is_negative)
{
	struct lk_growth_set *set = growth(2, 0, LK_GROUP_STACK);
	const struct lk_growth *shrunk = row_of(set, 4), *gone = row_of(set, 5);

	ck_assert_double_eq(shrunk->delta_bytes, -16 * T);
	ck_assert_double_eq(shrunk->live.bytes, 4 * T);
	ck_assert(shrunk->significant && !shrunk->gone);
	ck_assert_double_eq(gone->delta_bytes, -15 * T);
	ck_assert_double_eq(gone->live.bytes, 0);
	ck_assert(gone->significant && gone->gone && !gone->fresh);
	lk_growth_free(set);
}
END_TEST

START_TEST(few_fresh_samples_are_shown_but_not_marked)
{
	struct lk_growth_set *set = growth(2, 0, LK_GROUP_STACK);
	const struct lk_growth *fresh = row_of(set, 6), *startup = row_of(set, 2);

	ck_assert(fresh->fresh && !fresh->significant);
	ck_assert_double_eq(fresh->delta_bytes, 3 * T);
	ck_assert_double_eq(startup->delta_bytes, 0);
	ck_assert(!startup->significant && !startup->fresh);
	/* what survived is not in the error: only that nothing was seen to come or go */
	ck_assert_double_lt(startup->delta_error_bytes, 6 * T);
	ck_assert_double_gt(startup->live_error_bytes, 10 * T);
	lk_growth_free(set);
}
END_TEST

START_TEST(since_the_start_nothing_died)
{
	struct lk_growth_set *set = growth(LK_REFERENCE_START, 0, LK_GROUP_STACK);

	ck_assert_double_eq(set->window_s, 500);
	for (size_t i = 0; i < set->count; i++) {
		const struct lk_growth *g = &set->rows[i];

		ck_assert_double_eq(g->delta_bytes, g->live.bytes);
		ck_assert_double_eq(g->died.bytes, 0);
		ck_assert_double_eq(g->delta_error_bytes, g->live_error_bytes);
		ck_assert(!g->fresh);
	}
	ck_assert_uint_eq(set->rows[0].stack->id, 1);
	ck_assert_uint_eq(set->rows[1].stack->id, 2);
	lk_growth_free(set);
}
END_TEST

START_TEST(between_two_baselines)
{
	struct lk_growth_set *set = growth(1, 2, LK_GROUP_STACK);
	const struct lk_growth *leak = row_of(set, 1);

	ck_assert_double_eq(set->window_s, 100);
	ck_assert_uint_eq(set->until, 2);
	ck_assert_double_eq(leak->born.bytes, 20 * T);
	ck_assert_double_eq(leak->died.bytes, 2 * T);
	ck_assert_double_eq(leak->live.bytes, 30 * T);
	ck_assert_double_eq(row_of(set, 5)->delta_bytes, 0);
	lk_growth_free(set);

	set = growth(2, 1, LK_GROUP_STACK); /* the other way round is the same window */
	ck_assert_uint_eq(set->reference, 1);
	ck_assert_uint_eq(set->until, 2);
	ck_assert_double_eq(row_of(set, 1)->delta_bytes, 18 * T);
	lk_growth_free(set);
}
END_TEST

START_TEST(from_the_start_until_a_baseline)
{
	struct lk_growth_set *set = growth(LK_REFERENCE_START, 1, LK_GROUP_STACK);

	ck_assert_double_eq(row_of(set, 1)->delta_bytes, 12 * T);
	ck_assert_double_eq(set->window_s, 100);
	ck_assert_uint_eq(row_of(set, 1)->interval_count, 0);
	lk_growth_free(set);
}
END_TEST

START_TEST(lines_functions_and_files_add_up)
{
	static const struct {
		enum lk_group group;
		size_t rows;
		double cart_delta;	/* of the group of stack 1, in T */
		uint32_t stacks;
	} want[] = {
		{LK_GROUP_LINE, 6, 33, 2},
		{LK_GROUP_FUNCTION, 6, 33, 2},
		{LK_GROUP_FILE, 5, 17, 3},
		{LK_GROUP_DOMAIN, 1, 1, 7},
		{LK_GROUP_THREAD, 1, 1, 7},
	};
	struct lk_growth_set *set = growth(2, 0, want[_i].group);
	const struct lk_growth *g = row_of(set, 1);
	double sum = 0;

	ck_assert_uint_eq(set->count, want[_i].rows);
	ck_assert_double_eq(g->delta_bytes, want[_i].cart_delta * T);
	ck_assert_uint_eq(g->stack_count, want[_i].stacks);
	ck_assert_str_eq(g->frame->function, "price_key");
	for (size_t i = 0; i < set->count; i++)
		sum += set->rows[i].delta_bytes;
	ck_assert_double_eq(sum, 1 * T);
	lk_growth_free(set);
}
END_TEST

START_TEST(keys_hold_still)
{
	struct lk_growth_set *a = growth(2, 0, LK_GROUP_LINE), *b = growth(1, 0, LK_GROUP_LINE);

	ck_assert_uint_eq(row_of(a, 1)->key, row_of(b, 1)->key);
	for (size_t i = 1; i < a->count; i++)
		ck_assert_uint_ne(a->rows[0].key, a->rows[i].key);
	lk_growth_free(a);
	lk_growth_free(b);
}
END_TEST

START_TEST(survivors_by_interval)
{
	struct lk_growth_set *set = growth(2, 0, LK_GROUP_LINE);
	const struct lk_growth *g = row_of(set, 1);
	struct lk_estimate out[3];

	lk_growth_survivors(s, g, LK_GROUP_LINE, out);
	ck_assert_double_eq(out[0].bytes, 10 * T);
	ck_assert_double_eq(out[1].bytes, 20 * T);
	ck_assert_double_eq(out[2].bytes, 33 * T);
	ck_assert_uint_eq(g->survived_count, 2);
	ck_assert_uint_eq(g->interval_count, 2);
	ck_assert_uint_eq(row_of(set, 2)->survived_count, 0);
	lk_growth_free(set);
}
END_TEST

/* By one look at all stacks, or one for each row where the set does not know of theirs. */
START_TEST(survivors_of_all_rows_are_those_of_each)
{
	enum lk_group group = (enum lk_group)(_i / 2);
	struct lk_growth_set *set = growth(2, _i % 2 == 0 ? 0 : 1, group);
	struct lk_estimate all[8][3], one[3];
	size_t count = set->count < 8 ? set->count : 8;

	ck_assert_int_eq(set->row_of != NULL, _i % 2 == 0);
	lk_growth_survivors_all(s, set, group, count, all[0]);
	for (size_t i = 0; i < count; i++) {
		lk_growth_survivors(s, &set->rows[i], group, one);
		for (size_t k = 0; k < LK_COUNT_OF(one); k++) {
			ck_assert_uint_eq(all[i][k].sampled_count, one[k].sampled_count);
			ck_assert_double_eq(all[i][k].bytes, one[k].bytes);
		}
	}
	lk_growth_free(lk_growth_get(set));
	ck_assert_uint_eq(set->count > 0, true);
	lk_growth_free(set);
}
END_TEST

START_TEST(a_dropped_baseline_renumbers_nothing)
{
	struct lk_growth_set *set;
	struct lk_estimate out[2];

	s->baselines++; /* 1 was dropped, 2 stays 2 */
	s->baseline_count = 1;
	ck_assert_uint_eq(lk_growth_resolve(s, 1), LK_REFERENCE_START);
	ck_assert_uint_eq(lk_growth_resolve(s, LK_REFERENCE_NEWEST), 2);
	set = growth(2, 0, LK_GROUP_STACK);
	ck_assert_double_eq(row_of(set, 1)->delta_bytes, 30 * T);
	lk_growth_survivors(s, row_of(set, 1), LK_GROUP_STACK, out);
	ck_assert_double_eq(out[0].bytes, 30 * T);
	ck_assert_double_eq(out[1].bytes, 30 * T);
	lk_growth_free(set);
}
END_TEST

START_TEST(missing_rows_are_asked_for)
{
	struct lk_baseline *b = (struct lk_baseline *)(uintptr_t)s->baselines;
	uint32_t missing = 0;

	b[1].has_rows = false;
	ck_assert_ptr_null(lk_growth_new(s, LK_REFERENCE_NEWEST, 0, LK_GROUP_STACK, &missing));
	ck_assert_uint_eq(missing, 2);
	ck_assert_ptr_null(lk_growth_new(s, 1, 2, LK_GROUP_STACK, &missing));
	ck_assert_uint_eq(missing, 2);
	lk_growth_free(growth(1, 0, LK_GROUP_STACK));
}
END_TEST

START_TEST(a_young_reference_has_no_rate)
{
	struct lk_growth_set *set;

	s->at_s = 200.5;
	set = growth(2, 0, LK_GROUP_STACK);
	ck_assert(isnan(set->rows[0].rate_bytes_per_min));
	ck_assert_double_eq(set->rows[0].delta_bytes, 30 * T);
	lk_growth_free(set);
}
END_TEST

START_TEST(trends_of_a_group_end_together)
{
	static const float long_one[] = {1, 2, 3, 4}, short_one[] = {10, 20};
	struct lk_row *rows = (struct lk_row *)(uintptr_t)s->rows;
	struct lk_growth_set *set;
	const struct lk_growth *g;

	rows[0].trend_bytes = short_one;
	rows[0].trend_count = 2;
	rows[5].trend_bytes = long_one;
	rows[5].trend_count = 4;
	ck_assert_uint_eq(rows[5].stack->id, 7);
	rows[4].trend_bytes = long_one;
	rows[4].trend_count = 4;
	set = growth(2, 0, LK_GROUP_LINE);
	g = row_of(set, 1);
	ck_assert_uint_eq(g->trend_count, 4);
	ck_assert_double_eq((double)g->trend_bytes[0], 1);
	ck_assert_double_eq((double)g->trend_bytes[1], 2);
	ck_assert_double_eq((double)g->trend_bytes[2], 13);
	ck_assert_double_eq((double)g->trend_bytes[3], 24);
	ck_assert_double_eq((double)short_one[0], 10);
	lk_growth_free(set);
}
END_TEST

static struct lk_line *
lines_since(const struct lk_snapshot *of, uint32_t reference, const char *file, size_t *count)
{
	uint32_t missing;
	struct lk_growth_set *set = lk_growth_new(of, reference, 0, LK_GROUP_LINE, &missing);
	struct lk_line *lines;

	ck_assert_ptr_nonnull(set);
	lines = lk_lines_of(set, file, count);
	lk_growth_free(set);
	return lines;
}

START_TEST(an_empty_snapshot_has_no_rows)
{
	struct lk_snapshot *empty = lk_snapshot_new();
	uint32_t missing;
	struct lk_growth_set *set;
	size_t count = 7;

	ck_assert_ptr_nonnull(empty);
	set = lk_growth_new(empty, LK_REFERENCE_NEWEST, 0, LK_GROUP_STACK, &missing);
	ck_assert_ptr_nonnull(set);
	ck_assert_uint_eq(set->count, 0);
	ck_assert_ptr_null(lines_since(empty, 0, "cart.py", &count));
	ck_assert_uint_eq(count, 0);
	lk_growth_free(set);
	lk_growth_free(NULL);
	lk_snapshot_put(empty);
}
END_TEST

START_TEST(lines_of_a_file)
{
	size_t count = 0;
	struct lk_line *lines = lines_since(s, 2, "cart.py", &count);

	ck_assert_uint_eq(count, 2);
	ck_assert_uint_eq(lines[0].line, 10);
	ck_assert_double_eq(lines[0].delta_bytes, 33 * T);
	ck_assert_double_eq(lines[0].live_bytes, 63 * T);
	ck_assert_uint_eq(lines[1].line, 20);
	ck_assert_double_eq(lines[1].delta_bytes, -16 * T);
	free(lines);
	ck_assert_ptr_null(lines_since(s, 2, "app.py", &count));
	ck_assert_uint_eq(count, 0);
}
END_TEST

/* ---- native stacks ------------------------------------------------------ */

#define XML "/usr/lib/x86_64-linux-gnu/libxml2.so.2.9.14"
#define LIBC "/usr/lib/x86_64-linux-gnu/libc.so.6"

static const struct lk_frame in_libc = {.function = "__strdup", .file = LIBC, .native = true,
    .build_id = "", .address = 0x9a2b3};
static const struct lk_frame in_doc = {.function = "xmlNewDoc", .file = XML, .native = true,
    .build_id = "0a1b", .address = 0x1234};
static const struct lk_frame in_doc_later = {.function = "xmlNewDoc", .file = XML,
    .native = true, .build_id = "0a1b", .address = 0x1300};
static const struct lk_frame in_node = {.function = "xmlNewNode", .file = XML, .native = true,
    .build_id = "0a1b", .address = 0x2345};
static const struct lk_frame in_cart = {.function = "price_key", .file = "cart.py", .line = 10};

/* Stack ID of domain native, of those frames, with one cell of COUNT samples. */
static void
native_row(struct lk_row *row, uint32_t id, uint32_t count, const struct lk_frame *const *frames)
{
	struct lk_stack *stack = lk_arena_get(s->arena, 1, sizeof(*stack));
	struct lk_frame *list = lk_arena_get(s->arena, 4, sizeof(*list));
	struct lk_cell *cell = lk_arena_get(s->arena, 1, sizeof(*cell));

	*stack = (struct lk_stack){.id = id, .domain = LK_DOMAIN_NATIVE, .thread = "MainThread",
	    .frames = list};
	for (; *frames != NULL; frames++)
		list[stack->frame_count++] = **frames;
	*cell = (struct lk_cell){2, count, count * T, count, count * T * T};
	*row = (struct lk_row){.stack = stack, .est_allocated_bytes = count * T,
	    .cell_count = 1, .cells = cell};
}

/* Beside the rows of setup(): 8 under cart.py:10, 9 and 10 in xmlNewDoc, 11 in xmlNewNode, all
 * three of no Python; 12 in libc alone. */
static void
add_native_rows(void)
{
	static const struct lk_frame *const frames[][4] = {
	    {&in_libc, &in_doc, &in_cart, NULL},
	    {&in_doc, NULL},
	    {&in_libc, &in_doc_later, NULL},
	    {&in_node, &in_doc, NULL},
	    {&in_libc, NULL},
	};
	struct lk_row *rows = lk_arena_get(s->arena, s->row_count + LK_COUNT_OF(frames),
	    sizeof(*rows));

	memcpy(rows, s->rows, s->row_count * sizeof(*rows));
	for (uint32_t i = 0; i < LK_COUNT_OF(frames); i++)
		native_row(&rows[s->row_count + i], 8 + i, 7, frames[i]);
	s->rows = rows;
	s->row_count += LK_COUNT_OF(frames);
}

START_TEST(native_memory_is_under_the_line_that_caused_it)
{
	struct lk_growth_set *plain = growth(2, 0, LK_GROUP_LINE), *set;
	const struct lk_growth *before, *g;

	add_native_rows();
	set = growth(2, 0, LK_GROUP_LINE);
	before = row_of(plain, 1);
	g = row_of(set, 1);
	ck_assert_uint_eq(g->key, before->key);
	ck_assert_uint_eq(g->stack_count, before->stack_count + 1);
	ck_assert_double_eq(g->live.bytes, before->live.bytes + 7 * T);
	ck_assert_double_eq(g->native_bytes, 7 * T);
	ck_assert_double_eq(before->native_bytes, 0);
	ck_assert_str_eq(g->frame->file, "cart.py");
	ck_assert_uint_eq(g->frame->line, 10);
	lk_growth_free(plain);
	lk_growth_free(set);
}
END_TEST

START_TEST(without_python_a_native_function_is_the_site)
{
	struct lk_growth_set *set;
	const struct lk_growth *g;

	add_native_rows();
	set = growth(2, 0, LK_GROUP_LINE);
	ck_assert_uint_eq(set->count, 6 + 3);
	g = row_of(set, 9);
	if (g == NULL)
		g = row_of(set, 10);
	ck_assert_ptr_nonnull(g);
	ck_assert_str_eq(g->frame->function, "xmlNewDoc");
	ck_assert_uint_eq(g->stack_count, 2);
	ck_assert_double_eq(g->native_bytes, 14 * T);
	ck_assert_str_eq(row_of(set, 11)->frame->function, "xmlNewNode");
	ck_assert_str_eq(row_of(set, 12)->frame->function, "__strdup");
	lk_growth_free(set);
}
END_TEST

START_TEST(groups_of_native_stacks)
{
	static const struct {
		enum lk_group group;
		size_t more; /* rows than there are without native stacks */
	} cases[] = {
	    {LK_GROUP_STACK, 5}, {LK_GROUP_LINE, 3}, {LK_GROUP_FUNCTION, 3}, {LK_GROUP_FILE, 2},
	    {LK_GROUP_DOMAIN, 1}, {LK_GROUP_THREAD, 0},
	};
	struct lk_growth_set *plain = growth(2, 0, cases[_i].group), *set;
	double sum = 0;

	add_native_rows();
	set = growth(2, 0, cases[_i].group);
	ck_assert_uint_eq(set->count, plain->count + cases[_i].more);
	for (size_t i = 0; i < set->count; i++)
		sum += set->rows[i].native_bytes;
	ck_assert_double_eq(sum, 35 * T);
	lk_growth_free(plain);
	lk_growth_free(set);
}
END_TEST

START_TEST(lines_of_a_file_have_what_libraries_took_for_them)
{
	size_t before_count, count;
	struct lk_line *before = lines_since(s, 2, "cart.py", &before_count), *lines;

	add_native_rows();
	lines = lines_since(s, 2, "cart.py", &count);
	ck_assert_uint_eq(count, before_count);
	ck_assert_uint_eq(lines[0].line, 10);
	ck_assert_double_eq(lines[0].live_bytes, before[0].live_bytes + 7 * T);
	free(before);
	free(lines);
	ck_assert_ptr_null(lines_since(s, 2, "libxml2.so", &count));
}
END_TEST

/* ---- by type ----------------------------------------------------------------- */

/* Read when stack 1 had 40 blocks alive, 30 of them found as prices, and stack 4 had 8. */
static const struct lk_site price_sites[] = {{1, 30, 30 * T}, {99, 1, T}};
static const struct lk_site str_sites[] = {{1, 10, 10 * T}, {4, 8, 8 * T}};
static const struct lk_type typed_list[] = {
	{.name = "shop.cart.Price", .sample_count = 31, .site_count = 2, .sites = price_sites},
	{.name = "str", .sample_count = 18, .site_count = 2, .sites = str_sites},
	{.name = "tuple", .sample_count = 0},
};
static const struct lk_types typed_types = {.count = 3, .list = typed_list};

static const struct lk_growth *
of_type(const struct lk_growth_set *set, const char *type)
{
	const struct lk_growth *found = NULL;

	for (size_t i = 0; i < set->count; i++)
		if (type == NULL ? set->rows[i].type == NULL : set->rows[i].type != NULL &&
		    strcmp(set->rows[i].type, type) == 0) {
			ck_assert_ptr_null(found);
			found = &set->rows[i];
		}
	ck_assert_ptr_nonnull(found);
	return found;
}

static double
sum_of_deltas(const struct lk_growth_set *set)
{
	double sum = 0;

	for (size_t i = 0; i < set->count; i++)
		sum += set->rows[i].delta_bytes;
	return sum;
}

START_TEST(types_share_out_what_lives)
{
	struct lk_growth_set *by_stack = growth(2, 0, LK_GROUP_STACK);
	struct lk_growth_set *set = lk_typed_new(by_stack, &typed_types, T, true);
	const struct lk_growth *price, *text, *unknown;

	ck_assert_uint_eq(set->count, 3);	/* of no tuple it is known who made it */
	price = of_type(set, "shop.cart.Price");
	text = of_type(set, "str");
	unknown = of_type(set, NULL);
	/* 60 of stack 1 live: 30 prices, 10 strings, 20 were born since */
	ck_assert_double_eq_tol(price->live.bytes, 30 * T, 1);
	ck_assert_double_eq_tol(text->live.bytes, (10 + 4) * T, 1);
	ck_assert_double_eq_tol(unknown->live.bytes, (20 + 40 + 11 + 3) * T, 1);
	ck_assert_double_eq_tol(price->delta_bytes, 15 * T, 1);	/* half of its 30 */
	ck_assert_double_eq_tol(text->delta_bytes, (5 - 16) * T, 1);
	ck_assert_uint_eq(price->stack_count, 1);
	ck_assert_uint_eq(text->stack_count, 2);
	ck_assert_ptr_eq(price->stack, stacks[0]);
	ck_assert(price->significant && !price->gone);
	ck_assert_double_gt(price->delta_error_bytes, 0);
	ck_assert_double_eq_tol(sum_of_deltas(set), sum_of_deltas(by_stack), 10);
	ck_assert(price->key != text->key && price->key != unknown->key);
	for (size_t i = 1; i < set->count; i++)
		ck_assert_double_ge(set->rows[i - 1].delta_bytes, set->rows[i].delta_bytes);
	lk_growth_free(by_stack);
	lk_growth_free(set);
}
END_TEST

/* More of it lived when the types were read: none is unknown, and none is made up. */
START_TEST(types_of_what_died_since_are_no_more_than_lives)
{
	static const struct lk_site sites[] = {{4, 16, 16 * T}};
	static const struct lk_site feed[] = {{5, 15, 15 * T}};
	static const struct lk_type list[] = {
	    {.name = "A", .sample_count = 16, .site_count = 1, .sites = sites},
	    {.name = "A", .sample_count = 16, .site_count = 1, .sites = sites},
	    {.name = "B", .sample_count = 15, .site_count = 1, .sites = feed}};
	static const struct lk_types types = {.count = 3, .list = list};
	struct lk_growth_set *by_stack = growth(2, 0, LK_GROUP_STACK);
	struct lk_growth_set *set = lk_typed_new(by_stack, &types, T, true);

	ck_assert_double_eq_tol(of_type(set, "A")->live.bytes, 4 * T, 1);
	ck_assert_double_eq_tol(of_type(set, "B")->delta_bytes, -15 * T, 1);
	ck_assert(of_type(set, "B")->gone);
	lk_growth_free(set);
	/* in a diff that stack may be one of another process */
	set = lk_typed_new(by_stack, &types, T, false);
	ck_assert_uint_eq(set->count, 2);
	ck_assert_double_eq_tol(sum_of_deltas(set), sum_of_deltas(by_stack), 10);
	lk_growth_free(set);
	lk_growth_free(by_stack);
}
END_TEST

START_TEST(types_are_of_the_newest_reading_that_knows_who)
{
	static const struct lk_type baselines[] = {{.name = "str", .sample_count = NAN}};
	static const struct lk_types of_baseline = {.count = 1, .list = baselines};
	const struct lk_types *const list[] = {&typed_types, &of_baseline};
	struct lk_growth_set *by_stack = growth(2, 0, LK_GROUP_STACK), *set;

	ck_assert_ptr_null(lk_typed_reading(s));
	s->types = list;
	s->types_count = 2;
	ck_assert_ptr_eq(lk_typed_reading(s), &typed_types);
	s->types_count = 0;
	set = lk_typed_new(by_stack, &of_baseline, T, true);
	ck_assert_uint_eq(set->count, 1);
	ck_assert_ptr_null(set->rows[0].type);
	lk_growth_free(set);
	lk_growth_free(by_stack);
}
END_TEST

static Suite *
growth_suite(void)
{
	Suite *suite = suite_create("growth");
	TCase *tc = tcase_create("growth");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, since_the_newest_baseline);
	tcase_add_test(tc, what_shrank_or_vanished_is_negative);
	tcase_add_test(tc, few_fresh_samples_are_shown_but_not_marked);
	tcase_add_test(tc, since_the_start_nothing_died);
	tcase_add_test(tc, between_two_baselines);
	tcase_add_test(tc, from_the_start_until_a_baseline);
	tcase_add_loop_test(tc, lines_functions_and_files_add_up, 0, 5);
	tcase_add_test(tc, keys_hold_still);
	tcase_add_test(tc, survivors_by_interval);
	tcase_add_loop_test(tc, survivors_of_all_rows_are_those_of_each, 0, 2 * LK_GROUP_TYPE);
	tcase_add_test(tc, a_dropped_baseline_renumbers_nothing);
	tcase_add_test(tc, missing_rows_are_asked_for);
	tcase_add_test(tc, a_young_reference_has_no_rate);
	tcase_add_test(tc, trends_of_a_group_end_together);
	tcase_add_test(tc, an_empty_snapshot_has_no_rows);
	tcase_add_test(tc, lines_of_a_file);
	tcase_add_test(tc, native_memory_is_under_the_line_that_caused_it);
	tcase_add_test(tc, without_python_a_native_function_is_the_site);
	tcase_add_loop_test(tc, groups_of_native_stacks, 0, 6);
	tcase_add_test(tc, types_share_out_what_lives);
	tcase_add_test(tc, types_of_what_died_since_are_no_more_than_lives);
	tcase_add_test(tc, types_are_of_the_newest_reading_that_knows_who);
	tcase_add_test(tc, lines_of_a_file_have_what_libraries_took_for_them);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {growth_suite, NULL};

	return lk_suites_run(suites);
}
