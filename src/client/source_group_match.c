/* Which baselines a group has.  A baseline is marked in every process at nearly the same time, and
 * each numbers its own: those of one time are one of the group.  A process that began later was
 * born after it with all it has; one that has ended since has lost all it had.  One that lived then
 * and does not know it has missed it: its growth counts from the next one that it knows, which is
 * said, and where there is none it is not counted, which is said too. */
#include "config.h"

#include "client/source_group_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SAME_TIME_S 5.0	/* between the first and the last of one baseline */

/* ---- which baselines there are --------------------------------------------- */

/* B is one of the group that was marked nearer to it than AT_S. */
static bool
is_of_another(const struct lk_group *g, const struct lk_baseline *b, double at_s)
{
	for (uint32_t i = 0; i < g->baseline_count; i++)
		if (fabs(b->at_s - g->baselines[i].at_s) < fabs(b->at_s - at_s))
			return true;
	return false;
}

/* The baseline of S that was marked at AT_S; NULL: it knows none. */
static const struct lk_baseline *
marked_at(const struct lk_group *g, const struct lk_snapshot *s, double at_s)
{
	const struct lk_baseline *best = NULL;

	for (uint32_t i = 0; i < s->baseline_count; i++) {
		const struct lk_baseline *b = &s->baselines[i];
		double off_s = fabs(b->at_s - at_s);

		if (off_s <= SAME_TIME_S && (best == NULL || off_s < fabs(best->at_s - at_s)) &&
		    !is_of_another(g, b, at_s))
			best = b;
	}
	return best;
}

static bool
lived_at(const struct lk_snapshot *s, double at_s)
{
	return s->sampler.started_at_s < at_s;
}

/* What counts in S for a baseline of AT_S: its own one, else the next one that it marked. */
static const struct lk_baseline *
stands_for(const struct lk_group *g, const struct lk_snapshot *s, double at_s)
{
	const struct lk_baseline *own = marked_at(g, s, at_s), *later = NULL;

	for (uint32_t i = 0; own == NULL && i < s->baseline_count; i++) {
		const struct lk_baseline *b = &s->baselines[i];

		if (b->at_s > at_s && (later == NULL || b->at_s < later->at_s))
			later = b;
	}
	return own != NULL ? own : later;
}

/* Members may list it a while longer. */
static void
drop(struct lk_group *g, uint32_t at)
{
	struct lk_group_dropped *d = &g->dropped[g->dropped_count++ % LK_GROUP_DROPPED_MAX];

	*d = (struct lk_group_dropped){.at_s = g->baselines[at].at_s};
	for (uint32_t i = 0; i < g->member_count; i++)
		if (lk_source_group_counts(g->members[i]))
			d->until_s = fmax(d->until_s, g->members[i]->newest->at_s);
	lk_source_group_remove(g, at);
}

void
lk_source_group_drop(struct lk_group *g, uint32_t id)
{
	for (uint32_t i = 0; i < g->baseline_count; i++)
		if (g->baselines[i].id == id) {
			drop(g, i);
			return;
		}
}

static bool
is_dropped(const struct lk_group *g, const struct lk_baseline *b)
{
	for (uint32_t i = 0; i < g->dropped_count && i < LK_GROUP_DROPPED_MAX; i++)
		if (fabs(g->dropped[i].at_s - b->at_s) <= SAME_TIME_S &&
		    b->at_s <= g->dropped[i].until_s)
			return true;
	return false;
}

/* One that knew it has it no more. */
static bool
has_lost(const struct lk_group *g, uint32_t at)
{
	for (uint32_t i = 0; i < g->member_count; i++) {
		const struct lk_group_member *m = g->members[i];

		if (lk_source_group_counts(m) && m->marks[at].id != 0 &&
		    lived_at(m->newest, g->baselines[at].at_s) &&
		    lk_snapshot_baseline(m->newest, m->marks[at].id) == NULL)
			return true;
	}
	return false;
}

/* M marked ID when all were asked. */
static bool
has_answered(const struct lk_group *g, const struct lk_group_member *m, uint32_t id)
{
	for (uint32_t i = 0; i < g->answered_count && i < LK_GROUP_ANSWERED_MAX; i++)
		if (g->answered[i].pid == m->pid && g->answered[i].id == id)
			return true;
	return false;
}

/* B, which M has, is one of the group already: by its time, or for one that M had missed. */
static bool
is_known(const struct lk_group *g, const struct lk_group_member *m, const struct lk_baseline *b)
{
	for (uint32_t i = 0; i < g->baseline_count; i++) {
		double at_s = g->baselines[i].at_s;
		bool is_late = fabs(b->at_s - at_s) > SAME_TIME_S;

		if (lived_at(m->newest, at_s) && stands_for(g, m->newest, at_s) == b &&
		    !(is_late && has_answered(g, m, b->id)))
			return true;
	}
	return false;
}

/* M has not said yet whether it marked one at AT_S. */
static bool
may_tell_yet(const struct lk_group_member *m, double at_s)
{
	return m->source != NULL && lk_source_state(m->source) == LK_SOURCE_LIVE &&
	    m->newest->at_s <= at_s + SAME_TIME_S && m->refused_s < at_s - SAME_TIME_S;
}

/* Most of those that lived then know it, or it was asked for here.  One that a single process of
 * several has is its own. */
static bool
is_of_all(const struct lk_group *g, double at_s, bool *is_ours)
{
	uint32_t knowing = 0, missing = 0;

	*is_ours = false;
	for (uint32_t i = 0; i < g->member_count; i++) {
		const struct lk_group_member *m = g->members[i];
		const struct lk_baseline *own;

		if (!lk_source_group_counts(m) || !lived_at(m->newest, at_s))
			continue;
		own = marked_at(g, m->newest, at_s);
		if (own == NULL && may_tell_yet(m, at_s))
			return false;
		knowing += own != NULL;
		missing += own == NULL;
		*is_ours = *is_ours || (own != NULL && has_answered(g, m, own->id));
	}
	return *is_ours || knowing > missing;
}

