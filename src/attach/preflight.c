#include "config.h"

#include "attach/preflight.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attach/limits.h"
#include "attach/staging.h"
#include "attach/subject.h"
#include "attach/versions.h"
#include "base/attr.h"

#define MINOR_FIRST	8
#define MINOR_LAST	15
#define PATH_BYTES	4096
#define DESCRIPTORS_LEAST 8	/* it takes three, and one for each client */
#define ADDRESSES_LEAST_MB 192u	/* as the sampler finds later (sampler/sampler.c) */

struct look {
	struct lk_subject *subject;
	const char	*library;
	bool		 allow_seccomp;
	struct lk_preflight *out;
};

LK_PRINTF(4, 5)
static void
tell(struct look *l, const char *what, enum lk_finding finding, const char *format, ...)
{
	struct lk_check *c = &l->out->checks[l->out->count];
	va_list args;

	if (l->out->count == LK_CHECKS_MAX)
		return;
	l->out->count++;
	c->what = what;
	c->finding = finding;
	va_start(args, format);
	vsnprintf(c->words, sizeof(c->words), format, args);
	va_end(args);
	if (finding == LK_FINDING_REFUSED && l->out->refusal == NULL)
		l->out->refusal = c;
}

/* ---- the process ------------------------------------------------------------------------- */

static void
check_machine(struct look *l)
{
#if defined(__x86_64__)
	tell(l, "machine", LK_FINDING_GOOD, "x86-64");
#else
	tell(l, "machine", LK_FINDING_REFUSED, "attach knows the registers of x86-64 alone; start "
	    "the program with: leaktop run -- COMMAND");
#endif
}

static void
check_state(struct look *l)
{
	const struct lk_subject *s = l->subject;
	int pid = (int)s->pid;

	if (s->pid == getpid())
		tell(l, "state", LK_FINDING_REFUSED, "process %d is leaktop itself", pid);
	else if (s->state == 'Z' || s->state == 'X')
		tell(l, "state", LK_FINDING_REFUSED, "process %d (%s) has ended: it is a zombie "
		    "that waits for its parent", pid, s->name);
	else if (s->is_kernel_thread)
		tell(l, "state", LK_FINDING_REFUSED, "process %d (%s) has no memory of its own: it "
		    "is the kernel's, or it is ending", pid, s->name);
	else if (s->tracer != 0)
		tell(l, "state", LK_FINDING_REFUSED, "process %d (%s) is traced by process %d "
		    "already (a debugger, strace?); end that first", pid, s->name, (int)s->tracer);
	else if (s->state == 'T' || s->state == 't')
		tell(l, "state", LK_FINDING_REFUSED, "process %d (%s) is stopped by a signal; let "
		    "it go on first: kill -CONT %d", pid, s->name, pid);
	else if (lk_limits_is_frozen(s->pid))
		tell(l, "state", LK_FINDING_REFUSED, "process %d (%s) is frozen with its cgroup (a "
		    "container that is paused?); thaw that first", pid, s->name);
	else if (s->has_shadow_stack)
		tell(l, "state", LK_FINDING_REFUSED, "process %d (%s) has a shadow stack (CET), "
		    "which forbids the way back that a kill of leaktop would leave it; start the "
		    "program with: leaktop run -- COMMAND", pid, s->name);
	else
		tell(l, "state", LK_FINDING_GOOD, "%s, not traced, not stopped",
		    s->state == 'R' ? "running" : s->state == 'D' ? "in the kernel" : "waiting");
}

static int
read_ptrace_scope(void)
{
	FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
	int scope = 0;

	if (file == NULL)
		return 0;
	if (fscanf(file, "%d", &scope) != 1)
		scope = 0;
	fclose(file);
	return scope;
}

static const char *
user_name(uid_t uid, char *out, size_t out_bytes)
{
	const struct passwd *user = getpwuid(uid);

	if (user != NULL)
		snprintf(out, out_bytes, "%s", user->pw_name);
	else
		snprintf(out, out_bytes, "uid %u", (unsigned int)uid);
	return out;
}

static void
tell_not_permitted(struct look *l)
{
	const struct lk_subject *s = l->subject;
	int pid = (int)s->pid, scope = read_ptrace_scope();
	char user[64];

	if (geteuid() != 0 && s->uid != geteuid())
		tell(l, "permission", LK_FINDING_REFUSED, "process %d belongs to %s; run leaktop "
		    "as that user or as root", pid, user_name(s->uid, user, sizeof(user)));
	else if (scope == 3)
		tell(l, "permission", LK_FINDING_REFUSED, "this kernel lets nobody trace another "
		    "process (kernel.yama.ptrace_scope is 3 until the next boot); start the "
		    "program with: leaktop run -- COMMAND");
	else if (scope > 0 && geteuid() != 0)
		tell(l, "permission", LK_FINDING_REFUSED, "this kernel lets only root trace "
		    "process %d (kernel.yama.ptrace_scope is %d): sudo leaktop attach %d", pid,
		    scope, pid);
	else if (geteuid() == 0)
		tell(l, "permission", LK_FINDING_REFUSED, "process %d may not be traced, not even "
		    "by this root: CAP_SYS_PTRACE is missing here, or a security module forbids it",
		    pid);
	else
		tell(l, "permission", LK_FINDING_REFUSED, "process %d may not be traced: it was "
		    "started with other rights than its user's, or a security module forbids it; "
		    "try as root", pid);
}

