/* Which processes run Python, what they are called, and where their samplers listen. */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "client/discover.h"
#include "client/proc.h"
#include "client/python_process.h"
#include "client/rendezvous.h"

#include "suites.h"

static char folder[64];

static void
set_up(void)
{
	strcpy(folder, "/tmp/lk-discover-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	setenv("LEAKTOP_DIR", folder, 1);
}

static void
tear_down(void)
{
	ck_assert_int_eq(rmdir(folder), 0);
}

START_TEST(stat_is_read_past_a_hostile_name)
{
	static const char line[] =
	    "77 (a) R 1 (b) S 12 77 77 0 -1 4194304 9 0 0 0 1 2 0 0 20 0 1 0 98765 1000 25 184\n";
	struct lk_proc_stat stat;

	ck_assert_int_eq(lk_proc_parse_stat(line, &stat), 0);
	ck_assert_int_eq(stat.state, 'S');
	ck_assert_int_eq(stat.ppid, 12);
	ck_assert_uint_eq(stat.start_time, 98765);
	ck_assert_uint_eq(stat.rss_bytes, 25 * (uint64_t)sysconf(_SC_PAGESIZE));
	ck_assert_str_eq(stat.name, "a) R 1 (b");
	for (size_t cut = 0; cut < (size_t)(strstr(line, " 25 ") - line); cut++) {
		char part[sizeof(line)];

		snprintf(part, sizeof(part), "%.*s", (int)cut, line);
		ck_assert_int_eq(lk_proc_parse_stat(part, &stat), -EBADMSG);
	}
}
END_TEST

static const struct {
	const char *arguments; /* with '|' for NUL */
	const char *name;
} named[] = {
    {"python3|/srv/shop/manage.py|runserver|", "manage"},
    {"/usr/bin/python3.11|-X|dev|-W|error|-u|tool.py|", "tool"},
    {"python3|-m|shop.worker|--queue|x|", "shop.worker"},
    {"python3|-c|import x|", "-c"},
    {"python3|", "python3"},
    {"python3|-i|", "python3"},
    {"python3|-X|", "python3"},
    {"python3|-m|", "python3"},
    {"/usr/bin/python3|/usr/bin/gunicorn|-w|4|", "gunicorn"},
    {"gunicorn: worker [shop]|", "gunicorn"},
    {"/usr/sbin/uwsgi|--ini|x|", "uwsgi"},
    {"pythonista|a.py|", "pythonista"},
    {"", ""},
};

START_TEST(a_process_is_called_by_its_script)
{
	char arguments[128], name[64];
	size_t length = strlen(named[_i].arguments);

	strcpy(arguments, named[_i].arguments);
	for (size_t i = 0; i < length; i++)
		if (arguments[i] == '|')
			arguments[i] = '\0';
	lk_python_process_name(arguments, length, name, sizeof(name));
	ck_assert_str_eq(name, named[_i].name);
}
END_TEST

START_TEST(python_is_recognised_by_its_executable)
{
	static const struct {
		const char *exe, *version;
		bool is_python;
	} cases[] = {
	    {"/usr/bin/python3.11", "3.11", true}, {"/opt/python3.13-dbg", "3.13", true},
	    {"/usr/local/bin/python3", "", true},  {"/usr/bin/python3.9 (deleted)", "3.9", true},
	    {"/usr/bin/pythonista", "", false},	   {"/bin/sh", "", false},
	};
	char version[16];

	for (size_t i = 0; i < LK_COUNT_OF(cases); i++) {
		ck_assert_msg(lk_python_process_recognise(getpid(), cases[i].exe, "x", version,
		    sizeof(version)) == cases[i].is_python,
		    "%s", cases[i].exe);
		ck_assert_str_eq(version, cases[i].version);
	}
}
END_TEST

static void
listen_for(pid_t pid, char *path, int *fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(path, sizeof(address.sun_path), "%s/leaktop-%d.sock", folder, (int)pid);
	strcpy(address.sun_path, path);
	*fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_ge(*fd, 0);
	ck_assert_int_eq(bind(*fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(*fd, 1), 0);
}

START_TEST(a_socket_is_found_only_in_a_safe_folder)
{
	char path[108], found[108] = "untouched";
	int fd;

	ck_assert_int_eq(lk_rendezvous_find(getpid(), geteuid(), found, sizeof(found)), -ENOENT);
	ck_assert_str_eq(found, "untouched");
	listen_for(getpid(), path, &fd);
	ck_assert_int_eq(lk_rendezvous_find(getpid(), geteuid(), found, sizeof(found)), 0);
	ck_assert_str_eq(found, path);
	ck_assert_int_eq(chmod(folder, 0770), 0);
	ck_assert_int_eq(lk_rendezvous_find(getpid(), geteuid(), found, sizeof(found)), -ENOENT);
	ck_assert_int_eq(chmod(folder, 0700), 0);
	close(fd);
	unlink(path);
	ck_assert_int_eq(mkdir(path, 0700), 0); /* no socket at all */
	ck_assert_int_eq(lk_rendezvous_find(getpid(), geteuid(), found, sizeof(found)), -ENOENT);
	rmdir(path);
}
END_TEST

START_TEST(only_dead_sockets_are_swept)
{
	char dead_path[108], live_path[108], other_path[108];
	int dead_fd, live_fd, other_fd;
	pid_t dead = fork();

	ck_assert_int_ge(dead, 0);
	if (dead == 0)
		_exit(0);
	ck_assert_int_eq(waitpid(dead, NULL, 0), dead);
	listen_for(dead, dead_path, &dead_fd);
	listen_for(getpid(), live_path, &live_fd);
	snprintf(other_path, sizeof(other_path), "%s/leaktop-x.sock", folder);
	ck_assert_int_eq(rename(live_path, other_path), 0);
	listen_for(getpid(), live_path, &other_fd);
	/* the number is dead, but somebody listens: it may live in another pid namespace */
	lk_rendezvous_sweep();
	ck_assert_int_eq(access(dead_path, F_OK), 0);
	close(dead_fd);
	close(live_fd);
	close(other_fd);
	lk_rendezvous_sweep();
	ck_assert_int_ne(access(dead_path, F_OK), 0);
	ck_assert_int_eq(unlink(live_path), 0);
	ck_assert_int_eq(unlink(other_path), 0);
}
END_TEST

/* A Python that has said that it runs, and ends when *in_fd is closed. */
static pid_t
start_python(int *in_fd)
{
	int in[2], out[2];
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe(in), 0);
	ck_assert_int_eq(pipe(out), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		execlp("python3", "python3", "-c",
		    "import os, sys\n"
		    "child = os.fork()\n"
		    "if child == 0: os.write(1, b'x')\n"
		    "sys.stdin.read()\n"
		    "if child: os.wait()\n",
		    "lk_discover_marker", (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	*in_fd = in[1];
	if (read(out[0], &byte, 1) != 1) {
		waitpid(pid, NULL, 0);
		pid = -1;
	}
	close(out[0]);
	return pid;
}

START_TEST(processes_and_their_workers_are_found)
{
	struct lk_discovery *d = lk_discovery_new();
	const struct lk_process *list, *found;
	char digits[16], path[108];
	int in_fd, fd;
	pid_t pid = start_python(&in_fd);

	ck_assert_ptr_nonnull(d);
	ck_assert_int_gt(pid, 0);
	ck_assert_int_ge(lk_discovery_scan(d, 1000, &list), 2);
	snprintf(digits, sizeof(digits), "%d", (int)pid);
	ck_assert_int_eq(lk_discovery_find(d, digits, &found), 1);
	ck_assert_str_eq(found->name, "-c");
	ck_assert_ptr_nonnull(strstr(found->command, "lk_discover_marker"));
	ck_assert_uint_gt(found->rss_bytes, 1 << 20);
	ck_assert(isnan(found->rss_growth_bytes_per_min));
	ck_assert(!found->has_sampler);
	ck_assert_str_eq(found->why_not, "not started under leaktop run");
	ck_assert_int_eq(found->ppid, getpid());
	ck_assert_int_eq(found->group_pid, pid);
	ck_assert_int_eq(lk_discovery_find(d, "lk_discover_marker", &found), 2);
	ck_assert_int_eq(found->group_pid, pid);
	listen_for(pid, path, &fd);
	ck_assert_int_ge(lk_discovery_scan(d, 31000, &list), 2);
	ck_assert_int_eq(lk_discovery_find(d, "lk_discover_marker", &found), 2);
	ck_assert_int_eq(found->pid, pid); /* the one with a sampler comes first */
	ck_assert(found->has_sampler);
	ck_assert_str_eq(found->socket_path, path);
	ck_assert(!isnan(found->rss_growth_bytes_per_min));
	ck_assert_int_eq(lk_discovery_find(d, "", &found), 0);
	ck_assert_int_eq(lk_discovery_find(d, "0", &found), 0);
	close(in_fd);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_ge(lk_discovery_scan(d, 32000, &list), 0);
	ck_assert_int_eq(lk_discovery_find(d, "lk_discover_marker", &found), 0);
	close(fd);
	unlink(path);
	lk_discovery_free(d);
	lk_discovery_free(NULL);
}
END_TEST

static Suite *
discover_suite(void)
{
	Suite *suite = suite_create("discover");
	TCase *tc = tcase_create("discover");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, stat_is_read_past_a_hostile_name);
	tcase_add_loop_test(tc, a_process_is_called_by_its_script, 0, LK_COUNT_OF(named));
	tcase_add_test(tc, python_is_recognised_by_its_executable);
	tcase_add_test(tc, a_socket_is_found_only_in_a_safe_folder);
	tcase_add_test(tc, only_dead_sockets_are_swept);
	tcase_add_test(tc, processes_and_their_workers_are_found);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {discover_suite, NULL};

	if (system("command -v python3 >/dev/null") != 0) {
		puts("SKIP check_discover: needs python3");
		return 77;
	}
	return lk_suites_run(suites);
}
