#include "config.h"

#include "sampler/freeze/dominators.h"

#include <errno.h>

#include "base/attr.h"
#include "sampler/freeze/graph.h"
#include "sampler/freeze/store.h"

#define NONE	LK_DOMINATORS_NONE

/* By number, but for the holders.  semi: the semidominator; label: the least of these on the way
 * up the forest that ancestor makes; bucket and next: lists of who has one semidominator. */
struct work {
	const struct lk_graph	*g;
	struct lk_dominators	*d;
	bool			(*is_root)(uint32_t node);
	uint32_t		*parent, *semi, *label, *ancestor, *bucket, *next, *stack;
	uint32_t		*holders_first, *holders;	/* who holds a node */
};

/* ---- memory ------------------------------------------------------------------------ */

static uint32_t *
map(size_t count)
{
	return lk_store_map(count + 1, sizeof(uint32_t));
}

static void
unmap(uint32_t *p, size_t count)
{
	lk_store_unmap(p, count + 1, sizeof(uint32_t));
}

static bool
init(struct work *w)
{
	uint32_t n = w->g->count;
	uint32_t **const arrays[] = {&w->d->number, &w->d->node, &w->d->above, &w->parent,
	    &w->semi, &w->label, &w->ancestor, &w->bucket, &w->next, &w->stack};
	bool ok = true;
	size_t i;

	for (i = 0; i < LK_COUNT_OF(arrays); i++) {
		*arrays[i] = map(n);
		ok = ok && *arrays[i] != NULL;
	}
	w->holders_first = map((size_t)n + 1);
	w->holders = map(w->g->edge_count);
	return ok && w->holders_first != NULL && w->holders != NULL;
}

static void
fini(struct work *w)
{
	uint32_t *const arrays[] = {w->parent, w->semi, w->label, w->ancestor, w->bucket, w->next,
	    w->stack};
	size_t i;

	for (i = 0; i < LK_COUNT_OF(arrays); i++)
		unmap(arrays[i], w->g->count);
	unmap(w->holders_first, (size_t)w->g->count + 1);
	unmap(w->holders, w->g->edge_count);
}

void
lk_dominators_fini(struct lk_dominators *d)
{
	unmap(d->number, d->node_count);
	unmap(d->node, d->node_count);
	unmap(d->above, d->node_count);
	d->number = d->node = d->above = NULL;
}

/* ---- the graph ------------------------------------------------------------------------ */

/* The edges the other way round: counted, then each put from the end of its node's part. */
static void
turn_round(struct work *w)
{
	const struct lk_graph *g = w->g;
	uint32_t node, i;

	for (i = 0; i < g->edge_count; i++)
		w->holders_first[g->edges[i]]++;
	for (node = 1; node <= g->count; node++)
		w->holders_first[node] += w->holders_first[node - 1];
	for (node = 0; node < g->count; node++)
		for (i = g->first[node]; i < g->first[node + 1]; i++)
			w->holders[--w->holders_first[g->edges[i]]] = node;
}

static void
take(struct work *w, uint32_t node, uint32_t parent)
{
	uint32_t number = ++w->d->count;

	w->d->number[node] = number;
	w->d->node[number] = node;
	w->parent[number] = parent;
}

/* In depth; "next" is where a node on the stack goes on. */
static void
walk_from(struct work *w, uint32_t root)
{
	const struct lk_graph *g = w->g;
	uint32_t depth = 0, at, edge;

	take(w, root, 0);
	w->next[w->d->count] = g->first[root];
	w->stack[depth++] = w->d->count;
	while (depth > 0) {
		at = w->stack[depth - 1];
		if (w->next[at] == g->first[w->d->node[at] + 1]) {
			depth--;
			continue;
		}
		edge = w->next[at]++;
		if (w->d->number[g->edges[edge]] != 0)
			continue;
		take(w, g->edges[edge], at);
		w->next[w->d->count] = g->first[g->edges[edge]];
		w->stack[depth++] = w->d->count;
	}
}

static void
walk(struct work *w)
{
	uint32_t i;

	w->d->count = 0;
	for (i = 0; i < w->g->count; i++)
		if (w->d->number[i] == 0 && w->is_root(i))
			walk_from(w, i);
	for (i = 0; i <= w->d->count; i++) {
		w->semi[i] = w->label[i] = i;
		w->ancestor[i] = w->bucket[i] = w->next[i] = NONE;
	}
}

/* ---- Lengauer and Tarjan ----------------------------------------------------------------- */

/* Everything on the way up from V hangs at the top afterwards. */
static void
compress(struct work *w, uint32_t v)
{
	uint32_t depth = 0, above;

	while (w->ancestor[w->ancestor[v]] != NONE) {
		w->stack[depth++] = v;
		v = w->ancestor[v];
	}
	while (depth > 0) {
		v = w->stack[--depth];
		above = w->ancestor[v];
		if (w->semi[w->label[above]] < w->semi[w->label[v]])
			w->label[v] = w->label[above];
		w->ancestor[v] = w->ancestor[above];
	}
}

static uint32_t
least_above(struct work *w, uint32_t v)
{
	if (w->ancestor[v] == NONE)
		return v;
	compress(w, v);
	return w->label[v];
}

static void
find_semi(struct work *w, uint32_t v)
{
	uint32_t node = w->d->node[v], i, holder, least;

	for (i = w->holders_first[node]; i < w->holders_first[node + 1]; i++) {
		holder = w->d->number[w->holders[i]];
		if (holder == 0)
			continue;
		least = w->semi[least_above(w, holder)];
		if (least < w->semi[v])
			w->semi[v] = least;
	}
	if (w->is_root(node))
		w->semi[v] = 0;
}

static void
empty_bucket(struct work *w, uint32_t parent)
{
	uint32_t v, least;

	for (v = w->bucket[parent]; v != NONE; v = w->next[v]) {
		least = least_above(w, v);
		w->d->above[v] = w->semi[least] < w->semi[v] ? least : parent;
	}
	w->bucket[parent] = NONE;
}

static void
find(struct work *w)
{
	uint32_t v;

	for (v = w->d->count; v > 0; v--) {
		find_semi(w, v);
		w->next[v] = w->bucket[w->semi[v]];
		w->bucket[w->semi[v]] = v;
		w->ancestor[v] = w->parent[v];
		empty_bucket(w, w->parent[v]);
	}
	for (v = 1; v <= w->d->count; v++)
		if (w->d->above[v] != w->semi[v])
			w->d->above[v] = w->d->above[w->d->above[v]];
}

int
lk_dominators_find(struct lk_dominators *d, const struct lk_graph *g, bool (*is_root)(uint32_t))
{
	struct work w = {.g = g, .d = d, .is_root = is_root};
	bool ok;

	d->node_count = g->count;
	ok = init(&w);
	if (ok) {
		turn_round(&w);
		walk(&w);
		find(&w);
	}
	fini(&w);
	if (!ok)
		lk_dominators_fini(d);
	return ok ? 0 : -ENOMEM;
}

uint32_t
lk_dominators_of(const struct lk_dominators *d, uint32_t node)
{
	uint32_t number = d->number[node];

	return number == 0 || d->above[number] == 0 ? NONE : d->node[d->above[number]];
}

/* A dominator has a smaller number than what it dominates. */
void
lk_dominators_retain(const struct lk_dominators *d, uint64_t *bytes)
{
	uint32_t v;

	for (v = d->count; v > 0; v--)
		if (d->above[v] != 0)
			bytes[d->node[d->above[v]]] += bytes[d->node[v]];
}
