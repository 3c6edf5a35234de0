#include "config.h"

#include "analysis/typed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "model/arena.h"
#include "model/frozen.h"
#include "model/snapshot.h"

#include "analysis/growth.h"

#define UNKNOWN	0u	/* number of the row of no known type */

/* What a stack allocated of a type. */
struct part {
	uint32_t	stack, row;
	double		bytes;
};

struct maker {
	const struct lk_growth_set *stacks;
	struct lk_growth_set	*set;
	struct part		*parts;		/* [part_count], by stack */
	size_t			 part_count;
	double			*heaviest_bytes, *error_squares;	/* [row_count], as SET's */
	uint32_t		 row_count;
	double			 interval_bytes;
	bool			 one_process;
};

static bool
knows_sites(const struct lk_types *types)
{
	for (uint32_t i = 0; i < types->count; i++)
		if (!isnan(types->list[i].sample_count))
			return true;
	return false;
}

const struct lk_types *
lk_typed_reading(const struct lk_snapshot *s)
{
	for (uint32_t i = s->types_count; i-- > 0;)
		if (knows_sites(s->types[i]))
			return s->types[i];
	return NULL;
}

/* ---- parts ------------------------------------------------------------------------------ */

static int
by_name(const void *a, const void *b)
{
	const struct lk_type *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static int
by_stack(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	if (x->stack != y->stack)
		return x->stack < y->stack ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

static void
add_parts(struct maker *m, const struct lk_type *type, uint32_t row)
{
	for (uint32_t i = 0; i < type->site_count; i++)
		if (type->sites[i].bytes > 0)
			m->parts[m->part_count++] =
			    (struct part){type->sites[i].stack, row, type->sites[i].bytes};
}

/* A row for each name: a class that was made twice is one. */
static void
number_types(struct maker *m, const struct lk_type **sorted, uint32_t count)
{
	m->row_count = UNKNOWN + 1;
	for (uint32_t i = 0; i < count; i++) {
		if (i == 0 || strcmp(sorted[i]->name, sorted[i - 1]->name) != 0)
			m->set->rows[m->row_count++].type = sorted[i]->name;
		add_parts(m, sorted[i], m->row_count - 1);
	}
	if (m->part_count > 0)
		qsort(m->parts, m->part_count, sizeof(*m->parts), by_stack);
}

/* The first part of STACK, *count of them. */
static const struct part *
find_parts(const struct maker *m, uint32_t stack, size_t *count)
{
	size_t low = 0, high = m->part_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->parts[middle].stack < stack)
			low = middle + 1;
		else
			high = middle;
	}
	*count = 0;
	while (low + *count < m->part_count && m->parts[low + *count].stack == stack)
		(*count)++;
	return m->parts + low;
}

/* ---- rows ------------------------------------------------------------------------------- */

static void
add_estimate(struct lk_estimate *to, const struct lk_estimate *from, double share)
{
	to->sampled_count += (uint64_t)ceil((double)from->sampled_count * share);
	to->bytes += from->bytes * share;
	to->objects += from->objects * share;
	to->variance += from->variance * share;
}

/* Both end now. */
static void
add_trend(struct maker *m, struct lk_growth *to, const struct lk_growth *from, double share)
{
	float *sum;

	if (from->trend_count == 0 || from->trend_bytes == NULL)
		return;
	if (from->trend_count > to->trend_count) {
		sum = lk_arena_get(m->set->arena, from->trend_count, sizeof(*sum));
		if (sum == NULL)
			return; /* a sparkline less */
		for (uint32_t i = 0; i < to->trend_count; i++)
			sum[from->trend_count - to->trend_count + i] = to->trend_bytes[i];
		to->trend_bytes = sum;
		to->trend_count = from->trend_count;
	}
	sum = (float *)(uintptr_t)to->trend_bytes + (to->trend_count - from->trend_count);
	for (uint32_t i = 0; i < from->trend_count; i++)
		if (!isnan(from->trend_bytes[i]))
			sum[i] += (float)share * from->trend_bytes[i];
}

/* SHARE of the stack FROM is of the type with that row. */
static void
add_share(struct maker *m, uint32_t row, const struct lk_growth *from, double share)
{
	struct lk_growth *to = &m->set->rows[row];
	bool first = to->stack_count == 0;
	double weight_bytes = share * fmax(from->live.bytes, fabs(from->delta_bytes));

	if (first || weight_bytes > m->heaviest_bytes[row]) {
		to->stack = from->stack;
		m->heaviest_bytes[row] = weight_bytes;
	}
	add_estimate(&to->live, &from->live, share);
	add_estimate(&to->born, &from->born, share);
	add_estimate(&to->died, &from->died, share);
	to->native_bytes += share * from->native_bytes;
	to->delta_bytes += share * from->delta_bytes;
	to->delta_objects += share * from->delta_objects;
	to->est_allocated_bytes += share * from->est_allocated_bytes;
	to->est_allocated_since_bytes += share * from->est_allocated_since_bytes;
	to->est_freed_bytes += share * from->est_freed_bytes;
	m->error_squares[row] += pow(share * from->delta_error_bytes, 2);
	if (from->survived_count > to->survived_count)
		to->survived_count = from->survived_count;
	to->interval_count = from->interval_count;
	to->gone = (first || to->gone) && from->gone;
	to->fresh = (first || to->fresh) && from->fresh;
	to->stack_count++;
	add_trend(m, to, from, share);
}

