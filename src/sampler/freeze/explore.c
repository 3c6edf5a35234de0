#include "config.h"

#include "sampler/freeze/explore.h"

#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "sampler/cpython/collector.h"
#include "sampler/cpython/layout.h"
#include "sampler/cpython/probe.h"
#include "sampler/cpython/symbols.h"
#include "sampler/freeze/answer.h"
#include "sampler/freeze/graph.h"
#include "sampler/freeze/holders.h"
#include "sampler/freeze/kinds.h"
#include "sampler/freeze/largest.h"
#include "sampler/freeze/locals.h"
#include "sampler/freeze/loops.h"
#include "sampler/freeze/nodes.h"
#include "sampler/freeze/sites.h"
#include "sampler/freeze/store.h"
#include "sampler/freeze/uncollectable.h"
#include "sampler/freeze/want.h"

#define KEYS_GENERAL	0
#define KEYS_UNICODE	1
#define FLAG_TYPE	(1UL << 31)
#define TYPE_BYTES	400u	/* of a type at least, in all minors */
#define REFCOUNT_MAX	(INT64_C(1) << 40)
#define TELL_EVERY	8192u	/* objects between two words of progress */

/* The child's, and only there. */
static struct lk_nodes nodes;
static struct lk_kinds kinds;
static const void *volatile traversed;	/* a type whose code runs */
static struct lk_graph graph;
static uint8_t *is_alive;		/* [nodes] no garbage */
static struct lk_loops loops;
static uint32_t tracked_count;		/* the first nodes are of the collector's lists */
static uint32_t list_ends[LK_GENERATIONS + 1];	/* where those of each list end */

static const void *
list_next(const void *node)
{
	return (const void *)((uintptr_t)lk_read_ptr(node, 0) & ~(uintptr_t)3);
}

static uint32_t
add(struct lk_answer *answer, const void *object)
{
	uint32_t node = lk_nodes_add(&nodes, (uint64_t)(uintptr_t)object);

	if (node == LK_NODES_NONE)
		answer->no_room = true;
	return node;
}

static void
add_list(struct lk_answer *answer, const void *head)
{
	const void *node;

	if (head == NULL)
		return;
	for (node = list_next(head); node != head && node != NULL && !answer->no_room;
	    node = list_next(node))
		add(answer, lk_at(node, LK_GC_HEAD_BYTES));
}

static void
add_lists_of_another(void *ctx, const void *state)
{
	const struct lk_explore *e = ctx;
	int i;

	e->answer->unread_interpreters += state == NULL;
	for (i = 0; state != NULL && i <= LK_GENERATIONS; i++)
		add_list(e->answer, lk_collector_list(e->layout, state, i));
}

static void
add_lists(const struct lk_explore *e)
{
	const void *state = lk_collector_state(e->layout, e->symbols->runtime);
	int i;

	if (state == NULL)
		return;
	e->answer->was_collecting = lk_read_i32(state, e->layout->gc_collecting) != 0;
	for (i = 0; i <= LK_GENERATIONS; i++) {
		add_list(e->answer, lk_collector_list(e->layout, state, i));
		list_ends[i] = nodes.count;
	}
	lk_collector_others(e->layout, e->symbols->runtime, add_lists_of_another,
	    (void *)(uintptr_t)e);
	tracked_count = nodes.count;
}

static const struct lk_explore *explored;

/* No minor shows the frame of a function that is being left, whose variables may be freed by then;
 * yet what no object told of is looked at before it is read.  Freed memory has the allocator's
 * word for a count of references, or none. */
static bool
is_object(const void *p)
{
	const struct lk_layout *l = explored->layout;
	const void *type = lk_probe_ptr(p, LK_OBJECT_TYPE, TYPE_BYTES), *meta;

	meta = type == NULL ? NULL : lk_probe_ptr(type, LK_OBJECT_TYPE, TYPE_BYTES);
	return meta != NULL && (unsigned long)lk_read_i64(meta, l->type_flags) & FLAG_TYPE &&
	    lk_refcount(l, p) > 0 && lk_refcount(l, p) < REFCOUNT_MAX;
}

/* What a function has in a variable need be in no list, and may be held by nothing else. */
static void
add_local(uint32_t number, const void *value)
{
	(void)number;
	if (lk_nodes_find(&nodes, (uint64_t)(uintptr_t)value) == LK_NODES_NONE &&
	    is_object(value))
		add(explored->answer, value);
}

static void
add_locals(const struct lk_explore *e)
{
	explored = e;
	lk_locals_each(e->symbols, add_local);
}

static void
hold(struct lk_answer *answer, const void *object, bool counted)
{
	uint32_t node = add(answer, object);

	if (node != LK_NODES_NONE)
		lk_graph_hold(&graph, node, counted);
}

