#include "config.h"

#include "analysis/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/index.h"
#include "util/order.h"

#include "analysis/calls.h"
#include "analysis/growth.h"

#define GONE_LEAST	4096u	/* stacks that are gone: more, and more than half, are too many */

/* A stack, at the deepest node that there is for it. */
struct leaf {
	const struct lk_stack *borrowed;	/* only while its round is the tree's */
	double	 delta_bytes, live_bytes;
	uint32_t round;			/* the last update that had it */
	uint32_t stack;
	uint32_t frame_count;		/* and line: whether the id still means it */
	uint32_t line;
	uint32_t node, next;		/* in the node's list; unless it ends there */
	uint32_t frame;			/* while it is handed on */
};

/* What a node has that is nobody else's business. */
struct place {
	uint32_t frame;
	uint32_t first, last;		/* leaves that wait here, by number */
	bool	 expanded;		/* none waits here: they are at its children */
};

struct lk_tree {
	bool		     inverted;
	struct lk_calls	     calls;
	struct lk_tree_node *nodes;
	struct place	    *places;
	uint32_t	     node_count, node_cap, place_cap;
	struct leaf	    *leaves;
	uint32_t	     leaf_count, leaf_cap;
	uint32_t	     round, mark;
	struct lk_index	     by_edge, by_stack;	/* of the first ones; the others when needed */
};

/* ---- nodes -------------------------------------------------------------------------------- */

/* Room for COUNT elements in an array that doubles; ARRAY: where the pointer to it is. */
static int
reserve(void *array, uint32_t count, uint32_t *cap, size_t size_bytes)
{
	uint32_t more = *cap == 0 ? 256 : *cap;
	void *moved;

	if (count <= *cap)
		return 0;
	while (more < count && more <= UINT32_MAX / 2)
		more *= 2;
	memcpy(&moved, array, sizeof(moved));
	moved = more >= count ? realloc(moved, more * size_bytes) : NULL;
	if (moved == NULL)
		return -ENOMEM;
	memcpy(array, &moved, sizeof(moved));
	*cap = more;
	return 0;
}

static int
reserve_nodes(struct lk_tree *t, uint32_t more)
{
	if (reserve(&t->nodes, t->node_count + more, &t->node_cap, sizeof(*t->nodes)) < 0 ||
	    reserve(&t->places, t->node_count + more, &t->place_cap, sizeof(*t->places)) < 0)
		return -ENOMEM;
	return 0;
}

/* There is room. */
static uint32_t
add_node(struct lk_tree *t, uint32_t parent, uint32_t frame)
{
	struct lk_tree_node *node = &t->nodes[t->node_count];

	*node = (struct lk_tree_node){.parent = parent, .first = LK_TREE_NONE,
	    .next = LK_TREE_NONE};
	if (frame != LK_TREE_NONE)
		node->frame = t->calls.list[frame].frame;
	if (parent != LK_TREE_NONE) {
		node->depth = t->nodes[parent].depth + 1;
		node->next = t->nodes[parent].first;
		t->nodes[parent].first = t->node_count;
	}
	t->places[t->node_count] = (struct place){.frame = frame, .first = LK_TREE_NONE,
	    .last = LK_TREE_NONE};
	return t->node_count++;
}

static uint64_t
edge_hash(uint32_t parent, uint32_t frame)
{
	return lk_index_spread((uint64_t)parent << 32 | frame);
}

static int64_t
child_of(struct lk_tree *t, uint32_t parent, uint32_t frame)
{
	uint64_t hash = edge_hash(parent, frame);
	uint32_t number, at = 0;

	for (uint32_t i = t->by_edge.count; i < t->node_count; i++)
		if (lk_index_add(&t->by_edge, edge_hash(t->nodes[i].parent,
		    t->places[i].frame), i) < 0)
			return -ENOMEM;
	while ((number = lk_index_next(&t->by_edge, hash, &at)) != LK_INDEX_NONE)
		if (t->nodes[number].parent == parent && t->places[number].frame == frame)
			return number;
	return reserve_nodes(t, 1) < 0 ? -ENOMEM : (int64_t)add_node(t, parent, frame);
}

