/* Rows of a mirror: what is live now, and what was at a baseline. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/arena.h"

#include "client/mirror_private.h"
#include "client/names.h"
#include "client/shared.h"

/* Room for one more row; with cells_of when WITH_CELLS. */
static int
rows_reserve(struct lk_mirror_rows *rows, bool with_cells)
{
	uint32_t capacity = rows->capacity == 0 ? 256 : 2 * rows->capacity;
	void *list;

	if (rows->count < rows->capacity)
		return 0;
	if (rows->count >= LK_MIRROR_ROWS_MAX)
		return -ENOSPC;
	list = realloc(rows->list, capacity * sizeof(*rows->list));
	if (list == NULL)
		return -ENOMEM;
	rows->list = list;
	if (with_cells) {
		list = realloc(rows->cells_of, capacity * sizeof(*rows->cells_of));
		if (list == NULL)
			return -ENOMEM;
		rows->cells_of = list;
	}
	rows->capacity = capacity;
	return 0;
}

static void
copy_cells(struct lk_cell *out, const struct lk_message_row *m)
{
	for (uint32_t i = 0; i < m->cell_count; i++)
		out[i] = (struct lk_cell){
		    .epoch = m->cells[i].epoch,
		    .sampled_count = m->cells[i].count,
		    .est_bytes = m->cells[i].bytes,
		    .est_objects = m->cells[i].objects,
		    .variance = m->cells[i].variance};
}

static struct lk_row
row_of(const struct lk_message_row *m, const struct lk_stack *stack, const struct lk_cell *cells)
{
	return (struct lk_row){
	    .stack = stack,
	    .est_allocated_bytes = m->allocated_bytes,
	    .est_allocated_objects = m->allocated_objects,
	    .sampled_allocated_count = m->allocated_count,
	    .cell_count = m->cell_count,
	    .cells = cells};
}

/* The index of the row of STACK, a new one if need be; negative errno. */
static long
find_or_add(struct lk_mirror *m, uint32_t stack)
{
	struct lk_mirror_rows *rows = &m->rows;
	uint32_t index = lk_idmap_get(&m->row_of, stack);
	int rc;

	if (index != LK_IDMAP_NONE)
		return index;
	rc = rows_reserve(rows, true);
	if (rc == 0)
		rc = lk_idmap_set(&m->row_of, stack, rows->count);
	if (rc < 0)
		return rc;
	memset(&rows->list[rows->count], 0, sizeof(rows->list[0]));
	memset(&rows->cells_of[rows->count], 0, sizeof(rows->cells_of[0]));
	m->is_ordered = false;
	return rows->count++;
}

static int
apply_row(struct lk_mirror *m, const struct lk_message_row *message)
{
	const struct lk_stack *stack = lk_names_stack(m->names, message->stack);
	struct lk_mirror_cells *cells;
	struct lk_row *row;
	long index;

	if (stack == NULL)
		return -EBADMSG;
	index = find_or_add(m, message->stack);
	if (index < 0)
		return (int)index;
	row = &m->rows.list[index];
	cells = &m->rows.cells_of[index];
	if (row->stack == NULL)
		row->stack = stack; /* never without one, even if memory ends below */
	if (cells->capacity < message->cell_count) {
		struct lk_cell *list = realloc(cells->list, message->cell_count * sizeof(*list));

		if (list == NULL)
			return -ENOMEM;
		cells->list = list;
		cells->capacity = message->cell_count;
	}
	copy_cells(cells->list, message);
	m->rows.cell_count += message->cell_count;
	m->rows.cell_count -= row->cell_count;
	*row = row_of(message, stack, cells->list);
	return 0;
}

int
lk_mirror_read_live(struct lk_mirror *m, const struct lk_message_rows *message)
{
	int rc = 0;

	m->is_open = true;
	for (uint32_t i = 0; rc == 0 && i < message->count; i++)
		rc = apply_row(m, &message->list[i]);
	return rc;
}

static int
by_stack_id(const void *a, const void *b)
{
	const struct lk_row *x = a, *y = b;

	return (x->stack->id > y->stack->id) - (x->stack->id < y->stack->id);
}

static int
by_row_stack_id(const void *a, const void *b, void *rows)
{
	const struct lk_row *list = rows;

	return by_stack_id(&list[*(const uint32_t *)a], &list[*(const uint32_t *)b]);
}

