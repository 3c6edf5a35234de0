/* holders.h - who holds the chosen objects: the shortest ways to them, in words, and how many
 * there are at the end of each.
 * Room: sampler/freeze.
 *
 * Ways from modules are preferred; then those from the local variables of functions that run; then
 * from whatever else is held from outside of the graph, by C code or a value in the midst of an
 * expression.  What none of these reaches is garbage.
 * What would go with objects is exact over the graph: what all ways from what is held from
 * outside to it pass; an object that would go with another one of them is not counted again.
 * sys.modules is held from outside, so these are the same roots. */
#ifndef LK_SAMPLER_FREEZE_HOLDERS_H
#define LK_SAMPLER_FREEZE_HOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lk_answer;
struct lk_graph;
struct lk_kinds;
struct lk_nodes;
struct lk_loops;
struct lk_sampled;
struct lk_want;

struct lk_holders {
	const struct lk_nodes	*nodes;
	const struct lk_graph	*graph;
	struct lk_kinds		*kinds;
	const void		*modules;	/* sys.modules */
	const struct lk_want	*want;
	const struct lk_sampled	*sampled;
	struct lk_loops		*loops;		/* NULL: cycles are not known */
	bool			(*is_root)(uint32_t node);	/* held from outside */
};

/* lk_holders_find - the ways to all objects.  Returns: 0 or -ENOMEM.
 * lk_holders_path - that to NODE, in words; always terminated. */
int lk_holders_find(const struct lk_holders *h);
void lk_holders_path(uint32_t node, char *out, size_t out_bytes);

/* lk_holders_tell - finds them and fills the holders of OUT.  Without memory they stay empty. */
void lk_holders_tell(const struct lk_holders *h, struct lk_answer *out);

#endif
