/* diff.h - two snapshots of (usually) one program against each other.  Pure.  Room: analysis. */
#ifndef LK_ANALYSIS_DIFF_H
#define LK_ANALYSIS_DIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/estimate.h"
#include "analysis/growth.h"

struct lk_snapshot;
struct lk_stack;
struct lk_arena;

/* Stacks are matched by domain and frames (function, file, line), never by id. */
struct lk_difference {
	const struct lk_stack	*stack;		/* of B, else of A */
	struct lk_estimate	 a, b;
	double			 delta_bytes, delta_objects, delta_error_bytes;
	bool			 significant, only_a, only_b;
};

struct lk_diff {
	double			 seconds;	/* B - A */
	bool			 same_process;	/* pid and start time agree: errors are those of
						   survivors, else both variances add */
	double			 delta_rss_bytes, delta_live_bytes;
	size_t			 count;
	struct lk_difference	*rows;		/* [count], by delta, falling */
	struct lk_arena		*arena;
};

/* lk_diff_new - from A to B; borrows from both.  NULL without memory. */
struct lk_diff *lk_diff_new(const struct lk_snapshot *a, const struct lk_snapshot *b);

/* lk_diff_by - the same by groups of stacks: by line, say.  A row's stack is one of its group. */
struct lk_diff *lk_diff_by(const struct lk_snapshot *a, const struct lk_snapshot *b,
    enum lk_group group);
void lk_diff_free(struct lk_diff *diff);

#endif
