/* graph.h - who holds whom: for each node, in the order of their numbers, the nodes it holds.
 * Room: sampler/freeze.  Pure but for the kernel's memory: knows no Python. */
#ifndef LK_SAMPLER_FREEZE_GRAPH_H
#define LK_SAMPLER_FREEZE_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

struct lk_graph {
	uint32_t	*first;		/* [count + 1] where the edges of a node begin */
	uint32_t	*edges;		/* [edge_count] numbers of nodes */
	uint32_t	*held;		/* [node_capacity] counted edges to a node */
	uint32_t	 count;		/* nodes whose edges are told */
	uint32_t	 node_capacity, edge_count, edge_capacity;
	bool		 is_full;	/* edges found no room: the graph is of no use */
};

/* lk_graph_init - Returns: 0 or -ENOMEM. */
int lk_graph_init(struct lk_graph *g, uint32_t node_capacity, uint32_t edge_capacity);
void lk_graph_fini(struct lk_graph *g);

/* lk_graph_begin - the next node's edges follow.
 * lk_graph_hold - to the node TO; COUNTED: for one of its references.
 * lk_graph_end - there are no more nodes. */
void lk_graph_begin(struct lk_graph *g);
void lk_graph_hold(struct lk_graph *g, uint32_t to, bool counted);
void lk_graph_end(struct lk_graph *g);

/* lk_graph_reach - marks NODE and all that it reaches over nodes without a mark.
 * MARKS [count]; LIST [count] is a place to work. */
void lk_graph_reach(const struct lk_graph *g, uint32_t node, uint8_t *marks, uint32_t *list);

#endif
