/* The record of all samples at its limits: what is full says so, forks in the worst moment, and
 * loads larger than any memory, which cost precision and nothing else. */
#include "config.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "base/attr.h"
#include "leaktop/sampler.h"
#include "leaktop/wire.h"
#include "proto/emit.h"
#include "sampler/core/countdown.h"
#include "sampler/core/events.h"
#include "sampler/core/thread.h"
#include "sampler/marks.h"
#include "sampler/process/proc.h"
#include "sampler/record.h"
#include "sampler/status.h"
#include "sampler/tend.h"

#include "fake_python.h"
#include "suites.h"

#define OBJ		2u
#define LARGE		(1u << 30)	/* bytes; far above any interval: estimated exactly */
#define INTERVAL	1024.0

static uint64_t random_state = 29;

static void
start(uint64_t memory_bytes, uint64_t interval_bytes)
{
	ck_assert_int_eq(lk_record_init(memory_bytes, interval_bytes, getpid(), true), 0);
	lk_record.thread_state = fake_python_thread_state;
	lk_record.active = true;
	lk_status.mode = "slots";
}

static void
start_small(void)
{
	start(LK_MEMORY_MIN_BYTES, 1024);
}

/* Addresses that nobody looks behind. */
static void *
address(uint64_t i)
{
	return (void *)(UINT64_C(0x7e0000000010) + i * 64);
}

static void
stand_at(uint64_t function, uint64_t line)
{
	const uint64_t keys[] = {function << 24 | line, UINT64_C(1) << 24 | 1};

	fake_python_at(keys, 2);
}

static void
sample(uint64_t i, size_t bytes)
{
	lk_record.sink.sampled(OBJ, address(i), bytes, (double)lk_record.interval_bytes);
}

static bool
drop(uint64_t i)
{
	uint32_t found = lk_live_claim(&lk_record.live, address(i));

	if (found != LK_LIVE_NONE)
		lk_record.sink.ended(found);
	return found != LK_LIVE_NONE;
}

static struct lk_emit_tick
tick(void)
{
	struct lk_emit_tick t;

	lk_tend_settle();
	lk_tend_notice();
	lk_status_tick(&t);
	return t;
}

static uint32_t
count_events(const char *code)
{
	const struct lk_event *event;
	uint64_t i;
	uint32_t n = 0;

	for (i = 0; i < lk_events_count(); i++) {
		event = lk_events_get(i);
		n += event != NULL && strcmp(event->code, code) == 0;
	}
	return n;
}

/* Live bytes by the cells, which is what clients are sent. */
static double
cell_bytes(void)
{
	struct lk_mark_row row;
	double bytes = 0;
	uint32_t i, k;

	for (i = 0; i < lk_record.stacks.stack_count; i++) {
		lk_marks_now(i, UINT32_MAX, &row);
		for (k = 0; k < row.cell_count; k++)
			bytes += row.cells[k].bytes;
	}
	return bytes;
}

/* ---- detached ------------------------------------------------------------------------------- */

static uint64_t
resident_bytes(void)
{
	return lk_proc_resident(lk_record.pages.base, lk_record.pages.capacity_bytes);
}

/* As after detach: what the tables took is the host's again, and no id comes a second time. */
START_TEST(forgotten_tables_give_their_memory_back)
{
	uint64_t fresh = resident_bytes(), i;
	uint32_t serials, claimed;

	for (i = 0; i < 500; i++) {
		stand_at(5 + i, 1);
		sample(i, LARGE);
	}
	ck_assert_uint_gt(resident_bytes(), fresh + (64u << 10));
	ck_assert(!lk_tend_empty());		/* it samples */
	claimed = lk_live_claim(&lk_record.live, address(7));
	lk_tend_stop();
	lk_tend_forget();
	ck_assert(!lk_tend_empty());		/* one is in somebody's hands */
	lk_record.sink.ended(claimed);
	lk_tend_settle();
	serials = lk_record.stacks.stack_serials;
	ck_assert_uint_ge(serials, 500);
	ck_assert(lk_tend_empty());
	ck_assert_uint_le(resident_bytes(), fresh);
	ck_assert_uint_eq(lk_record.stacks.stack_count, 0);
	ck_assert(!drop(3));
	lk_record.active = true;
	stand_at(5, 1);
	sample(1, LARGE);
	ck_assert_uint_eq(lk_record.stacks.stack_serial[0], serials + 1);
	ck_assert_double_eq(cell_bytes(), LARGE);
	ck_assert_uint_eq(tick().samples_live, 1);
	ck_assert(drop(1));
	ck_assert_uint_eq(tick().samples_live, 0);
}
END_TEST

