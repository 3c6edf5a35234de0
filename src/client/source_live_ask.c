/* Requests of a live source, and their answers. */
#include "config.h"

#include "client/source_live_private.h"

#include <errno.h>

/* As lk_source_request(), with any op of the wire. */
static int
ask_for(struct lk_live *l, const struct lk_ask *what, lk_reply_fn fn, void *ctx)
{
	struct lk_ask numbered = *what;
	struct lk_pending *slot;
	long length;

	if (l->fd < 0 || !l->has_hello)
		return -ENOTCONN;
	if (l->pending_count == LK_LIVE_PENDING_MAX)
		return -ENOSPC;
	numbered.id = l->next_id;
	length = lk_ask_format(&numbered, l->out + l->out_used, sizeof(l->out) - l->out_used);
	if (length < 0)
		return (int)length;
	l->out_used += (size_t)length;
	l->next_id++;
	slot = &l->pending[(l->pending_first + l->pending_count++) % LK_LIVE_PENDING_MAX];
	*slot = (struct lk_pending){.id = numbered.id, .fn = fn, .ctx = ctx};
	return 0;
}

void
lk_source_live_ask_op(struct lk_live *l, enum lk_ask_op op, uint64_t number)
{
	/* Best effort: when the queue is full it is asked again later. */
	ask_for(l, &(struct lk_ask){.op = op, .number = number}, NULL, NULL);
}

void
lk_source_live_ask_rows(struct lk_live *l)
{
	for (size_t i = 0; i < l->wanted_count; i++)
		lk_source_live_ask_op(l, LK_ASK_BASELINE_ROWS, l->wanted[i]);
}

void
lk_source_live_answer_first(struct lk_live *l, bool ok, uint64_t number, const char *words)
{
	struct lk_pending first = l->pending[l->pending_first];

	l->pending_first = (l->pending_first + 1) % LK_LIVE_PENDING_MAX;
	l->pending_count--;
	if (first.fn != NULL)
		first.fn(first.ctx, ok, number, words);
}

static void
want_rows(struct lk_live *l, uint32_t baseline)
{
	for (size_t i = 0; i < l->wanted_count; i++)
		if (l->wanted[i] == baseline)
			return;
	if (l->wanted_count < LK_COUNT_OF(l->wanted))
		l->wanted[l->wanted_count++] = baseline;
}

static void
forget_rows(struct lk_live *l, uint32_t baseline)
{
	for (size_t i = 0; i < l->wanted_count; i++) {
		if (l->wanted[i] != baseline)
			continue;
		l->wanted[i] = l->wanted[--l->wanted_count];
		return;
	}
}

int
lk_source_live_request(struct lk_source *source, const struct lk_request *request, lk_reply_fn fn,
    void *ctx)
{
	static const enum lk_ask_op ops[] = {
	    [LK_REQUEST_BASELINE] = LK_ASK_BASELINE,
	    [LK_REQUEST_BASELINE_RENAME] = LK_ASK_BASELINE_RENAME,
	    [LK_REQUEST_BASELINE_DROP] = LK_ASK_BASELINE_DROP,
	    [LK_REQUEST_BASELINE_ROWS] = LK_ASK_BASELINE_ROWS,
	    [LK_REQUEST_HISTORY] = LK_ASK_HISTORY,
	    [LK_REQUEST_TRENDS] = LK_ASK_TRENDS,
	    [LK_REQUEST_MEMORY] = LK_ASK_MEMORY,
	    [LK_REQUEST_EVENTS] = LK_ASK_EVENTS,
	    [LK_REQUEST_CONTAINERS] = LK_ASK_CONTAINERS,
	    [LK_REQUEST_PAUSE] = LK_ASK_PAUSE,
	    [LK_REQUEST_RESUME] = LK_ASK_RESUME,
	    [LK_REQUEST_DETACH] = LK_ASK_DETACH,
	    [LK_REQUEST_PERIOD] = LK_ASK_SUBSCRIBE,
	};
	struct lk_live *l = lk_source_live_of(source);
	int rc;

	if ((unsigned int)request->op >= LK_COUNT_OF(ops))
		return lk_source_live_inquire(l, request, fn, ctx);
	rc = ask_for(l,
	    &(struct lk_ask){
	    .op = ops[request->op],
	    .number = request->number,
	    .text = request->text},
	    fn, ctx);
	if (rc < 0)
		return rc;
	if (request->op == LK_REQUEST_BASELINE_ROWS)
		want_rows(l, (uint32_t)request->number);
	if (request->op == LK_REQUEST_BASELINE_DROP)
		forget_rows(l, (uint32_t)request->number);
	if (request->op == LK_REQUEST_PERIOD)
		l->period_ms = (unsigned int)request->number;
	return 0;
}
