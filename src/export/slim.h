/* slim.h - a snapshot for a recording, which keeps many.  Room: export. */
#ifndef LK_EXPORT_SLIM_H
#define LK_EXPORT_SLIM_H

struct lk_arena;
struct lk_snapshot;

/* lk_slim_snapshot - S without stacks of which nothing is alive, now or at a baseline: in a service
 * these are nearly all.  What they had allocated counts to one stack of the same line and domain:
 * sums by line and above stay as they are.  Where nothing of a line is alive, that stack has its
 * innermost frames alone.  Borrows from S, and lives in ARENA.
 * Returns: S itself where there is no memory for less. */
const struct lk_snapshot *lk_slim_snapshot(const struct lk_snapshot *s, struct lk_arena *arena);

#endif
