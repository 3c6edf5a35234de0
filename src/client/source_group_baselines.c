/* Baselines of a group.  A baseline is marked in every process at nearly the same time, and each
 * numbers its own: those of one time are one of the group.  It needs all that lived then: where one
 * of them does not know it, what it had cannot be told.  A process that began later was born after
 * it with all it has; one that has ended since has lost all it had. */
#include "config.h"

#include "client/source_group_private.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/arena.h"

#include "client/shared.h"

#define SAME_TIME_S 5.0	/* between the first and the last of one baseline */

static bool
counts(const struct lk_group_member *m)
{
	return m->newest != NULL && m->ended_ms < 0;
}

/* ---- rows that are kept ---------------------------------------------------- */

static void
drop_kept(struct lk_group_kept *kept)
{
	lk_shared_put(kept->block);
	memset(kept, 0, sizeof(*kept));
}

static int
begin_kept(const struct lk_group *g, struct lk_group_kept *kept)
{
	memset(kept, 0, sizeof(*kept));
	kept->block = lk_shared_new();
	if (kept->block == NULL)
		return -ENOMEM;
	if (lk_shared_keep(g->stacks.pool, kept->block->arena) == 0)
		return 0;
	drop_kept(kept);
	return -ENOMEM;
}

/* The sum of A and B, whose cells it borrows; A is replaced by it. */
static int
add_kept(const struct lk_group *g, struct lk_group_kept *a, const struct lk_group_kept *b)
{
	const struct lk_group_input inputs[] = {{.rows = a->rows, .count = a->count},
	    {.rows = b->rows, .count = b->count}};
	struct lk_group_kept sum;

	if (b->block == NULL)
		return 0;
	if (begin_kept(g, &sum) < 0)
		return -ENOMEM;
	if (lk_shared_keep(a->block, sum.block->arena) < 0 ||
	    lk_shared_keep(b->block, sum.block->arena) < 0 ||
	    lk_group_rows_add(&g->stacks, inputs, 2, sum.block->arena, &sum.rows, &sum.count) < 0) {
		drop_kept(&sum);
		return -ENOMEM;
	}
	lk_shared_put(a->block);
	*a = sum;
	return 0;
}

/* ---- which baselines there are --------------------------------------------- */

/* The baseline of M that was marked at AT_S; NULL: it knows none. */
static const struct lk_baseline *
marked_at(const struct lk_group_member *m, double at_s)
{
	const struct lk_baseline *best = NULL;

	for (uint32_t i = 0; i < m->newest->baseline_count; i++) {
		const struct lk_baseline *b = &m->newest->baselines[i];
		double off_s = fabs(b->at_s - at_s);

		if (off_s <= SAME_TIME_S && (best == NULL || off_s < fabs(best->at_s - at_s)))
			best = b;
	}
	return best;
}

static bool
lived_at(const struct lk_group_member *m, double at_s)
{
	return m->newest->sampler.started_at_s < at_s;
}

static bool
all_know(const struct lk_group *g, double at_s)
{
	for (uint32_t i = 0; i < g->member_count; i++) {
		const struct lk_group_member *m = g->members[i];

		if (counts(m) && lived_at(m, at_s) && marked_at(m, at_s) == NULL)
			return false;
	}
	return true;
}

static void
remove_at(struct lk_group *g, uint32_t at)
{
	struct lk_group_baseline *b = &g->baselines[at];
	uint32_t left = --g->baseline_count - at;

	drop_kept(&b->ended);
	drop_kept(&b->whole);
	memmove(b, b + 1, left * sizeof(*b));
	memset(b + left, 0, sizeof(*b));
	for (uint32_t i = 0; i < g->member_count; i++) {
		struct lk_group_mark *mark = &g->members[i]->marks[at];

		drop_kept(&mark->kept);
		memmove(mark, mark + 1, left * sizeof(*mark));
		memset(mark + left, 0, sizeof(*mark));
	}
}

void
lk_source_group_drop(struct lk_group *g, uint32_t id)
{
	for (uint32_t i = 0; i < g->baseline_count; i++)
		if (g->baselines[i].id == id) {
			remove_at(g, i);
			return;
		}
}

