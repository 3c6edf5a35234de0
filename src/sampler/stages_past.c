#include "config.h"

#include "sampler/stage.h"

#include "proto/emit.h"
#include "sampler/connection.h"
#include "sampler/core/events.h"
#include "sampler/core/history.h"
#include "sampler/stages.h"
#include "sampler/status.h"

static const struct lk_history *history;

void
lk_stages_history(const struct lk_history *h)
{
	history = h;
}

bool
lk_stage_history(struct lk_connection *c)
{
	const struct lk_point *point;
	uint32_t r, i;

	lk_emit_history_begin(&c->out, c->reply_id);
	for (r = 0; r < LK_HISTORY_RINGS; r++) {
		lk_emit_history_ring(&c->out, r == 0, history->rings[r].step_s,
		    history->rings[r].end_s);
		for (i = 0; i < history->rings[r].count; i++) {
			point = lk_history_point(&history->rings[r], i);
			lk_emit_history_point(&c->out, i == 0, (double)point->rss_bytes,
			    (double)point->live_bytes);
		}
		lk_emit_ring_end(&c->out);
	}
	lk_emit_list_end(&c->out);
	return true;
}

bool
lk_stage_trends(struct lk_connection *c)
{
	float bytes[LK_HISTORY_TREND_POINTS];
	const struct lk_trend *t;
	bool first = true;
	uint32_t i, n;

	lk_emit_trends_begin(&c->out, LK_HISTORY_TREND_STEP_S, history->trend_end_s);
	for (i = 0; i < LK_HISTORY_STACKS; i++) {
		t = &history->trends[i];
		if (!lk_stage_knows(c, t->stack))
			continue;
		for (n = 0; n < history->trend_count; n++)
			bytes[n] = lk_history_trend_point(history, t, n);
		lk_emit_trends_row(&c->out, first, lk_stage_stack_id(t->stack), bytes, n);
		first = false;
	}
	lk_emit_list_end(&c->out);
	return true;
}

bool
lk_stage_memory(struct lk_connection *c)
{
	struct lk_emit_memory m;

	lk_status_memory(&m);
	lk_emit_memory(&c->out, &m);
	return true;
}

bool
lk_stage_events(struct lk_connection *c)
{
	uint64_t n = lk_events_count(), i = n > LK_EVENTS_KEPT ? n - LK_EVENTS_KEPT : 0;
	const struct lk_event *event;
	bool first = true;

	lk_emit_events_begin(&c->out);
	for (; i < n; i++) {
		event = lk_events_get(i);
		if (event == NULL)
			continue;
		lk_emit_event(&c->out, first, event->at_s, event->code, event->value,
		    lk_events_what(i));
		first = false;
	}
	lk_emit_list_end(&c->out);
	return true;
}
