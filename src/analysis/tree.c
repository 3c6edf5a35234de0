#include "config.h"

#include "analysis/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "model/arena.h"
#include "util/order.h"

#include "analysis/growth.h"

#define CACHE_SLOTS	16384u	/* frames by their pointers, while one update lasts */
#define GONE_LEAST	4096u	/* stacks that are gone: more, and more than half, are too many */

struct frame {
	struct lk_frame	 frame;
	uint64_t	 hash;
};

/* Where a stack ends in the tree. */
struct leaf {
	uint32_t stack, node;
	uint32_t frame_count;		/* and line: whether the id still means it */
	uint32_t line;
};

/* Open addressing: numbers + 1, 0 is free, and behind them a part of the hash: what else is in a
 * slot is seen without going to where it is. */
struct slot {
	uint32_t number, tag;
};

struct index {
	struct slot *slots;		/* [mask + 1] */
	uint32_t  mask, count;
};

struct cached {
	const char *function, *file;
	uint32_t    line, frame;
};

struct lk_tree {
	bool		     inverted;
	struct lk_arena	    *names;
	struct frame	    *frames;
	uint32_t	     frame_count, frame_cap;
	struct lk_tree_node *nodes;
	uint32_t	    *node_frames;	/* [node_cap] */
	uint32_t	     node_count, node_cap;
	struct leaf	    *leaves;
	uint32_t	     leaf_count, leaf_cap;
	struct index	     by_frame, by_edge, by_stack;
	struct cached	    *cache;		/* [CACHE_SLOTS] or NULL */
};

/* ---- tables ------------------------------------------------------------------------------- */

