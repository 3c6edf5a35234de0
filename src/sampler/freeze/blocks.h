/* blocks.h - the blocks of memory that an object is made of: its own, and those of its items.
 * Room: sampler/freeze.  Reads memory only. */
#ifndef LK_SAMPLER_FREEZE_BLOCKS_H
#define LK_SAMPLER_FREEZE_BLOCKS_H

#include <stdint.h>

#include "sampler/heap/measure.h"

struct lk_layout;

/* lk_blocks_each - CALL for the address of each block of OBJECT, which is of KIND and MEASURED.
 * What objects share (the keys of dicts of one class) is nobody's. */
void lk_blocks_each(const struct lk_layout *l, enum lk_measure_kind kind, const void *object,
    const struct lk_measured *measured, void (*call)(void *ctx, uint64_t block), void *ctx);

#endif
