/* strings.h - names kept once.  Room: sampler/core.
 * Append-only: an id, once given, means the same bytes for ever, so a connection needs to
 * remember only how many it has been sent.
 * Threads: add under the sampler's lock; get of an id below count: any thread. */
#ifndef LK_SAMPLER_CORE_STRINGS_H
#define LK_SAMPLER_CORE_STRINGS_H

#include <stddef.h>
#include <stdint.h>

struct lk_pages;

#define LK_STRINGS_NONE		0u	/* id of the empty string */
#define LK_STRINGS_LENGTH_MAX	1024u	/* bytes; longer ones are cut */

struct lk_strings {
	char		*bytes;
	uint32_t	 bytes_used, bytes_capacity;
	uint32_t	*offset;	/* [capacity] into bytes: u16 length, then the text */
	uint32_t	*index;		/* [index_mask + 1] id + 1, 0: empty */
	uint32_t	 index_mask;
	uint32_t	 count, capacity;
	uint32_t	 rejected_count;
};

/* lk_strings_init - CAPACITY names (a power of two) in BYTES.  Returns: 0, -ENOMEM. */
int lk_strings_init(struct lk_strings *s, struct lk_pages *pages, uint32_t capacity,
    uint32_t bytes);

/* lk_strings_add - its id; LK_STRINGS_NONE (counted) when there is no room. */
uint32_t lk_strings_add(struct lk_strings *s, const char *text, size_t length);

/* lk_strings_get - borrowed for ever, not NUL-terminated. */
const char *lk_strings_get(const struct lk_strings *s, uint32_t id, size_t *length_out);

#endif
