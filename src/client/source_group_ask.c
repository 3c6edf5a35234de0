/* Requests of a group: each of its processes gets them.  One that does not answer just now is told
 * when it does, of what is still true then. */
#include "config.h"

#include "client/source_group_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

static bool
is_live(const struct lk_group_member *m)
{
	return m->source != NULL && lk_source_state(m->source) == LK_SOURCE_LIVE;
}

/* It has a sampler that may be heard again. */
static bool
is_silent(const struct lk_group_member *m)
{
	return m->source != NULL && !is_live(m) &&
	    lk_source_state(m->source) != LK_SOURCE_REFUSED;
}

/* ---- what a member is owed ------------------------------------------------- */

static bool
is_pause(enum lk_request_op op)
{
	return op == LK_REQUEST_PAUSE || op == LK_REQUEST_RESUME;
}

/* All else is asked for again by itself, or by whoever still wants it. */
static bool
is_owed(enum lk_request_op op)
{
	return op == LK_REQUEST_BASELINE_RENAME || op == LK_REQUEST_BASELINE_DROP ||
	    op == LK_REQUEST_PERIOD || is_pause(op);
}

/* OLD need not be told once NEW is. */
static bool
is_overtaken(const struct lk_group_order *old, const struct lk_group_order *new)
{
	if (is_pause(new->op))
		return is_pause(old->op);
	if (new->op == LK_REQUEST_PERIOD)
		return old->op == LK_REQUEST_PERIOD;
	return old->op == LK_REQUEST_BASELINE_RENAME && old->number == new->number;
}

static void
strike(struct lk_group_member *m, uint32_t at)
{
	m->owed_count--;
	memmove(&m->owed[at], &m->owed[at + 1], (m->owed_count - at) * sizeof(m->owed[0]));
}

static void
owe(struct lk_group_member *m, const struct lk_group_order *order)
{
	for (uint32_t i = m->owed_count; i-- > 0;)
		if (is_overtaken(&m->owed[i], order))
			strike(m, i);
	if (m->owed_count == LK_GROUP_OWED_MAX)
		strike(m, 0);
	m->owed[m->owed_count++] = *order;
}

/* ---- one member ------------------------------------------------------------ */

static struct lk_group_order
order_of(const struct lk_request *request, uint64_t number)
{
	struct lk_group_order order = {.op = request->op, .number = number,
	    .has_text = request->text != NULL};

	if (order.has_text)
		snprintf(order.text, sizeof(order.text), "%s", request->text);
	return order;
}

static void
unlink_leg(struct lk_group_leg *leg)
{
	struct lk_group_leg **at = &leg->group->legs;

	while (*at != leg)
		at = &(*at)->next;
	*at = leg->next;
}

/* The first words are the ones that are told. */
static void
note_refusal(struct lk_group_question *q, int pid, const char *words)
{
	if (q->refused++ > 0)
		return;
	q->refused_pid = pid;
	snprintf(q->words, sizeof(q->words), "%s", words);
}

static void
note_silence(struct lk_group_question *q, int pid)
{
	if (q->silent++ == 0)
		q->silent_pid = pid;
}

/* It has marked a baseline, or will not. */
static void
note_mark(const struct lk_group_leg *leg, bool ok, uint32_t id)
{
	struct lk_group *g = leg->group;
	struct lk_group_member *m = leg->member;
	const struct lk_snapshot *s = lk_source_snapshot(m->source);
	const struct lk_group_answered this = {m->pid, id};

	if (!ok && is_live(m) && s != NULL)
		m->refused_s = s->at_s;
	if (!ok)
		return;
	m->marked_seq = s != NULL ? s->seq : 0;
	if (leg->is_asked)
		g->answered[g->answered_count++ % LK_GROUP_ANSWERED_MAX] = this;
	if (leg->question != NULL && leg->question->first.id == 0)
		leg->question->first = this;
}

static void
on_reply(void *ctx, bool ok, uint64_t number, const char *words)
{
	struct lk_group_leg *leg = ctx;
	struct lk_group_member *m = leg->member;
	struct lk_group_question *q = leg->question;
	bool is_lost = !ok && !is_live(m);	/* it may not have heard */

	unlink_leg(leg);
	if (leg->order.op == LK_REQUEST_BASELINE)
		note_mark(leg, ok, (uint32_t)number);
	if (is_lost && is_owed(leg->order.op))
		owe(m, &leg->order);
	if (q != NULL) {
		q->waiting--;
		q->done += ok;
		if (is_lost)
			note_silence(q, m->pid);
		else if (!ok)
			note_refusal(q, m->pid, words != NULL ? words : "");
	}
	free(leg);
}