static void
check_permission(struct look *l)
{
	int rc = lk_subject_open(l->subject);

	if (rc == -EACCES || rc == -EPERM)
		tell_not_permitted(l);
	else if (rc == -ESRCH || rc == -ENOENT)
		tell(l, "permission", LK_FINDING_REFUSED, "process %d has ended",
		    (int)l->subject->pid);
	else if (rc < 0)
		tell(l, "permission", LK_FINDING_REFUSED, "process %d cannot be read: %s",
		    (int)l->subject->pid, strerror(-rc));
	else
		tell(l, "permission", LK_FINDING_GOOD, "its memory may be read and written");
}

static void
check_seccomp(struct look *l)
{
	const struct lk_subject *s = l->subject;

	if (s->seccomp == 0)
		tell(l, "seccomp", LK_FINDING_GOOD, "no filter of system calls");
	else if (s->seccomp == 2 && l->allow_seccomp)
		tell(l, "seccomp", LK_FINDING_NOTE, "a filter of system calls; you said that it "
		    "permits mmap, clone, socket, bind and listen");
	else
		tell(l, "seccomp", LK_FINDING_REFUSED, "process %d has a filter of system calls "
		    "(seccomp), which may kill it for what attach does there; if it permits mmap, "
		    "mprotect, clone, openat, socket, bind and listen, as those of containers do: "
		    "leaktop attach --seccomp %d", (int)s->pid, (int)s->pid);
}

/* ---- the interpreter --------------------------------------------------------------------- */

static void
check_sampler_there(struct look *l)
{
	const struct lk_subject *s = l->subject;

	if (s->sampler == NULL)
		return;
	l->out->has_sampler = true;
	tell(l, "sampler", LK_FINDING_NOTE, "its library is there already: it is at work, or was "
	    "detached: %s", s->sampler->path);
}

static void
check_interpreter(struct look *l)
{
	const struct lk_subject *s = l->subject;
	int pid = (int)s->pid;

	if (s->is_pypy)
		tell(l, "interpreter", LK_FINDING_REFUSED, "process %d runs PyPy; leaktop knows "
		    "CPython's memory alone", pid);
	else if (s->is_valgrind)
		tell(l, "interpreter", LK_FINDING_REFUSED, "process %d runs in valgrind, which has "
		    "its memory and its threads; start it with: leaktop run -- COMMAND", pid);
	else if (s->interpreter_count == 0)
		tell(l, "interpreter", LK_FINDING_REFUSED, "process %d (%s) does not run Python; "
		    "leaktop list shows those that do", pid, s->name);
	else if (s->interpreter_count > 1)
		tell(l, "interpreter", LK_FINDING_REFUSED, "process %d has %zu Pythons in it: "
		    "whose memory is meant cannot be told", pid, s->interpreter_count);
	else if (s->minor != 0 && (s->minor < MINOR_FIRST || s->minor > MINOR_LAST))
		tell(l, "interpreter", LK_FINDING_REFUSED, "process %d runs Python 3.%u; leaktop "
		    "knows 3.%d to 3.%d", pid, s->minor, MINOR_FIRST, MINOR_LAST);
	else if (s->minor == 0)
		tell(l, "interpreter", LK_FINDING_NOTE, "CPython, its version is not known before: "
		    "%s", s->interpreter->path);
	else
		tell(l, "interpreter", LK_FINDING_GOOD, "CPython 3.%u, %s", s->minor,
		    s->interpreter->path);
}

static void
check_libc(struct look *l)
{
	const struct lk_subject *s = l->subject;
	unsigned int needed = lk_versions_needed(l->library);

	if (s->is_musl)
		tell(l, "C library", LK_FINDING_REFUSED, "process %d has musl; this sampler was "
		    "built for the GNU C library", (int)s->pid);
	else if (!s->has_libc)
		tell(l, "C library", LK_FINDING_REFUSED, "process %d has no C library that is "
		    "shared: it was started just now (try again), or is linked statically",
		    (int)s->pid);
	else if (s->missing != NULL)
		tell(l, "C library", LK_FINDING_REFUSED, "process %d has no function %s in its C "
		    "library that could be called", (int)s->pid, s->missing);
	else if (s->sampler == NULL && s->glibc != 0 && s->glibc < needed)
		tell(l, "C library", LK_FINDING_REFUSED, "process %d has glibc 2.%u; this sampler "
		    "needs 2.%u: it is to be built where the older one is", (int)s->pid, s->glibc,
		    needed);
	else if (s->instruction == 0)
		tell(l, "C library", LK_FINDING_REFUSED, "its code is not as expected");
	else
		tell(l, "C library", LK_FINDING_GOOD, "all functions that are to be called");
}

