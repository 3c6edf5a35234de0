/* client - what leaktop itself costs, as a table: make bench-client.
 * A child plays the sampler of a process with many stacks, another one the terminal. */
#include "config.h"

#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "client/discover.h"
#include "client/proc.h"
#include "client/source.h"
#include "model/snapshot.h"
#include "ui/desk.h"
#include "ui/tty.h"

#define CHANGED		500	/* rows that move each second */
#define LINE_ROWS	1000
#define PROCESSES	200
#define TICKS		20
#define KEYS		60
#define LINE_BYTES	(1u << 20)

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static double
now_ms(clockid_t clock)
{
	struct timespec at;

	clock_gettime(clock, &at);
	return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

/* ---- the sampler ------------------------------------------------------------- */

static char line[LINE_BYTES];

static void
say(int peer)
{
	size_t length = strlen(line), done = 0;

	while (done < length) {
		ssize_t n = send(peer, line + done, length - done, MSG_NOSIGNAL);

		if (n <= 0)
			_exit(0);
		done += (size_t)n;
	}
}

static void
say_names(int peer, int stacks)
{
	for (int first = 1; first <= stacks; first += LINE_ROWS) {
		char *end = line + sprintf(line, "{\"t\":\"names\",\"strings\":[%s",
		    first == 1 ? "[1,\"MainThread\"]" : "");

		for (int i = first; i < first + LINE_ROWS; i++)
			end += sprintf(end, "%s[%d,\"function_%d\"],[%d,\"/srv/app/m_%d.py\"]",
			    end[-1] == '[' ? "" : ",", 2 * i, i, 2 * i + 1, i / 50);
		end += sprintf(end, "],\"frames\":[");
		for (int i = first; i < first + LINE_ROWS; i++)
			end += sprintf(end, "%s[%d,%d,%d,%d]", i == first ? "" : ",", i, 2 * i,
			    2 * i + 1, i % 997);
		end += sprintf(end, "],\"stacks\":[");
		for (int i = first; i < first + LINE_ROWS; i++)
			end += sprintf(end, "%s[%d,\"obj\",1,0,[%d,%d,%d,%d]]",
			    i == first ? "" : ",", i, i, (i + 1) / 2, (i + 2) / 3, 1);
		sprintf(end, "]}\n");
		say(peer);
	}
}

static void
say_rows(int peer, int from, int count, int second)
{
	for (int first = from; first < from + count; first += CHANGED) {
		char *end = line + sprintf(line, "{\"t\":\"live\",\"seq\":%d,\"at\":%d.5,"
		    "\"more\":false,\"rows\":[", second, 1763640062 + second);

		for (int i = first; i < first + CHANGED; i++)
			end += sprintf(end, "%s[%d,%d.0,%d.0,%d,[[0,2,%d.0,2.0,1e6],"
			    "[1,1,%d.0,1.0,1e6]]]",
			    i == first ? "" : ",", i, 1000 * i + 100000 * second, i, 3 + second,
			    500 * i, 10 * (i % 1000) + 1000 * second);
		sprintf(end, "]}\n");
		say(peer);
	}
}

static void
say_tick(int peer, int second, int stacks)
{
	sprintf(line, "{\"t\":\"tick\",\"seq\":%d,\"at\":%d.5,\"state\":\"sampling\","
	    "\"reason\":\"\",\"native\":\"stacks\",\"interval_bytes\":524288,\"rss_bytes\":%lld,"
	    "\"live_bytes\":%lld,\"live_objects\":9437.2,\"live_variance\":2e12,"
	    "\"native_live_bytes\":1e6,\"samples_total\":12,\"samples_live\":9,"
	    "\"samples_per_s\":0.5,\"cost_percent\":0.1,\"budget_percent\":1,\"duty\":1,"
	    "\"hooks\":10,\"drops\":0,\"thinned\":0,\"sampler_bytes\":2097152,\"stacks\":%d,"
	    "\"clients\":1,\"cgroup_limit_bytes\":null,\"cgroup_used_bytes\":null,\"events\":0}\n",
	    second, 1763640062 + second, 200000000LL + 100000LL * second,
	    100000000LL + 100000LL * second, stacks);
	say(peer);
}

/* One more second whenever the client's side has sent a byte into GO. */
static void
play_sampler(int listener, int go, int stacks)
{
	int peer = accept(listener, NULL, NULL), second = 1;
	struct lk_proc_stat stat;
	char byte;

	if (lk_proc_read_stat(getpid(), &stat) < 0)
		_exit(1);
	sprintf(line, "{\"t\":\"hello\",\"protocol\":1,\"version\":\"0.1.0\",\"pid\":%d,"
	    "\"start_time\":%llu,\"python\":\"3.11.2\",\"started_at\":1763640000.1,"
	    "\"at\":1763640060.2,\"interval_bytes\":524288,\"memory_cap_bytes\":16777216,"
	    "\"state\":\"sampling\",\"reason\":\"\",\"mode\":\"slots\"}\n", (int)getpid(),
	    (unsigned long long)stat.start_time);
	say(peer);
	sprintf(line, "{\"t\":\"baselines\",\"list\":[]}\n");
	say(peer);
	say_names(peer, stacks);
	say_rows(peer, 1, stacks, second);
	say_tick(peer, second, stacks);
	while (read(go, &byte, 1) == 1) {
		second++;
		say_rows(peer, 1 + second % 10 * CHANGED, CHANGED, second);
		say_tick(peer, second, stacks);
	}
	_exit(0);
}

/* ---- the client -------------------------------------------------------------- */

struct bench {
	struct lk_desk		 desk;
	struct lk_canvas	 canvas;
	struct lk_theme		 theme;
	struct lk_tty		*tty;
	pid_t			 sampler, terminal;
	int			 go, master;
	int64_t			 clock_ms;
};

static void
open_terminal(struct bench *b)
{
	const struct winsize size = {.ws_row = 24, .ws_col = 80};
	struct lk_tty_options options;
	char words[256], sink[65536];
	int slave;

	b->master = posix_openpt(O_RDWR | O_NOCTTY);
	if (b->master < 0 || grantpt(b->master) < 0 || unlockpt(b->master) < 0)
		fail("a terminal");
	slave = open(ptsname(b->master), O_RDWR | O_NOCTTY);
	ioctl(slave, TIOCSWINSZ, &size);
	b->terminal = fork();
	if (b->terminal == 0) {
		close(slave);
		while (read(b->master, sink, sizeof(sink)) > 0)
			;
		_exit(0);
	}
	options = (struct lk_tty_options){.in_fd = slave, .out_fd = slave};
	if (lk_tty_open(&options, words, sizeof(words), &b->tty) < 0)
		fail(words);
}

static void
paint(struct bench *b)
{
	lk_desk_draw(&b->desk, &b->canvas);
	lk_tty_show(b->tty, &b->canvas, &b->theme);
}

/* Takes what is there and paints; the client's part of one second. */
static bool
turn(struct bench *b, int wait_ms)
{
	struct lk_source *source = b->desk.session.source;
	struct pollfd fds[8];
	int timeout_ms = wait_ms;
	size_t count = lk_source_poll(source, fds, LK_COUNT_OF(fds), &timeout_ms);
	bool changed;

	poll(fds, (nfds_t)count, wait_ms < timeout_ms ? wait_ms : timeout_ms);
	b->clock_ms = (int64_t)now_ms(CLOCK_MONOTONIC);
	changed = lk_source_dispatch(source, fds, count, b->clock_ms);
	if (lk_desk_tick(&b->desk, b->clock_ms, 1763640062) || changed) {
		paint(b);
		return true;
	}
	return false;
}

static void
open_sampler(struct bench *b, int stacks)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char folder[] = "/tmp/leaktop-bench-XXXXXX";
	struct lk_source *source;
	int listener, go[2], ready[2];

	if (mkdtemp(folder) == NULL || pipe(go) < 0 || pipe(ready) < 0)
		fail("a folder");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", folder);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail("a socket");
	b->go = go[1];
	b->sampler = fork();
	if (b->sampler == 0) {
		close(go[1]);
		listen(listener, 1);	/* here: who listens is who the client asks for */
		if (write(ready[1], "r", 1) == 1)
			play_sampler(listener, go[0], stacks);
		_exit(1);
	}
	if (read(ready[0], folder, 1) != 1 ||
	    lk_source_open_live(address.sun_path, b->sampler, 1000, &source) < 0)
		fail("the sampler");
	close(go[0]);
	close(ready[0]);
	close(ready[1]);
	lk_desk_watch(&b->desk, source);
	while (b->desk.session.now == NULL || b->desk.session.now->row_count < (uint32_t)stacks)
		turn(b, 100);
	unlink(address.sun_path);
	*strrchr(address.sun_path, '/') = '\0';
	rmdir(address.sun_path);
}

