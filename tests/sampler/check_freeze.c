/* What of the frozen heap knows no Python: numbers of addresses, room for a copy, the child. */
#include "config.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "sampler/freeze/child.h"
#include "sampler/freeze/cycles.h"
#include "sampler/freeze/dominators.h"
#include "sampler/freeze/graph.h"
#include "sampler/freeze/headroom.h"
#include "sampler/freeze/nodes.h"

#include "suites.h"

#define MANY	100000u
#define MIB	(UINT64_C(1) << 20)

static uint64_t
draw(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 20;
}

/* Addresses as a heap has them: runs of objects of one size, here and there. */
static uint64_t
address_of(uint32_t i)
{
	uint64_t state = i / 64;

	return (draw(&state) & 0xffffffff) * 4096 + i % 64 * 48;
}

START_TEST(nodes_keep_their_numbers)
{
	struct lk_nodes n;

	ck_assert_int_eq(lk_nodes_init(&n, MANY), 0);
	ck_assert_uint_eq(lk_nodes_find(&n, address_of(0)), LK_NODES_NONE);
	for (uint32_t i = 0; i < MANY; i++) {
		ck_assert_uint_eq(lk_nodes_add(&n, address_of(i)), i);
		ck_assert_uint_eq(lk_nodes_add(&n, address_of(i / 2)), i / 2);
	}
	ck_assert_uint_eq(n.count, MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		ck_assert_uint_eq(lk_nodes_find(&n, address_of(i)), i);
		ck_assert_uint_eq(lk_nodes_find(&n, address_of(i) + 16), LK_NODES_NONE);
	}
	ck_assert_uint_eq(lk_nodes_add(&n, 8), LK_NODES_NONE);	/* full */
	ck_assert_uint_eq(lk_nodes_add(&n, address_of(1)), 1);
	lk_nodes_fini(&n);
}
END_TEST

#define GRAPH_NODES	60u

/* Who reaches whom, by squaring a matrix until nothing is new. */
static void
close_naively(bool reaches[GRAPH_NODES][GRAPH_NODES])
{
	for (uint32_t k = 0; k < GRAPH_NODES; k++)
		for (uint32_t i = 0; i < GRAPH_NODES; i++)
			for (uint32_t j = 0; j < GRAPH_NODES; j++)
				reaches[i][j] |= reaches[i][k] && reaches[k][j];
}

START_TEST(reached_is_what_there_is_a_way_to)
{
	static bool reaches[GRAPH_NODES][GRAPH_NODES];
	uint64_t state = (uint64_t)_i + 1;
	uint32_t todo[GRAPH_NODES], holders[GRAPH_NODES] = {0}, to;
	uint8_t marks[GRAPH_NODES];
	struct lk_graph g;

	memset(reaches, 0, sizeof(reaches));
	ck_assert_int_eq(lk_graph_init(&g, GRAPH_NODES, 3 * GRAPH_NODES), 0);
	for (uint32_t i = 0; i < GRAPH_NODES; i++) {
		reaches[i][i] = true;
		lk_graph_begin(&g);
		for (uint64_t n = draw(&state) % 4; n > 0; n--) {
			to = (uint32_t)(draw(&state) % GRAPH_NODES);
			lk_graph_hold(&g, to, n != 1);
			holders[to] += n != 1;
			reaches[i][to] = true;
		}
	}
	lk_graph_end(&g);
	close_naively(reaches);
	ck_assert(!g.is_full && g.count == GRAPH_NODES);
	ck_assert_int_eq(memcmp(holders, g.held, sizeof(holders)), 0);
	for (uint32_t i = 0; i < GRAPH_NODES; i++) {
		memset(marks, 0, sizeof(marks));
		lk_graph_reach(&g, i, marks, todo);
		for (uint32_t j = 0; j < GRAPH_NODES; j++)
			ck_assert_int_eq(marks[j], reaches[i][j]);
	}
	lk_graph_fini(&g);
}
END_TEST