/* Q: NULL where nobody waits for it.  Returns: 0 or negative errno; -ENOSPC: later. */
static int
send_to(struct lk_group *g, struct lk_group_member *m, const struct lk_group_order *order,
    struct lk_group_question *q)
{
	const struct lk_request request = {.op = order->op, .number = order->number,
	    .text = order->has_text ? order->text : NULL};
	struct lk_group_leg *leg = calloc(1, sizeof(*leg));
	int rc;

	if (leg == NULL)
		return -ENOMEM;
	*leg = (struct lk_group_leg){.next = g->legs, .group = g, .member = m, .question = q,
	    .is_asked = q != NULL, .order = *order};
	rc = lk_source_request(m->source, &request, on_reply, leg);
	if (rc < 0) {
		free(leg);
		return rc;
	}
	g->legs = leg;
	if (q != NULL)
		q->waiting++;
	return 0;
}

void
lk_source_group_unask(struct lk_group *g, const struct lk_group_member *m)
{
	for (struct lk_group_leg **at = &g->legs; *at != NULL;) {
		struct lk_group_leg *leg = *at;

		if (leg->member != m) {
			at = &leg->next;
			continue;
		}
		*at = leg->next;
		if (leg->question != NULL)
			leg->question->waiting--;
		free(leg);
	}
}

static bool
is_on_its_way(const struct lk_group *g, const struct lk_group_member *m, enum lk_request_op op)
{
	for (const struct lk_group_leg *leg = g->legs; leg != NULL; leg = leg->next)
		if (leg->member == m && leg->order.op == op)
			return true;
	return false;
}

/* ---- all of them ----------------------------------------------------------- */

static struct lk_group_question *
free_question(struct lk_group *g)
{
	for (size_t i = 0; i < LK_COUNT_OF(g->questions); i++)
		if (g->questions[i].group == NULL)
			return &g->questions[i];
	return NULL;
}

static bool
is_of_baseline(enum lk_request_op op)
{
	return op == LK_REQUEST_BASELINE_RENAME || op == LK_REQUEST_BASELINE_DROP ||
	    op == LK_REQUEST_BASELINE_ROWS;
}

/* What M knows of the baseline ID of the group; NULL: nothing. */
static struct lk_group_mark *
mark_of(const struct lk_group *g, struct lk_group_member *m, uint64_t id)
{
	for (uint32_t i = 0; i < g->baseline_count; i++)
		if (g->baselines[i].id == id && m->marks[i].id != 0)
			return &m->marks[i];
	return NULL;
}

/* In the terms of M.  Returns: 0; -ENOENT: it means nothing there; else of lk_source_request. */
static int
ask_one(struct lk_group *g, struct lk_group_member *m, struct lk_group_question *q,
    const struct lk_request *request)
{
	struct lk_group_mark *mark = mark_of(g, m, request->number);
	struct lk_group_order order;
	int rc;

	if (is_of_baseline(request->op) && mark == NULL)
		return -ENOENT;
	order = order_of(request, is_of_baseline(request->op) ? mark->id : request->number);
	rc = is_live(m) ? send_to(g, m, &order, q) : -ENOTCONN;
	if (request->op == LK_REQUEST_BASELINE_ROWS)
		mark->is_asked = rc == 0;
	if (rc < 0 && is_owed(order.op))
		owe(m, &order);
	return rc;
}

static void
ask_all(struct lk_group *g, struct lk_group_question *q, const struct lk_request *request)
{
	for (uint32_t i = 0; i < g->member_count; i++) {
		struct lk_group_member *m = g->members[i];
		int rc = is_live(m) || is_silent(m) ? ask_one(g, m, q, request) : -ENOENT;

		if (rc < 0 && rc != -ENOENT)
			note_silence(q, m->pid);
	}
}

static bool
anybody_hears(const struct lk_group *g)
{
	for (uint32_t i = 0; i < g->member_count; i++)
		if (is_live(g->members[i]))
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
		note_refusal(q, 0,
		    "a heap is that of one process: w lists the workers, Enter opens one");
	else
		ask_all(g, q, request);
	if (request->op == LK_REQUEST_BASELINE_ROWS)
		lk_source_group_want_rows(g, (uint32_t)request->number);
	if (request->op == LK_REQUEST_BASELINE_DROP && q->waiting == 0)
		lk_source_group_drop(g, (uint32_t)request->number);
	if (request->op == LK_REQUEST_PERIOD)
		g->period_ms = (unsigned int)request->number;
	return 0;
}

