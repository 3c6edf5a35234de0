/* cycles.h - who holds himself: the cycles of a graph, as its strongly connected components.
 * Room: sampler/freeze.  Pure but for the kernel's memory: knows no Python.
 * Tarjan's algorithm in Pearce's form, without recursion: as many steps as there are nodes and
 * edges. */
#ifndef LK_SAMPLER_FREEZE_CYCLES_H
#define LK_SAMPLER_FREEZE_CYCLES_H

#include <stdbool.h>
#include <stdint.h>

struct lk_graph;

struct lk_cycles {
	uint32_t	*component;	/* [node_count] from 1; 0: in no cycle */
	uint32_t	 count;		/* components of more than one node, or of one that holds
					 * itself */
	uint32_t	 node_count;
	uint32_t	*came_from;	/* [node_count] of lk_cycles_shortest, as is the next */
	uint32_t	*queue;
};

/* lk_cycles_find - of G without those for which IS_LEFT_OUT.  Returns: 0 or -ENOMEM. */
int lk_cycles_find(struct lk_cycles *c, const struct lk_graph *g,
    bool (*is_left_out)(uint32_t node));
void lk_cycles_fini(struct lk_cycles *c);

/* lk_cycles_shortest - the shortest way from NODE, which is in a cycle, back to it; once for each
 * component.  OUT[MAX] are its nodes, NODE first, as far as they fit.
 * Returns: how many there are; 0: no memory. */
uint32_t lk_cycles_shortest(struct lk_cycles *c, const struct lk_graph *g, uint32_t node,
    uint32_t *out, uint32_t max);

#endif
