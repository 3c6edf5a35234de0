#include "config.h"

#include "attach/tracee.h"

#if defined(__x86_64__)

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "util/clock.h"

#ifndef NT_X86_XSTATE
#define NT_X86_XSTATE	0x202
#endif

#define STOP_WAIT_NS	200000000	/* what runs stops within microseconds */
#define CALL_WAIT_NS	INT64_C(2000000000)
#define TICK_US		5000
#define SYSCALL_STOP	(SIGTRAP | 0x80)
#define DIRECTION	0x400u		/* flags that the called code wants clear */
#define TRAP		0x100u
/* The C library's own: it waits for threads to answer them (setuid, cancellation). */
#define LIBRARY_SIGNALS	(UINT64_C(3) << 31)

/* ---- for tests -----------------------------------------------------------------------------
 * LEAKTOP_ATTACH_TRIP=WHAT:N: before the Nth ptrace call the signal TERM, INT, HUP or KILL comes;
 * with FAIL it is not made, and with CALL the Nth call in the process is not (4: nor
 * is the code written by /proc/PID/mem). */

static unsigned int trace_count;

static bool
trips(const char *what, unsigned int number)
{
	const char *given = getenv("LEAKTOP_ATTACH_TRIP");
	size_t length = strlen(what);

	return given != NULL && strncmp(given, what, length) == 0 && given[length] == ':' &&
	    strtoul(given + length + 1, NULL, 10) == number;
}

bool
lk_tracee_fails(unsigned int number)
{
	return trips("CALL", number);
}

static bool
trip(void)
{
	static const struct {
		const char	*what;
		int		 signal;
	} signals[] = {{"TERM", SIGTERM}, {"INT", SIGINT}, {"HUP", SIGHUP}, {"KILL", SIGKILL}};

	trace_count++;
	for (size_t i = 0; i < LK_COUNT_OF(signals); i++)
		if (trips(signals[i].what, trace_count))
			raise(signals[i].signal);
	return trips("FAIL", trace_count);
}

/* Returns: 0 or negative errno. */
static int
trace(enum __ptrace_request request, pid_t tid, uintptr_t address, uintptr_t data)
{
	if (trip())
		return -EIO;
	return ptrace(request, tid, address, data) < 0 ? -errno : 0;
}

static int
regset(enum __ptrace_request request, pid_t tid, void *bytes, size_t *count)
{
	struct iovec part = {bytes, *count};
	int rc = trace(request, tid, NT_X86_XSTATE, (uintptr_t)&part);

	*count = part.iov_len;
	return rc;
}

/* What must not fail is tried again: a test lets it fail once. */
static int
surely(enum __ptrace_request request, pid_t tid, uintptr_t address, uintptr_t data)
{
	int rc = trace(request, tid, address, data);

	return rc == -EIO ? trace(request, tid, address, data) : rc;
}

static int64_t
now_ns(void)
{
	return lk_clock_monotonic_us() * 1000;
}

/* ---- stops --------------------------------------------------------------------------------- */

enum stop { STOP_INTERRUPT, STOP_SYSCALL };

static void
wake(int signal)
{
	(void)signal;
}

/* waitpid() has no deadline of its own: a signal ends it now and then. */
static void
tick(struct lk_tracee *t, bool on)
{
	const struct itimerval interval = {{0, TICK_US}, {0, TICK_US}}, none = {{0, 0}, {0, 0}};
	const struct sigaction act = {.sa_handler = wake};
	sigset_t alarm;

	if (on) {
		sigemptyset(&alarm);	/* who started us may block it; entry.c restores that */
		sigaddset(&alarm, SIGALRM);
		sigprocmask(SIG_UNBLOCK, &alarm, NULL);
		sigaction(SIGALRM, &act, &t->alarm_before);
		setitimer(ITIMER_REAL, &interval, NULL);
	} else {
		setitimer(ITIMER_REAL, &none, NULL);
		sigaction(SIGALRM, &t->alarm_before, NULL);
	}
}

/* The next change of its state.  Asleep: where processors are few the thread needs ours to change.
 * Returns: 0, -ETIMEDOUT, -ESRCH. */
static int
wait_change(struct lk_tracee *t, int64_t until_ns, int *status)
{
	pid_t found;

	while ((found = waitpid(t->tid, status, __WALL)) < 0 && errno == EINTR)
		if (now_ns() > until_ns)
			return -ETIMEDOUT;
	if (found < 0 || !WIFSTOPPED(*status)) {
		t->gone = true;
		return -ESRCH;
	}
	return 0;
}