static bool
is_known(const struct lk_group *g, const struct lk_baseline *b)
{
	for (uint32_t i = 0; i < g->baseline_count; i++)
		if (fabs(g->baselines[i].at_s - b->at_s) <= SAME_TIME_S) {
			/* two of one member may be as near: it is the one that is nearest there */
			for (uint32_t k = 0; k < g->member_count; k++)
				if (counts(g->members[k]) &&
				    marked_at(g->members[k], g->baselines[i].at_s) == b)
					return true;
		}
	return false;
}

static void
insert(struct lk_group *g, const struct lk_baseline *from)
{
	struct lk_group_baseline *b;

	if (g->baseline_count == LK_WIRE_BASELINES_MAX)
		remove_at(g, 0);
	b = &g->baselines[g->baseline_count++];
	b->id = ++g->last_baseline;
	b->at_s = from->at_s;
	b->is_changed = true;
	snprintf(b->name, sizeof(b->name), "%s", from->name);
}

/* The oldest one that all know and that is newer than all there are. */
static const struct lk_baseline *
next_new(const struct lk_group *g)
{
	double after_s = g->baseline_count > 0 ? g->baselines[g->baseline_count - 1].at_s : 0;
	const struct lk_baseline *found = NULL;

	for (uint32_t i = 0; i < g->member_count; i++) {
		const struct lk_group_member *m = g->members[i];

		for (uint32_t k = 0; counts(m) && k < m->newest->baseline_count; k++) {
			const struct lk_baseline *b = &m->newest->baselines[k];

			if (b->at_s > after_s && !is_known(g, b) && all_know(g, b->at_s) &&
			    (found == NULL || b->at_s < found->at_s))
				found = b;
		}
	}
	return found;
}

/* What M calls each of them, and how its epochs are to be read. */
static void
map_member(struct lk_group *g, struct lk_group_member *m)
{
	struct lk_group_epochs epochs = {.is_same = m->newest->baseline_count == g->baseline_count};
	bool changed;

	for (uint32_t i = 0; i < g->baseline_count; i++) {
		const struct lk_baseline *b = marked_at(m, g->baselines[i].at_s);
		uint32_t id = b != NULL ? b->id : 0;

		m->marks[i].id = id;
		epochs.list[epochs.count++] = (struct lk_group_epoch){id, g->baselines[i].id};
		epochs.is_same = epochs.is_same && id == g->baselines[i].id;
	}
	changed = epochs.count != m->epochs.count || memcmp(epochs.list, m->epochs.list,
	    epochs.count * sizeof(epochs.list[0])) != 0;
	m->epochs = epochs;
	for (uint32_t i = 0; changed && i < g->baseline_count; i++)
		m->marks[i].from = NULL;	/* its rows are to be read otherwise */
}

/* Names change by themselves: the first member that has one says it. */
static void
take_name(struct lk_group *g, uint32_t at)
{
	for (uint32_t i = 0; i < g->member_count; i++) {
		const struct lk_group_member *m = g->members[i];
		const struct lk_baseline *b = counts(m) && m->marks[at].id != 0
		    ? lk_snapshot_baseline(m->newest, m->marks[at].id) : NULL;

		if (b == NULL)
			continue;
		snprintf(g->baselines[at].name, sizeof(g->baselines[at].name), "%s", b->name);
		return;
	}
}

void
lk_source_group_match(struct lk_group *g)
{
	const struct lk_baseline *fresh;

	for (uint32_t i = g->baseline_count; i-- > 0;)
		if (!all_know(g, g->baselines[i].at_s))
			remove_at(g, i);
	while ((fresh = next_new(g)) != NULL)
		insert(g, fresh);
	for (uint32_t i = 0; i < g->member_count; i++)
		if (counts(g->members[i]))
			map_member(g, g->members[i]);
	for (uint32_t i = 0; i < g->baseline_count; i++)
		take_name(g, i);
}

/* ---- their rows ------------------------------------------------------------ */

