/* pages.h - the sampler's memory: one mapping, taken at start, carved once.
 * Room: sampler/core.  Addresses are never given back; pages not touched cost nothing. */
#ifndef LK_SAMPLER_CORE_PAGES_H
#define LK_SAMPLER_CORE_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lk_pages {
	char	*base;
	size_t	 used_bytes;
	size_t	 capacity_bytes;
};

/* lk_pages_map - BYTES of zeroed memory from the kernel, untouched.
 * Context: start-up and the sampler's own threads.  Returns: NULL when refused. */
void *lk_pages_map(size_t bytes);

/* lk_pages_share - the same, shared with processes that come of this one. */
void *lk_pages_share(size_t bytes);

/* lk_pages_mapping - the I-th that was made, so that all of them can be measured.  false: there
 * are no more. */
bool lk_pages_mapping(uint32_t i, const char **base, size_t *bytes);

/* lk_pages_drop - BYTES of a private mapping are zeroed and untouched again.  Context: as map.
 * Returns: false: the host has locked its memory, so they stay as they are. */
bool lk_pages_drop(void *base, size_t bytes);

/* lk_pages_init - to be carved from the BYTES at BASE, which are mapped and stay so. */
void lk_pages_init(struct lk_pages *pages, void *base, size_t bytes);

/* lk_pages_clear - all of it zeroed and untouched again, to be carved anew.  Context: as map. */
void lk_pages_clear(struct lk_pages *pages);

/* lk_pages_take - COUNT times SIZE zeroed bytes on a cache line; NULL when it does not fit. */
void *lk_pages_take(struct lk_pages *pages, size_t count, size_t size_bytes);

#endif
