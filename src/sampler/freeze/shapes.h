/* shapes.h - ways from a root to an object, as far as they look alike: a tree of steps.
 * Room: sampler/freeze.  Two objects that a module's list holds have one shape, "shop.LIST[]"; a
 * step that repeats, as along a linked list, is taken once. */
#ifndef LK_SAMPLER_FREEZE_SHAPES_H
#define LK_SAMPLER_FREEZE_SHAPES_H

#include <stddef.h>
#include <stdint.h>

struct lk_kinds;
struct lk_print;

#define LK_SHAPES_NONE	0u		/* no way is known; also what a way begins with */
#define LK_SHAPES_MAX	(1u << 17)
#define LK_SHAPES_STEPS	24u		/* what is further away has the shape of its holder */

enum lk_step {
	LK_STEP_ROOT,		/* VALUE is a kind's number: held by C code, say */
	LK_STEP_LOCAL,		/* VALUE is a number of locals.h */
	LK_STEP_MODULE,		/* VALUE is the address of a str, as of the next */
	LK_STEP_ATTRIBUTE,
	LK_STEP_SLOT,		/* the same; VALUE is the address of a C string */
	LK_STEP_ITEM,		/* of whatever has items; VALUE is 0 */
	LK_STEP_INSIDE,		/* VALUE is the kind's number of the holder */
};

struct lk_shape {
	uint32_t	parent;
	uint8_t		step, depth;
	uint64_t	value;
	uint64_t	objects, bytes;		/* of those that are counted */
	uint64_t	retained_bytes;		/* what would go with them */
};

struct lk_shapes {
	struct lk_shape	*list;		/* [count]; the first one is LK_SHAPES_NONE */
	uint32_t	*slots;
	uint32_t	 count;
};

/* lk_shapes_init - Returns: 0 or -ENOMEM. */
int lk_shapes_init(struct lk_shapes *s);
void lk_shapes_fini(struct lk_shapes *s);

/* lk_shapes_of - the shape of what the step leads to from PARENT.  When there is no room for
 * another, PARENT's. */
uint32_t lk_shapes_of(struct lk_shapes *s, uint32_t parent, enum lk_step step, uint64_t value);

/* lk_shapes_path - the steps to SHAPE, the first one first.  Returns: how many. */
uint32_t lk_shapes_path(const struct lk_shapes *s, uint32_t shape,
    const struct lk_shape *out[LK_SHAPES_STEPS]);

/* lk_shapes_largest - those with most objects, into OUT[MAX], the largest first.
 * Returns: how many. */
uint32_t lk_shapes_largest(const struct lk_shapes *s, uint32_t *out, uint32_t max);

#endif
