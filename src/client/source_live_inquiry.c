/* Frozen heaps: a live source asks for them on connections of their own, so that nothing waits. */
#include "config.h"

#include "client/source_live_private.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "model/frozen.h"
#include "proto/message.h"

#include "client/descriptors.h"
#include "client/inquiry.h"
#include "client/mirror.h"
#include "client/readings.h"

#define SILENCE_MS 20000 /* while it works the sampler tells its progress */

static void
take_revealed(struct lk_live *l, const struct lk_message_revealed *m)
{
	struct lk_revealed *r = &l->revealed;

	r->length = m->length;
	r->is_same = m->same;
	for (r->count = 0; r->count < m->count && r->count < LK_REVEALED_ITEMS_MAX; r->count++) {
		const struct lk_message_item *from = &m->items[r->count];
		struct lk_revealed_item *to = &r->items[r->count];

		to->has_key = from->key != NULL;
		snprintf(to->key, sizeof(to->key), "%s", from->key != NULL ? from->key : "");
		snprintf(to->value, sizeof(to->value), "%s", from->value);
	}
	l->has_revealed = true;
}

static int
hear(const struct lk_message *message, void *ctx)
{
	struct lk_live *l = ctx;

	if (message->type == LK_MESSAGE_PROGRESS) {
		l->reading.done = (double)message->progress.done;
		l->reading.found = (double)message->progress.found;
		l->is_changed = true;
	}
	if (message->type == LK_MESSAGE_REVEALED && l->reading.op == LK_REQUEST_REVEAL)
		take_revealed(l, &message->revealed);
	return lk_readings_take(l->readings, message);
}

/* What a request is on the wire, and whose holders it is about. */
static const struct question {
	enum lk_request_op op;
	enum lk_ask_op ask;
	enum lk_held_kind kind;
	uint64_t limit;
} questions[] = {
    {LK_REQUEST_TYPES, LK_ASK_TYPES, LK_HELD_TYPE, LK_WIRE_TYPES_MAX},
    {LK_REQUEST_HOLDERS, LK_ASK_REFERRERS, LK_HELD_TYPE, LK_WIRE_REFERRERS_MAX},
    {LK_REQUEST_HOLDERS_STACK, LK_ASK_REFERRERS_STACK, LK_HELD_STACK, LK_WIRE_REFERRERS_MAX},
    {LK_REQUEST_HOLDERS_ADDRESS, LK_ASK_REFERRERS_ADDRESS, LK_HELD_ADDRESS,
     LK_WIRE_REFERRERS_MAX},
    {LK_REQUEST_REVEAL, LK_ASK_REVEAL, LK_HELD_ADDRESS, 0},
};

static const struct question *
question_of(enum lk_request_op op)
{
	for (size_t i = 0; i < LK_COUNT_OF(questions); i++)
		if (questions[i].op == op)
			return &questions[i];
	return NULL;
}

/* HELD: whose holders; or NULL. */
static int
inquire(struct lk_live *l, const struct lk_ask *ask, const struct lk_held *held)
{
	int rc = ask->op == LK_ASK_REVEAL ? 0 : lk_readings_begin(l->readings, held, l->baseline);

	if (rc < 0)
		return rc;
	l->inquiry = lk_inquiry_begin(l->path, l->process.pid, ask, SILENCE_MS, l->now_ms, hear,
	    l);
	if (l->inquiry != NULL)
		return 0;
	lk_readings_abandon(l->readings);
	return -ENOMEM;
}

/* What the sampler kept for baselines comes first, so that there is something to compare with. */
static int
inquire_types(struct lk_live *l)
{
	struct lk_ask ask = {.id = 1, .op = LK_ASK_TYPES, .limit = LK_WIRE_TYPES_MAX};

	l->baseline = lk_readings_wants(l->readings, l->snapshot, l->baseline);
	ask.number = l->baseline;
	return inquire(l, &ask, NULL);
}

static int
begin(struct lk_live *l, const struct lk_request *request)
{
	const struct question *question = question_of(request->op);
	struct lk_held held = {.type = request->text != NULL ? request->text : "",
	    .number = request->number};
	struct lk_ask ask = {.id = 1, .number = request->number, .text = request->text};
	char address[24];

	if (question == NULL)
		return -EOPNOTSUPP;
	held.kind = question->kind;
	ask.op = question->ask;
	ask.limit = question->limit;
	snprintf(address, sizeof(address), "0x%" PRIx64, request->number);
	if (question->kind == LK_HELD_ADDRESS)
		ask.text = address;
	if (request->op == LK_REQUEST_REVEAL) {
		ask.number = request->seen_ms;
		l->has_revealed = false;
		l->revealed.address = request->number;
	}
	if (l->readings == NULL)
		l->readings = lk_readings_new();
	if (l->readings == NULL)
		return -ENOMEM;
	l->baseline = 0;
	return request->op == LK_REQUEST_TYPES ? inquire_types(l) : inquire(l, &ask, &held);
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

/* Keeps the answer, or not.  Returns: 0; negative errno, with WORDS. */
static int
keep(struct lk_live *l, int rc, char *words, size_t words_bytes)
{
	struct lk_descriptors descriptors;

	if (rc < 0) {
		lk_readings_abandon(l->readings);
		return rc;
	}
	if (l->reading.op == LK_REQUEST_REVEAL) {
		if (!l->has_revealed)
			snprintf(words, words_bytes, "the sampler did not say it");
		return l->has_revealed ? 0 : -EBADMSG;
	}
	lk_descriptors_count(l->process.pid, &descriptors);
	rc = lk_readings_keep(l->readings, l->snapshot, &descriptors);
	if (rc < 0)
		snprintf(words, words_bytes, "the sampler did not say all of it");
	return rc;
}

/* The inquiry is over; who asked may ask again at once.  A baseline may know no types. */
static void
end(struct lk_live *l, int rc, const char *why)
{
	struct lk_pending inquirer = l->inquirer;
	char words[LK_SOURCE_WORDS_BYTES];

	snprintf(words, sizeof(words), "%s", why);
	lk_inquiry_end(l->inquiry);
	l->inquiry = NULL;
	l->is_changed = true;
	rc = keep(l, rc, words, sizeof(words));
	if (l->baseline != 0 && rc != -ECANCELED) {
		if (rc < 0 && rc != -EREMOTEIO) /* nor will it tell of others */
			l->baseline = UINT32_MAX;
		rc = inquire_types(l);
		if (rc == 0)
			return;
		snprintf(words, sizeof(words), "%s", strerror(-rc));
	}
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
