/* identity.h - when two stacks are the same for a grouping, and a table of groups.
 * Room: analysis, private to it but for client's groups of processes. */
#ifndef LK_ANALYSIS_IDENTITY_H
#define LK_ANALYSIS_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/growth.h"

struct lk_arena;

/* Beyond the groupings of growth.h: domain and all frames, for stacks of two files. */
#define LK_IDENTITY_FRAMES ((enum lk_group)LK_GROUP_COUNT)

/* lk_identity_key - equal for stacks of one group, nearly always different for others. */
uint64_t lk_identity_key(const struct lk_stack *stack, enum lk_group group);

/* lk_identity_same - the truth about it. */
bool lk_identity_same(const struct lk_stack *a, const struct lk_stack *b, enum lk_group group);

/* Groups are numbered from 0 in the order in which they are met. */
struct lk_identities {
	enum lk_group		 group;
	uint32_t		 slot_count;	/* a power of two */
	uint32_t		 count;
	uint32_t		*slots;		/* group number + 1; 0: free */
	const struct lk_stack  **stacks;	/* [count], of each group the first one met */
	uint64_t		*keys;		/* [count] */
};

/* lk_identity_init - room for MAX groups, in ARENA.  Returns: 0 or -ENOMEM. */
int lk_identity_init(struct lk_identities *ids, enum lk_group group, size_t max,
    struct lk_arena *arena);

/* lk_identity_number - of STACK's group; at most MAX different ones may be asked for. */
uint32_t lk_identity_number(struct lk_identities *ids, const struct lk_stack *stack);

#endif
