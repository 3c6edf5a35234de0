#include "config.h"

#include "sampler/freezer.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/print.h"
#include "sampler/core/events.h"
#include "sampler/core/pages.h"
#include "sampler/core/thread.h"
#include "sampler/cpython/symbols.h"
#include "sampler/freeze/answer.h"
#include "sampler/freeze/child.h"
#include "sampler/freeze/explore.h"
#include "sampler/freeze/headroom.h"
#include "sampler/freeze/sampled.h"
#include "sampler/freeze/want.h"
#include "sampler/process/proc.h"
#include "sampler/record.h"
#include "sampler/threads.h"

#define DEADLINE_MS	60000u
#define GRACE_NS	UINT64_C(2000000000)	/* for a child that its own timer did not end */
#define RING_EVERY_NS	200000000
#define OBJECTS_MAX	(UINT64_C(1) << 30)
#define WORDS_BYTES	384u
#define TIDY_SECONDS	30u	/* by then it has ended */

static const struct lk_layout *layout;
static const struct lk_symbols *symbols;
static void (*ring_server)(void);
static pthread_t thread;
static bool running;		/* the server's: a thread to join */
static atomic_bool ended;
static uint32_t number;
static bool is_forbidden;
static bool interrupted;	/* stopped, which nobody was told yet */

/* The freezer's while it runs, the server's else. */
static struct lk_answer *answer;
static struct lk_freeze freeze;
static uint32_t objects_max;
static bool usable;
static char words[WORDS_BYTES];
static struct lk_want wanted;

void
lk_freezer_init(const struct lk_layout *l, const struct lk_symbols *s, void (*ring)(void))
{
	layout = l;
	symbols = s;
	ring_server = ring;
}

void
lk_freezer_forbid(void)
{
	is_forbidden = true;
}

static void
say(const char *text)
{
	struct lk_print p;

	lk_print_init(&p, words, sizeof(words));
	lk_print_str(&p, text);
	lk_print_end(&p);
}

/* ---- whether there is room ---------------------------------------------------------- */

static bool
has_room(void)
{
	struct lk_headroom h = {.rss_bytes = lk_proc_rss_bytes(),
	    .available_bytes = lk_proc_available_bytes(),
	    .address_limit_bytes = LK_HEADROOM_UNKNOWN,
	    .address_used_bytes = lk_proc_address_bytes()};
	struct rlimit limit;
	uint64_t bytes;

	lk_proc_cgroup(&h.cgroup_limit_bytes, &h.cgroup_used_bytes);
	if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		h.address_limit_bytes = limit.rlim_cur;
	if (!lk_headroom_tables(&h, &bytes, words, sizeof(words)))
		return false;
	bytes /= wanted.what == LK_WANT_TYPES ? LK_EXPLORE_OBJECT_BYTES : LK_EXPLORE_HELD_BYTES;
	objects_max = (uint32_t)(bytes < OBJECTS_MAX ? bytes : OBJECTS_MAX);
	return true;
}

/* ---- how a child ended --------------------------------------------------------------- */

static void
say_refused(int error)
{
	static const struct {
		int		 error;
		const char	*text;
	} reasons[] = {
		{EAGAIN, "no copy of the process: a limit of processes is reached (ulimit -u, or "
		    "pids.max of its cgroup)"},
		{ENOMEM, "no copy of the process: the kernel has no memory to promise "
		    "(vm.overcommit_memory)"},
		{EPERM, "no copy of the process: a sandbox (seccomp) forbids clone"},
		{ENOSYS, "no copy of the process: a sandbox (seccomp) forbids clone"},
	};
	size_t i;

	lk_events_add("freeze-refused", (uint64_t)error);
	for (i = 0; i < LK_COUNT_OF(reasons); i++) {
		if (reasons[i].error == error) {
			say(reasons[i].text);
			return;
		}
	}
	say("no copy of the process: the kernel refuses clone");
}

