/* headroom.h - whether there is memory for a freeze.  Room: sampler/freeze.
 * Pure: numbers in, words out.  While the child lives each page that the host writes to is copied,
 * and the child has tables of its own: near a limit that could cost the host its life. */
#ifndef LK_SAMPLER_FREEZE_HEADROOM_H
#define LK_SAMPLER_FREEZE_HEADROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LK_HEADROOM_UNKNOWN	UINT64_MAX	/* no limit, or not known */

struct lk_headroom {
	uint64_t	rss_bytes;
	uint64_t	available_bytes;	/* of the machine, as the kernel estimates it */
	uint64_t	cgroup_limit_bytes, cgroup_used_bytes;
	uint64_t	address_limit_bytes, address_used_bytes;	/* RLIMIT_AS */
};

/* lk_headroom_tables - what the child's tables may take, in *out_bytes.
 * Returns: false, with the reason in WORDS (terminated), when there is too little. */
bool lk_headroom_tables(const struct lk_headroom *h, uint64_t *out_bytes, char *words,
    size_t words_bytes);

#endif
