/* client - what leaktop itself costs, as a table: make bench-client.
 * A child plays the sampler of a process with many stacks, another one the terminal.  What takes
 * the client milliseconds is its processor time: the machine may be busy with other things. */
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
#define KEYS		64	/* whole turns of what goes round */
#define STARTS		9
#define SECONDS		6	/* of each view */
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
	double			 longest_ms;	/* that a key would have waited for */
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
	double start;

	poll(fds, (nfds_t)count, wait_ms < timeout_ms ? wait_ms : timeout_ms);
	start = now_ms(CLOCK_PROCESS_CPUTIME_ID);
	b->clock_ms = (int64_t)now_ms(CLOCK_MONOTONIC);
	changed = lk_source_dispatch(source, fds, count, b->clock_ms);
	changed = lk_desk_tick(&b->desk, b->clock_ms, 1763640062) || changed;
	if (changed)
		paint(b);
	start = now_ms(CLOCK_PROCESS_CPUTIME_ID) - start;
	b->longest_ms = start > b->longest_ms ? start : b->longest_ms;
	return changed;
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
	int length = (int)strlen(sequence), count = KEYS / length * length;
	double spent[KEYS];
	char words[100];

	for (int i = 0; i < count; i++) {
		double start = now_ms(CLOCK_PROCESS_CPUTIME_ID);

		lk_desk_key(&b->desk, (unsigned char)sequence[i % length]);
		lk_desk_tick(&b->desk, (int64_t)now_ms(CLOCK_MONOTONIC), 1763640062);
		paint(b);
		spent[i] = now_ms(CLOCK_PROCESS_CPUTIME_ID) - start;
	}
	qsort(spent, (size_t)count, sizeof(*spent), by_value);
	snprintf(words, sizeof(words), "%s, median", what);
	row(words, spent[count / 2], "ms", 50);
	snprintf(words, sizeof(words), "%s, worst of %d", what, count);
	row(words, spent[count - 1], "ms", 50);
}

/* Memory for the rows of a second grouping is new to the process then. */
static void
first_grouping(struct bench *b, const char *stacks)
{
	double start = now_ms(CLOCK_PROCESS_CPUTIME_ID);
	char words[100];

	for (int i = 0; i < LK_GROUP_COUNT; i++) {
		lk_desk_key(&b->desk, 't');
		lk_desk_tick(&b->desk, (int64_t)now_ms(CLOCK_MONOTONIC), 1763640062);
		paint(b);
		if (i > 0)
			continue;
		snprintf(words, sizeof(words), "%s stacks: the first t, at once", stacks);
		row(words, now_ms(CLOCK_PROCESS_CPUTIME_ID) - start, "ms", 50);
	}
}

static void
second(struct bench *b)
{
	uint64_t seq = b->desk.session.now->seq;

	if (write(b->go, "g", 1) != 1)
		fail("the sampler");
	while (b->desk.session.now->seq == seq)
		turn(b, 1000);
}

/* What comes once a second: until it is on the screen, a key has to wait. */
static void
refreshes(struct bench *b, const char *stacks, const char *view)
{
	double spent[SECONDS];
	char words[100];

	lk_desk_show(&b->desk, view, false);
	second(b);
	for (int i = 0; i < SECONDS; i++) {
		b->longest_ms = 0;
		second(b);
		spent[i] = b->longest_ms;
	}
	qsort(spent, SECONDS, sizeof(*spent), by_value);
	snprintf(words, sizeof(words), "%s stacks: a new second in %s, median", stacks, view);
	row(words, spent[SECONDS / 2], "ms", 50);
}

/* VmRSS now and VmHWM, at most: in MB. */
static void
memory_of_us(const char *stacks)
{
	static char text[8192];
	char words[100];
	const char *now, *most;
	long rss_kb = 0, most_kb = 0;

	if (lk_proc_read(getpid(), "status", text, sizeof(text)) <= 0)
		return;
	now = strstr(text, "VmRSS:");
	most = strstr(text, "VmHWM:");
	if (now == NULL || most == NULL || sscanf(now, "VmRSS: %ld", &rss_kb) != 1 ||
	    sscanf(most, "VmHWM: %ld", &most_kb) != 1)
		return;
	snprintf(words, sizeof(words), "%s stacks: memory of the client", stacks);
	printf("%-58s %8.1f MB  (at most %.1f)\n", words, (double)rss_kb / 1024,
	    (double)most_kb / 1024);
}