/* ---- forks in the worst moment --------------------------------------------------------------- */

static pid_t forked;	/* 0 in the child */

static void
in_parent(void)
{
	lk_tend_after_fork(false);
}

static void
in_child(void)
{
	lk_tend_after_fork(true);
	alarm(20);
}

static void
fork_in_handler(int signal_number)
{
	(void)signal_number;
	forked = fork();
}

static void
interrupt_once(void)
{
	fake_python_resolving = NULL;
	raise(SIGUSR1);
}

static void
ck_child_was_fine(void)
{
	int status = 0;

	ck_assert_int_gt(forked, 0);
	ck_assert_int_eq(waitpid(forked, &status, 0), forked);
	ck_assert_int_eq(status, 0);
}

/* Both go on in the middle of a sample, which is then finished in both. */
START_TEST(a_signal_handler_that_forks_under_the_lock)
{
	const struct sigaction action = {.sa_handler = fork_in_handler};
	bool fine;

	pthread_atfork(lk_tend_before_fork, in_parent, in_child);
	sigaction(SIGUSR1, &action, NULL);
	stand_at(5, 1);
	sample(1, LARGE);
	stand_at(6, 1);
	fake_python_resolving = interrupt_once;
	sample(2, LARGE);
	stand_at(7, 1);
	sample(3, LARGE);
	fine = drop(1) && tick().samples_live == 2 && cell_bytes() == 2.0 * LARGE &&
	    lk_record.stats.dropped_busy == 0 && lk_spin_try(&lk_record.lock);
	if (forked == 0)
		_exit(!fine);
	ck_assert(fine);
	ck_child_was_fine();
}
END_TEST

static pthread_barrier_t held;

static void *
hold_lock(void *unused)
{
	(void)unused;
	lk_spin_take(&lk_record.lock);
	pthread_barrier_wait(&held);
	pthread_barrier_wait(&held);
	lk_spin_give(&lk_record.lock);
	return NULL;
}

/* The holder does not run for as long as the fork waits: the child cannot know what it was doing,
 * so it begins anew, with the blocks in slots that it inherited. */
static bool
begins_anew(void *slot)
{
	bool empty = lk_record.live.live_count == 0 && lk_record.live_bytes == 0 &&
	    lk_marks_at(0) == NULL && count_events("forked-in-a-sample") == 1;

	lk_record.sink.slot_ended(slot);
	lk_slots_release(&lk_record.slots, slot);
	sample(1, LARGE);
	sample(2, LARGE);
	slot = lk_record.sink.slot(OBJ, 100, 100, INTERVAL);
	return empty && drop(1) && slot != NULL && tick().samples_live == 2 &&
	    lk_record.stats.dropped_busy == 0 && lk_marks_add("again", 0) == 1;
}

START_TEST(a_fork_while_a_thread_is_stopped_under_the_lock)
{
	pthread_t holder;
	void *slot;

	pthread_atfork(lk_tend_before_fork, in_parent, in_child);
	stand_at(5, 1);
	sample(1, LARGE);
	slot = lk_record.sink.slot(OBJ, 100, 100, INTERVAL);
	ck_assert_ptr_nonnull(slot);
	ck_assert_int_eq(lk_marks_add("before", 0), 1);
	pthread_barrier_init(&held, NULL, 2);
	pthread_create(&holder, NULL, hold_lock, NULL);
	pthread_barrier_wait(&held);
	forked = fork();
	if (forked == 0)
		_exit(!begins_anew(slot));
	pthread_barrier_wait(&held);
	pthread_join(holder, NULL);
	ck_child_was_fine();
	ck_assert_uint_eq(tick().samples_live, 2);
	ck_assert_ptr_nonnull(lk_marks_at(0));
	ck_assert_uint_eq(count_events("forked-in-a-sample"), 0);
}
END_TEST