/* M's rows of baseline AT in the group's terms.  Returns: 0, -ENODATA not fetched, -ENOMEM. */
static int
refresh_mark(struct lk_group *g, struct lk_group_member *m, uint32_t at)
{
	struct lk_group_mark *mark = &m->marks[at];
	const struct lk_baseline *b = lk_snapshot_baseline(m->newest, mark->id);
	struct lk_group_kept fresh;

	if (mark->id == 0)
		return 0;
	if (b == NULL || !b->has_rows)
		return mark->kept.block != NULL ? 0 : -ENODATA;
	if (mark->from == b->rows && mark->kept.block != NULL)
		return 0;
	if (begin_kept(g, &fresh) < 0)
		return -ENOMEM;
	if (lk_source_group_translate(g, m, b->rows, b->row_count, fresh.block->arena, &fresh.rows,
	    &fresh.count) < 0 || lk_source_group_keep(m->newest, fresh.block->arena) < 0) {
		drop_kept(&fresh);
		return -ENOMEM;
	}
	drop_kept(&mark->kept);
	mark->kept = fresh;
	mark->from = b->rows;
	g->baselines[at].is_changed = true;
	return 0;
}

static int
refresh_whole(struct lk_group *g, uint32_t at)
{
	struct lk_group_baseline *b = &g->baselines[at];
	struct lk_group_kept sum;
	int rc;

	b->has_rows = true;
	for (uint32_t i = 0; i < g->member_count; i++) {
		if (!counts(g->members[i]))
			continue;
		rc = refresh_mark(g, g->members[i], at);
		if (rc == -ENOMEM)
			return rc;
		b->has_rows = b->has_rows && rc == 0;
	}
	if (!b->has_rows || !b->is_changed)
		return 0;
	rc = begin_kept(g, &sum);
	if (rc == 0)
		rc = add_kept(g, &sum, &b->ended);
	for (uint32_t i = 0; i < g->member_count && rc == 0; i++)
		if (counts(g->members[i]))
			rc = add_kept(g, &sum, &g->members[i]->marks[at].kept);
	if (rc < 0) {
		drop_kept(&sum);
		return rc;
	}
	drop_kept(&b->whole);
	b->whole = sum;
	b->is_changed = false;
	return 0;
}

static void
add_numbers(struct lk_group *g, uint32_t at, struct lk_baseline *out)
{
	out->rss_bytes = g->baselines[at].ended_rss_bytes;
	out->est_live_bytes = g->baselines[at].ended_live_bytes;
	for (uint32_t i = 0; i < g->member_count; i++) {
		const struct lk_group_member *m = g->members[i];
		const struct lk_baseline *b = counts(m) ?
		    lk_snapshot_baseline(m->newest, m->marks[at].id) : NULL;

		if (b == NULL)
			continue;
		out->rss_bytes += b->rss_bytes;
		out->est_live_bytes += b->est_live_bytes;
		if (!(out->interval_bytes > b->interval_bytes))
			out->interval_bytes = b->interval_bytes;
	}
}

static int
list_whole(struct lk_group *g, struct lk_snapshot *whole)
{
	struct lk_baseline *list = lk_arena_get(whole->arena, g->baseline_count, sizeof(*list));

	if (list == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < g->baseline_count; i++) {
		struct lk_group_baseline *b = &g->baselines[i];

		if (refresh_whole(g, i) < 0 || lk_shared_keep(b->whole.block, whole->arena) < 0)
			return -ENOMEM;
		list[i] = (struct lk_baseline){.id = b->id, .at_s = b->at_s,
		    .name = lk_arena_text(whole->arena, b->name, strlen(b->name)),
		    .has_rows = b->has_rows, .rows = b->has_rows ? b->whole.rows : NULL,
		    .row_count = b->has_rows ? b->whole.count : 0};
		if (list[i].name == NULL)
			return -ENOMEM;
		add_numbers(g, i, &list[i]);
	}
	whole->baselines = list;
	whole->baseline_count = g->baseline_count;
	return 0;
}

static int
list_part(struct lk_group *g, const struct lk_group_member *m, const struct lk_snapshot *whole,
    struct lk_snapshot *part)
{
	struct lk_baseline *list = lk_arena_get(whole->arena, g->baseline_count, sizeof(*list));

