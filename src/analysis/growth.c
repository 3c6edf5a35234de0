#include "config.h"

#include "analysis/growth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "model/arena.h"
#include "model/snapshot.h"
#include "util/order.h"

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
	double before_bytes;		/* live at the reference */
	double heaviest_bytes;
	double est_allocated_before_bytes;
	uint32_t trend_count;
	float *trend;			/* NULL while the group is one stack */
	uint64_t survived;		/* bit per interval since the first baseline */
};

/* What decides the place of a group among the others. */
struct weight {
	double live, born, died;
};

struct maker {
	const struct lk_snapshot *s, *knows;	/* knows: rows of baselines */
	struct lk_growth_set *set;
	struct lk_arena *work;		/* what is not needed when the set is made */
	struct lk_identities ids;
	struct end from, to;
	uint32_t *numbers;		/* [to.row_count + from.row_count] of groups; the rows of
					   FROM are in it where TO has none of the stack */
	struct weight *weights;		/* [ids.count], and so are these: */
	uint32_t *places;		/* in the set */
	struct lk_order *order;		/* [ids.count] their numbers, by place */
	struct sum *sums;		/* by place */
};

#define NOT_HERE UINT32_MAX

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

static bool
begins(const char *text, const char *with)
{
	while (*with != '\0' && *text == *with) {
		text++;
		with++;
	}
	return *with == '\0';
}

/* Of the program's own code?  By one look at each character: it is asked of all frames. */
static bool
is_own(const struct lk_frame *frame)
{
	const char *file = frame->file;

	if (frame->native || *file == '<' || *file == '\0')
		return false;
	for (; *file != '\0'; file++) {
		if (*file == '/' && (begins(file + 1, "lib/python") || begins(file + 1, "bin/")))
			return false;
		if (*file == '-' && begins(file + 1, "packages/"))
			return false;
	}
	return true;
}

const struct lk_frame *
lk_growth_own_site(const struct lk_stack *stack)
{
	for (uint32_t i = 0; i < stack->frame_count; i++)
		if (is_own(&stack->frames[i]))
			return &stack->frames[i];
	return lk_growth_site(stack);
}

/* The interval of the baseline list in which EPOCH lies: 0 before the first, i after
 * baselines[i-1].  A dropped baseline joins its interval to the one before.  It is not before
 * interval I, as that of an earlier epoch is not. */