static int
visit(void *object, void *ctx)
{
	if (object != NULL)
		hold(ctx, object, true);
	return 0;
}

/* Keys that are str are not traversed, as they hold nothing.  Those of a dict that shares them
 * are not its own; before 3.11 it is not easily told whether they were traversed: then these
 * references are not counted, and such a key is never garbage. */
static void
hold_keys(const struct lk_explore *e, const void *dict)
{
	const void *keys = lk_read_ptr(dict, e->layout->dict_keys);
	bool told = e->layout->keys_kind != LK_ABSENT;
	uint8_t kind = told && keys != NULL ? lk_read_u8(keys, e->layout->keys_kind) : 0;
	void *key, *value;
	intptr_t at = 0;

	if (keys == NULL || (told && kind == KEYS_GENERAL))
		return;
	while (e->symbols->dict_next((void *)(uintptr_t)dict, &at, &key, &value))
		hold(e->answer, key, kind == KEYS_UNICODE);
}

/* Of what is not tracked, an object of any other type might be one in the making. */
static bool
may_traverse(const struct lk_kind *kind, uint32_t node)
{
	return kind->traverse != NULL && (node < tracked_count ||
	    kind->measure == LK_MEASURE_DICT || kind->measure == LK_MEASURE_TUPLE ||
	    kind->measure == LK_MEASURE_SET);
}

static bool
is_wanted_container(const struct lk_explore *e, uint32_t node)
{
	return e->want->what == LK_WANT_CONTAINERS || (e->want->what == LK_WANT_REVEAL &&
	    nodes.address[node] == e->want->number);
}

static void
look_at(const struct lk_explore *e, uint32_t node)
{
	const void *object = (const void *)(uintptr_t)nodes.address[node];
	const void *type = lk_read_ptr(object, LK_OBJECT_TYPE);
	uint32_t number = lk_kinds_of(&kinds, type);
	struct lk_measured measured;
	struct lk_kind *kind;

	if (number == LK_NODES_NONE) {
		e->answer->no_room = true;
		return;
	}
	kind = &kinds.list[number];
	traversed = type;
	lk_graph_begin(&graph);
	lk_measure_object(e->layout, kind->measure, type, object, &measured);
	kind->objects++;
	kind->bytes += measured.shallow_bytes;
	if (is_wanted_container(e, node))
		lk_largest_see(node, object, number, &measured);
	else if (e->want->what == LK_WANT_TYPES)
		lk_sites_see(number, object, &measured);
	if (may_traverse(kind, node))
		kind->traverse(object, visit, e->answer);
	if (kind->measure == LK_MEASURE_DICT)
		hold_keys(e, object);
}

/* ---- garbage -------------------------------------------------------------------------- */

static bool
is_held_from_outside(const struct lk_explore *e, uint32_t node)
{
	return lk_refcount(e->layout, (const void *)(uintptr_t)nodes.address[node]) >
	    (int64_t)graph.held[node];
}

static void
count_garbage(const struct lk_explore *e, uint32_t node)
{
	const void *object = (const void *)(uintptr_t)nodes.address[node];
	const void *type = lk_read_ptr(object, LK_OBJECT_TYPE);
	struct lk_kind *kind = &kinds.list[lk_kinds_of(&kinds, type)];
	struct lk_measured measured;

	lk_measure_object(e->layout, kind->measure, type, object, &measured);
	kind->garbage_objects++;
	kind->garbage_bytes += measured.shallow_bytes;
}

static void
find_garbage(const struct lk_explore *e)
{
	uint32_t *todo = lk_store_map(nodes.count, sizeof(*todo)), i;

	is_alive = lk_store_map(nodes.count, sizeof(*is_alive));
	if (is_alive == NULL || todo == NULL || graph.is_full || e->answer->no_room)
		return;
	for (i = 0; i < nodes.count; i++)
		if (is_held_from_outside(e, i))
			lk_graph_reach(&graph, i, is_alive, todo);
	for (i = 0; i < nodes.count; i++)
		if (!is_alive[i])
			count_garbage(e, i);
	lk_store_unmap(todo, nodes.count, sizeof(*todo));
	e->answer->knows_garbage = true;
}

/* ---- cycles, and who holds what ---------------------------------------------------------- */

static void
find_cycles(const struct lk_explore *e)
{
	loops = (struct lk_loops){.nodes = &nodes, .graph = &graph, .kinds = &kinds,
	    .is_alive = is_alive};
	if (e->answer->knows_garbage && lk_loops_find(&loops))
		lk_loops_count(&loops, e->answer);
}

static bool
is_root(uint32_t node)
{
	return is_held_from_outside(explored, node);
}

