/* The tree of calls: what is below a call is what its stacks hold, whatever came when. */
#include "config.h"

#include "suites.h"

#include <stdio.h>
#include <string.h>

#include "analysis/growth.h"
#include "analysis/tree.h"
#include "base/attr.h"
#include "model/arena.h"

#include "fixture.h"

#define MANY	20000u		/* stacks */
#define DEPTH	24u

static struct lk_arena *arena;
static struct lk_growth_stacks *set;

static void
setup(void)
{
	arena = lk_arena_new();
	set = lk_arena_get(arena, 1, sizeof(*set) + MANY * sizeof(set->list[0]));
}

static void
teardown(void)
{
	lk_arena_free(arena);
}

/* "main:1 f:2 g:3", outermost first. */
static void
add(uint32_t id, const char *calls, double delta_bytes, double live_bytes)
{
	struct lk_stack *stack = lk_arena_get(arena, 1, sizeof(*stack));
	struct lk_frame *frames = lk_arena_get(arena, DEPTH, sizeof(*frames));
	char *copy = lk_arena_text(arena, calls, strlen(calls)), *rest = NULL;
	const char *words[DEPTH];
	uint32_t count = 0;

	for (char *word = strtok_r(copy, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		words[count++] = word;
	for (uint32_t i = 0; i < count; i++) {
		char *colon = strchr(words[count - 1 - i], ':');

		frames[i] = (struct lk_frame){.function = words[count - 1 - i], .file = "app.py",
		    .line = (uint32_t)atoi(colon + 1)};
		*colon = '\0';
	}
	*stack = (struct lk_stack){.id = id, .thread = "", .frame_count = count,
	    .frames = frames};
	set->list[set->count++] = (struct lk_growth_stack){stack, delta_bytes, live_bytes};
}

static void
four_stacks(void)
{
	add(1, "main:1 serve:2 cart:3", 100, 1000);
	add(2, "main:1 serve:2 cart:4", 10, 100);
	add(3, "main:1 serve:2", -5, 50);
	add(4, "", 1, 2);
}

/* The node that CALLS leads to; fails when there is none. */
static const struct lk_tree_node *
find(const struct lk_tree *t, const char *calls)
{
	uint32_t node = LK_TREE_ROOT;
	char *copy = strdup(calls), *rest = NULL;

	for (char *word = strtok_r(copy, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest)) {
		char name[64];

		for (node = lk_tree_at(t, node)->first; node != LK_TREE_NONE;
		     node = lk_tree_at(t, node)->next) {
			const struct lk_frame *f = &lk_tree_at(t, node)->frame;

			snprintf(name, sizeof(name), "%s:%u", f->function != NULL ? f->function :
			    "-", f->line);
			if (strcmp(name, word) == 0)
				break;
		}
		ck_assert_msg(node != LK_TREE_NONE, "no %s of %s", word, calls);
	}
	free(copy);
	return lk_tree_at(t, node);
}

static void
assert_bytes(const struct lk_tree *t, const char *calls, double delta, double own, double live)
{
	const struct lk_tree_node *n = find(t, calls);

	ck_assert_msg(n->delta_bytes == delta && n->own_delta_bytes == own &&
	    n->live_bytes == live, "%s: %g, own %g, live %g", calls, n->delta_bytes,
	    n->own_delta_bytes, n->live_bytes);
}

START_TEST(bytes_are_summed_up_the_calls)
{
	struct lk_tree *t = lk_tree_new(false);

	four_stacks();
	ck_assert_int_ge(lk_tree_update(t, set, true), 0);
	assert_bytes(t, "", 106, 0, 1152);
	assert_bytes(t, "-:0", 1, 1, 2);
	assert_bytes(t, "main:1", 105, 0, 1150);
	assert_bytes(t, "main:1 serve:2", 105, -5, 1150);
	assert_bytes(t, "main:1 serve:2 cart:3", 100, 100, 1000);
	assert_bytes(t, "main:1 serve:2 cart:4", 10, 10, 100);
	ck_assert_uint_eq(lk_tree_count(t), 6);
	lk_tree_free(t);
}
END_TEST

START_TEST(inverted_the_callers_are_below)
{
	struct lk_tree *t = lk_tree_new(true);

	four_stacks();
	ck_assert_int_ge(lk_tree_update(t, set, true), 0);
	assert_bytes(t, "", 106, 0, 1152);
	assert_bytes(t, "cart:3", 100, 0, 1000);
	assert_bytes(t, "cart:3 serve:2 main:1", 100, 100, 1000);
	assert_bytes(t, "serve:2", -5, 0, 50);
	lk_tree_free(t);
}
END_TEST

START_TEST(turned_and_turned_again)
{
	struct lk_tree *t = lk_tree_new(false);

	four_stacks();
	ck_assert_int_ge(lk_tree_update(t, set, true), 0);
	lk_tree_turn(t);
	ck_assert(lk_tree_is_inverted(t));
	ck_assert_uint_eq(lk_tree_count(t), 1);
	ck_assert_int_eq(lk_tree_update(t, set, true), 0);
	assert_bytes(t, "cart:3 serve:2 main:1", 100, 100, 1000);
	lk_tree_turn(t);
	ck_assert_int_eq(lk_tree_update(t, set, true), 0);
	assert_bytes(t, "main:1 serve:2 cart:3", 100, 100, 1000);
	assert_bytes(t, "", 106, 0, 1152);
	lk_tree_free(t);
}
END_TEST

START_TEST(nodes_stay_what_they_are)
{
	struct lk_tree *t = lk_tree_new(false);
	const struct lk_tree_node *cart;

	four_stacks();
	ck_assert_int_ge(lk_tree_update(t, set, true), 0);
	cart = find(t, "main:1 serve:2 cart:3");
	set->count = 1;			/* three have gone */
	set->list[0].delta_bytes = 7;
	add(9, "main:1 other:2", 3, 3);
	ck_assert_int_eq(lk_tree_update(t, set, true), 0);
	ck_assert_ptr_eq(find(t, "main:1 serve:2 cart:3"), cart);
	assert_bytes(t, "main:1", 10, 0, 1003);
	assert_bytes(t, "main:1 serve:2 cart:4", 0, 0, 0);
	assert_bytes(t, "main:1 other:2", 3, 3, 3);
	lk_tree_free(t);
}
END_TEST

START_TEST(another_process_makes_it_anew)
{
	struct lk_tree *t = lk_tree_new(false);

	four_stacks();
	ck_assert_int_ge(lk_tree_update(t, set, true), 0);
	set->count = 0;
	add(1, "main:1", 5, 5);
	ck_assert_int_eq(lk_tree_update(t, set, false), 1);
	ck_assert_uint_eq(lk_tree_count(t), 2);
	set->count = 0;
	add(1, "main:1 serve:2", 5, 5);	/* the id means another stack, though nobody said so */
	ck_assert_int_eq(lk_tree_update(t, set, true), 1);
	assert_bytes(t, "main:1 serve:2", 5, 5, 5);
	lk_tree_free(t);
}
END_TEST

static const char *
first_child(const struct lk_tree *t)
{
	return lk_tree_at(t, lk_tree_at(t, LK_TREE_ROOT)->first)->frame.function;
}

START_TEST(children_are_sorted)
{
	struct lk_tree *t = lk_tree_new(false);

	add(1, "small:1", 1, 30);
	add(2, "shrinks:1", -4, 20);
	add(3, "large:1", 9, 10);
	ck_assert_int_ge(lk_tree_update(t, set, true), 0);
	lk_tree_sort(t, LK_TREE_ROOT, false);
	ck_assert_str_eq(first_child(t), "large");
	lk_tree_sort(t, LK_TREE_ROOT, true);
	ck_assert_str_eq(first_child(t), "small");
	assert_bytes(t, "shrinks:1", -4, -4, 20);
	lk_tree_free(t);
}
END_TEST

/* Stacks come and go for a while: the tree that stayed says what a new one says, and forgets. */
START_TEST(a_tree_that_stays_is_as_a_new_one)
{
	struct lk_tree *stayed = lk_tree_new(false), *new;
	char calls[DEPTH * 16];

	for (uint32_t round = 0; round < 40; round++) {
		set->count = 0;
		for (uint32_t i = 0; i < 500; i++) {
			uint32_t id = round * 250 + i, length = 0;

			for (uint32_t d = 0; d < 1 + id % (DEPTH - 1); d++)
				length += (uint32_t)snprintf(calls + length,
				    sizeof(calls) - length, "f%u:%u ", (id >> d) % 3, d);
			add(id + 1, calls, id % 7, id % 11);
		}
		ck_assert_int_ge(lk_tree_update(stayed, set, true), 0);
	}
	new = lk_tree_new(false);
	ck_assert_int_ge(lk_tree_update(new, set, true), 0);
	for (uint32_t i = 0; i < lk_tree_count(new); i++) {
		const struct lk_tree_node *n = lk_tree_at(new, i);
		char path[DEPTH * 16] = "", longer[DEPTH * 16 + 32];

		for (uint32_t up = i; up != LK_TREE_ROOT; up = lk_tree_at(new, up)->parent) {
			const struct lk_frame *f = &lk_tree_at(new, up)->frame;

			snprintf(longer, sizeof(longer), "%s:%u %.300s", f->function, f->line,
			    path);
			snprintf(path, sizeof(path), "%.380s", longer);
		}
		assert_bytes(stayed, path, n->delta_bytes, n->own_delta_bytes, n->live_bytes);
	}
	ck_assert_uint_lt(lk_tree_count(new), lk_tree_count(stayed));
	lk_tree_free(new);
	lk_tree_free(stayed);
}
END_TEST

static Suite *
tree_suite(void)
{
	Suite *suite = suite_create("tree");
	TCase *tc = tcase_create("tree");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, bytes_are_summed_up_the_calls);
	tcase_add_test(tc, inverted_the_callers_are_below);
	tcase_add_test(tc, turned_and_turned_again);
	tcase_add_test(tc, nodes_stay_what_they_are);
	tcase_add_test(tc, another_process_makes_it_anew);
	tcase_add_test(tc, children_are_sorted);
	tcase_add_test(tc, a_tree_that_stays_is_as_a_new_one);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {tree_suite, NULL};

	return lk_suites_run(suites);
}
