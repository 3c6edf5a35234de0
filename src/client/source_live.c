#include "config.h"

#include "client/source.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/text.h"

#include "client/dial.h"
#include "client/mirror.h"
#include "client/native_names.h"
#include "client/proc.h"
#include "client/source_live_private.h"

#define STALE_PERIODS 3

void
lk_source_live_enter(struct lk_live *l, enum lk_source_state state, const char *format, ...)
{
	char words[LK_SOURCE_WORDS_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	lk_text_clean(words, words, sizeof(words));
	if (l->state == state && strcmp(l->words, words) == 0)
		return;
	l->state = state;
	memcpy(l->words, words, sizeof(words));
	l->is_changed = true;
}

static void
send_out(struct lk_live *l)
{
	long sent;

	if (l->fd < 0 || l->out_used == 0)
		return;
	sent = lk_dial_send(l->fd, l->out, l->out_used);
	if (sent < 0) {
		if (sent != -EAGAIN)
			lk_source_live_lose(l, "the connection was closed");
		return;
	}
	memmove(l->out, l->out + sent, l->out_used - (size_t)sent);
	l->out_used -= (size_t)sent;
}

static int64_t
stale_after_ms(const struct lk_live *l)
{
	return (int64_t)STALE_PERIODS * l->period_ms;
}

static void
check_silence(struct lk_live *l)
{
	int64_t silent_ms = l->now_ms - l->heard_ms;

	if (l->fd < 0)
		return;
	if (silent_ms < stale_after_ms(l)) {
		if (l->state == LK_SOURCE_STALE)
			lk_source_live_enter(l, LK_SOURCE_LIVE, "%s", "");
		return;
	}
	if (l->pid > 0 && !lk_proc_is_same(l->pid, l->start_time)) {
		lk_source_live_lose(l, "");
		return;
	}
	lk_source_live_enter(
	    l, l->snapshot == NULL ? LK_SOURCE_CONNECTING : LK_SOURCE_STALE,
	    "nothing heard from the sampler for three periods: is process %d stopped?", l->pid);
}

static void
ask_when_due(struct lk_live *l)
{
	if (l->fd < 0 || !l->has_hello || l->state != LK_SOURCE_LIVE)
		return;
	if (l->now_ms >= l->trends_ms) {
		lk_source_live_ask_op(l, LK_ASK_TRENDS, 0);
		l->trends_ms = l->now_ms + LK_LIVE_TRENDS_EVERY_MS;
	}
	if (l->now_ms >= l->memory_ms) {
		lk_source_live_ask_op(l, LK_ASK_MEMORY, 0);
		l->memory_ms = l->now_ms + LK_LIVE_MEMORY_EVERY_MS;
	}
	if (l->now_ms >= l->events_ms && lk_mirror_wants_events(l->mirror)) {
		lk_source_live_ask_op(l, LK_ASK_EVENTS, 0);
		l->events_ms = l->now_ms + LK_LIVE_EVENTS_EVERY_MS;
	}
	if (l->now_ms >= l->history_ms && lk_mirror_wants_history(l->mirror)) {
		lk_source_live_ask_op(l, LK_ASK_HISTORY, 0);
		l->history_ms = l->now_ms + LK_LIVE_TRENDS_EVERY_MS;
	}
}

static bool
live_dispatch(struct lk_source *source, const struct pollfd *fds, size_t count, int64_t now_ms)
{
	struct lk_live *l = lk_source_live_of(source);

	(void)fds; /* the socket does not block: asking it is as cheap as looking here */
	(void)count;
	l->is_changed = false;
	l->now_ms = now_ms;
	lk_source_live_inquiry_go_on(l);
	if (l->is_final)
		return l->is_changed;
	if (l->fd < 0 && now_ms >= l->retry_ms)
		lk_source_live_dial(l);
	lk_source_live_receive(l);
	lk_source_live_build(l);
	check_silence(l);
	ask_when_due(l);
	send_out(l);
	return l->is_changed;
}

static void
lower(int *timeout_ms, int64_t until_ms, int64_t now_ms)
{
	int64_t left_ms = until_ms > now_ms ? until_ms - now_ms : 0;

	if (left_ms > INT32_MAX)
		left_ms = INT32_MAX;
	if (*timeout_ms < 0 || left_ms < *timeout_ms)
		*timeout_ms = (int)left_ms;
}

static size_t
live_poll(struct lk_source *source, struct pollfd *fds, size_t max, int *timeout_ms)
{
	struct lk_live *l = lk_source_live_of(source);
	size_t count = lk_source_live_inquiry_poll(l, fds, max, timeout_ms);

	if (l->is_final)
		return count;
	if (l->fd < 0) {
		lower(timeout_ms, l->retry_ms, l->now_ms);
		return count;
	}
	if (l->now_ms - l->heard_ms < stale_after_ms(l))
		lower(timeout_ms, l->heard_ms + stale_after_ms(l), l->now_ms);
	else
		lower(timeout_ms, l->now_ms + 1000, l->now_ms); /* is the process still there? */
	if (max == count)
		return count;
	fds[count] = (struct pollfd){
	    .fd = l->fd,
	    .events = (short)(POLLIN | (l->out_used > 0 ? POLLOUT : 0))};
	return count + 1;
}

static const struct lk_snapshot *
live_snapshot(const struct lk_source *source)
{
	return ((const struct lk_live *)source)->snapshot;
}

static enum lk_source_state
live_state(const struct lk_source *source)
{
	return ((const struct lk_live *)source)->state;
}

static const char *
live_words(const struct lk_source *source)
{
	return ((const struct lk_live *)source)->words;
}

static const struct lk_source_reading *
live_reading(const struct lk_source *source)
{
	const struct lk_live *l = (const struct lk_live *)source;

	return l->inquiry != NULL ? &l->reading : NULL;
}

static const struct lk_revealed *
live_revealed(const struct lk_source *source)
{
	const struct lk_live *l = (const struct lk_live *)source;

	return l->has_revealed ? &l->revealed : NULL;
}

static void
live_close(struct lk_source *source)
{
	struct lk_live *l = lk_source_live_of(source);

	l->pending_count = 0;
	lk_source_live_inquiry_fini(l);
	lk_source_live_hang_up(l);
	lk_native_names_free(l->native);
	lk_snapshot_put(l->snapshot);
	free(l);
}

static const struct lk_source_ops live_ops = {
    .id = "live",
    .poll = live_poll,
    .dispatch = live_dispatch,
    .snapshot = live_snapshot,
    .state = live_state,
    .words = live_words,
    .request = lk_source_live_request,
    .reading = live_reading,
    .revealed = live_revealed,
    .close = live_close,
};

static void
describe(struct lk_live *l)
{
	struct lk_proc_stat stat;
	uid_t uid;

	if (l->pid > 0 && lk_proc_read_stat(l->pid, &stat) == 0)
		l->start_time = stat.start_time;
	if (l->pid > 0 && lk_proc_uid(l->pid, &uid) == 0)
		lk_proc_user(uid, l->user, sizeof(l->user));
	if (gethostname(l->host, sizeof(l->host) - 1) < 0)
		l->host[0] = '\0';
	l->process = (struct lk_process_info){
	    .pid = l->pid,
	    .host = l->host,
	    .command = l->command,
	    .python = "",
	    .cgroup = l->cgroup,
	    .user = l->user};
}

int
lk_source_open_live(const char *socket_path, int pid, unsigned int period_ms,
    struct lk_source **out)
{
	struct lk_live *l;

	if (strlen(socket_path) >= sizeof(l->path))
		return -ENAMETOOLONG;
	if (period_ms < LK_WIRE_PERIOD_MIN_MS || period_ms > LK_WIRE_PERIOD_MAX_MS)
		return -EINVAL;
	l = malloc(sizeof(*l));
	if (l == NULL)
		return -ENOMEM;
	memset(l, 0, sizeof(*l));
	lk_source_init(&l->base, &live_ops);
	strcpy(l->path, socket_path);
	l->pid = pid;
	l->period_ms = period_ms;
	l->fd = -1;
	l->next_id = 1;
	l->retry_ms = INT64_MIN; /* at once */
	lk_source_live_enter(l, LK_SOURCE_CONNECTING, "connecting to %s", l->path);
	describe(l);
	*out = &l->base;
	return 0;
}
