#include "config.h"

#include "sampler/freeze/holders.h"

#include <errno.h>
#include <string.h>

#include "base/print.h"
#include "sampler/cpython/layout.h"
#include "sampler/cpython/names.h"
#include "sampler/cpython/symbols.h"
#include "sampler/freeze/answer.h"
#include "sampler/freeze/attributes.h"
#include "sampler/freeze/chosen.h"
#include "sampler/freeze/dominators.h"
#include "sampler/freeze/graph.h"
#include "sampler/freeze/kinds.h"
#include "sampler/freeze/locals.h"
#include "sampler/freeze/nodes.h"
#include "sampler/freeze/loops.h"
#include "sampler/freeze/shapes.h"
#include "sampler/freeze/store.h"

#define FLAG_HEAP_TYPE	(1UL << 9)

/* The child's, and only there. */
static const struct lk_holders *h;
static struct lk_shapes shapes;
static uint32_t *shape_of;	/* [nodes] LK_SHAPES_NONE: not reached yet */
static uint32_t *queue;		/* [nodes] in the order in which they were reached */
static uint32_t queued;
static uint8_t *is_namespace;	/* [nodes] a dict of attributes */
static uint8_t *is_counted;	/* [nodes] its holders are wanted */
static uint32_t at_node;	/* whose children are being named */

static const void *
object_of(uint32_t node)
{
	return (const void *)(uintptr_t)h->nodes->address[node];
}

static uint32_t
kind_of(uint32_t node)
{
	return lk_kinds_of(h->kinds, lk_read_ptr(object_of(node), LK_OBJECT_TYPE));
}

static void
put(uint32_t node, uint32_t shape)
{
	if (shape_of[node] != LK_SHAPES_NONE)
		return;
	shape_of[node] = shape;
	queue[queued++] = node;
}

/* ---- the steps from one node ---------------------------------------------------------- */

static void
step_to(const void *object, enum lk_step step, uint64_t value)
{
	uint32_t node = lk_nodes_find(h->nodes, (uint64_t)(uintptr_t)object);

	if (node != LK_NODES_NONE && shape_of[node] == LK_SHAPES_NONE)
		put(node, lk_shapes_of(&shapes, shape_of[at_node], step, value));
}

static void
step_to_attribute(void *ctx, const void *name, const void *value)
{
	(void)ctx;
	step_to(value, LK_STEP_ATTRIBUTE, (uint64_t)(uintptr_t)name);
}

static void
step_to_slot(void *ctx, const char *name, const void *value)
{
	(void)ctx;
	step_to(value, LK_STEP_SLOT, (uint64_t)(uintptr_t)name);
}

/* Module, instance or class: the dict with its attributes is no step of its own. */
static void
take_namespace(const void *object)
{
	const void *dict = lk_attributes_dict(h->kinds->layout, object);
	uint32_t node = dict == NULL ? LK_NODES_NONE :
	    lk_nodes_find(h->nodes, (uint64_t)(uintptr_t)dict);

	if (node == LK_NODES_NONE || shape_of[node] != LK_SHAPES_NONE)
		return;
	is_namespace[node] = 1;
	put(node, shape_of[at_node]);
}

static void
step_by_name(const void *dict, enum lk_step step)
{
	void *key, *value;
	intptr_t at = 0;

	while (h->kinds->symbols->dict_next((void *)(uintptr_t)dict, &at, &key, &value))
		if (lk_read_ptr(key, LK_OBJECT_TYPE) == h->kinds->symbols->unicode_type)
			step_to(value, step, (uint64_t)(uintptr_t)key);
}

static void
step_to_others(uint32_t node)
{
	const struct lk_graph *g = h->graph;
	uint32_t kind = kind_of(node), i;
	bool has_items = h->kinds->list[kind].measure >= LK_MEASURE_DICT;
	uint32_t shape = lk_shapes_of(&shapes, shape_of[node],
	    has_items ? LK_STEP_ITEM : LK_STEP_INSIDE, has_items ? 0 : kind);

	for (i = g->first[node]; i < g->first[node + 1]; i++)
		put(g->edges[i], shape);
}

/* Also a list or dict, when it is of a class of Python. */
static bool
has_attributes(const struct lk_kind *kind)
{
	return kind->measure == LK_MEASURE_PLAIN || (unsigned long)lk_read_i64(kind->type,
	    h->kinds->layout->type_flags) & FLAG_HEAP_TYPE;
}