/* ---- n and n + 1 ------------------------------------------------------------------------- */

START_TEST(the_last_sample_fits_and_the_next_is_a_drop)
{
	uint32_t i;

	stand_at(5, 1);
	for (i = 0; i < lk_record.live.capacity; i++)
		sample(i, 100);
	ck_assert_uint_eq(tick().drops, lk_record.live.capacity - tick().samples_live);
	ck_assert_uint_lt(tick().drops, 10);	/* buckets of the hash */
	for (; tick().samples_live < lk_record.live.capacity; i++)
		sample(i, 100);
	ck_assert_uint_eq(count_events("samples-full"), tick().drops > 0);
	sample(i, 100);
	ck_assert_uint_eq(lk_record.live.live_count, lk_record.live.capacity);
	ck_assert_uint_eq(tick().drops, i + 1 - lk_record.live.capacity);
	ck_assert_uint_ge(count_events("samples-full"), 1);
	ck_assert(drop(0));
	sample(i + 1, 100);
	ck_assert_uint_eq(tick().samples_live, lk_record.live.capacity);
}
END_TEST

START_TEST(without_slots_the_block_stays_where_it_is)
{
	uint32_t i;

	stand_at(5, 1);
	for (i = 0; i < LK_SLOTS_PER_CLASS - 1; i++)
		ck_assert_ptr_nonnull(lk_record.sink.slot(OBJ, 0, 640, INTERVAL));
	ck_assert_ptr_nonnull(lk_record.sink.slot(OBJ, 500, 640, INTERVAL));
	ck_assert_uint_eq(tick().drops, 0);
	ck_assert_ptr_null(lk_record.sink.slot(OBJ, 500, 640, INTERVAL));
	ck_assert_uint_eq(tick().drops, 1);
	ck_assert_uint_eq(tick().samples_live, 1);
}
END_TEST

/* Baselines: LK_WIRE_BASELINES_MAX, and the bytes of all rows together. */
START_TEST(baselines_end_where_they_should)
{
	uint32_t i;

	stand_at(5, 1);
	sample(0, LARGE);
	for (i = 1; i <= LK_WIRE_BASELINES_MAX; i++)
		ck_assert_int_eq(lk_marks_add("x", 0), (int)i);
	ck_assert_int_lt(lk_marks_add("x", 0), 0);
	lk_marks_drop(lk_marks_at(7));
	ck_assert_int_gt(lk_marks_add("x", 0), (int)LK_WIRE_BASELINES_MAX);
	for (i = 0; i < 4000; i++) {
		stand_at(i, i % 1000);
		sample(i + 1, LARGE);
	}
	lk_marks_drop(lk_marks_at(0));
	while (lk_marks_at(0) != NULL) {
		lk_marks_drop(lk_marks_at(0));
		if (lk_marks_add("y", 0) < 0)
			break;
	}
	ck_assert_uint_gt(lk_marks_bytes(), 0);
	ck_assert_uint_le(lk_marks_bytes(), LK_MARKS_BYTES_MAX);
	lk_marks_forget();
	ck_assert_uint_eq(lk_marks_bytes(), 0);
	ck_assert_ptr_null(lk_marks_at(0));
	ck_assert_int_gt(lk_marks_add("z", 0), 0);
}
END_TEST

