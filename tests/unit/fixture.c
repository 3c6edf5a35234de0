#include "config.h"

#include "fixture.h"

#include "suites.h"

#include <string.h>

#include "model/arena.h"

struct lk_snapshot *
lk_fixture_new(double at_s)
{
	struct lk_snapshot *s = lk_snapshot_new();

	ck_assert_ptr_nonnull(s);
	s->seq = 1;
	s->at_s = at_s;
	s->process.pid = 1;
	s->process.start_time = 1;
	s->sampler.started_at_s = 0;
	s->sampler.interval_bytes = T;
	return s;
}

const struct lk_stack *
lk_fixture_stack(struct lk_snapshot *s, uint32_t id, const char *function, const char *file,
    uint32_t line)
{
	struct lk_stack *stack = lk_arena_get(s->arena, 1, sizeof(*stack));
	struct lk_frame *frames = lk_arena_get(s->arena, 2, sizeof(*frames));

	frames[0] = (struct lk_frame){.function = function, .file = file, .line = line};
	frames[1] = (struct lk_frame){.function = "main", .file = "app.py", .line = 1};
	*stack = (struct lk_stack){
	    .id = id,
	    .domain = LK_DOMAIN_OBJ,
	    .thread = "MainThread",
	    .frame_count = function != NULL ? 2 : 0,
	    .frames = frames,
	};
	return stack;
}

static struct lk_cell
cell_of(const struct fixture_cell *c)
{
	return (struct lk_cell){
	    .epoch = c->epoch,
	    .sampled_count = c->count,
	    .est_bytes = c->count * T,
	    .est_objects = c->count * 1000.0,
	    .variance = c->count * T * T,
	};
}

const struct lk_row *
lk_fixture_rows(struct lk_snapshot *s, const struct lk_stack *const *stacks,
    const struct fixture_cell *cells, double allocated_each, uint32_t *count)
{
	struct lk_row *rows = lk_arena_get(s->arena, 32, sizeof(*rows));

	*count = 0;
	for (; cells->stack != 0; cells++) {
		struct lk_row *row = *count > 0 ? &rows[*count - 1] : NULL;
		struct lk_cell *list;

		if (row == NULL || row->stack->id != cells->stack) {
			ck_assert_uint_lt(*count, 32);
			row = &rows[(*count)++];
			row->stack = stacks[cells->stack - 1];
			row->est_allocated_bytes = allocated_each;
			row->cells = lk_arena_get(s->arena, 8, sizeof(*row->cells));
		}
		row->est_allocated_bytes += cells->count * T;
		row->est_allocated_objects += cells->count * 1000.0;
		row->sampled_allocated_count += cells->count;
		if (cells->count == 0)
			continue;
		list = (struct lk_cell *)(uintptr_t)row->cells;
		ck_assert_uint_lt(row->cell_count, 8);
		list[row->cell_count++] = cell_of(cells);
	}
	return rows;
}

struct lk_baseline *
lk_fixture_baselines(struct lk_snapshot *s, uint32_t count, const double *at_s)
{
	struct lk_baseline *list = lk_arena_get(s->arena, count, sizeof(*list));

	for (uint32_t i = 0; i < count; i++) {
		list[i].id = i + 1;
		list[i].name = "";
		list[i].at_s = at_s[i];
		list[i].interval_bytes = T;
	}
	s->baselines = list;
	s->baseline_count = count;
	return list;
}