/* ---- stacks ------------------------------------------------------------------------------- */

/* A stack without frames has a node as well. */
static bool
is_end(const struct lk_tree *t, const struct leaf *leaf)
{
	uint32_t depth = t->nodes[leaf->node].depth;

	return leaf->frame_count > 0 ? depth == leaf->frame_count : depth == 1;
}

/* Of the call at DEPTH; LK_TREE_NONE where there are no frames. */
static int64_t
number_at(struct lk_tree *t, const struct leaf *leaf, uint32_t depth)
{
	if (leaf->frame_count == 0)
		return LK_TREE_NONE;
	return lk_calls_number(&t->calls, &leaf->borrowed->frames[t->inverted ? depth :
	    leaf->frame_count - 1 - depth]);
}

static void
wait_at(struct lk_tree *t, uint32_t node, uint32_t number)
{
	struct place *place = &t->places[node];

	t->leaves[number].node = node;
	t->leaves[number].next = LK_TREE_NONE;
	if (place->first == LK_TREE_NONE)
		place->first = number;
	else
		t->leaves[place->last].next = number;
	place->last = number;
}

/* From the node where it is to the last one there is. */
static int
walk_down(struct lk_tree *t, uint32_t number)
{
	struct leaf *leaf = &t->leaves[number];

	while (!is_end(t, leaf) && t->places[leaf->node].expanded) {
		int64_t frame = number_at(t, leaf, t->nodes[leaf->node].depth);
		int64_t node = frame < 0 ? frame : child_of(t, leaf->node, (uint32_t)frame);

		if (node < 0)
			return -ENOMEM;
		leaf->node = (uint32_t)node;
	}
	if (!is_end(t, leaf))
		wait_at(t, leaf->node, number);
	return 0;
}

/* LK_TREE_NONE: it is not among the first KNOWN ones.  *next: the leaf that it is most likely;
 * they came in the order in which they are asked for, if some are gone since. */
static int64_t
find_leaf(struct lk_tree *t, uint32_t id, uint32_t known, uint32_t *next)
{
	uint32_t number, at = 0;

	if (*next < known && t->leaves[*next].stack == id)
		return (*next)++;
	if (known == 0)
		return LK_TREE_NONE;
	for (uint32_t i = t->by_stack.count; i < known; i++)
		if (lk_index_add(&t->by_stack, lk_index_spread(t->leaves[i].stack), i) < 0)
			return -ENOMEM;
	number = lk_index_next(&t->by_stack, lk_index_spread(id), &at);
	while (number != LK_INDEX_NONE && t->leaves[number].stack != id)
		number = lk_index_next(&t->by_stack, lk_index_spread(id), &at);
	if (number == LK_INDEX_NONE)
		return LK_TREE_NONE;
	*next = number + 1;
	return number;
}

static int
add_leaf(struct lk_tree *t, const struct lk_growth_stack *g)
{
	if (reserve(&t->leaves, t->leaf_count + 1, &t->leaf_cap, sizeof(*t->leaves)) < 0)
		return -ENOMEM;
	t->leaves[t->leaf_count] = (struct leaf){.borrowed = g->stack, .stack = g->stack->id,
	    .frame_count = g->stack->frame_count, .node = LK_TREE_ROOT,
	    .line = g->stack->frame_count > 0 ? g->stack->frames[0].line : 0};
	return walk_down(t, t->leaf_count++);
}

static bool
means(const struct leaf *leaf, const struct lk_stack *stack)
{
	return leaf->frame_count == stack->frame_count &&
	    (stack->frame_count == 0 || leaf->line == stack->frames[0].line);
}

