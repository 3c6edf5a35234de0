#include "config.h"

#include "sampler/serve.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "leaktop/wire.h"
#include "sampler/connection.h"
#include "sampler/core/events.h"
#include "sampler/core/history.h"
#include "sampler/duty.h"
#include "sampler/freezer.h"
#include "sampler/lookout.h"
#include "sampler/messages.h"
#include "sampler/patch.h"
#include "sampler/process/address.h"
#include "sampler/process/proc.h"
#include "sampler/record.h"
#include "sampler/scan.h"
#include "sampler/stages.h"
#include "sampler/status.h"
#include "sampler/tend.h"
#include "sampler/threads.h"

#define SECOND_NS	1000000000u
#define MS_NS		1000000u
#define RELISTEN_NS	(5u * (uint64_t)SECOND_NS)
#define REFUSED_PAUSE_NS 500000000	/* the kernel refuses what we would wait in */

static struct lk_connection connections[LK_WIRE_CLIENTS_MAX];
static struct lk_handle listener = {.fd = -1};
static struct lk_handle bell = {.fd = -1}, rope = {.fd = -1};
static char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
static atomic_bool stopping, leaving;
static struct lk_history history;
static uint64_t next_second_ns, next_listen_ns, next_look_ns, next_accept_ns, cpu_before_ns;
static uint64_t next_duty_ns;		/* when the hooks go in or out */

int
lk_serve_init(void)
{
	uint32_t i;

	for (i = 0; i < LK_WIRE_CLIENTS_MAX; i++)
		connections[i].handle.fd = -1;
	lk_stages_history(&history);
	return lk_history_init(&history, &lk_record.pages);
}

/* ---- the bell wakes poll, the rope rings it ----------------------------------- */

/* Sockets, because each has an inode of its own: all eventfds and epolls of a process share one,
 * so that the host's could pass for ours after it closed ours. */
static void
open_bell(void)
{
	int ends[2];

	if (lk_handle_is_ours(&bell) && lk_handle_is_ours(&rope))
		return;
	lk_handle_close(&bell);
	lk_handle_close(&rope);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
		return;
	lk_handle_set(&bell, ends[0]);
	lk_handle_set(&rope, ends[1]);
}

