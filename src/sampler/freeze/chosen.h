/* chosen.h - the objects whose holders are wanted: those of a type, one, or those that the sampled
 * blocks of a stack belong to.
 * Room: sampler/freeze. */
#ifndef LK_SAMPLER_FREEZE_CHOSEN_H
#define LK_SAMPLER_FREEZE_CHOSEN_H

#include <stdbool.h>
#include <stdint.h>

struct lk_answer;
struct lk_kinds;
struct lk_nodes;
struct lk_sampled;
struct lk_want;

struct lk_chosen {
	const struct lk_nodes	*nodes;
	struct lk_kinds		*kinds;
	const struct lk_want	*want;
	const struct lk_sampled	*sampled;
};

/* lk_chosen_mark - MARKS [nodes], zero, of each of them becomes 1.  OUT is told the type of most
 * of them, and of a stack its samples.  Returns: false without memory. */
bool lk_chosen_mark(const struct lk_chosen *c, uint8_t *marks, struct lk_answer *out);

#endif