static uint8_t roots[GRAPH_NODES];

static bool
is_first(uint32_t node)
{
	return node == 0;
}

static bool
is_none(uint32_t node)
{
	(void)node;
	return false;
}

static bool
is_root(uint32_t node)
{
	return roots[node];
}

/* What the roots reach when it is forbidden to pass WITHOUT. */
static void
reach_without(const struct lk_graph *g, uint32_t without, uint8_t marks[GRAPH_NODES])
{
	uint32_t list[GRAPH_NODES];

	memset(marks, 0, GRAPH_NODES);
	if (without < GRAPH_NODES)
		marks[without] = 1;
	for (uint32_t i = 0; i < GRAPH_NODES; i++)
		if (roots[i])
			lk_graph_reach(g, i, marks, list);
	if (without < GRAPH_NODES)
		marks[without] = 0;
}

static void
make_at_random(struct lk_graph *g, uint64_t *state)
{
	ck_assert_int_eq(lk_graph_init(g, GRAPH_NODES, 3 * GRAPH_NODES), 0);
	for (uint32_t i = 0; i < GRAPH_NODES; i++) {
		roots[i] = draw(state) % 16 == 0;
		lk_graph_begin(g);
		for (uint64_t n = draw(state) % 4; n > 0; n--)
			lk_graph_hold(g, (uint32_t)(draw(state) % GRAPH_NODES), true);
	}
	lk_graph_end(g);
}

/* The closest dominator is the one that all others dominate as well. */
START_TEST(dominators_are_what_no_way_avoids)
{
	static uint8_t without[GRAPH_NODES][GRAPH_NODES], all[GRAPH_NODES];
	uint64_t state = (uint64_t)_i + 1, bytes[GRAPH_NODES], retained;
	struct lk_dominators d;
	struct lk_graph g;

	make_at_random(&g, &state);
	reach_without(&g, GRAPH_NODES, all);
	for (uint32_t i = 0; i < GRAPH_NODES; i++) {
		reach_without(&g, i, without[i]);
		bytes[i] = 100 + i;
	}
	ck_assert_int_eq(lk_dominators_find(&d, &g, is_root), 0);
	lk_dominators_retain(&d, bytes);
	for (uint32_t v = 0; v < GRAPH_NODES; v++) {
		uint32_t above = lk_dominators_of(&d, v);

		retained = all[v] ? 0 : 100 + v;
		for (uint32_t i = 0; i < GRAPH_NODES; i++) {
			if (all[v] && all[i] && !without[v][i])
				retained += 100 + i;
			if (i == v || !all[v] || !all[i] || without[i][v])
				continue;	/* i does not dominate v */
			ck_assert_uint_ne(above, LK_DOMINATORS_NONE);
			ck_assert(i == above || !without[i][above]);
		}
		ck_assert_uint_eq(bytes[v], retained);
		if (above != LK_DOMINATORS_NONE)
			ck_assert(all[v] && !without[above][v]);
	}
	lk_dominators_fini(&d);
	lk_graph_fini(&g);
}
END_TEST

/* A list so long that recursion would end the stack. */
START_TEST(a_long_list_has_dominators)
{
	const uint32_t count = lk_suites_rounds(1000000);
	struct lk_dominators d;
	struct lk_graph g;

	ck_assert_int_eq(lk_graph_init(&g, count, count), 0);
	for (uint32_t i = 0; i < count; i++) {
		lk_graph_begin(&g);
		if (i + 1 < count)
			lk_graph_hold(&g, i + 1, true);
	}
	lk_graph_end(&g);
	ck_assert_int_eq(lk_dominators_find(&d, &g, is_first), 0);
	for (uint32_t i = 1; i < count; i++)
		ck_assert_uint_eq(lk_dominators_of(&d, i), i - 1);
	lk_dominators_fini(&d);
	lk_graph_fini(&g);
}
END_TEST