/* More may have been alive when the types were read than is now: then all of it is of them. */
static void
add_stack(struct maker *m, const struct lk_growth *g)
{
	const struct part *parts;
	double known = 0, whole;
	size_t count;

	parts = find_parts(m, g->stack->id, &count);
	if (g->gone && !m->one_process)
		count = 0; /* the id is one of another process */
	for (size_t i = 0; i < count; i++)
		known += parts[i].bytes;
	whole = fmax(known, g->live.bytes);
	for (size_t i = 0; i < count; i++)
		add_share(m, parts[i].row, g, parts[i].bytes / whole);
	if (!(known > 0) || whole - known > 0.5)
		add_share(m, UNKNOWN, g, known > 0 ? 1 - known / whole : 1);
}

static uint64_t
key_of(const char *type)
{
	return type != NULL ? lk_hash_more(lk_hash_text(LK_HASH_BEGIN, type), 0xff) : UNKNOWN;
}

static void
finish_row(struct maker *m, uint32_t number)
{
	struct lk_growth *g = &m->set->rows[number];

	g->key = key_of(g->type);
	g->frame = lk_growth_site(g->stack);
	g->live_error_bytes = lk_estimate_error(&g->live, m->interval_bytes);
	g->rate_bytes_per_min =
	    m->set->window_s >= 1 ? g->delta_bytes * 60 / m->set->window_s : NAN;
	if (!m->one_process) {
		g->delta_error_bytes = sqrt(m->error_squares[number]);
		g->significant = fabs(g->delta_bytes) > g->delta_error_bytes;
		return;
	}
	g->delta_error_bytes = m->set->reference == LK_REFERENCE_START
	    ? g->live_error_bytes
	    : lk_estimate_delta_error(&g->born, &g->died, m->interval_bytes);
	g->significant = lk_estimate_exceeds_chance(&g->born, &g->died, m->interval_bytes);
}

static int
by_delta(const void *a, const void *b)
{
	const struct lk_growth *x = a, *y = b;

	if (x->delta_bytes != y->delta_bytes)
		return x->delta_bytes < y->delta_bytes ? 1 : -1;
	return x->key < y->key ? -1 : x->key > y->key;
}

static void
finish(struct maker *m)
{
	struct lk_growth_set *set = m->set;

	for (uint32_t i = 0; i < m->row_count; i++) {
		if (set->rows[i].stack == NULL)
			continue; /* no stack of it is known any more */
		finish_row(m, i);
		set->rows[set->count++] = set->rows[i];
	}
	if (set->count > 0)
		qsort(set->rows, set->count, sizeof(*set->rows), by_delta);
}

static int
make(struct maker *m, const struct lk_types *types)
{
	struct lk_arena *arena = m->set->arena;
	size_t sites = 0, rows = (size_t)types->count + 1;
	const struct lk_type **sorted = lk_arena_get(arena, rows, sizeof(*sorted));

	for (uint32_t i = 0; i < types->count; i++)
		sites += types->list[i].site_count;
	m->parts = lk_arena_get(arena, sites + 1, sizeof(*m->parts));
	m->set->rows = lk_arena_get(arena, rows, sizeof(*m->set->rows));
	m->heaviest_bytes = lk_arena_get(arena, rows, sizeof(*m->heaviest_bytes));
	m->error_squares = lk_arena_get(arena, rows, sizeof(*m->error_squares));
	if (sorted == NULL || m->parts == NULL || m->set->rows == NULL ||
	    m->heaviest_bytes == NULL || m->error_squares == NULL)
		return -1;
	for (uint32_t i = 0; i < types->count; i++)
		sorted[i] = &types->list[i];
	if (types->count > 0)
		qsort(sorted, types->count, sizeof(*sorted), by_name);
	number_types(m, sorted, types->count);
	for (size_t i = 0; i < m->stacks->count; i++)
		add_stack(m, &m->stacks->rows[i]);
	finish(m);
	return 0;
}

struct lk_growth_set *
lk_typed_new(const struct lk_growth_set *stacks, const struct lk_types *types,
    double interval_bytes, bool one_process)
{
	struct maker m = {.stacks = stacks, .interval_bytes = interval_bytes,
	    .one_process = one_process};
	struct lk_arena *arena = lk_arena_new();

	m.set = arena != NULL ? lk_arena_get(arena, 1, sizeof(*m.set)) : NULL;
	if (m.set != NULL) {
		m.set->arena = arena;
		m.set->reference = stacks->reference;
		m.set->until = stacks->until;
		m.set->window_s = stacks->window_s;
	}
	if (m.set == NULL || make(&m, types) < 0) {
		lk_arena_free(arena);
		return NULL;
	}
	return m.set;
}
