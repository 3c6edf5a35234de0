#include "config.h"

#include "sampler/lookout.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/spin.h"
#include "proto/emit.h"
#include "sampler/core/events.h"
#include "sampler/core/pauses.h"
#include "sampler/core/thread.h"
#include "sampler/cpython/collector.h"
#include "sampler/cpython/layout.h"
#include "sampler/status.h"
#include "sampler/threads.h"

#define SECOND_NS	UINT64_C(1000000000)
#define LEAST_NS	4000000u	/* from one look to the next, which is drawn anew ... */
#define SPAN_NS		8000000u	/* ... below the sum of these */
#define SLOW_LOOK_NS	20000u		/* the thread did not run meanwhile: it looks again ... */
#define SLOW_LOOKS	3		/* ... at most so many times */
#define COUNTED_LOOKS	256u		/* so many, then its processor time is told */

static pthread_t thread;
static bool running, refused;	/* the server's: a thread to join; there was none to be had */
static _Atomic uint32_t stopping;
static uint64_t until_ns;	/* the server's; 0: nobody ever wanted to know */

static struct lk_spin lock;
static struct lk_pauses pauses;	/* lock; the server's where there are records */
static bool begun;		/* the server's */

/* ---- the thread -------------------------------------------------------------------------- */

/* What is in step with the program would see always the same. */
static uint32_t
draw_pause_ns(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return LEAST_NS + (uint32_t)((*seed >> 32) % SPAN_NS);
}

static bool
look(struct lk_pauses_look *out)
{
	uint64_t before_ns;
	int left = SLOW_LOOKS;

	do {
		before_ns = lk_clock_monotonic_ns();
		if (!lk_collector_look(lk_status.layout, lk_status.runtime, out))
			return false;
		out->at_ns = lk_clock_monotonic_ns();
	} while (out->at_ns - before_ns > SLOW_LOOK_NS && --left > 0);
	return true;
}

static void
tell_spent(uint64_t *counted_ns)
{
	uint64_t now_ns = lk_clock_thread_cpu_ns();

	lk_threads_spent(now_ns - *counted_ns);
	*counted_ns = now_ns;
}

static void *
body(void *unused)
{
	uint64_t counted_ns = 0, seed = lk_clock_ticks();
	struct timespec pause = {0, 0};
	struct lk_pauses_look now;
	uint32_t looks = 0;

	(void)unused;
	lk_thread.inside = true;
	while (atomic_load(&stopping) == 0) {
		if (look(&now)) {
			lk_spin_take(&lock);
			lk_pauses_look(&pauses, &now);
			lk_spin_give(&lock);
		}
		if (looks++ % COUNTED_LOOKS == 0)
			tell_spent(&counted_ns);
		pause.tv_nsec = draw_pause_ns(&seed);
		syscall(SYS_futex, &stopping, FUTEX_WAIT_PRIVATE, 0, &pause, NULL, 0);
	}
	tell_spent(&counted_ns);
	return NULL;
}

/* ---- the server's side -------------------------------------------------------------------- */

static void
begin_anew(void)
{
	lk_pauses_begin(&pauses);
	begun = true;
}

static bool
has_records(void)
{
	return lk_status.layout != NULL && lk_status.layout->gc_stats_in_rings;
}

static void
read_records(uint64_t now_ns)
{
	struct lk_pauses_record records[LK_COLLECTOR_RECORDS_MAX];
	int i, count;

	if (!begun)
		begin_anew();
	for (i = 0; i < LK_GENERATIONS; i++) {
		count = lk_collector_records(lk_status.layout, lk_status.runtime, i, records);
		if (count >= 0)
			lk_pauses_records(&pauses, now_ns, i, records, count);
	}
}

static void
start(void)
{
	lk_pauses_interrupt(&pauses);
	atomic_store(&stopping, 0);
	running = lk_threads_start(&thread, body) == 0;
	if (!running && !refused)
		lk_events_add("no-thread", 0);
	refused = !running;
}

void
lk_lookout_watch(uint64_t now_ns, uint64_t seconds)
{
	if (lk_status.layout == NULL || has_records())
		return;
	if (!running && (!begun || now_ns > until_ns + LK_LOOKOUT_FORGETS_S * SECOND_NS))
		begin_anew();
	if (now_ns + seconds * SECOND_NS > until_ns)
		until_ns = now_ns + seconds * SECOND_NS;
	if (!running)
		start();
}

void
lk_lookout_tend(uint64_t now_ns)
{
	if (has_records())
		read_records(now_ns);
	else if (running && now_ns >= until_ns)
		lk_lookout_stop();
	else if (!running && now_ns < until_ns)
		start();
}

bool
lk_lookout_is_running(void)
{
	return running;
}

bool
lk_lookout_tell(struct lk_emit_pauses *out)
{
	struct lk_pauses p;

	if (has_records())
		read_records(lk_clock_monotonic_ns());
	lk_spin_take(&lock);
	p = pauses;
	lk_spin_give(&lock);
	*out = (struct lk_emit_pauses){
		.exact = p.looks == 0, .watched_s = (double)p.watched_ns / 1e9,
		.looks = p.looks, .collections = p.collections, .seen = p.seen,
		.total_us = (double)p.total_ns / 1e3, .longest_us = (double)p.longest_ns / 1e3,
		.longest_error_us = (double)p.longest_error_ns / 1e3,
		.longest_generation = p.longest_generation < 0 ? LK_EMIT_UNKNOWN :
		    (uint64_t)p.longest_generation,
		.unseen_us = (double)p.unseen_ns / 1e3,
	};
	return begun && p.watched_ns > 0;
}

void
lk_lookout_stop(void)
{
	if (!running)
		return;
	atomic_store(&stopping, 1);
	syscall(SYS_futex, &stopping, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	pthread_join(thread, NULL);
	running = false;
}

void
lk_lookout_after_fork(void)
{
	static const struct lk_spin free_lock;

	lock = free_lock;
	running = begun = false;
	until_ns = 0;
}
