/* longest.h - the longest containers of a walk: a heap whose root is the shortest one kept.
 * Room: sampler/heap. */
#ifndef LK_SAMPLER_HEAP_LONGEST_H
#define LK_SAMPLER_HEAP_LONGEST_H

struct lk_container_found;
struct lk_containers_scan;

/* lk_longest_keep - remember FOUND when it is among the longest and not yet known. */
void lk_longest_keep(struct lk_containers_scan *scan, const struct lk_container_found *found);

/* lk_longest_sort - longest first; ends the heap. */
void lk_longest_sort(struct lk_containers_scan *scan);

#endif