/* ---- later ----------------------------------------------------------------- */

static void
pay_orders(struct lk_group *g, struct lk_group_member *m)
{
	while (m->owed_count > 0 && send_to(g, m, &m->owed[0], NULL) == 0)
		strike(m, 0);
}

/* It marks what it missed: one now is for all of these.  What it marked a moment ago is to be seen
 * first in what it says. */
static void
pay_mark(struct lk_group *g, struct lk_group_member *m)
{
	const struct lk_snapshot *s = lk_source_snapshot(m->source);
	struct lk_group_order order = {.op = LK_REQUEST_BASELINE, .has_text = true};
	const char *name;

	if (s == NULL || s->seq <= m->marked_seq + 1 || is_on_its_way(g, m, order.op))
		return;
	name = lk_source_group_missed(g, m);
	if (name == NULL)
		return;
	order.has_text = name[0] != '\0';
	snprintf(order.text, sizeof(order.text), "%s", name);
	if (send_to(g, m, &order, NULL) == 0)
		m->marked_seq = s->seq;
}

static void
pay_rows(struct lk_group *g, struct lk_group_member *m)
{
	for (uint32_t i = 0; i < g->baseline_count; i++) {
		struct lk_group_mark *mark = &m->marks[i];
		const struct lk_group_order order = {.op = LK_REQUEST_BASELINE_ROWS,
		    .number = mark->id};
		const struct lk_baseline *own = g->baselines[i].wants_rows && mark->id != 0 ?
		    lk_snapshot_baseline(lk_source_snapshot(m->source), mark->id) : NULL;

		if (own == NULL || own->has_rows || mark->is_asked)
			continue;
		mark->is_asked = send_to(g, m, &order, NULL) == 0;
	}
}

void
lk_source_group_pay(struct lk_group *g)
{
	for (uint32_t i = 0; i < g->member_count; i++) {
		struct lk_group_member *m = g->members[i];

		if (!is_live(m))
			continue;
		pay_orders(g, m);
		pay_mark(g, m);
		pay_rows(g, m);
	}
}

/* Whoever asked does not wait for those that have fallen silent since. */
static void
give_up_waiting(struct lk_group *g)
{
	for (struct lk_group_leg *leg = g->legs; leg != NULL; leg = leg->next) {
		if (leg->question == NULL || is_live(leg->member))
			continue;
		leg->question->waiting--;
		note_silence(leg->question, leg->member->pid);
		leg->question = NULL;
	}
}

/* ---- answers --------------------------------------------------------------- */

static int
who(char *out, size_t out_bytes, uint32_t count, int first_pid)
{
	return count == 1 ? snprintf(out, out_bytes, "%d", first_pid) :
	    snprintf(out, out_bytes, "%u of them (%d, ...)", count, first_pid);
}

/* What the others do not know. */
static void
note_of(const struct lk_group_question *q, char *out, size_t out_bytes)
{
	char pids[48];

	out[0] = '\0';
	if (q->refused > 0) {
		who(pids, sizeof(pids), q->refused, q->refused_pid);
		snprintf(out, out_bytes, "but not in %s: %s", pids, q->words);
	} else if (q->silent > 0 && (is_owed(q->op) || q->op == LK_REQUEST_BASELINE)) {
		who(pids, sizeof(pids), q->silent, q->silent_pid);
		snprintf(out, out_bytes, "%s %s not answer: %s when it does", pids,
		    q->silent == 1 ? "does" : "do",
		    q->op == LK_REQUEST_BASELINE ? "marked there" : "told");
	}
}

static void
answer(const struct lk_group *g, const struct lk_group_question *q)
{
	bool ok = q->refused == 0 || (q->op == LK_REQUEST_BASELINE && q->done > 0);
	char note[LK_SOURCE_WORDS_BYTES + 64];
	uint64_t number = q->op == LK_REQUEST_BASELINE ? lk_source_group_number(g, &q->first) : 0;

	note_of(q, note, sizeof(note));
	if (q->fn != NULL)
		q->fn(q->ctx, ok, number, ok ? note : q->words);
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

	give_up_waiting(g);
	for (size_t i = 0; i < LK_COUNT_OF(g->questions); i++) {
		struct lk_group_question q = g->questions[i];

		if (q.group == NULL || q.waiting > 0)
			continue;
		g->questions[i].group = NULL;	/* it may ask for more */
		any = true;
		answer(g, &q);
	}
	return any;
}
