#include "config.h"

#include "sampler/messages.h"

#include "proto/emit.h"
#include "sampler/connection.h"
#include "sampler/requests.h"
#include "sampler/stages.h"
#include "sampler/status.h"

static bool
take_request(struct lk_connection *c)
{
	const char *line;
	ssize_t length = lk_connection_line(c, &line);

	if (length == -1)
		return false;
	if (length == -2)
		lk_emit_refusal(&c->out, false, 0, "limit", "a request has at most 4096 bytes");
	else
		lk_requests_handle(c, line, (size_t)length);
	return true;
}

/* A client that is late gets one tick, not all that it missed: seq jumps over those. */
static bool
begin_tick(struct lk_connection *c, uint64_t now_ns)
{
	uint64_t missed;

	if (!c->subscribed || c->out.length != 0 || now_ns < c->due_ns)
		return false;
	missed = c->due_ns == 0 ? 0 : (now_ns - c->due_ns) / c->period_ns;
	c->seq += 1 + missed;
	c->due_ns = c->due_ns == 0 ? now_ns + c->period_ns :
	    c->due_ns + (1 + missed) * c->period_ns;
	lk_stages_tick(c);
	return true;
}

/* The only request that is heard before its turn. */
static bool
gives_up(struct lk_connection *c)
{
	const char *line;
	ssize_t length = lk_connection_peek(c, &line);

	if (length < 0 || !lk_requests_gives_up(line, (size_t)length))
		return false;
	lk_stages_refuse(c, "cancelled", "it was given up");
	return true;
}

void
lk_messages_advance(struct lk_connection *c, uint64_t now_ns)
{
	bool busy = true;

	while (busy && !c->closing && lk_connection_has_room(c))
		busy = c->stage != NULL ?
		    (lk_stages_waits(c) && (gives_up(c) || begin_tick(c, now_ns))) ||
		    lk_stages_run(c) :
		    take_request(c) || begin_tick(c, now_ns);
}

void
lk_messages_hello(struct lk_connection *c)
{
	struct lk_emit_hello hello;

	lk_status_hello(&hello);
	lk_emit_hello(&c->out, &hello);
}

void
lk_messages_bye(struct lk_connection *c, const char *reason)
{
	if (!lk_connection_has_room(c))
		c->out.length = c->out_sent = 0;
	lk_emit_bye(&c->out, reason);
	c->closing = true;
}
