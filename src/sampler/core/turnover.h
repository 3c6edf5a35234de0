/* turnover.h - stacks come and go: letting go of some, so that the next one finds room.
 * Room: sampler/core.
 *
 * The tables of stacks are for what is there, not for all that ever was: a service of a week has
 * more distinct stacks than any table.  When one of them (stacks, nodes, frames, names) is seven
 * eighths full, a pass makes room:
 *   1. of the stacks without live samples, those that changed last the longest ago, until half
 *      of the table is free.  What they allocated is counted under "(stacks no longer alive)".
 *   2. if seven eighths are still in use, and without those that hold nothing more than three
 *      quarters are: those with the fewest live bytes, until a quarter is free.  Their live
 *      samples and all they allocated are counted under "(no room for more stacks)", with their
 *      weights, epochs and variance.  A stack that leaks has more than those when the next pass
 *      comes, so it stays.
 * Both rows are one of each domain; totals before and after are the same.  A stack that was let
 * go of and is seen again is a new one, with a new serial.  Why not merge into the parent: its
 * frames are those of a caller which did not allocate, and a row that means two things is no row
 * to act on.
 *
 * A pass is made of steps, each with the lock held for some ten microseconds; between them hooks
 * go on, and the record is whole, so that a fork between two steps finds nothing half done.
 * What a hook does meanwhile wins: a stack that gets a sample, or is interned anew, stays.
 * Hooks pay nothing for it. */
#ifndef LK_SAMPLER_CORE_TURNOVER_H
#define LK_SAMPLER_CORE_TURNOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "sampler/core/cells.h"
#include "sampler/core/stacks.h"

struct lk_live;

#define LK_TURNOVER_RANKS	512u

struct lk_turnover {
	struct lk_stacks *stacks;
	struct lk_live	*live;
	/* STACK is no more; called in a step */
	void		(*ended)(void *ctx, uint32_t stack);
	void		*ctx;
	enum lk_stacks_collector into;	/* ENDED: 1. above; NO_ROOM: 2. */
	uint32_t	 phase, at;	/* the step under way, and where it is */
	uint64_t	 began;		/* the change counter: what changes later stays */
	uint32_t	 wanted;	/* stacks to let go of */
	uint32_t	 dead;		/* NO_ROOM: stacks that need not be merged to go */
	uint32_t	 ended_count;	/* so far */
	uint32_t	 ranks[LK_TURNOVER_RANKS];	/* stacks of each; the larger goes first */
	uint32_t	 last_rank, of_last;	/* larger ones go all, this one: so many */
	uint32_t	 hint[LK_CELLS_HINTS];
};

/* lk_turnover_is_due - a table is seven eighths full.  Needs the lock, as all of these. */
bool lk_turnover_is_due(const struct lk_stacks *s);

/* lk_turnover_begin - a pass that lets go of stacks INTO that collector. */
void lk_turnover_begin(struct lk_turnover *t, struct lk_stacks *s, struct lk_live *live,
    enum lk_stacks_collector into);

/* lk_turnover_step - a little of it.  Returns: whether there is more to do. */
bool lk_turnover_step(struct lk_turnover *t);

#endif
