#include "config.h"

#include "sampler/requests.h"

#include <errno.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/print.h"
#include "leaktop/sampler.h"
#include "proto/emit.h"
#include "proto/request.h"
#include "sampler/connection.h"
#include "sampler/core/events.h"
#include "sampler/cpython/switch.h"
#include "sampler/duty.h"
#include "sampler/govern.h"
#include "sampler/lookout.h"
#include "sampler/marks.h"
#include "sampler/record.h"
#include "sampler/native/native.h"
#include "sampler/serve.h"
#include "sampler/stage.h"
#include "sampler/stages.h"
#include "sampler/status.h"
#include "sampler/tend.h"

#define CONTAINERS_DEFAULT	200u
#define MIN_LENGTH_DEFAULT	1000u
#define TYPES_DEFAULT		200u
#define REFERRERS_DEFAULT	20u
#define REVEAL_DEFAULT		8u

static void
op_ping(struct lk_connection *c, const struct lk_wire_request *r)
{
	(void)r;
	lk_emit_reply(&c->out, c->reply_id);
}

static void
op_subscribe(struct lk_connection *c, const struct lk_wire_request *r)
{
	int64_t period = r->period_ms == LK_REQUEST_ABSENT ? 1000 : r->period_ms;

	if (period < LK_WIRE_PERIOD_MIN_MS || period > LK_WIRE_PERIOD_MAX_MS) {
		lk_stages_refuse(c, "bad-argument", "period_ms is from 100 to 60000");
		return;
	}
	c->subscribed = true;
	c->period_ns = (uint64_t)period * 1000000u;
	c->due_ns = 0;
	lk_emit_reply(&c->out, c->reply_id);
}

static void
op_unsubscribe(struct lk_connection *c, const struct lk_wire_request *r)
{
	(void)r;
	c->subscribed = false;
	lk_emit_reply(&c->out, c->reply_id);
}

static void
op_baseline(struct lk_connection *c, const struct lk_wire_request *r)
{
	int rc = lk_marks_add(r->name, lk_status.rss_bytes);

	if (rc == -ENOSPC) {
		lk_stages_refuse(c, "limit", "no room for another baseline: remove one first");
		return;
	}
	if (rc < 0) {
		lk_stages_refuse(c, "unavailable", "no memory for a baseline");
		return;
	}
	lk_emit_reply_baseline(&c->out, c->reply_id, (uint32_t)rc);
	lk_stages_want_containers();
}

static struct lk_mark *
mark_of(struct lk_connection *c, const struct lk_wire_request *r)
{
	struct lk_mark *mark = r->baseline > 0 && r->baseline <= UINT32_MAX ?
	    lk_marks_find((uint32_t)r->baseline) : NULL;

	if (mark == NULL)
		lk_stages_refuse(c, "bad-argument", "no such baseline");
	return mark;
}

static void
op_rename(struct lk_connection *c, const struct lk_wire_request *r)
{
	struct lk_mark *mark = mark_of(c, r);

	if (mark == NULL)
		return;
	if (!r->has_name) {
		lk_stages_refuse(c, "bad-argument", "a name is needed");
		return;
	}
	lk_marks_rename(mark, r->name);
	lk_emit_reply(&c->out, c->reply_id);
}

static void
op_drop(struct lk_connection *c, const struct lk_wire_request *r)
{
	struct lk_mark *mark = mark_of(c, r);

	if (mark == NULL)
		return;
	lk_marks_drop(mark);
	lk_emit_reply(&c->out, c->reply_id);
}

static void
op_rows(struct lk_connection *c, const struct lk_wire_request *r)
{
	if (mark_of(c, r) == NULL)
		return;
	c->mark_id = (uint32_t)r->baseline;
	lk_stages_begin(c, LK_PROGRAM_ROWS);
}

static void
op_containers(struct lk_connection *c, const struct lk_wire_request *r)
{
	int64_t least = r->min_length == LK_REQUEST_ABSENT ? MIN_LENGTH_DEFAULT : r->min_length;
	int64_t limit = r->limit == LK_REQUEST_ABSENT ? CONTAINERS_DEFAULT : r->limit;

	if (least < 1 || limit < 1 || limit > LK_WIRE_CONTAINERS_MAX) {
		lk_stages_refuse(c, "bad-argument",
		    "min_length is at least 1, limit from 1 to 1000");
		return;
	}
	c->min_length = (uint64_t)least;
	c->want = (struct lk_want){.what = LK_WANT_CONTAINERS, .number = c->min_length};
	c->limit = (uint32_t)limit;
	lk_stages_begin(c, LK_PROGRAM_CONTAINERS);
}

