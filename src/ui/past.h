/* past.h - the last minutes of a process, as they were on the screen.  Room: ui.
 * One snapshot every ten seconds, for ten minutes, within a bound of memory: what a sampler itself
 * keeps of the past is sums, and trends of its largest stacks. */
#ifndef LK_UI_PAST_H
#define LK_UI_PAST_H

#include <stdint.h>

struct lk_snapshot;

#define LK_PAST_MAX	60
#define LK_PAST_STEP_S	10.0
#define LK_PAST_BYTES	(64u << 20)

struct lk_past {
	const struct lk_snapshot *list[LK_PAST_MAX];	/* [count] held, oldest first */
	int			  count;
};

/* lk_past_keep - S is one of them when it is time; the oldest go when there are too many. */
void lk_past_keep(struct lk_past *p, const struct lk_snapshot *s);
void lk_past_forget(struct lk_past *p);

/* lk_past_before/after - of a moment; NULL: there is none.  Borrowed until the next keep. */
const struct lk_snapshot *lk_past_before(const struct lk_past *p, double at_s);
const struct lk_snapshot *lk_past_after(const struct lk_past *p, double at_s);

#endif
