/* survivors.h - what is alive, by the line and by the interval between baselines in which it was
 * born, as a table.  Room: ui. */
#ifndef LK_UI_SURVIVORS_H
#define LK_UI_SURVIVORS_H

#include <stddef.h>
#include <stdint.h>

#include "ui/table.h"

struct lk_estimate;
struct lk_frame;
struct lk_growth_set;
struct lk_session;
struct lk_snapshot;
struct lk_survivor;

struct lk_survivors {
	struct lk_table		 table;
	struct lk_session	*session;
	struct lk_growth_set	*set;		/* owned: what the rows are of */
	const struct lk_snapshot *held;
	struct lk_survivor	*rows;		/* [row_count], the lines with most alive */
	struct lk_estimate	*born;		/* [row_count][interval_count], theirs */
	size_t			 row_count;
	uint32_t		 interval_count;	/* before the first baseline, since each */
};

/* init/fini - caller's storage, zeroed. */
void lk_survivors_init(struct lk_survivors *survivors, struct lk_session *session);
void lk_survivors_fini(struct lk_survivors *survivors);

/* lk_survivors_update - those of NOW; without memory they stay what they were. */
void lk_survivors_update(struct lk_survivors *survivors, const struct lk_snapshot *now);

/* lk_survivors_frame - of the selected row, borrowed; NULL: none. */
const struct lk_frame *lk_survivors_frame(const struct lk_survivors *survivors);

#endif
