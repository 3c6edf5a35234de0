/* cells.h - the live memory of each stack, cut by the baseline interval of its birth.
 * Room: sampler/core.  Threads: under the sampler's lock. */
#ifndef LK_SAMPLER_CORE_CELLS_H
#define LK_SAMPLER_CORE_CELLS_H

#include <stdint.h>

struct lk_sample;
struct lk_stacks;

/* born and died - count a sample in and out of its stack and epoch.  DUTY_SLOT: the slot of time
 * it was taken in, of no matter at full duty. */
void lk_cells_born(struct lk_stacks *s, struct lk_sample *sample, uint32_t duty_slot);
void lk_cells_died(struct lk_stacks *s, const struct lk_sample *sample);

/* lk_cells_recount - count in what lives already under another sample: no allocation. */
void lk_cells_recount(struct lk_stacks *s, struct lk_sample *sample, uint32_t duty_slot);

/* lk_cells_reweigh - SAMPLE lives on with another weight; BEFORE is as it was.  No allocation. */
void lk_cells_reweigh(struct lk_stacks *s, const struct lk_sample *before,
    struct lk_sample *sample);

/* lk_cells_move - SAMPLE is counted under the stack TO from now on.  HINT: LK_CELLS_HINTS words,
 * all LK_CLUSTERS_NONE before the first of many; those of one slot of time are one cluster
 * again, but for slots and epochs that share a hint: the variance misses what these have in
 * common. */
#define LK_CELLS_HINTS	1024u
void lk_cells_move(struct lk_stacks *s, struct lk_sample *sample, uint32_t to, uint32_t *hint);

/* lk_cells_fold - what FROM allocated is counted under TO; FROM, without samples, is to be
 * removed. */
void lk_cells_fold(struct lk_stacks *s, uint32_t from, uint32_t to);

#endif
