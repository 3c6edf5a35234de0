/* The members of a group become one snapshot: each translated into the stacks and baselines of the
 * group, and all of them added. */
#include "config.h"

#include "client/source_group_private.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "model/arena.h"
#include "proto/message.h"

#include "client/shared.h"

#define STACKS_SPARE 65536u	/* that nobody has any more: then the table is made anew */

/* ---- members --------------------------------------------------------------- */

static int
ids_of(struct lk_group *g, struct lk_group_member *m, const struct lk_row *rows, uint32_t count,
    uint32_t *ids)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct lk_stack *stack = rows[i].stack;

		ids[i] = lk_idmap_get(&m->ids, stack->id);
		if (ids[i] != LK_IDMAP_NONE)
			continue;
		ids[i] = lk_group_stacks_id(&g->stacks, stack);
		if (ids[i] == 0 || lk_idmap_set(&m->ids, stack->id, ids[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

int
lk_source_group_translate(struct lk_group *g, struct lk_group_member *m,
    const struct lk_row *rows, uint32_t count, struct lk_arena *arena,
    const struct lk_row **out, uint32_t *out_count)
{
	uint32_t *ids = malloc(((size_t)count + 1) * sizeof(*ids));
	const struct lk_group_input input = {.rows = rows, .count = count, .ids = ids,
	    .epochs = &m->epochs};
	int rc = -ENOMEM;

	if (ids != NULL)
		rc = ids_of(g, m, rows, count, ids);
	if (rc == 0)
		rc = lk_group_rows_add(&g->stacks, &input, 1, arena, out, out_count);
	free(ids);
	return rc;
}

static void
put_snapshot(void *held)
{
	lk_snapshot_put(held);
}

int
lk_source_group_keep(const struct lk_snapshot *s, struct lk_arena *arena)
{
	int rc = lk_arena_keep(arena, (void *)(uintptr_t)s, put_snapshot);

	if (rc == 0)
		lk_snapshot_get(s);
	return rc;
}

static int
build_part(struct lk_group *g, struct lk_group_member *m, struct lk_arena *arena,
    struct lk_snapshot **out)
{
	struct lk_snapshot *part = lk_arena_get(arena, 1, sizeof(*part));

	if (part == NULL || lk_source_group_keep(m->newest, arena) < 0)
		return -ENOMEM;
	*part = *m->newest;
	part->arena = NULL;		/* it lives in the whole's */
	part->types_count = part->holders_count = 0;	/* they speak of other stacks */
	*out = part;
	return lk_source_group_translate(g, m, m->newest->rows, m->newest->row_count, arena,
	    &part->rows, &part->row_count);
}

static enum lk_member_state
state_of(const struct lk_group_member *m)
{
	if (m->ended_ms >= 0)
		return LK_MEMBER_GONE;
	if (m->source == NULL)
		return LK_MEMBER_BARE;
	return lk_source_state(m->source) == LK_SOURCE_LIVE ? LK_MEMBER_LIVE : LK_MEMBER_SILENT;
}

static const char *
why_of(const struct lk_group_member *m)
{
	return m->source != NULL ? lk_source_words(m->source) : m->why;
}

static int
describe(const struct lk_group *g, const struct lk_group_member *m, struct lk_arena *arena,
    const struct lk_snapshot *part, struct lk_member *out)
{
	*out = (struct lk_member){.pid = m->pid, .state = state_of(m), .joined = m->joined,
	    .start_time = m->start_time, .part = part, .in_sum = part != NULL,
	    .live_bytes = part != NULL ? part->est_live_bytes : NAN,
	    .up_s = m->up_s + (double)(g->now_ms - m->met_ms) / 1000,
	    .ended_s = m->ended_ms < 0 ? NAN : (double)(g->now_ms - m->ended_ms) / 1000,
	    .rss_bytes = m->newest != NULL ? m->newest->rss_bytes : NAN};
	out->why = lk_arena_text(arena, why_of(m), strlen(why_of(m)));
	return out->why != NULL ? 0 : -ENOMEM;
}

/* ---- sums ------------------------------------------------------------------ */

/* Of what is known of all; else unknown. */
static void
add(double *sum, double more)
{
	*sum += more;
}

static void
add_known(double *sum, double more)
{
	if (!isnan(more))
		*sum = isnan(*sum) ? more : *sum + more;
}

static void
take_most(double *most, double other)
{
	if (isnan(*most) || other > *most)
		*most = other;
}

/* Shares of the time of all of them; the longest of any. */
static void
add_pauses(struct lk_gc_pauses *to, const struct lk_gc_pauses *from)
{
	bool is_longer = !isnan(from->longest_us) &&
	    (isnan(to->longest_us) || from->longest_us > to->longest_us);

	add(&to->watched_s, from->watched_s);
	add(&to->looks, from->looks);
	add(&to->collections, from->collections);
	add(&to->seen, from->seen);
	add(&to->total_us, from->total_us);
	take_most(&to->unseen_us, from->unseen_us);
	to->exact = to->exact && from->exact;
	if (!is_longer)
		return;
	to->longest_us = from->longest_us;
	to->longest_error_us = from->longest_error_us;
	to->longest_generation = from->longest_generation;
}

static void
add_memory(struct lk_memory *to, const struct lk_memory *from)
{
	double *const sums[] = {&to->rss_bytes, &to->pss_bytes, &to->uss_bytes,
	    &to->anonymous_bytes, &to->file_bytes, &to->shared_bytes, &to->swap_bytes,
	    &to->est_python_live_bytes, &to->pymalloc_arena_bytes, &to->malloc_live_bytes,
	    &to->malloc_free_bytes, &to->malloc_mmap_bytes, &to->sampler_bytes};
	const double more[] = {from->rss_bytes, from->pss_bytes, from->uss_bytes,
	    from->anonymous_bytes, from->file_bytes, from->shared_bytes, from->swap_bytes,
	    from->est_python_live_bytes, from->pymalloc_arena_bytes, from->malloc_live_bytes,
	    from->malloc_free_bytes, from->malloc_mmap_bytes, from->sampler_bytes};

	for (size_t i = 0; i < LK_COUNT_OF(sums); i++)
		add(sums[i], more[i]);
	for (size_t i = 0; i < LK_COUNT_OF(to->gc); i++) {
		add(&to->gc[i].count, from->gc[i].count);
		add(&to->gc[i].collections, from->gc[i].collections);
		add(&to->gc[i].collected, from->gc[i].collected);
		add(&to->gc[i].uncollectable, from->gc[i].uncollectable);
	}
	to->gc_enabled = to->gc_enabled && from->gc_enabled;
	add_pauses(&to->gc_pauses, &from->gc_pauses);
	if (from->at_s < to->at_s || isnan(from->at_s))
		to->at_s = from->at_s;
}

/* A limit is of all of them where all are in one cgroup. */
static void
check_limit(struct lk_snapshot *whole, const struct lk_snapshot *part)
{
	if (strcmp(whole->process.cgroup, part->process.cgroup) == 0)
		return;
	whole->cgroup_limit_bytes = whole->cgroup_used_bytes = NAN;
	whole->memory.cgroup_limit_bytes = whole->memory.cgroup_used_bytes = NAN;
}

/* What a block that was not seen may stand for is that of the coarsest one. */
static void
add_sampler(struct lk_snapshot *whole, const struct lk_snapshot *part)
{
	struct lk_sampler_status *to = &whole->sampler;
	const struct lk_sampler_status *from = &part->sampler;

	if (lk_snapshot_interval_bytes(part) > lk_snapshot_interval_bytes(whole)) {
		to->interval_bytes = from->interval_bytes;
		to->duty = from->duty;
	}
	if (from->state == LK_STATE_SAMPLING && to->state != LK_STATE_SAMPLING) {
		to->state = LK_STATE_SAMPLING;
		to->reason = "";
	}
	if (from->started_at_s < to->started_at_s)
		to->started_at_s = from->started_at_s;
	take_most(&to->cost_percent, from->cost_percent);
	take_most(&to->budget_percent, from->budget_percent);
	take_most(&to->hooks, from->hooks);
	take_most(&to->clients, from->clients);
	add(&to->samples_total, from->samples_total);
	add(&to->samples_live, from->samples_live);
	add(&to->samples_per_s, from->samples_per_s);
	add(&to->drops, from->drops);
	add(&to->thinned, from->thinned);
	add(&to->bytes, from->bytes);
}

static void
add_part(struct lk_snapshot *whole, const struct lk_snapshot *part)
{
	if (part->at_s > whole->at_s)
		whole->at_s = part->at_s;
	add(&whole->rss_bytes, part->rss_bytes);
	add(&whole->est_live_bytes, part->est_live_bytes);
	add(&whole->est_live_objects, part->est_live_objects);
	add(&whole->live_variance, part->live_variance);
	add_known(&whole->est_native_live_bytes, part->est_native_live_bytes);
	add_memory(&whole->memory, &part->memory);
	add_sampler(whole, part);
	check_limit(whole, part);
}

/* The first one's numbers, to which the others' are added. */
static void
begin_sum(const struct lk_group *g, struct lk_snapshot *whole, const struct lk_snapshot *first)
{
	struct lk_snapshot empty = *whole;

	*whole = *first;
	whole->arena = empty.arena;
	whole->references = empty.references;
	whole->seq = g->seq + 1;
	whole->process.pid = g->pid;
	whole->process.start_time = g->start_time;
	whole->containers = empty.containers;	/* of one process at a time */
	whole->event_count = 0;
	whole->series_count = 0;
	whole->rows = NULL;
	whole->row_count = 0;
	whole->baselines = NULL;
	whole->baseline_count = 0;
}

/* ---- history --------------------------------------------------------------- */

/* POINTS of a ring that ends at END_S, with those of FROM added where it has any. */
static void
add_series(const struct lk_series *from, double step_s, double end_s, double *rss,
    double *live, uint32_t count)
{
	double shift = floor((end_s - from->end_s) / step_s + 0.5);

	for (uint32_t i = 0; i < from->count; i++) {
		double at = (double)count - shift - (double)from->count + i;

		if (!(at >= 0 && at < count))
			continue;
		if (!isnan(from->rss_bytes[i]))
			rss[(size_t)at] += from->rss_bytes[i];
		if (!isnan(from->live_bytes[i]))
			live[(size_t)at] += from->live_bytes[i];
	}
}

static int
sum_ring(struct lk_snapshot **parts, uint32_t part_count, uint32_t ring, struct lk_arena *arena,
    struct lk_message_ring *out)
{
	const struct lk_series *first = &parts[0]->series[ring];
	uint32_t count = 0;
	double end_s = 0;
	double *rss, *live;

	for (uint32_t i = 0; i < part_count; i++) {
		const struct lk_series *s = &parts[i]->series[ring];

		if (ring >= parts[i]->series_count || s->step_s != first->step_s)
			return -ENODATA;
		end_s = fmax(end_s, s->end_s);
		count = s->count > count ? s->count : count;
	}
	rss = lk_arena_get(arena, count, sizeof(*rss));
	live = lk_arena_get(arena, count, sizeof(*live));
	if (rss == NULL || live == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < part_count; i++)
		add_series(&parts[i]->series[ring], first->step_s, end_s, rss, live, count);
	*out = (struct lk_message_ring){.step_s = first->step_s, .end_s = end_s, .count = count,
	    .rss_bytes = rss, .live_bytes = live};
	return 0;
}

/* What the samplers remember of the time before they were watched together. */
static int
recall(struct lk_group *g, struct lk_snapshot **parts, uint32_t part_count, struct lk_arena *arena)
{
	struct lk_message_ring rings[LK_HISTORY_RINGS_MAX];
	struct lk_message_history message = {.rings = rings};
	int rc = 0;

	while (message.count < LK_HISTORY_RINGS_MAX && rc == 0) {
		rc = message.count < parts[0]->series_count ? sum_ring(parts, part_count,
		    message.count, arena, &rings[message.count]) : -ENODATA;
		message.count += rc == 0;
	}
	if (rc == -ENOMEM)
		return rc;
	return lk_history_set(&g->history, &message);
}

/* Members with the past still on its way have one ring that they began themselves. */
static bool
know_their_past(struct lk_snapshot **parts, uint32_t part_count)
{
	for (uint32_t i = 0; i < part_count; i++)
		if (parts[i]->series_count < 2)
			return false;
	return part_count > 0;
}

static int
add_history(struct lk_group *g, struct lk_snapshot *whole, struct lk_snapshot **parts,
    uint32_t part_count)
{
	int count;

	if (!g->has_history && know_their_past(parts, part_count)) {
		if (recall(g, parts, part_count, whole->arena) < 0)
			return -ENOMEM;
		g->has_history = true;
	}
	if (lk_history_add(&g->history, whole->at_s, whole->rss_bytes, whole->est_live_bytes))
		g->has_history = false;
	count = lk_history_copy(&g->history, whole->arena, &whole->series);
	whole->series_count = count < 0 ? 0 : (uint32_t)count;
	return count < 0 ? count : 0;
}

/* ---- all of it ------------------------------------------------------------- */

static int
add_rows(struct lk_group *g, struct lk_snapshot *whole, struct lk_snapshot **parts,
    uint32_t part_count)
{
	struct lk_group_input inputs[LK_GROUP_MEMBERS_MAX];

	for (uint32_t i = 0; i < part_count; i++)
		inputs[i] = (struct lk_group_input){.rows = parts[i]->rows,
		    .count = parts[i]->row_count};
	whole->sampler.stacks = g->stacks.count;
	return lk_group_rows_add(&g->stacks, inputs, part_count, whole->arena, &whole->rows,
	    &whole->row_count);
}

/* PARTS: those of the members that count, in their order; one place for each member. */
static int
build_members(struct lk_group *g, struct lk_snapshot *whole, struct lk_snapshot **parts,
    uint32_t *part_count)
{
	struct lk_member *list = lk_arena_get(whole->arena, g->member_count, sizeof(*list));

	*part_count = 0;
	if (list == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < g->member_count; i++) {
		struct lk_group_member *m = g->members[i];
		struct lk_snapshot *part = NULL;

		if (lk_source_group_counts(m)) {
			if (build_part(g, m, whole->arena, &part) < 0)
				return -ENOMEM;
			parts[(*part_count)++] = part;
		}
		if (describe(g, m, whole->arena, part, &list[i]) < 0)
			return -ENOMEM;
	}
	whole->members = list;
	whole->member_count = g->member_count;
	whole->ended_count = g->ended_count;
	return 0;
}

static int
fill(struct lk_group *g, struct lk_snapshot *whole)
{
	struct lk_snapshot *parts[LK_GROUP_MEMBERS_MAX];
	const struct lk_member *members;
	uint32_t part_count, member_count, ended_count;

	if (build_members(g, whole, parts, &part_count) < 0)
		return -ENOMEM;
	members = whole->members;
	member_count = whole->member_count;
	ended_count = whole->ended_count;
	begin_sum(g, whole, parts[0]);
	whole->members = members;
	whole->member_count = member_count;
	whole->ended_count = ended_count;
	for (uint32_t i = 1; i < part_count; i++)
		add_part(whole, parts[i]);
	if (add_rows(g, whole, parts, part_count) < 0 ||
	    add_history(g, whole, parts, part_count) < 0 ||
	    lk_source_group_baselines(g, whole, parts) < 0)
		return -ENOMEM;
	/* last: a table that grew meanwhile is another array, the stacks are the same */
	return lk_shared_keep(g->stacks.pool, whole->arena);
}

/* Stacks of processes long gone: a table without them. */
static void
renew_stacks(struct lk_group *g)
{
	struct lk_group_stacks fresh;

	if (g->snapshot == NULL ||
	    g->stacks.count < STACKS_SPARE + 4 * (uint64_t)g->snapshot->row_count ||
	    lk_group_stacks_init(&fresh) < 0)
		return;
	lk_group_stacks_fini(&g->stacks);
	g->stacks = fresh;
	for (uint32_t i = 0; i < g->member_count; i++)
		lk_idmap_fini(&g->members[i]->ids);
	lk_source_group_forget(g);
}

static void
take_newest(struct lk_group *g)
{
	for (uint32_t i = 0; i < g->member_count; i++) {
		struct lk_group_member *m = g->members[i];
		const struct lk_snapshot *s = m->source != NULL && m->ended_ms < 0
		    ? lk_source_snapshot(m->source) : NULL;

		if (s == NULL || s == m->newest)
			continue;
		lk_snapshot_get(s);
		lk_snapshot_put(m->newest);
		m->newest = s;
		m->built_seq = s->seq;
		if (m->ids_of_s != s->sampler.started_at_s)
			lk_idmap_fini(&m->ids);	/* another sampler has other stacks */
		m->ids_of_s = s->sampler.started_at_s;
	}
}

int
lk_source_group_build(struct lk_group *g)
{
	struct lk_snapshot *whole;
	bool any = false;
	int rc;

	take_newest(g);
	for (uint32_t i = 0; i < g->member_count; i++)
		any = any || lk_source_group_counts(g->members[i]);
	if (!any)
		return 0;
	renew_stacks(g);
	lk_source_group_match(g);
	whole = lk_snapshot_new();
	rc = whole != NULL ? fill(g, whole) : -ENOMEM;
	if (rc < 0) {
		lk_snapshot_put(whole);
		return rc;
	}
	lk_snapshot_put(g->snapshot);
	g->snapshot = whole;
	g->seq++;
	return 0;
}