static uint32_t
interval_of(const struct lk_snapshot *s, uint32_t epoch, uint32_t i)
{
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
		uint32_t count = row->trend_count > g->trend_count ? row->trend_count :
		    g->trend_count;
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
group_of(struct maker *m, uint32_t number, const struct lk_row *row, double weight_bytes,
    struct sum **sum_out)
{
	uint32_t place = m->places[number];
	struct lk_growth *g = &m->set->rows[place];
	struct sum *sum = &m->sums[place];

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
	    .sampled_count = before->sampled_count > kept->sampled_count ?
		before->sampled_count - kept->sampled_count : 0,
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

/* What of a row counts in a window. */
struct part {
	struct lk_estimate live, old, born, died;
	uint64_t survived;
};

/* Of a row that is there at the end of the window; BEFORE is the same stack at its beginning. */
static void
take_apart(const struct maker *m, const struct lk_row *row, const struct lk_row *before,
    struct part *out)
{
	struct lk_estimate kept = {0};
	uint32_t interval = 0;

	*out = (struct part){.live = sum_of(row)};
	for (uint32_t i = 0; i < row->cell_count; i++) {
		const struct lk_cell *cell = &row->cells[i];

		interval = interval_of(m->s, cell->epoch, interval);
		lk_estimate_add(cell->epoch >= m->from.id ? &out->born : &kept, cell);
		if (interval > 0 && is_alive(cell))
			out->survived |= (uint64_t)1 << ((interval - 1) & 63);
	}
	if (before == NULL)
		return;
	out->old = sum_of(before);
	out->died = died_of(&out->old, &kept);
}

static void
add_row(struct maker *m, uint32_t number, const struct lk_row *row, const struct lk_row *before)
{
	struct lk_growth *g;
	struct part part;
	struct sum *sum;

	take_apart(m, row, before, &part);
	g = group_of(m, number, row, part.live.bytes, &sum);
	sum->survived |= part.survived;
	join(&g->live, &part.live);
	if (row->stack->domain == LK_DOMAIN_NATIVE)
		g->native_bytes += part.live.bytes;
	join(&g->born, &part.born);
	join(&g->died, &part.died);
	sum->before_bytes += part.old.bytes;
	g->est_allocated_bytes += row->est_allocated_bytes;
	sum->est_allocated_before_bytes += before != NULL ? before->est_allocated_bytes : 0;
	g->stack_count++;
	add_trend(m, g, sum, row);
}

/* A row of the reference that is nowhere at the end: all of it died. */
static void
add_vanished(struct maker *m, uint32_t number, const struct lk_row *before)
{
	struct lk_estimate old = sum_of(before);
	struct sum *sum;
	struct lk_growth *g = group_of(m, number, before, old.bytes, &sum);

	join(&g->died, &old);
	sum->before_bytes += old.bytes;
	g->est_allocated_bytes += before->est_allocated_bytes;
	sum->est_allocated_before_bytes += before->est_allocated_bytes;
	g->stack_count++;
}

/* Rows are by stack id in both ends: one walk finds each stack's other row.  *at goes along. */
static const struct lk_row *
same_stack_in(const struct end *end, uint32_t stack, uint32_t *at)
{
	while (*at < end->row_count && end->rows[*at].stack->id < stack)
		(*at)++;
	return *at < end->row_count && end->rows[*at].stack->id == stack ? &end->rows[*at] : NULL;
}

static void
number_rows(struct maker *m)
{
	const struct end *from = &m->from, *to = &m->to;
	uint32_t at = 0;

	for (uint32_t i = 0; i < to->row_count; i++)
		m->numbers[i] = lk_identity_number(&m->ids, to->rows[i].stack);
	for (uint32_t i = 0; i < from->row_count; i++)
		m->numbers[to->row_count + i] =
		    same_stack_in(to, from->rows[i].stack->id, &at) != NULL ? NOT_HERE :
		    lk_identity_number(&m->ids, from->rows[i].stack);
}

/* What take_apart() finds, of bytes alone. */
static void
weigh(const struct maker *m, const struct lk_row *row, const struct lk_row *before,
    struct weight *w)
{
	double born = 0, kept = 0;

	for (uint32_t i = 0; i < row->cell_count; i++) {
		const struct lk_cell *cell = &row->cells[i];

		if (cell->epoch >= m->from.id)
			born += cell->est_bytes;
		else
			kept += cell->est_bytes;
		w->live += cell->est_bytes;
	}
	w->born += born;
	if (before != NULL)
		w->died += positive(sum_of(before).bytes - kept);
}

static void
weigh_rows(struct maker *m)
{
	const struct end *from = &m->from, *to = &m->to;
	const uint32_t *numbers = m->numbers;
	uint32_t at = 0;

	for (uint32_t i = 0; i < to->row_count; i++)
		weigh(m, &to->rows[i], same_stack_in(from, to->rows[i].stack->id, &at),
		    &m->weights[*numbers++]);
	for (uint32_t i = 0; i < from->row_count; i++, numbers++)
		if (*numbers != NOT_HERE)
			m->weights[*numbers].died += sum_of(&from->rows[i]).bytes;
}

static void
add_rows(struct maker *m)
{
	const struct end *from = &m->from, *to = &m->to;
	const uint32_t *numbers = m->numbers;
	uint32_t at = 0;

	for (uint32_t i = 0; i < to->row_count; i++)
		add_row(m, *numbers++, &to->rows[i],
		    same_stack_in(from, to->rows[i].stack->id, &at));
	for (uint32_t i = 0; i < from->row_count; i++, numbers++)
		if (*numbers != NOT_HERE)
			add_vanished(m, *numbers, &from->rows[i]);
}

/* Largest growth first, then most bytes, then by key. */
static uint64_t
key_of(const struct maker *m, uint32_t number, int level)
{
	const struct weight *w = &m->weights[number];

	return level == 0 ? lk_order_key(w->born - w->died, false) :
	    level == 1 ? lk_order_key(w->live, false) : m->ids.keys[number];
}

/* LIST has the same keys of all levels before. */
static void
order_groups(const struct maker *m, struct lk_order *list, struct lk_order *scratch,
    size_t count, int level)
{
	for (size_t i = 0; i < count; i++)
		list[i].key = key_of(m, list[i].number, level);
	lk_order_sort(list, scratch, count);
	for (size_t from = 0, to; level < 2 && from < count; from = to) {
		for (to = from + 1; to < count && list[to].key == list[from].key;)
			to++;
		if (to - from > 1)
			order_groups(m, list + from, scratch, to - from, level + 1);
	}
}

/* Known before the rows are made: they are too large to be moved afterwards. */
static int
find_places(struct maker *m)
{
	size_t count = m->ids.count;
	struct lk_order *list = lk_arena_get(m->work, 2 * count, sizeof(*list));

	m->weights = lk_arena_get(m->work, count, sizeof(*m->weights));
	m->places = lk_arena_get(m->work, count, sizeof(*m->places));
	if (list == NULL || m->weights == NULL || m->places == NULL)
		return -1;
	weigh_rows(m);
	for (uint32_t i = 0; i < count; i++)
		list[i].number = i;
	order_groups(m, list, list + count, count, 0);
	for (uint32_t i = 0; i < count; i++)
		m->places[list[i].number] = i;
	m->order = list;
	return 0;
}

static uint32_t
bits(uint64_t word)
{
	return (uint32_t)__builtin_popcountll(word);
}

static void
finish_row(struct maker *m, uint32_t place)
{
	double interval_bytes = lk_snapshot_interval_bytes(m->s);
	struct lk_growth *g = &m->set->rows[place];
	const struct sum *sum = &m->sums[place];

	g->key = m->ids.keys[m->order[place].number];
	g->frame = m->ids.group == LK_GROUP_OWN ? lk_growth_own_site(g->stack) :
	    lk_growth_site(g->stack);
	g->live_error_bytes = lk_estimate_error(&g->live, interval_bytes);
	g->delta_bytes = g->born.bytes - g->died.bytes;
	g->delta_objects = g->born.objects - g->died.objects;
	g->significant = lk_estimate_delta(&g->born, &g->died, interval_bytes,
	    m->from.id != LK_REFERENCE_START ? &g->delta_error_bytes : NULL);
	/* nothing can have died since before it was counted */
	if (m->from.id == LK_REFERENCE_START)
		g->delta_error_bytes = g->live_error_bytes;
	g->rate_bytes_per_min =
	    m->set->window_s >= 1 ? g->delta_bytes * 60 / m->set->window_s : NAN;
	g->est_allocated_since_bytes =
	    positive(g->est_allocated_bytes - sum->est_allocated_before_bytes);
	g->est_freed_bytes = positive(g->est_allocated_bytes - g->live.bytes);
	g->survived_count = bits(sum->survived);
	g->interval_count = m->to.id != 0 ? interval_of(m->s, m->to.id, 0) - 1 :
	    m->s->baseline_count;
	g->gone = sum->before_bytes > 0 && !(g->live.bytes > 0);
	g->fresh = m->from.id != LK_REFERENCE_START && !(sum->before_bytes > 0) &&
	    g->live.bytes > 0;
}

/* False when the rows of a baseline are not there yet; its id in *missing then. */
static bool
find_end(const struct maker *m, uint32_t id, const struct end *otherwise, struct end *out,
    uint32_t *missing)
{
	const struct lk_baseline *b = id != 0 ? lk_snapshot_baseline(m->s, id) : NULL;

	*out = *otherwise;
	if (b == NULL)
		return true;
	if (!b->has_rows)
		b = lk_snapshot_baseline(m->knows, id);
	if (b == NULL || !b->has_rows) {
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
	return find_end(m, reference, &start, &m->from, missing) &&
	    find_end(m, until, &now, &m->to, missing);
}

static int
remember_rows(struct maker *m)
{
	uint32_t *row_of = lk_arena_get(m->set->arena, m->to.row_count, sizeof(*row_of));

	if (row_of == NULL)
		return -1;
	for (uint32_t i = 0; i < m->to.row_count; i++)
		row_of[i] = m->places[m->numbers[i]];
	m->set->row_of = row_of;
	return 0;
}

static int
make_rows(struct maker *m)
{
	struct lk_growth_set *set = m->set;

	set->count = m->ids.count;
	set->rows = lk_arena_get(set->arena, set->count, sizeof(*set->rows));
	m->sums = lk_arena_get(m->work, set->count, sizeof(*m->sums));
	if (set->rows == NULL || m->sums == NULL)
		return -1;
	add_rows(m);
	for (uint32_t i = 0; i < m->ids.count; i++)
		finish_row(m, i);
	return m->to.id == 0 ? remember_rows(m) : 0;
}

static int
make(struct maker *m, enum lk_group group)
{
	size_t max = (size_t)m->to.row_count + m->from.row_count;

	m->set->reference = m->from.id;
	m->set->until = m->to.id;
	m->set->window_s = m->to.at_s - m->from.at_s;
	m->numbers = lk_arena_get(m->work, max, sizeof(*m->numbers));
	if (m->numbers == NULL || lk_identity_init(&m->ids, group, max, m->work) < 0)
		return -1;
	number_rows(m);
	return find_places(m) < 0 ? -1 : make_rows(m);
}

static void
release(void *snapshot)
{
	lk_snapshot_put(snapshot);
}

static int
keep(struct lk_arena *arena, const struct lk_snapshot *s)
{
	void *held = (void *)(uintptr_t)lk_snapshot_get(s);
	int rc = lk_arena_keep(arena, held, release);

	if (rc < 0)
		lk_snapshot_put(s);
	return rc;
}

struct lk_growth_set *
lk_growth_new(const struct lk_snapshot *s, uint32_t reference, uint32_t until,
    enum lk_group group, uint32_t *missing)
{
	return lk_growth_with(s, s, reference, until, group, missing);
}

struct lk_growth_set *
lk_growth_with(const struct lk_snapshot *s, const struct lk_snapshot *knows, uint32_t reference,
    uint32_t until, enum lk_group group, uint32_t *missing)
{
	struct maker m = {.s = s, .knows = knows};
	struct lk_arena *arena;

	*missing = 0;
	if (!find_ends(&m, reference, until, missing))
		return NULL;
	arena = lk_arena_new();
	m.work = lk_arena_new();
	m.set = arena != NULL ? lk_arena_get(arena, 1, sizeof(*m.set)) : NULL;
	if (m.set != NULL)
		*m.set = (struct lk_growth_set){.arena = arena};
	if (m.set == NULL || m.work == NULL || (knows != s && keep(arena, knows) < 0) ||
	    make(&m, group) < 0) {
		lk_arena_free(arena);
		m.set = NULL;
	}
	lk_arena_free(m.work);
	return m.set;
}

static void
add_stacks(const struct maker *m, struct lk_growth_stacks *out)
{
	const struct end *from = &m->from, *to = &m->to;
	uint32_t at = 0;

	for (uint32_t i = 0; i < to->row_count; i++) {
		struct part part;

		/* those that vanished before this one */
		for (; at < from->row_count && from->rows[at].stack->id <
		    to->rows[i].stack->id; at++)
			out->list[out->count++] = (struct lk_growth_stack){from->rows[at].stack,
			    -sum_of(&from->rows[at]).bytes, 0};
		take_apart(m, &to->rows[i], at < from->row_count &&
		    from->rows[at].stack->id == to->rows[i].stack->id ? &from->rows[at] : NULL,
		    &part);
		out->list[out->count++] = (struct lk_growth_stack){to->rows[i].stack,
		    part.born.bytes - part.died.bytes, part.live.bytes};
		at += at < from->row_count && from->rows[at].stack->id == to->rows[i].stack->id;
	}
	for (; at < from->row_count; at++)
		out->list[out->count++] = (struct lk_growth_stack){from->rows[at].stack,
		    -sum_of(&from->rows[at]).bytes, 0};
}

struct lk_growth_stacks *
lk_growth_stacks_new(const struct lk_snapshot *s, uint32_t reference, uint32_t until,
    uint32_t *missing)
{
	struct maker m = {.s = s, .knows = s};
	struct lk_growth_stacks *out;

	*missing = 0;
	if (!find_ends(&m, reference, until, missing))
		return NULL;
	out = malloc(sizeof(*out) +
	    ((size_t)m.to.row_count + m.from.row_count) * sizeof(out->list[0]));
	if (out == NULL)
		return NULL;
	out->count = 0;
	add_stacks(&m, out);
	return out;
}

struct lk_growth_stacks *
lk_growth_stacks_of(const struct lk_growth_set *set)
{
	struct lk_growth_stacks *out = malloc(sizeof(*out) + set->count * sizeof(out->list[0]));

	if (out == NULL)
		return NULL;
	out->count = set->count;
	for (size_t i = 0; i < set->count; i++)
		out->list[i] = (struct lk_growth_stack){set->rows[i].stack,
		    set->rows[i].delta_bytes, set->rows[i].live.bytes};
	return out;
}

struct lk_growth_set *
lk_growth_get(struct lk_growth_set *set)
{
	set->shared++;
	return set;
}

void
lk_growth_free(struct lk_growth_set *set)
{
	if (set != NULL && set->shared-- == 0)
		lk_arena_free(set->arena);
}

static void
add_survivors(const struct lk_snapshot *s, const struct lk_row *row, struct lk_estimate *out)
{
	uint32_t interval = 0;

	for (uint32_t i = 0; i < row->cell_count; i++) {
		interval = interval_of(s, row->cells[i].epoch, interval);
		lk_estimate_add(&out[interval], &row->cells[i]);
	}
}

void
lk_growth_survivors(const struct lk_snapshot *s, const struct lk_growth *row, enum lk_group group,
    struct lk_estimate *out)
{
	memset(out, 0, (s->baseline_count + 1) * sizeof(*out));
	for (uint32_t i = 0; i < s->row_count; i++)
		if (lk_identity_same(row->stack, s->rows[i].stack, group))
			add_survivors(s, &s->rows[i], out);
}

void
lk_growth_survivors_all(const struct lk_snapshot *s, const struct lk_growth_set *set,
    enum lk_group group, size_t count, struct lk_estimate *out)
{
	size_t width = s->baseline_count + 1;

	if (set->row_of == NULL) {
		for (size_t i = 0; i < count; i++)
			lk_growth_survivors(s, &set->rows[i], group, out + i * width);
		return;
	}
	if (count > 0)
		memset(out, 0, count * width * sizeof(*out));
	for (uint32_t i = 0; i < s->row_count; i++)
		if (set->row_of[i] < count)
			add_survivors(s, &s->rows[i], out + set->row_of[i] * width);
}