static void
take_steps(uint32_t node)
{
	const void *object = object_of(node);

	at_node = node;
	if (is_namespace[node]) {
		step_by_name(object, LK_STEP_ATTRIBUTE);
	} else if (has_attributes(&h->kinds->list[kind_of(node)])) {
		take_namespace(object);
		lk_attributes_each(h->kinds->layout, object, step_to_attribute, NULL);
		lk_attributes_slots(h->kinds->layout, object, step_to_slot, NULL);
	}
	step_to_others(node);
}

static void
take_all_steps(uint32_t *done)
{
	for (; *done < queued; ++*done)
		take_steps(queue[*done]);
}

static void
begin_with_modules(uint32_t *done)
{
	uint32_t node = h->modules == NULL ? LK_NODES_NONE :
	    lk_nodes_find(h->nodes, (uint64_t)(uintptr_t)h->modules);

	if (node == LK_NODES_NONE)
		return;
	at_node = node;
	step_by_name(h->modules, LK_STEP_MODULE);	/* from the empty shape */
	take_all_steps(done);
}

/* A variable that closures share is its cell's content. */
static void
begin_with_local(uint32_t number, const void *value)
{
	uint32_t shape = lk_shapes_of(&shapes, LK_SHAPES_NONE, LK_STEP_LOCAL, number), node;

	node = lk_nodes_find(h->nodes, (uint64_t)(uintptr_t)value);
	if (node != LK_NODES_NONE)
		put(node, shape);
	if (node == LK_NODES_NONE ||
	    lk_read_ptr(value, LK_OBJECT_TYPE) != h->kinds->symbols->cell_type)
		return;
	node = lk_nodes_find(h->nodes, (uint64_t)(uintptr_t)lk_read_ptr(value, LK_CELL_CONTENT));
	if (node != LK_NODES_NONE)
		put(node, shape);
}

static void
begin_with_locals(uint32_t *done)
{
	lk_locals_each(h->kinds->symbols, begin_with_local);
	take_all_steps(done);
}

static void
begin_outside(uint32_t *done)
{
	uint32_t i;

	for (i = 0; i < h->nodes->count; i++)
		if (shape_of[i] == LK_SHAPES_NONE && h->is_root(i))
			put(i, lk_shapes_of(&shapes, LK_SHAPES_NONE, LK_STEP_ROOT, kind_of(i)));
	take_all_steps(done);
}

/* ---- words ------------------------------------------------------------------------------ */

static void
copy_name(const char *text, char *out, size_t out_bytes)
{
	size_t length = strnlen(text, out_bytes - 1);

	memcpy(out, text, length);
	out[length] = '\0';
}

static void
print_step(struct lk_print *p, const struct lk_shape *step)
{
	char name[LK_ANSWER_NAME_MAX];

	if (step->step == LK_STEP_LOCAL) {
		lk_locals_print(p, h->kinds->layout, (uint32_t)step->value);
		return;
	}
	if (step->step == LK_STEP_ITEM) {
		lk_print_str(p, "[]");
		return;
	}
	if (step->step == LK_STEP_ROOT || step->step == LK_STEP_INSIDE)
		lk_kinds_name(h->kinds, h->kinds->list[step->value].type, name, sizeof(name));
	else if (step->step == LK_STEP_SLOT)
		copy_name((const char *)(uintptr_t)step->value, name, sizeof(name));
	else
		name[lk_names_copy(h->kinds->layout, (const void *)(uintptr_t)step->value, name,
		    sizeof(name) - 1)] = '\0';
	if (step->step == LK_STEP_ATTRIBUTE || step->step == LK_STEP_SLOT)
		lk_print_char(p, '.');
	else if (step->step != LK_STEP_MODULE)
		lk_print_str(p, step->step == LK_STEP_ROOT ? "(C or unknown) " : " -> ");
	lk_print_str(p, name);
}

static void
print_shape(uint32_t shape, char *out, size_t out_bytes)
{
	const struct lk_shape *path[LK_SHAPES_STEPS];
	uint32_t steps = lk_shapes_path(&shapes, shape, path), i;
	struct lk_print p;

	lk_print_init(&p, out, out_bytes);
	if (steps == 0)
		lk_print_str(&p, "(garbage)");
	for (i = 0; i < steps; i++)
		print_step(&p, path[i]);
	lk_print_end(&p);
}

static void
tell_shape(uint32_t shape, struct lk_answer_holder *out)
{
	print_shape(shape, out->path, sizeof(out->path));
	out->objects = shapes.list[shape].objects;
	out->bytes = shapes.list[shape].bytes;
	out->retained_bytes = shapes.list[shape].retained_bytes;
}

