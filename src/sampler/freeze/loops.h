/* loops.h - the reference cycles of the heap, with the types they are of.
 * Room: sampler/freeze.
 *
 * What is alive for the sake of the program is no part of a cycle here: modules, their namespaces
 * and classes.  Nearly everything would be in one with them, by an object's class, its methods and
 * their module. */
#ifndef LK_SAMPLER_FREEZE_LOOPS_H
#define LK_SAMPLER_FREEZE_LOOPS_H

#include <stdbool.h>
#include <stdint.h>

#include "sampler/freeze/cycles.h"

struct lk_answer;
struct lk_graph;
struct lk_kinds;
struct lk_nodes;

struct lk_loops {
	const struct lk_nodes	*nodes;
	const struct lk_graph	*graph;
	struct lk_kinds		*kinds;
	const uint8_t		*is_alive;	/* [nodes] no garbage */
	struct lk_cycles	 cycles;	/* of lk_loops_find */
};

/* lk_loops_find - Returns: false without memory. */
bool lk_loops_find(struct lk_loops *r);

/* lk_loops_count - how many objects of each type are in cycles, into OUT; most objects first. */
void lk_loops_count(const struct lk_loops *r, struct lk_answer *out);

/* lk_loops_tell - the cycles that the nodes with MARKS are in, into OUT: for each component the
 * shortest one through the first of them; those of the same types are one. */
void lk_loops_tell(struct lk_loops *r, const uint8_t *marks, struct lk_answer *out);

#endif