/* The leaf of G from now on, where it belongs; -ESTALE: the id means another stack now. */
static int64_t
renew_leaf(struct lk_tree *t, const struct lk_growth_stack *g, uint32_t known, uint32_t *next)
{
	int64_t number = find_leaf(t, g->stack->id, known, next);
	struct leaf *leaf;
	int rc = 0;

	if (number < 0)
		return number;
	if (number == LK_TREE_NONE) {
		number = t->leaf_count;
		rc = add_leaf(t, g);
	} else if (!means(&t->leaves[number], g->stack)) {
		return -ESTALE;
	}
	if (rc < 0)
		return rc;
	leaf = &t->leaves[number];
	leaf->borrowed = g->stack;
	leaf->delta_bytes = g->delta_bytes;
	leaf->live_bytes = g->live_bytes;
	leaf->round = t->round;
	/* it was gone when its node was expanded, and is back */
	if (!is_end(t, leaf) && t->places[leaf->node].expanded)
		rc = walk_down(t, (uint32_t)number);
	return rc < 0 ? rc : number;
}

/* ---- expanding ---------------------------------------------------------------------------- */

/* NUMBER, or the next one in its list that is not gone: what is gone has no frames to hand it on
 * by.  It stays with the node, and when it is back it is not at one that waits. */
static uint32_t
waiting(const struct lk_tree *t, uint32_t number)
{
	while (number != LK_TREE_NONE && t->leaves[number].round != t->round)
		number = t->leaves[number].next;
	return number;
}

static uint32_t
first_waiting(const struct lk_tree *t, uint32_t node)
{
	return waiting(t, t->places[node].first);
}

static uint32_t
next_waiting(const struct lk_tree *t, uint32_t number)
{
	return waiting(t, t->leaves[number].next);
}

static bool
same_pointers(const struct lk_frame *a, const struct lk_frame *b)
{
	return a->function == b->function && a->file == b->file && a->line == b->line;
}

/* How many calls below NODE all of its stacks have in common, seen by their pointers alone: what
 * a server calls until it comes to the point is passed by one look at each stack. */
static uint32_t
shared_calls(const struct lk_tree *t, uint32_t node)
{
	uint32_t depth = t->nodes[node].depth, number = first_waiting(t, node), shared = 0;
	const struct lk_frame *calls = NULL;

	for (; number != LK_TREE_NONE; number = next_waiting(t, number)) {
		const struct leaf *leaf = &t->leaves[number];
		const struct lk_frame *own = leaf->borrowed->frames;
		uint32_t most = leaf->frame_count - depth, i = 0;

		if (leaf->frame_count == 0)
			return 0;
		if (calls == NULL) {
			calls = own + most;
			shared = most;
		}
		while (i < shared && i < most && same_pointers(own + most - 1 - i, calls - 1 - i))
			i++;
		shared = i;
		if (shared == 0)
			break;
	}
	return shared;
}

/* To NODE, as one of those below its parent. */
static void
hand_to(struct lk_tree *t, uint32_t node, uint32_t number)
{
	struct leaf *leaf = &t->leaves[number];
	struct lk_tree_node *n = &t->nodes[node];

	leaf->node = node;
	n->delta_bytes += leaf->delta_bytes;
	n->live_bytes += leaf->live_bytes;
	if (is_end(t, leaf)) {
		n->own_delta_bytes += leaf->delta_bytes;
		n->own_live_bytes += leaf->live_bytes;
	} else {
		wait_at(t, node, number);
	}
}

/* All stacks of NODE to the end of what they share. */
static int
hand_along(struct lk_tree *t, uint32_t node, uint32_t shared)
{
	uint32_t number = first_waiting(t, node), depth = t->nodes[node].depth, last = node, next;
	const struct leaf *first = &t->leaves[number];

	for (uint32_t i = 0; i < shared; i++)
		if (number_at(t, first, depth + i) < 0)
			return -ENOMEM;
	if (reserve_nodes(t, shared) < 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < shared; i++) {	/* the numbers are there: it cannot fail now */
		last = add_node(t, last, (uint32_t)number_at(t, first, depth + i));
		t->places[last].expanded = i + 1 < shared;
	}
	for (; number != LK_TREE_NONE; number = next) {
		next = next_waiting(t, number);
		hand_to(t, last, number);
	}
	for (uint32_t up = t->nodes[last].parent; up != node; up = t->nodes[up].parent) {
		t->nodes[up].delta_bytes = t->nodes[last].delta_bytes;
		t->nodes[up].live_bytes = t->nodes[last].live_bytes;
	}
	return 0;
}

