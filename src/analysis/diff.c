#include "config.h"

#include "analysis/diff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/arena.h"
#include "model/snapshot.h"

#include "analysis/identity.h"

/* Of one difference: what was born and what died between A and B. */
struct change {
	struct lk_estimate born, died;
};

struct maker {
	const struct lk_snapshot *a, *b;
	struct lk_diff *diff;
	enum lk_group group;
	struct lk_identities ids;
	struct change *changes; /* [ids.count] */
};

static struct lk_estimate
scaled(const struct lk_estimate *e, double share)
{
	return (struct lk_estimate){
	    .sampled_count = (uint64_t)ceil((double)e->sampled_count * share),
	    .bytes = e->bytes * share,
	    .objects = e->objects * share,
	    .variance = e->variance * share,
	};
}

static void
join(struct lk_estimate *to, const struct lk_estimate *more)
{
	to->sampled_count += more->sampled_count;
	to->bytes += more->bytes;
	to->objects += more->objects;
	to->variance += more->variance;
}

static struct lk_estimate
sum_between(const struct lk_row *row, uint32_t first_epoch, uint32_t last_epoch)
{
	struct lk_estimate sum = {0};

	for (uint32_t i = 0; i < row->cell_count; i++)
		if (row->cells[i].epoch >= first_epoch && row->cells[i].epoch <= last_epoch)
			lk_estimate_add(&sum, &row->cells[i]);
	return sum;
}

/* What is in OLD and not in NEW of something that can only shrink. */
static struct lk_estimate
shrunk(const struct lk_estimate *old, const struct lk_estimate *new)
{
	double share = old->bytes > 0 ? 1 - new->bytes / old->bytes : 0;

	return share > 0 ? scaled(old, share) : (struct lk_estimate){0};
}

/*
 * One stack of one process at two times.  Epochs that were closed at A can only shrink, those after
 * can only be new.  In the epoch that was open at A both happen: not more was born than was
 * allocated since, and the rest of what is alive at B survived.
 */
static void
compare_survivors(const struct lk_row *a, const struct lk_row *b, uint32_t open_epoch,
    struct change *out)
{
	struct lk_estimate closed_a = open_epoch > 0 ? sum_between(a, 0, open_epoch - 1) :
	    (struct lk_estimate){0};
	struct lk_estimate closed_b = open_epoch > 0 ? sum_between(b, 0, open_epoch - 1) :
	    (struct lk_estimate){0};
	struct lk_estimate open_a = sum_between(a, open_epoch, open_epoch), kept, part;
	struct lk_estimate open_b = sum_between(b, open_epoch, open_epoch);
	double allocated = b->est_allocated_bytes - a->est_allocated_bytes, share;

	part = shrunk(&closed_a, &closed_b);
	join(&out->died, &part);
	if (open_epoch < UINT32_MAX) {
		part = sum_between(b, open_epoch + 1, UINT32_MAX);
		join(&out->born, &part);
	}
	share = open_b.bytes > 0 && allocated > 0 ? fmin(allocated / open_b.bytes, 1) : 0;
	/* it grew by at least that much, whatever the totals say after a change of interval */
	if (open_b.bytes > 0)
		share = fmax(share, 1 - open_a.bytes / open_b.bytes);
	part = scaled(&open_b, share);
	join(&out->born, &part);
	kept = scaled(&open_b, 1 - share);
	part = shrunk(&open_a, &kept);
	join(&out->died, &part);
}

static uint32_t
open_epoch_of(const struct lk_snapshot *s)
{
	uint32_t epoch = s->baseline_count > 0 ? s->baselines[s->baseline_count - 1].id : 0;

	/* a dropped baseline is not in the list, but cells know of its epoch */
	for (uint32_t i = 0; i < s->row_count; i++)
		if (s->rows[i].cell_count > 0 &&
		    s->rows[i].cells[s->rows[i].cell_count - 1].epoch > epoch)
			epoch = s->rows[i].cells[s->rows[i].cell_count - 1].epoch;
	return epoch;
}

static uint32_t
number_of(struct maker *m, const struct lk_stack *stack)
{
	uint32_t number = lk_identity_number(&m->ids, stack);

	if (m->diff->rows[number].stack == NULL)
		m->diff->rows[number].stack = stack;
	return number;
}

