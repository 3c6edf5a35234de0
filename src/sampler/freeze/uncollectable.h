/* uncollectable.h - what the collector found in cycles and gave up: gc.garbage.
 * Room: sampler/freeze.  Reads memory only. */
#ifndef LK_SAMPLER_FREEZE_UNCOLLECTABLE_H
#define LK_SAMPLER_FREEZE_UNCOLLECTABLE_H

struct lk_answer;
struct lk_kinds;

/* lk_uncollectable_tell - how many, and of which types, into OUT. */
void lk_uncollectable_tell(struct lk_kinds *k, const void *runtime, struct lk_answer *out);

#endif
