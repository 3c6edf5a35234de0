/* cells.h - the live memory of each stack, cut by the baseline interval of its birth.
 * Room: sampler/core.  Threads: under the sampler's lock. */
#ifndef LK_SAMPLER_CORE_CELLS_H
#define LK_SAMPLER_CORE_CELLS_H

struct lk_sample;
struct lk_stacks;

/* born and died - count a sample in and out of its stack and epoch. */
void lk_cells_born(struct lk_stacks *s, const struct lk_sample *sample);
void lk_cells_died(struct lk_stacks *s, const struct lk_sample *sample);

/* lk_cells_recount - count a live sample again, with another weight: no allocation. */
void lk_cells_recount(struct lk_stacks *s, const struct lk_sample *sample);

#endif
