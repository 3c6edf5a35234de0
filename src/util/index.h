/* index.h - numbers of things by the hash of what they are.  Room: util.
 * The things are the caller's, and so is telling two of the same hash apart. */
#ifndef LK_UTIL_INDEX_H
#define LK_UTIL_INDEX_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LK_INDEX_NONE UINT32_MAX

/* All zero: empty. */
struct lk_index {
	struct lk_index_slot *slots;	/* [mask + 1] */
	uint32_t	      mask, count;
};

/* lk_index_spread - a hash of a number. */
uint64_t lk_index_spread(uint64_t number);

/* lk_index_more, lk_index_text - HASH goes on with a number, with a text eight bytes at a time: for
 * what is asked of every stack.  Spread it, or mix it otherwise, at the end. */
static inline uint64_t
lk_index_more(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

static inline uint64_t
lk_index_text(uint64_t hash, const char *text)
{
	size_t length = strlen(text);
	uint64_t word;

	hash = lk_index_more(hash, length);
	for (; length >= sizeof(word); length -= sizeof(word), text += sizeof(word)) {
		memcpy(&word, text, sizeof(word));
		hash = lk_index_more(hash, word);
	}
	word = 0;
	memcpy(&word, text, length);
	return lk_index_more(hash, word);
}

/* lk_index_add - Returns: 0 or -ENOMEM. */
int lk_index_add(struct lk_index *x, uint64_t hash, uint32_t number);

/* lk_index_next - the numbers of HASH, one for each call; *at: 0 before the first.
 * Returns: LK_INDEX_NONE after the last. */
uint32_t lk_index_next(const struct lk_index *x, uint64_t hash, uint32_t *at);

/* lk_index_clear - empty, and without memory. */
void lk_index_clear(struct lk_index *x);

#endif