static void
key_rows(struct bench *b, const char *stacks, const char *what, const char *sequence)
{
	char words[80];

	snprintf(words, sizeof(words), "%s stacks: %s", stacks, what);
	keys(b, words, sequence);
}

static void
many_stacks(int count)
{
	static const struct {
		const char *view, *what, *sequence;
	} rows[] = {
		{"stacks", "j, to paint", "j"},
		{"stacks", "first and last row", "Gg"},
		{"stacks", "another order (>)", ">"},
		{"stacks", "the other way round (I)", "I"},
		{"stacks", "growth, absolute, rates (a)", "a"},
		{"stacks", "another grouping (t)", "t"},
		{"stacks", "a filter being typed", "/function_9\033"},
		{"stacks", "a filter by file", "/file:m_77\033"},
		{"tree", "Tree and back", "12"},
		{"tree", "live bytes in Tree (a)", "a"},
		{"tree", "Tree inverted (i)", "i"},
		{"tree", "icicle (t)", "t"},
	};
	static const char *const views[] = {"stacks", "tree", "source", "containers", "memory",
	    "baselines", "suspects"};
	struct bench *b = malloc(sizeof(*b));
	char stacks[16];

	if (count >= 1000)
		snprintf(stacks, sizeof(stacks), "%d,%03d", count / 1000, count % 1000);
	else
		snprintf(stacks, sizeof(stacks), "%d", count);
	open_bench(b, count);
	memory_of_us(stacks);
	first_grouping(b, stacks);
	for (int i = 0; i < SECONDS; i++)
		second(b);
	for (size_t i = 0; i < LK_COUNT_OF(rows); i++) {
		lk_desk_show(&b->desk, rows[i].view, false);
		key_rows(b, stacks, rows[i].what, rows[i].sequence);
	}
	snprintf(b->desk.session.file, sizeof(b->desk.session.file), "/srv/app/m_7.py");
	for (size_t i = 0; i < LK_COUNT_OF(views); i++)
		refreshes(b, stacks, views[i]);
	memory_of_us(stacks);
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

/* ---- 200 real ones ------------------------------------------------------------ */

static void
copy_program(const char *from, const char *to)
{
	static char bytes[65536];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_EXCL, 0700);
	ssize_t n;

	if (in < 0 || out < 0)
		fail(from);
	while ((n = read(in, bytes, sizeof(bytes))) > 0)
		if (write(out, bytes, (size_t)n) != n)
			fail(to);
	close(in);
	close(out);
}

/* What is called python3 is taken for Python: what one look at /proc costs. */
static void
real_processes(void)
{
	char folder[] = "/tmp/leaktop-bench-XXXXXX", program[64];
	struct lk_discovery *d = lk_discovery_new();
	const struct lk_process *list;
	pid_t started[PROCESSES];
	double spent[KEYS];
	int found = 0;

	if (mkdtemp(folder) == NULL || d == NULL)
		fail("a folder");
	snprintf(program, sizeof(program), "%s/python3", folder);
	copy_program("/bin/sleep", program);
	for (int i = 0; i < PROCESSES; i++) {
		started[i] = fork();
		if (started[i] == 0) {
			execl(program, "python3", "1000", (char *)NULL);
			_exit(127);
		}
	}
	while (found < PROCESSES && (found = lk_discovery_scan(d, 1, &list)) >= 0)
		;
	for (int i = 0; i < KEYS; i++) {
		double start = now_ms(CLOCK_PROCESS_CPUTIME_ID);

		lk_discovery_scan(d, 2000 * (i + 1), &list);
		spent[i] = now_ms(CLOCK_PROCESS_CPUTIME_ID) - start;
	}
	qsort(spent, KEYS, sizeof(*spent), by_value);
	row("200 processes of this host: one look at /proc, median", spent[KEYS / 2], "ms", 50);
	row("200 processes of this host: one look at /proc, worst of 64", spent[KEYS - 1], "ms",
	    50);
	for (int i = 0; i < PROCESSES; i++) {
		kill(started[i], SIGKILL);
		waitpid(started[i], NULL, 0);
	}
	lk_discovery_free(d);
	unlink(program);
	rmdir(folder);
}

