/* revealed.h - what a container held when somebody asked to see it: for the screen alone, no part
 * of a snapshot, so that no file has it.  Room: model. */
#ifndef LK_MODEL_REVEALED_H
#define LK_MODEL_REVEALED_H

#include <stdbool.h>
#include <stdint.h>

#define LK_REVEALED_ITEMS_MAX	16u
#define LK_REVEALED_TEXT_BYTES	272u

/* As the target wrote them: not cleaned. */
struct lk_revealed_item {
	bool		has_key;
	char		key[LK_REVEALED_TEXT_BYTES], value[LK_REVEALED_TEXT_BYTES];
};

/* leaktop/wire.h, revealed. */
struct lk_revealed {
	uint64_t	address, length;
	bool		is_same;	/* surely the one that was listed */
	uint32_t	count;
	struct lk_revealed_item items[LK_REVEALED_ITEMS_MAX];
};

#endif