/* An incremental collector has no generations. */
static uint8_t
generation_of(uint32_t node)
{
	uint8_t i;

	if (explored->layout->gc_young != LK_ABSENT)
		return LK_ANSWER_UNTRACKED;
	for (i = 0; i <= LK_GENERATIONS; i++)
		if (node < list_ends[i])
			return i;
	return LK_ANSWER_UNTRACKED;
}

static void
tell_containers(const struct lk_explore *e, bool knows_holders)
{
	struct lk_collector c;
	uint32_t i;

	if (lk_collector_read(e->layout, e->symbols->runtime, &c))
		for (i = 0; i < LK_GENERATIONS; i++)
			e->answer->collections[i] = c.generation[i].collections;
	lk_largest_tell(e->answer, knows_holders, generation_of);
	if (e->want->what == LK_WANT_REVEAL)
		lk_largest_reveal(e->answer);
}

static bool
wants_containers(const struct lk_want *want)
{
	return want->what == LK_WANT_CONTAINERS || want->what == LK_WANT_REVEAL;
}

static void
find_holders(const struct lk_explore *e)
{
	const struct lk_holders h = {&nodes, &graph, &kinds, e->modules, e->want, e->sampled,
	    e->answer->knows_cycles ? &loops : NULL, is_root};

	if (wants_containers(e->want))
		tell_containers(e, e->answer->knows_garbage && lk_holders_find(&h) == 0);
	else if (e->want->what != LK_WANT_TYPES && e->answer->knows_garbage)
		lk_holders_tell(&h, e->answer);
}

static void
tell_types(const struct lk_explore *e)
{
	uint32_t *row_of = lk_store_map(LK_KINDS_MAX, sizeof(*row_of));

	lk_kinds_tell(&kinds, e->answer, row_of);
	if (row_of != NULL && e->want->what == LK_WANT_TYPES)
		lk_sites_tell(e->answer, row_of);
}

/* ---- the whole ------------------------------------------------------------------------- */

static uint32_t
edges_max(const struct lk_explore *e)
{
	uint64_t edges = (uint64_t)e->objects_max * LK_EXPLORE_EDGES;

	return edges < UINT32_MAX ? (uint32_t)edges : UINT32_MAX;
}

static void
tell(struct lk_answer *answer, uint32_t done)
{
	atomic_store_explicit(&answer->done_objects, done, memory_order_relaxed);
	atomic_store_explicit(&answer->found_objects, nodes.count, memory_order_relaxed);
}

static void
finish(struct lk_answer *answer, enum lk_answer_state state)
{
	uint32_t none = LK_ANSWER_NONE;

	traversed = NULL;
	if (atomic_compare_exchange_strong(&answer->state, &none, state))
		syscall(SYS_futex, &answer->state, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static bool
prepare(const struct lk_explore *e)
{
	if (lk_nodes_init(&nodes, e->objects_max) < 0 ||
	    lk_graph_init(&graph, e->objects_max, edges_max(e)) < 0 ||
	    lk_kinds_init(&kinds, e->layout, e->symbols) < 0)
		return false;
	if (e->want->what == LK_WANT_TYPES)
		lk_sites_init(&kinds, e->sampled);	/* without it the rest is true, too */
	return !wants_containers(e->want) || lk_largest_init(&kinds,
	    e->want->what == LK_WANT_CONTAINERS ? e->want->number : 0) == 0;
}

void
lk_explore_heap(void *ctx)
{
	const struct lk_explore *e = ctx;
	struct lk_answer *answer = e->answer;
	uint64_t began = lk_clock_monotonic_ns();
	uint32_t i;

	if (!prepare(e)) {
		finish(answer, LK_ANSWER_NO_MEMORY);
		return;
	}
	add_lists(e);
	add_locals(e);
	for (i = 0; i < nodes.count; i++) {	/* which grows */
		look_at(e, i);
		if (i % TELL_EVERY == 0)
			tell(answer, i);
	}
	traversed = NULL;
	tell(answer, i);
	lk_graph_end(&graph);
	find_garbage(e);
	find_cycles(e);
	find_holders(e);
	tell_types(e);
	lk_uncollectable_tell(&kinds, e->symbols->runtime, answer);
	answer->walk_ns = lk_clock_monotonic_ns() - began;
	answer->table_bytes = lk_store_resident_bytes();
	finish(answer, LK_ANSWER_WHOLE);
}

void
lk_explore_failed(void *ctx, int signal)
{
	const struct lk_explore *e = ctx;
	const void *type = traversed;

	e->answer->signal = signal;
	if (type == NULL)
		return;
	traversed = NULL;	/* a type whose name cannot be read fails once more */
	lk_kinds_name(&kinds, type, e->answer->at_type, LK_ANSWER_NAME_MAX);
}
