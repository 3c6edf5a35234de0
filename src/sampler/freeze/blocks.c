#include "config.h"

#include "sampler/freeze/blocks.h"

#include <stdbool.h>
#include <stddef.h>

#include "sampler/cpython/layout.h"
#include "sampler/freeze/attributes.h"

#define DEQUE_LEFT_BLOCK	24
#define DEQUE_RIGHT_BLOCK	32	/* whose link leads anywhere */
#define DEQUE_RIGHT_LINK	520	/* in a block, behind 64 items */
#define DEQUE_BLOCK_ITEMS	64u
#define INLINE_VALUES_MINOR	13
#define VALUES_ARE_INSIDE	2	/* byte of their head, 3.13 on */

static void
each_of_deque(const void *deque, uint64_t length, void (*call)(void *, uint64_t), void *ctx)
{
	const void *block = lk_read_ptr(deque, DEQUE_LEFT_BLOCK);
	const void *last = lk_read_ptr(deque, DEQUE_RIGHT_BLOCK);
	uint64_t left = length / DEQUE_BLOCK_ITEMS + 2;

	for (; block != last && block != NULL && left > 0; left--) {
		call(ctx, (uint64_t)(uintptr_t)block);
		block = lk_read_ptr(block, DEQUE_RIGHT_LINK);
	}
	if (last != NULL)
		call(ctx, (uint64_t)(uintptr_t)last);
}

/* Of a dict whose keys are its class's.  Before 3.11 without a head, then behind it. */
static const void *
block_of_values(const struct lk_layout *l, const void *values)
{
	if (values == NULL || l->minor < 11)
		return values;
	if (l->minor < INLINE_VALUES_MINOR)
		return lk_at(values, -(int)lk_read_u8(values, -1));
	return lk_read_u8(values, VALUES_ARE_INSIDE) ? NULL : values;
}

static void
each_of_dict(const struct lk_layout *l, const void *dict, void (*call)(void *, uint64_t),
    void *ctx)
{
	const void *keys = lk_read_ptr(dict, l->dict_keys);
	const void *values = block_of_values(l, lk_read_ptr(dict, l->dict_values));

	if (keys != NULL && lk_read_i64(keys, LK_KEYS_REFCOUNT) == 1)
		call(ctx, (uint64_t)(uintptr_t)keys);
	if (values != NULL)
		call(ctx, (uint64_t)(uintptr_t)values);
}

void
lk_blocks_each(const struct lk_layout *l, enum lk_measure_kind kind, const void *object,
    const struct lk_measured *measured, void (*call)(void *ctx, uint64_t block), void *ctx)
{
	const void *values = l->minor < INLINE_VALUES_MINOR ?
	    block_of_values(l, lk_attributes_values(l, object)) : NULL;

	call(ctx, measured->block);
	if (values != NULL)
		call(ctx, (uint64_t)(uintptr_t)values);
	if (kind == LK_MEASURE_DICT)
		each_of_dict(l, object, call, ctx);
	else if (kind == LK_MEASURE_DEQUE)
		each_of_deque(object, measured->length, call, ctx);
	else if (measured->storage != (uint64_t)(uintptr_t)object)
		call(ctx, measured->storage);
}
