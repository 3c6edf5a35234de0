#include "config.h"

#include "client/idmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const size_t first_capacity = 64;

/* The slot of ID, or the free one where it belongs; there is always a free one. */
static struct lk_idmap_slot *
find(const struct lk_idmap *map, uint32_t id)
{
	size_t mask = map->capacity - 1;
	size_t at = (id * 2654435769u) & mask;

	while (map->slots[at].id != 0 && map->slots[at].id != id)
		at = (at + 1) & mask;
	return &map->slots[at];
}

static int
grow(struct lk_idmap *map)
{
	struct lk_idmap larger = {.used = map->used};

	larger.capacity = map->capacity == 0 ? first_capacity : 2 * map->capacity;
	larger.slots = calloc(larger.capacity, sizeof(*larger.slots));
	if (larger.slots == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < map->capacity; i++)
		if (map->slots[i].id != 0)
			*find(&larger, map->slots[i].id) = map->slots[i];
	free(map->slots);
	*map = larger;
	return 0;
}

int
lk_idmap_set(struct lk_idmap *map, uint32_t id, uint32_t index)
{
	struct lk_idmap_slot *slot;

	if (2 * (map->used + 1) > map->capacity && grow(map) < 0)
		return -ENOMEM;
	slot = find(map, id);
	if (slot->id == 0)
		map->used++;
	*slot = (struct lk_idmap_slot){.id = id, .index = index};
	return 0;
}

uint32_t
lk_idmap_get(const struct lk_idmap *map, uint32_t id)
{
	const struct lk_idmap_slot *slot;

	if (map->capacity == 0 || id == 0)
		return LK_IDMAP_NONE;
	slot = find(map, id);
	return slot->id == id ? slot->index : LK_IDMAP_NONE;
}

void
lk_idmap_fini(struct lk_idmap *map)
{
	free(map->slots);
	memset(map, 0, sizeof(*map));
}
