#include "config.h"

#include "sampler/freeze/child.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/print.h"

#define LOWEST_PRIORITY	19
#define SIGNAL_STACK_BYTES 16384	/* a traverse that recurses leaves none */
#define CHILD_FAILED	1
#define NAME		"leaktop-scan"

static const struct lk_child_work *work;	/* the child's */

static _Noreturn void
leave(int code)
{
	for (;;)
		syscall(SYS_exit_group, code);
}

static void
on_signal(int signal)
{
	work->failed(work->ctx, signal);
	leave(CHILD_FAILED);
}

/* What a crash raises is told in words; so is the deadline.  All else stays blocked, and the
 * host's handlers are not for us. */
static void
take_signals(void)
{
	static const int ours[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS,
	    SIGALRM};
	static char stack[SIGNAL_STACK_BYTES];
	const stack_t other = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_handler = on_signal,
	    .sa_flags = SA_ONSTACK | (int)SA_RESETHAND};
	sigset_t mask;
	size_t i;

	sigaltstack(&other, NULL);
	sigfillset(&action.sa_mask);
	sigfillset(&mask);
	for (i = 0; i < LK_COUNT_OF(ours); i++) {
		sigaction(ours[i], &action, NULL);
		sigdelset(&mask, ours[i]);
	}
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

/* A crash must leave no core of the host's memory: a limit of 1 is the only one that also a
 * pattern with a pipe respects. */
static void
leave_no_core(void)
{
	const struct rlimit one = {1, 1};

	if (setrlimit(RLIMIT_CORE, &one) != 0)
		prctl(PR_SET_DUMPABLE, 0);
}

static void
set_deadline(uint32_t deadline_ms)
{
	const struct itimerval timer = {.it_value = {deadline_ms / 1000,
	    (suseconds_t)(deadline_ms % 1000) * 1000}};

	setitimer(ITIMER_REAL, &timer, NULL);
}

/* The thread that started us may have died before we asked to die with it.  By an exec, too: then
 * the process is still our parent, and has that thread no more. */
static bool
is_orphan(pid_t parent, pid_t thread)
{
	return syscall(SYS_getppid) != parent ||
	    (syscall(SYS_tgkill, parent, thread, 0) < 0 && errno == ESRCH);
}

static _Noreturn void
live(pid_t parent, pid_t thread)
{
	static const struct sched_param none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (is_orphan(parent, thread))
		leave(CHILD_FAILED);
	leave_no_core();
	sched_setscheduler(0, SCHED_BATCH, &none);
	setpriority(PRIO_PROCESS, 0, LOWEST_PRIORITY);
	take_signals();
	set_deadline(work->deadline_ms);
	work->body(work->ctx);
	for (;;)	/* until it is ended: who started it may want to look at it */
		pause();
}

/* What an exec of the process leaves: the kernel kills all threads but one, and with ours the
 * child, which nobody waits for any more.  Its zombie stays, seen by no wait() without __WALL; the
 * sampler of the next program knows it by its name, which it has from the beginning as it is a copy
 * of ours.  An exit signal of 0 holds for the program that called clone alone, so that an end after
 * the exec (do_notify_parent: parent_exec_id against self_exec_id) is one SIGCHLD to the next one.
 * No other child is better off:
 * - a grandchild, whose parent has ended: it goes to the nearest subreaper, which the process
 *   itself is in many a container, and with SIGCHLD for its exit signal: then wait() finds it;
 * - CLONE_PARENT: it is the supervisor's child, with the exit signal that the process has there;
 * - CLONE_THREAD: only with the memory of the process, so no copy;
 * - a process between that shares our memory and waits for it: that is the zombie then. */
pid_t
lk_child_start(const struct lk_child_work *w)
{
	pid_t parent = getpid(), thread = (pid_t)syscall(SYS_gettid);
	char name[16] = "";
	long pid;
	int error;

	work = w;
	prctl(PR_GET_NAME, name);
	prctl(PR_SET_NAME, NAME);
	pid = syscall(SYS_clone, CLONE_FILES, NULL, NULL, NULL, 0UL);
	if (pid == 0)
		live(parent, thread);
	error = errno;
	prctl(PR_SET_NAME, name);
	return pid < 0 ? (pid_t)-error : (pid_t)pid;
}

/* A file in /proc of PID, opened; negative when it cannot be. */
static int
open_file(pid_t pid, const char *name, int flags)
{
	char path[64];
	struct lk_print p;

	lk_print_init(&p, path, sizeof(path));
	lk_print_str(&p, "/proc/");
	lk_print_i64(&p, pid);
	lk_print_str(&p, name);
	lk_print_end(&p);
	return open(path, flags | O_CLOEXEC);
}

void
lk_child_oom_first(pid_t child)
{
	int fd = open_file(child, "/oom_score_adj", O_WRONLY);

	if (fd < 0)
		return;
	if (write(fd, "1000", 4) != 4)
		errno = 0;	/* without it the kernel chooses as it likes */
	close(fd);
}

static bool
is_ours(pid_t pid)
{
	char name[sizeof(NAME)] = "";
	int fd = open_file(pid, "/comm", O_RDONLY);
	ssize_t got = fd < 0 ? -1 : read(fd, name, sizeof(name));

	if (fd >= 0)
		close(fd);
	return got == (ssize_t)sizeof(NAME) && memcmp(name, NAME "\n", sizeof(NAME)) == 0;
}

void
lk_child_reap_left(void)
{
	siginfo_t info = {.si_pid = 0};

	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WCLONE) == 0 &&
	    info.si_pid != 0 && is_ours(info.si_pid))
		waitpid(info.si_pid, NULL, __WALL | WNOHANG);
}

bool
lk_child_has_ended(pid_t child, int *status)
{
	pid_t rc = waitpid(child, status, __WALL | WNOHANG);

	if (rc < 0)
		*status = 0;	/* somebody who waits with __WALL was faster */
	return rc == child || (rc < 0 && errno != EINTR);
}

void
lk_child_end(pid_t child)
{
	kill(child, SIGKILL);
	while (waitpid(child, NULL, __WALL) < 0 && errno == EINTR)
		continue;
}
