/* hash.h - FNV-1a of texts, 64 bits.  Room: base.  Source: Fowler, Noll and Vo's own page. */
#ifndef LK_BASE_HASH_H
#define LK_BASE_HASH_H

#include <stdint.h>

#define LK_HASH_BEGIN	UINT64_C(14695981039346656037)
#define LK_HASH_PRIME	UINT64_C(1099511628211)

/* lk_hash_more - HASH (LK_HASH_BEGIN at first) goes on with VALUE. */
static inline uint64_t
lk_hash_more(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * LK_HASH_PRIME;
}

/* lk_hash_text - HASH goes on with each byte of TEXT. */
static inline uint64_t
lk_hash_text(uint64_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = lk_hash_more(hash, (unsigned char)*text);
	return hash;
}

#endif