/* Ways between two nodes through those that are not left out: as few steps as there are, 0: none.
 * Roots, which are few, are left out. */
static void
measure_ways(const struct lk_graph *g, uint32_t steps[GRAPH_NODES][GRAPH_NODES])
{
	memset(steps, 0, sizeof(steps[0]) * GRAPH_NODES);
	for (uint32_t i = 0; i < GRAPH_NODES; i++)
		for (uint32_t e = g->first[i]; e < g->first[i + 1]; e++)
			steps[i][g->edges[e]] = !roots[i] && !roots[g->edges[e]];
	for (uint32_t k = 0; k < GRAPH_NODES; k++)
		for (uint32_t i = 0; i < GRAPH_NODES; i++)
			for (uint32_t j = 0; j < GRAPH_NODES; j++)
				if (steps[i][k] != 0 && steps[k][j] != 0 && (steps[i][j] == 0 ||
				    steps[i][k] + steps[k][j] < steps[i][j]))
					steps[i][j] = steps[i][k] + steps[k][j];
}

static bool
holds(const struct lk_graph *g, uint32_t from, uint32_t to)
{
	for (uint32_t e = g->first[from]; e < g->first[from + 1]; e++)
		if (g->edges[e] == to)
			return true;
	return false;
}

/* One for each component, since it may be asked only once. */
static void
check_shortest(struct lk_cycles *c, const struct lk_graph *g,
    uint32_t steps[GRAPH_NODES][GRAPH_NODES])
{
	bool asked[GRAPH_NODES + 1] = {true};
	uint32_t way[GRAPH_NODES], cut[2] = {0}, length;

	for (uint32_t i = 0; i < GRAPH_NODES; i++) {
		if (asked[c->component[i]])
			continue;
		asked[c->component[i]] = true;
		length = lk_cycles_shortest(c, g, i, way, GRAPH_NODES);
		ck_assert_uint_eq(length, steps[i][i]);
		ck_assert_uint_eq(way[0], i);
		for (uint32_t n = 0; n < length; n++)
			ck_assert(holds(g, way[n], way[(n + 1) % length]));
	}
	for (uint32_t i = 0; i < GRAPH_NODES; i++)	/* one that is not in any */
		if (c->component[i] == 0)
			ck_assert_uint_eq(lk_cycles_shortest(c, g, i, cut, 2), 0);
}

START_TEST(cycles_are_who_reaches_himself)
{
	static uint32_t steps[GRAPH_NODES][GRAPH_NODES];
	uint64_t state = (uint64_t)_i + 1;
	struct lk_cycles c;
	struct lk_graph g;
	uint32_t components = 0;

	make_at_random(&g, &state);
	measure_ways(&g, steps);
	ck_assert_int_eq(lk_cycles_find(&c, &g, is_root), 0);
	for (uint32_t i = 0; i < GRAPH_NODES; i++) {
		ck_assert_int_eq(c.component[i] != 0, steps[i][i] != 0);
		ck_assert_uint_le(c.component[i], c.count);
		components = c.component[i] > components ? c.component[i] : components;
		for (uint32_t j = 0; j < GRAPH_NODES; j++)
			if (c.component[i] != 0 && c.component[j] != 0)
				ck_assert_int_eq(c.component[i] == c.component[j],
				    i == j || (steps[i][j] != 0 && steps[j][i] != 0));
	}
	ck_assert_uint_eq(components, c.count);
	check_shortest(&c, &g, steps);
	lk_cycles_fini(&c);
	lk_graph_fini(&g);
}
END_TEST

