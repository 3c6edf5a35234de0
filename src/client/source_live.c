#include "config.h"

#include "client/source.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "leaktop/wire.h"
#include "model/snapshot.h"
#include "proto/ask.h"
#include "proto/framing.h"
#include "proto/message.h"
#include "util/text.h"

#include "client/dial.h"
#include "client/mirror.h"
#include "client/proc.h"
#include "client/source_ops.h"

#define PENDING_MAX	64
#define STALE_PERIODS	3
#define BACKOFF_MIN_MS	100
#define BACKOFF_MAX_MS	3200
#define LIMIT_RETRY_MS	5000
#define TRENDS_EVERY_MS 10000
#define MEMORY_EVERY_MS 10000
#define READ_MAX_BYTES	(1u << 20) /* in one dispatch: keys must not wait for a flood */
#define OUT_MAX_BYTES	(64u << 10)

struct pending {
	uint64_t id;
	enum lk_ask_op op;
	lk_reply_fn fn; /* NULL: nobody waits */
	void *ctx;
};

/*
 *   CONNECTING --tick--> LIVE <--bytes-- STALE (silence for three periods)
 *        ^                |  \----------^
 *        |            connection lost
 *        |                v
 *        +---retry----- LOST -- process ended, other start time --> GONE
 *   not permitted, wrong protocol, other pid: REFUSED, for good; too many clients:
 *   REFUSED, tried again now and then.
 */
struct live {
	struct lk_source base;
	char path[108];
	int pid;
	uint64_t start_time; /* of PID at open; 0 unknown */
	unsigned int period_ms;

	enum lk_source_state state;
	char words[LK_SOURCE_WORDS_BYTES];
	bool is_changed;

	int fd; /* -1: none */
	bool has_hello, is_final;
	double started_at_s; /* of the sampler last seen; 0 none yet */
	int64_t now_ms, heard_ms, retry_ms, backoff_ms;
	int64_t trends_ms, memory_ms, history_ms;

	struct lk_framing in;
	char out[OUT_MAX_BYTES];
	size_t out_used;
	uint64_t next_id;
	size_t pending_count, pending_first;
	struct pending pending[PENDING_MAX];

	struct lk_mirror *mirror;		/* NULL without a connection */
	uint32_t wanted[LK_WIRE_BASELINES_MAX]; /* rows to fetch again */
	size_t wanted_count;

	struct lk_process_info process;
	char host[64], command[1024], cgroup[512], user[32];
	uint64_t seq;
	const struct lk_snapshot *snapshot;
};

static struct live *
live_of(struct lk_source *source)
{
	return (struct live *)source;
}

LK_PRINTF(3, 4)
static void
enter(struct live *l, enum lk_source_state state, const char *format, ...)
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

/* ---- requests ---------------------------------------------------------- */

static int
ask(struct live *l, const struct lk_ask *what, lk_reply_fn fn, void *ctx)
{
	struct lk_ask numbered = *what;
	struct pending *slot;
	long length;

	if (l->fd < 0 || !l->has_hello)
		return -ENOTCONN;
	if (l->pending_count == PENDING_MAX)
		return -ENOSPC;
	numbered.id = l->next_id;
	length = lk_ask_format(&numbered, l->out + l->out_used, sizeof(l->out) - l->out_used);
	if (length < 0)
		return (int)length;
	l->out_used += (size_t)length;
	l->next_id++;
	slot = &l->pending[(l->pending_first + l->pending_count++) % PENDING_MAX];
	*slot = (struct pending){.id = numbered.id, .op = what->op, .fn = fn, .ctx = ctx};
	return 0;
}

static void
ask_op(struct live *l, enum lk_ask_op op, uint64_t number)
{
	/* Best effort: when the queue is full it is asked again later. */
	ask(l, &(struct lk_ask){.op = op, .number = number}, NULL, NULL);
}

static void
answer_first(struct live *l, bool ok, uint64_t number, const char *words)
{
	struct pending first = l->pending[l->pending_first];

	l->pending_first = (l->pending_first + 1) % PENDING_MAX;
	l->pending_count--;
	if (first.fn != NULL)
		first.fn(first.ctx, ok, number, words);
}

static void
want_rows(struct live *l, uint32_t baseline)
{
	for (size_t i = 0; i < l->wanted_count; i++)
		if (l->wanted[i] == baseline)
			return;
	if (l->wanted_count < LK_COUNT_OF(l->wanted))
		l->wanted[l->wanted_count++] = baseline;
}

static void
forget_rows(struct live *l, uint32_t baseline)
{
	for (size_t i = 0; i < l->wanted_count; i++) {
		if (l->wanted[i] != baseline)
			continue;
		l->wanted[i] = l->wanted[--l->wanted_count];
		return;
	}
}

