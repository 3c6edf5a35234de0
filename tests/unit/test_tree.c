/* The tree of calls: what is below a call is what its stacks hold, whatever came when. */
#include "config.h"

#include "suites.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "analysis/growth.h"
#include "analysis/tree.h"
#include "base/attr.h"
#include "model/arena.h"

#include "faults.h"
#include "fixture.h"

#define MANY	20000u		/* stacks */
#define DEPTH	24u

static struct lk_arena *arena;
static struct lk_growth_stacks *set;
static const char *texts[MANY];	/* [set->count] calls of each, outermost first */
static const char *names[64];	/* [name_count] */
static uint32_t name_count;
static bool one_pointer;	/* a name is one pointer, as in a snapshot; else a copy each time */
static uint32_t random_state;

static void
setup(void)
{
	arena = lk_arena_new();
	name_count = 0;
	one_pointer = false;
	random_state = 1;
	set = lk_arena_get(arena, 1, sizeof(*set) + MANY * sizeof(set->list[0]));
}

static void
teardown(void)
{
	lk_arena_free(arena);
}

static uint32_t
any(uint32_t below)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % below;
}

static const char *
name_of(const char *word)
{
	for (uint32_t i = 0; one_pointer && i < name_count; i++)
		if (strcmp(names[i], word) == 0)
			return names[i];
	if (one_pointer) {
		ck_assert_uint_lt(name_count, LK_COUNT_OF(names));
		names[name_count++] = word;
	}
	return word;
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

		frames[i] = (struct lk_frame){
		    .file = "app.py",
		    .line = (uint32_t)atoi(colon + 1)};
		*colon = '\0';
		frames[i].function = name_of(words[count - 1 - i]);
	}
	*stack = (struct lk_stack){
	    .id = id, .thread = "", .frame_count = count,
	    .frames = frames};
	texts[set->count] = lk_arena_text(arena, calls, strlen(calls));
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
find(struct lk_tree *t, const char *calls)
{
	uint32_t node = LK_TREE_ROOT;
	char *copy = strdup(calls), *rest = NULL;

	for (char *word = strtok_r(copy, " ", &rest); word != NULL;
	    word = strtok_r(NULL, " ", &rest)) {
		char name[64];

		for (node = lk_tree_expand(t, node); node != LK_TREE_NONE;
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
assert_bytes(struct lk_tree *t, const char *calls, double delta, double own, double live)
{
	const struct lk_tree_node *n = find(t, calls);

	ck_assert_msg(n->delta_bytes == delta && n->own_delta_bytes == own &&
	    n->live_bytes == live, "%s: %g, own %g, live %g", calls, n->delta_bytes,
	    n->own_delta_bytes, n->live_bytes);
}

static void
expand_all(struct lk_tree *t)
{
	for (uint32_t i = 0; i < lk_tree_count(t); i++)
		lk_tree_expand(t, i);
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
	assert_bytes(t, "main:1 serve:2", 105, -5, 1150);
	set->count = 0;
	add(1, "main:1", 5, 5);
	ck_assert_int_eq(lk_tree_update(t, set, false), 1);
	ck_assert_uint_eq(lk_tree_count(t), 1);
	assert_bytes(t, "main:1", 5, 5, 5);
	ck_assert_uint_eq(lk_tree_count(t), 2);
	set->count = 0;
	add(1, "main:1 serve:2", 5, 5);	/* the id means another stack, though nobody said so */
	ck_assert_int_eq(lk_tree_update(t, set, true), 1);
	assert_bytes(t, "main:1 serve:2", 5, 5, 5);
	lk_tree_free(t);
}
END_TEST

static const char *
first_child(struct lk_tree *t)
{
	return lk_tree_at(t, lk_tree_expand(t, LK_TREE_ROOT))->frame.function;
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
		expand_all(stayed);
	}
	new = lk_tree_new(false);
	ck_assert_int_ge(lk_tree_update(new, set, true), 0);
	for (uint32_t i = 0; i < lk_tree_count(new); i++) {
		uint32_t first = lk_tree_expand(new, i);
		const struct lk_tree_node *n = lk_tree_at(new, i);
		char path[DEPTH * 16] = "", longer[DEPTH * 16 + 32];

		ck_assert(first == LK_TREE_NONE || first > i);
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

/* ---- expanded here and there ---- */

/* "serve:2 cart:3": the calls that lead to NODE, from the root on. */
static void
path_of(struct lk_tree *t, uint32_t node, char *out, size_t out_bytes)
{
	uint32_t ups[DEPTH + 8], count = 0;
	size_t used = 0;

	out[0] = '\0';
	for (; node != LK_TREE_ROOT; node = lk_tree_at(t, node)->parent)
		ups[count++] = node;
	while (count-- > 0) {
		const struct lk_frame *f = &lk_tree_at(t, ups[count])->frame;

		used += (size_t)snprintf(out + used, out_bytes - used, "%s%s:%u",
		    used > 0 ? " " : "", f->function != NULL ? f->function : "-", f->line);
	}
}

/* What stack I of the set is called in the tree. */
static void
text_in(const struct lk_tree *t, size_t i, char *out, size_t out_bytes)
{
	const struct lk_stack *stack = set->list[i].stack;
	size_t used = 0;

	if (stack->frame_count == 0 || !lk_tree_is_inverted(t)) {
		snprintf(out, out_bytes, "%s", stack->frame_count == 0 ? "-:0" : texts[i]);
		return;
	}
	for (uint32_t f = 0; f < stack->frame_count; f++)
		used += (size_t)snprintf(out + used, out_bytes - used, "%s%s:%u",
		    used > 0 ? " " : "", stack->frames[f].function, stack->frames[f].line);
}

/* Every node that there is says what the stacks of the set say, one by one. */
static void
assert_nodes(struct lk_tree *t)
{
	static char in[MANY / 10][DEPTH * 16];
	char path[DEPTH * 16];

	ck_assert_uint_le(set->count, LK_COUNT_OF(in));
	for (size_t i = 0; i < set->count; i++)
		text_in(t, i, in[i], sizeof(in[i]));
	for (uint32_t node = 0; node < lk_tree_count(t); node++) {
		const struct lk_tree_node *n = lk_tree_at(t, node);
		double delta = 0, live = 0, own_delta = 0, own_live = 0;
		size_t length;

		path_of(t, node, path, sizeof(path));
		length = strlen(path);
		for (size_t i = 0; i < set->count; i++) {
			const struct lk_growth_stack *g = &set->list[i];
			bool whole = strcmp(in[i], path) == 0;

			if (length > 0 && !whole && (strncmp(in[i], path, length) != 0 ||
			    in[i][length] != ' '))
				continue;
			delta += g->delta_bytes;
			live += g->live_bytes;
			own_delta += whole ? g->delta_bytes : 0;
			own_live += whole ? g->live_bytes : 0;
		}
		ck_assert_msg(n->delta_bytes == delta && n->live_bytes == live &&
		    n->own_delta_bytes == own_delta && n->own_live_bytes == own_live,
		    "%s: %g %g, own %g %g, not %g %g, own %g %g", path, n->delta_bytes,
		    n->live_bytes, n->own_delta_bytes, n->own_live_bytes, delta, live, own_delta,
		    own_live);
	}
}

/* Nothing waits any more: each stack is where it ends. */
static void
assert_all(struct lk_tree *t)
{
	double own = 0, live = 0;

	expand_all(t);
	assert_nodes(t);
	for (uint32_t i = 0; i < lk_tree_count(t); i++)
		own += lk_tree_at(t, i)->own_live_bytes;
	for (size_t i = 0; i < set->count; i++)
		live += set->list[i].live_bytes;
	ck_assert_double_eq(own, live);
}

/* The calls of stack ID are the same each time, but for another SALT. */
static void
add_some(uint32_t id, uint32_t salt)
{
	uint32_t bits = (id + salt) * 2654435761u >> 8, depth = (id + salt) % 9;
	char calls[DEPTH * 16] = "";
	size_t used = 0;

	if (depth > 0)
		used = (size_t)snprintf(calls, sizeof(calls), "main:1 run:2 serve:3");
	for (uint32_t d = 1; d < depth; d++)
		used += (size_t)snprintf(calls + used, sizeof(calls) - used, " f%u:%u",
		    (bits >> d) % 3, d);
	add(id, calls, (double)any(7) - 3, 1 + any(9));
}

static void
add_random(uint32_t percent, uint32_t salt)
{
	set->count = 0;
	for (uint32_t id = 1; id <= 300; id++)
		if (any(100) < percent)
			add_some(id, salt);
}

static void
come_and_go(bool inverted)
{
	struct lk_tree *t = lk_tree_new(inverted);

	for (uint32_t round = 0; round < 24; round++) {
		uint32_t salt = round < 16 ? 0 : 4;	/* the ids mean others then */

		add_random(round % 5 == 4 ? 5 : 60, salt);
		if (round == 8)
			lk_tree_turn(t);
		ck_assert_int_eq(lk_tree_update(t, set, true), round == 16);
		assert_nodes(t);
		for (uint32_t i = any(12); i > 0; i--)
			lk_tree_expand(t, any(lk_tree_count(t)));
		assert_nodes(t);
	}
	assert_all(t);
	lk_tree_free(t);
}

START_TEST(expanded_here_and_there)
{
	one_pointer = _i & 1;
	come_and_go(_i & 2);
}
END_TEST

/* Of a new tree there is the root; a chain that all stacks share comes at once, no more. */
START_TEST(there_is_what_was_looked_at)
{
	struct lk_tree *t = lk_tree_new(false);
	uint32_t first;

	one_pointer = true;
	for (uint32_t id = 1; id < 9; id++)
		add_some(id, 0);
	ck_assert_int_ge(lk_tree_update(t, set, true), 0);
	ck_assert_uint_eq(lk_tree_count(t), 1);
	first = lk_tree_expand(t, LK_TREE_ROOT);
	ck_assert_uint_eq(lk_tree_count(t), 4);
	ck_assert_uint_eq(lk_tree_expand(t, LK_TREE_ROOT), first);
	ck_assert_uint_eq(lk_tree_count(t), 4);
	ck_assert_str_eq(lk_tree_at(t, 3)->frame.function, "serve");
	assert_all(t);
	lk_tree_free(t);
}
END_TEST

/* Memory of a snapshot that is gone is taken again for other names. */
START_TEST(a_pointer_is_another_name_later)
{
	struct lk_tree *t = lk_tree_new(false);
	char name[] = "old";
	struct lk_frame frame = {.function = name, .file = "app.py", .line = 1};
	struct lk_stack stack = {.id = 1, .thread = "", .frame_count = 1, .frames = &frame};

	set->list[set->count++] = (struct lk_growth_stack){&stack, 3, 3};
	ck_assert_int_ge(lk_tree_update(t, set, true), 0);
	assert_bytes(t, "old:1", 3, 3, 3);
	memcpy(name, "new", sizeof(name));
	stack.id = 2;
	ck_assert_int_ge(lk_tree_update(t, set, true), 0);
	assert_bytes(t, "new:1", 3, 3, 3);
	assert_bytes(t, "old:1", 0, 0, 0);
	lk_tree_free(t);
}
END_TEST

/* Two files: nothing is meant by an id that both have. */
START_TEST(ids_of_two_files_are_not_compared)
{
	struct lk_tree *t = lk_tree_new(false);

	add(1, "main:1 f:2", 3, 4);
	add(1, "main:1 g:2 h:3", 5, 6);
	add(1, "main:1 f:2", 7, 8);
	ck_assert_int_eq(lk_tree_update(t, set, false), 1);
	assert_all(t);
	assert_bytes(t, "main:1 f:2", 10, 10, 12);
	lk_tree_free(t);
}
END_TEST

/* All that is done to a tree; 0 or -ENOMEM.  The set: LESS stacks, and more of them. */
static int
live_through(struct lk_tree *t, size_t less, size_t all)
{
	int rc = 0;

	for (uint32_t step = 0; step < 5; step++) {
		int said;

		set->count = step % 2 == 0 ? less : all;
		if (step == 3)
			lk_tree_turn(t);
		said = lk_tree_update(t, set, true);
		rc = said < 0 ? said : rc;
		if (said >= 0)
			expand_all(t);
	}
	return rc;
}

/* Whatever fails: it is said or the children are not there yet, and the next time all is right. */
START_TEST(without_memory)
{
	size_t less, all;
	uint32_t nth = 1, said = 0;
	bool hit = true;

	one_pointer = _i & 1;
	for (uint32_t id = 1; id <= 300; id++)
		add_some(id, 0);
	less = set->count;
	for (uint32_t id = 301; id <= 900; id++)
		add_some(id, 0);
	for (all = set->count; hit; nth++) {
		struct lk_tree *t;
		int rc = -ENOMEM;

		lk_faults_arm(nth);
		t = lk_tree_new(_i & 2);
		if (t != NULL)
			rc = live_through(t, less, all);
		hit = lk_faults_hit();
		ck_assert(rc == 0 || (rc == -ENOMEM && hit));
		said += rc < 0;
		if (t == NULL)
			continue;
		ck_assert_int_ge(lk_tree_update(t, set, true), 0);
		assert_all(t);
		lk_tree_free(t);
	}
	ck_assert_uint_gt(said, 8);
	ck_assert_uint_gt(nth, said + 4);	/* some were of an expansion, or could be spared */
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
	tcase_add_test(tc, there_is_what_was_looked_at);
	tcase_add_test(tc, a_pointer_is_another_name_later);
	tcase_add_test(tc, ids_of_two_files_are_not_compared);
	tcase_add_loop_test(tc, expanded_here_and_there, 0, 4);
	tcase_add_loop_test(tc, without_memory, 0, 4);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {tree_suite, NULL};

	return lk_suites_run(suites);
}
