/* owners.h - names for containers that a module or a class holds: "shop.cart._PRICES",
 * "shop.cart.Cart.registry".  Room: sampler/heap.  Also finds large containers that the
 * collector does not track, when a module or class holds them. */
#ifndef LK_SAMPLER_HEAP_OWNERS_H
#define LK_SAMPLER_HEAP_OWNERS_H

#include <stdbool.h>

struct lk_slices;

/* With the GIL; may give it away between two modules.  false: stopped. */
bool lk_owners_find_callspy(struct lk_slices *w);

#endif