/* A container when a baseline was marked, and what is at its address later. */
static const struct later {
	const char		*what;
	struct lk_mark_container then, now;
	uint64_t		 collected[3];	/* collections since, by generation */
	int64_t			 born;
	enum lk_marks_then	 is;
} laters[] = {
	{"grown, by name", {.owner = 7}, {.owner = 7, .owner_is_one = true}, {0}, -1,
	    LK_MARKS_SAME},
	{"of another type", {.owner = 7}, {.type = 1, .owner = 7, .owner_is_one = true}, {0}, -1,
	    LK_MARKS_NEW},
	{"of another owner", {.owner = 7}, {.owner = 8, .owner_is_one = true}, {0}, -1,
	    LK_MARKS_UNKNOWN},
	{"of another owner, with an item", {.owner = 7, .probes = {1, 2}},
	    {.owner = 8, .probes = {3, 2}}, {0}, -1, LK_MARKS_SAME},
	{"a list, by name, of other items", {.owner = 7, .probes = {1, 2}},
	    {.owner = 7, .owner_is_one = true, .probes = {3, 4}}, {0}, -1, LK_MARKS_UNKNOWN},
	{"a cache, by name, of other items", {.owner = 7, .probes = {1, 2}},
	    {.owner = 7, .owner_is_one = true, .turns_over = true, .probes = {3, 4}}, {0}, -1,
	    LK_MARKS_SAME},
	{"a variable's, without a word from its items", {.owner = 7}, {.owner = 7}, {0}, -1,
	    LK_MARKS_UNKNOWN},
	{"the same, old", {.owner = 7}, {.owner = 7, .generation = 2}, {0}, -1, LK_MARKS_SAME},
	{"the same, not tracked", {.owner = 7, .generation = LK_MARKS_UNTRACKED},
	    {.owner = 7, .generation = LK_MARKS_UNTRACKED}, {0}, -1, LK_MARKS_UNKNOWN},
	{"sampled before", {.owner = 7}, {.owner = 7, .owner_is_one = true}, {0}, 0,
	    LK_MARKS_SAME},
	{"sampled since", {.owner = 7}, {.owner = 7, .owner_is_one = true}, {0}, 1,
	    LK_MARKS_NEW},
	{"young after a collection", {.owner = 7}, {.owner = 7, .owner_is_one = true}, {1}, -1,
	    LK_MARKS_NEW},
	{"middle-aged after one of the young", {.owner = 7},
	    {.owner = 7, .owner_is_one = true, .generation = 1}, {1}, -1, LK_MARKS_SAME},
	{"middle-aged after one of these", {.owner = 7},
	    {.owner = 7, .owner_is_one = true, .generation = 1}, {0, 1}, -1, LK_MARKS_NEW},
	{"old after all", {.owner = 7}, {.owner = 7, .owner_is_one = true, .generation = 2},
	    {9, 9, 9}, -1, LK_MARKS_SAME},
	{"tracked since", {.owner = 7, .generation = LK_MARKS_UNTRACKED},
	    {.owner = 7, .owner_is_one = true}, {1}, -1, LK_MARKS_SAME},
	{"a tuple of another length", {.owner = 7},
	    {.owner = 7, .owner_is_one = true, .is_fixed = true}, {0}, -1, LK_MARKS_NEW},
	{"a tuple of that length", {.length = 20}, {.is_fixed = true}, {0}, -1, LK_MARKS_SAME},
};

START_TEST(an_address_is_not_enough)
{
	const struct later *l = &laters[_i];
	struct lk_mark_container then = l->then, now = l->now;
	struct lk_mark_containers taken = {.list = &then, .count = 1, .min_length = 10,
	    .by_freeze = true, .collections = {5, 4, 3}};
	uint64_t collections[3] = {5 + l->collected[0], 4 + l->collected[1], 3 + l->collected[2]};
	struct lk_marks_seen seen = {.is = &now, .rank = 20, .born = l->born, .by_freeze = true,
	    .collections = collections};
	uint64_t length = 0;
	struct lk_mark *mark;

	ck_assert_int_eq(lk_marks_add("x", 0), 1);
	mark = lk_marks_at(0);
	then.address = now.address = 4096;
	then.length = then.length == 0 ? 11 : then.length;
	now.length = 20;
	ck_assert_int_eq(lk_marks_then(mark, &seen, &length), l->born > 0 ? LK_MARKS_NEW :
	    LK_MARKS_UNKNOWN);		/* it does not know any */
	lk_marks_containers(mark, &taken);
	ck_assert_msg(lk_marks_then(mark, &seen, &length) == l->is, "%s", l->what);
	ck_assert(l->is != LK_MARKS_SAME || length == then.length);
}
END_TEST

