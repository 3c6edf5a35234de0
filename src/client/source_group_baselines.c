/* What was alive at the baselines of a group: the rows of each member, and their sum. */
#include "config.h"

#include "client/source_group_private.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/arena.h"

#include "client/shared.h"

/* ---- rows that are kept ---------------------------------------------------- */

void
lk_source_group_drop_kept(struct lk_group_kept *kept)
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
	lk_source_group_drop_kept(kept);
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
		lk_source_group_drop_kept(&sum);
		return -ENOMEM;
	}
	lk_shared_put(a->block);
	*a = sum;
	return 0;
}

void
lk_source_group_remove(struct lk_group *g, uint32_t at)
{
	struct lk_group_baseline *b = &g->baselines[at];
	uint32_t left = --g->baseline_count - at;

	lk_source_group_drop_kept(&b->ended);
	lk_source_group_drop_kept(&b->whole);
	memmove(b, b + 1, left * sizeof(*b));
	memset(b + left, 0, sizeof(*b));
	for (uint32_t i = 0; i < g->member_count; i++) {
		struct lk_group_mark *mark = &g->members[i]->marks[at];

		lk_source_group_drop_kept(&mark->kept);
		memmove(mark, mark + 1, left * sizeof(*mark));
		memset(mark + left, 0, sizeof(*mark));
	}
}

/* ---- their rows ------------------------------------------------------------ */

/* ROWS of M, in the group's terms, are what it had at baseline AT. */
static int
keep_rows(struct lk_group *g, struct lk_group_member *m, uint32_t at, const struct lk_row *rows,
    uint32_t count)
{
	struct lk_group_mark *mark = &m->marks[at];
	struct lk_group_kept fresh;

	if (mark->from == rows && mark->kept.block != NULL)
		return 0;
	if (begin_kept(g, &fresh) < 0)
		return -ENOMEM;
	if (lk_source_group_translate(g, m, rows, count, fresh.block->arena, &fresh.rows,
	    &fresh.count) < 0 || lk_source_group_keep(m->newest, fresh.block->arena) < 0) {
		lk_source_group_drop_kept(&fresh);
		return -ENOMEM;
	}
	lk_source_group_drop_kept(&mark->kept);
	mark->kept = fresh;
	mark->from = rows;
	g->baselines[at].is_changed = true;
	return 0;
}

/* M's rows of baseline AT.  Returns: 0, -ENODATA not fetched, -ENOMEM. */
static int
refresh_mark(struct lk_group *g, struct lk_group_member *m, uint32_t at)
{
	struct lk_group_mark *mark = &m->marks[at];
	const struct lk_baseline *b = lk_snapshot_baseline(m->newest, mark->id);

	if (mark->is_missed)
		return keep_rows(g, m, at, m->newest->rows, m->newest->row_count);
	if (mark->id == 0)
		return 0;
	if (b == NULL || !b->has_rows)
		return mark->kept.block != NULL ? 0 : -ENODATA;
	return keep_rows(g, m, at, b->rows, b->row_count);
}

static int
refresh_whole(struct lk_group *g, uint32_t at)
{
	struct lk_group_baseline *b = &g->baselines[at];
	struct lk_group_kept sum;
	int rc;

	b->has_rows = true;
	for (uint32_t i = 0; i < g->member_count; i++) {
		if (!lk_source_group_counts(g->members[i]))
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
		if (lk_source_group_counts(g->members[i]))
			rc = add_kept(g, &sum, &g->members[i]->marks[at].kept);
	if (rc < 0) {
		lk_source_group_drop_kept(&sum);
		return rc;
	}
	lk_source_group_drop_kept(&b->whole);
	b->whole = sum;
	b->is_changed = false;
	return 0;
}

/* Growth of those that missed it is not counted: they had what they have now. */
static void
add_missed(const struct lk_group_member *m, const struct lk_group_mark *mark,
    struct lk_baseline *out)
{
	out->missed_count++;
	if (mark->id != 0)
		return;		/* only its rows are not known */
	out->rss_bytes += m->newest->rss_bytes;
	out->est_live_bytes += m->newest->est_live_bytes;
}

static void
add_numbers(struct lk_group *g, uint32_t at, struct lk_baseline *out)
{
	out->rss_bytes = g->baselines[at].ended_rss_bytes;
	out->est_live_bytes = g->baselines[at].ended_live_bytes;
	for (uint32_t i = 0; i < g->member_count; i++) {
		const struct lk_group_member *m = g->members[i];
		const struct lk_group_mark *mark = &m->marks[at];
		const struct lk_baseline *b = lk_source_group_counts(m) ?
		    lk_snapshot_baseline(m->newest, mark->id) : NULL;

		if (lk_source_group_counts(m) && mark->is_missed)
			add_missed(m, mark, out);
		if (b == NULL)
			continue;
		out->late_count += mark->late_s > 0 && !mark->is_missed;
		out->late_s = fmax(out->late_s, mark->is_missed ? 0 : mark->late_s);
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
		list[i].rss_bytes = own != NULL ? own->rss_bytes : mark->is_missed ? NAN : 0;
		list[i].est_live_bytes = own != NULL ? own->est_live_bytes :
		    mark->is_missed ? NAN : 0;
		list[i].missed_count = mark->is_missed;
		list[i].late_count = mark->late_s > 0;
		list[i].late_s = mark->late_s;
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
		if (lk_source_group_counts(g->members[i]))
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

		if (own == NULL || m->marks[i].is_missed || refresh_mark(g, m, i) < 0)
			continue;	/* what it had is not known */
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
		lk_source_group_drop_kept(&fresh);
	lk_source_group_drop_kept(&b->ended);
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
		lk_source_group_drop_kept(&b->whole);
		b->is_changed = true;
	}
	for (uint32_t i = 0; i < g->member_count; i++)
		lk_source_group_marks_fini(g->members[i]);
}

void
lk_source_group_marks_fini(struct lk_group_member *m)
{
	for (uint32_t i = 0; i < LK_WIRE_BASELINES_MAX; i++) {
		lk_source_group_drop_kept(&m->marks[i].kept);
		m->marks[i].from = NULL;
	}
}

void
lk_source_group_baselines_fini(struct lk_group *g)
{
	for (uint32_t i = 0; i < g->baseline_count; i++) {
		lk_source_group_drop_kept(&g->baselines[i].ended);
		lk_source_group_drop_kept(&g->baselines[i].whole);
	}
	g->baseline_count = 0;
}