static void
op_types(struct lk_connection *c, const struct lk_wire_request *r)
{
	int64_t limit = r->limit == LK_REQUEST_ABSENT ? TYPES_DEFAULT : r->limit;

	if (limit < 1 || limit > LK_WIRE_TYPES_MAX) {
		lk_stages_refuse(c, "bad-argument", "limit is from 1 to 1000");
		return;
	}
	c->limit = (uint32_t)limit;
	if (r->baseline != LK_REQUEST_ABSENT) {
		c->mark_id = r->baseline > 0 && r->baseline <= UINT32_MAX ?
		    (uint32_t)r->baseline : 0;
		lk_stages_begin(c, LK_PROGRAM_TYPES_THEN);
		return;
	}
	c->want = (struct lk_want){.what = LK_WANT_TYPES};
	lk_stages_begin(c, LK_PROGRAM_TYPES);
}

/* Returns: false unless it is for one thing. */
static bool
want_of(const struct lk_wire_request *r, struct lk_want *out)
{
	bool of_type = r->name[0] != '\0', of_stack = r->stack != LK_REQUEST_ABSENT;

	*out = (struct lk_want){.what = of_type ? LK_WANT_TYPE : of_stack ? LK_WANT_STACK :
	    LK_WANT_ADDRESS, .number = of_stack ? (uint64_t)r->stack : r->address};
	memcpy(out->type, r->name, sizeof(out->type));
	return of_type + of_stack + r->has_address == 1;
}

static void
op_referrers(struct lk_connection *c, const struct lk_wire_request *r)
{
	int64_t limit = r->limit == LK_REQUEST_ABSENT ? REFERRERS_DEFAULT : r->limit;

	if (limit < 1 || limit > LK_WIRE_REFERRERS_MAX || !want_of(r, &c->want)) {
		lk_stages_refuse(c, "bad-argument", "one of name (of a type), stack (an id) and "
		    "address is needed; limit is from 1 to 100");
		return;
	}
	if (c->want.what == LK_WANT_STACK && !lk_stage_has_stack(c->want.number)) {
		lk_stages_refuse(c, "bad-argument", "no such stack: what it allocated has been "
		    "freed, and its id was given up; look for another one");
		return;
	}
	c->limit = (uint32_t)limit;
	lk_stages_begin(c, LK_PROGRAM_REFERRERS);
}

/* What is revealed is for who asked for it, so each one has a freeze of its own. */
static void
op_reveal(struct lk_connection *c, const struct lk_wire_request *r)
{
	static uint32_t askers;
	int64_t limit = r->limit == LK_REQUEST_ABSENT ? REVEAL_DEFAULT : r->limit;
	const char *why;

	if (limit < 1 || limit > LK_WIRE_REVEALED_MAX || !r->has_address || r->seen_ms < 0) {
		lk_stages_refuse(c, "bad-argument", "address and seen_ms (when it was listed) are "
		    "needed; limit is from 1 to 16");
		return;
	}
	why = lk_stages_why_no_reveal(r->address, (uint64_t)r->seen_ms);
	if (why != NULL) {
		lk_stages_refuse(c, "unavailable", why);
		return;
	}
	c->want = (struct lk_want){.what = LK_WANT_REVEAL, .number = r->address, .asker = ++askers};
	c->seen_ms = (uint64_t)r->seen_ms;
	c->limit = (uint32_t)limit;
	lk_stages_begin(c, LK_PROGRAM_REVEAL);
}

/* What C waited for was given up when this was read. */
static void
op_cancel(struct lk_connection *c, const struct lk_wire_request *r)
{
	(void)r;
	lk_emit_reply(&c->out, c->reply_id);
}

bool
lk_requests_gives_up(const char *line, size_t length)
{
	struct lk_wire_request r;

	return lk_request_read(line, length, &r) == 0 && strcmp(r.op, "cancel") == 0;
}

static void
op_history(struct lk_connection *c, const struct lk_wire_request *r)
{
	(void)r;
	lk_stages_begin(c, LK_PROGRAM_HISTORY);
}

static void
op_trends(struct lk_connection *c, const struct lk_wire_request *r)
{
	(void)r;
	lk_stages_begin(c, LK_PROGRAM_TRENDS);
}