/* STATUS is of waitpid: the child had a word to say in ANSWER when it could. */
static void
say_lost(int status)
{
	int signal = answer->signal != 0 ? answer->signal :
	    WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	struct lk_print p;

	lk_events_add("freeze-lost", (uint64_t)signal);
	lk_print_init(&p, words, sizeof(words));
	if (signal == SIGALRM) {
		lk_print_str(&p, "the copy was not done within a minute");
	} else if (signal == SIGKILL) {
		lk_print_str(&p, "the copy was killed, perhaps for want of memory");
	} else {
		lk_print_str(&p, "the copy crashed (signal ");
		lk_print_i64(&p, signal);
		lk_print_str(&p, "); the process itself is well");
	}
	if (answer->at_type[0] != '\0') {
		lk_print_str(&p, "; it was looking at an object of type ");
		lk_print_put(&p, answer->at_type, strnlen(answer->at_type, LK_ANSWER_NAME_MAX));
	}
	lk_print_end(&p);
}

/* ---- the thread ------------------------------------------------------------------------ */

/* Until the child has answered, or the server lost its interest, or for a moment. */
static void
wait_for_state(void)
{
	const struct timespec moment = {0, RING_EVERY_NS};

	syscall(SYS_futex, &answer->state, FUTEX_WAIT, LK_ANSWER_NONE, &moment, NULL, 0);
}

/* Returns: whether the child is still there. */
static bool
wait_for_answer(pid_t child)
{
	uint64_t late_ns = lk_clock_monotonic_ns() + DEADLINE_MS * UINT64_C(1000000) + GRACE_NS;
	int status;

	while (atomic_load(&answer->state) == LK_ANSWER_NONE) {
		wait_for_state();
		if (atomic_load(&answer->state) != LK_ANSWER_NONE)
			break;
		if (lk_child_has_ended(child, &status)) {
			say_lost(status);
			return false;
		}
		if (lk_clock_monotonic_ns() > late_ns) {
			say("the copy did not end at its deadline");
			break;
		}
		ring_server();
	}
	return true;
}

static uint64_t
less(uint64_t a, uint64_t b)
{
	return a == LK_FREEZER_UNKNOWN || b == LK_FREEZER_UNKNOWN ? LK_FREEZER_UNKNOWN :
	    a > b ? a - b : 0;
}

/* What the host wrote to meanwhile is now only the child's, and so is what that wrote to. */
static void
attend(pid_t child)
{
	uint64_t before = lk_proc_private_bytes(child), copied;

	if (!wait_for_answer(child))
		return;
	if (atomic_load(&answer->state) == LK_ANSWER_WHOLE) {
		copied = less(lk_proc_private_bytes(child), before);
		freeze.copied_bytes = less(copied, answer->table_bytes);
		usable = true;
	} else if (atomic_load(&answer->state) == LK_ANSWER_NO_MEMORY) {
		say("the copy got no memory for its tables");
	} else if (atomic_load(&answer->state) == LK_ANSWER_UNWANTED) {
		say("it was given up");
	}
	lk_child_end(child);
}

static void
freeze_callspy(void)
{
	const struct lk_sampled sampled = {&lk_record.live, &lk_record.slots,
	    lk_record.stacks.stack_serial, lk_record.stacks.stack_capacity};
	struct lk_explore e = {layout, symbols, objects_max, NULL, &wanted, &sampled, answer};
	const struct lk_child_work work = {lk_explore_heap, lk_explore_failed, &e, DEADLINE_MS};
	uint64_t began;
	pid_t child;
	int gil;

	gil = symbols->gil_ensure();
	e.modules = symbols->import_modules();
	freeze.at_s = lk_clock_wall_s();
	began = lk_clock_monotonic_ns();
	child = atomic_load(&answer->state) == LK_ANSWER_NONE ? lk_child_start(&work) : 0;
	freeze.pause_ns = lk_clock_monotonic_ns() - began;
	symbols->gil_release(gil);
	if (child == 0) {
		say("it was given up");
	} else if (child < 0) {
		say_refused(-child);
	} else {
		lk_child_oom_first(child);
		attend(child);
	}
}