static int
live_request(struct lk_source *source, const struct lk_request *request, lk_reply_fn fn, void *ctx)
{
	static const enum lk_ask_op ops[] = {
	    [LK_REQUEST_BASELINE] = LK_ASK_BASELINE,
	    [LK_REQUEST_BASELINE_RENAME] = LK_ASK_BASELINE_RENAME,
	    [LK_REQUEST_BASELINE_DROP] = LK_ASK_BASELINE_DROP,
	    [LK_REQUEST_BASELINE_ROWS] = LK_ASK_BASELINE_ROWS,
	    [LK_REQUEST_HISTORY] = LK_ASK_HISTORY,
	    [LK_REQUEST_TRENDS] = LK_ASK_TRENDS,
	    [LK_REQUEST_MEMORY] = LK_ASK_MEMORY,
	    [LK_REQUEST_CONTAINERS] = LK_ASK_CONTAINERS,
	    [LK_REQUEST_PAUSE] = LK_ASK_PAUSE,
	    [LK_REQUEST_RESUME] = LK_ASK_RESUME,
	    [LK_REQUEST_PERIOD] = LK_ASK_SUBSCRIBE,
	};
	struct live *l = live_of(source);
	int rc;

	if ((unsigned int)request->op >= LK_COUNT_OF(ops))
		return -EOPNOTSUPP;
	rc = ask(l,
		 &(struct lk_ask){
		     .op = ops[request->op], .number = request->number, .text = request->text},
		 fn, ctx);
	if (rc < 0)
		return rc;
	if (request->op == LK_REQUEST_BASELINE_ROWS)
		want_rows(l, (uint32_t)request->number);
	if (request->op == LK_REQUEST_BASELINE_DROP)
		forget_rows(l, (uint32_t)request->number);
	if (request->op == LK_REQUEST_PERIOD)
		l->period_ms = (unsigned int)request->number;
	return 0;
}

/* ---- the connection ----------------------------------------------------- */

/* Back to no connection; who waits for an answer is told. */
static void
hang_up(struct live *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	l->has_hello = false;
	l->out_used = 0;
	lk_framing_reset(&l->in);
	lk_mirror_free(l->mirror);
	l->mirror = NULL;
	while (l->pending_count > 0)
		answer_first(l, false, 0, "the connection was lost before the answer came");
}

static void
give_up(struct live *l, enum lk_source_state state)
{
	hang_up(l);
	l->is_final = true;
	l->state = state;
}

/* The state before hang_up: its callbacks may look. */
static void
lose(struct live *l, const char *why)
{
	l->backoff_ms = l->backoff_ms == 0 ? BACKOFF_MIN_MS : 2 * l->backoff_ms;
	if (l->backoff_ms > BACKOFF_MAX_MS)
		l->backoff_ms = BACKOFF_MAX_MS;
	l->retry_ms = l->now_ms + l->backoff_ms;
	if (l->pid > 0 && !lk_proc_is_same(l->pid, l->start_time)) {
		enter(l, LK_SOURCE_GONE, "process %d has ended", l->pid);
		give_up(l, LK_SOURCE_GONE);
		return;
	}
	enter(l, l->snapshot == NULL ? LK_SOURCE_CONNECTING : LK_SOURCE_LOST, "%s; trying again",
	      why);
	hang_up(l);
}

static const char *
dial_words(int rc)
{
	switch (rc) {
	case -ENOENT:
		return "no sampler is listening (start the program with leaktop run)";
	case -ECONNREFUSED:
		return "the sampler's socket is there, but nobody listens";
	case -EAGAIN:
		return "the sampler is busy";
	default:
		return strerror(-rc);
	}
}

static void
dial(struct live *l)
{
	int fd = lk_dial_unix(l->path);

	if (fd == -EPERM || fd == -EACCES) {
		enter(l, LK_SOURCE_REFUSED,
		      "not permitted: %s belongs to another user; run leaktop "
		      "as that user or as root",
		      l->path);
		give_up(l, LK_SOURCE_REFUSED);
		return;
	}
	if (fd >= 0)
		l->mirror = lk_mirror_new();
	if (fd < 0 || l->mirror == NULL) {
		if (fd >= 0)
			close(fd);
		lose(l, fd < 0 ? dial_words(fd) : strerror(ENOMEM));
		return;
	}
	l->fd = fd;
	l->heard_ms = l->now_ms;
}

