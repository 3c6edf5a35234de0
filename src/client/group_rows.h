/* group_rows.h - rows of several processes become one list, by the stacks of a group.
 * Room: client.  Estimates of different processes are independent: their variances add. */
#ifndef LK_CLIENT_GROUP_ROWS_H
#define LK_CLIENT_GROUP_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leaktop/wire.h"

struct lk_arena;
struct lk_group_stacks;
struct lk_row;

/* Epochs of a process to those of the group: from the last of LIST with FROM <= epoch; 0 before. */
struct lk_group_epochs {
	bool is_same;	/* they are the same numbers */
	uint32_t count;
	struct lk_group_epoch {
		uint32_t from, to;
	} list[LK_WIRE_BASELINES_MAX];
};

struct lk_group_input {
	const struct lk_row *rows;
	uint32_t count;
	const uint32_t *ids;			/* [count] in the group; NULL: the stack's own */
	const struct lk_group_epochs *epochs;	/* NULL: the group's */
};

/* lk_group_rows_add - the sum of all INPUTS, by stack id, in ARENA.  It borrows cells and trends
 * where nothing has to be added: keep the inputs' owners as long.
 * Returns: 0 or -ENOMEM. */
int lk_group_rows_add(const struct lk_group_stacks *stacks, const struct lk_group_input *inputs,
    size_t input_count, struct lk_arena *arena, const struct lk_row **rows, uint32_t *count);

#endif
