#include "config.h"

#include "export/json_budget.h"

#include <stddef.h>
#include <string.h>

#include "analysis/growth.h"
#include "leaktop/snapshot.h"
#include "model/snapshot.h"

#define STACKS_BUDGET_BYTES (LK_SNAPSHOT_FILE_MAX / 8 * 5)
#define ROWS_BUDGET_BYTES (LK_SNAPSHOT_FILE_MAX / 8 * 2)
#define DEPTH_MIN 4
#define FRAME_BYTES 64	/* of one frame beside its texts, and so on */
#define STACK_BYTES 512
#define ROW_BYTES 144
#define CELL_BYTES 112
#define POINT_BYTES 12

static size_t
stack_bytes(const struct lk_stack *stack, uint32_t depth)
{
	size_t bytes = STACK_BYTES;

	for (uint32_t i = 0; i < stack->frame_count && i < depth; i++) {
		const struct lk_frame *f = &stack->frames[i];

		bytes += FRAME_BYTES + strlen(f->function) + strlen(f->file);
		if (f->native)
			bytes += FRAME_BYTES + (f->build_id != NULL ? strlen(f->build_id) : 0);
	}
	return bytes;
}

static size_t
stacks_bytes(const struct lk_snapshot *s, const struct lk_growth_set *growth, uint32_t depth)
{
	size_t bytes = 0;

	for (size_t i = 0; i < growth->count; i++)
		bytes += stack_bytes(growth->rows[i].stack, depth);
	for (uint32_t i = 0; i < s->row_count; i++)
		bytes += s->rows[i].cell_count * CELL_BYTES + s->rows[i].trend_count * POINT_BYTES;
	return bytes;
}

static size_t
rows_bytes(const struct lk_baseline *b)
{
	size_t bytes = 0;

	for (uint32_t i = 0; i < b->row_count; i++)
		bytes += ROW_BYTES + b->rows[i].cell_count * CELL_BYTES;
	return bytes;
}

struct lk_json_budget
lk_json_budget_of(const struct lk_snapshot *s, const struct lk_growth_set *growth)
{
	struct lk_json_budget budget = {LK_SNAPSHOT_FRAMES_MAX, s->baseline_count};
	size_t bytes = 0;

	while (budget.depth > DEPTH_MIN &&
	    stacks_bytes(s, growth, budget.depth) > STACKS_BUDGET_BYTES)
		budget.depth /= 2;
	while (budget.first_rows > 0) {
		bytes += rows_bytes(&s->baselines[budget.first_rows - 1]);
		if (bytes > ROWS_BUDGET_BYTES)
			break;
		budget.first_rows--;
	}
	return budget;
}
