/* The real loop on a real terminal: what it sends, what it survives, how it leaves. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/attr.h"
#include "util/clock.h"

#include "suites.h"

#define ROWS		24
#define COLS		80
#define PATIENCE_MS	8000
#define QUIET_MS	300
#define STORM		400	/* new sizes, as from a window that is dragged */
#define SPIN_S		5	/* of processor time; the longest test needs a tenth */
#define PAINT_BYTES	6144	/* a whole 80x24 screen */
#define IDLE_BYTES	600	/* a frame in which nothing happened */

/* A session with a terminal of its own: a leader that watches, and the app in front. */
struct term {
	int	master;
	int	report;		/* of the leader: struct report */
	pid_t	leader, app;
	char	out[1 << 18];	/* what the app sent since the last forget */
	size_t	out_bytes;
};

struct report {
	int		status;		/* of waitpid */
	struct termios	modes;		/* of the terminal then */
	struct rusage	usage;		/* of an app that has ended */
};

static struct term term;
static struct termios modes_before;

static int
open_slave(int master)
{
	struct winsize size = {.ws_row = ROWS, .ws_col = COLS};
	int slave;

	ck_assert_int_eq(grantpt(master), 0);
	ck_assert_int_eq(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	ck_assert_int_ge(slave, 0);
	ioctl(slave, TIOCSWINSZ, &size);
	return slave;
}

/* Everything the app's parent sees goes to the test; the app stays in front. */
static void
lead(int slave, int report_fd, int start_fd, const char *mode)
{
	struct report report;
	char byte;
	pid_t app;

	close(term.master);	/* or the terminal would outlive the test's end of it */
	setsid();
	ioctl(slave, TIOCSCTTY, 0);
	signal(SIGTTOU, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	app = fork();
	if (app == 0) {
		signal(SIGTTOU, SIG_DFL);
		signal(SIGHUP, SIG_DFL);
		setpgid(0, 0);
		for (int fd = 0; fd < 3; fd++)
			dup2(slave, fd);
		if (read(start_fd, &byte, 1) != 1)
			_exit(125);
		execl("tests/ui/dummy_app", "dummy_app", mode, (char *)NULL);
		_exit(126);
	}
	setpgid(app, app);
	tcsetpgrp(slave, app);
	if (write(report_fd, &app, sizeof(app)) != sizeof(app))
		_exit(1);
	while (wait4(app, &report.status, WUNTRACED | WCONTINUED, &report.usage) == app) {
		tcgetattr(slave, &report.modes);
		if (write(report_fd, &report, sizeof(report)) != sizeof(report))
			_exit(1);
		if (!WIFSTOPPED(report.status) && !WIFCONTINUED(report.status))
			break;
	}
	_exit(0);
}

static const char *config_home = "/nonexistent";

static void
start(const char *term_name, const char *locale, const char *mode)
{
	int slave, report[2], go[2];

	memset(&term, 0, sizeof(term));
	setenv("TERM", term_name, 1);
	setenv("LC_ALL", locale, 1);
	unsetenv("NO_COLOR");
	unsetenv("LEAKTOP_THEME");
	setenv("XDG_CONFIG_HOME", config_home, 1);
	term.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	ck_assert_int_ge(term.master, 0);
	slave = open_slave(term.master);
	ck_assert_int_eq(tcgetattr(slave, &modes_before), 0);
	ck_assert_int_eq(pipe2(report, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(go, O_CLOEXEC), 0);
	term.leader = fork();
	if (term.leader == 0)
		lead(slave, report[1], go[0], mode);
	close(slave);
	close(report[1]);
	term.report = report[0];
	ck_assert_int_eq(read(term.report, &term.app, sizeof(term.app)), sizeof(term.app));
	ck_assert_int_eq(write(go[1], "g", 1), 1);
	close(go[0]);
	close(go[1]);
}

static void
stop(void)
{
	if (term.app > 0)
		kill(term.app, SIGKILL);
	if (term.master > 0)
		close(term.master);
	if (term.report > 0)
		close(term.report);
	if (term.leader > 0)
		waitpid(term.leader, NULL, 0);
	memset(&term, 0, sizeof(term));
}

/* Reads what is there; false when nothing comes for WAIT_MS. */
static bool
take_output(int wait_ms)
{
	struct pollfd fd = {.fd = term.master, .events = POLLIN};
	ssize_t have;

	if (poll(&fd, 1, wait_ms) <= 0)
		return false;
	have = read(term.master, term.out + term.out_bytes,
	    sizeof(term.out) - 1 - term.out_bytes);
	if (have <= 0)
		return false;
	term.out_bytes += (size_t)have;
	term.out[term.out_bytes] = '\0';
	return true;
}

static void
forget(void)
{
	term.out_bytes = 0;
	term.out[0] = '\0';
}

static bool
sees(const char *text)
{
	int64_t until = lk_clock_monotonic_ms() + PATIENCE_MS;

	while (strstr(term.out, text) == NULL && lk_clock_monotonic_ms() < until)
		take_output(100);
	return strstr(term.out, text) != NULL;
}

/* The bytes of the next frame: what comes until it is quiet. */
static size_t
frame(void)
{
	forget();
	ck_assert(take_output(PATIENCE_MS));
	while (take_output(QUIET_MS))
		;
	return term.out_bytes;
}

static void
type(const char *keys)
{
	ck_assert_int_eq(write(term.master, keys, strlen(keys)), (ssize_t)strlen(keys));
}

/* The leader's next report, while the app's output keeps flowing. */
static struct report
next_report(void)
{
	struct pollfd fd = {.fd = term.report, .events = POLLIN};
	int64_t until = lk_clock_monotonic_ms() + PATIENCE_MS;
	struct report report;

	while (poll(&fd, 1, 20) == 0 && lk_clock_monotonic_ms() < until)
		take_output(0);
	memset(&report, 0, sizeof(report));
	ck_assert_int_eq(read(term.report, &report, sizeof(report)), sizeof(report));
	while (take_output(50))
		;
	return report;
}

static void
assert_modes_restored(const struct report *report)
{
	ck_assert_uint_eq(report->modes.c_iflag, modes_before.c_iflag);
	ck_assert_uint_eq(report->modes.c_oflag, modes_before.c_oflag);
	ck_assert_uint_eq(report->modes.c_cflag, modes_before.c_cflag);
	ck_assert_uint_eq(report->modes.c_lflag, modes_before.c_lflag);
	ck_assert_mem_eq(report->modes.c_cc, modes_before.c_cc, sizeof(modes_before.c_cc));
}

/* What it took in all: a loop that does not wait takes as much each second. */
static void
assert_no_spin(const struct report *report)
{
	const struct timeval *user = &report->usage.ru_utime, *system = &report->usage.ru_stime;

	ck_assert_int_lt(user->tv_sec + system->tv_sec, SPIN_S);
}

static const struct {
	const char *term, *locale;
} places[] = {
	{"xterm-256color", "C.UTF-8"}, {"xterm-256color", "C"}, {"linux", "C.UTF-8"},
	{"linux", "C"}, {"vt100", "C.UTF-8"}, {"vt100", "C"},
};

START_TEST(a_screen_is_cheap_everywhere)
{
	start(places[_i].term, places[_i].locale, "live");
	ck_assert_uint_le(frame(), PAINT_BYTES);
	ck_assert_ptr_nonnull(strstr(term.out, "41207"));
	ck_assert_ptr_nonnull(strstr(term.out, "eak at "));
	ck_assert_ptr_nonnull(strstr(term.out, "cart.price_key"));
	if (strcmp(places[_i].locale, "C") == 0)
		for (size_t i = 0; i < term.out_bytes; i++)
			ck_assert_msg((unsigned char)term.out[i] < 0x80, "not ASCII");
	type("q");
	ck_assert(WIFEXITED(next_report().status));
	stop();
}
END_TEST

/* The dummy then ticks ten times a second, and soon all that was to be freed is free. */
START_TEST(an_idle_frame_is_nearly_nothing)
{
	int64_t until;

	start(places[_i].term, places[_i].locale, "idle");
	ck_assert(sees("PAUSED"));
	until = lk_clock_monotonic_ms() + 6000;
	while (lk_clock_monotonic_ms() < until)
		take_output(100);
	forget();
	until = lk_clock_monotonic_ms() + 2000;
	while (lk_clock_monotonic_ms() < until)
		take_output(100);
	ck_assert_uint_gt(term.out_bytes, 0);
	ck_assert_uint_le(term.out_bytes, 20 * IDLE_BYTES);
	stop();
}
END_TEST

/* Traffic: every number moves.  Three times an idle frame is what a slow line still bears. */
START_TEST(a_busy_frame_is_small)
{
	size_t sum = 0;

	start("xterm-256color", "C.UTF-8", "live");
	frame();
	for (int i = 0; i < 4; i++)
		sum += frame();
	ck_assert_uint_le(sum / 4, 3 * IDLE_BYTES);
	stop();
}
END_TEST

/* While the heap is read a bar moves, and then the table is there: no more than that is sent. */
START_TEST(a_freeze_is_cheap_on_a_slow_line)
{
	size_t sum = 0;

	start("xterm-256color", "C.UTF-8", "live");
	ck_assert(sees("eak at "));
	type("4");
	ck_assert(sees("not read yet"));
	while (take_output(QUIET_MS))
		;
	type("\r");
	for (int i = 0; i < 3; i++)
		sum += frame();
	ck_assert_uint_le(sum / 3, 3 * IDLE_BYTES);
	forget();
	ck_assert(sees("vs B3+2s"));
	while (take_output(QUIET_MS))
		;
	ck_assert_uint_le(term.out_bytes, PAINT_BYTES);
	sum = 0;
	for (int i = 0; i < 3; i++)
		sum += frame();		/* the table holds still until it is read again */
	ck_assert_uint_le(sum / 3, IDLE_BYTES);
	stop();
}
END_TEST

/* A graph moves by whole columns: not all of it with each second. */
START_TEST(a_zoomed_trend_is_cheap)
{
	size_t sum = 0;

	start("xterm-256color", "C.UTF-8", "live");
	ck_assert(sees("eak at "));
	type("z");
	ck_assert(sees("last 10 minutes"));
	while (take_output(QUIET_MS))
		;
	for (int i = 0; i < 8; i++)
		sum += frame();
	ck_assert_uint_le(sum / 8, 3 * IDLE_BYTES);
	stop();
}
END_TEST

/* The config of a host that is production: its words are there, without colours too. */
START_TEST(production_is_said)
{
	char home[] = "/tmp/leaktop-banner-XXXXXX", path[64];
	FILE *file;

	ck_assert_ptr_nonnull(mkdtemp(home));
	snprintf(path, sizeof(path), "%s/leaktop", home);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	strcat(path, "/config");
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs("theme.match=\"* mono PRODUCTION\"\n", file);
	ck_assert_int_eq(fclose(file), 0);
	config_home = home;
	start("vt100", "C", "live");
	config_home = "/nonexistent";
	ck_assert(sees("PRODUCTION"));
	stop();
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
	rmdir(home);
}
END_TEST

START_TEST(leaving_gives_the_terminal_back)
{
	struct report report;

	start("xterm-256color", "C.UTF-8", "live");
	ck_assert(sees("eak at "));
	type("q");
	report = next_report();
	ck_assert(WIFEXITED(report.status));
	ck_assert_int_eq(WEXITSTATUS(report.status), 0);
	assert_modes_restored(&report);
	ck_assert_ptr_nonnull(strstr(term.out, "\033[?1049l"));
	stop();
}
END_TEST

START_TEST(keys_change_the_screen)
{
	start("xterm-256color", "C.UTF-8", "live");
	ck_assert(sees("eak at "));
	forget();
	type("5");
	ck_assert(sees("_PRICES"));
	type("6");
	ck_assert(sees("pymalloc arenas"));
	type("8");
	ck_assert(sees("BORN IN"));
	type("4\r");
	ck_assert(sees("vs B3+2s"));
	type("r");
	ck_assert(sees("selected way"));
	type("?");
	ck_assert(sees("Keys everywhere"));
	type("\033[6~");	/* PgDn */
	ck_assert(sees("write a JSON snapshot"));
	type("T");
	ck_assert(sees("theme "));
	type("x");
	ck_assert(sees("there is no such folder"));
	type("\003");
	ck_assert(WIFEXITED(next_report().status));
	stop();
}
END_TEST

START_TEST(a_resize_is_followed)
{
	static const struct winsize sizes[] = {
		{.ws_row = 10, .ws_col = 40}, {.ws_row = 43, .ws_col = 132},
		{.ws_row = 3, .ws_col = 20}, {.ws_row = 1, .ws_col = 1},
		{.ws_row = 24, .ws_col = 80},
	};

	start("xterm-256color", "C.UTF-8", "live");
	ck_assert(sees("eak at "));
	for (size_t i = 0; i < LK_COUNT_OF(sizes); i++) {
		ck_assert_int_eq(ioctl(term.master, TIOCSWINSZ, &sizes[i]), 0);
		ck_assert_uint_gt(frame(), 0);
	}
	ck_assert(sees("Susp"));
	type("q");
	ck_assert(WIFEXITED(next_report().status));
	stop();
}
END_TEST

/* Sizes come faster than they can be painted, with keys between them. */
START_TEST(a_storm_of_sizes_is_survived)
{
	struct report report;

	start("xterm-256color", "C.UTF-8", "live");
	ck_assert(sees("eak at "));
	for (int i = 0; i < STORM; i++) {
		struct winsize size = {.ws_row = (unsigned short)(1 + i * 7 % 60),
		    .ws_col = (unsigned short)(1 + i * 13 % 200)};

		if (i == STORM - 1)
			size = (struct winsize){.ws_row = ROWS, .ws_col = COLS};
		ck_assert_int_eq(ioctl(term.master, TIOCSWINSZ, &size), 0);
		if (i % 8 == 0)
			type("j");
		take_output(0);
		forget();
	}
	type("6");
	ck_assert(sees("pymalloc arenas"));
	type("q");
	type("q");
	type("q");
	report = next_report();
	ck_assert(WIFEXITED(report.status));
	assert_modes_restored(&report);
	assert_no_spin(&report);
	stop();
}
END_TEST

static void
stops_and_continues(bool by_key)
{
	struct report report;

	start("xterm-256color", "C.UTF-8", "live");
	ck_assert(sees("eak at "));
	if (by_key)
		type("\032");
	else
		kill(term.app, SIGTSTP);
	report = next_report();
	ck_assert_msg(WIFSTOPPED(report.status), "status %x", (unsigned int)report.status);
	assert_modes_restored(&report);
	ck_assert_ptr_nonnull(strstr(term.out, "\033[?1049l"));
	forget();
	kill(term.app, SIGCONT);
	ck_assert(WIFCONTINUED(next_report().status));
	ck_assert(sees("Susp"));
	type("q");
	report = next_report();
	ck_assert(WIFEXITED(report.status));
	assert_modes_restored(&report);
	stop();
}

START_TEST(a_stop_from_outside_gives_the_terminal_back)
{
	stops_and_continues(false);
}
END_TEST

START_TEST(the_stop_key_gives_the_terminal_back)
{
	stops_and_continues(true);
}
END_TEST

START_TEST(termination_is_obeyed)
{
	struct report report;

	start("xterm-256color", "C.UTF-8", "live");
	ck_assert(sees("eak at "));
	kill(term.app, SIGTERM);
	report = next_report();
	ck_assert(WIFEXITED(report.status));
	ck_assert_int_eq(WEXITSTATUS(report.status), 128 + SIGTERM);
	assert_modes_restored(&report);
	stop();
}
END_TEST

START_TEST(a_hangup_ends_it)
{
	struct report report;

	start("xterm-256color", "C.UTF-8", "live");
	ck_assert(sees("eak at "));
	kill(term.app, SIGHUP);
	report = next_report();
	ck_assert(WIFEXITED(report.status));
	assert_modes_restored(&report);
	stop();
}
END_TEST

/* No signal comes when the leader ignores SIGHUP and only the terminal goes away. */
START_TEST(a_terminal_that_is_gone_ends_it)
{
	struct report report;

	start("xterm-256color", "C.UTF-8", "live");
	ck_assert(sees("eak at "));
	close(term.master);
	term.master = open("/dev/null", O_RDONLY);
	ck_assert_int_eq(read(term.report, &report, sizeof(report)), sizeof(report));
	ck_assert(WIFEXITED(report.status) || WIFSIGNALED(report.status));
	ck_assert(!WIFSIGNALED(report.status));
	assert_no_spin(&report);
	stop();
}
END_TEST

static const int crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};

START_TEST(a_crash_gives_the_terminal_back)
{
	struct report report;

	start("xterm-256color", "C.UTF-8", "live");
	ck_assert(sees("eak at "));
	kill(term.app, crashes[_i]);
	report = next_report();
	ck_assert(WIFSIGNALED(report.status));
	ck_assert_int_eq(WTERMSIG(report.status), crashes[_i]);
	assert_modes_restored(&report);
	ck_assert_ptr_nonnull(strstr(term.out, "\033[?1049l"));
	stop();
}
END_TEST

START_TEST(an_unknown_terminal_is_replaced)
{
	start("no-such-terminal", "C.UTF-8", "live");
	ck_assert(sees("is unknown here, taking xterm-256color"));
	type("q");
	ck_assert(WIFEXITED(next_report().status));
	stop();
}
END_TEST

START_TEST(stderr_is_kept_until_the_end)
{
	struct report report;

	start("xterm-256color", "C.UTF-8", "noisy");
	ck_assert(sees("eak at "));
	ck_assert_ptr_null(strstr(term.out, "noise on stderr"));
	type("q");
	report = next_report();
	ck_assert(WIFEXITED(report.status));
	ck_assert_ptr_nonnull(strstr(term.out, "noise on stderr"));
	ck_assert_ptr_nonnull(strstr(strstr(term.out, "\033[?1049l"), "noise on stderr"));
	stop();
}
END_TEST

START_TEST(no_terminal_is_said)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		for (int fd = 0; fd < 3; fd++)
			dup2(null, fd);
		execl("tests/ui/dummy_app", "dummy_app", "live", (char *)NULL);
		_exit(126);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 2);
}
END_TEST

