#include "config.h"

#include "sampler/freeze/graph.h"

#include <errno.h>

#include "sampler/freeze/store.h"

int
lk_graph_init(struct lk_graph *g, uint32_t node_capacity, uint32_t edge_capacity)
{
	g->node_capacity = node_capacity;
	g->edge_capacity = edge_capacity;
	g->count = g->edge_count = 0;
	g->is_full = false;
	g->first = lk_store_map((size_t)node_capacity + 1, sizeof(*g->first));
	g->edges = lk_store_map(edge_capacity, sizeof(*g->edges));
	g->held = lk_store_map(node_capacity, sizeof(*g->held));
	if (g->first != NULL && g->edges != NULL && g->held != NULL)
		return 0;
	lk_graph_fini(g);
	return -ENOMEM;
}

void
lk_graph_fini(struct lk_graph *g)
{
	lk_store_unmap(g->first, (size_t)g->node_capacity + 1, sizeof(*g->first));
	lk_store_unmap(g->edges, g->edge_capacity, sizeof(*g->edges));
	lk_store_unmap(g->held, g->node_capacity, sizeof(*g->held));
	g->first = g->edges = g->held = NULL;
}

void
lk_graph_begin(struct lk_graph *g)
{
	if (g->count == g->node_capacity)
		g->is_full = true;
	else
		g->first[g->count++] = g->edge_count;
}

void
lk_graph_hold(struct lk_graph *g, uint32_t to, bool counted)
{
	if (g->edge_count == g->edge_capacity) {
		g->is_full = true;
		return;
	}
	g->edges[g->edge_count++] = to;
	g->held[to] += counted;
}

void
lk_graph_end(struct lk_graph *g)
{
	g->first[g->count] = g->edge_count;
}

/* A node is marked when it comes into the list, so that it comes there once. */
void
lk_graph_reach(const struct lk_graph *g, uint32_t node, uint8_t *marks, uint32_t *list)
{
	uint32_t left = 0, i, at;

	if (marks[node])
		return;
	marks[node] = 1;
	list[left++] = node;
	while (left > 0) {
		at = list[--left];
		for (i = g->first[at]; i < g->first[at + 1]; i++) {
			if (marks[g->edges[i]])
				continue;
			marks[g->edges[i]] = 1;
			list[left++] = g->edges[i];
		}
	}
}
