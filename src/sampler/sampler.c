#include "config.h"

#include "sampler/sampler.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "leaktop/sampler.h"
#include "sampler/core/events.h"
#include "sampler/core/thread.h"
#include "sampler/cpython/arenas.h"
#include "sampler/cpython/hooks.h"
#include "sampler/cpython/layout.h"
#include "sampler/cpython/lifecycle.h"
#include "sampler/cpython/offsets.h"
#include "sampler/cpython/selfcheck.h"
#include "sampler/cpython/switch.h"
#include "sampler/cpython/symbols.h"
#include "sampler/cpython/walk.h"
#include "sampler/duty.h"
#include "sampler/freezer.h"
#include "sampler/govern.h"
#include "sampler/lookout.h"
#include "sampler/native/native.h"
#include "sampler/native/unwind.h"
#include "sampler/patch.h"
#include "sampler/process/address.h"
#include "sampler/process/proc.h"
#include "sampler/record.h"
#include "sampler/scan.h"
#include "sampler/serve.h"
#include "sampler/settings.h"
#include "sampler/standstill.h"
#include "sampler/stages.h"
#include "sampler/status.h"
#include "sampler/tend.h"
#include "sampler/threads.h"

#define WAIT_FIRST_NS	1000000		/* between two looks whether Python is up */
#define WAIT_LAST_NS	200000000
#define COUNTS_LATE_MINOR 13		/* see after_fork_in_parent */
#define CURRENT_IS_OURS_MINOR 12	/* see this_thread_state */
#define CHILD_GRACE_MS	100		/* a forked child may be about to exec */
#define EXIT_WAIT_MS	200
#define LEAVE_PAUSE_NS	10000000
#define LEAVE_LOOKS	300u	/* for the hooks of native memory to go */
#define ROOM_FOR_THREADS_BYTES (UINT64_C(192) << 20)
#define ROOM_FOR_SLOTS_BYTES (1u << 30)	/* of address space; they take a fifth of it */

static struct lk_symbols py;
static const char *missing;	/* a symbol that this interpreter does not export */
static struct lk_settings settings;
static pthread_t server;
static pthread_mutex_t server_lock = PTHREAD_MUTEX_INITIALIZER; /* one starts or stops it */
static bool server_runs;	/* server_lock: there is a thread to join */
static pid_t owner;		/* the process whose threads these are */
static atomic_int suspended;	/* forks under way */
static atomic_bool started, closed;
static atomic_bool detached;	/* server_lock: no thread is started before we are attached again */
static bool resumes;		/* the server, when it runs next */
static atomic_bool installed;	/* changes under the GIL: os.fork() finds all or nothing */
static bool begun;
static const struct lk_layout *_Atomic chosen;	/* to be checked; NULL: not yet */
static int grace_ms;
static bool late;		/* loaded into an interpreter that ran already */

/* ---- the interpreter ------------------------------------------------------------- */

/* false: told to stop before Python came up. */
static bool
wait_for_python(void)
{
	struct timespec pause = {0, WAIT_FIRST_NS};
	unsigned int looks = 0;

	while (!py.is_initialized()) {
		if (atomic_load(&closed))
			return false;
		nanosleep(&pause, NULL);
		if (++looks > 1000 && pause.tv_nsec < WAIT_LAST_NS)
			pause.tv_nsec += WAIT_FIRST_NS;
	}
	return true;
}

static void
copy_version(const char *version)
{
	size_t n = strcspn(version, " +");

	if (n >= sizeof(lk_status.python))
		n = sizeof(lk_status.python) - 1;
	memcpy(lk_status.python, version, n);
	lk_status.python[n] = '\0';
}

/* When a thread of ours first takes memory, as on entering the interpreter, the C library reserves
 * 64 or 128 MB of addresses for it and gives most of them back: for a moment the host has none. */
static bool
has_room_for_threads(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_AS, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY ||
	    limit.rlim_cur >= lk_proc_address_bytes() + ROOM_FOR_THREADS_BYTES;
}