static void
greet(struct live *l, const struct lk_message_hello *hello)
{
	if (hello->protocol != LK_WIRE_PROTOCOL) {
		enter(l, LK_SOURCE_REFUSED,
		      "the sampler speaks protocol %u, this leaktop %u: use "
		      "the leaktop of version %.32s",
		      hello->protocol, LK_WIRE_PROTOCOL, hello->version);
		give_up(l, LK_SOURCE_REFUSED);
		return;
	}
	if (l->pid > 0 && hello->pid != (uint32_t)l->pid) {
		enter(l, LK_SOURCE_REFUSED, "%s is answered by process %u, not %d", l->path,
		      hello->pid, l->pid);
		give_up(l, LK_SOURCE_REFUSED);
		return;
	}
	if (l->start_time != 0 && hello->start_time != l->start_time) {
		enter(l, LK_SOURCE_GONE, "process %d has ended; another has its pid", l->pid);
		give_up(l, LK_SOURCE_GONE);
		return;
	}
	if (l->started_at_s != hello->started_at_s)
		l->wanted_count = 0; /* another sampler: its baselines are others */
	l->started_at_s = hello->started_at_s;
	l->process.pid = (int)hello->pid;
	l->process.start_time = hello->start_time;
	lk_proc_command((pid_t)hello->pid, l->command, sizeof(l->command));
	lk_proc_cgroup((pid_t)hello->pid, l->cgroup, sizeof(l->cgroup));
	l->has_hello = true;
	ask_op(l, LK_ASK_SUBSCRIBE, l->period_ms);
	ask_op(l, LK_ASK_HISTORY, 0);
	ask_op(l, LK_ASK_TRENDS, 0);
	ask_op(l, LK_ASK_MEMORY, 0);
	for (size_t i = 0; i < l->wanted_count; i++)
		ask_op(l, LK_ASK_BASELINE_ROWS, l->wanted[i]);
	l->trends_ms = l->now_ms + TRENDS_EVERY_MS;
	l->memory_ms = l->now_ms + MEMORY_EVERY_MS;
	l->history_ms = l->now_ms + TRENDS_EVERY_MS;
}

/* ---- what comes in ------------------------------------------------------ */

/* A new picture when one is whole; on failure the old one stays and the next tick tries. */
static void
build(struct live *l)
{
	const struct lk_snapshot *fresh;

	if (l->mirror == NULL || !lk_mirror_is_ready(l->mirror))
		return;
	if (lk_mirror_build(l->mirror, &l->process, l->seq + 1, &fresh) < 0)
		return;
	lk_snapshot_put(l->snapshot);
	l->snapshot = fresh;
	l->seq++;
	l->is_changed = true;
}

static int
read_reply(struct live *l, const struct lk_message_reply *reply)
{
	const struct pending *first = &l->pending[l->pending_first];
	char words[LK_SOURCE_WORDS_BYTES];

	if (!reply->has_id)
		return 0; /* to a line that it could not read: counted there */
	if (l->pending_count == 0 || reply->id != first->id)
		return -EBADMSG;
	build(l); /* who gets the answer finds what it asked for in the snapshot */
	lk_text_clean(reply->error, words, sizeof(words));
	answer_first(l, reply->ok, reply->baseline, words);
	return 0;
}

static void
read_bye(struct live *l, const struct lk_message_bye *bye)
{
	if (strcmp(bye->reason, "not permitted") == 0) {
		enter(l, LK_SOURCE_REFUSED,
		      "the sampler refused this user; run leaktop as the user "
		      "of process %d or as root",
		      l->pid);
		give_up(l, LK_SOURCE_REFUSED);
		return;
	}
	if (strcmp(bye->reason, "limit") == 0) {
		enter(l, LK_SOURCE_REFUSED,
		      "the sampler already serves %u clients; close one of "
		      "them",
		      LK_WIRE_CLIENTS_MAX);
		hang_up(l);
		l->retry_ms = l->now_ms + LIMIT_RETRY_MS;
		return;
	}
	l->backoff_ms = 0;
	lose(l, strcmp(bye->reason, "exec") == 0 ? "the process started another program"
						 : "the process is ending");
}

static int
read_message(struct live *l, const struct lk_message *message)
{
	int rc;

	if (message->type == LK_MESSAGE_BYE) {
		read_bye(l, &message->bye);
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
		greet(l, &message->hello);
	if (message->type == LK_MESSAGE_TICK) {
		l->backoff_ms = 0;
		enter(l, LK_SOURCE_LIVE, "%s", "");
	}
	return 0;
}

/* Until the connection goes away or what came so far is used up. */
static void
read_lines(struct live *l)
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
			lose(l, strerror(ENOMEM));
		else if (rc < 0)
			lose(l, "what answers there does not speak leaktop's protocol");
	}
}

static void
receive(struct live *l)
{
	size_t sum = 0;

	while (l->fd >= 0 && sum < READ_MAX_BYTES) {
		char *room;
		long fits = lk_framing_room(&l->in, &room);
		ssize_t got;

		if (fits < 0) {
			lose(l, "the sampler sent a line beyond the limit");
			return;
		}
		got = read(l->fd, room, (size_t)fits);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (got <= 0) {
			lose(l, "the connection was closed");
			return;
		}
		sum += (size_t)got;
		lk_framing_wrote(&l->in, (size_t)got);
		l->heard_ms = l->now_ms;
		read_lines(l);
	}
}

