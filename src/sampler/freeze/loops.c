#include "config.h"

#include "sampler/freeze/loops.h"

#include <string.h>

#include "base/print.h"
#include "sampler/cpython/layout.h"
#include "sampler/cpython/symbols.h"
#include "sampler/freeze/answer.h"
#include "sampler/freeze/attributes.h"
#include "sampler/freeze/kinds.h"
#include "sampler/freeze/nodes.h"
#include "sampler/freeze/store.h"

#define FLAG_TYPE	(1UL << 31)
#define TYPES_TOLD	8u	/* of one cycle */
#define LOOPS_MAX	256u	/* different ones; what is beyond is one */

struct loop {
	uint32_t	kinds[TYPES_TOLD], length;	/* length 0: what is beyond */
	uint64_t	components, objects;
};

/* The child's, and only there. */
static const struct lk_loops *r;
static uint8_t *is_structure;	/* [nodes] modules, their namespaces, classes */
static struct loop loops[LOOPS_MAX + 1];
static uint32_t loop_count;

static const void *
object_of(uint32_t node)
{
	return (const void *)(uintptr_t)r->nodes->address[node];
}

static uint32_t
kind_of(uint32_t node)
{
	return lk_kinds_of(r->kinds, lk_read_ptr(object_of(node), LK_OBJECT_TYPE));
}

/* ---- which objects are in cycles ------------------------------------------------------ */

static bool
is_left_out(uint32_t node)
{
	return is_structure[node];
}

static void
leave_out_namespace(const void *module)
{
	const void *dict = lk_attributes_dict(r->kinds->layout, module);
	uint32_t node = dict == NULL ? LK_NODES_NONE :
	    lk_nodes_find(r->nodes, (uint64_t)(uintptr_t)dict);

	if (node != LK_NODES_NONE)
		is_structure[node] = 1;
}

static void
leave_out(uint32_t node)
{
	const void *type = r->kinds->list[kind_of(node)].type;

	if (!r->is_alive[node])
		return;
	if (type == r->kinds->symbols->module_type) {
		is_structure[node] = 1;
		leave_out_namespace(object_of(node));
	} else if ((unsigned long)lk_read_i64(type, r->kinds->layout->type_flags) & FLAG_TYPE) {
		is_structure[node] = 1;
	}
}

bool
lk_loops_find(struct lk_loops *found)
{
	uint32_t i;
	int rc;

	r = found;
	is_structure = lk_store_map(r->nodes->count, sizeof(*is_structure));
	if (is_structure == NULL)
		return false;
	for (i = 0; i < r->nodes->count; i++)
		leave_out(i);
	rc = lk_cycles_find(&found->cycles, r->graph, is_left_out);
	lk_store_unmap(is_structure, r->nodes->count, sizeof(*is_structure));
	return rc == 0;
}

/* ---- by type ------------------------------------------------------------------------------- */