/* ---- from exec to the first screen -------------------------------------------- */

/* Milliseconds until all of WORDS (NULL-terminated) are on the screen of leaktop ARGUMENT. */
static double
start_once(const char *argument, const char *const *words)
{
	static char screen[1u << 20];
	const struct winsize size = {.ws_row = 24, .ws_col = 80};
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;
	double start = now_ms(CLOCK_MONOTONIC), spent = -1;
	size_t used = 0;
	pid_t child;

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		fail("a terminal");
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	ioctl(slave, TIOCSWINSZ, &size);
	child = fork();
	if (child == 0) {
		setsid();
		ioctl(slave, TIOCSCTTY, 0);
		dup2(slave, 0);
		dup2(slave, 1);
		dup2(slave, 2);
		execl("./leaktop", "leaktop", argument, (char *)NULL);
		_exit(127);
	}
	close(slave);
	while (spent < 0 && used + 1 < sizeof(screen)) {
		ssize_t n = read(master, screen + used, sizeof(screen) - used - 1);
		bool all = true;

		if (n <= 0)
			break;
		used += (size_t)n;
		screen[used] = '\0';
		for (size_t i = 0; words[i] != NULL; i++)
			all = all && strstr(screen, words[i]) != NULL;
		if (all)
			spent = now_ms(CLOCK_MONOTONIC) - start;
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(master);
	return spent;
}

static void
starts(const char *what, const char *argument, const char *const *words)
{
	double spent[STARTS];

	for (int i = 0; i < STARTS; i++)
		spent[i] = start_once(argument, words);
	qsort(spent, STARTS, sizeof(*spent), by_value);
	if (spent[0] < 0)
		printf("%-58s not seen\n", what);
	else
		row(what, spent[STARTS / 2], "ms", 100);
}

/* The function has the name that is looked for, and keeps 60 MB. */
static pid_t
start_service(void)
{
	static const char code[] = "import time\ndef keep_these(n):\n"
	    "    return [bytes(1000) for i in range(n)]\nkept = keep_these(60000)\n"
	    "while True: time.sleep(1)";
	struct lk_discovery *d = lk_discovery_new();
	const struct lk_process *list;
	bool ready = false;
	pid_t child = fork();

	if (child == 0) {
		execl("./leaktop", "leaktop", "run", "--", "python3", "-c", code, (char *)NULL);
		_exit(127);
	}
	for (int tries = 0; d != NULL && !ready && tries < 100; tries++) {
		int count = lk_discovery_scan(d, tries + 1, &list);

		for (int i = 0; i < count; i++)
			ready = ready || (list[i].pid == child && list[i].has_sampler);
		poll(NULL, 0, 100);	/* it has to start first */
	}
	lk_discovery_free(d);
	poll(NULL, 0, 2000);	/* and to have something to show */
	return child;
}

static void
first_paint(void)
{
	static const char *const rows_of_stacks[] = {"SITE", "keep_these", NULL};
	static const char *const rows_of_list[] = {"COMMAND", "python3", NULL};
	char pid[16];
	pid_t service;

	setenv("TERM", "xterm-256color", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	service = start_service();
	snprintf(pid, sizeof(pid), "%d", (int)service);
	starts("leaktop PID: from exec to rows on the screen, median", pid, rows_of_stacks);
	starts("leaktop: from exec to the list of processes, median", NULL, rows_of_list);
	kill(service, SIGKILL);
	waitpid(service, NULL, 0);
}

static void
a_second(int stacks)
{
	struct bench *b = malloc(sizeof(*b));
	double start;

	open_bench(b, stacks);
	start = now_ms(CLOCK_PROCESS_CPUTIME_ID);
	for (int i = 0; i < TICKS; i++)
		second(b);
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
	if (all || strcmp(part, "start") == 0)
		first_paint();
	if (all || strcmp(part, "processes") == 0) {
		many_processes();
		real_processes();
	}
	if (all || strcmp(part, "stacks") == 0)
		many_stacks(argc > 2 ? atoi(argv[2]) : 100000);
	return 0;
}
