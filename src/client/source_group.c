#include "config.h"

#include "client/source_group_private.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"

#include "client/discover.h"
#include "client/proc.h"

#define SCAN_MS	 2000	/* who came */
#define AFTER_MS 300	/* likewise, when one has ended: another may take its place */

static struct lk_group *
group_of(struct lk_source *s)
{
	return (struct lk_group *)s;
}

/* ---- who belongs to it ----------------------------------------------------- */

static const struct lk_process *
parent_of(const struct lk_process *list, int count, const struct lk_process *p)
{
	for (int i = 0; i < count; i++)
		if (list[i].pid == p->ppid)
			return &list[i];
	return NULL;
}

/* P is PID or was started by it, or by one that was. */
static bool
is_below(const struct lk_process *list, int count, const struct lk_process *p, int pid)
{
	for (int left = count; p != NULL && left > 0; left--) {
		if (p->pid == pid)
			return true;
		p = parent_of(list, count, p);
	}
	return false;
}

static struct lk_group_member *
find(const struct lk_group *g, const struct lk_process *p)
{
	for (uint32_t i = 0; i < g->member_count; i++) {
		struct lk_group_member *m = g->members[i];

		if (m->pid == p->pid && m->start_time == p->start_time)
			return m;
	}
	return NULL;
}

static void
free_member(struct lk_group *g, struct lk_group_member *m)
{
	lk_source_close(m->source);
	lk_source_group_unask(g, m);
	lk_snapshot_put(m->newest);
	lk_source_group_marks_fini(m);
	lk_idmap_fini(&m->ids);
	free(m);
}

static void
remove_at(struct lk_group *g, uint32_t at)
{
	free_member(g, g->members[at]);
	g->member_count--;
	memmove(&g->members[at], &g->members[at + 1],
	    (g->member_count - at) * sizeof(g->members[0]));
}

/* Behind those that are older; those that have ended come last. */
static void
insert(struct lk_group *g, struct lk_group_member *m)
{
	uint32_t at = g->member_count++;

	while (at > 0 && m->ended_ms < 0 && (g->members[at - 1]->ended_ms >= 0 ||
	    g->members[at - 1]->start_time > m->start_time)) {
		g->members[at] = g->members[at - 1];
		at--;
	}
	g->members[at] = m;
}

static struct lk_group_member *
add(struct lk_group *g, const struct lk_process *p)
{
	struct lk_group_member *m;

	if (g->member_count == LK_GROUP_MEMBERS_MAX)
		return NULL;
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return NULL;
	m->pid = p->pid;
	m->start_time = p->start_time;
	m->up_s = p->up_s;
	m->met_ms = g->now_ms;
	m->ended_ms = -1;
	m->ids_of_s = NAN;
	m->joined = g->snapshot != NULL;
	insert(g, m);
	g->must_build = true;
	return m;
}

static void
meet(struct lk_group *g, const struct lk_process *p)
{
	struct lk_group_member *m = find(g, p);

	if (m == NULL)
		m = add(g, p);
	if (m == NULL)
		return;
	m->seen = true;
	if (m->source != NULL || m->ended_ms >= 0)
		return;
	if (p->has_sampler && g->finder.open(g->finder.open_ctx, p, &m->source) < 0)
		m->source = NULL;
	if (m->source == NULL)
		snprintf(m->why, sizeof(m->why), "%s", p->why_not);
}

static void
scan(struct lk_group *g)
{
	const struct lk_process *list = NULL;
	int count = g->finder.scan(g->finder.scan_ctx, g->now_ms, &list);

	g->scan_ms = g->now_ms + SCAN_MS;
	if (count < 0)
		return;
	for (uint32_t i = 0; i < g->member_count; i++)
		g->members[i]->seen = false;
	for (int i = 0; i < count; i++)
		if (is_below(list, count, &list[i], g->pid))
			meet(g, &list[i]);
	for (uint32_t i = g->member_count; i-- > 0;) {
		const struct lk_group_member *m = g->members[i];

		if (!m->seen && m->source == NULL && m->ended_ms < 0)
			remove_at(g, i);
	}
}

/* Of those that have ended only the newest are shown. */
static void
forget_ended(struct lk_group *g)
{
	uint32_t ended = 0;

	for (uint32_t i = g->member_count; i-- > 0;)
		if (g->members[i]->ended_ms >= 0 && ++ended > LK_GROUP_ENDED_MAX)
			remove_at(g, i);
}