static void
take_largest(const uint64_t *garbage, struct lk_answer *out)
{
	const struct lk_kind *list = r->kinds->list;
	struct lk_answer_cyclic *row;
	uint32_t order[LK_ANSWER_CYCLIC_MAX], kept = 0, i, at;

	for (i = 0; i < r->kinds->types.count; i++) {
		if (list[i].cyclic_objects == 0 || (kept == LK_ANSWER_CYCLIC_MAX &&
		    list[order[kept - 1]].cyclic_objects >= list[i].cyclic_objects))
			continue;
		at = kept < LK_ANSWER_CYCLIC_MAX ? kept++ : kept - 1;
		for (; at > 0 && list[order[at - 1]].cyclic_objects < list[i].cyclic_objects; at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
	for (i = 0; i < kept; i++) {
		row = &out->cyclic[i];
		lk_kinds_name(r->kinds, list[order[i]].type, row->name, sizeof(row->name));
		row->objects = list[order[i]].cyclic_objects;
		row->garbage_objects = garbage[order[i]];
	}
	out->cyclic_kept = kept;
}

void
lk_loops_count(const struct lk_loops *found, struct lk_answer *out)
{
	uint64_t *garbage = lk_store_map(LK_KINDS_MAX, sizeof(*garbage));
	uint32_t i, kind;

	r = found;
	if (garbage == NULL)
		return;
	for (i = 0; i < r->nodes->count; i++) {
		if (r->cycles.component[i] == 0)
			continue;
		kind = kind_of(i);
		r->kinds->list[kind].cyclic_objects++;
		garbage[kind] += !r->is_alive[i];
		out->cyclic_objects++;
		out->cyclic_garbage_objects += !r->is_alive[i];
	}
	out->cycle_count = r->cycles.count;
	take_largest(garbage, out);
	out->knows_cycles = true;
	lk_store_unmap(garbage, LK_KINDS_MAX, sizeof(*garbage));
}

/* ---- of some objects ------------------------------------------------------------------------- */

static uint32_t
loop_with(const struct loop *wanted)
{
	uint32_t i;

	for (i = 1; i <= loop_count; i++)
		if (loops[i].length == wanted->length && memcmp(loops[i].kinds, wanted->kinds,
		    sizeof(wanted->kinds)) == 0)
			return i;
	if (loop_count == LOOPS_MAX)
		return 0;	/* which stands for the others */
	loops[++loop_count] = *wanted;
	return loop_count;
}

static uint32_t
loop_through(struct lk_loops *found, uint32_t node)
{
	struct loop loop = {.length = 0};
	uint32_t nodes[TYPES_TOLD], i;

	loop.length = lk_cycles_shortest(&found->cycles, r->graph, node, nodes, TYPES_TOLD);
	for (i = 0; i < loop.length && i < TYPES_TOLD; i++)
		loop.kinds[i] = kind_of(nodes[i]);
	return loop.length == 0 ? 0 : loop_with(&loop);
}

static void
print_kind(struct lk_print *p, uint32_t kind)
{
	char name[LK_ANSWER_NAME_MAX];

	lk_kinds_name(r->kinds, r->kinds->list[kind].type, name, sizeof(name));
	lk_print_str(p, name);
}

static void
print_loop(struct lk_print *p, const struct loop *loop)
{
	uint32_t i;

	if (loop->length == 0) {
		lk_print_str(p, "(others)");
		return;
	}
	for (i = 0; i < loop->length && i < TYPES_TOLD; i++) {
		print_kind(p, loop->kinds[i]);
		lk_print_str(p, " -> ");
	}
	if (loop->length > TYPES_TOLD)
		lk_print_str(p, "... -> ");
	print_kind(p, loop->kinds[0]);
}

static void
tell_loops(struct lk_answer *out)
{
	struct lk_answer_loop *row;
	struct lk_print p;
	uint32_t best, i;

	while (out->loops_kept < LK_ANSWER_LOOPS_MAX) {
		for (best = 0, i = 1; i <= loop_count; i++)
			if (loops[i].objects > loops[best].objects)
				best = i;
		if (loops[best].objects == 0)
			return;
		row = &out->loops[out->loops_kept++];
		lk_print_init(&p, row->words, sizeof(row->words));
		print_loop(&p, &loops[best]);
		lk_print_end(&p);
		row->length = loops[best].length;
		row->components = loops[best].components;
		row->objects = loops[best].objects;
		loops[best].objects = 0;
	}
}

void
lk_loops_tell(struct lk_loops *found, const uint8_t *marks, struct lk_answer *out)
{
	uint32_t *loop_of, component, i;

	r = found;
	loop_of = lk_store_map((size_t)r->cycles.count + 1, sizeof(*loop_of));	/* less 1 */
	if (loop_of == NULL)
		return;
	for (i = 0; i < r->nodes->count; i++) {
		component = r->cycles.component[i];
		if (component == 0 || !marks[i])
			continue;
		if (loop_of[component] == 0) {
			loop_of[component] = loop_through(found, i) + 1;
			loops[loop_of[component] - 1].components++;
		}
		loops[loop_of[component] - 1].objects++;
	}
	tell_loops(out);
	lk_store_unmap(loop_of, (size_t)r->cycles.count + 1, sizeof(*loop_of));
}
