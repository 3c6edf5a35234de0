/* group_stacks.h - the stacks of several processes by what they are called: the same domain,
 * thread, flags and frames (function, file, line) are one stack, whoever allocated.
 * Room: client.  One thread. */
#ifndef LK_CLIENT_GROUP_STACKS_H
#define LK_CLIENT_GROUP_STACKS_H

#include <stdint.h>

struct lk_shared;
struct lk_stack;

struct lk_group_stacks {
	struct lk_shared *pool;		/* owns the stacks and their words */
	uint32_t count, capacity;
	const struct lk_stack **list;	/* [count]: of the id, less one */
	uint64_t *keys;			/* [count] */
	uint32_t *slots;		/* id; 0: free; twice the capacity */
	const char **texts;		/* a hash table of [text_capacity]; NULL: free */
	uint32_t text_count, text_capacity;
};

/* lk_group_stacks_init - none yet.  Returns: 0 or -ENOMEM. */
int lk_group_stacks_init(struct lk_group_stacks *g);
void lk_group_stacks_fini(struct lk_group_stacks *g);

/* lk_group_stacks_id - of STACK, of whatever process; copied when it is new.
 * Returns: from 1; 0 without memory. */
uint32_t lk_group_stacks_id(struct lk_group_stacks *g, const struct lk_stack *stack);

#endif