static void
add_all(struct maker *m)
{
	uint32_t open_epoch = open_epoch_of(m->a);

	/* B first: where both have a stack, the one of B is shown */
	for (uint32_t i = 0; i < m->b->row_count; i++) {
		const struct lk_row *b = &m->b->rows[i], *a = NULL;
		struct lk_estimate all = sum_between(b, 0, UINT32_MAX);
		uint32_t number = number_of(m, b->stack);

		join(&m->diff->rows[number].b, &all);
		if (m->diff->same_process)
			a = lk_snapshot_row(m->a->rows, m->a->row_count, b->stack->id);
		if (a != NULL)
			compare_survivors(a, b, open_epoch, &m->changes[number]);
		else
			join(&m->changes[number].born, &all);
	}
	for (uint32_t i = 0; i < m->a->row_count; i++) {
		const struct lk_row *a = &m->a->rows[i];
		struct lk_estimate all = sum_between(a, 0, UINT32_MAX);
		uint32_t number = number_of(m, a->stack);

		join(&m->diff->rows[number].a, &all);
		if (!m->diff->same_process ||
		    lk_snapshot_row(m->b->rows, m->b->row_count, a->stack->id) == NULL)
			join(&m->changes[number].died, &all);
	}
}

static int
by_delta(const void *a, const void *b)
{
	const struct lk_difference *x = a, *y = b;

	if (x->delta_bytes != y->delta_bytes)
		return x->delta_bytes < y->delta_bytes ? 1 : -1;
	if (x->b.bytes != y->b.bytes)
		return x->b.bytes < y->b.bytes ? 1 : -1;
	return x->stack->id < y->stack->id ? -1 : x->stack->id > y->stack->id;
}

static void
finish(struct maker *m)
{
	struct lk_diff *diff = m->diff;
	double interval_bytes =
	    fmax(lk_snapshot_interval_bytes(m->a), lk_snapshot_interval_bytes(m->b));

	diff->count = m->ids.count;
	for (size_t i = 0; i < diff->count; i++) {
		struct lk_difference *d = &diff->rows[i];

		d->delta_bytes = d->b.bytes - d->a.bytes;
		d->delta_objects = d->b.objects - d->a.objects;
		d->delta_error_bytes = lk_estimate_delta_error(&m->changes[i].born,
		    &m->changes[i].died, interval_bytes);
		d->significant = lk_estimate_exceeds_chance(&m->changes[i].born,
		    &m->changes[i].died, interval_bytes);
		d->only_a = d->a.bytes > 0 && !(d->b.bytes > 0);
		d->only_b = d->b.bytes > 0 && !(d->a.bytes > 0);
	}
	qsort(diff->rows, diff->count, sizeof(*diff->rows), by_delta);
}

static int
make(struct maker *m)
{
	const struct lk_snapshot *a = m->a, *b = m->b;
	struct lk_diff *diff = m->diff;
	size_t max = (size_t)a->row_count + b->row_count;

	diff->seconds = b->at_s - a->at_s;
	/* survivors can only be followed forward */
	diff->same_process = a->process.pid > 0 && a->process.pid == b->process.pid &&
	    a->process.start_time == b->process.start_time &&
	    strcmp(a->process.host, b->process.host) == 0 && diff->seconds >= 0;
	diff->delta_rss_bytes = b->rss_bytes - a->rss_bytes;
	diff->delta_live_bytes = b->est_live_bytes - a->est_live_bytes;
	diff->rows = lk_arena_get(diff->arena, max, sizeof(*diff->rows));
	m->changes = lk_arena_get(diff->arena, max, sizeof(*m->changes));
	if (diff->rows == NULL || m->changes == NULL ||
	    lk_identity_init(&m->ids, m->group, max, diff->arena) < 0)
		return -1;
	add_all(m);
	finish(m);
	return 0;
}

struct lk_diff *
lk_diff_new(const struct lk_snapshot *a, const struct lk_snapshot *b)
{
	return lk_diff_by(a, b, LK_IDENTITY_FRAMES);
}

struct lk_diff *
lk_diff_by(const struct lk_snapshot *a, const struct lk_snapshot *b, enum lk_group group)
{
	struct maker m = {.a = a, .b = b, .group = group};
	struct lk_arena *arena = lk_arena_new();

	m.diff = arena != NULL ? lk_arena_get(arena, 1, sizeof(*m.diff)) : NULL;
	if (m.diff != NULL)
		m.diff->arena = arena;
	if (m.diff == NULL || make(&m) < 0) {
		lk_arena_free(arena);
		return NULL;
	}
	return m.diff;
}

void
lk_diff_free(struct lk_diff *diff)
{
	if (diff != NULL)
		lk_arena_free(diff->arena);
}
