/* nodes.h - addresses and their numbers: 0, 1, 2 in the order in which they were added.
 * Room: sampler/freeze.  Pure but for the kernel's memory: knows no Python. */
#ifndef LK_SAMPLER_FREEZE_NODES_H
#define LK_SAMPLER_FREEZE_NODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LK_NODES_NONE	UINT32_MAX

struct lk_nodes {
	uint64_t	*address;	/* [count] */
	uint32_t	*slots;		/* [1 << slots_log2] numbers + 1, 0: free; half are */
	uint32_t	 count, capacity;
	uint32_t	 slots_log2;
};

/* lk_nodes_init - for at most CAPACITY (below 2^31).  Returns: 0 or -ENOMEM. */
int lk_nodes_init(struct lk_nodes *n, uint32_t capacity);
void lk_nodes_fini(struct lk_nodes *n);

/* lk_nodes_find - Returns: its number or LK_NODES_NONE. */
uint32_t lk_nodes_find(const struct lk_nodes *n, uint64_t address);

/* lk_nodes_add - its number, a new one when it was not there.
 * Returns: LK_NODES_NONE when there is no room for a new one. */
uint32_t lk_nodes_add(struct lk_nodes *n, uint64_t address);

#endif