static bool
is_wanted(int status, enum stop wanted)
{
	int event = status >> 16, signal = WSTOPSIG(status);

	if (wanted == STOP_INTERRUPT)
		return event == PTRACE_EVENT_STOP && signal == SIGTRAP;
	return event == 0 && signal == SYSCALL_STOP;
}

static bool
is_fault(int signal)
{
	return signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE;
}

/* What stopped it is not what we wait for: on, with the signal that it is about, if any.  While
 * registers are ours only those of the C library may be handled. */
static int
pass(struct lk_tracee *t, int status, enum __ptrace_request go_on)
{
	int event = status >> 16, signal = WSTOPSIG(status);

	if (event == PTRACE_EVENT_STOP && signal != SIGTRAP && !t->changed)
		return -EBUSY;
	if (event != 0 || signal == SYSCALL_STOP || signal == SIGTRAP)
		signal = 0;
	else if (t->changed && is_fault(signal))
		return -EFAULT;
	else if (t->changed && signal == SIGSTOP) {
		t->held_back++;
		signal = 0;
	}
	return surely(go_on, t->tid, 0, (uintptr_t)signal);
}

/* Returns: 0: it is stopped as WANTED. */
static int
wait_stop(struct lk_tracee *t, enum stop wanted, enum __ptrace_request go_on, int64_t wait_ns)
{
	int64_t until_ns = now_ns() + wait_ns;
	int status, rc;

	t->stopped = false;
	while ((rc = wait_change(t, until_ns, &status)) == 0) {
		if (is_wanted(status, wanted)) {
			t->stopped = true;
			return 0;
		}
		rc = pass(t, status, go_on);
		t->stopped = rc < 0;
		if (rc < 0)
			return rc;
	}
	return rc;
}

/* ---- open ---------------------------------------------------------------------------------- */

static int
save(struct lk_tracee *t)
{
	int rc = trace(PTRACE_GETREGS, t->tid, 0, (uintptr_t)&t->registers);

	t->xstate_bytes = sizeof(t->xstate);
	if (rc == 0)
		rc = regset(PTRACE_GETREGSET, t->tid, t->xstate, &t->xstate_bytes);
	if (rc == 0)
		rc = trace(PTRACE_GETSIGMASK, t->tid, sizeof(t->signal_mask),
		    (uintptr_t)&t->signal_mask);
	t->saved = rc == 0;
	return rc;
}

int
lk_tracee_open(struct lk_tracee *t, pid_t pid, pid_t tid)
{
	int rc;

	memset(t, 0, offsetof(struct lk_tracee, xstate));
	t->pid = pid;
	t->tid = tid;
	t->held_back = 0;
	t->stopped_ns = t->window_ns = t->window_at_ns = 0;
	rc = trace(PTRACE_SEIZE, tid, 0, PTRACE_O_TRACESYSGOOD);
	if (rc < 0)
		return rc;
	t->seized = true;
	tick(t, true);
	t->stopped_at_ns = now_ns();
	rc = surely(PTRACE_INTERRUPT, tid, 0, 0);
	if (rc == 0)
		rc = wait_stop(t, STOP_INTERRUPT, PTRACE_CONT, STOP_WAIT_NS);
	if (rc == 0)
		rc = save(t);
	return rc;
}

/* ---- in the process -------------------------------------------------------------------------- */

/* Only the C library's own signals are handled while the registers are not the thread's.  The mask
 * comes after them, and goes back before them: only what comes back by a frame gets it, too. */
static int
change(struct lk_tracee *t, const struct user_regs_struct *registers)
{
	uint64_t blocked = ~LIBRARY_SIGNALS | t->signal_mask;
	int rc = trace(PTRACE_SETREGS, t->tid, 0, (uintptr_t)registers);

	if (rc < 0)
		return rc;
	t->changed = true;
	if (!t->masked)
		rc = trace(PTRACE_SETSIGMASK, t->tid, sizeof(blocked), (uintptr_t)&blocked);
	t->masked = rc == 0;
	return rc;
}

static void
end_window(struct lk_tracee *t)
{
	if (t->window_at_ns != 0)
		t->window_ns += now_ns() - t->window_at_ns;
	t->window_at_ns = 0;
}

/* From the entry of a system call to the way out of it, where nothing of the program has run yet.
 * There, as in any stop by interrupt, the kernel begins again what had been interrupted. */
static int
finish_syscall(struct lk_tracee *t)
{
	int rc = surely(PTRACE_INTERRUPT, t->tid, 0, 0);

	if (rc == 0)
		rc = surely(PTRACE_CONT, t->tid, 0, 0);
	return rc < 0 ? rc : wait_stop(t, STOP_INTERRUPT, PTRACE_CONT, CALL_WAIT_NS);
}