static void *
body(void *unused)
{
	(void)unused;
	lk_thread.inside = true;
	if (has_room())
		freeze_callspy();
	lk_threads_ending();
	atomic_store(&ended, true);
	ring_server();
	return NULL;
}

/* ---- the server's side -------------------------------------------------------------------- */

static void
begin_anew(void)
{
	memset(answer, 0, offsetof(struct lk_answer, types));
	memset(&freeze, 0, sizeof(freeze));
	freeze.answer = answer;
	usable = false;
	words[0] = '\0';
	atomic_store(&ended, false);
}

/* One that was given up answers nobody, and not who came just after that either. */
bool
lk_freezer_serves(const struct lk_want *want)
{
	if (running && atomic_load(&answer->state) == LK_ANSWER_UNWANTED)
		return false;
	if (want->what == LK_WANT_CONTAINERS)
		return wanted.what == LK_WANT_CONTAINERS && want->number >= wanted.number;
	return want->what == LK_WANT_TYPES || (want->what == wanted.what &&
	    want->number == wanted.number && want->asker == wanted.asker &&
	    strcmp(want->type, wanted.type) == 0);
}

const char *
lk_freezer_why_never(void)
{
	return is_forbidden ? "a setting (LEAKTOP_FREEZE=off) forbids copies of the process" :
	    layout == NULL ? "this Python has no GIL: its heap cannot be frozen" : NULL;
}

int
lk_freezer_start(const struct lk_want *want)
{
	int rc;

	if (running)
		return -EBUSY;
	wanted = *want;
	if (lk_freezer_why_never() != NULL) {
		say(lk_freezer_why_never());
		return -ENOTSUP;
	}
	if (answer == NULL)
		answer = lk_pages_share(sizeof(*answer));
	if (answer == NULL) {
		say("no memory for an answer");
		return -ENOMEM;
	}
	begin_anew();
	rc = lk_threads_start(&thread, body);
	running = rc == 0;
	if (rc < 0)
		say("no thread for the freeze");
	return rc;
}

uint32_t
lk_freezer_poll(void)
{
	if (interrupted) {	/* whoever waits for it would wait for ever */
		interrupted = false;
		return ++number;
	}
	if (!running || !atomic_load(&ended))
		return 0;
	pthread_join(thread, NULL);
	running = false;
	return ++number;
}

bool
lk_freezer_is_running(void)
{
	return running;
}

void
lk_freezer_progress(uint64_t *done, uint64_t *found)
{
	*done = answer == NULL ? 0 : atomic_load(&answer->done_objects);
	*found = answer == NULL ? 0 : atomic_load(&answer->found_objects);
}

const struct lk_freeze *
lk_freezer_result(void)
{
	return running || number == 0 || !usable ? NULL : &freeze;
}

void
lk_freezer_forget_revealed(void)
{
	if (answer == NULL || running)
		return;
	answer->revealed_kept = 0;
	memset(answer->revealed, 0, sizeof(answer->revealed));
}

const char *
lk_freezer_words(void)
{
	return words;
}

void
lk_freezer_cancel(void)
{
	uint32_t none = LK_ANSWER_NONE;

	if (running && atomic_compare_exchange_strong(&answer->state, &none, LK_ANSWER_UNWANTED))
		syscall(SYS_futex, &answer->state, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void
lk_freezer_tidy(void)
{
	static uint32_t seconds;

	if (!running && layout != NULL && seconds < TIDY_SECONDS) {
		seconds++;
		lk_child_reap_left();
	}
}

void
lk_freezer_stop(void)
{
	if (!running)
		return;
	lk_freezer_cancel();
	pthread_join(thread, NULL);
	running = false;
	usable = false;
	interrupted = true;
	say("it was interrupted; ask again");
}

/* The pages of the answer are still the parent's, so others take their place. */
void
lk_freezer_after_fork(void)
{
	if (answer != NULL && mmap(answer, sizeof(*answer), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
		answer = NULL;
	interrupted |= running;
	running = false;
	usable = false;
	say("it was interrupted; ask again");
}