static void
check_limits(struct look *l)
{
	const struct lk_subject *s = l->subject;
	struct lk_limits had;
	int pid = (int)s->pid;

	lk_limits_look(s->pid, &had);
	if (had.descriptors_left < DESCRIPTORS_LEAST)
		tell(l, "limits", LK_FINDING_REFUSED, "process %d has %" PRIu64 " descriptors left "
		    "of %" PRIu64 ", and the sampler needs some; raise the limit first: prlimit "
		    "--pid %d --nofile=%" PRIu64, pid, had.descriptors_left, had.descriptors, pid,
		    had.descriptors * 2);
	else if (s->sampler == NULL && had.address_bytes_left >> 20 < ADDRESSES_LEAST_MB)
		tell(l, "limits", LK_FINDING_REFUSED, "process %d has %" PRIu64 " MB of addresses "
		    "left (ulimit -v), and the sampler's threads need %u; raise the limit first: "
		    "prlimit --pid %d --as=unlimited", pid, had.address_bytes_left >> 20,
		    ADDRESSES_LEAST_MB, pid);
	else if (had.locked_bytes != 0)
		tell(l, "limits", LK_FINDING_NOTE, "memory of it is locked (mlockall?): the "
		    "sampler's tables may be resident at once");
	else
		tell(l, "limits", LK_FINDING_GOOD, "descriptors and addresses are left");
}

/* ---- the library ------------------------------------------------------------------------- */

/* In a child with the process's user, so that all rules of files apply as they will there. */
static bool
is_readable_there(const struct lk_subject *s, const char *path)
{
	const struct sigaction usual = {.sa_handler = SIG_DFL};
	struct sigaction before;
	int status = 1;
	pid_t child;

	if (s->uid == geteuid())
		return access(path, R_OK) == 0;
	sigaction(SIGCHLD, &usual, &before);	/* who started us may ignore it: no status then */
	child = fork();
	if (child == 0)
		_exit(setgroups(0, NULL) == 0 && setgid(s->gid) == 0 && setuid(s->uid) == 0 &&
		    access(path, R_OK) == 0 ? 0 : 1);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	sigaction(SIGCHLD, &before, NULL);
	return child > 0 && status == 0;
}

static bool
is_same_file(const char *a, const char *b)
{
	struct stat a_stat, b_stat;

	return stat(a, &a_stat) == 0 && stat(b, &b_stat) == 0 && a_stat.st_dev == b_stat.st_dev &&
	    a_stat.st_ino == b_stat.st_ino;
}

static void
check_staging(struct look *l)
{
	struct lk_subject *s = l->subject;
	struct stat st;

	if (stat(l->library, &st) == 0)
		s->staging = lk_staging_folder(s->pid, (uint64_t)st.st_size);
	if (s->staging == NULL)
		tell(l, "library", LK_FINDING_REFUSED, "process %d has another root, where the "
		    "library is not, and no folder to put it (/tmp, /var/tmp, /dev/shm, /run: "
		    "read-only, noexec or full); run leaktop inside of it", (int)s->pid);
	else
		tell(l, "library", LK_FINDING_NOTE, "process %d has another root: a copy is put "
		    "into %s there, and removed when it is loaded", (int)s->pid, s->staging);
}

static void
check_library(struct look *l)
{
	const struct lk_subject *s = l->subject;
	char there[PATH_BYTES + 32];

	snprintf(there, sizeof(there), "/proc/%d/root%s", (int)s->pid, l->library);
	if (s->sampler != NULL)
		tell(l, "library", LK_FINDING_GOOD, "what is there already is started again");
	else if (!is_same_file(there, l->library))
		check_staging(l);
	else if (!is_readable_there(s, l->library))
		tell(l, "library", LK_FINDING_REFUSED, "process %d runs as a user who may not read "
		    "%s", (int)s->pid, l->library);
	else
		tell(l, "library", LK_FINDING_GOOD, "%s", l->library);
}

/* Its socket is named by the pid that it has there, in a folder that we reach by its root. */
static void
check_namespace(struct look *l)
{
	const struct lk_subject *s = l->subject;

	if (!s->shares_mounts || s->pid_inside != s->pid)
		tell(l, "namespace", LK_FINDING_NOTE, "another %s namespace; it is process %d "
		    "there", s->shares_mounts ? "pid" : "mount", (int)s->pid_inside);
	else
		tell(l, "namespace", LK_FINDING_GOOD, "ours");
}

void
lk_preflight_look(struct lk_subject *s, const char *library, bool allow_seccomp,
    struct lk_preflight *out)
{
	static void (*const checks[])(struct look *) = {check_machine, check_state,
		check_permission, check_sampler_there, check_interpreter, check_libc,
		check_seccomp, check_limits, check_namespace, check_library};
	struct look l = {s, library, allow_seccomp, out};

	s->allows_filtered = allow_seccomp;
	*out = (struct lk_preflight){0};
	for (size_t i = 0; i < LK_COUNT_OF(checks) && out->refusal == NULL; i++)
		checks[i](&l);
}
