/* want.h - what a freeze is for.  Room: sampler/freeze; sampler.
 * Whatever it is, types are counted, too. */
#ifndef LK_SAMPLER_FREEZE_WANT_H
#define LK_SAMPLER_FREEZE_WANT_H

#include <stdint.h>

#define LK_WANT_TYPE_BYTES	65u	/* of the name of a type, with its NUL */

enum lk_want_what {
	LK_WANT_TYPES,		/* no holders */
	LK_WANT_CONTAINERS,	/* the largest, of NUMBER items at least, and their holders */
	LK_WANT_TYPE,		/* holders of the objects of TYPE */
	LK_WANT_STACK,		/* of the sampled ones of the stack with the serial NUMBER */
	LK_WANT_ADDRESS,	/* of the object at NUMBER */
	LK_WANT_REVEAL,		/* what the container at NUMBER is, and its first items */
};

struct lk_want {
	enum lk_want_what what;
	uint64_t	 number;
	char		 type[LK_WANT_TYPE_BYTES];	/* "shop.cart.Item", or its last words */
	uint32_t	 asker;		/* what is revealed is for this one alone; else 0 */
};

#endif
