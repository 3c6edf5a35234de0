#include "config.h"

#include "export/slim.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/growth.h"
#include "analysis/identity.h"
#include "base/hash.h"
#include "leaktop/snapshot.h"
#include "model/arena.h"
#include "model/snapshot.h"

#define CALLERS 2u	/* of a line of which nothing is alive: itself, and who called it */

/* A row of the snapshot, or of one of its baselines: by the index of its stack in the former. */
struct slot {
	uint64_t line;		/* and domain */
	uint32_t row, keeper;	/* the row that its totals count to: itself where it stays */
	bool	 needed;	/* alive, now or at a baseline */
};

struct slim {
	const struct lk_snapshot *s;
	struct lk_arena	*arena;
	struct slot	*slots;	/* [row_count], by row */
	struct lk_row	*sums;	/* [row_count] likewise: what is written of each */
	uint32_t	 kept_count;
};

static uint32_t
index_of(const struct lk_snapshot *s, uint32_t stack)
{
	const struct lk_row *row = lk_snapshot_row(s->rows, s->row_count, stack);

	return row != NULL ? (uint32_t)(row - s->rows) : UINT32_MAX;
}

static void
find_needed(struct slim *m)
{
	const struct lk_snapshot *s = m->s;

	for (uint32_t i = 0; i < s->row_count; i++) {
		const struct lk_stack *stack = s->rows[i].stack;

		m->slots[i] = (struct slot){.row = i, .keeper = i,
		    .needed = s->rows[i].cell_count > 0,
		    .line = lk_hash_more(lk_identity_key(stack, LK_GROUP_LINE), stack->domain)};
	}
	for (uint32_t i = 0; i < s->containers.count; i++) {
		const struct lk_stack *stack = s->containers.list[i].stack;
		uint32_t at = stack != NULL ? index_of(s, stack->id) : UINT32_MAX;

		if (at != UINT32_MAX)
			m->slots[at].needed = true;
	}
	for (uint32_t b = 0; b < s->baseline_count; b++)
		for (uint32_t i = 0; s->baselines[b].has_rows && i < s->baselines[b].row_count;
		    i++) {
			const struct lk_row *row = &s->baselines[b].rows[i];
			uint32_t at = index_of(s, row->stack->id);

			if (at != UINT32_MAX && row->cell_count > 0)
				m->slots[at].needed = true;
		}
}

/* Those of a line together, the needed ones first, then the oldest. */
static int
by_line(const void *a, const void *b)
{
	const struct slot *x = *(const struct slot *const *)a, *y = *(const struct slot *const *)b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->needed != y->needed)
		return x->needed ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

static bool
choose_keepers(struct slim *m)
{
	uint32_t count = m->s->row_count;
	struct slot **order = lk_arena_get(m->arena, count, sizeof(struct slot *));

	if (order == NULL)
		return false;
	for (uint32_t i = 0; i < count; i++)
		order[i] = &m->slots[i];
	qsort(order, count, sizeof(struct slot *), by_line);
	for (uint32_t i = 0, first = 0; i < count; i++) {
		if (order[i]->line != order[first]->line)
			first = i;
		if (!order[i]->needed)
			order[i]->keeper = order[first]->row;
	}
	for (uint32_t i = 0; i < count; i++)
		m->kept_count += m->slots[i].keeper == i;
	return true;
}

/* The innermost frames of a stack of which nothing is alive, the line's among them.
 * NULL: no memory. */
static const struct lk_stack *
cut(const struct slim *m, const struct lk_stack *stack)
{
	struct lk_stack *out;
	uint32_t count = 0;

	while (count < stack->frame_count && stack->frames[count].native)
		count++;
	count += CALLERS;
	if (stack->frame_count <= count)
		return stack;
	out = lk_arena_get(m->arena, 1, sizeof(*out));
	if (out == NULL)
		return NULL;
	*out = *stack;
	out->frame_count = count;
	out->flags |= LK_SNAPSHOT_TRUNCATED;
	return out;
}

static void
add_totals(struct lk_row *to, const struct lk_row *from)
{
	to->est_allocated_bytes += from->est_allocated_bytes;
	to->est_allocated_objects += from->est_allocated_objects;
	to->sampled_allocated_count += from->sampled_allocated_count;
}

/* Totals of ROWS to those of their keepers; then the rows of these, by stack id. */
static const struct lk_row *
fold(const struct slim *m, const struct lk_row *rows, uint32_t count, uint32_t *kept)
{
	struct lk_row *out = lk_arena_get(m->arena, m->kept_count, sizeof(*out));

	*kept = 0;
	if (out == NULL)
		return NULL;
	for (uint32_t i = 0; i < m->s->row_count; i++)
		m->sums[i] = (struct lk_row){.stack = NULL};
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = index_of(m->s, rows[i].stack->id), keeper;

		if (at == UINT32_MAX)
			continue;
		keeper = m->slots[at].keeper;
		m->sums[keeper].stack = m->s->rows[keeper].stack;
		add_totals(&m->sums[keeper], &rows[i]);
		if (keeper != at)
			continue;
		m->sums[at].cell_count = rows[i].cell_count;
		m->sums[at].cells = rows[i].cells;
		m->sums[at].trend_count = rows[i].trend_count;
		m->sums[at].trend_bytes = rows[i].trend_bytes;
	}
	for (uint32_t i = 0; i < m->s->row_count; i++)
		if (m->sums[i].stack != NULL)
			out[(*kept)++] = m->sums[i];
	return out;
}

static bool
fold_baselines(const struct slim *m, struct lk_snapshot *out)
{
	struct lk_baseline *baselines = lk_arena_get(m->arena, m->s->baseline_count,
	    sizeof(*baselines));

	if (baselines == NULL)
		return m->s->baseline_count == 0;
	for (uint32_t i = 0; i < m->s->baseline_count; i++) {
		struct lk_baseline *b = &baselines[i];

		*b = m->s->baselines[i];
		if (!b->has_rows)
			continue;
		b->rows = fold(m, b->rows, b->row_count, &b->row_count);
		if (b->rows == NULL)
			return false;
	}
	out->baselines = baselines;
	return true;
}

static bool
fold_now(const struct slim *m, struct lk_snapshot *out)
{
	struct lk_row *rows = (struct lk_row *)(uintptr_t)fold(m, m->s->rows, m->s->row_count,
	    &out->row_count);

	if (rows == NULL)
		return false;
	for (uint32_t i = 0; i < out->row_count; i++) {
		if (m->slots[index_of(m->s, rows[i].stack->id)].needed)
			continue;
		rows[i].stack = cut(m, rows[i].stack);
		if (rows[i].stack == NULL)
			return false;
	}
	out->rows = rows;
	return true;
}

const struct lk_snapshot *
lk_slim_snapshot(const struct lk_snapshot *s, struct lk_arena *arena)
{
	struct slim m = {.s = s, .arena = arena};
	struct lk_snapshot *out = lk_arena_get(arena, 1, sizeof(*out));

	m.slots = lk_arena_get(arena, s->row_count, sizeof(*m.slots));
	m.sums = lk_arena_get(arena, s->row_count, sizeof(*m.sums));
	if (s->row_count == 0 || out == NULL || m.slots == NULL || m.sums == NULL)
		return s;
	*out = *s;
	find_needed(&m);
	if (!choose_keepers(&m) || !fold_baselines(&m, out) || !fold_now(&m, out))
		return s;
	return out;
}
