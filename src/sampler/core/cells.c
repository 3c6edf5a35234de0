#include "config.h"

#include "sampler/core/cells.h"

#include <stdbool.h>
#include <stddef.h>

#include "sampler/core/live.h"
#include "sampler/core/stacks.h"

static uint32_t
new_cell(struct lk_stacks *s)
{
	uint32_t i = s->cell_free;

	if (i != LK_STACKS_NONE) {
		s->cell_free = s->cells[i].next;
		return i;
	}
	return s->cell_used < s->cell_capacity ? s->cell_used++ : LK_STACKS_NONE;
}

/* The cell of EPOCH.  Without room for another, the oldest one that is not older serves, so
 * that a survivor looks younger than it is, not older; where there is none, the next older
 * one.  A death finds its way by the same rule: counts return to zero. */
static struct lk_live_cell *
cell_of(struct lk_stacks *s, struct lk_stack_entry *stack, uint32_t epoch, bool make)
{
	uint32_t *link = &stack->cell, made = LK_STACKS_NONE;
	struct lk_live_cell *younger = NULL;

	for (; *link != LK_STACKS_NONE; link = &s->cells[*link].next) {
		if (s->cells[*link].epoch == epoch)
			return &s->cells[*link];
		if (s->cells[*link].epoch < epoch)
			break;
		younger = &s->cells[*link];
	}
	if (make)
		made = new_cell(s);
	if (made == LK_STACKS_NONE)
		return younger != NULL ? younger :
		    *link != LK_STACKS_NONE ? &s->cells[*link] : NULL;
	s->cells[made] = (struct lk_live_cell){*link, epoch, 0, LK_CLUSTERS_NONE, 0, 0, 0};
	*link = made;
	return &s->cells[made];
}

static void
drop_cell(struct lk_stacks *s, struct lk_stack_entry *stack, struct lk_live_cell *cell)
{
	uint32_t gone = (uint32_t)(cell - s->cells);
	uint32_t *link = &stack->cell;

	while (*link != gone)
		link = &s->cells[*link].next;
	*link = cell->next;
	cell->next = s->cell_free;
	s->cell_free = gone;
}

static void
changed(struct lk_stacks *s, struct lk_stack_entry *stack)
{
	atomic_store_explicit(&stack->version, ++s->change_count, memory_order_relaxed);
}

/* What the variance of a cell gains beyond the sample's own part. */
static double
join_cluster(struct lk_stacks *s, struct lk_live_cell *cell, struct lk_sample *sample,
    uint32_t duty_slot)
{
	double change;

	if (sample->duty_shift == 0)
		return 0;
	change = lk_clusters_join(&s->clusters, &cell->cluster, (uint32_t)(cell - s->cells),
	    duty_slot, lk_clusters_bytes(sample));
	sample->cluster = cell->cluster;
	return change * lk_clusters_factor(sample->duty_shift);
}

static double
leave_cluster(struct lk_stacks *s, const struct lk_sample *sample)
{
	if (sample->duty_shift == 0)
		return 0;
	return lk_clusters_leave(&s->clusters, sample->cluster, lk_clusters_bytes(sample)) *
	    lk_clusters_factor(sample->duty_shift);
}

void
lk_cells_recount(struct lk_stacks *s, struct lk_sample *sample, uint32_t duty_slot)
{
	struct lk_stack_entry *stack = &s->stacks[sample->stack];
	struct lk_live_cell *cell = cell_of(s, stack, sample->epoch, true);

	changed(s, stack);
	stack->live_count++;
	sample->cluster = LK_CLUSTERS_NONE;
	if (cell == NULL)
		return;
	cell->count++;
	cell->bytes += sample->est_bytes;
	cell->objects += (double)sample->est_objects;
	cell->variance += sample->variance + join_cluster(s, cell, sample, duty_slot);
	stack->live_bytes += sample->est_bytes;
}

void
lk_cells_born(struct lk_stacks *s, struct lk_sample *sample, uint32_t duty_slot)
{
	struct lk_stack_entry *stack = &s->stacks[sample->stack];

	stack->allocated_count++;
	stack->allocated_bytes += sample->est_bytes;
	stack->allocated_objects += (double)sample->est_objects;
	lk_cells_recount(s, sample, duty_slot);
}

/* What rounding leaves is never negative: the wire has no such quantities. */
static void
subtract(double *from, double value)
{
	*from -= value;
	if (*from < 0)
		*from = 0;
}

void
lk_cells_reweigh(struct lk_stacks *s, const struct lk_sample *before, struct lk_sample *sample)
{
	struct lk_stack_entry *stack = &s->stacks[sample->stack];
	struct lk_live_cell *cell = cell_of(s, stack, sample->epoch, false);
	double change = sample->variance - before->variance;

	changed(s, stack);
	if (sample->duty_shift != 0)
		change += lk_clusters_change(&s->clusters, sample->cluster,
		    lk_clusters_bytes(before), lk_clusters_bytes(sample)) *
		    lk_clusters_factor(sample->duty_shift);
	if (cell == NULL || cell->count == 0)
		return;
	subtract(&cell->bytes, before->est_bytes - sample->est_bytes);
	subtract(&cell->objects, (double)before->est_objects - (double)sample->est_objects);
	subtract(&cell->variance, -change);
	subtract(&stack->live_bytes, before->est_bytes - sample->est_bytes);
}

void
lk_cells_died(struct lk_stacks *s, const struct lk_sample *sample)
{
	struct lk_stack_entry *stack = &s->stacks[sample->stack];
	struct lk_live_cell *cell = cell_of(s, stack, sample->epoch, false);
	double change = leave_cluster(s, sample) - sample->variance;

	changed(s, stack);
	stack->live_count--;
	if (cell == NULL || cell->count == 0)
		return;
	subtract(&stack->live_bytes, sample->est_bytes);
	if (--cell->count == 0) {	/* rounding errors end here */
		drop_cell(s, stack, cell);
		if (stack->cell == LK_STACKS_NONE)
			stack->live_bytes = 0;
		return;
	}
	subtract(&cell->bytes, sample->est_bytes);
	subtract(&cell->objects, (double)sample->est_objects);
	subtract(&cell->variance, -change);
}

/* Its cluster in the new cell is the one of the same slot, which HINT finds again: what else
 * uses the cell lately is of other slots. */
void
lk_cells_move(struct lk_stacks *s, struct lk_sample *sample, uint32_t to, uint32_t *hint)
{
	struct lk_live_cell *cell;
	uint32_t slot = UINT32_MAX;	/* stood alone */

	if (sample->duty_shift != 0 && sample->cluster != LK_CLUSTERS_NONE)
		slot = s->clusters.at[sample->cluster].slot;
	lk_cells_died(s, sample);
	sample->stack = to;
	cell = cell_of(s, &s->stacks[to], sample->epoch, true);
	hint = &hint[(slot * 2654435769u ^ sample->epoch * 40503u) % LK_CELLS_HINTS];
	if (cell != NULL && *hint != LK_CLUSTERS_NONE)
		cell->cluster = *hint;	/* of another owner or slot: a new one is made */
	lk_cells_recount(s, sample, slot);
	if (cell != NULL && sample->duty_shift != 0)
		*hint = cell->cluster;
}

void
lk_cells_fold(struct lk_stacks *s, uint32_t from, uint32_t to)
{
	const struct lk_stack_entry *gone = &s->stacks[from];
	struct lk_stack_entry *stack = &s->stacks[to];

	changed(s, stack);
	stack->allocated_count += gone->allocated_count;
	stack->allocated_bytes += gone->allocated_bytes;
	stack->allocated_objects += gone->allocated_objects;
}