int
lk_mirror_order(struct lk_mirror *m)
{
	if (m->is_ordered)
		return 0;
	if (m->order_capacity < m->rows.count) {
		uint32_t *order = realloc(m->order, m->rows.capacity * sizeof(*order));

		if (order == NULL)
			return -ENOMEM;
		m->order = order;
		m->order_capacity = m->rows.capacity;
	}
	for (uint32_t i = 0; i < m->rows.count; i++)
		m->order[i] = i;
	qsort_r(m->order, m->rows.count, sizeof(*m->order), by_row_stack_id, m->rows.list);
	m->is_ordered = true;
	return 0;
}

/* ---- a baseline: its lines are gathered, then become one shared block ---- */

static void
coming_drop(struct lk_mirror *m)
{
	lk_shared_put(m->coming_block);
	free(m->coming.list);
	memset(&m->coming, 0, sizeof(m->coming));
	m->coming_block = NULL;
	m->coming_id = 0;
}

static int
coming_start(struct lk_mirror *m, uint64_t id)
{
	if (m->coming_id == id && m->coming_block != NULL)
		return 0;
	coming_drop(m);
	m->coming_block = lk_shared_new();
	if (m->coming_block == NULL)
		return -ENOMEM;
	m->coming_id = id;
	return lk_shared_keep(lk_names_pool(m->names), m->coming_block->arena);
}

static int
coming_add(struct lk_mirror *m, const struct lk_message_row *message)
{
	const struct lk_stack *stack = lk_names_stack(m->names, message->stack);
	struct lk_cell *cells;
	int rc;

	if (stack == NULL)
		return -EBADMSG;
	rc = rows_reserve(&m->coming, false);
	if (rc < 0)
		return rc;
	cells = lk_arena_get(m->coming_block->arena, message->cell_count, sizeof(*cells));
	if (cells == NULL)
		return -ENOMEM;
	copy_cells(cells, message);
	m->coming.list[m->coming.count++] = row_of(message, stack, cells);
	return 0;
}

static int
coming_finish(struct lk_mirror *m)
{
	struct lk_mirror_baseline *baseline = NULL;
	struct lk_row *rows;

	for (uint32_t i = 0; i < m->baseline_count; i++)
		if (m->baselines[i].value.id == m->coming_id)
			baseline = &m->baselines[i];
	if (baseline == NULL) { /* dropped meanwhile */
		coming_drop(m);
		return 0;
	}
	rows = lk_arena_get(m->coming_block->arena, m->coming.count, sizeof(*rows));
	if (rows == NULL)
		return -ENOMEM;
	if (m->coming.count > 0)
		memcpy(rows, m->coming.list, m->coming.count * sizeof(*rows));
	qsort(rows, m->coming.count, sizeof(*rows), by_stack_id);
	lk_shared_put(baseline->block);
	baseline->block = m->coming_block;
	m->coming_block = NULL;
	baseline->value.rows = rows;
	baseline->value.row_count = m->coming.count;
	baseline->value.has_rows = true;
	coming_drop(m);
	return 0;
}

int
lk_mirror_read_baseline(struct lk_mirror *m, const struct lk_message_rows *message)
{
	int rc = coming_start(m, message->id);

	for (uint32_t i = 0; rc == 0 && i < message->count; i++)
		rc = coming_add(m, &message->list[i]);
	if (rc == 0 && !message->more)
		rc = coming_finish(m);
	return rc;
}

/* Rows of baselines, trends and containers stay until they come again: their ids are nobody else's,
 * and their blocks keep the names they were built with. */
int
lk_mirror_read_reset(struct lk_mirror *m)
{
	if (lk_names_forget(m->names) < 0)
		return -ENOMEM;
	lk_mirror_rows_fini(m);
	m->is_open = true; /* nothing is shown before all has come again */
	return 0;
}

void
lk_mirror_rows_fini(struct lk_mirror *m)
{
	for (uint32_t i = 0; i < m->rows.count; i++)
		free(m->rows.cells_of[i].list);
	free(m->rows.cells_of);
	free(m->rows.list);
	free(m->order);
	memset(&m->rows, 0, sizeof(m->rows));
	m->order = NULL;
	m->order_capacity = 0;
	m->is_ordered = true;
	lk_idmap_fini(&m->row_of);
	coming_drop(m);
}