void
lk_serve_ring(void)
{
	/* what cannot be sent rings already; a lost bell is heard within the second */
	if (lk_handle_is_ours(&rope) && send(rope.fd, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return;
}

void
lk_serve_stop(void)
{
	atomic_store(&stopping, true);
	lk_serve_ring();
}

void
lk_serve_leave(void)
{
	atomic_store(&leaving, true);
}

void
lk_serve_stay(void)
{
	next_listen_ns = 0;
	atomic_store(&leaving, false);
}

bool
lk_serve_leaves(void)
{
	return atomic_load(&leaving);
}

bool
lk_serve_is_stopped(void)
{
	return atomic_load(&stopping);
}

static void
mute_bell(void)
{
	char rings[64];

	while (lk_handle_is_ours(&bell) &&
	    recv(bell.fd, rings, sizeof(rings), MSG_DONTWAIT) == (ssize_t)sizeof(rings))
		continue;
}

/* ---- clients ------------------------------------------------------------------- */

/* The folder of a session goes with it, and those of /tmp are cleaned: nobody would find us. */
static void
look_for_name(uint64_t now_ns)
{
	struct stat st;

	if (now_ns < next_look_ns || !lk_handle_is_ours(&listener))
		return;
	next_look_ns = now_ns + RELISTEN_NS;
	if (lstat(path, &st) < 0 && errno == ENOENT)
		lk_handle_close(&listener);
}

static void
listen_if_needed(uint64_t now_ns)
{
	int fd;

	look_for_name(now_ns);
	if (lk_handle_is_ours(&listener) || now_ns < next_listen_ns)
		return;
	fd = lk_address_listen(path, sizeof(path));
	next_listen_ns = now_ns + RELISTEN_NS;
	if (fd >= 0)
		lk_handle_set(&listener, fd);
	else
		lk_events_add("listen-failed", (uint64_t)-fd);
}

static void
turn_away(int fd, const char *line)
{
	if (send(fd, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		lk_events_add("turn-away", (uint64_t)errno);
	close(fd);
}

static bool
is_permitted(int fd)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
	    (peer.uid == geteuid() || peer.uid == 0);
}

static struct lk_connection *
free_connection(void)
{
	uint32_t i;

	for (i = 0; i < LK_WIRE_CLIENTS_MAX; i++)
		if (connections[i].handle.fd < 0)
			return &connections[i];
	return NULL;
}

/* A host that is out of descriptors leaves its client in the queue, and the listener ready:
 * it is not asked again before the next second. */
static void
accept_all(uint64_t now_ns)
{
	struct lk_connection *c;
	int fd;

	while ((fd = accept4(listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		c = free_connection();
		if (!is_permitted(fd))
			turn_away(fd, "{\"t\":\"bye\",\"reason\":\"not permitted\"}\n");
		else if (c == NULL || lk_connection_open(c, fd) < 0)
			turn_away(fd, "{\"t\":\"bye\",\"reason\":\"limit\"}\n");
		else
			lk_messages_hello(c);
	}
	if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
		lk_events_add("accept-failed", (uint64_t)errno);
		next_accept_ns = now_ns + SECOND_NS;
	}
}

static bool
has_nothing_left(const struct lk_connection *c)
{
	return c->out.length == 0 && (c->closing ||
	    (c->in_ended && c->stage == NULL && !c->subscribed));
}

/* `echo '{"op":...}' | socat` closes its half at once and waits for the answer. */
static void
serve_one(struct lk_connection *c, short events, uint64_t now_ns)
{
	bool alive = lk_handle_is_ours(&c->handle) && !(events & (POLLERR | POLLNVAL));

	if (alive && events & POLLIN)
		alive = lk_connection_fill(c);
	if (alive) {
		lk_messages_advance(c, now_ns);
		alive = lk_connection_flush(c);
	}
	if (alive && c->out.length == 0) {	/* what was waiting for room */
		lk_messages_advance(c, now_ns);
		alive = lk_connection_flush(c);
	}
	if (!alive || events & POLLHUP || has_nothing_left(c))
		lk_connection_close(c);
}

/* ---- once a second ---------------------------------------------------------------- */

static double
live_bytes_of(const void *ctx, uint32_t stack)
{
	(void)ctx;
	return lk_tend_stack_live_bytes(stack);
}

static void
forget_trend(void *ctx, uint32_t stack)
{
	(void)ctx;
	lk_history_drop(&history, stack);
}

/* Asked at every turn: new stacks come fast when they come. */
static void
turn_over(uint64_t now_ns)
{
	uint32_t i;

	if (lk_tend_turn_over(now_ns, forget_trend, NULL) == 0)
		return;
	for (i = 0; i < LK_WIRE_CLIENTS_MAX; i++)
		connections[i].reset_due = true;
}

/* Returns: true when no thread of the host is left. */
static bool
each_second(uint64_t now_ns)
{
	uint32_t i;

	if (now_ns < next_second_ns)
		return false;
	next_second_ns = now_ns - now_ns % SECOND_NS + SECOND_NS;
	lk_tend_settle();
	lk_tend_relieve();
	lk_tend_notice();
	lk_patch_tend();
	lk_duty_settle();
	for (lk_status.clients = 0, i = 0; i < LK_WIRE_CLIENTS_MAX; i++)
		lk_status.clients += connections[i].handle.fd >= 0;
	lk_freezer_tidy();
	lk_lookout_tend(now_ns);
	lk_status_update(now_ns, cpu_before_ns + lk_clock_thread_cpu_ns() +
	    lk_threads_spent_ns());
	lk_history_add(&history, now_ns / SECOND_NS, lk_clock_wall_s(),
	    (double)lk_status.rss_bytes, lk_tend_live_bytes());
	lk_history_trends(&history, now_ns / SECOND_NS, lk_clock_wall_s(),
	    lk_tend_stack_count(), live_bytes_of, NULL);
	/* while one that comes or goes may be waited for, the count of threads says nothing */
	return !lk_scan_is_running() && !lk_freezer_is_running() &&
	    lk_proc_host_ended(1 + (uint64_t)lk_patch_is_running() +
	    (uint64_t)lk_lookout_is_running());
}

/* ---- the loop --------------------------------------------------------------------- */

/* When C has something to say.  Room rings by itself, and so does the end of a walk: who waits
 * for that, although a tick is due, must not make the server spin. */
static uint64_t
due_of(const struct lk_connection *c)
{
	if (c->handle.fd < 0 || c->out.length != 0)
		return UINT64_MAX;
	if (lk_stages_waits(c))
		return c->subscribed ? c->due_ns : UINT64_MAX;
	if (c->stage != NULL)
		return 0;
	return c->subscribed ? c->due_ns : UINT64_MAX;
}

static int
timeout_ms(uint64_t now_ns)
{
	uint64_t due = next_second_ns < next_duty_ns ? next_second_ns : next_duty_ns;
	uint32_t i;

	for (i = 0; i < LK_WIRE_CLIENTS_MAX; i++)
		if (due_of(&connections[i]) < due)
			due = due_of(&connections[i]);
	return due <= now_ns ? 0 : (int)((due - now_ns + MS_NS - 1) / MS_NS);
}

static void
fill_poll(struct pollfd *fds, uint64_t now_ns)
{
	bool accepts = now_ns >= next_accept_ns && lk_handle_is_ours(&listener);
	uint32_t i;
	const struct lk_connection *c;

	fds[0] = (struct pollfd){lk_handle_is_ours(&bell) ? bell.fd : -1, POLLIN, 0};
	fds[1] = (struct pollfd){accepts ? listener.fd : -1, POLLIN, 0};
	for (i = 0; i < LK_WIRE_CLIENTS_MAX; i++) {
		c = &connections[i];
		fds[i + 2] = (struct pollfd){c->handle.fd, 0, 0};
		if (c->out.length != 0)
			fds[i + 2].events |= POLLOUT;
		else if (!c->in_ended && c->in_bytes < sizeof(c->in))
			fds[i + 2].events |= POLLIN;
	}
}

static void
collect_ended(void)
{
	uint32_t number = lk_scan_poll();

	if (number != 0)
		lk_stages_scanned(number);
	number = lk_freezer_poll();
	if (number != 0)
		lk_stages_frozen(number);
}

/* Who asked for the freeze may have gone. */
static void
cancel_unwanted(void)
{
	uint32_t i;

	for (i = 0; i < LK_WIRE_CLIENTS_MAX; i++)
		if (connections[i].handle.fd >= 0 && lk_stages_wait_frozen(&connections[i]))
			return;
	lk_freezer_cancel();
}

static bool
turn(void)
{
	const struct timespec refused = {0, REFUSED_PAUSE_NS};
	struct pollfd fds[LK_WIRE_CLIENTS_MAX + 2];
	uint64_t now_ns = lk_clock_monotonic_ns();
	uint32_t i;
	bool ended;

	open_bell();
	listen_if_needed(now_ns);
	fill_poll(fds, now_ns);
	next_duty_ns = lk_duty_turn(now_ns);
	if (poll(fds, LK_WIRE_CLIENTS_MAX + 2, timeout_ms(now_ns)) < 0) {
		nanosleep(&refused, NULL);	/* a limit of descriptors below ten, no memory */
		return false;
	}
	now_ns = lk_clock_monotonic_ns();
	next_duty_ns = lk_duty_turn(now_ns);
	if (fds[0].revents & POLLIN)
		mute_bell();
	collect_ended();
	turn_over(now_ns);
	ended = each_second(now_ns);
	if (fds[1].revents & POLLIN)
		accept_all(now_ns);
	for (i = 0; i < LK_WIRE_CLIENTS_MAX; i++)
		if (connections[i].handle.fd >= 0)
			serve_one(&connections[i], connections[i].handle.fd == fds[i + 2].fd ?
			    fds[i + 2].revents : 0, now_ns);
	if (!lk_stages_freeze_for_baseline())
		cancel_unwanted();
	return ended;
}

static bool
has_left(void)
{
	uint32_t i;

	for (i = 0; i < LK_WIRE_CLIENTS_MAX && atomic_load(&leaving); i++)
		if (connections[i].handle.fd >= 0 && connections[i].out.length != 0)
			return false;
	return atomic_load(&leaving);
}

bool
lk_serve_run(int grace_ms)
{
	struct pollfd fd;
	bool ended = false;

	open_bell();
	fd = (struct pollfd){bell.fd, POLLIN, 0};
	if (grace_ms > 0 && !atomic_load(&stopping))
		poll(&fd, 1, grace_ms);
	while (!atomic_load(&stopping) && !ended && !has_left())
		ended = turn();
	atomic_store(&stopping, false);
	cpu_before_ns += lk_clock_thread_cpu_ns();
	return ended;
}

void
lk_serve_close(const char *reason)
{
	uint32_t i;

	for (i = 0; i < LK_WIRE_CLIENTS_MAX; i++) {
		if (connections[i].handle.fd < 0)
			continue;
		lk_messages_bye(&connections[i], reason);
		lk_connection_flush(&connections[i]);
		lk_connection_close(&connections[i]);
	}
	if (lk_handle_is_ours(&listener))
		unlink(path);
	lk_handle_close(&listener);
	lk_handle_close(&bell);
	lk_handle_close(&rope);
}

void
lk_serve_forget(void)
{
	if (lk_tend_empty())
		lk_history_forget(&history);
}

void
lk_serve_after_fork(void)
{
	uint32_t i;

	for (i = 0; i < LK_WIRE_CLIENTS_MAX; i++)
		lk_connection_close(&connections[i]);
	lk_handle_close(&listener);
	lk_handle_close(&bell);
	lk_handle_close(&rope);
	atomic_store(&stopping, false);
	next_listen_ns = 0;
	cpu_before_ns = 0;
	lk_history_forget(&history);
}