static uint64_t
spread(uint64_t h)
{
	h = (h ^ h >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

static uint64_t
edge_hash(uint32_t parent, uint32_t frame)
{
	return spread((uint64_t)parent << 32 | frame);
}

static uint64_t
hash_of(const struct lk_tree *t, const struct index *x, uint32_t number)
{
	if (x == &t->by_frame)
		return t->frames[number].hash;
	if (x == &t->by_edge)
		return edge_hash(t->nodes[number].parent, t->node_frames[number]);
	return spread(t->leaves[number].stack);
}

static uint32_t
tag_of(uint64_t hash)
{
	return (uint32_t)(hash >> 32);
}

static void
put(const struct lk_tree *t, struct index *x, uint32_t number)
{
	uint64_t hash = hash_of(t, x, number);
	uint32_t at = (uint32_t)hash & x->mask;

	while (x->slots[at].number != 0)
		at = (at + 1) & x->mask;
	x->slots[at] = (struct slot){number + 1, tag_of(hash)};
}

/* Room for one more at a load of a half. */
static int
make_room(const struct lk_tree *t, struct index *x)
{
	uint32_t size = x->slots == NULL ? 1024 : (x->mask + 1) * 4;
	struct slot *slots;

	if (x->slots != NULL && 2 * (x->count + 1) <= x->mask)
		return 0;
	slots = calloc(size, sizeof(*slots));
	if (slots == NULL)
		return -ENOMEM;
	free(x->slots);
	x->slots = slots;
	x->mask = size - 1;
	for (uint32_t i = 0; i < x->count; i++)
		put(t, x, i);
	return 0;
}

/* One more element in an array that doubles; ARRAY: where the pointer to it is. */
static int
extend(void *array, uint32_t count, uint32_t *cap, size_t size_bytes)
{
	uint32_t more = *cap == 0 ? 256 : *cap * 2;
	void *moved;

	if (count < *cap)
		return 0;
	memcpy(&moved, array, sizeof(moved));
	moved = more > *cap ? realloc(moved, more * size_bytes) : NULL;
	if (moved == NULL)
		return -ENOMEM;
	memcpy(array, &moved, sizeof(moved));
	*cap = more;
	return 0;
}

/* ---- frames ------------------------------------------------------------------------------- */

static bool
same_frame(const struct lk_frame *a, const struct lk_frame *b)
{
	return a->line == b->line && a->native == b->native &&
	    strcmp(a->function, b->function) == 0 && strcmp(a->file, b->file) == 0;
}

static const char *
copy(struct lk_tree *t, const char *text)
{
	return lk_arena_text(t->names, text, strlen(text));
}

static int64_t
add_frame(struct lk_tree *t, const struct lk_frame *frame, uint64_t hash)
{
	struct frame *new;

	if (extend(&t->frames, t->frame_count, &t->frame_cap, sizeof(*t->frames)) < 0 ||
	    make_room(t, &t->by_frame) < 0)
		return -ENOMEM;
	new = &t->frames[t->frame_count];
	*new = (struct frame){*frame, hash};
	new->frame.function = copy(t, frame->function);
	new->frame.file = copy(t, frame->file);
	new->frame.build_id = NULL;
	if (new->frame.function == NULL || new->frame.file == NULL)
		return -ENOMEM;
	put(t, &t->by_frame, t->frame_count);
	t->by_frame.count++;
	return t->frame_count++;
}

/* Eight bytes at a time. */
static uint64_t
hash_text(uint64_t hash, const char *text)
{
	size_t length = strlen(text);
	uint64_t word;

	hash = lk_hash_more(hash, length);
	for (; length >= sizeof(word); length -= sizeof(word), text += sizeof(word)) {
		memcpy(&word, text, sizeof(word));
		hash = spread(hash ^ word);
	}
	word = 0;
	memcpy(&word, text, length);
	return spread(hash ^ word);
}

static int64_t
find_frame(struct lk_tree *t, const struct lk_frame *frame)
{
	uint64_t hash = spread(hash_text(hash_text(frame->line, frame->function), frame->file));

	for (uint32_t at = (uint32_t)hash & t->by_frame.mask;
	     t->by_frame.slots != NULL && t->by_frame.slots[at].number != 0;
	     at = (at + 1) & t->by_frame.mask) {
		uint32_t number = t->by_frame.slots[at].number - 1;

		if (t->by_frame.slots[at].tag == tag_of(hash) && t->frames[number].hash == hash &&
		    same_frame(&t->frames[number].frame, frame))
			return number;
	}
	return add_frame(t, frame, hash);
}

/* Names are mostly the same pointers within a snapshot: texts are read once for each. */
static int64_t
number_of(struct lk_tree *t, const struct lk_frame *frame)
{
	uint64_t hash = spread((uint64_t)(uintptr_t)frame->function ^
	    (uint64_t)(uintptr_t)frame->file << 17 ^ (uint64_t)frame->line << 40);
	struct cached *c;
	int64_t number;

	if (t->cache == NULL)
		return find_frame(t, frame);
	c = &t->cache[hash % CACHE_SLOTS];
	if (c->function == frame->function && c->file == frame->file && c->line == frame->line)
		return c->frame;
	number = find_frame(t, frame);
	if (number >= 0)
		*c = (struct cached){frame->function, frame->file, frame->line, (uint32_t)number};
	return number;
}

/* ---- nodes -------------------------------------------------------------------------------- */

static int64_t
add_node(struct lk_tree *t, uint32_t parent, uint32_t frame)
{
	uint32_t cap = t->node_cap;
	struct lk_tree_node *node;

	if (extend(&t->nodes, t->node_count, &t->node_cap, sizeof(*t->nodes)) < 0 ||
	    extend(&t->node_frames, t->node_count, &cap, sizeof(*t->node_frames)) < 0 ||
	    make_room(t, &t->by_edge) < 0)
		return -ENOMEM;
	node = &t->nodes[t->node_count];
	*node = (struct lk_tree_node){.parent = parent, .first = LK_TREE_NONE,
	    .next = LK_TREE_NONE};
	if (frame != LK_TREE_NONE)
		node->frame = t->frames[frame].frame;
	if (parent != LK_TREE_NONE) {
		node->depth = t->nodes[parent].depth + 1;
		node->next = t->nodes[parent].first;
		t->nodes[parent].first = t->node_count;
	}
	t->node_frames[t->node_count] = frame;
	put(t, &t->by_edge, t->node_count);
	t->by_edge.count++;
	return t->node_count++;
}

static int64_t
child_of(struct lk_tree *t, uint32_t parent, uint32_t frame)
{
	uint64_t hash = edge_hash(parent, frame);

	for (uint32_t at = (uint32_t)hash & t->by_edge.mask; t->by_edge.slots[at].number != 0;
	     at = (at + 1) & t->by_edge.mask) {
		uint32_t number = t->by_edge.slots[at].number - 1;

		if (t->by_edge.slots[at].tag == tag_of(hash) &&
		    t->nodes[number].parent == parent && t->node_frames[number] == frame)
			return number;
	}
	return add_node(t, parent, frame);
}

static int64_t
put_stack(struct lk_tree *t, const struct lk_stack *stack)
{
	int64_t node = LK_TREE_ROOT;

	if (stack->frame_count == 0)
		return child_of(t, LK_TREE_ROOT, LK_TREE_NONE);
	for (uint32_t i = 0; i < stack->frame_count && node >= 0; i++) {
		uint32_t at = t->inverted ? i : stack->frame_count - 1 - i;
		int64_t frame = number_of(t, &stack->frames[at]);

		node = frame < 0 ? frame : child_of(t, (uint32_t)node, (uint32_t)frame);
	}
	return node;
}

static struct leaf
leaf_of(const struct lk_stack *stack)
{
	return (struct leaf){.stack = stack->id, .frame_count = stack->frame_count,
	    .line = stack->frame_count > 0 ? stack->frames[0].line : 0};
}

/* -ESTALE: the id means another stack now.  *next: the leaf that it is most likely; they came in
 * the order in which they are asked for, if some are gone since. */
static int64_t
find_leaf(struct lk_tree *t, const struct lk_stack *stack, uint32_t *next)
{
	struct leaf new = leaf_of(stack);
	int64_t node;

	if (*next < t->leaf_count && t->leaves[*next].stack == stack->id) {
		const struct leaf *leaf = &t->leaves[(*next)++];

		return leaf->frame_count == new.frame_count && leaf->line == new.line ?
		    (int64_t)leaf->node : -ESTALE;
	}
	for (uint32_t at = (uint32_t)spread(stack->id) & t->by_stack.mask;
	     t->by_stack.slots != NULL && t->by_stack.slots[at].number != 0;
	     at = (at + 1) & t->by_stack.mask) {
		const struct leaf *leaf = &t->leaves[t->by_stack.slots[at].number - 1];

		if (leaf->stack != stack->id)
			continue;
		if (leaf->frame_count != new.frame_count || leaf->line != new.line)
			return -ESTALE;
		*next = (uint32_t)(leaf - t->leaves) + 1;
		return leaf->node;
	}
	node = put_stack(t, stack);
	if (node < 0 || extend(&t->leaves, t->leaf_count, &t->leaf_cap, sizeof(*t->leaves)) < 0 ||
	    make_room(t, &t->by_stack) < 0)
		return -ENOMEM;
	new.node = (uint32_t)node;
	t->leaves[t->leaf_count] = new;
	put(t, &t->by_stack, t->leaf_count);
	t->by_stack.count++;
	*next = ++t->leaf_count;
	return node;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static void
forget_nodes(struct lk_tree *t)
{
	free(t->by_edge.slots);
	free(t->by_stack.slots);
	memset(&t->by_edge, 0, sizeof(t->by_edge));
	memset(&t->by_stack, 0, sizeof(t->by_stack));
	t->node_count = t->leaf_count = 0;
}

static void
forget(struct lk_tree *t)
{
	forget_nodes(t);
	free(t->by_frame.slots);
	memset(&t->by_frame, 0, sizeof(t->by_frame));
	t->frame_count = 0;
	lk_arena_free(t->names);
	t->names = NULL;
}

static int
begin(struct lk_tree *t)
{
	forget(t);
	t->names = lk_arena_new();
	if (t->names == NULL || add_node(t, LK_TREE_NONE, LK_TREE_NONE) < 0)
		return -ENOMEM;
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
	forget(t);
	free(t->frames);
	free(t->nodes);
	free(t->node_frames);
	free(t->leaves);
	free(t->cache);
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
	uint32_t next = 0;

	clear_bytes(t);
	for (size_t i = 0; i < stacks->count; i++) {
		const struct lk_growth_stack *g = &stacks->list[i];
		int64_t node = find_leaf(t, g->stack, &next);

		if (node < 0)
			return (int)node;
		t->nodes[node].own_delta_bytes += g->delta_bytes;
		t->nodes[node].own_live_bytes += g->live_bytes;
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
	bool anew = !one_process || is_worn(t, stacks) || t->names == NULL;
	int rc = anew ? begin(t) : 0;

	t->cache = calloc(CACHE_SLOTS, sizeof(*t->cache));	/* NULL: slower */
	if (rc == 0)
		rc = add_all(t, stacks);
	if (rc == -ESTALE) {
		anew = true;
		rc = begin(t);
		if (rc == 0)
			rc = add_all(t, stacks);
	}
	free(t->cache);
	t->cache = NULL;
	if (rc < 0) {
		forget(t);
		return -ENOMEM;
	}
	return anew;
}

void
lk_tree_turn(struct lk_tree *t)
{
	t->inverted = !t->inverted;
	forget_nodes(t);
	if (t->names != NULL && add_node(t, LK_TREE_NONE, LK_TREE_NONE) < 0)
		forget(t);
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
