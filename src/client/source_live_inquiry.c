/* Frozen heaps: a live source asks for them on connections of their own, so that nothing waits. */
#include "config.h"

#include "client/source_live_private.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>

#include "model/frozen.h"
#include "proto/message.h"

#include "client/descriptors.h"
#include "client/inquiry.h"
#include "client/mirror.h"
#include "client/readings.h"

#define SILENCE_MS 20000 /* while it works the sampler tells its progress */

static int
hear(const struct lk_message *message, void *ctx)
{
	struct lk_live *l = ctx;

	if (message->type == LK_MESSAGE_PROGRESS) {
		l->reading.done = (double)message->progress.done;
		l->reading.found = (double)message->progress.found;
		l->is_changed = true;
	}
	return lk_readings_take(l->readings, message);
}

static const struct lk_ask *
ask_of(const struct lk_request *request, struct lk_ask *out)
{
	*out = (struct lk_ask){.id = 1, .number = request->number, .text = request->text};
	switch (request->op) {
	case LK_REQUEST_TYPES:
		out->op = LK_ASK_TYPES;
		out->limit = LK_WIRE_TYPES_MAX;
		return out;
	case LK_REQUEST_HOLDERS:
		out->op = LK_ASK_REFERRERS;
		out->limit = LK_WIRE_REFERRERS_MAX;
		return out;
	default:
		return NULL;
	}
}

static int
begin(struct lk_live *l, const struct lk_request *request)
{
	struct lk_held held = {.kind = LK_HELD_TYPE, .type = request->text};
	struct lk_ask ask;
	int rc;

	if (ask_of(request, &ask) == NULL)
		return -EOPNOTSUPP;
	if (l->readings == NULL)
		l->readings = lk_readings_new();
	if (l->readings == NULL)
		return -ENOMEM;
	rc = lk_readings_begin(l->readings, request->op == LK_REQUEST_TYPES ? NULL : &held);
	if (rc < 0)
		return rc;
	l->inquiry = lk_inquiry_begin(l->path, l->process.pid, &ask, SILENCE_MS, l->now_ms, hear,
				      l);
	if (l->inquiry != NULL)
		return 0;
	lk_readings_abandon(l->readings);
	return -ENOMEM;
}

int
lk_source_live_inquire(struct lk_live *l, const struct lk_request *request, lk_reply_fn fn,
		       void *ctx)
{
	int rc;

	if (request->op == LK_REQUEST_GIVE_UP) {
		l->is_given_up = l->inquiry != NULL;
		return l->is_given_up ? 0 : -ENOENT;
	}
	if (l->inquiry != NULL)
		return -EBUSY;
	if (l->is_final)
		return -ENOTCONN;
	rc = begin(l, request);
	if (rc < 0)
		return rc;
	l->reading = (struct lk_source_reading){.op = request->op};
	l->inquirer = (struct lk_pending){.fn = fn, .ctx = ctx};
	l->is_given_up = false;
	return 0;
}

/* The inquiry is over; who asked may ask again at once. */
static void
end(struct lk_live *l, int rc, const char *why)
{
	struct lk_pending inquirer = l->inquirer;
	struct lk_descriptors descriptors;
	char words[LK_SOURCE_WORDS_BYTES];

	snprintf(words, sizeof(words), "%s", why);
	lk_inquiry_end(l->inquiry);
	l->inquiry = NULL;
	l->is_changed = true;
	if (rc == 0) {
		lk_descriptors_count(l->process.pid, &descriptors);
		rc = lk_readings_keep(l->readings, l->snapshot, &descriptors);
		if (rc < 0)
			snprintf(words, sizeof(words), "the sampler did not say all of it");
	} else
		lk_readings_abandon(l->readings);
	if (rc == 0 && l->mirror != NULL) {
		lk_mirror_touch(l->mirror);
		lk_source_live_build(l); /* who gets the answer finds it in the snapshot */
	}
	if (inquirer.fn != NULL)
		inquirer.fn(inquirer.ctx, rc == 0, 0, words);
}

void
lk_source_live_inquiry_go_on(struct lk_live *l)
{
	int rc;

	if (l->inquiry == NULL)
		return;
	if (l->is_given_up) {
		end(l, -ECANCELED, "given up");
		return;
	}
	rc = lk_inquiry_go_on(l->inquiry, l->now_ms);
	if (rc <= 0)
		end(l, rc, lk_inquiry_words(l->inquiry));
}

size_t
lk_source_live_inquiry_poll(const struct lk_live *l, struct pollfd *fds, size_t max,
			    int *timeout_ms)
{
	if (l->inquiry == NULL || max == 0)
		return 0;
	if (l->is_given_up)
		*timeout_ms = 0;
	return lk_inquiry_poll(l->inquiry, l->now_ms, fds, timeout_ms);
}

void
lk_source_live_inquiry_fini(struct lk_live *l)
{
	lk_inquiry_end(l->inquiry);
	lk_readings_free(l->readings);
}