	if (list == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < g->baseline_count; i++) {
		const struct lk_group_mark *mark = &m->marks[i];
		const struct lk_baseline *own = lk_snapshot_baseline(m->newest, mark->id);

		list[i] = whole->baselines[i];
		list[i].rss_bytes = own != NULL ? own->rss_bytes : 0;
		list[i].est_live_bytes = own != NULL ? own->est_live_bytes : 0;
		list[i].has_rows = mark->id == 0 || mark->kept.block != NULL;
		list[i].rows = mark->kept.rows;
		list[i].row_count = mark->kept.count;
		if (lk_shared_keep(mark->kept.block, whole->arena) < 0)
			return -ENOMEM;
	}
	part->baselines = list;
	part->baseline_count = g->baseline_count;
	return 0;
}

int
lk_source_group_baselines(struct lk_group *g, struct lk_snapshot *whole,
    struct lk_snapshot **parts)
{
	int rc = list_whole(g, whole);

	for (uint32_t i = 0; i < g->member_count && rc == 0; i++)
		if (counts(g->members[i]))
			rc = list_part(g, g->members[i], whole, *parts++);
	return rc;
}

/* ---- ends ------------------------------------------------------------------ */

void
lk_source_group_bury(struct lk_group *g, struct lk_group_member *m)
{
	for (uint32_t i = 0; m->newest != NULL && i < g->baseline_count; i++) {
		struct lk_group_baseline *b = &g->baselines[i];
		const struct lk_baseline *own = lk_snapshot_baseline(m->newest, m->marks[i].id);

		if (own == NULL || refresh_mark(g, m, i) < 0)
			continue;	/* what it had was never asked for */
		if (b->ended.block == NULL && begin_kept(g, &b->ended) < 0)
			continue;
		if (add_kept(g, &b->ended, &m->marks[i].kept) < 0)
			continue;
		b->ended_rss_bytes += own->rss_bytes;
		b->ended_live_bytes += own->est_live_bytes;
		b->is_changed = true;
	}
	lk_source_group_marks_fini(m);
}

/* The rows of those that have ended are known by the old table only: read them anew. */
static void
reread_ended(struct lk_group *g, struct lk_group_baseline *b)
{
	uint32_t *ids = malloc(((size_t)b->ended.count + 1) * sizeof(*ids));
	const struct lk_group_input input = {.rows = b->ended.rows, .count = b->ended.count,
	    .ids = ids};
	struct lk_group_kept fresh = {0};
	bool ok = ids != NULL && begin_kept(g, &fresh) == 0 &&
	    lk_shared_keep(b->ended.block, fresh.block->arena) == 0;

	for (uint32_t i = 0; ok && i < b->ended.count; i++) {
		ids[i] = lk_group_stacks_id(&g->stacks, b->ended.rows[i].stack);
		ok = ids[i] != 0;
	}
	if (ok && lk_group_rows_add(&g->stacks, &input, 1, fresh.block->arena, &fresh.rows,
	    &fresh.count) < 0)
		ok = false;
	if (!ok)
		drop_kept(&fresh);
	drop_kept(&b->ended);
	b->ended = fresh;
	free(ids);
}

void
lk_source_group_forget(struct lk_group *g)
{
	for (uint32_t i = 0; i < g->baseline_count; i++) {
		struct lk_group_baseline *b = &g->baselines[i];

		if (b->ended.block != NULL)
			reread_ended(g, b);
		drop_kept(&b->whole);
		b->is_changed = true;
	}
	for (uint32_t i = 0; i < g->member_count; i++)
		lk_source_group_marks_fini(g->members[i]);
}

void
lk_source_group_marks_fini(struct lk_group_member *m)
{
	for (uint32_t i = 0; i < LK_WIRE_BASELINES_MAX; i++) {
		drop_kept(&m->marks[i].kept);
		m->marks[i].from = NULL;
	}
}

void
lk_source_group_baselines_fini(struct lk_group *g)
{
	for (uint32_t i = 0; i < g->baseline_count; i++) {
		drop_kept(&g->baselines[i].ended);
		drop_kept(&g->baselines[i].whole);
	}
	g->baseline_count = 0;
}