/* Which layout does this interpreter have?  NULL with the reason in lk_status. */
static const struct lk_layout *
choose_layout(void)
{
	static struct lk_layout taken;
	const char *version = py.get_version(), *why = NULL;
	const struct lk_layout *row = lk_layout_for(version, &why);

	copy_version(version);
	if (row != NULL && missing != NULL) {
		lk_events_add(missing, 0);
		why = "this Python does not export a symbol that is needed: see the events";
	} else if (row != NULL) {
		why = lk_offsets_take(row, py.runtime, &taken);
	}
	if (why == NULL && !has_room_for_threads())
		why = "addresses are limited (ulimit -v), and less than 192 MB of them are left";
	lk_status.dormant_reason = why;
	return why == NULL ? &taken : NULL;
}

/* With the GIL.  May we trust it? */
static bool
is_right(const struct lk_layout *layout)
{
	lk_status.dormant_reason = lk_selfcheck_run_callspy(&py, layout);
	if (lk_status.dormant_reason == NULL && lk_selfcheck_jit_callspy(&py))
		lk_events_add("jit-lines", 0);
	return lk_status.dormant_reason == NULL;
}

static bool
is_pymalloc(const char *name)
{
	return name != NULL && (strcmp(name, "pymalloc") == 0 ||
	    strcmp(name, "pymalloc_debug") == 0);
}

/* This thread's own, with the GIL or without: its frames hold still while it is here.  The
 * current one is known by thread from 3.12 on, and may be a subinterpreter's; before, it may be
 * another thread's at work, so it is not looked at. */
static const void *
this_thread_state(void)
{
	const void *current = NULL;

	if (lk_status.layout->minor >= CURRENT_IS_OURS_MINOR)
		current = py.current_thread_state();
	return current != NULL ? current : py.this_thread_state();
}

static void before_fork(void);
static void after_fork_in_parent(void);
static void after_fork_in_child(void);
static void at_exit(void);

/* With the GIL. */
static void
install(const struct lk_layout *layout)
{
	static const struct lk_lifecycle lifecycle = {before_fork, after_fork_in_parent,
	    after_fork_in_child, at_exit};

	if (lk_lifecycle_register_callspy(&py, layout, &lifecycle) < 0)
		lk_events_add("no-lifecycle", 0);
	lk_record.thread_state = this_thread_state;
	lk_status.mode = lk_hooks_install(&py, &lk_record.sink, is_pymalloc(py.allocator_name()),
	    lk_switch_install) == LK_HOOKS_SLOTS ? "slots" : "hash";
	lk_switch_find(&py);
	lk_duty_init(settings.duty_shift);
	lk_govern_init(settings.budget_percent, settings.interval_is_asked);
	atomic_store(&lk_record.active, true);
	atomic_store(&installed, true);
	lk_events_add("started", 0);
}

/* Pointers to functions and to objects are alike wherever there is a dlsym(). */
static void
install_native(void)
{
	struct lk_native_options options = {.wanted = settings.native,
	    .sink = &lk_record.sink,
	    .eval_loop = dlsym(RTLD_DEFAULT, "_PyEval_EvalFrameDefault")};

	memcpy(&options.interpreter, &py.get_version, sizeof(options.interpreter));
	lk_native_init(&options);
	lk_patch_init();
}

/* The layout, or NULL: it is not what we read. */
static const struct lk_layout *
check_and_install(const struct lk_layout *layout)
{
	int gil;

	lk_switch_look(&py);
	gil = py.gil_ensure();
	if (!is_right(layout))
		layout = NULL;
	lk_status.layout = layout;
	if (layout != NULL)
		install(layout);
	py.gil_release(gil);
	return layout;
}

