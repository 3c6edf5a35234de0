/* typed.h - growth by the types of what is alive, as far as a frozen heap knew them.  Pure.
 * Room: analysis.
 *
 * A freeze says which stacks allocated most of the objects of a type, with their bytes.  What
 * lives of a stack now is of these types as far as that reaches; the rest is of no known type: it
 * was born since, or is no object, or of a stack that is not among the first few of its type.  What
 * a stack gained and lost is shared out as its live bytes are. */
#ifndef LK_ANALYSIS_TYPED_H
#define LK_ANALYSIS_TYPED_H

#include <stdbool.h>

struct lk_growth_set;
struct lk_snapshot;
struct lk_types;

/* lk_typed_reading - the newest types in S that say who allocated them; NULL: there are none. */
const struct lk_types *lk_typed_reading(const struct lk_snapshot *s);

/* lk_typed_new - STACKS, grouped by LK_GROUP_STACK, by type: rows with type NULL are those of no
 * known type.  ONE_PROCESS: stacks that are gone have the ids they had when TYPES were read, and
 * born and died are known.  It borrows what STACKS borrows, and from TYPES, not from STACKS.
 * Returns: NULL without memory; lk_growth_free it. */
struct lk_growth_set *lk_typed_new(const struct lk_growth_set *stacks,
    const struct lk_types *types, double interval_bytes, bool one_process);

#endif