/* AT has ended: it goes behind the others, and out of the sums. */
static void
end(struct lk_group *g, uint32_t at)
{
	struct lk_group_member *m = g->members[at];

	if (m->newest == NULL) {	/* nobody has seen anything of it */
		remove_at(g, at);
		return;
	}
	lk_source_group_bury(g, m);
	lk_source_close(m->source);
	lk_source_group_unask(g, m);
	m->source = NULL;
	m->ended_ms = g->now_ms;
	m->why[0] = '\0';
	g->member_count--;
	memmove(&g->members[at], &g->members[at + 1],
	    (g->member_count - at) * sizeof(g->members[0]));
	insert(g, m);
	g->ended_count++;
	g->must_build = true;
	forget_ended(g);
	if (g->scan_ms > g->now_ms + AFTER_MS)
		g->scan_ms = g->now_ms + AFTER_MS;
}

/* ---- states ---------------------------------------------------------------- */

static uint32_t
count_in(const struct lk_group *g, enum lk_source_state state)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < g->member_count; i++)
		count += g->members[i]->source != NULL &&
		    lk_source_state(g->members[i]->source) == state;
	return count;
}

static uint32_t
count_ended(const struct lk_group *g)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < g->member_count; i++)
		count += g->members[i]->ended_ms >= 0;
	return count;
}

static enum lk_source_state
judge(struct lk_group *g, char *words, size_t words_bytes)
{
	static const enum lk_source_state worse[] = {LK_SOURCE_STALE, LK_SOURCE_LOST,
	    LK_SOURCE_REFUSED};
	bool all_ended = g->member_count == count_ended(g);

	words[0] = '\0';
	if (count_in(g, LK_SOURCE_LIVE) > 0)
		return LK_SOURCE_LIVE;
	if (all_ended && !lk_proc_is_same(g->pid, g->start_time)) {
		snprintf(words, words_bytes, "process %d has ended, and all below it", g->pid);
		return LK_SOURCE_GONE;
	}
	for (size_t i = 0; i < sizeof(worse) / sizeof(worse[0]); i++) {
		if (count_in(g, worse[i]) == 0)
			continue;
		snprintf(words, words_bytes, "nothing is heard of any process of %d", g->pid);
		return worse[i] == LK_SOURCE_REFUSED ? LK_SOURCE_LOST : worse[i];
	}
	snprintf(words, words_bytes, "no process of %d answers yet", g->pid);
	return g->snapshot != NULL ? LK_SOURCE_LOST : LK_SOURCE_CONNECTING;
}

/* Returns: true when anything changed that can be seen. */
static bool
settle(struct lk_group *g)
{
	char words[LK_SOURCE_WORDS_BYTES];
	enum lk_source_state state;
	bool changed;

	for (uint32_t i = g->member_count; i-- > 0;) {
		struct lk_group_member *m = g->members[i];
		enum lk_source_state of = m->source != NULL ? lk_source_state(m->source) :
		    LK_SOURCE_CONNECTING;

		if (of == LK_SOURCE_GONE)
			end(g, i);
		else if (of == LK_SOURCE_REFUSED && m->newest != NULL) {
			lk_snapshot_put(m->newest);	/* its sampler was taken out */
			m->newest = NULL;
			g->must_build = true;
		}
	}
	state = judge(g, words, sizeof(words));
	changed = state != g->state || strcmp(words, g->words) != 0;
	g->state = state;
	memcpy(g->words, words, sizeof(words));
	return changed;
}

/* ---- the source ------------------------------------------------------------ */

/* How many have said something since the last snapshot; *waiting: how many may yet. */
static uint32_t
count_fresh(const struct lk_group *g, uint32_t *waiting)
{
	uint32_t fresh = 0;

	*waiting = 0;
	for (uint32_t i = 0; i < g->member_count; i++) {
		const struct lk_group_member *m = g->members[i];
		const struct lk_snapshot *s = m->source != NULL ? lk_source_snapshot(m->source) :
		    NULL;

		if (s != NULL && s->seq != m->built_seq)
			fresh++;
		else if (m->source != NULL && (s == NULL ||
		    lk_source_state(m->source) == LK_SOURCE_LIVE))
			(*waiting)++;
	}
	return fresh;
}

static bool
build_when_due(struct lk_group *g)
{
	uint32_t waiting, fresh = count_fresh(g, &waiting);

	if (g->now_ms - g->built_ms < g->period_ms &&
	    (g->snapshot == NULL || !g->must_build) && (fresh == 0 || waiting > 0))
		return false;
	if (fresh == 0 && !g->must_build)
		return false;
	if (lk_source_group_build(g) < 0)
		return false;	/* again at the next occasion */
	g->must_build = false;
	g->built_ms = g->now_ms;
	return true;
}

