#include "config.h"

#include "analysis/growth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "model/arena.h"
#include "model/snapshot.h"

#include "analysis/identity.h"

/* One of the two ends of the window. */
struct end {
	uint32_t id;	/* 0: now, or the start */
	double at_s;
	uint32_t row_count;
	const struct lk_row *rows;
};

/* What is needed of a group while it is being summed up, beside its row. */
struct sum {
	struct lk_estimate before;	/* live at the reference */
	double heaviest_bytes;
	double est_allocated_before_bytes;
	uint32_t trend_count;
	float *trend;			/* NULL while the group is one stack */
	uint64_t survived;		/* bit per interval since the first baseline */
};

struct maker {
	const struct lk_snapshot *s;
	struct lk_growth_set *set;
	struct lk_identities ids;
	struct end from, to;
	struct sum *sums;		/* [ids.count] */
};

uint32_t
lk_growth_resolve(const struct lk_snapshot *s, uint32_t reference)
{
	if (reference == LK_REFERENCE_NEWEST)
		return s->baseline_count > 0 ? s->baselines[s->baseline_count - 1].id : 0;
	return lk_snapshot_baseline(s, reference) != NULL ? reference : LK_REFERENCE_START;
}

/* Whoever asks one of these for memory is more telling than they are. */
static bool
is_allocator(const struct lk_frame *frame)
{
	static const char *const objects[] = {"libleaktop-sampler.so", "libc.so", "libc-2.",
	    "libstdc++.so", "libc++.so", "libjemalloc.so", "libtcmalloc", "libmimalloc.so"};
	const char *slash = strrchr(frame->file, '/');
	const char *base = slash != NULL ? slash + 1 : frame->file;

	for (size_t i = 0; i < LK_COUNT_OF(objects); i++)
		if (strncmp(base, objects[i], strlen(objects[i])) == 0)
			return true;
	return false;
}

const struct lk_frame *
lk_growth_site(const struct lk_stack *stack)
{
	const struct lk_frame *native = NULL;

	for (uint32_t i = 0; i < stack->frame_count; i++) {
		const struct lk_frame *frame = &stack->frames[i];

		if (!frame->native)
			return frame;
		if (native == NULL && !is_allocator(frame))
			native = frame;
	}
	if (native != NULL)
		return native;
	return stack->frame_count > 0 ? &stack->frames[0] : NULL;
}

bool
lk_growth_is_own(const struct lk_frame *frame)
{
	const char *file = frame->file;

	return !frame->native && *file != '<' && *file != '\0' &&
	    strstr(file, "-packages/") == NULL && strstr(file, "/lib/python") == NULL &&
	    strstr(file, "/bin/") == NULL;
}

const struct lk_frame *
lk_growth_own_site(const struct lk_stack *stack)
{
	for (uint32_t i = 0; i < stack->frame_count; i++)
		if (lk_growth_is_own(&stack->frames[i]))
			return &stack->frames[i];
	return lk_growth_site(stack);
}

/* The interval of the baseline list in which EPOCH lies: 0 before the first, i after
 * baselines[i-1].  A dropped baseline joins its interval to the one before. */
static uint32_t
interval_of(const struct lk_snapshot *s, uint32_t epoch)
{
	uint32_t i = 0;

	while (i < s->baseline_count && s->baselines[i].id <= epoch)
		i++;
	return i;
}

static bool
is_alive(const struct lk_cell *cell)
{
	return cell->sampled_count > 0 || cell->est_bytes > 0;
}

/* Adds the trend of one stack to its group's, both ending now. */
static void
add_trend(struct maker *m, struct lk_growth *g, struct sum *sum, const struct lk_row *row)
{
	uint32_t shift;

	if (row->trend_count == 0 || row->trend_bytes == NULL || m->to.id != 0)
		return;
	if (g->trend_bytes == NULL) {
		g->trend_bytes = row->trend_bytes;
		g->trend_count = row->trend_count;
		return;
	}
	if (sum->trend == NULL || row->trend_count > sum->trend_count) {
		uint32_t count = row->trend_count > g->trend_count ? row->trend_count
								   : g->trend_count;
		float *wide = lk_arena_get(m->set->arena, count, sizeof(*wide));

		if (wide == NULL)
			return; /* a sparkline less is no reason to show nothing */
		memcpy(wide + (count - g->trend_count), g->trend_bytes,
		    g->trend_count * sizeof(*wide));
		sum->trend = wide;
		sum->trend_count = g->trend_count = count;
		g->trend_bytes = wide;
	}
	shift = sum->trend_count - row->trend_count;
	for (uint32_t i = 0; i < row->trend_count; i++)
		if (!isnan(row->trend_bytes[i]))
			sum->trend[shift + i] += row->trend_bytes[i];
}

