#include "config.h"

#include "client/inquiry.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "leaktop/wire.h"
#include "proto/ask.h"
#include "proto/framing.h"
#include "proto/message.h"
#include "util/text.h"

#include "client/dial.h"

struct inquiry {
	int fd, pid, silence_ms;
	const struct lk_ask *ask;
	lk_inquiry_fn fn;
	void *ctx;
	char *words;
	struct lk_framing in;
	bool is_greeted, is_answered;
};

static int
fail(struct inquiry *q, int rc, const char *words)
{
	lk_text_clean(words, q->words, LK_INQUIRY_WORDS_BYTES);
	return rc;
}

static int
greet(struct inquiry *q, const struct lk_message *m)
{
	if (m->type != LK_MESSAGE_HELLO || m->hello.protocol != LK_WIRE_PROTOCOL ||
	    m->hello.pid != (uint32_t)q->pid)
		return fail(q, -EPROTO, m->type == LK_MESSAGE_BYE ? m->bye.reason :
		    "what listens there is no sampler of this version and process");
	q->is_greeted = true;
	return 0;
}

static int
take(struct inquiry *q, const struct lk_message *m)
{
	if (!q->is_greeted)
		return greet(q, m);
	if (m->type == LK_MESSAGE_BYE)
		return fail(q, -ECONNRESET, "the process is ending");
	if (m->type != LK_MESSAGE_REPLY)
		return q->fn(m, q->ctx);
	if (!m->reply.has_id || m->reply.id != q->ask->id)
		return 0;
	q->is_answered = true;
	return m->reply.ok ? 0 : fail(q, -EREMOTEIO, m->reply.error);
}

static int
take_lines(struct inquiry *q)
{
	struct lk_message message;
	const char *line;
	size_t length;
	int rc = 0;

	while (rc == 0 && !q->is_answered && lk_framing_next(&q->in, &line, &length) == 1) {
		rc = lk_message_parse(line, length, &message);
		if (rc < 0)
			return fail(q, rc, "the sampler said what cannot be understood");
		rc = take(q, &message);
		lk_message_release(&message);
	}
	return rc;
}

/* Some more bytes; waits for them. */
static int
receive(struct inquiry *q)
{
	struct pollfd fd = {.fd = q->fd, .events = POLLIN};
	char *room;
	long bytes = lk_framing_room(&q->in, &room);
	int ready;

	if (bytes < 0)
		return fail(q, (int)bytes, strerror((int)-bytes));
	ready = poll(&fd, 1, q->silence_ms);
	if (ready == 0)
		return fail(q, -ETIMEDOUT, "no word from the sampler");
	bytes = ready < 0 ? -1 : recv(q->fd, room, (size_t)bytes, MSG_DONTWAIT);
	if (bytes == 0)
		return fail(q, -ECONNRESET, "the connection was lost before the answer came");
	if (bytes < 0 && errno != EINTR && errno != EAGAIN)
		return fail(q, -errno, strerror(errno));
	if (bytes > 0)
		lk_framing_wrote(&q->in, (size_t)bytes);
	return 0;
}

static int
converse(struct inquiry *q)
{
	char line[LK_WIRE_REQUEST_MAX];
	long length = lk_ask_format(q->ask, line, sizeof(line));
	int rc;

	if (length < 0 || lk_dial_send(q->fd, line, (size_t)length) != length)
		return fail(q, -EIO, "the question could not be sent");
	do {
		rc = receive(q);
		if (rc == 0)
			rc = take_lines(q);
	} while (rc == 0 && !q->is_answered);
	return rc;
}

int
lk_inquiry_make(const char *path, int pid, const struct lk_ask *ask, int silence_ms,
    lk_inquiry_fn fn, void *ctx, char *words)
{
	struct inquiry q = {.pid = pid, .silence_ms = silence_ms, .ask = ask, .fn = fn,
	    .ctx = ctx, .words = words};
	int rc;

	words[0] = '\0';
	q.fd = lk_dial_unix(path);
	if (q.fd < 0)
		return fail(&q, q.fd, strerror(-q.fd));
	rc = converse(&q);
	lk_framing_reset(&q.in);
	close(q.fd);
	return rc;
}
