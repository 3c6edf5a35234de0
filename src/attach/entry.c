#include "config.h"

#include "attach/entry.h"

#if defined(__x86_64__)

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "attach/attach.h"
#include "attach/moment.h"
#include "attach/staging.h"
#include "attach/stub.h"
#include "attach/subject.h"
#include "attach/tracee.h"
#include "base/attr.h"
#include "leaktop/sampler.h"
#include "util/clock.h"

#define SEARCH_US	INT64_C(3000000)	/* for a safe moment */
#define STRICT_US	INT64_C(500000)		/* of these, only in the interpreter's own code */
#define BETWEEN_NS	20000000		/* two stops */
#define LOADING_US	INT64_C(20000000)	/* for the library, where others have locks */
#define LOOK_NS		1000000
#define NOT_NOW		1	/* no errno: at another moment, or by another thread */
#define FRAME_NS	100000000	/* to come back by a frame takes microseconds */
#define RED_ZONE_BYTES	128u
#define STACK_ROOM_BYTES 65536u	/* as a rule signals have less */
#define NICE_FIRST	(-20)
#define THREADS_MAX	4096
#define VALUE_BYTES	1024

struct entry {
	struct lk_subject *subject;
	struct lk_attach_report *report;
	struct lk_stub_context context;	/* as it is put there */
	struct lk_tracee tracee;
	uint64_t	 base;		/* of what was mapped there; 0: nothing */
	struct lk_staged staged;
	uint64_t	 net;		/* see put_net */
	int64_t		 began_us;
	bool		 has_thread;	/* the process has the new thread, or gets it */
	bool		 by_frame;	/* the stopped one was let go before it was back */
};

LK_PRINTF(3, 4)
static int
fail(struct entry *e, int rc, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(e->report->words, sizeof(e->report->words), format, args);
	va_end(args);
	return rc;
}

/* ---- what it is told --------------------------------------------------------------------- */

static bool
is_given(const char *const *settings, size_t count, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < count; i++)
		if (strncmp(settings[i], name, length) == 0 && settings[i][length] == '=')
			return true;
	return false;
}

/* One after the other, an empty one at the end. */
static bool
put_setting(struct entry *e, size_t *at, const char *name, const char *value)
{
	size_t room = sizeof(e->context.settings) - 1 - *at;
	int n = snprintf(e->context.settings + *at, room, "%s%s%s", name,
	    value == NULL ? "" : "=", value == NULL ? "" : value);

	if (n < 0 || (size_t)n + 1 > room)
		return false;
	*at += (size_t)n + 1;
	return true;
}

static int
put_settings(struct entry *e, const char *const *settings, size_t count)
{
	static const char *const names[] = {LK_ENV_INTERVAL, LK_ENV_MEMORY, LK_ENV_NATIVE,
		LK_ENV_FREEZE, LK_ENV_REVEAL, LK_ENV_BUDGET, LK_ENV_DUTY, LK_ENV_DIR,
		"XDG_RUNTIME_DIR"};
	char value[VALUE_BYTES];
	bool fits = true;
	size_t at = 0;

	for (size_t i = 0; i < count; i++)
		fits = fits && put_setting(e, &at, settings[i], NULL);
	for (size_t i = 0; i < LK_COUNT_OF(names); i++)
		if (!is_given(settings, count, names[i]) &&
		    lk_subject_environment(e->subject, names[i], value, sizeof(value)))
			fits = fits && put_setting(e, &at, names[i], value);
	e->context.settings[at] = '\0';
	return fits ? 0 : fail(e, -EMSGSIZE, "too much is to be told to the sampler");
}

static int
prepare(struct entry *e, const char *library, const char *const *settings, size_t count)
{
	struct lk_stub_context *c = &e->context;

	memcpy(c->calls, e->subject->calls, sizeof(c->calls));
	memcpy(c->symbol, LK_SUBJECT_SYMBOL, sizeof(LK_SUBJECT_SYMBOL));
	c->bytes = LK_STUB_BYTES;
	if (e->subject->staging != NULL) {
		int rc = lk_staging_put(e->subject->pid, e->subject->staging, library, &e->staged);

		if (rc < 0)
			return fail(e, rc, "the library cannot be put into %s there: %s",
			    e->subject->staging, strerror(-rc));
		library = e->staged.path;
	}
	/* Its file may be another by now, and the loader knows it by a name that may have led there
	 * by a link: it is called where it is.  An open waits for one that is being loaded. */
	c->function = e->subject->sampler_function;
	if (e->subject->sampler != NULL)
		library = c->function != 0 ? "" : e->subject->sampler->path;
	if (strlen(library) >= sizeof(c->path))
		return fail(e, -ENAMETOOLONG, "the path of the sampler is too long: %s", library);
	strcpy(c->path, library);
	return put_settings(e, settings, count);
}

