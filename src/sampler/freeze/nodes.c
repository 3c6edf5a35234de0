#include "config.h"

#include "sampler/freeze/nodes.h"

#include <errno.h>

#include "sampler/freeze/store.h"

#define SLOTS_LOG2_FIRST 12
#define PAGE_LOG2	12
#define IN_PAGE_SLOTS	256u	/* objects are aligned to 16 */
#define MIX		0x9e3779b97f4a7c15u

static uint32_t *
map_slots(uint32_t log2)
{
	return lk_store_map((size_t)1 << log2, sizeof(uint32_t));
}

int
lk_nodes_init(struct lk_nodes *n, uint32_t capacity)
{
	n->count = 0;
	n->capacity = capacity;
	n->slots_log2 = SLOTS_LOG2_FIRST;
	n->address = lk_store_map(capacity, sizeof(*n->address));
	n->slots = map_slots(n->slots_log2);
	if (n->address != NULL && n->slots != NULL)
		return 0;
	lk_nodes_fini(n);
	return -ENOMEM;
}

void
lk_nodes_fini(struct lk_nodes *n)
{
	lk_store_unmap(n->address, n->capacity, sizeof(*n->address));
	lk_store_unmap(n->slots, (size_t)1 << n->slots_log2, sizeof(*n->slots));
	n->address = NULL;
	n->slots = NULL;
}

/* The slots of one page of the heap are neighbours, since so are the objects that are asked for
 * one after the other; pages are spread. */
static uint32_t
first_slot(const struct lk_nodes *n, uint64_t address)
{
	uint64_t page = (address >> PAGE_LOG2) * MIX >> (64 - n->slots_log2);

	return ((uint32_t)page + (uint32_t)(address >> 4) % IN_PAGE_SLOTS) &
	    ((1u << n->slots_log2) - 1);
}

/* Where ADDRESS is, or the free slot where it may be put. */
static uint32_t
slot_of(const struct lk_nodes *n, uint64_t address)
{
	uint32_t mask = (1u << n->slots_log2) - 1, i = first_slot(n, address);

	while (n->slots[i] != 0 && n->address[n->slots[i] - 1] != address)
		i = (i + 1) & mask;
	return i;
}

static bool
grow(struct lk_nodes *n)
{
	uint32_t *old = n->slots, old_log2 = n->slots_log2, i;

	n->slots = map_slots(old_log2 + 1);
	if (n->slots == NULL) {
		n->slots = old;
		return false;
	}
	n->slots_log2 = old_log2 + 1;
	for (i = 0; i < n->count; i++)
		n->slots[slot_of(n, n->address[i])] = i + 1;
	lk_store_unmap(old, (size_t)1 << old_log2, sizeof(*old));
	return true;
}

uint32_t
lk_nodes_find(const struct lk_nodes *n, uint64_t address)
{
	return n->slots[slot_of(n, address)] - 1;	/* a free slot is LK_NODES_NONE */
}

uint32_t
lk_nodes_add(struct lk_nodes *n, uint64_t address)
{
	uint32_t slot = slot_of(n, address);

	if (n->slots[slot] != 0)
		return n->slots[slot] - 1;
	if (n->count == n->capacity)
		return LK_NODES_NONE;
	if (n->count >= 1u << (n->slots_log2 - 1)) {
		if (!grow(n))
			return LK_NODES_NONE;
		slot = slot_of(n, address);
	}
	n->address[n->count++] = address;
	n->slots[slot] = n->count;
	return n->count - 1;
}
