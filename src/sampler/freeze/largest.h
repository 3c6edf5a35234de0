/* largest.h - the largest containers of a frozen heap, those with most items first; of those that
 * have bytes instead, LK_FORM_RAW_ITEM_BYTES count as an item.
 * Room: sampler/freeze.
 * What another container has its items in, as a queue in its deque, is not one of its own. */
#ifndef LK_SAMPLER_FREEZE_LARGEST_H
#define LK_SAMPLER_FREEZE_LARGEST_H

#include <stdbool.h>
#include <stdint.h>

struct lk_answer;
struct lk_kinds;
struct lk_measured;

/* lk_largest_init - those of at least MIN_LENGTH are wanted.  Returns: 0 or -ENOMEM. */
int lk_largest_init(const struct lk_kinds *k, uint64_t min_length);

/* lk_largest_see - NODE is OBJECT, whose type is the kind with that NUMBER. */
void lk_largest_see(uint32_t node, const void *object, uint32_t number,
    const struct lk_measured *measured);

/* lk_largest_tell - into OUT, with their owners when KNOWS_HOLDERS: lk_holders_path() knows them.
 * GENERATION_OF: as in the answer. */
void lk_largest_tell(struct lk_answer *out, bool knows_holders,
    uint8_t (*generation_of)(uint32_t node));

/* lk_largest_reveal - the items of the only one that was seen; nothing when there was none. */
void lk_largest_reveal(struct lk_answer *out);

#endif