static void
tell_shapes(struct lk_answer *out)
{
	uint32_t numbers[LK_ANSWER_HOLDERS_MAX], i;

	out->holders_kept = lk_shapes_largest(&shapes, numbers, LK_ANSWER_HOLDERS_MAX);
	for (i = 0; i < out->holders_kept; i++)
		tell_shape(numbers[i], &out->holders[i]);
	for (i = 0; i < shapes.count; i++)
		out->holder_count += shapes.list[i].objects != 0;
}

/* ---- the objects that are wanted ---------------------------------------------------------- */

static void
count(uint32_t node, const struct lk_kind *kind, struct lk_answer *out)
{
	struct lk_shape *shape = &shapes.list[shape_of[node]];
	struct lk_measured measured;

	lk_measure_object(h->kinds->layout, kind->measure, kind->type, object_of(node), &measured);
	shape->objects++;
	shape->bytes += measured.shallow_bytes;
	out->held_objects++;
	out->held_bytes += measured.shallow_bytes;
}

static bool
count_wanted(struct lk_answer *out)
{
	const struct lk_chosen chosen = {h->nodes, h->kinds, h->want, h->sampled};
	uint32_t i;

	is_counted = lk_store_map(h->nodes->count, sizeof(*is_counted));
	if (is_counted == NULL || !lk_chosen_mark(&chosen, is_counted, out))
		return false;
	for (i = 0; i < h->nodes->count; i++)
		if (is_counted[i])
			count(i, &h->kinds->list[kind_of(i)], out);
	return true;
}

/* ---- what would go with them ----------------------------------------------------------- */

static uint64_t *
bytes_of_all(void)
{
	uint64_t *bytes = lk_store_map(h->nodes->count, sizeof(*bytes));
	struct lk_measured measured;
	uint32_t i, kind;

	for (i = 0; bytes != NULL && i < h->nodes->count; i++) {
		kind = kind_of(i);
		lk_measure_object(h->kinds->layout, h->kinds->list[kind].measure,
		    h->kinds->list[kind].type, object_of(i), &measured);
		bytes[i] = measured.shallow_bytes;
	}
	return bytes;
}

/* Dominators come first in their order, so that what is above a node is known before it. */
static void
count_retained(const struct lk_dominators *d, const uint64_t *bytes)
{
	uint8_t *is_within = is_namespace;	/* no longer used for that */
	uint32_t number, node, above, i;

	memset(is_within, 0, h->nodes->count);
	for (number = 1; number <= d->count; number++) {
		node = d->node[number];
		above = lk_dominators_of(d, node);
		is_within[node] = above != LK_DOMINATORS_NONE &&
		    (is_within[above] || is_counted[above]);
	}
	for (i = 0; i < h->nodes->count; i++)
		if (is_counted[i] && !is_within[i])
			shapes.list[shape_of[i]].retained_bytes += bytes[i];
}

static void
find_retained(struct lk_answer *out)
{
	struct lk_dominators d;
	uint64_t *bytes = bytes_of_all();

	if (bytes == NULL || lk_dominators_find(&d, h->graph, h->is_root) < 0)
		return;
	lk_dominators_retain(&d, bytes);
	count_retained(&d, bytes);
	out->knows_retained = true;
}

int
lk_holders_find(const struct lk_holders *holders)
{
	uint32_t done = 0;

	h = holders;
	shape_of = lk_store_map(h->nodes->count, sizeof(*shape_of));
	queue = lk_store_map(h->nodes->count, sizeof(*queue));
	is_namespace = lk_store_map(h->nodes->count, sizeof(*is_namespace));
	if (shape_of == NULL || queue == NULL || is_namespace == NULL ||
	    lk_shapes_init(&shapes) < 0)
		return -ENOMEM;
	begin_with_modules(&done);
	begin_with_locals(&done);
	begin_outside(&done);
	return 0;
}

void
lk_holders_path(uint32_t node, char *out, size_t out_bytes)
{
	print_shape(shape_of[node], out, out_bytes);
}

void
lk_holders_tell(const struct lk_holders *holders, struct lk_answer *out)
{
	if (lk_holders_find(holders) < 0 || !count_wanted(out))
		return;
	if (h->loops != NULL)
		lk_loops_tell(h->loops, is_counted, out);
	find_retained(out);
	tell_shapes(out);
	out->knows_holders = true;
}
