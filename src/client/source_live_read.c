/* What a sampler says to a live source. */
#include "config.h"

#include "client/source_live_private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "proto/message.h"
#include "util/text.h"

#include "client/mirror.h"

#define READ_MAX_BYTES (1u << 20) /* in one dispatch: keys must not wait for a flood */

void
lk_source_live_build(struct lk_live *l)
{
	const struct lk_snapshot *fresh;

	if (l->mirror == NULL || !lk_mirror_is_ready(l->mirror))
		return;
	if (lk_mirror_build(l->mirror, &l->process, l->readings, l->seq + 1, &fresh) < 0)
		return;
	lk_snapshot_put(l->snapshot);
	l->snapshot = fresh;
	l->seq++;
	l->is_changed = true;
}

static int
read_reply(struct lk_live *l, const struct lk_message_reply *reply)
{
	const struct lk_pending *first = &l->pending[l->pending_first];
	char words[LK_SOURCE_WORDS_BYTES];

	if (!reply->has_id)
		return 0; /* to a line that it could not read: counted there */
	if (l->pending_count == 0 || reply->id != first->id)
		return -EBADMSG;
	lk_source_live_build(l); /* who gets the answer finds what it asked for in the snapshot */
	lk_text_clean(reply->error, words, sizeof(words));
	lk_source_live_answer_first(l, reply->ok,
	    reply->hooks != 0 ? reply->hooks : reply->baseline, words);
	return 0;
}

static int
read_message(struct lk_live *l, const struct lk_message *message)
{
	int rc;

	if (message->type == LK_MESSAGE_BYE) {
		lk_source_live_farewell(l, &message->bye);
		return 0;
	}
	if (!l->has_hello && message->type != LK_MESSAGE_HELLO)
		return -EBADMSG;
	if (message->type == LK_MESSAGE_REPLY)
		return read_reply(l, &message->reply);
	rc = lk_mirror_apply(l->mirror, message);
	if (rc < 0)
		return rc;
	if (message->type == LK_MESSAGE_HELLO && !l->has_hello)
		lk_source_live_greet(l, &message->hello);
	if (message->type == LK_MESSAGE_RESET)
		lk_source_live_ask_rows(l); /* some stacks of theirs count elsewhere now */
	if (message->type == LK_MESSAGE_TICK) {
		l->backoff_ms = 0;
		lk_source_live_enter(l, LK_SOURCE_LIVE, "%s", "");
	}
	return 0;
}

/* Until the connection goes away or what came so far is used up. */
static void
read_lines(struct lk_live *l)
{
	const char *line;
	size_t length;

	while (l->fd >= 0 && lk_framing_next(&l->in, &line, &length) == 1) {
		struct lk_message message;
		int rc = lk_message_parse(line, length, &message);

		if (rc == 0) {
			rc = read_message(l, &message);
			lk_message_release(&message);
		}
		if (rc == -ENOMEM)
			lk_source_live_lose(l, strerror(ENOMEM));
		else if (rc < 0)
			lk_source_live_lose(l,
					    "what answers there does not speak leaktop's protocol");
	}
}

void
lk_source_live_receive(struct lk_live *l)
{
	size_t sum = 0;

	while (l->fd >= 0 && sum < READ_MAX_BYTES) {
		char *room;
		long fits = lk_framing_room(&l->in, &room);
		ssize_t got;

		if (fits < 0) {
			lk_source_live_lose(l, "the sampler sent a line beyond the limit");
			return;
		}
		got = read(l->fd, room, (size_t)fits);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (got <= 0) {
			lk_source_live_lose(l, "the connection was closed");
			return;
		}
		sum += (size_t)got;
		lk_framing_wrote(&l->in, (size_t)got);
		l->heard_ms = l->now_ms;
		read_lines(l);
	}
}