static struct lk_growth *
group_of(struct maker *m, const struct lk_row *row, double weight_bytes, struct sum **sum_out)
{
	uint32_t number = lk_identity_number(&m->ids, row->stack);
	struct lk_growth *g = &m->set->rows[number];
	struct sum *sum = &m->sums[number];

	if (g->stack == NULL || weight_bytes > sum->heaviest_bytes) {
		g->stack = row->stack;
		sum->heaviest_bytes = weight_bytes;
	}
	*sum_out = sum;
	return g;
}

static struct lk_estimate
sum_of(const struct lk_row *row)
{
	struct lk_estimate all = {0};

	for (uint32_t i = 0; i < row->cell_count; i++)
		lk_estimate_add(&all, &row->cells[i]);
	return all;
}

static double
positive(double value)
{
	return value > 0 ? value : 0;
}

/* What was in BEFORE and is not in KEPT. */
static struct lk_estimate
died_of(const struct lk_estimate *before, const struct lk_estimate *kept)
{
	return (struct lk_estimate){
	    .sampled_count = before->sampled_count > kept->sampled_count
		? before->sampled_count - kept->sampled_count : 0,
	    .bytes = positive(before->bytes - kept->bytes),
	    .objects = positive(before->objects - kept->objects),
	    .variance = positive(before->variance - kept->variance),
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

/* A row that is there at the end of the window; BEFORE is the same stack at its beginning. */
static void
add_row(struct maker *m, const struct lk_row *row, const struct lk_row *before)
{
	struct lk_estimate live = sum_of(row), old = {0}, kept = {0}, born = {0}, died;
	struct lk_growth *g;
	struct sum *sum;

	g = group_of(m, row, live.bytes, &sum);
	if (before != NULL)
		old = sum_of(before);
	for (uint32_t i = 0; i < row->cell_count; i++) {
		const struct lk_cell *cell = &row->cells[i];
		uint32_t interval = interval_of(m->s, cell->epoch);

		lk_estimate_add(cell->epoch >= m->from.id ? &born : &kept, cell);
		if (is_alive(cell) && interval > 0)
			sum->survived |= (uint64_t)1 << ((interval - 1) & 63);
	}
	died = died_of(&old, &kept);
	join(&g->live, &live);
	if (row->stack->domain == LK_DOMAIN_NATIVE)
		g->native_bytes += live.bytes;
	join(&g->born, &born);
	join(&g->died, &died);
	join(&sum->before, &old);
	g->est_allocated_bytes += row->est_allocated_bytes;
	sum->est_allocated_before_bytes += before != NULL ? before->est_allocated_bytes : 0;
	g->stack_count++;
	add_trend(m, g, sum, row);
}

/* A row of the reference that is nowhere at the end: all of it died. */
static void
add_vanished(struct maker *m, const struct lk_row *before)
{
	struct lk_estimate old = sum_of(before);
	struct sum *sum;
	struct lk_growth *g = group_of(m, before, old.bytes, &sum);

	join(&g->died, &old);
	join(&sum->before, &old);
	g->est_allocated_bytes += before->est_allocated_bytes;
	sum->est_allocated_before_bytes += before->est_allocated_bytes;
	g->stack_count++;
}

static void
add_rows(struct maker *m)
{
	const struct end *from = &m->from, *to = &m->to;

	for (uint32_t i = 0; i < to->row_count; i++)
		add_row(m, &to->rows[i],
		    lk_snapshot_row(from->rows, from->row_count, to->rows[i].stack->id));
	for (uint32_t i = 0; i < from->row_count; i++)
		if (lk_snapshot_row(to->rows, to->row_count, from->rows[i].stack->id) == NULL)
			add_vanished(m, &from->rows[i]);
}

static uint32_t
bits(uint64_t word)
{
	return (uint32_t)__builtin_popcountll(word);
}

static void
finish_row(struct maker *m, uint32_t number)
{
	double interval_bytes = lk_snapshot_interval_bytes(m->s);
	struct lk_growth *g = &m->set->rows[number];
	const struct sum *sum = &m->sums[number];

	g->key = m->ids.keys[number];
	g->frame = m->ids.group == LK_GROUP_OWN ? lk_growth_own_site(g->stack)
						: lk_growth_site(g->stack);
	g->live_error_bytes = lk_estimate_error(&g->live, interval_bytes);
	g->delta_bytes = g->born.bytes - g->died.bytes;
	g->delta_objects = g->born.objects - g->died.objects;
	/* nothing can have died since before it was counted */
	g->delta_error_bytes = m->from.id == LK_REFERENCE_START
	    ? g->live_error_bytes
	    : lk_estimate_delta_error(&g->born, &g->died, interval_bytes);
	g->rate_bytes_per_min =
	    m->set->window_s >= 1 ? g->delta_bytes * 60 / m->set->window_s : NAN;
	g->est_allocated_since_bytes =
	    positive(g->est_allocated_bytes - sum->est_allocated_before_bytes);
	g->est_freed_bytes = positive(g->est_allocated_bytes - g->live.bytes);
	g->survived_count = bits(sum->survived);
	g->interval_count = m->to.id != 0 ? interval_of(m->s, m->to.id) - 1
					  : m->s->baseline_count;
	g->significant = lk_estimate_exceeds_chance(&g->born, &g->died, interval_bytes);
	g->gone = sum->before.bytes > 0 && !(g->live.bytes > 0);
	g->fresh = m->from.id != LK_REFERENCE_START && !(sum->before.bytes > 0) &&
	    g->live.bytes > 0;
}

static int
by_delta(const void *a, const void *b)
{
	const struct lk_growth *x = a, *y = b;

	if (x->delta_bytes != y->delta_bytes)
		return x->delta_bytes < y->delta_bytes ? 1 : -1;
	if (x->live.bytes != y->live.bytes)
		return x->live.bytes < y->live.bytes ? 1 : -1;
	return x->key < y->key ? -1 : x->key > y->key;
}

/* False when the rows of a baseline are not there yet; its id in *missing then. */
static bool
find_end(const struct lk_snapshot *s, uint32_t id, const struct end *otherwise, struct end *out,
    uint32_t *missing)
{
	const struct lk_baseline *b = id != 0 ? lk_snapshot_baseline(s, id) : NULL;

	*out = *otherwise;
	if (b == NULL)
		return true;
	if (!b->has_rows) {
		*missing = id;
		return false;
	}
	*out = (struct end){id, b->at_s, b->row_count, b->rows};
	return true;
}

static bool
find_ends(struct maker *m, uint32_t reference, uint32_t until, uint32_t *missing)
{
	const struct lk_snapshot *s = m->s;
	const struct end start = {.at_s = s->sampler.started_at_s};
	const struct end now = {0, s->at_s, s->row_count, s->rows};

	reference = lk_growth_resolve(s, reference);
	if (until != 0 && until < reference) {
		uint32_t older = until;

		until = reference;
		reference = lk_growth_resolve(s, older);
	}
	return find_end(s, reference, &start, &m->from, missing) &&
	    find_end(s, until, &now, &m->to, missing);
}

static int
make(struct maker *m, enum lk_group group)
{
	struct lk_growth_set *set = m->set;
	size_t max = (size_t)m->to.row_count + m->from.row_count;

	set->reference = m->from.id;
	set->until = m->to.id;
	set->window_s = m->to.at_s - m->from.at_s;
	set->rows = lk_arena_get(set->arena, max, sizeof(*set->rows));
	m->sums = lk_arena_get(set->arena, max, sizeof(*m->sums));
	if (set->rows == NULL || m->sums == NULL ||
	    lk_identity_init(&m->ids, group, max, set->arena) < 0)
		return -1;
	add_rows(m);
	set->count = m->ids.count;
	for (uint32_t i = 0; i < m->ids.count; i++)
		finish_row(m, i);
	qsort(set->rows, set->count, sizeof(*set->rows), by_delta);
	return 0;
}

struct lk_growth_set *
lk_growth_new(const struct lk_snapshot *s, uint32_t reference, uint32_t until,
    enum lk_group group, uint32_t *missing)
{
	struct maker m = {.s = s};
	struct lk_arena *arena;

	*missing = 0;
	if (!find_ends(&m, reference, until, missing))
		return NULL;
	arena = lk_arena_new();
	m.set = arena != NULL ? lk_arena_get(arena, 1, sizeof(*m.set)) : NULL;
	if (m.set != NULL)
		m.set->arena = arena;
	if (m.set == NULL || make(&m, group) < 0) {
		lk_arena_free(arena);
		return NULL;
	}
	return m.set;
}

void
lk_growth_free(struct lk_growth_set *set)
{
	if (set != NULL)
		lk_arena_free(set->arena);
}

void
lk_growth_survivors(const struct lk_snapshot *s, const struct lk_growth *row, enum lk_group group,
    struct lk_estimate *out)
{
	memset(out, 0, (s->baseline_count + 1) * sizeof(*out));
	for (uint32_t i = 0; i < s->row_count; i++) {
		const struct lk_row *r = &s->rows[i];

		if (!lk_identity_same(row->stack, r->stack, group))
			continue;
		for (uint32_t k = 0; k < r->cell_count; k++)
			lk_estimate_add(&out[interval_of(s, r->cells[k].epoch)], &r->cells[k]);
	}
}
