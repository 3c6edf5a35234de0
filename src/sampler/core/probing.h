/* probing.h - taking an entry out of a hash that is probed linearly.  Room: sampler/core.
 * The tables hold id + 1, 0: empty; what hashes to the hole, or before it, moves up into it: no
 * tombstones, so a table that is changed for weeks is as fast as a fresh one. */
#ifndef LK_SAMPLER_CORE_PROBING_H
#define LK_SAMPLER_CORE_PROBING_H

#include <stdint.h>

/* Where the probe for entry ID begins, unmasked. */
typedef uint32_t (*lk_probing_home)(const void *table, uint32_t id);

/* lk_probing_remove - ID, which must be there, from INDEX[MASK + 1]. */
static inline void
lk_probing_remove(uint32_t *index, uint32_t mask, uint32_t id, lk_probing_home home,
    const void *table)
{
	uint32_t hole = home(table, id) & mask, at;

	while (index[hole] != id + 1)
		hole = (hole + 1) & mask;
	for (at = (hole + 1) & mask; index[at] != 0; at = (at + 1) & mask) {
		if (((at - home(table, index[at] - 1)) & mask) < ((at - hole) & mask))
			continue;	/* it would come before its home */
		index[hole] = index[at];
		hole = at;
	}
	index[hole] = 0;
}

#endif
