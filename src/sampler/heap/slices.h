/* slices.h - a walk under the GIL in turns that the host does not feel.  Room: sampler/heap. */
#ifndef LK_SAMPLER_HEAP_SLICES_H
#define LK_SAMPLER_HEAP_SLICES_H

#include <stdbool.h>
#include <stdint.h>

struct lk_containers_scan;

struct lk_slices {
	struct lk_containers_scan *scan;
	uint64_t	 slice_began_ns;
};

void lk_slices_begin(struct lk_slices *w);
void lk_slices_end(struct lk_slices *w);	/* counts the slice that ends */
bool lk_slices_over(const struct lk_slices *w);

/* lk_slices_pause - give the GIL away for a moment.  false: the walk is to stop. */
bool lk_slices_pause(struct lk_slices *w);

#endif
