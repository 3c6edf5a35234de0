/* sampled.h - the sampled blocks that were alive when the process was frozen.
 * Room: sampler/freeze.
 * Context: in the child, whose copy of the record nobody changes and no lock guards: what a thread
 * was writing then is at worst one sample, taken as it was before or after. */
#ifndef LK_SAMPLER_FREEZE_SAMPLED_H
#define LK_SAMPLER_FREEZE_SAMPLED_H

#include <stdatomic.h>
#include <stdint.h>

struct lk_live;
struct lk_sample;
struct lk_slots;

struct lk_sampled {
	const struct lk_live		*live;
	const struct lk_slots		*slots;
	const _Atomic uint32_t		*stack_serial;	/* [stack_capacity] */
	uint32_t			 stack_capacity;
};

/* lk_sampled_each - CALL (NULL: nobody) for each block of the stack with SERIAL, 0: of all stacks.
 * Returns: how many they are. */
uint32_t lk_sampled_each(const struct lk_sampled *s, uint32_t serial,
    void (*call)(void *ctx, const struct lk_sample *sample), void *ctx);

/* lk_sampled_stack - the serial of the stack of SAMPLE; 0: none any more. */
uint32_t lk_sampled_stack(const struct lk_sampled *s, const struct lk_sample *sample);

#endif