/* ---- in the stopped process ----------------------------------------------------------------- */

static bool
put(const struct entry *e, uint64_t address, const void *bytes, size_t count)
{
	return pwrite(e->subject->memory, bytes, count, (off_t)address) == (ssize_t)count;
}

/* A frame below the stack's red zone, where a signal would be delivered, too, and as large: libc's
 * syscall() goes on behind its instruction, and returns to its restorer.  Only where the stack has
 * room. */
static void
put_net(struct entry *e)
{
	unsigned char frame[LK_STUB_FRAME_BYTES];
	const struct lk_tracee *t = &e->tracee;
	uint64_t sp = t->registers.rsp, at;
	const struct lk_mapping *stack = lk_mapped_at(&e->subject->mapped, sp);
	size_t bytes = lk_stub_frame_bytes(t->xstate_bytes);

	at = (sp - RED_ZONE_BYTES - bytes) & ~UINT64_C(63);
	if (e->subject->restorer == 0 || stack == NULL || !stack->writable ||
	    sp - stack->start < STACK_ROOM_BYTES)
		return;
	lk_stub_frame(&t->registers, t->signal_mask, t->xstate, t->xstate_bytes, at, frame);
	if (put(e, at, frame, bytes) &&
	    put(e, at - sizeof(uint64_t), &e->subject->restorer, sizeof(uint64_t)))
		e->net = at - sizeof(uint64_t);
}

/* What is left behind looks like the frame of a handler (moment.h). */
static void
take_net(struct entry *e)
{
	const uint64_t nothing = 0;

	if (e->net != 0)
		put(e, e->net, &nothing, sizeof(nothing));
	e->net = 0;
}

static uint64_t
context_address(const struct entry *e)
{
	return e->base + LK_STUB_PAGE_BYTES;
}

static int
call_there(struct entry *e, long number, const uint64_t six[6], int64_t *result)
{
	return lk_tracee_syscall(&e->tracee, e->subject->instruction, e->net, number, six, result);
}

static int
remote(struct entry *e, unsigned int number_of_call, const char *what, long number,
    const uint64_t six[6], int64_t *result)
{
	int rc;

	if (lk_tracee_fails(number_of_call)) {
		*result = -ENOMEM;
		rc = 0;
	} else {
		rc = call_there(e, number, six, result);
	}
	if (rc == 0 && *result < 0 && *result >= -4095)
		rc = (int)*result;
	return rc == 0 ? 0 : fail(e, rc, "%s in the process: %s%s", what, strerror(-rc),
	    rc != -EACCES && rc != -EPERM ? "" : " (it may have no executable memory of its own, "
	    "as by SELinux); start it with: leaktop run -- COMMAND");
}

/* Never writable and executable, nor executable once it was writable: where that is forbidden
 * (MemoryDenyWriteExecute, PR_SET_MDWE) the program would be told no.  We may write it all the
 * same. */
static int
make_memory(struct entry *e)
{
	const uint64_t six[6] = {0, LK_STUB_BYTES, PROT_READ | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS, UINT64_MAX, 0};
	int64_t result = 0;
	int rc = remote(e, 1, "mmap", SYS_mmap, six, &result);

	if (rc < 0)
		return rc;
	e->base = e->context.base = (uint64_t)result;
	return 0;
}

static void
give_memory_back(struct entry *e)
{
	const uint64_t six[6] = {e->base, LK_STUB_BYTES};
	int64_t result;

	if (e->base != 0 && e->tracee.stopped &&
	    call_there(e, SYS_munmap, six, &result) == 0)
		e->base = 0;
}

