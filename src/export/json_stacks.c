#include "config.h"

#include "export/json_stacks.h"

#include <stdlib.h>

#include "analysis/growth.h"
#include "leaktop/snapshot.h"
#include "model/schema.h"
#include "model/snapshot.h"

#include "export/format.h"
#include "export/json_budget.h"
#include "export/json_writer.h"

/* ---- baselines -------------------------------------------------------------- */

static json_t *
born(struct lk_json_writer *w, const struct lk_row *row)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < row->cell_count; i++) {
		const struct lk_cell *cell = &row->cells[i];
		json_t *object = lk_json_object(w, lk_schema_cell, cell);

		lk_json_put(w, object, "baseline", json_integer(cell->epoch));
		lk_json_put(w, object, "samples", json_integer(cell->sampled_count));
		lk_json_append(w, list, object);
	}
	return list;
}

static void
put_row(struct lk_json_writer *w, json_t *object, const struct lk_row *row)
{
	lk_json_put_numbers(w, object, lk_schema_row, row);
	lk_json_put(w, object, "allocated_samples", lk_json_count(row->sampled_allocated_count));
	lk_json_put(w, object, "born", born(w, row));
}

static json_t *
baseline_rows(struct lk_json_writer *w, const struct lk_baseline *b)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < b->row_count; i++) {
		json_t *object = json_object();

		lk_json_put(w, object, "stack", json_integer(b->rows[i].stack->id));
		put_row(w, object, &b->rows[i]);
		lk_json_append(w, list, object);
	}
	return list;
}

void
lk_json_baselines_write(struct lk_json_writer *w, const struct lk_export_job *job,
    const struct lk_json_budget *budget)
{
	lk_json_begin_list(w, "baselines");
	for (uint32_t i = 0; i < job->s->baseline_count; i++) {
		const struct lk_baseline *b = &job->s->baselines[i];
		bool rows = b->has_rows &&
		    (i >= budget->first_rows || b->id == job->growth->reference);
		json_t *object = lk_json_object(w, lk_schema_baseline, b);

		lk_json_put(w, object, "id", json_integer(b->id));
		lk_json_put(w, object, "name", lk_json_text(b->name));
		lk_json_put(w, object, "rows", rows ? baseline_rows(w, b) : json_null());
		lk_json_item(w, object);
	}
	lk_json_end_list(w);
}

/* ---- one stack -------------------------------------------------------------- */

static json_t *
frame(struct lk_json_writer *w, const struct lk_frame *f)
{
	json_t *object = json_object();

	lk_json_put(w, object, "function", lk_json_text(f->function));
	lk_json_put(w, object, "file", lk_json_text(f->file));
	lk_json_put(w, object, "line", json_integer(f->line));
	lk_json_put(w, object, "native", json_boolean(f->native));
	if (!f->native)
		return object;
	lk_json_put(w, object, "build_id", lk_json_text(f->build_id != NULL ? f->build_id : ""));
	lk_json_put(w, object, "address", lk_json_address(f->address));
	return object;
}

static json_t *
frames(struct lk_json_writer *w, const struct lk_stack *stack, uint32_t depth)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < stack->frame_count && i < depth; i++)
		lk_json_append(w, list, frame(w, &stack->frames[i]));
	return list;
}

static json_t *
stack_alone(struct lk_json_writer *w, const struct lk_stack *stack, uint32_t depth)
{
	uint32_t cut = stack->frame_count > depth ? LK_SNAPSHOT_TRUNCATED : 0;
	json_t *object = json_object();

	lk_json_put(w, object, "id", json_integer(stack->id));
	lk_json_put(w, object, "domain", json_string(lk_domain_name(stack->domain)));
	lk_json_put(w, object, "thread", lk_json_text(stack->thread));
	lk_json_put(w, object, "flags", json_integer(stack->flags | cut));
	lk_json_put(w, object, "frames", frames(w, stack, depth));
	return object;
}

static void
put_growth(struct lk_json_writer *w, json_t *object, const struct lk_growth *g)
{
	lk_json_put(w, object, "delta_bytes", lk_json_number(g->delta_bytes));
	lk_json_put(w, object, "delta_bytes_error", lk_json_number(g->delta_error_bytes));
	lk_json_put(w, object, "delta_objects", lk_json_number(g->delta_objects));
	lk_json_put(w, object, "rate_bytes_per_min", lk_json_number(g->rate_bytes_per_min));
	lk_json_put(w, object, "significant", json_boolean(g->significant));
	lk_json_put(w, object, "survived_intervals", json_integer(g->survived_count));
	lk_json_put(w, object, "intervals", json_integer(g->interval_count));
}