static void
insert(struct lk_group *g, const struct lk_baseline *from)
{
	struct lk_group_baseline *b;

	if (g->baseline_count == LK_WIRE_BASELINES_MAX)
		lk_source_group_remove(g, 0);
	b = &g->baselines[g->baseline_count++];
	b->id = ++g->last_baseline;
	b->at_s = from->at_s;
	b->is_changed = true;
	is_of_all(g, from->at_s, &b->is_ours);
	snprintf(b->name, sizeof(b->name), "%s", from->name);
}

/* The oldest one that is of the group and newer than all there are. */
static const struct lk_baseline *
next_new(const struct lk_group *g)
{
	double after_s = g->baseline_count > 0 ? g->baselines[g->baseline_count - 1].at_s : 0;
	const struct lk_baseline *found = NULL;
	bool is_ours;

	for (uint32_t i = 0; i < g->member_count; i++) {
		const struct lk_group_member *m = g->members[i];

		if (!lk_source_group_counts(m))
			continue;
		for (uint32_t k = 0; k < m->newest->baseline_count; k++) {
			const struct lk_baseline *b = &m->newest->baselines[k];

			if (b->at_s > after_s && !is_known(g, m, b) && !is_dropped(g, b) &&
			    is_of_all(g, b->at_s, &is_ours) &&
			    (found == NULL || b->at_s < found->at_s))
				found = b;
		}
	}
	return found;
}

uint32_t
lk_source_group_number(const struct lk_group *g, const struct lk_group_answered *then)
{
	for (uint32_t k = 0; k < g->member_count && then->id != 0; k++) {
		const struct lk_group_member *m = g->members[k];

		for (uint32_t i = g->baseline_count; m->pid == then->pid && i-- > 0;)
			if (m->marks[i].id == then->id && m->marks[i].late_s == 0)
				return g->baselines[i].id;
	}
	return g->last_baseline + 1;
}

const char *
lk_source_group_missed(const struct lk_group *g, const struct lk_group_member *m)
{
	const struct lk_snapshot *s = lk_source_snapshot(m->source);

	for (uint32_t i = 0; s != NULL && i < g->baseline_count; i++) {
		const struct lk_group_baseline *b = &g->baselines[i];

		if (b->is_ours && lived_at(s, b->at_s) && s->at_s > b->at_s &&
		    m->refused_s < b->at_s - SAME_TIME_S && stands_for(g, s, b->at_s) == NULL)
			return b->name;
	}
	return NULL;
}

void
lk_source_group_want_rows(struct lk_group *g, uint32_t id)
{
	for (uint32_t i = 0; i < g->baseline_count; i++)
		if (g->baselines[i].id == id)
			g->baselines[i].wants_rows = true;
}

/* ---- what each member knows of them ---------------------------------------- */

static bool
is_unheard(const struct lk_group_member *m)
{
	return m->source == NULL || lk_source_state(m->source) != LK_SOURCE_LIVE;
}

/* Rows that it cannot be asked for are missed, too, until it answers. */
static void
map_mark(struct lk_group *g, struct lk_group_member *m, uint32_t at)
{
	struct lk_group_mark *mark = &m->marks[at];
	double at_s = g->baselines[at].at_s;
	const struct lk_baseline *b = lived_at(m->newest, at_s) ? stands_for(g, m->newest, at_s) :
	    NULL;
	uint32_t id = b != NULL ? b->id : 0;
	bool has_rows = b != NULL && (b->has_rows ||
	    (mark->id == id && !mark->is_missed && mark->kept.block != NULL));
	bool is_missed = lived_at(m->newest, at_s) && (b == NULL ||
	    (!has_rows && g->baselines[at].wants_rows && is_unheard(m)));

	if (mark->id != id || mark->is_missed != is_missed) {
		lk_source_group_drop_kept(&mark->kept);
		mark->from = NULL;
		g->baselines[at].is_changed = true;
	}
	if (mark->id != id)
		mark->is_asked = false;
	mark->id = id;
	mark->is_missed = is_missed;
	mark->late_s = b != NULL && fabs(b->at_s - at_s) > SAME_TIME_S ? b->at_s - at_s : 0;
}

/* What M calls each of them, and how its epochs are to be read: all of one that missed it were
 * there before. */
static void
map_member(struct lk_group *g, struct lk_group_member *m)
{
	struct lk_group_epochs epochs = {.is_same = m->newest->baseline_count == g->baseline_count};
	bool changed;

	for (uint32_t i = 0; i < g->baseline_count; i++) {
		const struct lk_group_mark *mark = &m->marks[i];
		uint32_t from;

		map_mark(g, m, i);
		from = mark->is_missed && mark->id == 0 ? UINT32_MAX : mark->id;
		epochs.list[epochs.count++] = (struct lk_group_epoch){from, g->baselines[i].id};
		epochs.is_same = epochs.is_same && from == g->baselines[i].id;
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
		const struct lk_baseline *b = lk_source_group_counts(m) && m->marks[at].id != 0
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
		if (has_lost(g, i))
			drop(g, i);
	while ((fresh = next_new(g)) != NULL)
		insert(g, fresh);
	for (uint32_t i = 0; i < g->member_count; i++)
		if (lk_source_group_counts(g->members[i]))
			map_member(g, g->members[i]);
	for (uint32_t i = 0; i < g->baseline_count; i++)
		take_name(g, i);
}
