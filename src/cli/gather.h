/* gather.h - what a snapshot of ticks alone would lack.  Room: cli. */
#ifndef LK_CLI_GATHER_H
#define LK_CLI_GATHER_H

struct lk_source;

/* Both ask a live SOURCE and take what comes: a part that the sampler cannot give is said and left
 * out, as the rest is still worth having.
 * Returns: LK_EXIT_DONE; else an exit status, said on stderr: the process went away. */

/* lk_gather_all - history, trends, memory, events, containers (which freezes the heap; not of a
 * group, whose heaps are several) and what was alive at all baselines. */
int lk_gather_all(struct lk_source *source);

/* lk_gather_cheap - without trends and containers, and of the baselines only the newest. */
int lk_gather_cheap(struct lk_source *source);

#endif