/* So long that recursion would end the stack; of its cycle only the beginning is told. */
START_TEST(a_long_ring_is_one_cycle)
{
	const uint32_t count = lk_suites_rounds(1000000);
	uint32_t way[3] = {0};
	struct lk_cycles c;
	struct lk_graph g;

	ck_assert_int_eq(lk_graph_init(&g, count, count), 0);
	for (uint32_t i = 0; i < count; i++) {
		lk_graph_begin(&g);
		lk_graph_hold(&g, (i + 1) % count, true);
	}
	lk_graph_end(&g);
	ck_assert_int_eq(lk_cycles_find(&c, &g, is_none), 0);
	ck_assert_uint_eq(c.count, 1);
	for (uint32_t i = 0; i < count; i++)
		ck_assert_uint_eq(c.component[i], 1);
	ck_assert_uint_eq(lk_cycles_shortest(&c, &g, 5, way, 3), count);
	ck_assert_uint_eq(way[0], 5);
	ck_assert_uint_eq(way[2], 7);
	lk_cycles_fini(&c);
	lk_graph_fini(&g);
}
END_TEST

START_TEST(a_full_graph_says_so)
{
	struct lk_graph g;

	ck_assert_int_eq(lk_graph_init(&g, 2, 2), 0);
	lk_graph_begin(&g);
	lk_graph_hold(&g, 0, true);
	lk_graph_hold(&g, 1, true);
	lk_graph_begin(&g);
	ck_assert(!g.is_full);
	lk_graph_hold(&g, 1, true);
	ck_assert(g.is_full);
	lk_graph_fini(&g);
}
END_TEST

static const struct lk_headroom plenty = {
	.rss_bytes = 800 * MIB, .available_bytes = 2116 * MIB,
	.cgroup_limit_bytes = LK_HEADROOM_UNKNOWN, .cgroup_used_bytes = LK_HEADROOM_UNKNOWN,
	.address_limit_bytes = LK_HEADROOM_UNKNOWN, .address_used_bytes = 4096 * MIB,
};

START_TEST(tables_get_half_of_what_is_left)
{
	char words[160] = "untouched";
	struct lk_headroom h = plenty;
	uint64_t bytes;

	/* an eighth of RSS is for what the host writes, 16 MB are kept */
	ck_assert(lk_headroom_tables(&h, &bytes, words, sizeof(words)));
	ck_assert_uint_eq(bytes, (2116 - 100 - 16) / 2 * MIB);
	ck_assert_str_eq(words, "untouched");
	h.cgroup_limit_bytes = 1024 * MIB;
	h.cgroup_used_bytes = 824 * MIB;
	ck_assert(lk_headroom_tables(&h, &bytes, words, sizeof(words)));
	ck_assert_uint_eq(bytes, (200 - 116) / 2 * MIB);
	h.cgroup_used_bytes = (1024 - 132) * MIB;
	ck_assert(lk_headroom_tables(&h, &bytes, words, sizeof(words)));
	ck_assert_uint_eq(bytes, 8 * MIB);
}
END_TEST

START_TEST(too_little_is_said)
{
	static const struct {
		size_t		 limit, used;
		uint64_t	 used_bytes;
		const char	*words;
	} cases[] = {
		{offsetof(struct lk_headroom, cgroup_limit_bytes),
		    offsetof(struct lk_headroom, cgroup_used_bytes), 892 * MIB + 2,
		    "too little memory for a frozen copy: 131 MB are left to the limit of its "
		    "cgroup, 132 MB are needed"},
		{offsetof(struct lk_headroom, cgroup_limit_bytes),
		    offsetof(struct lk_headroom, cgroup_used_bytes), 2000 * MIB,
		    "too little memory for a frozen copy: 0 MB are left to the limit of its "
		    "cgroup, 132 MB are needed"},
		{offsetof(struct lk_headroom, address_limit_bytes),
		    offsetof(struct lk_headroom, address_used_bytes), 1000 * MIB,
		    "too little memory for a frozen copy: 24 MB are left to the limit of "
		    "addresses (ulimit -v), 32 MB are needed"},
	};
	const uint64_t limit_bytes = 1024 * MIB;
	struct lk_headroom h = plenty;
	uint64_t bytes = 7;
	char words[160];

	memcpy((char *)&h + cases[_i].limit, &limit_bytes, sizeof(limit_bytes));
	memcpy((char *)&h + cases[_i].used, &cases[_i].used_bytes, sizeof(uint64_t));
	ck_assert(!lk_headroom_tables(&h, &bytes, words, sizeof(words)));
	ck_assert_str_eq(words, cases[_i].words);
	ck_assert_uint_eq(bytes, 7);
}
END_TEST

