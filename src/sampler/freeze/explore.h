/* explore.h - the child's work: every object of the frozen heap, and what it is.
 * Room: sampler/freeze; sampler.
 *
 * Found is what the collector tracks (all generations and the permanent one, of the main
 * interpreter and of those that share its GIL), and what that reaches by the traverse functions of
 * its types and as keys of dicts, and the local variables of functions that run; of what is not
 * tracked, dicts, tuples and sets are looked into as well.  What only C code holds, or an
 * expression, is not found.
 * Garbage is what nothing outside of it holds, as the collector would find it: what has more
 * references than are found is held from outside, and so is what that reaches. */
#ifndef LK_SAMPLER_FREEZE_EXPLORE_H
#define LK_SAMPLER_FREEZE_EXPLORE_H

#include <stdint.h>

struct lk_answer;
struct lk_layout;
struct lk_sampled;
struct lk_symbols;
struct lk_want;

/* What an object costs the child at most, in bytes: nodes, and a graph with so many edges for each
 * of them on average. */
#define LK_EXPLORE_OBJECT_BYTES	88u
#define LK_EXPLORE_HELD_BYTES	176u	/* when holders are wanted */
#define LK_EXPLORE_EDGES	5u

struct lk_explore {
	const struct lk_layout	*layout;
	const struct lk_symbols	*symbols;
	uint32_t		 objects_max;
	const void		*modules;	/* sys.modules, or NULL */
	const struct lk_want	*want;
	const struct lk_sampled	*sampled;
	struct lk_answer	*answer;
};

/* lk_explore_heap - Context: in the child.  CTX is a struct lk_explore; its answer is filled and
 * who waits for its state is woken. */
void lk_explore_heap(void *ctx);

/* lk_explore_failed - in the child's signal handler: tells what was being looked at. */
void lk_explore_failed(void *ctx, int signal);

#endif
