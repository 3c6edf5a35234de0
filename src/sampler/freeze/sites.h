/* sites.h - which stacks allocated the objects of each type, as far as they were sampled.
 * Room: sampler/freeze.
 * An object is sampled when one of the blocks that it is made of (blocks.h) is. */
#ifndef LK_SAMPLER_FREEZE_SITES_H
#define LK_SAMPLER_FREEZE_SITES_H

#include <stdint.h>

struct lk_answer;
struct lk_kinds;
struct lk_measured;
struct lk_sampled;

/* lk_sites_init - Returns: 0 or -ENOMEM.  Without memory see and tell do nothing. */
int lk_sites_init(const struct lk_kinds *k, const struct lk_sampled *s);

/* lk_sites_see - OBJECT is of the kind with that NUMBER. */
void lk_sites_see(uint32_t number, const void *object, const struct lk_measured *measured);

/* lk_sites_tell - those with most bytes of each type that is in OUT.  ROW_OF: the row of a kind by
 * its number, from 1; 0: none. */
void lk_sites_tell(struct lk_answer *out, const uint32_t *row_of);

#endif
