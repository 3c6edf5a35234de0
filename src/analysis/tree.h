/* tree.h - the calls of all stacks as one tree, with what lives below each.  Room: analysis.
 *
 * There are nodes as far as somebody looked: a stack waits at the deepest node that there is for
 * it, and lk_tree_expand() hands the stacks of a node on to its children.
 *
 * The tree stays from one snapshot to the next: only stacks that are new are put in, so a refresh
 * costs a pass over the stacks and one over the nodes.  Nodes of stacks that are gone stay too,
 * without bytes, until there are too many of them: then it is made anew. */
#ifndef LK_ANALYSIS_TREE_H
#define LK_ANALYSIS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"

struct lk_growth_stacks;

#define LK_TREE_ROOT	0u
#define LK_TREE_NONE	UINT32_MAX

/* Node ROOT stands for all.  A parent has a smaller number than its children. */
struct lk_tree_node {
	struct lk_frame	frame;		/* function NULL: stacks without frames, or the root */
	uint32_t	parent, next;	/* LK_TREE_NONE: none; children in the order of the last
					   lk_tree_sort() */
	uint32_t	first;		/* as far as it was expanded */
	uint32_t	depth;		/* of the root 0 */
	double		delta_bytes, live_bytes;	/* of it and all below */
	double		own_delta_bytes, own_live_bytes;
};

struct lk_tree;

/* lk_tree_new - outermost calls first, or INVERTED: what allocated first, then who called it.
 * Returns: NULL without memory. */
struct lk_tree *lk_tree_new(bool inverted);
void lk_tree_free(struct lk_tree *t); /* NULL is fine */

/* lk_tree_update - the bytes are those of STACKS from now on.  The stacks, not the list of them,
 * are borrowed until the next update.  ONE_PROCESS: a stack's id means what it meant the last time;
 * else ids mean nothing.
 * Returns: 1 when it was made anew, so that no node is what it was; 0; -ENOMEM (it is empty). */
int lk_tree_update(struct lk_tree *t, const struct lk_growth_stacks *stacks, bool one_process);

/* lk_tree_turn - upside down: without nodes but the root before the next update; the names of the
 * calls stay. */
void lk_tree_turn(struct lk_tree *t);

bool lk_tree_is_inverted(const struct lk_tree *t);

/* lk_tree_count - nodes made so far, numbered from 0, the root. */
uint32_t lk_tree_count(const struct lk_tree *t);

/* lk_tree_at - borrowed until the next update or expand. */
const struct lk_tree_node *lk_tree_at(const struct lk_tree *t, uint32_t node);

/* lk_tree_expand - NODE gets its children, unless it has them; of no other node anything changes.
 * Returns: the first one; LK_TREE_NONE: there is none, or no memory for them now. */
uint32_t lk_tree_expand(struct lk_tree *t, uint32_t node);

/* lk_tree_sort - the children of NODE that there are, largest growth first, or BY_LIVE the most
 * bytes. */
void lk_tree_sort(struct lk_tree *t, uint32_t node, bool by_live);

#endif
