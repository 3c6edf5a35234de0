/* json_budget.h - how much of a snapshot has room in its file.  Room: export, private to it.
 *
 * A reader refuses more than LK_SNAPSHOT_FILE_MAX, so a writer stays below: of very many or very
 * deep stacks the outermost frames go first, then what older baselines held. */
#ifndef LK_EXPORT_JSON_BUDGET_H
#define LK_EXPORT_JSON_BUDGET_H

#include <stdint.h>

struct lk_growth_set;
struct lk_snapshot;

struct lk_json_budget {
	uint32_t depth;		/* frames kept of a stack, the innermost */
	uint32_t first_rows;	/* index of the oldest baseline with rows */
};

/* lk_json_budget_of - estimated from the lengths of the texts, generously.  GROWTH: of S. */
struct lk_json_budget lk_json_budget_of(const struct lk_snapshot *s,
    const struct lk_growth_set *growth);

#endif