/* Once; in a child whose parent forked in the middle, what was left to do. */
static bool
begin(void)
{
	const struct lk_layout *layout;
	bool goes;

	if (!wait_for_python())
		return false;
	layout = atomic_load(&installed) ? lk_status.layout : choose_layout();
	atomic_store(&chosen, layout);
	lk_status.runtime = py.runtime;
	if (layout != NULL && !atomic_load(&installed)) {
		goes = lk_standstill_begin(&py, layout, &closed, late);
		if (goes)
			layout = check_and_install(layout);
		lk_standstill_end();
		if (!goes)
			return false;
	}
	if (layout != NULL)
		install_native();
	/* Without a GIL the collector has no lists to walk, and no walk could stop the others. */
	if (layout != NULL && layout->free_threaded)
		layout = NULL;
	lk_scan_init(layout, &py, lk_serve_ring);
	lk_freezer_init(layout, &py, lk_serve_ring);
	if (settings.never_freezes)
		lk_freezer_forbid();
	if (settings.never_reveals)
		lk_stages_forbid_reveal();
	return true;	/* without a layout the server tells why */
}

/* ---- threads ------------------------------------------------------------------------ */

/* The C library ends a process with exit(0) when its last thread ends.  That cannot happen while
 * the last one is ours, as in the child of a thread that forked: so we do it in its place. */
static void
end_for_host(void)
{
	if (atomic_exchange(&closed, true))
		return;
	atomic_store(&lk_record.active, false);
	lk_serve_close("exit");
	exit(0);
}

/* The server's thread ends by itself.  Who wants to end it, to fork or to exit, is let do so: it
 * runs again afterwards, and leaves then. */
static void
leave(void)
{
	const struct timespec pause = {0, LEAVE_PAUSE_NS};
	unsigned int looks;

	for (looks = 0; looks < LEAVE_LOOKS && !lk_native_is_out() && !lk_serve_is_stopped();
	    looks++) {
		lk_patch_tend();
		nanosleep(&pause, NULL);
	}
	while (pthread_mutex_trylock(&server_lock) != 0) {
		if (lk_serve_is_stopped())
			return;
		nanosleep(&pause, NULL);
	}
	atomic_store(&detached, true);
	if (server_runs) {
		server_runs = false;
		pthread_detach(pthread_self());
		lk_scan_stop();
		lk_freezer_stop();
		lk_lookout_stop();
		lk_patch_stop();
	}
	lk_serve_close("detached");
	lk_serve_forget();
	lk_unwind_forget();
	pthread_mutex_unlock(&server_lock);
}

static void *
server_body(void *unused)
{
	(void)unused;
	lk_thread.inside = true;
	if (!begun) {
		lk_status.started_at_s = lk_clock_wall_s();
		if (!begin())
			return NULL;
		begun = true;
	}
	if (resumes && lk_status.dormant_reason == NULL)
		lk_duty_resume();
	resumes = false;
	if (lk_serve_run(grace_ms))
		end_for_host();
	else if (lk_serve_leaves())
		leave();
	return NULL;
}

/* Returns: whether it runs. */
static bool
start_server(void)
{
	bool runs;

	pthread_mutex_lock(&server_lock);
	if (!server_runs && !atomic_load(&closed) && !atomic_load(&detached)) {
		server_runs = lk_threads_start(&server, server_body) == 0;
		if (!server_runs)
			lk_events_add("no-thread", 0);
	}
	runs = server_runs;
	pthread_mutex_unlock(&server_lock);
	return runs;
}

static void
stop_server(void)
{
	pthread_mutex_lock(&server_lock);
	if (server_runs) {
		server_runs = false;
		lk_serve_stop();
		pthread_join(server, NULL);
		lk_scan_stop();
		lk_freezer_stop();
		lk_lookout_stop();
		lk_patch_stop();
	}
	pthread_mutex_unlock(&server_lock);
}

/* ---- any fork, Python's or not ---------------------------------------------------------- */

static int
start_later(void *unused)
{
	(void)unused;
	if (atomic_load(&suspended) == 0)
		start_server();
	return 0;
}

/* Before our callbacks are registered, and where they cannot be, the interpreter of the child
 * starts our thread with its first pending call: when it has put itself in order, and never in a
 * child that is about to exec.  In the parent, whose list it is until then, there is a thread. */