/* What a baseline does not list was not there, unless it may have been left out. */
START_TEST(what_is_not_listed_is_new)
{
	struct lk_mark_container then[3] = {{.address = 300}, {.address = 100}, {.address = 200}};
	struct lk_mark_container now = {.address = 150};
	struct lk_mark_containers taken = {.list = then, .count = 3, .min_length = 10,
	    .by_freeze = true};
	struct lk_marks_seen seen = {.is = &now, .rank = 20, .born = -1, .by_freeze = true,
	    .collections = taken.collections};
	uint64_t length;
	struct lk_mark *mark;

	ck_assert_int_eq(lk_marks_add("x", 0), 1);
	mark = lk_marks_at(0);
	lk_marks_containers(mark, &taken);
	ck_assert_int_eq(lk_marks_then(mark, &seen, &length), LK_MARKS_NEW);
	seen.rank = 9;
	ck_assert_int_eq(lk_marks_then(mark, &seen, &length), LK_MARKS_UNKNOWN);
	seen.rank = 20;
	seen.by_freeze = false;
	ck_assert_int_eq(lk_marks_then(mark, &seen, &length), LK_MARKS_UNKNOWN);
	seen.by_freeze = taken.is_full = true;
	lk_marks_containers(mark, &taken);
	ck_assert_int_eq(lk_marks_then(mark, &seen, &length), LK_MARKS_UNKNOWN);
	ck_assert_uint_gt(lk_marks_bytes(), 0);
	lk_marks_drop(mark);
	ck_assert_uint_eq(lk_marks_bytes(), 0);
}
END_TEST

/* ---- more than any memory ------------------------------------------------------------------ */

/* Every sample is from a stack of its own, and most are freed: no byte is lost, they are counted
 * where they fit, and once where they do not, which the tick and the events say. */
START_TEST(a_million_stacks)
{
	const uint64_t stacks = lk_suites_rounds(1000000), alive = 1000;
	struct lk_emit_tick t;
	uint64_t i;

	for (i = 0; i < stacks; i++) {
		stand_at(2 + i / 1000, i % 1000);
		sample(i, LARGE);
		if (i >= alive)
			ck_assert(drop(i - alive));
	}
	t = tick();
	ck_assert_uint_eq(t.samples_total, stacks);
	ck_assert_uint_eq(t.samples_live, alive);
	ck_assert_uint_eq(t.drops, 0);
	ck_assert_double_eq(t.live_bytes, (double)alive * LARGE);
	ck_assert_double_eq(cell_bytes(), (double)alive * LARGE);
	ck_assert_uint_le(t.stacks, lk_record.stacks.stack_capacity);
	ck_assert_uint_ge(count_events("stacks-full"), 1);
	ck_assert_uint_le(lk_proc_resident(lk_record.pages.base, lk_record.pages.capacity_bytes),
	    lk_record.pages.capacity_bytes);
}
END_TEST

/* Names: more of them, and longer ones, than there is room for. */
START_TEST(more_names_than_room_are_counted)
{
	uint64_t i;

	for (i = 0; i < 20000; i++) {
		stand_at(i, 1);
		sample(i % 1000, LARGE);
	}
	ck_assert_uint_gt(lk_record.stacks.strings.rejected_count +
	    lk_record.stacks.overflow_count, 0);
	tick();
	ck_assert_uint_ge(count_events("stacks-full") + count_events("strings-full"), 1);
	ck_assert_double_eq(cell_bytes(), 1000.0 * LARGE);
}
END_TEST

/* What makes a million samples at the first interval stays alive: sampled as the hooks do it, with
 * a "second" every 5000 samples.  Sizes vary, so that thinning has to weigh. */