static Suite *
pty_suite(void)
{
	Suite *suite = suite_create("pty");
	TCase *tc = tcase_create("pty");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, NULL, stop);
	tcase_add_loop_test(tc, a_screen_is_cheap_everywhere, 0, (int)LK_COUNT_OF(places));
	tcase_add_loop_test(tc, an_idle_frame_is_nearly_nothing, 0, 2);
	tcase_add_test(tc, a_freeze_is_cheap_on_a_slow_line);
	tcase_add_test(tc, a_busy_frame_is_small);
	tcase_add_test(tc, a_zoomed_trend_is_cheap);
	tcase_add_test(tc, production_is_said);
	tcase_add_test(tc, leaving_gives_the_terminal_back);
	tcase_add_test(tc, keys_change_the_screen);
	tcase_add_test(tc, a_resize_is_followed);
	tcase_add_test(tc, a_storm_of_sizes_is_survived);
	tcase_add_test(tc, a_stop_from_outside_gives_the_terminal_back);
	tcase_add_test(tc, the_stop_key_gives_the_terminal_back);
	tcase_add_test(tc, termination_is_obeyed);
	tcase_add_test(tc, a_hangup_ends_it);
	tcase_add_test(tc, a_terminal_that_is_gone_ends_it);
	tcase_add_loop_test(tc, a_crash_gives_the_terminal_back, 0, (int)LK_COUNT_OF(crashes));
	tcase_add_test(tc, an_unknown_terminal_is_replaced);
	tcase_add_test(tc, stderr_is_kept_until_the_end);
	tcase_add_test(tc, no_terminal_is_said);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {pty_suite, NULL};

	return lk_suites_run(suites);
}
