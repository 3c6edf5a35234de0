/* containers.h - the large containers of the running interpreter, by a walk of the
 * collector's lists under the GIL, cut into slices of at most LK_SLICE_NS.
 * Room: sampler/heap.  For where the heap cannot be frozen (freeze/largest.h).
 *
 * What a walk can miss: containers that the collector does not track and that no module,
 * class or tracked container of the walk holds; objects that a collection moves between two
 * slices (then complete is false). */
#ifndef LK_SAMPLER_HEAP_CONTAINERS_H
#define LK_SAMPLER_HEAP_CONTAINERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lk_layout;
struct lk_symbols;

#define LK_CONTAINERS_KEPT	1000u
#define LK_SLICE_NS		1500000u	/* the rest of 2 ms is for the switch */
#define LK_CONTAINER_TYPE_MAX	64u
#define LK_CONTAINER_OWNER_MAX	128u

struct lk_container_found {
	uint64_t	address;
	uint64_t	type;		/* address of its type */
	uint64_t	length;
	uint64_t	shallow_bytes;
	uint64_t	storage;	/* where its items are: sampled when they were allocated */
	char		type_name[LK_CONTAINER_TYPE_MAX];
	char		owner[LK_CONTAINER_OWNER_MAX];	/* "" unknown */
};

struct lk_containers_scan {
	/* asked for */
	const struct lk_layout	*layout;
	const struct lk_symbols	*symbols;
	uint64_t		 min_length;
	const atomic_bool	*stop;		/* give up at the next slice */
	/* found */
	uint64_t		 objects;
	uint64_t		 scan_ns, longest_slice_ns;
	bool			 complete;
	uint32_t		 count;
	struct lk_container_found found[LK_CONTAINERS_KEPT];	/* a heap by length */
};

/* lk_containers_walk - Context: a thread of the sampler without the GIL; takes it for each
 * slice.  Returns: false when it was stopped. */
bool lk_containers_walk_callspy(struct lk_containers_scan *scan);

#endif
