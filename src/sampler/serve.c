#include "config.h"

#include "sampler/serve.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "leaktop/wire.h"
#include "sampler/connection.h"
#include "sampler/core/events.h"
#include "sampler/core/history.h"
#include "sampler/messages.h"
#include "sampler/process/address.h"
#include "sampler/process/proc.h"
#include "sampler/record.h"
#include "sampler/scan.h"
#include "sampler/stages.h"
#include "sampler/status.h"
#include "sampler/tend.h"

#define SECOND_NS	1000000000u
#define MS_NS		1000000u
#define RELISTEN_NS	(5u * (uint64_t)SECOND_NS)

static struct lk_connection connections[LK_WIRE_CLIENTS_MAX];
static struct lk_handle listener = {.fd = -1}, bell = {.fd = -1};
static char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
static atomic_bool stopping;
static struct lk_history history;
static uint64_t next_second_ns, next_listen_ns, cpu_before_ns;

int
lk_serve_init(void)
{
	uint32_t i;

	for (i = 0; i < LK_WIRE_CLIENTS_MAX; i++)
		connections[i].handle.fd = -1;
	lk_stages_history(&history);
	return lk_history_init(&history, &lk_record.pages);
}

/* ---- the bell: an eventfd that wakes poll ------------------------------------- */

static void
open_bell(void)
{
	int fd;

	if (lk_handle_is_ours(&bell))
		return;
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd >= 0)
		lk_handle_set(&bell, fd);
}

void
lk_serve_ring(void)
{
	uint64_t one = 1;

	/* a full counter is awake already; a lost bell is heard within the second */
	if (lk_handle_is_ours(&bell) && write(bell.fd, &one, sizeof(one)) < 0)
		return;
}

void
lk_serve_stop(void)
{
	atomic_store(&stopping, true);
	lk_serve_ring();
}

static void
mute_bell(void)
{
	uint64_t count;

	if (read(bell.fd, &count, sizeof(count)) < 0)
		return;
}

/* ---- clients ------------------------------------------------------------------- */

static void
listen_if_needed(uint64_t now_ns)
{
	int fd;

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

static void
accept_all(void)
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
	return lk_record.stacks.stacks[stack].live_bytes;
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
	for (lk_status.clients = 0, i = 0; i < LK_WIRE_CLIENTS_MAX; i++)
		lk_status.clients += connections[i].handle.fd >= 0;
	lk_status_update(now_ns, cpu_before_ns + lk_clock_thread_cpu_ns());
	lk_history_add(&history, now_ns / SECOND_NS, lk_clock_wall_s(),
	    (double)lk_status.rss_bytes, lk_record.live_bytes);
	lk_history_trends(&history, now_ns / SECOND_NS, lk_clock_wall_s(),
	    lk_record.stacks.stack_count, live_bytes_of, NULL);
	return lk_proc_host_ended(lk_scan_is_running() ? 2 : 1);
}

/* ---- the loop --------------------------------------------------------------------- */

static int
timeout_ms(uint64_t now_ns)
{
	uint64_t due = next_second_ns;
	uint32_t i;

	for (i = 0; i < LK_WIRE_CLIENTS_MAX; i++)
		if (connections[i].handle.fd >= 0 && connections[i].subscribed &&
		    connections[i].out.length == 0 && connections[i].due_ns < due)
			due = connections[i].due_ns;
	return due <= now_ns ? 0 : (int)((due - now_ns + MS_NS - 1) / MS_NS);
}

static void
fill_poll(struct pollfd *fds)
{
	uint32_t i;
	const struct lk_connection *c;

	fds[0] = (struct pollfd){lk_handle_is_ours(&bell) ? bell.fd : -1, POLLIN, 0};
	fds[1] = (struct pollfd){lk_handle_is_ours(&listener) ? listener.fd : -1, POLLIN, 0};
	for (i = 0; i < LK_WIRE_CLIENTS_MAX; i++) {
		c = &connections[i];
		fds[i + 2] = (struct pollfd){c->handle.fd, 0, 0};
		if (c->out.length != 0)
			fds[i + 2].events |= POLLOUT;
		else if (!c->in_ended && c->in_bytes < sizeof(c->in))
			fds[i + 2].events |= POLLIN;
	}
}

static bool
turn(void)
{
	struct pollfd fds[LK_WIRE_CLIENTS_MAX + 2];
	uint64_t now_ns = lk_clock_monotonic_ns();
	uint32_t i, number;
	bool ended;

	open_bell();
	listen_if_needed(now_ns);
	fill_poll(fds);
	if (poll(fds, LK_WIRE_CLIENTS_MAX + 2, timeout_ms(now_ns)) < 0)
		return false;
	now_ns = lk_clock_monotonic_ns();
	if (fds[0].revents & POLLIN)
		mute_bell();
	number = lk_scan_poll();
	if (number != 0)
		lk_stages_scanned(number);
	ended = each_second(now_ns);
	if (fds[1].revents & POLLIN)
		accept_all();
	for (i = 0; i < LK_WIRE_CLIENTS_MAX; i++)
		if (connections[i].handle.fd >= 0)
			serve_one(&connections[i], connections[i].handle.fd == fds[i + 2].fd ?
			    fds[i + 2].revents : 0, now_ns);
	return ended;
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
	while (!atomic_load(&stopping) && !ended)
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
}

void
lk_serve_after_fork(void)
{
	uint32_t i;

	for (i = 0; i < LK_WIRE_CLIENTS_MAX; i++)
		lk_connection_close(&connections[i]);
	lk_handle_close(&listener);
	lk_handle_close(&bell);
	atomic_store(&stopping, false);
	next_listen_ns = 0;
	cpu_before_ns = 0;
	lk_history_forget(&history);
}