/* Numbers of the next calls into the leaves.  Returns: how many there are, or -ENOMEM. */
static int64_t
number_calls(struct lk_tree *t, uint32_t node)
{
	uint32_t depth = t->nodes[node].depth, count = 1;	/* one without frames */

	t->mark++;
	for (uint32_t i = first_waiting(t, node); i != LK_TREE_NONE; i = next_waiting(t, i)) {
		int64_t frame = number_at(t, &t->leaves[i], depth);

		if (frame < 0)
			return frame;
		t->leaves[i].frame = (uint32_t)frame;
		if (frame == LK_TREE_NONE || t->calls.list[frame].mark == t->mark)
			continue;
		t->calls.list[frame].mark = t->mark;
		t->calls.list[frame].child = LK_TREE_NONE;
		count++;
	}
	return count;
}

/* Each stack of NODE to the child that its next call leads to; all memory is taken first. */
static int
hand_on(struct lk_tree *t, uint32_t node)
{
	int64_t count = number_calls(t, node);
	uint32_t without = LK_TREE_NONE, next;

	if (count < 0 || reserve_nodes(t, (uint32_t)count) < 0)
		return -ENOMEM;
	for (uint32_t i = first_waiting(t, node); i != LK_TREE_NONE; i = next) {
		uint32_t frame = t->leaves[i].frame;
		uint32_t *child = frame == LK_TREE_NONE ? &without : &t->calls.list[frame].child;

		next = next_waiting(t, i);
		if (*child == LK_TREE_NONE)
			*child = add_node(t, node, frame);
		hand_to(t, *child, i);
	}
	return 0;
}

