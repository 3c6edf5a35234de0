#include "config.h"

#include "sampler/tend.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "leaktop/sampler.h"
#include "sampler/core/countdown.h"
#include "sampler/core/events.h"
#include "sampler/core/thread.h"
#include "sampler/core/turnover.h"
#include "sampler/govern.h"
#include "sampler/marks.h"
#include "sampler/record.h"

#define PAUSE_NS	50000
#define BATCH		256u	/* deaths or samples for each time the lock is held */
#define TURN_OVER_PAUSE_NS UINT64_C(10000000000)	/* after a pass that made no room */

void
lk_tend_stop(void)
{
	atomic_store(&lk_record.active, false);
	lk_spin_take(&lk_record.lock);
	lk_spin_give(&lk_record.lock);
}

bool
lk_tend_close(void)
{
	const struct timespec pause = {0, PAUSE_NS};
	uint64_t end_ns = lk_clock_monotonic_ns() + LK_TEND_CLOSE_WAIT_MS * UINT64_C(1000000);

	atomic_store(&lk_record.active, false);
	while (atomic_load(&lk_record.walkers) > 0) {
		if (lk_clock_monotonic_ns() >= end_ns)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

void
lk_tend_settle(void)
{
	uint32_t n;

	do {
		lk_spin_take(&lk_record.lock);
		n = lk_record_reap(BATCH);
		lk_spin_give(&lk_record.lock);
	} while (n == BATCH);
}

/* Thinning owns a death like a free does: by swapping the way to it out.  The address of a
 * sample that died, but was not counted yet, may lead to the next one by now. */
static bool
claim_for_thinning(uint32_t i)
{
	const struct lk_sample *sample = &lk_record.live.samples[i];
	uint32_t expected = i;

	if (!sample->in_slot)
		return lk_live_find(&lk_record.live, (const void *)sample->address) == i &&
		    lk_live_claim(&lk_record.live, (const void *)sample->address) == i;
	return atomic_compare_exchange_strong(
	    &lk_record.slots.sample[lk_slots_index(&lk_record.slots,
	    (const void *)sample->address)], &expected, LK_SLOTS_NO_SAMPLE);
}

static void
thin_one(uint32_t i, double interval, uint64_t *random)
{
	struct lk_sample *sample = &lk_record.live.samples[i];
	double u = (double)(lk_countdown_random(random) >> 11) * 0x1p-53;
	double old = (double)sample->interval_bytes;

	if (!sample->used || old >= interval)
		return;
	if (u >= lk_countdown_keep(sample->size_bytes, old, interval)) {
		if (claim_for_thinning(i)) {
			lk_record_bury(i);
			atomic_fetch_add(&lk_record.stats.thinned, 1);
		}
		return;
	}
	lk_record_reweigh(sample, interval);
}

void
lk_tend_interval(uint64_t interval_bytes)
{
	uint64_t random = lk_clock_ticks();
	uint32_t i = 0, end;

	atomic_store(&lk_record.interval_bytes, interval_bytes);
	lk_tend_settle();
	for (end = BATCH; i < lk_record.live.capacity; end += BATCH) {
		lk_spin_take(&lk_record.lock);
		for (; i < end && i < lk_record.live.used_count; i++)
			thin_one(i, (double)interval_bytes, &random);
		lk_spin_give(&lk_record.lock);
		if (i < end)
			break;
	}
}

void
lk_tend_forget(void)
{
	uint32_t i = 0, end;

	lk_tend_settle();
	for (end = BATCH; i < lk_record.live.used_count; end += BATCH) {
		lk_spin_take(&lk_record.lock);
		for (; i < end && i < lk_record.live.used_count; i++)
			if (lk_record.live.samples[i].used && claim_for_thinning(i))
				lk_record_bury(i);
		lk_spin_give(&lk_record.lock);
	}
	lk_tend_settle();
}

/* A thread that has claimed a sample, and did not bury it yet, is about to write to the tables: it
 * is alive until it was buried and counted. */
bool
lk_tend_empty(void)
{
	bool empty;

	lk_spin_take(&lk_record.lock);
	empty = !atomic_load(&lk_record.active) && lk_record.live.live_count == 0;
	if (empty)
		lk_record_clear();
	lk_spin_give(&lk_record.lock);
	return empty;
}

void
lk_tend_relieve(void)
{
	uint64_t interval = atomic_load(&lk_record.interval_bytes);
	bool nearly_full;

	lk_spin_take(&lk_record.lock);
	nearly_full = lk_record.live.live_count > lk_record.live.capacity / 4 * 3;
	lk_spin_give(&lk_record.lock);
	if (nearly_full && interval * 2 <= LK_INTERVAL_MAX_BYTES) {
		lk_tend_interval(interval * 2);
		lk_govern_rebase();
	}
}

/* ---- stacks come and go ------------------------------------------------------------ */

static struct lk_turnover pass;
static bool passing;		/* baselines do not know yet what has ended */
static uint64_t ended_total[LK_STACKS_COLLECTORS];
static uint64_t longest_hold_ns;

uint64_t
lk_tend_turn_over_longest_ns(void)
{
	return longest_hold_ns;
}

static bool
is_due(void)
{
	bool due;

	lk_spin_take(&lk_record.lock);
	due = lk_turnover_is_due(&lk_record.stacks);
	lk_spin_give(&lk_record.lock);
	return due;
}

static bool
step(void)
{
	uint64_t began_ns, held_ns;
	bool more;

	lk_spin_take(&lk_record.lock);
	began_ns = lk_clock_thread_cpu_ns();
	more = lk_turnover_step(&pass);
	held_ns = lk_clock_thread_cpu_ns() - began_ns;
	lk_spin_give(&lk_record.lock);
	if (held_ns > longest_hold_ns)
		longest_hold_ns = held_ns;
	return more;
}

static uint32_t
let_go(enum lk_stacks_collector into, void (*ended)(void *ctx, uint32_t stack), void *ctx)
{
	lk_spin_take(&lk_record.lock);
	lk_turnover_begin(&pass, &lk_record.stacks, &lk_record.live, into);
	lk_spin_give(&lk_record.lock);
	pass.ended = ended;
	pass.ctx = ctx;
	passing = true;
	while (step())
		continue;
	if (pass.ended_count != 0)
		lk_marks_fold(into);
	passing = false;
	ended_total[into] += pass.ended_count;
	return pass.ended_count;
}

uint32_t
lk_tend_turn_over(uint64_t now_ns, void (*ended)(void *ctx, uint32_t stack), void *ctx)
{
	static uint64_t next_ns;
	uint32_t count;

	if (now_ns < next_ns || !is_due())
		return 0;
	lk_tend_settle();	/* the dead are not counted as alive */
	count = let_go(LK_STACKS_ENDED, ended, ctx);
	if (is_due())
		count += let_go(LK_STACKS_NO_ROOM, ended, ctx);
	next_ns = count == 0 ? now_ns + TURN_OVER_PAUSE_NS : 0;
	return count;
}

/* ---- what is noticed ----------------------------------------------------------------- */

void
lk_tend_notice(void)
{
	static const char *const codes[] = {"samples-full", "stacks-full", "strings-full",
		"stacks-ended", "stacks-merged"};
	static uint64_t told[LK_COUNT_OF(codes)];
	uint64_t refused[LK_COUNT_OF(codes)];
	uint32_t i;

	lk_spin_take(&lk_record.lock);
	refused[0] = atomic_load(&lk_record.stats.dropped_full);
	refused[1] = lk_record.stacks.overflow_count;
	refused[2] = lk_record.stacks.strings.rejected_count;
	lk_spin_give(&lk_record.lock);
	refused[3] = ended_total[LK_STACKS_ENDED];
	refused[4] = ended_total[LK_STACKS_NO_ROOM];
	for (i = 0; i < LK_COUNT_OF(codes); i++) {
		if (refused[i] < told[i])
			told[i] = 0;	/* begun anew */
		if (refused[i] == 0 || refused[i] < 2 * told[i] || refused[i] == told[i])
			continue;
		lk_events_add(codes[i], refused[i]);
		told[i] = refused[i];
	}
}

/* With the lock. */
static uint32_t
sample_at(const void *p)
{
	if (lk_slots_owns(lk_record.slots.base, lk_record.slots.bytes, p))
		return atomic_load(
		    &lk_record.slots.sample[lk_slots_index(&lk_record.slots, p)]);
	return lk_live_find(&lk_record.live, p);
}

uint32_t
lk_tend_stack_at(const void *p)
{
	uint32_t sample, stack = LK_STACKS_NONE;

	lk_spin_take(&lk_record.lock);
	sample = sample_at(p);
	if (sample != LK_LIVE_NONE)
		stack = lk_record.live.samples[sample].stack;
	lk_spin_give(&lk_record.lock);
	return stack;
}

int64_t
lk_tend_epoch_at(const void *p)
{
	int64_t epoch = -1;
	uint32_t sample;

	lk_spin_take(&lk_record.lock);
	sample = sample_at(p);
	if (sample != LK_LIVE_NONE)
		epoch = lk_record.live.samples[sample].epoch;
	lk_spin_give(&lk_record.lock);
	return epoch;
}

double
lk_tend_live_bytes(void)
{
	double bytes;

	lk_spin_take(&lk_record.lock);
	bytes = lk_record.live_bytes;
	lk_spin_give(&lk_record.lock);
	return bytes;
}

uint32_t
lk_tend_stack_count(void)
{
	uint32_t count;

	lk_spin_take(&lk_record.lock);
	count = lk_record.stacks.stack_count;
	lk_spin_give(&lk_record.lock);
	return count;
}

uint32_t
lk_tend_stacks_used(void)
{
	uint32_t count;

	lk_spin_take(&lk_record.lock);
	count = lk_record.stacks.stack_used;
	lk_spin_give(&lk_record.lock);
	return count;
}

double
lk_tend_stack_live_bytes(uint32_t stack)
{
	double bytes;

	lk_spin_take(&lk_record.lock);
	bytes = lk_record.stacks.stacks[stack].live_bytes;
	lk_spin_give(&lk_record.lock);
	return bytes;
}

/* A host thread that holds the lock may not run for a while; one of a lower priority than ours
 * only while we sleep. */
void
lk_tend_before_fork(void)
{
	const struct timespec pause = {0, PAUSE_NS};
	uint64_t end_ns = lk_clock_monotonic_ns() + LK_TEND_FORK_WAIT_MS * UINT64_C(1000000);
	int saved_errno = errno;

	lk_thread.forking = false;
	if (!lk_spin_is_mine(&lk_record.lock)) {
		while (!(lk_thread.forking = lk_spin_take_bounded(&lk_record.lock)) &&
		    lk_clock_monotonic_ns() < end_ns)
			nanosleep(&pause, NULL);
	}
	errno = saved_errno;
}

/* The thread that makes it is not here; what it has let go of is gone. */
static void
end_pass(void)
{
	lk_stacks_open_memo(&lk_record.stacks);
	if (passing)
		lk_marks_fold(pass.into);
	passing = false;
}

bool
lk_tend_after_fork(bool child)
{
	bool whole = lk_thread.forking || lk_spin_is_mine(&lk_record.lock) ||
	    lk_spin_is_free(&lk_record.lock);

	if (lk_thread.forking)
		lk_spin_give(&lk_record.lock);
	lk_thread.forking = false;
	if (!child)
		return true;
	lk_record.main_thread = getpid();
	atomic_store(&lk_record.walkers, 0);
	lk_thread.number = 0;	/* the thread that forked is the main one now */
	if (whole)
		end_pass();
	if (!whole) {
		lk_record_renew();
		lk_marks_forget();
		lk_events_add("forked-in-a-sample", 0);
	}
	return whole;
}
