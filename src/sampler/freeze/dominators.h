/* dominators.h - what would go with an object: the node that every way from a root to it passes.
 * Room: sampler/freeze.  Pure but for the kernel's memory: knows no Python.
 * Lengauer and Tarjan's algorithm with path compression: for E edges and N nodes it takes
 * E log N steps at most, whatever the graph, and no recursion. */
#ifndef LK_SAMPLER_FREEZE_DOMINATORS_H
#define LK_SAMPLER_FREEZE_DOMINATORS_H

#include <stdbool.h>
#include <stdint.h>

struct lk_graph;

#define LK_DOMINATORS_NONE	UINT32_MAX

/* Nodes that are reached have numbers from 1 in the order of a walk in depth; 0 holds the roots. */
struct lk_dominators {
	uint32_t	*number;	/* [nodes] 0: not reached */
	uint32_t	*node;		/* [count + 1] by number */
	uint32_t	*above;		/* [count + 1] by number: the number of the dominator */
	uint32_t	 count, node_count;
};

/* lk_dominators_find - of G, whose roots are those for which IS_ROOT.  Returns: 0 or -ENOMEM. */
int lk_dominators_find(struct lk_dominators *d, const struct lk_graph *g,
    bool (*is_root)(uint32_t node));
void lk_dominators_fini(struct lk_dominators *d);

/* lk_dominators_of - the closest dominator of NODE; NONE: only the roots together, or it is not
 * reached. */
uint32_t lk_dominators_of(const struct lk_dominators *d, uint32_t node);

/* lk_dominators_retain - BYTES [nodes] of each node become those that would go with it; what is
 * not reached keeps its own. */
void lk_dominators_retain(const struct lk_dominators *d, uint64_t *bytes);

#endif