static void
start_in_child(void)
{
	const struct lk_layout *layout = atomic_load(&chosen);

	if (!atomic_load(&installed) && !atomic_load(&closed) && py.is_initialized() &&
	    (layout == NULL || !lk_standstill_is_late(&py, layout)))
		py.add_pending_call(start_later, NULL);
}

/* No lock of ours is held by a thread that the child lacks. */
static void
prepare_fork(void)
{
	start_in_child();
	lk_patch_before_fork();
	lk_tend_before_fork();
}

static void
parent_forked(void)
{
	lk_tend_after_fork(false);
	lk_patch_after_fork(false);
}

static void
child_forked(void)
{
	static const pthread_mutex_t unlocked = PTHREAD_MUTEX_INITIALIZER;
	int saved_errno = errno;

	owner = getpid();
	server_lock = unlocked;		/* whoever held it is not here */
	lk_status.start_time = lk_proc_start_time();
	if (!lk_tend_after_fork(true))
		lk_status.started_at_s = lk_clock_wall_s();
	lk_serve_after_fork();
	lk_scan_after_fork();
	lk_freezer_after_fork();
	lk_lookout_after_fork();
	lk_patch_after_fork(true);
	lk_standstill_end();
	server_runs = false;
	errno = saved_errno;
}

/* _Fork() and the system call run no handlers: the child learns of it when it matters. */
static void
notice_fork(void)
{
	if (getpid() != owner)
		child_forked();
}

/* ---- fork and exit: on the host's threads, without the GIL ------------------------------ */

static void
before_fork(void)
{
	bool was_inside = lk_thread.inside;

	lk_thread.inside = true;
	notice_fork();
	if (atomic_fetch_add(&suspended, 1) == 0)
		stop_server();
	lk_thread.inside = was_inside;
}

/* 3.12 and later warn of a fork in a process with several threads, and count the kernel's: ours
 * is not to be the reason.  3.13 counts after this callback, so the server waits until the
 * interpreter goes on; when the host has threads of its own the warning is theirs. */
static void
after_fork_in_parent(void)
{
	grace_ms = 0;
	if (atomic_fetch_sub(&suspended, 1) != 1)
		return;
	if (lk_status.layout == NULL || lk_status.layout->minor < COUNTS_LATE_MINOR ||
	    !lk_proc_is_single_threaded() || py.add_pending_call(start_later, NULL) < 0)
		start_server();
}

static void
after_fork_in_child(void)
{
	atomic_store(&suspended, 0);
	lk_status.seconds = 0;
	grace_ms = CHILD_GRACE_MS;
	start_server();
}

static void
at_exit(void)
{
	if (atomic_exchange(&closed, true))
		return;
	notice_fork();
	stop_server();
	lk_tend_close();	/* now no request resumes it */
	lk_serve_close("exit");
}

/* The way out when Python's own did not come by: exit() with the interpreter still up.  The
 * server may be waiting for the GIL, so it is waited for only so long. */
static void
library_exit(void)
{
	struct timespec deadline;

	if (!atomic_load(&started) || atomic_exchange(&closed, true))
		return;
	notice_fork();
	atomic_store(&lk_record.active, false);
	if (pthread_mutex_trylock(&server_lock) != 0)
		return;		/* another thread forks, and waits for the server */
	if (server_runs) {
		lk_serve_stop();
		clock_gettime(CLOCK_REALTIME, &deadline);
		deadline.tv_nsec += EXIT_WAIT_MS * 1000000L;
		if (deadline.tv_nsec >= 1000000000L) {
			deadline.tv_sec++;
			deadline.tv_nsec -= 1000000000L;
		}
		if (pthread_timedjoin_np(server, NULL, &deadline) != 0)
			return;
	}
	lk_serve_close("exit");
}

/* ---- start ---------------------------------------------------------------------------- */

LK_EXPORT const char *
leaktop_sampler_version(void)
{
	return PACKAGE_VERSION;
}

/* They take a region of addresses, though little memory.  Where addresses are limited the host may
 * need them, where all is locked it would be resident; a free-threaded Python has no use for
 * slots. */