static bool
group_dispatch(struct lk_source *source, const struct pollfd *fds, size_t count, int64_t now_ms)
{
	struct lk_group *g = group_of(source);
	bool changed = false;

	g->now_ms = now_ms;
	if (g->built_ms < 0)
		g->built_ms = now_ms;
	if (now_ms >= g->scan_ms && g->state != LK_SOURCE_GONE)
		scan(g);
	for (uint32_t i = 0; i < g->member_count; i++)
		if (g->members[i]->source != NULL && lk_source_dispatch(g->members[i]->source, fds,
		    count, now_ms) && lk_source_state(g->members[i]->source) != LK_SOURCE_LIVE)
			g->must_build = true;
	changed = settle(g);
	lk_source_group_pay(g);
	changed = build_when_due(g) || changed;
	return lk_source_group_answer(g) || changed;
}

static void
lower(int *timeout_ms, int64_t until_ms, int64_t now_ms)
{
	int64_t left_ms = until_ms > now_ms ? until_ms - now_ms : 0;

	if (*timeout_ms < 0 || left_ms < *timeout_ms)
		*timeout_ms = (int)left_ms;
}

static size_t
group_poll(struct lk_source *source, struct pollfd *fds, size_t max, int *timeout_ms)
{
	struct lk_group *g = group_of(source);
	size_t count = 0;
	uint32_t waiting;

	for (uint32_t i = 0; i < g->member_count; i++)
		if (g->members[i]->source != NULL)
			count += lk_source_poll(g->members[i]->source, fds + count, max - count,
			    timeout_ms);
	if (g->state != LK_SOURCE_GONE)
		lower(timeout_ms, g->scan_ms, g->now_ms);
	if (count_fresh(g, &waiting) > 0)
		lower(timeout_ms, g->built_ms + g->period_ms, g->now_ms);
	if (lk_source_group_has_answer(g))
		*timeout_ms = 0;
	return count;
}

static const struct lk_snapshot *
group_snapshot(const struct lk_source *source)
{
	return ((const struct lk_group *)source)->snapshot;
}

static enum lk_source_state
group_state(const struct lk_source *source)
{
	return ((const struct lk_group *)source)->state;
}

static const char *
group_words(const struct lk_source *source)
{
	return ((const struct lk_group *)source)->words;
}

static const struct lk_source_reading *
group_reading(const struct lk_source *source)
{
	(void)source;
	return NULL;	/* of one process at a time, elsewhere */
}

static void
group_close(struct lk_source *source)
{
	struct lk_group *g = group_of(source);

	while (g->member_count > 0)
		remove_at(g, g->member_count - 1);
	lk_source_group_baselines_fini(g);
	lk_snapshot_put(g->snapshot);
	lk_group_stacks_fini(&g->stacks);
	lk_history_fini(&g->history);
	lk_discovery_free(g->discovery);
	free(g);
}

static const struct lk_source_ops group_ops = {
	.id = "group",
	.poll = group_poll,
	.dispatch = group_dispatch,
	.snapshot = group_snapshot,
	.state = group_state,
	.words = group_words,
	.request = lk_source_group_request,
	.reading = group_reading,
	.close = group_close,
};

static int
scan_host(void *ctx, int64_t now_ms, const struct lk_process **out)
{
	return lk_discovery_scan(ctx, now_ms, out);
}

static int
open_live(void *ctx, const struct lk_process *process, struct lk_source **out)
{
	const struct lk_group *g = ctx;

	return lk_source_open_live(process->socket_path, process->pid, g->period_ms, out);
}

static int
set_finder(struct lk_group *g, const struct lk_group_finder *finder)
{
	if (finder != NULL) {
		g->finder = *finder;
		return 0;
	}
	g->discovery = lk_discovery_new();
	g->finder = (struct lk_group_finder){scan_host, g->discovery, open_live, g};
	return g->discovery != NULL ? 0 : -ENOMEM;
}

int
lk_source_open_group(int pid, unsigned int period_ms, const struct lk_group_finder *finder,
    struct lk_source **out)
{
	struct lk_group *g;
	struct lk_proc_stat stat;

	if (period_ms < LK_WIRE_PERIOD_MIN_MS || period_ms > LK_WIRE_PERIOD_MAX_MS)
		return -EINVAL;
	g = calloc(1, sizeof(*g));
	if (g == NULL)
		return -ENOMEM;
	lk_source_init(&g->base, &group_ops);
	g->pid = pid;
	g->period_ms = period_ms;
	g->scan_ms = INT64_MIN;	/* at once */
	g->built_ms = -1;
	g->start_time = lk_proc_read_stat(pid, &stat) == 0 ? stat.start_time : 0;
	snprintf(g->words, sizeof(g->words), "looking for the processes of %d", pid);
	if (set_finder(g, finder) < 0 || lk_group_stacks_init(&g->stacks) < 0) {
		group_close(&g->base);
		return -ENOMEM;
	}
	*out = &g->base;
	return 0;
}
