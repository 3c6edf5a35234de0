/* walk_private.h - shared by the files of one container walk; nobody else includes it. */
#ifndef LK_SAMPLER_HEAP_WALK_PRIVATE_H
#define LK_SAMPLER_HEAP_WALK_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "sampler/heap/containers.h"

struct lk_walk_state {
	struct lk_containers_scan *scan;
	uint64_t		 slice_began_ns;
	void			*thread_state;	/* while paused */
};

void lk_walk_begin_slice(struct lk_walk_state *w);
bool lk_walk_slice_is_over(const struct lk_walk_state *w);

/* lk_walk_pause - give the GIL away for a moment.  false: the walk is to stop. */
bool lk_walk_pause(struct lk_walk_state *w);

/* lk_walk_keep - remember FOUND when it is among the longest and not yet known. */
void lk_walk_keep(struct lk_containers_scan *scan, const struct lk_container_found *found);

#endif