static void
put_live(struct lk_json_writer *w, json_t *object, const struct lk_growth *g)
{
	lk_json_put(w, object, "live_bytes", lk_json_number(g->live.bytes));
	lk_json_put(w, object, "live_bytes_error", lk_json_number(g->live_error_bytes));
	lk_json_put(w, object, "live_objects", lk_json_number(g->live.objects));
	lk_json_put(w, object, "freed_bytes_total", lk_json_number(g->est_freed_bytes));
}

/* ROW: of the stack now; NULL: it vanished. */
static json_t *
grown_stack(struct lk_json_writer *w, const struct lk_growth *g, const struct lk_row *row,
    uint32_t depth)
{
	json_t *object = stack_alone(w, g->stack, depth);

	put_growth(w, object, g);
	if (row == NULL) {
		lk_json_put(w, object, "vanished", json_true());
		return object;
	}
	put_live(w, object, g);
	put_row(w, object, row);
	if (row->trend_bytes != NULL)
		lk_json_put(w, object, "trend_bytes",
		    lk_json_numbers(w, row->trend_bytes, row->trend_count));
	return object;
}

/* ---- all stacks ------------------------------------------------------------- */

/* The ids of stacks that are in the list already, to be asked by binary search. */
struct known {
	uint32_t *ids;
	size_t count, sorted_count;
};

static int
by_id(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void
sort_known(struct known *known)
{
	qsort(known->ids, known->count, sizeof(known->ids[0]), by_id);
	known->sorted_count = known->count;
}

static bool
is_known(const struct known *known, uint32_t id)
{
	if (bsearch(&id, known->ids, known->sorted_count, sizeof(id), by_id) != NULL)
		return true;
	for (size_t i = known->sorted_count; i < known->count; i++)
		if (known->ids[i] == id)
			return true;
	return false;
}

/* A stack that only an older baseline or a container still names. */
static void
write_named(struct lk_json_writer *w, struct known *known, const struct lk_stack *stack,
    uint32_t depth)
{
	json_t *object;

	if (stack == NULL || is_known(known, stack->id))
		return;
	known->ids[known->count++] = stack->id;
	if (known->count - known->sorted_count > 256)
		sort_known(known);
	object = stack_alone(w, stack, depth);
	lk_json_put(w, object, "vanished", json_true());
	lk_json_item(w, object);
}

static void
write_all_named(struct lk_json_writer *w, struct known *known, const struct lk_snapshot *s,
    uint32_t depth)
{
	for (uint32_t i = 0; i < s->baseline_count; i++)
		for (uint32_t k = 0; k < s->baselines[i].row_count; k++)
			write_named(w, known, s->baselines[i].rows[k].stack, depth);
	for (uint32_t i = 0; i < s->containers.count; i++)
		write_named(w, known, s->containers.list[i].stack, depth);
}

static void
write_grown(struct lk_json_writer *w, struct known *known, const struct lk_export_job *job,
    uint32_t depth)
{
	const struct lk_snapshot *s = job->s;

	for (size_t i = 0; i < job->growth->count; i++) {
		const struct lk_growth *g = &job->growth->rows[i];

		known->ids[known->count++] = g->stack->id;
		lk_json_item(w, grown_stack(w, g,
		    lk_snapshot_row(s->rows, s->row_count, g->stack->id), depth));
	}
	sort_known(known);
}

void
lk_json_stacks_write(struct lk_json_writer *w, const struct lk_export_job *job,
    const struct lk_json_budget *budget)
{
	const struct lk_snapshot *s = job->s;
	size_t max = job->growth->count + s->containers.count + 1;
	struct known known = {0};

	for (uint32_t i = 0; i < s->baseline_count; i++)
		max += s->baselines[i].row_count;
	known.ids = calloc(max, sizeof(*known.ids));
	if (known.ids == NULL) {
		w->failed = true;
		return;
	}
	lk_json_begin_list(w, "stacks");
	write_grown(w, &known, job, budget->depth);
	write_all_named(w, &known, s, budget->depth);
	lk_json_end_list(w);
	free(known.ids);
}