static void
op_memory(struct lk_connection *c, const struct lk_wire_request *r)
{
	if (r->watch_s != LK_REQUEST_ABSENT) {
		if (r->watch_s < 1 || r->watch_s > LK_WIRE_WATCH_MAX_S) {
			lk_stages_refuse(c, "bad-argument", "watch_s is from 1 to 600");
			return;
		}
		lk_lookout_watch(lk_clock_monotonic_ns(), (uint64_t)r->watch_s);
	}
	lk_stages_begin(c, LK_PROGRAM_MEMORY);
}

static void
op_events(struct lk_connection *c, const struct lk_wire_request *r)
{
	(void)r;
	lk_stages_begin(c, LK_PROGRAM_EVENTS);
}

static void
set_active(struct lk_connection *c, bool active)
{
	if (lk_status.dormant_reason != NULL) {
		lk_stages_refuse(c, "unavailable", lk_status.dormant_reason);
		return;
	}
	if (active)
		lk_duty_resume();
	else
		lk_duty_pause();
	lk_native_pause(!active);
	lk_events_add(active ? "resumed" : "paused", 0);
	lk_emit_reply(&c->out, c->reply_id);
}

static void
op_pause(struct lk_connection *c, const struct lk_wire_request *r)
{
	(void)r;
	set_active(c, false);
}

static void
op_resume(struct lk_connection *c, const struct lk_wire_request *r)
{
	(void)r;
	set_active(c, true);
}

/* What lives is forgotten: nobody would see it end. */
static void
op_detach(struct lk_connection *c, const struct lk_wire_request *r)
{
	(void)r;
	if (lk_status.dormant_reason == NULL) {
		lk_duty_pause();
		lk_tend_forget();
		lk_marks_forget();
		lk_duty_settle();
	}
	lk_events_add("detached", 0);
	lk_emit_reply_hooks(&c->out, c->reply_id, (uint32_t)lk_switch_count());
	lk_serve_leave();
}

static void
op_interval(struct lk_connection *c, const struct lk_wire_request *r)
{
	if (r->bytes < (int64_t)LK_INTERVAL_MIN_BYTES ||
	    r->bytes > (int64_t)LK_INTERVAL_MAX_BYTES) {
		lk_stages_refuse(c, "bad-argument", "bytes is from 1024 to 1073741824");
		return;
	}
	lk_tend_interval((uint64_t)r->bytes);
	lk_govern_rebase();
	lk_events_add("interval", (uint64_t)r->bytes);
	lk_emit_reply(&c->out, c->reply_id);
}

static const struct {
	const char	*name;
	void		(*handle)(struct lk_connection *, const struct lk_wire_request *);
} ops[] = {
	{"ping", op_ping},
	{"subscribe", op_subscribe},
	{"unsubscribe", op_unsubscribe},
	{"baseline", op_baseline},
	{"baseline.rename", op_rename},
	{"baseline.drop", op_drop},
	{"baseline.rows", op_rows},
	{"history", op_history},
	{"trends", op_trends},
	{"memory", op_memory},
	{"containers", op_containers},
	{"types", op_types},
	{"referrers", op_referrers},
	{"reveal", op_reveal},
	{"cancel", op_cancel},
	{"pause", op_pause},
	{"resume", op_resume},
	{"detach", op_detach},
	{"interval", op_interval},
	{"events", op_events},
};

static void
refuse_unknown(struct lk_connection *c, const char *op)
{
	char bytes[64];
	struct lk_print words;

	lk_print_init(&words, bytes, sizeof(bytes));
	lk_print_str(&words, "no such op: \"");
	lk_print_str(&words, op);
	lk_print_str(&words, "\"");
	lk_print_end(&words);
	lk_stages_refuse(c, "unknown-op", bytes);
}

void
lk_requests_handle(struct lk_connection *c, const char *line, size_t length)
{
	struct lk_wire_request r;
	size_t i;

	if (lk_request_read(line, length, &r) < 0) {
		lk_emit_refusal(&c->out, false, 0, "bad-json", "not a JSON object with an op");
		return;
	}
	c->reply_id = r.id;
	if (r.bad_argument || r.name_too_long) {
		lk_stages_refuse(c, "bad-argument", r.name_too_long ?
		    "a name has at most 64 bytes" : "an argument has the wrong type");
		return;
	}
	for (i = 0; i < LK_COUNT_OF(ops); i++) {
		if (strcmp(ops[i].name, r.op) == 0) {
			ops[i].handle(c, &r);
			return;
		}
	}
	refuse_unknown(c, r.op);
}
