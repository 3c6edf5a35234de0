/* share.h - what one process of a group has of a row of growth.  Pure.  Room: analysis. */
#ifndef LK_ANALYSIS_SHARE_H
#define LK_ANALYSIS_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/growth.h"

struct lk_snapshot;

struct lk_share {
	double	live_bytes, live_error_bytes;
	double	delta_bytes, delta_error_bytes;	/* since the reference; NAN: it missed that */
	bool	significant;			/* as of growth.h */
};

/* lk_share_of_row - of PART (model/snapshot.h, members) in ROW, which was made of the whole with
 * REFERENCE, UNTIL and GROUP.
 * Returns: 0; -ENODATA when rows of a baseline are missing; -ENOMEM. */
int lk_share_of_row(const struct lk_snapshot *part, const struct lk_growth *row,
    uint32_t reference, uint32_t until, enum lk_group group, struct lk_share *out);

/* lk_share_of_all - of PART in everything: its own sum.  Returns: likewise. */
int lk_share_of_all(const struct lk_snapshot *part, uint32_t reference, uint32_t until,
    struct lk_share *out);

/* lk_share_stack - the stack of S that is STACK of another process: with the same frames, or else
 * of its line the one with most that is alive.  NULL: there is none.  Borrowed from S. */
const struct lk_stack *lk_share_stack(const struct lk_snapshot *s, const struct lk_stack *stack);

#endif
