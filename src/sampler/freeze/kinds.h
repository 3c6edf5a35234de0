/* kinds.h - the types of a frozen heap: what there is of each.
 * Room: sampler/freeze. */
#ifndef LK_SAMPLER_FREEZE_KINDS_H
#define LK_SAMPLER_FREEZE_KINDS_H

#include <stdint.h>

#include "sampler/freeze/nodes.h"
#include "sampler/heap/measure.h"

struct lk_answer;

#define LK_KINDS_MAX	(1u << 16)

/* PyTypeObject.tp_traverse and the function that it calls for what the object holds. */
typedef int (*lk_visit_fn)(void *object, void *ctx);
typedef int (*lk_traverse_fn)(const void *object, lk_visit_fn visit, void *ctx);

struct lk_kind {
	const void		*type;
	enum lk_measure_kind	 measure;
	lk_traverse_fn		 traverse;	/* NULL: its objects hold nothing */
	uint64_t		 objects, bytes;
	uint64_t		 garbage_objects, garbage_bytes;
	uint64_t		 cyclic_objects;
};

struct lk_kinds {
	const struct lk_layout	*layout;
	const struct lk_symbols	*symbols;
	struct lk_nodes		 types;		/* addresses of types */
	struct lk_kind		*list;		/* [types.count] */
};

/* lk_kinds_init - Returns: 0 or -ENOMEM. */
int lk_kinds_init(struct lk_kinds *k, const struct lk_layout *layout,
    const struct lk_symbols *symbols);

/* lk_kinds_of - the number of a type; LK_NODES_NONE when there are too many. */
uint32_t lk_kinds_of(struct lk_kinds *k, const void *type);

/* lk_kinds_name - "module.Name" of a type, cut to fit; always terminated. */
void lk_kinds_name(const struct lk_kinds *k, const void *type, char *out, size_t out_bytes);

/* lk_kinds_tell - the largest of them, and the sums.  ROW_OF [LK_KINDS_MAX], zero, or NULL: of each
 * that is told its row, from 1. */
void lk_kinds_tell(const struct lk_kinds *k, struct lk_answer *out, uint32_t *row_of);

#endif
