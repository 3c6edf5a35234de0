#include "config.h"

#include "client/group_rows.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/arena.h"
#include "model/snapshot.h"

#include "client/group_stacks.h"

/* What is known of one stack of the group while its row is made. */
struct entry {
	uint32_t row_count, cell_count;	/* of all inputs */
	uint32_t index;			/* of its row */
	struct lk_cell *cells;		/* ours; NULL: borrowed */
	float *trend;			/* likewise */
};

struct maker {
	const struct lk_group_stacks *stacks;
	struct lk_arena *arena;
	struct entry *entries;		/* [stacks->count + 1] by id */
	struct lk_row *rows;
};

static uint32_t
id_of(const struct lk_group_input *in, uint32_t i)
{
	return in->ids != NULL ? in->ids[i] : in->rows[i].stack->id;
}

static uint32_t
epoch_of(const struct lk_group_epochs *epochs, uint32_t epoch)
{
	uint32_t to = 0;

	for (uint32_t i = 0; i < epochs->count && epochs->list[i].from <= epoch; i++)
		to = epochs->list[i].to;
	return to;
}

static bool
is_translated(const struct lk_group_input *in)
{
	return in->epochs != NULL && !in->epochs->is_same;
}

/* How many rows there will be, and room for their cells where they cannot be borrowed. */
static uint32_t
measure(struct maker *m, const struct lk_group_input *inputs, size_t input_count)
{
	uint32_t count = 0;

	for (size_t k = 0; k < input_count; k++)
		for (uint32_t i = 0; i < inputs[k].count; i++) {
			struct entry *e = &m->entries[id_of(&inputs[k], i)];

			e->row_count += is_translated(&inputs[k]) ? 2 : 1;
			e->cell_count += inputs[k].rows[i].cell_count;
		}
	for (uint32_t id = 1; id <= m->stacks->count; id++)
		if (m->entries[id].row_count > 0)
			m->entries[id].index = count++;
	return count;
}

static int
make_room(struct maker *m, uint32_t count)
{
	m->rows = lk_arena_get(m->arena, count, sizeof(*m->rows));
	if (m->rows == NULL)
		return -ENOMEM;
	for (uint32_t id = 1; id <= m->stacks->count; id++) {
		struct entry *e = &m->entries[id];

		if (e->row_count == 0)
			continue;
		m->rows[e->index].stack = m->stacks->list[id - 1];
		if (e->row_count == 1)
			continue;
		e->cells = lk_arena_get(m->arena, e->cell_count, sizeof(*e->cells));
		if (e->cells == NULL)
			return -ENOMEM;
		m->rows[e->index].cells = e->cells;
	}
	return 0;
}

/* Into its place by epoch; there is room for all. */
static void
add_cell(struct lk_row *row, struct lk_cell *cells, const struct lk_cell *from, uint32_t epoch)
{
	uint32_t at = row->cell_count;

	while (at > 0 && cells[at - 1].epoch > epoch)
		at--;
	if (at > 0 && cells[at - 1].epoch == epoch) {
		struct lk_cell *to = &cells[at - 1];

		to->sampled_count += from->sampled_count;
		to->est_bytes += from->est_bytes;
		to->est_objects += from->est_objects;
		to->variance += from->variance;
		return;
	}
	memmove(cells + at + 1, cells + at, (row->cell_count - at) * sizeof(*cells));
	cells[at] = *from;
	cells[at].epoch = epoch;
	row->cell_count++;
}

static void
add_points(float *to, uint32_t to_count, const float *from, uint32_t from_count)
{
	for (uint32_t i = 0; i < from_count; i++)
		if (!isnan(from[i]))
			to[to_count - from_count + i] += from[i];
}

/* All trends end now. */
static void
add_trend(struct maker *m, struct entry *e, struct lk_row *row, const struct lk_row *from)
{
	if (from->trend_count == 0 || from->trend_bytes == NULL)
		return;
	if (row->trend_bytes == NULL) {
		row->trend_bytes = from->trend_bytes;
		row->trend_count = from->trend_count;
		return;
	}
	if (e->trend == NULL || from->trend_count > row->trend_count) {
		uint32_t count = from->trend_count > row->trend_count ? from->trend_count
								      : row->trend_count;
		float *wide = lk_arena_get(m->arena, count, sizeof(*wide));

		if (wide == NULL)
			return;	/* a sparkline less is no reason to show nothing */
		add_points(wide, count, row->trend_bytes, row->trend_count);
		e->trend = wide;
		row->trend_bytes = wide;
		row->trend_count = count;
	}
	add_points(e->trend, row->trend_count, from->trend_bytes, from->trend_count);
}

static void
add_row(struct maker *m, const struct lk_group_input *in, uint32_t i)
{
	const struct lk_row *from = &in->rows[i];
	struct entry *e = &m->entries[id_of(in, i)];
	struct lk_row *row = &m->rows[e->index];

	row->est_allocated_bytes += from->est_allocated_bytes;
	row->est_allocated_objects += from->est_allocated_objects;
	row->sampled_allocated_count += from->sampled_allocated_count;
	add_trend(m, e, row, from);
	if (e->cells == NULL) {
		row->cells = from->cells;
		row->cell_count = from->cell_count;
		return;
	}
	for (uint32_t c = 0; c < from->cell_count; c++)
		add_cell(row, e->cells, &from->cells[c], is_translated(in) ?
		    epoch_of(in->epochs, from->cells[c].epoch) : from->cells[c].epoch);
}

int
lk_group_rows_add(const struct lk_group_stacks *stacks, const struct lk_group_input *inputs,
    size_t input_count, struct lk_arena *arena, const struct lk_row **rows, uint32_t *count)
{
	struct maker m = {.stacks = stacks, .arena = arena};
	int rc;

	m.entries = calloc((size_t)stacks->count + 1, sizeof(*m.entries));
	if (m.entries == NULL)
		return -ENOMEM;
	*count = measure(&m, inputs, input_count);
	rc = make_room(&m, *count);
	for (size_t k = 0; k < input_count && rc == 0; k++)
		for (uint32_t i = 0; i < inputs[k].count; i++)
			add_row(&m, &inputs[k], i);
	free(m.entries);
	*rows = m.rows;
	return rc;
}
