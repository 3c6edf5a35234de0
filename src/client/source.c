#include "config.h"

#include "client/source.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "leaktop/wire.h"
#include "model/snapshot.h"
#include "util/clock.h"

#include "client/source_ops.h"

void
lk_source_init(struct lk_source *s, const struct lk_source_ops *ops)
{
	memset(s, 0, sizeof(*s));
	s->ops = ops;
}

void
lk_source_close(struct lk_source *source)
{
	if (source != NULL)
		source->ops->close(source);
}

size_t
lk_source_poll(struct lk_source *source, struct pollfd *fds, size_t max, int *timeout_ms)
{
	return source->ops->poll(source, fds, max, timeout_ms);
}

bool
lk_source_dispatch(struct lk_source *source, const struct pollfd *fds, size_t count, int64_t now_ms)
{
	return source->ops->dispatch(source, fds, count, now_ms);
}

const struct lk_snapshot *
lk_source_snapshot(const struct lk_source *source)
{
	return source->ops->snapshot(source);
}

enum lk_source_state
lk_source_state(const struct lk_source *source)
{
	return source->ops->state(source);
}

const char *
lk_source_words(const struct lk_source *source)
{
	if (source->answer_words[0] != '\0')
		return source->answer_words;
	return source->ops->words(source);
}

const struct lk_source_reading *
lk_source_reading(const struct lk_source *source)
{
	return source->ops->reading(source);
}

const struct lk_revealed *
lk_source_revealed(const struct lk_source *source)
{
	return source->ops->revealed != NULL ? source->ops->revealed(source) : NULL;
}

size_t
lk_source_moments(const struct lk_source *source, size_t *at)
{
	*at = 0;
	return source->ops->moments != NULL ? source->ops->moments(source, at) : 1;
}

int
lk_source_step(struct lk_source *source, int step)
{
	return source->ops->step != NULL ? source->ops->step(source, step) : -EOPNOTSUPP;
}

const char *
lk_source_held_name(const char *name)
{
	while (strlen(name) > LK_WIRE_NAME_MAX) {
		name = strchr(name, '.');
		if (name == NULL)
			return NULL;
		name++;
	}
	return *name != '\0' ? name : NULL;
}

int
lk_source_request(struct lk_source *source, const struct lk_request *request, lk_reply_fn fn,
    void *ctx)
{
	return source->ops->request(source, request, fn, ctx);
}

static bool
is_final(enum lk_source_state state)
{
	return state == LK_SOURCE_GONE || state == LK_SOURCE_REFUSED || state == LK_SOURCE_OFFLINE;
}

/* Sleeps in poll() until the source has work or the deadline, then lets it work. */
static int
turn(struct lk_source *s, int64_t deadline_ms)
{
	struct pollfd fds[LK_SOURCE_POLL_MAX];
	int64_t left_ms = deadline_ms - lk_clock_monotonic_ms();
	int timeout_ms = left_ms > INT32_MAX ? INT32_MAX : (int)left_ms;
	size_t count;

	if (left_ms <= 0)
		return -ETIMEDOUT;
	count = lk_source_poll(s, fds, LK_SOURCE_POLL_MAX, &timeout_ms);
	if (poll(fds, count, timeout_ms) < 0)
		count = 0; /* EINTR: a turn without events is harmless */
	lk_source_dispatch(s, fds, count, lk_clock_monotonic_ms());
	return 0;
}

static bool
has_newer(const struct lk_source *s, uint64_t seq)
{
	const struct lk_snapshot *snapshot = lk_source_snapshot(s);

	return snapshot != NULL && snapshot->seq > seq;
}

int
lk_source_wait(struct lk_source *source, uint64_t seq, int timeout_ms)
{
	int64_t deadline_ms = lk_clock_monotonic_ms() + timeout_ms;
	int rc = 0;

	while (!has_newer(source, seq)) {
		if (is_final(lk_source_state(source)))
			return -ENOTCONN;
		rc = turn(source, deadline_ms);
		if (rc < 0)
			return has_newer(source, seq) ? 0 : rc;
	}
	return 0;
}

static void
on_answer(void *ctx, bool ok, uint64_t number, const char *words)
{
	struct lk_source *s = ctx;

	s->answered_count++;
	s->answer_ok = ok;
	s->answer_number = number;
	snprintf(s->answer_words, sizeof(s->answer_words), "%s",
	    ok || words == NULL ? "" : words);
}

int
lk_source_ask(struct lk_source *source, const struct lk_request *request, uint64_t *number_out,
    int timeout_ms)
{
	int64_t deadline_ms = lk_clock_monotonic_ms() + timeout_ms;
	uint64_t mine;
	int rc;

	source->answer_words[0] = '\0';
	rc = lk_source_request(source, request, on_answer, source);
	if (rc < 0)
		return rc;
	mine = ++source->asked_count;
	while (source->answered_count < mine) {
		if (is_final(lk_source_state(source)))
			return -ENOTCONN;
		rc = turn(source, deadline_ms);
		if (rc < 0)
			return rc;
	}
	if (!source->answer_ok)
		return -EREMOTEIO;
	if (number_out != NULL)
		*number_out = source->answer_number;
	return 0;
}