static bool
put_code(struct entry *e, uint64_t address, const unsigned char *code, const unsigned char *end)
{
	size_t bytes = (size_t)(end - code);

	return (!lk_tracee_fails(4) && put(e, address, code, bytes)) ||
	    lk_tracee_poke(&e->tracee, address, code, bytes) == 0;
}

static int
fill_memory(struct entry *e, struct user_regs_struct *call)
{
	const uint64_t six[6] = {context_address(e), LK_STUB_BYTES - LK_STUB_PAGE_BYTES,
		PROT_READ | PROT_WRITE};
	unsigned char frame[LK_STUB_FRAME_BYTES];
	const struct lk_tracee *t = &e->tracee;
	uint64_t at = (e->base + LK_STUB_BYTES - sizeof(frame)) & ~UINT64_C(63);
	size_t bytes = lk_stub_frame(&t->registers, t->signal_mask, t->xstate, t->xstate_bytes, at,
	    frame);
	int64_t result;
	int rc = remote(e, 2, "mprotect", SYS_mprotect, six, &result);

	if (rc < 0)
		return rc;
	if (!put_code(e, e->base, lk_stub_call, lk_stub_call_end) ||
	    !put_code(e, e->base + LK_STUB_BODY_AT, lk_stub_body, lk_stub_body_end) ||
	    !put(e, context_address(e), &e->context, sizeof(e->context)) ||
	    !put(e, at, frame, bytes))
		return fail(e, -EIO, "its memory cannot be written: %s", strerror(errno));
	*call = t->registers;
	call->rip = e->base;
	call->rsp = at;
	call->rax = e->subject->calls[LK_CALL_THREAD_CREATE];
	call->rbx = call->rcx = context_address(e);
	call->rdi = context_address(e) + offsetof(struct lk_stub_context, thread);
	call->rsi = 0;
	call->rdx = e->base + LK_STUB_BODY_AT;
	call->orig_rax = UINT64_MAX;
	call->eflags &= ~0x500ull;	/* as code expects it: no direction, no single steps */
	return 0;
}

static int
start_thread(struct entry *e, const struct user_regs_struct *call)
{
	struct lk_stub_context c;
	int rc;

	if (lk_tracee_fails(3))
		return fail(e, -EAGAIN, "pthread_create in the process: %s", strerror(EAGAIN));
	rc = lk_tracee_call(&e->tracee, call, e->base);
	e->has_thread = e->by_frame = rc == -EINPROGRESS;
	if (rc < 0 && !e->has_thread)
		return fail(e, rc, "pthread_create could not be called: %s", strerror(-rc));
	if (rc == 0 && pread(e->subject->memory, &c, sizeof(c), (off_t)context_address(e)) ==
	    (ssize_t)sizeof(c) && c.created != 0)
		return fail(e, -c.created, "pthread_create in the process: %s%s",
		    strerror(c.created), c.created != EAGAIN ? "" : " (its RLIMIT_NPROC, "
		    "RLIMIT_AS, or pids.max of its cgroup)");
	e->has_thread = true;
	return 0;
}

static int
enter(struct entry *e)
{
	struct user_regs_struct call;
	int rc;

	put_net(e);
	rc = make_memory(e);
	if (rc == 0)
		rc = fill_memory(e, &call);
	if (rc == 0)
		rc = start_thread(e, &call);
	if (rc < 0 && !e->has_thread)
		give_memory_back(e);
	take_net(e);
	return rc;
}

/* ---- signals ------------------------------------------------------------------------------- */

/* All wait until nothing of leaktop is left there, or as little as may be; but for those that its
 * own faults are, and the one that ends its waits (tracee.c). */
static void
hold_signals(sigset_t *before)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT,
		SIGALRM};
	sigset_t held;

	sigfillset(&held);
	for (size_t i = 0; i < LK_COUNT_OF(signals); i++)
		sigdelset(&held, signals[i]);
	sigprocmask(SIG_BLOCK, &held, before);
}

/* One waits.  The kernel keeps those that are ignored, too. */
static bool
is_to_end(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction act;
	sigset_t pending;

	sigpending(&pending);
	for (size_t i = 0; i < LK_COUNT_OF(signals); i++)
		if (sigismember(&pending, signals[i]) == 1 &&
		    sigaction(signals[i], NULL, &act) == 0 && act.sa_handler != SIG_IGN)
			return true;
	return false;
}