uint32_t
lk_tree_expand(struct lk_tree *t, uint32_t node)
{
	uint32_t shared;
	int rc = 0;

	if (t->places[node].expanded)
		return t->nodes[node].first;
	if (first_waiting(t, node) != LK_TREE_NONE) {
		/* upside down nobody passes calls: what is below one is seen when it is opened */
		shared = t->inverted ? 0 : shared_calls(t, node);
		rc = shared > 0 ? hand_along(t, node, shared) : hand_on(t, node);
	}
	if (rc < 0)
		return LK_TREE_NONE;
	t->places[node].first = t->places[node].last = LK_TREE_NONE;
	t->places[node].expanded = true;
	return t->nodes[node].first;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static int
begin(struct lk_tree *t)
{
	lk_index_clear(&t->by_edge);
	lk_index_clear(&t->by_stack);
	t->node_count = t->leaf_count = 0;
	if (lk_calls_begin(&t->calls) < 0 || reserve_nodes(t, 1) < 0)
		return -ENOMEM;
	add_node(t, LK_TREE_NONE, LK_TREE_NONE);
	return 0;
}

struct lk_tree *
lk_tree_new(bool inverted)
{
	struct lk_tree *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->inverted = inverted;
	if (begin(t) < 0) {
		lk_tree_free(t);
		return NULL;
	}
	return t;
}

void
lk_tree_free(struct lk_tree *t)
{
	if (t == NULL)
		return;
	lk_index_clear(&t->by_edge);
	lk_index_clear(&t->by_stack);
	lk_calls_clear(&t->calls);
	free(t->nodes);
	free(t->places);
	free(t->leaves);
	free(t);
}

static void
clear_bytes(struct lk_tree *t)
{
	for (uint32_t i = 0; i < t->node_count; i++) {
		struct lk_tree_node *n = &t->nodes[i];

		n->delta_bytes = n->live_bytes = n->own_delta_bytes = n->own_live_bytes = 0;
	}
}

static void
sum_up(struct lk_tree *t)
{
	for (uint32_t i = t->node_count; i-- > 0;) {
		struct lk_tree_node *n = &t->nodes[i];

		n->delta_bytes += n->own_delta_bytes;
		n->live_bytes += n->own_live_bytes;
		if (n->parent == LK_TREE_NONE)
			continue;
		t->nodes[n->parent].delta_bytes += n->delta_bytes;
		t->nodes[n->parent].live_bytes += n->live_bytes;
	}
}

static int
add_all(struct lk_tree *t, const struct lk_growth_stacks *stacks)
{
	uint32_t next = 0, known = t->leaf_count;

	t->round++;
	clear_bytes(t);
	for (size_t i = 0; i < stacks->count; i++) {
		const struct lk_growth_stack *g = &stacks->list[i];
		int64_t number = renew_leaf(t, g, known, &next);
		struct lk_tree_node *n;

		if (number < 0)
			return (int)number;
		n = &t->nodes[t->leaves[number].node];
		if (is_end(t, &t->leaves[number])) {
			n->own_delta_bytes += g->delta_bytes;
			n->own_live_bytes += g->live_bytes;
		} else {
			n->delta_bytes += g->delta_bytes;
			n->live_bytes += g->live_bytes;
		}
	}
	sum_up(t);
	return 0;
}

static bool
is_worn(const struct lk_tree *t, const struct lk_growth_stacks *stacks)
{
	return t->leaf_count > GONE_LEAST + 2 * stacks->count;
}

int
lk_tree_update(struct lk_tree *t, const struct lk_growth_stacks *stacks, bool one_process)
{
	bool anew = !one_process || is_worn(t, stacks) || t->node_count == 0;
	int rc = anew ? begin(t) : 0;

	lk_calls_renew(&t->calls);
	if (rc == 0)
		rc = add_all(t, stacks);
	if (rc == -ESTALE) {
		anew = true;
		rc = begin(t);
		if (rc == 0)
			rc = add_all(t, stacks);
	}
	if (rc < 0) {
		t->node_count = 0;	/* all is made anew the next time */
		return -ENOMEM;
	}
	return anew;
}

/* All stacks are at the root again. */
void
lk_tree_turn(struct lk_tree *t)
{
	t->inverted = !t->inverted;
	if (t->node_count == 0)
		return;
	lk_index_clear(&t->by_edge);
	t->node_count = 0;
	add_node(t, LK_TREE_NONE, LK_TREE_NONE);	/* there was one: there is room */
	for (uint32_t i = 0; i < t->leaf_count; i++)
		wait_at(t, LK_TREE_ROOT, i);
}

bool
lk_tree_is_inverted(const struct lk_tree *t)
{
	return t->inverted;
}

uint32_t
lk_tree_count(const struct lk_tree *t)
{
	return t->node_count;
}

const struct lk_tree_node *
lk_tree_at(const struct lk_tree *t, uint32_t node)
{
	return &t->nodes[node];
}

/* ---- order -------------------------------------------------------------------------------- */

void
lk_tree_sort(struct lk_tree *t, uint32_t node, bool by_live)
{
	struct lk_tree_node *parent = &t->nodes[node];
	struct lk_order *list;
	uint32_t count = 0;

	for (uint32_t i = parent->first; i != LK_TREE_NONE; i = t->nodes[i].next)
		count++;
	if (count < 2 || (list = calloc(2 * (size_t)count, sizeof(*list))) == NULL)
		return;
	count = 0;
	for (uint32_t i = parent->first; i != LK_TREE_NONE; i = t->nodes[i].next)
		list[count++] = (struct lk_order){i, i};
	lk_order_sort(list, list + count, count);	/* equal ones: the oldest first */
	for (uint32_t i = 0; i < count; i++) {
		const struct lk_tree_node *n = &t->nodes[list[i].number];

		list[i].key = lk_order_key(by_live ? n->live_bytes : n->delta_bytes, false);
	}
	lk_order_sort(list, list + count, count);
	parent->first = list[0].number;
	for (uint32_t i = 0; i < count; i++)
		t->nodes[list[i].number].next = i + 1 < count ? list[i + 1].number : LK_TREE_NONE;
	free(list);
}
