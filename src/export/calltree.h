/* calltree.h - all stacks as one tree of calls, from outside in.  Room: export, private to it. */
#ifndef LK_EXPORT_CALLTREE_H
#define LK_EXPORT_CALLTREE_H

#include <stdbool.h>
#include <stdint.h>

#include "export/frames.h"

struct lk_export_job;

#define LK_CALLTREE_ROOT UINT32_MAX
#define LK_CALLTREE_NODES_MAX 100000u

struct lk_calltree_node {
	uint32_t parent;	/* a smaller number, or LK_CALLTREE_ROOT */
	uint32_t frame;		/* number in frames */
	double live_bytes, grown_bytes;	/* of the stacks that end here */
};

struct lk_calltree {
	struct lk_frames frames;
	uint32_t count, room, slot_count;
	struct lk_calltree_node *nodes;	/* [count], parents first */
	uint32_t *slots;
	bool cut;		/* there are more calls: what they took is at their callers' */
};

/* lk_calltree_fill - *tree with the stacks of JOB, those that grew most first.
 * Returns: 0 or -ENOMEM; to be freed in any case. */
int lk_calltree_fill(struct lk_calltree *tree, const struct lk_export_job *job);
void lk_calltree_free(struct lk_calltree *tree);

#endif