/* ---- the child -------------------------------------------------------------------------- */

static struct {
	_Atomic int	 ran, signal;
} *seen;

static void
look_around(void *ctx)
{
	atomic_store(&seen->ran, *(int *)ctx);
}

static void
crash(void *ctx)
{
	raise(*(int *)ctx);
}

static void
spin(void *ctx)
{
	for (;;)
		*(volatile int *)ctx = 1;
}

static void
note_signal(void *ctx, int number)
{
	(void)ctx;
	atomic_store(&seen->signal, number);
}

static pid_t
start(void (*body)(void *), int *value, uint32_t deadline_ms)
{
	const struct lk_child_work work = {body, note_signal, value, deadline_ms};
	pid_t child;

	if (seen == NULL)
		seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(seen, MAP_FAILED);
	memset(seen, 0, sizeof(*seen));
	child = lk_child_start(&work);
	ck_assert_int_gt(child, 0);
	return child;
}

/* Returns: its status. */
static int
await(pid_t child)
{
	int status;

	while (!lk_child_has_ended(child, &status))
		usleep(1000);	/* poll: until it ends, by its deadline at the latest */
	return status;
}

START_TEST(a_child_stays_until_it_is_ended)
{
	int value = 42, status;
	pid_t child = start(look_around, &value, 10000);

	lk_child_oom_first(child);
	while (atomic_load(&seen->ran) == 0)
		usleep(1000);	/* poll: until it ran */
	ck_assert_int_eq(atomic_load(&seen->ran), 42);
	ck_assert(!lk_child_has_ended(child, &status));
	ck_assert_int_eq(waitpid(-1, &status, WNOHANG), -1);	/* not for who does not know */
	lk_child_end(child);
	ck_assert_int_eq(kill(child, 0), -1);
}
END_TEST

START_TEST(a_crash_is_noted)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
	int value = signals[_i], status = await(start(crash, &value, 10000));

	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(atomic_load(&seen->signal), value);
}
END_TEST

START_TEST(a_deadline_ends_it)
{
	int value = 0;

	ck_assert(WIFEXITED(await(start(spin, &value, 50))));
	ck_assert_int_eq(atomic_load(&seen->signal), SIGALRM);
}
END_TEST

static Suite *
freeze_suite(void)
{
	Suite *s = suite_create("freeze");
	TCase *tc = tcase_create("freeze");

	tcase_add_test(tc, nodes_keep_their_numbers);
	tcase_add_loop_test(tc, reached_is_what_there_is_a_way_to, 0, 100);
	tcase_add_loop_test(tc, dominators_are_what_no_way_avoids, 0, 300);
	tcase_add_test(tc, a_long_list_has_dominators);
	tcase_add_loop_test(tc, cycles_are_who_reaches_himself, 0, 300);
	tcase_add_test(tc, a_long_ring_is_one_cycle);
	tcase_add_test(tc, a_full_graph_says_so);
	tcase_add_test(tc, tables_get_half_of_what_is_left);
	tcase_add_loop_test(tc, too_little_is_said, 0, 3);
	/* It knows no clone of a process but fork(). */
	if (!lk_suites_in_valgrind()) {
		tcase_add_test(tc, a_child_stays_until_it_is_ended);
		tcase_add_loop_test(tc, a_crash_is_noted, 0, 5);
		tcase_add_test(tc, a_deadline_ends_it);
	}
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {freeze_suite, NULL};

	return lk_suites_run(suites);
}