/* ---- a thread and a moment ----------------------------------------------------------- */

/* Others before the main thread, which more depends on. */
static int
rank(const struct entry *e, pid_t tid)
{
	return (int)lk_moment_guess(e->subject->pid, tid) * 2 + (tid == e->subject->pid);
}

/* Threads that may be stopped, the best first; their number. */
static size_t
list_threads(const struct entry *e, pid_t *out)
{
	size_t count = 0, per_rank[8] = {0}, place[8] = {0};
	static int ranks[THREADS_MAX];
	static pid_t tids[THREADS_MAX];
	struct dirent *entry;
	char path[32];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)e->subject->pid);
	dir = opendir(path);
	while (dir != NULL && count < THREADS_MAX && (entry = readdir(dir)) != NULL) {
		tids[count] = (pid_t)atoi(entry->d_name);
		if (tids[count] == 0)
			continue;
		ranks[count] = rank(e, tids[count]);
		per_rank[ranks[count++]]++;
	}
	if (dir != NULL)
		closedir(dir);
	for (size_t i = 1; i < 8; i++)
		place[i] = place[i - 1] + per_rank[i - 1];
	for (size_t i = 0; i < count; i++)
		out[place[ranks[i]]++] = tids[i];
	return place[2 * LK_MOMENT_RUNS + 1];
}

static void
let_go(struct entry *e)
{
	lk_tracee_close(&e->tracee);
	e->report->window_us += e->tracee.window_ns / 1000;
	if (e->tracee.stopped_ns / 1000 > e->report->longest_us)
		e->report->longest_us = e->tracee.stopped_ns / 1000;
}

/* Returns: 0, NOT_NOW, negative errno. */
static int
try_thread(struct entry *e, pid_t tid)
{
	bool any = lk_clock_monotonic_us() - e->began_us > STRICT_US;
	int rc;

	if (!e->subject->allows_filtered && lk_subject_is_filtered(e->subject, tid))
		return NOT_NOW;
	e->report->thread = tid;
	rc = lk_tracee_open(&e->tracee, e->subject->pid, tid);
	e->report->stops += rc == 0;
	if (rc == 0 && (!lk_subject_has_memory(e->subject) ||
	    !lk_moment_is_safe(e->subject, &e->tracee.registers, any)))
		rc = NOT_NOW;
	else if (rc == 0)
		rc = enter(e);
	else if (rc == -EPERM) {	/* ours still: it does not come out of the kernel */
		fail(e, rc, "its thread %d may not be stopped: %s", (int)tid, strerror(-rc));
		rc = NOT_NOW;
	} else if (rc == -EBUSY || rc == -EIO)
		fail(e, rc, rc == -EBUSY ? "it was stopped by a signal meanwhile" :
		    "its thread %d cannot be stopped: %s", (int)tid, strerror(-rc));
	else
		rc = NOT_NOW;
	let_go(e);
	return rc;
}

static int
try_threads(struct entry *e)
{
	const struct timespec between = {0, BETWEEN_NS};
	static pid_t tids[THREADS_MAX];
	int rc = NOT_NOW;

	while (rc == NOT_NOW && lk_clock_monotonic_us() - e->began_us < SEARCH_US) {
		size_t count = list_threads(e, tids);

		if (is_to_end())
			return fail(e, -EINTR, "leaktop was told to end; nothing was changed");
		if (!lk_subject_is_same(e->subject))
			return fail(e, -ESRCH, "the process has ended, or is another program now");
		for (size_t i = 0; i < count && rc == NOT_NOW; i++)
			rc = try_thread(e, tids[i]);
		if (rc == NOT_NOW)
			nanosleep(&between, NULL);
	}
	if (rc == NOT_NOW && e->report->words[0] != '\0')
		return -EPERM;
	return rc != NOT_NOW ? rc :
	    fail(e, -EAGAIN, "none of its threads was at a safe place in three seconds, in %u "
	    "looks: in the kernel, in malloc, or in a handler of a signal; nothing was changed, "
	    "try again",
	    e->report->stops);
}

/* ---- what became of it --------------------------------------------------------------------- */

