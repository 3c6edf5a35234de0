#include "config.h"

#include "sampler/freeze/sampled.h"

#include <stdbool.h>

#include "sampler/core/live.h"
#include "sampler/core/slots.h"

/* A sample that died, but was not counted yet, is no longer what its address leads to. */
static bool
is_alive(const struct lk_sampled *s, uint32_t i)
{
	const struct lk_sample *sample = &s->live->samples[i];
	const void *block = (const void *)sample->address;

	if (!sample->used)
		return false;
	if (!sample->in_slot)
		return lk_live_find(s->live, block) == i;
	return lk_slots_owns(s->slots->base, s->slots->bytes, block) &&
	    atomic_load_explicit(&s->slots->sample[lk_slots_index(s->slots, block)],
	    memory_order_relaxed) == i;
}

uint32_t
lk_sampled_stack(const struct lk_sampled *s, const struct lk_sample *sample)
{
	return sample->stack >= s->stack_capacity ? 0 :
	    atomic_load_explicit(&s->stack_serial[sample->stack], memory_order_relaxed);
}

uint32_t
lk_sampled_each(const struct lk_sampled *s, uint32_t serial,
    void (*call)(void *ctx, const struct lk_sample *sample), void *ctx)
{
	uint32_t i, of, count = 0;

	for (i = 0; i < s->live->used_count && i < s->live->capacity; i++) {
		if (!is_alive(s, i))
			continue;
		of = lk_sampled_stack(s, &s->live->samples[i]);
		if (of == 0 || (serial != 0 && of != serial))
			continue;
		count++;
		if (call != NULL)
			call(ctx, &s->live->samples[i]);
	}
	return count;
}
