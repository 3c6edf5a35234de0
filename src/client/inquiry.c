#include "config.h"

#include "client/inquiry.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "leaktop/wire.h"
#include "proto/ask.h"
#include "proto/framing.h"
#include "proto/message.h"
#include "util/clock.h"
#include "util/text.h"

#include "client/dial.h"
#include "client/proc.h"

#define READ_MAX_BYTES (1u << 20) /* in one go: keys must not wait for a flood */

struct lk_inquiry {
	int fd, pid, silence_ms;	/* fd -1: over */
	int rc;				/* why it is over */
	uint64_t id;
	int64_t heard_ms;
	lk_inquiry_fn fn;
	void *ctx;
	struct lk_framing in;
	bool is_greeted, is_answered;
	char words[LK_INQUIRY_WORDS_BYTES];
};

static int
fail(struct lk_inquiry *q, int rc, const char *words)
{
	lk_text_clean(words, q->words, sizeof(q->words));
	return rc;
}

/* Why the sampler says good-bye instead of hello. */
static const char *
refusal(const char *reason)
{
	if (strcmp(reason, "limit") == 0)
		return "the sampler serves as many clients as it can; close one of them";
	return reason;
}

static int
greet(struct lk_inquiry *q, const struct lk_message *m)
{
	if (m->type != LK_MESSAGE_HELLO || m->hello.protocol != LK_WIRE_PROTOCOL ||
	    m->hello.pid != (uint32_t)lk_proc_pid_inside(q->pid))
		return fail(q, -EPROTO, m->type == LK_MESSAGE_BYE ? refusal(m->bye.reason) :
		    "what listens there is no sampler of this version and process");
	q->is_greeted = true;
	return 0;
}

static int
take(struct lk_inquiry *q, const struct lk_message *m)
{
	int rc;

	if (!q->is_greeted)
		return greet(q, m);
	if (m->type == LK_MESSAGE_BYE)
		return fail(q, -ECONNRESET, strcmp(m->bye.reason, "detached") == 0
						? "the sampler was detached"
						: "the process is ending");
	if (m->type != LK_MESSAGE_REPLY) {
		rc = q->fn(m, q->ctx);
		return rc < 0 ? fail(q, rc, strerror(-rc)) : rc;
	}
	if (!m->reply.has_id || m->reply.id != q->id)
		return 0;
	q->is_answered = true;
	return m->reply.ok ? 0 : fail(q, -EREMOTEIO, m->reply.error);
}

static int
take_lines(struct lk_inquiry *q)
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

/* Some more bytes.  Returns: how many; 0: none are there now; negative errno. */
static long
receive(struct lk_inquiry *q)
{
	char *room;
	long bytes = lk_framing_room(&q->in, &room);

	if (bytes < 0)
		return fail(q, (int)bytes, strerror((int)-bytes));
	bytes = recv(q->fd, room, (size_t)bytes, MSG_DONTWAIT);
	if (bytes == 0)
		return fail(q, -ECONNRESET, "the connection was lost before the answer came");
	if (bytes < 0 && errno != EINTR && errno != EAGAIN)
		return fail(q, -errno, strerror(errno));
	if (bytes > 0)
		lk_framing_wrote(&q->in, (size_t)bytes);
	return bytes > 0 ? bytes : 0;
}

static int
listen_to(struct lk_inquiry *q, int64_t now_ms)
{
	long bytes, sum = 0;
	int rc = 0;

	do {
		bytes = receive(q);
		rc = bytes < 0 ? (int)bytes : take_lines(q);
		sum += bytes;
	} while (rc == 0 && bytes > 0 && !q->is_answered && sum < (long)READ_MAX_BYTES);
	if (rc != 0 || q->is_answered)
		return rc;
	if (sum > 0)
		q->heard_ms = now_ms;
	if (now_ms - q->heard_ms >= q->silence_ms)
		return fail(q, -ETIMEDOUT, "no word from the sampler");
	return 1;
}

static void
hang_up(struct lk_inquiry *q, int rc)
{
	if (q->fd >= 0)
		close(q->fd);
	q->fd = -1;
	q->rc = rc;
	lk_framing_reset(&q->in);
}

struct lk_inquiry *
lk_inquiry_begin(const char *path, int pid, const struct lk_ask *ask, int silence_ms,
    int64_t now_ms, lk_inquiry_fn fn, void *ctx)
{
	struct lk_inquiry *q = calloc(1, sizeof(*q));
	char line[LK_WIRE_REQUEST_MAX];
	long length;

	if (q == NULL)
		return NULL;
	q->pid = pid;
	q->silence_ms = silence_ms;
	q->id = ask->id;
	q->heard_ms = now_ms;
	q->fn = fn;
	q->ctx = ctx;
	q->fd = lk_dial_unix(path);
	length = lk_ask_format(ask, line, sizeof(line));
	if (q->fd < 0)
		hang_up(q, fail(q, q->fd, strerror(-q->fd)));
	else if (length < 0 || lk_dial_send(q->fd, line, (size_t)length) != length)
		hang_up(q, fail(q, -EIO, "the question could not be sent"));
	return q;
}

size_t
lk_inquiry_poll(const struct lk_inquiry *q, int64_t now_ms, struct pollfd *fd, int *timeout_ms)
{
	int64_t left_ms = q->fd < 0 ? 0 : q->heard_ms + q->silence_ms - now_ms;

	if (left_ms < 0)
		left_ms = 0;
	if (*timeout_ms < 0 || left_ms < *timeout_ms)
		*timeout_ms = (int)left_ms;
	if (q->fd < 0)
		return 0;
	*fd = (struct pollfd){.fd = q->fd, .events = POLLIN};
	return 1;
}

int
lk_inquiry_go_on(struct lk_inquiry *q, int64_t now_ms)
{
	int rc;

	if (q->fd < 0)
		return q->rc;
	rc = listen_to(q, now_ms);
	if (rc <= 0)
		hang_up(q, rc);
	return rc;
}

const char *
lk_inquiry_words(const struct lk_inquiry *q)
{
	return q->words;
}

void
lk_inquiry_end(struct lk_inquiry *q)
{
	if (q == NULL)
		return;
	hang_up(q, 0);
	free(q);
}

int
lk_inquiry_make(const char *path, int pid, const struct lk_ask *ask, int silence_ms,
    lk_inquiry_fn fn, void *ctx, char *words)
{
	struct lk_inquiry *q =
	    lk_inquiry_begin(path, pid, ask, silence_ms, lk_clock_monotonic_ms(), fn, ctx);
	struct pollfd fd;
	int rc;

	if (q == NULL) {
		snprintf(words, LK_INQUIRY_WORDS_BYTES, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	while ((rc = lk_inquiry_go_on(q, lk_clock_monotonic_ms())) == 1) {
		int timeout_ms = silence_ms;
		size_t count = lk_inquiry_poll(q, lk_clock_monotonic_ms(), &fd, &timeout_ms);

		poll(&fd, count, timeout_ms); /* EINTR: a turn without events is harmless */
	}
	snprintf(words, LK_INQUIRY_WORDS_BYTES, "%s", lk_inquiry_words(q));
	lk_inquiry_end(q);
	return rc;
}