/* Not by single steps: their signal would reset the handler that the program may have for it. */
int
lk_tracee_syscall(struct lk_tracee *t, uint64_t address, uint64_t net, long number,
    const uint64_t six[6], int64_t *result)
{
	struct user_regs_struct r = t->registers;
	int rc;

	if (net == 0 && t->window_at_ns == 0)
		t->window_at_ns = now_ns();
	r.rip = address;
	r.rsp = net != 0 ? net : r.rsp;
	r.rax = (uint64_t)number;
	r.orig_rax = UINT64_MAX;	/* nothing is restarted meanwhile */
	r.rdi = six[0];
	r.rsi = six[1];
	r.rdx = six[2];
	r.r10 = six[3];
	r.r8 = six[4];
	r.r9 = six[5];
	r.eflags &= ~(unsigned long long)(DIRECTION | TRAP);
	rc = change(t, &r);
	if (rc == 0)
		rc = trace(PTRACE_SYSCALL, t->tid, 0, 0);
	if (rc == 0)
		rc = wait_stop(t, STOP_SYSCALL, PTRACE_SYSCALL, CALL_WAIT_NS);
	if (rc == 0)
		rc = finish_syscall(t);
	if (rc == 0)
		rc = trace(PTRACE_GETREGS, t->tid, 0, (uintptr_t)&r);
	if (rc == 0)
		*result = (int64_t)r.rax;
	return rc;
}

/* It stays where it is, and comes back by its frame. */
static int
leave_to_frame(struct lk_tracee *t)
{
	t->changed = false;
	return -EINPROGRESS;
}

int
lk_tracee_call(struct lk_tracee *t, const struct user_regs_struct *call, uint64_t code)
{
	const uint64_t end = code + (uint64_t)(lk_stub_return - lk_stub_call);
	struct user_regs_struct r;
	bool begun = false;
	int rc = change(t, call);

	end_window(t);
	while (rc == 0) {
		rc = trace(PTRACE_SYSCALL, t->tid, 0, 0);
		if (rc == 0)
			rc = wait_stop(t, STOP_SYSCALL, PTRACE_SYSCALL, CALL_WAIT_NS);
		if (rc == 0)
			rc = surely(PTRACE_GETREGS, t->tid, 0, (uintptr_t)&r);
		if (rc == 0 && r.rip == end && r.orig_rax == SYS_rt_sigreturn) {
			r.orig_rax = UINT64_MAX;	/* it is not made */
			rc = surely(PTRACE_SETREGS, t->tid, 0, (uintptr_t)&r);
			return rc < 0 ? rc : finish_syscall(t);
		}
		begun = true;
	}
	return begun && rc != -ESRCH ? leave_to_frame(t) : rc;
}

int
lk_tracee_poke(struct lk_tracee *t, uint64_t address, const unsigned char *bytes, size_t count)
{
	uint64_t word;
	int rc = 0;

	for (size_t at = 0; at < count && rc == 0; at += sizeof(word)) {
		size_t part = count - at < sizeof(word) ? count - at : sizeof(word);

		word = 0;
		memcpy(&word, bytes + at, part);
		rc = surely(PTRACE_POKEDATA, t->tid, address + at, word);
	}
	return rc;
}

/* ---- close --------------------------------------------------------------------------- */

static void
restore(struct lk_tracee *t)
{
	size_t bytes = t->xstate_bytes;

	if (regset(PTRACE_SETREGSET, t->tid, t->xstate, &bytes) < 0)
		regset(PTRACE_SETREGSET, t->tid, t->xstate, &bytes);
	surely(PTRACE_SETSIGMASK, t->tid, sizeof(t->signal_mask), (uintptr_t)&t->signal_mask);
	surely(PTRACE_SETREGS, t->tid, 0, (uintptr_t)&t->registers);
	end_window(t);
	t->changed = t->masked = false;
}

void
lk_tracee_close(struct lk_tracee *t)
{
	if (t->seized && !t->gone && !t->stopped &&
	    surely(PTRACE_INTERRUPT, t->tid, 0, 0) == 0)
		wait_stop(t, STOP_INTERRUPT, PTRACE_CONT, CALL_WAIT_NS);
	if (t->seized && t->stopped && t->saved && t->changed)
		restore(t);
	if (t->seized && t->stopped)
		surely(PTRACE_DETACH, t->tid, 0, 0);
	if (t->seized)
		t->stopped_ns = now_ns() - t->stopped_at_ns;
	if (t->seized)
		tick(t, false);
	while (t->held_back > 0 && t->held_back--)
		syscall(SYS_tgkill, t->pid, t->tid, SIGSTOP);
	t->seized = t->stopped = false;
}

#endif
