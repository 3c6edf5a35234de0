/* store.h - the child's memory: mappings of its own, so that nothing of the host's allocators is
 * touched.  Room: sampler/freeze. */
#ifndef LK_SAMPLER_FREEZE_STORE_H
#define LK_SAMPLER_FREEZE_STORE_H

#include <stddef.h>
#include <stdint.h>

/* lk_store_map - COUNT times SIZE zeroed bytes; what is not touched costs nothing.
 * Returns: NULL when the kernel refuses. */
void *lk_store_map(size_t count, size_t size_bytes);

/* lk_store_unmap - the same numbers again; NULL is fine. */
void lk_store_unmap(void *p, size_t count, size_t size_bytes);

/* lk_store_resident_bytes - how much of all that is in memory. */
uint64_t lk_store_resident_bytes(void);

#endif
