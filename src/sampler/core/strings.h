/* strings.h - names kept once, as long as something holds them.  Room: sampler/core.
 * An id is the place in the table and is used again after its name went; a serial is not: it
 * grows with every new name, so a connection needs to remember only up to which one it was told.
 * Threads: all under the sampler's lock, but get and serial: the server's thread, too, which is
 * the one that sweeps and slides. */
#ifndef LK_SAMPLER_CORE_STRINGS_H
#define LK_SAMPLER_CORE_STRINGS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lk_pages;

#define LK_STRINGS_NONE		0u	/* id of the empty string */
#define LK_STRINGS_LENGTH_MAX	1024u	/* bytes; longer ones are cut */
#define LK_STRINGS_HEAD		6u	/* bytes of a record before its text: u16 length, u32 id */

struct lk_strings {
	char		*bytes;
	uint32_t	 bytes_used, bytes_capacity;
	uint32_t	 bytes_dead;	/* of bytes_used: of names that went */
	uint32_t	 slide_from, slide_to;	/* the hole of a slide under way */
	uint32_t	*offset;	/* [capacity] into bytes; of a free id the next free one */
	uint16_t	*holders;	/* [capacity]; 65535 sticks */
	_Atomic uint32_t *serial;	/* [capacity], 0: free */
	uint32_t	*index;		/* [index_mask + 1] id + 1, 0: empty */
	uint32_t	 index_mask;
	uint32_t	 count, capacity;	/* ids up to count were used once */
	uint32_t	 used, free_head;	/* names now; free ids */
	uint32_t	 last_serial;
	uint32_t	 rejected_count;
};

/* lk_strings_init - CAPACITY names (a power of two) in BYTES.  Returns: 0, -ENOMEM. */
int lk_strings_init(struct lk_strings *s, struct lk_pages *pages, uint32_t capacity,
    uint32_t bytes);

/* lk_strings_add - its id; LK_STRINGS_NONE (counted) when there is no room.  Nothing holds it yet:
 * it goes with the next sweep, unless it is held. */
uint32_t lk_strings_add(struct lk_strings *s, const char *text, size_t length);

/* hold and drop - one holder more, one less. */
void lk_strings_hold(struct lk_strings *s, uint32_t id);
void lk_strings_drop(struct lk_strings *s, uint32_t id);

/* lk_strings_get - borrowed until the next sweep or slide, not NUL-terminated. */
const char *lk_strings_get(const struct lk_strings *s, uint32_t id, size_t *length_out);

/* lk_strings_sweep - let go of what nobody holds among the ids from FROM, at most MAX of them.
 * Returns: where to go on; s->count: done. */
uint32_t lk_strings_sweep(struct lk_strings *s, uint32_t from, uint32_t max);

/* lk_strings_slide - move names together, some MAX bytes of them; a call with slide_from 0 begins.
 * Returns: whether there is more to do. */
bool lk_strings_slide(struct lk_strings *s, uint32_t max);

#endif
