#include "config.h"

#include "client/mirror.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/mirror_private.h"
#include "client/names.h"
#include "client/shared.h"

struct lk_mirror *
lk_mirror_new(void)
{
	struct lk_mirror *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->names = lk_names_new();
	if (m->names == NULL) {
		free(m);
		return NULL;
	}
	m->memory.at_s = m->containers.at_s = NAN;
	m->is_ordered = true;
	return m;
}

void
lk_mirror_free(struct lk_mirror *m)
{
	if (m == NULL)
		return;
	lk_mirror_rows_fini(m);
	lk_mirror_blocks_fini(m);
	lk_history_fini(&m->history);
	lk_names_free(m->names);
	free(m);
}

void
lk_mirror_look_up(struct lk_mirror *m, struct lk_native_names *native)
{
	lk_names_look_up(m->names, native);
}

static int
read_hello(struct lk_mirror *m, const struct lk_message_hello *message)
{
	int state = lk_state_parse(message->state);

	if (state < 0)
		return -EBADMSG;
	m->state = (enum lk_state)state;
	m->hello = *message;
	m->hello.version = m->hello.python = m->hello.mode = NULL;
	m->hello.state = m->hello.reason = NULL;
	snprintf(m->version, sizeof(m->version), "%s", message->version);
	snprintf(m->python, sizeof(m->python), "%s", message->python);
	snprintf(m->mode, sizeof(m->mode), "%s", message->mode);
	snprintf(m->reason, sizeof(m->reason), "%s", message->reason);
	return 0;
}

static int
read_tick(struct lk_mirror *m, const struct lk_message_tick *message)
{
	int state = lk_state_parse(message->state);

	if (state < 0)
		return -EBADMSG;
	m->state = (enum lk_state)state;
	m->tick = *message;
	m->tick.state = m->tick.reason = m->tick.native = NULL;
	snprintf(m->reason, sizeof(m->reason), "%s", message->reason);
	snprintf(m->native, sizeof(m->native), "%s", message->native);
	if (lk_history_add(&m->history, message->at_s, message->rss_bytes, message->live_bytes))
		m->wants_history = true;
	m->has_tick = true;
	m->is_open = false;
	return 0;
}

static int
read_history(struct lk_mirror *m, const struct lk_message_history *message)
{
	m->wants_history = false;
	return lk_history_set(&m->history, message);
}

static int
read_any(struct lk_mirror *m, const struct lk_message *message)
{
	switch (message->type) {
	case LK_MESSAGE_HELLO:
		return read_hello(m, &message->hello);
	case LK_MESSAGE_NAMES:
		return lk_names_add(m->names, &message->names);
	case LK_MESSAGE_RESET:
		return lk_mirror_read_reset(m);
	case LK_MESSAGE_LIVE:
		return lk_mirror_read_live(m, &message->rows);
	case LK_MESSAGE_TICK:
		return read_tick(m, &message->tick);
	case LK_MESSAGE_BASELINES:
		return lk_mirror_read_baselines(m, &message->baselines);
	case LK_MESSAGE_BASELINE:
		return lk_mirror_read_baseline(m, &message->rows);
	case LK_MESSAGE_HISTORY:
		return read_history(m, &message->history);
	case LK_MESSAGE_TRENDS:
		return lk_mirror_read_trends(m, &message->trends);
	case LK_MESSAGE_MEMORY:
		lk_mirror_read_memory(m, &message->memory);
		return 0;
	case LK_MESSAGE_CONTAINERS:
		return lk_mirror_read_containers(m, &message->containers);
	case LK_MESSAGE_EVENTS:
		return lk_mirror_read_events(m, &message->events);
	case LK_MESSAGE_REPLY:
	case LK_MESSAGE_PROGRESS:
	case LK_MESSAGE_FROZEN:
	case LK_MESSAGE_CYCLES:
	case LK_MESSAGE_UNCOLLECTABLE:
	case LK_MESSAGE_TYPES:
	case LK_MESSAGE_REFERRERS:
	case LK_MESSAGE_REVEALED:
	case LK_MESSAGE_BYE:
	case LK_MESSAGE_UNKNOWN:
		break;
	}
	return 0;
}

/* Trends come every few seconds and are shown with the next tick; names alone show nothing. */
static bool
is_worth_a_picture(enum lk_message_type type)
{
	return type == LK_MESSAGE_TICK || type == LK_MESSAGE_BASELINES ||
	    type == LK_MESSAGE_BASELINE || type == LK_MESSAGE_HISTORY ||
	    type == LK_MESSAGE_MEMORY || type == LK_MESSAGE_CONTAINERS ||
	    type == LK_MESSAGE_EVENTS;
}

int
lk_mirror_apply(struct lk_mirror *m, const struct lk_message *message)
{
	int rc = read_any(m, message);

	if (rc == 0 && is_worth_a_picture(message->type))
		m->is_changed = true;
	return rc;
}

void
lk_mirror_touch(struct lk_mirror *m)
{
	m->is_changed = true;
}

bool
lk_mirror_is_ready(const struct lk_mirror *m)
{
	return m->has_tick && m->is_changed && !m->is_open;
}

bool
lk_mirror_wants_events(struct lk_mirror *m)
{
	bool more = m->has_tick && m->tick.events != m->events_seen;

	m->events_seen = m->tick.events;
	return more;
}

bool
lk_mirror_wants_history(const struct lk_mirror *m)
{
	return m->wants_history;
}
