/* measure.h - what a container is long and large: by type flags and exact layouts.
 * Room: sampler/heap. */
#ifndef LK_SAMPLER_HEAP_MEASURE_H
#define LK_SAMPLER_HEAP_MEASURE_H

#include <stdbool.h>

struct lk_container_found;
struct lk_containers_scan;

/* lk_measure_container - fill FOUND for OBJECT when it is a container of at least
 * min_length.  With the GIL; reads memory only. */
bool lk_measure_container(const struct lk_containers_scan *scan, const void *object,
    struct lk_container_found *found);

#endif
