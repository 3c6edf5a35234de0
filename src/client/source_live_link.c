/* How a live source finds, keeps and loses its sampler. */
#include "config.h"

#include "client/source_live_private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "proto/message.h"

#include "client/dial.h"
#include "client/mirror.h"
#include "client/native_names.h"
#include "client/proc.h"
#include "client/readings.h"

#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 3200
#define LIMIT_RETRY_MS 5000

void
lk_source_live_hang_up(struct lk_live *l)
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
		lk_source_live_answer_first(l, false, 0,
		    "the connection was lost before the answer came");
}

static void
give_up(struct lk_live *l, enum lk_source_state state)
{
	lk_source_live_hang_up(l);
	l->is_final = true;
	l->state = state;
}

/* The state before hang_up: its callbacks may look. */
void
lk_source_live_lose(struct lk_live *l, const char *why)
{
	l->backoff_ms = l->backoff_ms == 0 ? BACKOFF_MIN_MS : 2 * l->backoff_ms;
	if (l->backoff_ms > BACKOFF_MAX_MS)
		l->backoff_ms = BACKOFF_MAX_MS;
	l->retry_ms = l->now_ms + l->backoff_ms;
	if (l->pid > 0 && !lk_proc_is_same(l->pid, l->start_time)) {
		lk_source_live_enter(l, LK_SOURCE_GONE, "process %d has ended", l->pid);
		give_up(l, LK_SOURCE_GONE);
		return;
	}
	lk_source_live_enter(l, l->snapshot == NULL ? LK_SOURCE_CONNECTING : LK_SOURCE_LOST,
	    "%s; trying again", why);
	lk_source_live_hang_up(l);
}

static const char *
dial_words(int rc)
{
	switch (rc) {
	case -ENOENT:
		return "no sampler listens: was it detached? See leaktop attach, leaktop run";
	case -ECONNREFUSED:
		return "the sampler's socket is there, but nobody listens";
	case -EAGAIN:
		return "the sampler is busy";
	default:
		return strerror(-rc);
	}
}

void
lk_source_live_dial(struct lk_live *l)
{
	int fd = lk_dial_unix(l->path);

	if (fd == -EPERM || fd == -EACCES) {
		lk_source_live_enter(l, LK_SOURCE_REFUSED,
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
		lk_source_live_lose(l, fd < 0 ? dial_words(fd) : strerror(ENOMEM));
		return;
	}
	l->fd = fd;
	l->heard_ms = l->now_ms;
}

/* A process that cannot read /proc does not know when it began, and in a time namespace of its own
 * it counts from elsewhere.  Then its pid has to do. */
static bool
is_another(const struct lk_live *l, uint64_t began)
{
	return l->start_time != 0 && began != 0 && began != l->start_time &&
	    lk_proc_has_our_time(l->pid);
}

/* Is it the sampler this source is for?  If not, that is said, and it is given up. */
static bool
is_right(struct lk_live *l, const struct lk_message_hello *hello)
{
	if (hello->protocol != LK_WIRE_PROTOCOL) {
		lk_source_live_enter(l, LK_SOURCE_REFUSED, "the sampler speaks protocol %u, this "
		    "leaktop %u: use the leaktop of version %.32s", hello->protocol,
		    LK_WIRE_PROTOCOL, hello->version);
		give_up(l, LK_SOURCE_REFUSED);
		return false;
	}
	if (l->pid > 0 && hello->pid != (uint32_t)lk_proc_pid_inside(l->pid)) {
		lk_source_live_enter(l, LK_SOURCE_REFUSED, "%s is answered by process %u, not %d",
		    l->path, hello->pid, l->pid);
		give_up(l, LK_SOURCE_REFUSED);
		return false;
	}
	if (is_another(l, hello->start_time)) {
		lk_source_live_enter(l, LK_SOURCE_GONE, "process %d has ended; another has its pid",
		    l->pid);
		give_up(l, LK_SOURCE_GONE);
		return false;
	}
	return true;
}

/* What every connection begins with, and when it is asked for again. */
static void
ask_first(struct lk_live *l)
{
	lk_source_live_ask_op(l, LK_ASK_SUBSCRIBE, l->period_ms);
	lk_source_live_ask_op(l, LK_ASK_HISTORY, 0);
	lk_source_live_ask_op(l, LK_ASK_TRENDS, 0);
	lk_source_live_ask_op(l, LK_ASK_MEMORY, 0);
	lk_source_live_ask_rows(l);
	l->trends_ms = l->now_ms + LK_LIVE_TRENDS_EVERY_MS;
	l->memory_ms = l->now_ms + LK_LIVE_MEMORY_EVERY_MS;
	l->history_ms = l->now_ms + LK_LIVE_TRENDS_EVERY_MS;
	l->events_ms = l->now_ms + LK_LIVE_EVENTS_EVERY_MS;
}

void
lk_source_live_greet(struct lk_live *l, const struct lk_message_hello *hello)
{
	if (!is_right(l, hello))
		return;
	if (l->started_at_s != hello->started_at_s) {
		l->wanted_count = 0; /* another sampler: its baselines are others */
		if (l->readings != NULL)
			lk_readings_forget(l->readings);
		l->has_revealed = false;
	}
	l->started_at_s = hello->started_at_s;
	l->process.pid = l->pid > 0 ? l->pid : (int)hello->pid;
	l->process.start_time = hello->start_time;
	lk_proc_command(l->process.pid, l->command, sizeof(l->command));
	lk_proc_cgroup(l->process.pid, l->cgroup, sizeof(l->cgroup));
	if (l->native == NULL) /* without memory for it frames have no symbols, no more */
		l->native = lk_native_names_new(l->process.pid, LK_NATIVE_DEBUG_FOLDER);
	lk_mirror_look_up(l->mirror, l->native);
	l->has_hello = true;
	ask_first(l);
}

void
lk_source_live_farewell(struct lk_live *l, const struct lk_message_bye *bye)
{
	if (strcmp(bye->reason, "not permitted") == 0) {
		lk_source_live_enter(l, LK_SOURCE_REFUSED,
		    "the sampler refused this user; run leaktop as the user of process %d or as "
		    "root", l->pid);
		give_up(l, LK_SOURCE_REFUSED);
		return;
	}
	if (strcmp(bye->reason, "limit") == 0) {
		lk_source_live_enter(l, LK_SOURCE_REFUSED,
		    "the sampler already serves %u clients; close one of them",
		    LK_WIRE_CLIENTS_MAX);
		lk_source_live_hang_up(l);
		l->retry_ms = l->now_ms + LIMIT_RETRY_MS;
		return;
	}
	l->backoff_ms = 0;
	lk_source_live_lose(l, strcmp(bye->reason, "exec") == 0 ?
	    "the process started another program" : strcmp(bye->reason, "detached") == 0 ?
	    "the sampler was detached" : "the process is ending");
}