static void
open_bench(struct bench *b, int stacks)
{
	memset(b, 0, sizeof(*b));
	setlocale(LC_ALL, "C.UTF-8");
	setenv("TERM", "xterm-256color", 1);
	signal(SIGPIPE, SIG_IGN);
	open_terminal(b);
	lk_theme_default(&b->theme);
	b->canvas.utf8 = true;
	if (lk_canvas_resize(&b->canvas, 24, 80) < 0 || lk_desk_init(&b->desk) < 0)
		fail("memory");
	b->desk.session.period_ms = 1000;
	if (stacks > 0)
		open_sampler(b, stacks);
}

static void
close_bench(struct bench *b)
{
	lk_desk_fini(&b->desk);
	lk_canvas_fini(&b->canvas);
	lk_tty_close(b->tty);
	close(b->master);
	if (b->sampler > 0) {
		kill(b->sampler, SIGKILL);
		waitpid(b->sampler, NULL, 0);
		close(b->go);
	}
	kill(b->terminal, SIGKILL);
	waitpid(b->terminal, NULL, 0);
}

/* ---- the table --------------------------------------------------------------- */

static void
row(const char *what, double value, const char *unit, double budget)
{
	printf("%-58s %8.2f %s  (budget %g)%s\n", what, value, unit, budget,
	    value > budget ? "  OVER" : "");
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
keys(struct bench *b, const char *what, const char *sequence)
{
	double spent[KEYS];
	char words[100];

	for (int i = 0; i < KEYS; i++) {
		double start = now_ms(CLOCK_MONOTONIC);

		lk_desk_key(&b->desk, (unsigned char)sequence[(size_t)i % strlen(sequence)]);
		lk_desk_tick(&b->desk, (int64_t)start, 1763640062);
		paint(b);
		spent[i] = now_ms(CLOCK_MONOTONIC) - start;
	}
	qsort(spent, KEYS, sizeof(*spent), by_value);
	snprintf(words, sizeof(words), "%s, median", what);
	row(words, spent[KEYS / 2], "ms", 50);
	snprintf(words, sizeof(words), "%s, worst of %d", what, KEYS);
	row(words, spent[KEYS - 1], "ms", 50);
}

static void
many_stacks(int stacks)
{
	struct bench *b = malloc(sizeof(*b));

	open_bench(b, stacks);
	keys(b, "100,000 stacks: j, to paint", "j");
	keys(b, "100,000 stacks: first and last row", "Gg");
	keys(b, "100,000 stacks: another order (>)", ">");
	keys(b, "100,000 stacks: another grouping (t)", "t");
	close_bench(b);
	free(b);
}

static int
scan(void *ctx, int64_t at_ms, const struct lk_process **out)
{
	static struct lk_process list[PROCESSES];

	(void)ctx;
	for (int i = 0; i < PROCESSES; i++) {
		list[i].pid = 1000 + i;
		list[i].ppid = list[i].group_pid = 1000 + i / 8 * 8;
		list[i].start_time = 1 + (uint64_t)i;
		list[i].rss_bytes = (uint64_t)(i + 1) << 20;
		list[i].rss_growth_bytes_per_min = (double)((i * 7919 + at_ms) % 1000) * 1000;
		list[i].has_sampler = i % 3 != 0;
		snprintf(list[i].command, sizeof(list[i].command),
		    "/usr/bin/python3 /srv/app/worker.py --number %d", i);
		snprintf(list[i].name, sizeof(list[i].name), "worker");
	}
	*out = list;
	return PROCESSES;
}

static void
many_processes(void)
{
	struct bench *b = malloc(sizeof(*b));

	open_bench(b, 0);
	b->desk.session.scan = scan;
	lk_desk_show(&b->desk, "processes", false);
	lk_desk_tick(&b->desk, 1000, 1763640062);
	keys(b, "200 processes: j, to paint", "j");
	keys(b, "200 processes: another order (>)", ">");
	close_bench(b);
	free(b);
}

static void
a_second(int stacks)
{
	struct bench *b = malloc(sizeof(*b));
	double start;

	open_bench(b, stacks);
	start = now_ms(CLOCK_PROCESS_CPUTIME_ID);
	for (int i = 0; i < TICKS; i++) {
		uint64_t seq = b->desk.session.now->seq;

		if (write(b->go, "g", 1) != 1)
			fail("the sampler");
		while (b->desk.session.now->seq == seq)
			turn(b, 1000);
	}
	row("10,000 stacks, 500 of them moving: processor time at 1 Hz",
	    (now_ms(CLOCK_PROCESS_CPUTIME_ID) - start) / TICKS / 10, "% ", 1);
	close_bench(b);
	free(b);
}

int
main(int argc, char **argv)
{
	const char *part = argc > 1 ? argv[1] : "all";
	bool all = strcmp(part, "all") == 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (all || strcmp(part, "second") == 0)
		a_second(10000);
	if (all || strcmp(part, "processes") == 0)
		many_processes();
	if (all || strcmp(part, "stacks") == 0)
		many_stacks(argc > 2 ? atoi(argv[2]) : 100000);
	return 0;
}