static bool
has_room_for_slots(void)
{
	struct rlimit limit;

	return !lk_layout_is_free_threaded(py.get_version()) &&
	    getrlimit(RLIMIT_AS, &limit) == 0 &&
	    (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= ROOM_FOR_SLOTS_BYTES) &&
	    !lk_proc_locks_all();
}

static void
tell_address(void)
{
	lk_address_tell(lk_settings_text(LK_ENV_DIR), lk_settings_text("XDG_RUNTIME_DIR"));
}

LK_EXPORT int
leaktop_sampler_start(void)
{
	int rc;

	missing = lk_symbols_find(&py);
	if (py.is_initialized == NULL || py.get_version == NULL)
		return -ENOTSUP;
	if (atomic_exchange(&started, true))
		return 0;
	owner = getpid();
	lk_settings_read(&settings);
	tell_address();
	lk_status.memory_cap_bytes = settings.memory_bytes;
	lk_status.start_time = lk_proc_start_time();
	lk_status.mode = "";
	rc = lk_record_init(settings.memory_bytes, settings.interval_bytes, getpid(),
	    has_room_for_slots());
	if (rc == 0)
		rc = lk_serve_init();
	if (rc == 0)
		rc = -pthread_atfork(prepare_fork, parent_forked, child_forked);
	if (rc < 0) {
		atomic_store(&closed, true);
		return rc;
	}
	return start_server() ? 0 : -EAGAIN;
}

/* What was forgotten stays unknown. */
static int
attach_again(void)
{
	notice_fork();
	lk_status.started_at_s = lk_clock_wall_s();
	resumes = true;
	lk_serve_stay();
	lk_events_add("attached", 0);
	if (start_server())
		return 0;
	atomic_store(&detached, true);
	return -EAGAIN;
}

/* One that is there, unless there was no thread to be had for it. */
static int
attach_started(void)
{
	bool had;

	if (atomic_load(&suspended) != 0)
		return -EALREADY;
	pthread_mutex_lock(&server_lock);
	had = server_runs;
	pthread_mutex_unlock(&server_lock);
	if (had)
		return -EALREADY;
	return start_server() ? 0 : -EAGAIN;
}

/* Nobody may enter it any more.  Before it is up it says that it is not, too. */
static bool
is_ending(void)
{
	static struct lk_layout taken;
	const char *why = NULL;
	const struct lk_layout *row;

	if (lk_symbols_find(&py) != NULL)
		return false;
	row = lk_layout_for(py.get_version(), &why);
	return row != NULL && lk_offsets_take(row, py.runtime, &taken) == NULL &&
	    lk_standstill_is_late(&py, &taken);
}

/* On a thread of its own that leaktop attach has made here. */
LK_EXPORT int
leaktop_sampler_attach(const char *given)
{
	if (atomic_load(&closed))
		return -ESHUTDOWN;
	if (atomic_exchange(&detached, false))	/* of two at once, one */
		return attach_again();
	if (atomic_load(&started))
		return attach_started();
	if (is_ending())
		return -ESHUTDOWN;
	late = true;
	lk_settings_give(given);
	tell_address();
	return lk_address_check() < 0 ? -EADDRNOTAVAIL : leaktop_sampler_start();
}

/* Under leaktop run we are here before the interpreter is, and before there are threads.  Who loads
 * us later starts us. */
static bool
is_late(void)
{
	void *symbol = dlsym(RTLD_DEFAULT, "Py_IsInitialized");
	int (*is_initialized)(void);

	memcpy(&is_initialized, &symbol, sizeof(is_initialized));
	return symbol == NULL || syscall(SYS_gettid) != getpid() || is_initialized();
}

__attribute__((constructor)) static void
loaded(void)
{
	if (is_late())
		return;
	lk_settings_read(&settings);
	if (settings.disabled)
		return;
	lk_arenas_install();
	leaktop_sampler_start();
}

__attribute__((destructor)) static void
unloaded(void)
{
	library_exit();
}