static const struct {
	int		 result;
	const char	*words;
} results[] = {
	{-ENOTSUP, "the interpreter's functions are not found there: its library was loaded for a "
	    "plug-in alone"},
	{-ESHUTDOWN, "its interpreter is ending"},
	{-EALREADY, "it has the sampler already, which does not answer: it waits for the "
	    "interpreter, or cannot make its socket"},
	{-EAGAIN, "no more threads can be made there: raise RLIMIT_NPROC, or pids.max of its "
	    "cgroup, and try again"},
	{-EADDRNOTAVAIL, "no folder for its socket can be made there (LEAKTOP_DIR, "
	    "XDG_RUNTIME_DIR, /run, /tmp, /dev/shm)"},
};

static int
judge(struct entry *e, const struct lk_stub_context *c)
{
	if (c->status == LK_STUB_NOT_LOADED)
		return fail(e, -ELIBACC, "the library could not be loaded there: %.*s",
		    (int)sizeof(c->words) - 1, c->words);
	for (size_t i = 0; i < LK_COUNT_OF(results); i++)
		if (c->result == results[i].result)
			return fail(e, c->result, "%s", results[i].words);
	if (c->result < 0)
		return fail(e, c->result, "the sampler did not start there: %s",
		    strerror(-c->result));
	return 0;
}

/* The thread gives the memory back when it has done what it is about. */
static void
acknowledge(struct entry *e)
{
	const struct timespec frame = {0, e->by_frame ? FRAME_NS : 0};
	const uint32_t one = 1;

	nanosleep(&frame, NULL);
	put(e, context_address(e) + offsetof(struct lk_stub_context, ack), &one, sizeof(one));
}

static int
wait_started(struct entry *e)
{
	const struct timespec look = {0, LOOK_NS};
	int64_t began_us = lk_clock_monotonic_us();
	const uint32_t cancelled = LK_STUB_CANCELLED;
	struct lk_stub_context c;
	bool to_end;

	while (lk_clock_monotonic_us() - began_us < LOADING_US) {
		e->report->loading_us = lk_clock_monotonic_us() - began_us;
		to_end = is_to_end();
		if (pread(e->subject->memory, &c, sizeof(c), (off_t)context_address(e)) !=
		    (ssize_t)sizeof(c))
			return fail(e, -ESRCH, "the process has ended, or is another program now");
		if (c.returned != 0 && (c.status > LK_STUB_BEGUN || to_end)) {
			acknowledge(e);
			return c.status > LK_STUB_BEGUN ? judge(e, &c) : fail(e, -EINTR,
			    "leaktop was told to end; the sampler may start there all the same");
		}
		nanosleep(&look, NULL);
	}
	if (c.status == LK_STUB_NEW)
		put(e, context_address(e), &cancelled, sizeof(cancelled));
	return fail(e, -ETIMEDOUT, c.status == LK_STUB_NEW ?
	    "its new thread did not run within %d s; it will do nothing any more" :
	    "its new thread waits for the loader for %d s, which another thread is in; it will "
	    "start the sampler when it gets it", (int)(LOADING_US / 1000000));
}

/* While a thread is held we are not to wait long for a processor; root need not. */
static int
hurry(int nice)
{
	int before = getpriority(PRIO_PROCESS, 0);

	setpriority(PRIO_PROCESS, 0, nice);
	return before;
}

static int
enter_by_a_thread(struct entry *e)
{
	int nice = hurry(NICE_FIRST), rc = try_threads(e);

	hurry(nice);
	return rc;
}

int
lk_entry_perform(struct lk_subject *s, const char *library, const char *const *settings,
    size_t count, struct lk_attach_report *report)
{
	static struct entry e;
	sigset_t before;
	int rc;

	e = (struct entry){.subject = s, .report = report, .began_us = lk_clock_monotonic_us()};
	hold_signals(&before);
	rc = prepare(&e, library, settings, count);
	if (rc == 0)
		rc = enter_by_a_thread(&e);
	if (rc == 0)
		rc = wait_started(&e);
	lk_staging_remove(&e.staged);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}

#else

#include <errno.h>

/* The checks have refused it before (preflight.h). */
int
lk_entry_perform(struct lk_subject *s, const char *library, const char *const *settings,
    size_t count, struct lk_attach_report *report)
{
	(void)s, (void)library, (void)settings, (void)count, (void)report;
	return -ENOTSUP;
}

#endif
