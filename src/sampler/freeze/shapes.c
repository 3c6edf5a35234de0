#include "config.h"

#include "sampler/freeze/shapes.h"

#include <errno.h>
#include <stdbool.h>

#include "sampler/freeze/store.h"

#define SLOTS	(2 * LK_SHAPES_MAX)
#define MIX	0x9e3779b97f4a7c15u
#define SLOTS_LOG2 18

int
lk_shapes_init(struct lk_shapes *s)
{
	s->count = 1;
	s->list = lk_store_map(LK_SHAPES_MAX, sizeof(*s->list));
	s->slots = lk_store_map(SLOTS, sizeof(*s->slots));
	if (s->list != NULL && s->slots != NULL)
		return 0;
	lk_shapes_fini(s);
	return -ENOMEM;
}

void
lk_shapes_fini(struct lk_shapes *s)
{
	lk_store_unmap(s->list, LK_SHAPES_MAX, sizeof(*s->list));
	lk_store_unmap(s->slots, SLOTS, sizeof(*s->slots));
	s->list = NULL;
	s->slots = NULL;
}

static bool
is_same(const struct lk_shape *shape, uint32_t parent, enum lk_step step, uint64_t value)
{
	return shape->parent == parent && shape->step == step && shape->value == value;
}

uint32_t
lk_shapes_of(struct lk_shapes *s, uint32_t parent, enum lk_step step, uint64_t value)
{
	const struct lk_shape *before = &s->list[parent];
	uint64_t mixed = ((uint64_t)parent * MIX ^ value ^ (uint64_t)step << 56) * MIX;
	uint32_t i = (uint32_t)(mixed >> (64 - SLOTS_LOG2));

	if (parent != LK_SHAPES_NONE && before->step == step && before->value == value)
		return parent;
	while (s->slots[i] != 0) {
		if (is_same(&s->list[s->slots[i]], parent, step, value))
			return s->slots[i];
		i = (i + 1) % SLOTS;
	}
	if (s->count == LK_SHAPES_MAX || before->depth == LK_SHAPES_STEPS)
		return parent;
	s->list[s->count] = (struct lk_shape){.parent = parent, .step = (uint8_t)step,
	    .depth = (uint8_t)(before->depth + 1), .value = value};
	s->slots[i] = s->count;
	return s->count++;
}

uint32_t
lk_shapes_path(const struct lk_shapes *s, uint32_t shape,
    const struct lk_shape *out[LK_SHAPES_STEPS])
{
	uint32_t depth = s->list[shape].depth, i;

	for (i = depth; i > 0; shape = s->list[shape].parent)
		out[--i] = &s->list[shape];
	return depth;
}

uint32_t
lk_shapes_largest(const struct lk_shapes *s, uint32_t *out, uint32_t max)
{
	uint32_t count = 0, i, at;

	for (i = 0; i < s->count; i++) {
		if (s->list[i].objects == 0)
			continue;
		if (count == max && s->list[out[max - 1]].objects >= s->list[i].objects)
			continue;
		at = count < max ? count++ : max - 1;
		for (; at > 0 && s->list[out[at - 1]].objects < s->list[i].objects; at--)
			out[at] = out[at - 1];
		out[at] = i;
	}
	return count;
}
