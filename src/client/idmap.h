/* idmap.h - ids of the wire to indexes of a list; ids may be any number but 0.
 * Room: client. */
#ifndef LK_CLIENT_IDMAP_H
#define LK_CLIENT_IDMAP_H

#include <stddef.h>
#include <stdint.h>

#define LK_IDMAP_NONE UINT32_MAX

/* Zeroed is empty. */
struct lk_idmap {
	struct lk_idmap_slot {
		uint32_t id, index;
	} * slots;
	size_t used, capacity; /* capacity: 0 or a power of two */
};

/* lk_idmap_set - ID now means INDEX.  Returns: 0 or -ENOMEM. */
int lk_idmap_set(struct lk_idmap *map, uint32_t id, uint32_t index);

/* lk_idmap_get - LK_IDMAP_NONE when ID is unknown. */
uint32_t lk_idmap_get(const struct lk_idmap *map, uint32_t id);

/* lk_idmap_fini - frees the slots; the map is empty again. */
void lk_idmap_fini(struct lk_idmap *map);

#endif
