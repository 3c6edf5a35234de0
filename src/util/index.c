#include "config.h"

#include "util/index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_SLOTS 1024u

/* Open addressing.  The hash is kept: what else is in a slot is seen without going to where it is,
 * and growing asks nobody. */
struct lk_index_slot {
	uint32_t number;	/* + 1; 0 is free */
	uint32_t hash;
};

uint64_t
lk_index_spread(uint64_t h)
{
	h = (h ^ h >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

static uint32_t
fold(uint64_t hash)
{
	return (uint32_t)(hash ^ hash >> 32);
}

static void
put(struct lk_index *x, struct lk_index_slot slot)
{
	uint32_t at = slot.hash & x->mask;

	while (x->slots[at].number != 0)
		at = (at + 1) & x->mask;
	x->slots[at] = slot;
}

static int
grow(struct lk_index *x)
{
	uint32_t size = x->slots == NULL ? LEAST_SLOTS : (x->mask + 1) * 4;
	struct lk_index_slot *slots = size > 0 ? calloc(size, sizeof(*slots)) : NULL;
	struct lk_index old = *x;

	if (slots == NULL)
		return -ENOMEM;
	x->slots = slots;
	x->mask = size - 1;
	for (uint32_t i = 0; old.slots != NULL && i <= old.mask; i++)
		if (old.slots[i].number != 0)
			put(x, old.slots[i]);
	free(old.slots);
	return 0;
}

int
lk_index_add(struct lk_index *x, uint64_t hash, uint32_t number)
{
	if ((x->slots == NULL || x->count >= x->mask / 2) && grow(x) < 0)
		return -ENOMEM;
	put(x, (struct lk_index_slot){number + 1, fold(hash)});
	x->count++;
	return 0;
}

uint32_t
lk_index_next(const struct lk_index *x, uint64_t hash, uint32_t *at)
{
	uint32_t folded = fold(hash);

	while (x->slots != NULL) {
		const struct lk_index_slot *slot = &x->slots[(folded + *at) & x->mask];

		if (slot->number == 0)
			break;
		++*at;
		if (slot->hash == folded)
			return slot->number - 1;
	}
	return LK_INDEX_NONE;
}

void
lk_index_clear(struct lk_index *x)
{
	free(x->slots);
	memset(x, 0, sizeof(*x));
}
