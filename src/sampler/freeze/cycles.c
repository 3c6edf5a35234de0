#include "config.h"

#include "sampler/freeze/cycles.h"

#include <errno.h>

#include "base/attr.h"
#include "sampler/freeze/graph.h"
#include "sampler/freeze/store.h"

#define ALONE	UINT32_MAX	/* a component that is no cycle */

/* LOW of a node: 0, not seen yet; then the least of the order in which those nodes were seen that
 * it is known to reach and that are in no component yet; then its component, counted down from
 * ALONE, so that it is never the least. */
struct work {
	const struct lk_graph	*g;
	bool			(*is_left_out)(uint32_t node);
	uint32_t		*low;
	uint32_t		*path, *edge, *seen;	/* by depth: a node, its next edge, when */
	uint32_t		*waiting;		/* done, and component not known */
	uint32_t		 depth, waiting_count, order, component;
};

static uint32_t *
map(uint32_t count)
{
	return lk_store_map((size_t)count + 1, sizeof(uint32_t));
}

static void
unmap(uint32_t *p, uint32_t count)
{
	lk_store_unmap(p, (size_t)count + 1, sizeof(uint32_t));
}

static void
enter(struct work *w, uint32_t node)
{
	w->low[node] = ++w->order;
	w->path[w->depth] = node;
	w->edge[w->depth] = w->g->first[node];
	w->seen[w->depth++] = w->order;
}

static bool
holds_itself(const struct work *w, uint32_t node)
{
	uint32_t i;

	for (i = w->g->first[node]; i < w->g->first[node + 1]; i++)
		if (w->g->edges[i] == node)
			return true;
	return false;
}

/* Those that wait and were seen after NODE reach it, and it reaches them. */
static void
close_component(struct work *w, uint32_t node)
{
	uint32_t least = w->low[node], before = w->waiting_count;

	while (w->waiting_count > 0 && w->low[w->waiting[w->waiting_count - 1]] >= least)
		w->low[w->waiting[--w->waiting_count]] = w->component;
	if (w->waiting_count == before && !holds_itself(w, node))
		w->low[node] = ALONE;
	else
		w->low[node] = w->component--;
}

static void
leave(struct work *w)
{
	uint32_t node = w->path[--w->depth], above;

	if (w->low[node] == w->seen[w->depth])
		close_component(w, node);
	else
		w->waiting[w->waiting_count++] = node;
	if (w->depth == 0)
		return;
	above = w->path[w->depth - 1];
	if (w->low[node] < w->low[above])
		w->low[above] = w->low[node];
}

static void
walk_from(struct work *w, uint32_t node)
{
	uint32_t at, to;

	enter(w, node);
	while (w->depth > 0) {
		at = w->path[w->depth - 1];
		if (w->edge[w->depth - 1] == w->g->first[at + 1]) {
			leave(w);
			continue;
		}
		to = w->g->edges[w->edge[w->depth - 1]++];
		if (w->low[to] == 0 && w->is_left_out(to))
			w->low[to] = ALONE;
		if (w->low[to] == 0)
			enter(w, to);
		else if (w->low[to] < w->low[at])
			w->low[at] = w->low[to];
	}
}

static void
walk(struct work *w)
{
	uint32_t i;

	for (i = 0; i < w->g->count; i++) {
		if (w->low[i] == 0 && w->is_left_out(i))
			w->low[i] = ALONE;
		if (w->low[i] == 0)
			walk_from(w, i);
	}
}

int
lk_cycles_find(struct lk_cycles *c, const struct lk_graph *g, bool (*is_left_out)(uint32_t))
{
	struct work w = {.g = g, .is_left_out = is_left_out, .component = ALONE - 1};
	uint32_t **const arrays[] = {&w.low, &w.path, &w.edge, &w.seen, &w.waiting};
	bool ok = true;
	size_t i;

	for (i = 0; i < LK_COUNT_OF(arrays); i++) {
		*arrays[i] = map(g->count);
		ok = ok && *arrays[i] != NULL;
	}
	if (ok)
		walk(&w);
	for (i = ok; i < LK_COUNT_OF(arrays); i++)	/* but LOW, when it is the answer */
		unmap(*arrays[i], g->count);
	if (!ok)
		return -ENOMEM;
	*c = (struct lk_cycles){.component = w.low, .count = ALONE - 1 - w.component,
	    .node_count = g->count};
	for (i = 0; i < g->count; i++)
		c->component[i] = ALONE - c->component[i];
	return 0;
}

void
lk_cycles_fini(struct lk_cycles *c)
{
	unmap(c->component, c->node_count);
	unmap(c->came_from, c->node_count);
	unmap(c->queue, c->node_count);
	c->component = c->came_from = c->queue = NULL;
}

/* From LAST back to the first one, that came from nowhere. */
static uint32_t
trace(const struct lk_cycles *c, uint32_t first, uint32_t last, uint32_t *out, uint32_t max)
{
	uint32_t length = 1, node, i;

	for (node = last; node != first; node = c->came_from[node] - 1)
		length++;
	for (node = last, i = length; i-- > 0; node = c->came_from[node] - 1) {
		if (i < max)
			out[i] = node;
		if (node == first)
			break;
	}
	return length;
}

/* In breadth; who has come from somewhere is known already. */
uint32_t
lk_cycles_shortest(struct lk_cycles *c, const struct lk_graph *g, uint32_t node, uint32_t *out,
    uint32_t max)
{
	uint32_t queued = 0, done = 0, at = node, to, i;

	if (c->came_from == NULL)
		c->came_from = map(c->node_count);
	if (c->queue == NULL)
		c->queue = map(c->node_count);
	if (c->came_from == NULL || c->queue == NULL || c->component[node] == 0)
		return 0;
	for (c->queue[queued++] = node; done < queued;) {
		at = c->queue[done++];
		for (i = g->first[at]; i < g->first[at + 1]; i++) {
			to = g->edges[i];
			if (to == node)
				return trace(c, node, at, out, max);
			if (c->component[to] != c->component[node] || c->came_from[to] != 0)
				continue;
			c->came_from[to] = at + 1;
			c->queue[queued++] = to;
		}
	}
	return 0;
}