static void
send_out(struct live *l)
{
	long sent;

	if (l->fd < 0 || l->out_used == 0)
		return;
	sent = lk_dial_send(l->fd, l->out, l->out_used);
	if (sent < 0) {
		if (sent != -EAGAIN)
			lose(l, "the connection was closed");
		return;
	}
	memmove(l->out, l->out + sent, l->out_used - (size_t)sent);
	l->out_used -= (size_t)sent;
}

/* ---- time --------------------------------------------------------------- */

static int64_t
stale_after_ms(const struct live *l)
{
	return (int64_t)STALE_PERIODS * l->period_ms;
}

static void
check_silence(struct live *l)
{
	int64_t silent_ms = l->now_ms - l->heard_ms;

	if (l->fd < 0)
		return;
	if (silent_ms < stale_after_ms(l)) {
		if (l->state == LK_SOURCE_STALE)
			enter(l, LK_SOURCE_LIVE, "%s", "");
		return;
	}
	if (l->pid > 0 && !lk_proc_is_same(l->pid, l->start_time)) {
		lose(l, "");
		return;
	}
	enter(l, l->snapshot == NULL ? LK_SOURCE_CONNECTING : LK_SOURCE_STALE,
	      "nothing heard from the sampler for three periods: is process %d stopped?", l->pid);
}

static void
ask_when_due(struct live *l)
{
	if (l->fd < 0 || !l->has_hello || l->state != LK_SOURCE_LIVE)
		return;
	if (l->now_ms >= l->trends_ms) {
		ask_op(l, LK_ASK_TRENDS, 0);
		l->trends_ms = l->now_ms + TRENDS_EVERY_MS;
	}
	if (l->now_ms >= l->memory_ms) {
		ask_op(l, LK_ASK_MEMORY, 0);
		l->memory_ms = l->now_ms + MEMORY_EVERY_MS;
	}
	if (l->now_ms >= l->history_ms && lk_mirror_wants_history(l->mirror)) {
		ask_op(l, LK_ASK_HISTORY, 0);
		l->history_ms = l->now_ms + TRENDS_EVERY_MS;
	}
}

/* ---- the table ---------------------------------------------------------- */

static bool
live_dispatch(struct lk_source *source, const struct pollfd *fds, size_t count, int64_t now_ms)
{
	struct live *l = live_of(source);

	(void)fds; /* the socket does not block: asking it is as cheap as looking here */
	(void)count;
	l->is_changed = false;
	l->now_ms = now_ms;
	if (l->is_final)
		return false;
	if (l->fd < 0 && now_ms >= l->retry_ms)
		dial(l);
	receive(l);
	build(l);
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
	struct live *l = live_of(source);

	if (l->is_final)
		return 0;
	if (l->fd < 0) {
		lower(timeout_ms, l->retry_ms, l->now_ms);
		return 0;
	}
	if (l->now_ms - l->heard_ms < stale_after_ms(l))
		lower(timeout_ms, l->heard_ms + stale_after_ms(l), l->now_ms);
	else
		lower(timeout_ms, l->now_ms + 1000, l->now_ms); /* is the process still there? */
	if (max == 0)
		return 0;
	fds[0] = (struct pollfd){.fd = l->fd,
				 .events = (short)(POLLIN | (l->out_used > 0 ? POLLOUT : 0))};
	return 1;
}

static const struct lk_snapshot *
live_snapshot(const struct lk_source *source)
{
	return ((const struct live *)source)->snapshot;
}

static enum lk_source_state
live_state(const struct lk_source *source)
{
	return ((const struct live *)source)->state;
}

static const char *
live_words(const struct lk_source *source)
{
	return ((const struct live *)source)->words;
}

static void
live_close(struct lk_source *source)
{
	struct live *l = live_of(source);

	l->pending_count = 0;
	hang_up(l);
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
    .request = live_request,
    .close = live_close,
};

static void
describe(struct live *l)
{
	struct lk_proc_stat stat;
	uid_t uid;

	if (l->pid > 0 && lk_proc_read_stat(l->pid, &stat) == 0)
		l->start_time = stat.start_time;
	if (l->pid > 0 && lk_proc_uid(l->pid, &uid) == 0)
		lk_proc_user(uid, l->user, sizeof(l->user));
	if (gethostname(l->host, sizeof(l->host) - 1) < 0)
		l->host[0] = '\0';
	l->process = (struct lk_process_info){.pid = l->pid,
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
	struct live *l;

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
	enter(l, LK_SOURCE_CONNECTING, "connecting to %s", l->path);
	describe(l);
	*out = &l->base;
	return 0;
}