START_TEST(a_million_live_samples)
{
	const double wanted_bytes = 1e6 * INTERVAL;
	struct lk_emit_tick t;
	double truth = 0, interval = INTERVAL;
	uint64_t left = lk_countdown_draw(&random_state, interval);
	uint64_t i, due = 0;
	size_t size;

	for (i = 0; truth < wanted_bytes; i++) {
		size = 16 + lk_countdown_random(&random_state) % 2000;
		truth += (double)size;
		if (!lk_countdown_spend(&left, size))
			continue;
		stand_at(2 + due % 100, due % 7);
		lk_record.sink.sampled(OBJ, address(i), size, interval);
		interval = lk_record.sink.interval_bytes();
		left = lk_countdown_draw(&random_state, interval);
		if (++due % 1000 == 0)
			lk_tend_relieve();
	}
	t = tick();
	ck_assert_uint_eq(t.samples_total + t.drops, due);
	ck_assert_uint_gt(t.thinned, lk_record.live.capacity);
	ck_assert_uint_le(t.samples_live, lk_record.live.capacity);
	ck_assert_uint_gt(t.samples_live, lk_record.live.capacity / 8);
	ck_assert_uint_lt(t.drops, 5);
	ck_assert_double_gt(t.live_bytes, truth - 5 * sqrt(t.live_variance));
	ck_assert_double_lt(t.live_bytes, truth + 5 * sqrt(t.live_variance));
	ck_assert_double_lt(sqrt(t.live_variance), truth / 40);
	ck_assert_double_lt(fabs(cell_bytes() / t.live_bytes - 1), 1e-6);
}
END_TEST

/* Births and deaths of a week, a baseline each hour of which ten are kept, the interval changed
 * each day: in the end the sums are what they would be without the week. */
START_TEST(a_week)
{
	const uint64_t week_s = 7 * 24 * 3600;
	uint64_t s, born = 0, used = lk_record.pages.used_bytes;

	for (s = 0; s < week_s; s++) {
		stand_at(2 + s % 50, s % 13);
		sample(born++, 16 + s % 5000);
		if (s >= 900)
			drop(s - 900);	/* one of those thinned is nothing */
		if (s % 3600 == 0) {
			if (lk_marks_at(9) != NULL)
				lk_marks_drop(lk_marks_at(0));
			ck_assert_int_gt(lk_marks_add("hour", 0), 0);
			tick();
		}
		if (s % 86400 == 0)
			lk_tend_interval(UINT64_C(1024) << s / 86400 % 3);
	}
	ck_assert_uint_le(tick().samples_live, 900);
	ck_assert_uint_eq(tick().drops, 0);
	ck_assert_double_lt(fabs(cell_bytes() / tick().live_bytes - 1), 1e-9);
	for (s = week_s - 900; s < week_s; s++)
		drop(s);
	ck_assert_uint_eq(tick().samples_live, 0);
	ck_assert_double_eq(tick().live_bytes, 0);
	ck_assert_double_eq(tick().live_variance, 0);
	ck_assert_double_eq(cell_bytes(), 0);
	ck_assert_uint_eq(lk_record.pages.used_bytes, used);
	for (s = 0; s < lk_record.stacks.stack_count; s++)
		ck_assert_uint_eq(lk_record.stacks.stacks[s].cell, LK_STACKS_NONE);
}
END_TEST

static Suite *
record_suite(void)
{
	Suite *s = suite_create("record");
	TCase *tc = tcase_create("record");

	tcase_add_checked_fixture(tc, start_small, NULL);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, forgotten_tables_give_their_memory_back);
	tcase_add_test(tc, a_signal_handler_that_forks_under_the_lock);
	tcase_add_test(tc, a_fork_while_a_thread_is_stopped_under_the_lock);
	tcase_add_test(tc, the_last_sample_fits_and_the_next_is_a_drop);
	tcase_add_test(tc, without_slots_the_block_stays_where_it_is);
	tcase_add_test(tc, baselines_end_where_they_should);
	tcase_add_loop_test(tc, an_address_is_not_enough, 0, (int)LK_COUNT_OF(laters));
	tcase_add_test(tc, what_is_not_listed_is_new);
	tcase_add_test(tc, a_million_stacks);
	tcase_add_test(tc, more_names_than_room_are_counted);
	tcase_add_test(tc, a_million_live_samples);
	tcase_add_test(tc, a_week);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {record_suite, NULL};

	return lk_suites_run(suites);
}
