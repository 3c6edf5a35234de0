/* Requests of a group: each of its processes gets them. */
#include "config.h"

#include "client/source_group_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"

static struct lk_group_question *
free_question(struct lk_group *g)
{
	for (size_t i = 0; i < LK_COUNT_OF(g->questions); i++)
		if (g->questions[i].group == NULL)
			return &g->questions[i];
	return NULL;
}

/* The first refusal is the one that is told. */
static void
refuse(struct lk_group_question *q, const char *words)
{
	if (!q->is_refused)
		snprintf(q->words, sizeof(q->words), "%s", words);
	q->is_refused = true;
}

static void
on_reply(void *ctx, bool ok, uint64_t number, const char *words)
{
	struct lk_group_question *q = ctx;

	(void)number;
	q->waiting--;
	if (!ok)
		refuse(q, words != NULL ? words : "");
}

static bool
is_of_baseline(enum lk_request_op op)
{
	return op == LK_REQUEST_BASELINE_RENAME || op == LK_REQUEST_BASELINE_DROP ||
	    op == LK_REQUEST_BASELINE_ROWS;
}

/* What M calls the baseline ID; 0: it has none of that time. */
static uint32_t
own_baseline(const struct lk_group *g, const struct lk_group_member *m, uint64_t id)
{
	for (uint32_t i = 0; i < g->baseline_count; i++)
		if (g->baselines[i].id == id)
			return m->marks[i].id;
	return 0;
}

static void
ask_all(struct lk_group *g, struct lk_group_question *q, const struct lk_request *request)
{
	for (uint32_t i = 0; i < g->member_count; i++) {
		struct lk_group_member *m = g->members[i];
		struct lk_request own = *request;

		if (m->source == NULL || lk_source_state(m->source) != LK_SOURCE_LIVE)
			continue;
		if (is_of_baseline(request->op))
			own.number = own_baseline(g, m, request->number);
		if (is_of_baseline(request->op) && own.number == 0)
			continue;
		if (lk_source_request(m->source, &own, on_reply, q) == 0)
			q->waiting++;
	}
}

static bool
anybody_hears(const struct lk_group *g)
{
	for (uint32_t i = 0; i < g->member_count; i++)
		if (g->members[i]->source != NULL &&
		    lk_source_state(g->members[i]->source) == LK_SOURCE_LIVE)
			return true;
	return false;
}

int
lk_source_group_request(struct lk_source *source, const struct lk_request *request,
    lk_reply_fn fn, void *ctx)
{
	struct lk_group *g = (struct lk_group *)source;
	struct lk_group_question *q = free_question(g);

	if (request->op == LK_REQUEST_GIVE_UP)
		return -ENOENT;
	if (!anybody_hears(g))
		return -ENOTCONN;
	if (q == NULL)
		return -ENOSPC;
	*q = (struct lk_group_question){.group = g, .op = request->op, .fn = fn, .ctx = ctx};
	if (request->op >= LK_REQUEST_TYPES || request->op == LK_REQUEST_CONTAINERS)
		refuse(q, "a heap is that of one process: w lists the workers, Enter opens one");
	else
		ask_all(g, q, request);
	if (request->op == LK_REQUEST_BASELINE_DROP && q->waiting == 0)
		lk_source_group_drop(g, (uint32_t)request->number);
	if (request->op == LK_REQUEST_PERIOD)
		g->period_ms = (unsigned int)request->number;
	return 0;
}

bool
lk_source_group_has_answer(const struct lk_group *g)
{
	for (size_t i = 0; i < LK_COUNT_OF(g->questions); i++)
		if (g->questions[i].group != NULL && g->questions[i].waiting == 0)
			return true;
	return false;
}

bool
lk_source_group_answer(struct lk_group *g)
{
	bool any = false;

	for (size_t i = 0; i < LK_COUNT_OF(g->questions); i++) {
		struct lk_group_question q = g->questions[i];

		if (q.group == NULL || q.waiting > 0)
			continue;
		g->questions[i].group = NULL;	/* it may ask for more */
		any = true;
		if (q.fn != NULL)
			q.fn(q.ctx, !q.is_refused,
			    q.op == LK_REQUEST_BASELINE ? g->last_baseline + 1 : 0, q.words);
	}
	return any;
}
