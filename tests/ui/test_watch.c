/* What is watched: a process, whose connection may be lost, a file, and the list of processes. */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "base/attr.h"
#include "client/discover.h"
#include "client/source.h"
#include "model/frozen.h"
#include "model/snapshot.h"

#include "puppet.h"

static const struct {
	enum lk_source_state state;
	const char *word;
	bool explained;
} states[] = {
	{LK_SOURCE_CONNECTING, "CONNECTING", true}, {LK_SOURCE_LIVE, "LIVE", false},
	{LK_SOURCE_STALE, "STALE", true}, {LK_SOURCE_LOST, "LOST", true},
	{LK_SOURCE_GONE, "GONE", true}, {LK_SOURCE_OFFLINE, "FILE", true},
	{LK_SOURCE_REFUSED, "REFUSED", true},
};

START_TEST(a_state_is_said_and_the_numbers_stay)
{
	struct puppet *p = puppet_watch(LK_SOURCE_LIVE);

	fixture_play(&f, "+5");
	assert_shows("cart.price_key");
	p->state = states[_i].state;
	ck_assert(lk_desk_tick(&f.desk, f.now_ms, 0) == (p->state != LK_SOURCE_LIVE));
	assert_shows(states[_i].word);
	ck_assert(desk_shows("because ?[2Jof it") == states[_i].explained);
	assert_shows("cart.price_key");
	assert_shows("41207");
	if (p->state == LK_SOURCE_LOST || p->state == LK_SOURCE_GONE) {
		fixture_play(&f, "b");
		assert_shows("not connected");
	}
	if (p->state == LK_SOURCE_OFFLINE) {
		fixture_play(&f, "b");
		assert_shows("no live process");
	}
}
END_TEST

/* ---- the process has ended --------------------------------------------------- */

static struct lk_process running[3];
static int running_count, opened_pid;

static int
scan_running(void *ctx, int64_t now_ms, const struct lk_process **out)
{
	(void)ctx;
	(void)now_ms;
	*out = running;
	return running_count;
}

static int
open_running(void *ctx, const struct lk_process *process, struct lk_source **out)
{
	(void)ctx;
	opened_pid = process->pid;
	return lk_source_open_dummy(7, out);
}

static void
start(int pid, double up_s, const char *command)
{
	const struct lk_process_info *was = &f.desk.session.now->process;
	struct lk_process *p = &running[running_count++];

	*p = (struct lk_process){.pid = pid, .start_time = (uint64_t)pid, .up_s = up_s,
	    .has_sampler = true};
	snprintf(p->user, sizeof(p->user), "%s", was->user);
	snprintf(p->command, sizeof(p->command), "%s", command != NULL ? command : was->command);
}

/* What runs the same command since then is offered, and taken by one key. */
START_TEST(a_successor_is_offered)
{
	struct puppet *p = puppet_watch(LK_SOURCE_LIVE);

	running_count = opened_pid = 0;
	f.desk.session.scan = scan_running;
	f.desk.open = open_running;
	fixture_play(&f, "+5 t /price<Enter> +7");
	assert_shows("by function");
	p->state = LK_SOURCE_GONE;
	f.desk.session.wall_s = f.desk.session.now->at_s;
	start(100, 5000, NULL);			/* it ran beside it all the time */
	start(101, 0.5, "python3 other.py");
	fixture_play(&f, "<C-r>");
	assert_shows("its successor is offered when it runs");
	ck_assert_int_eq(opened_pid, 0);
	start(102, 0.5, NULL);
	f.now_ms += 2000;
	lk_desk_tick(&f.desk, f.now_ms, f.desk.session.now->at_s + 2);
	assert_shows("102 runs the same command now: ^R goes on with it");
	running[2].has_sampler = false;
	f.now_ms += 2000;
	lk_desk_tick(&f.desk, f.now_ms, f.desk.session.now->at_s + 4);
	assert_shows("102 runs the same command now, without the sampler: 0, then A puts it in");
	running[2].has_sampler = true;
	f.now_ms += 2000;
	lk_desk_tick(&f.desk, f.now_ms, f.desk.session.now->at_s + 6);
	fixture_play(&f, "<C-r> +2");
	ck_assert_int_eq(opened_pid, 102);
	assert_shows("LIVE");
	assert_shows("by function");
	assert_shows("by function  3 of 42: pric");
}
END_TEST

START_TEST(what_is_missing_of_native_memory_is_said)
{
	struct puppet *p = puppet_watch(LK_SOURCE_LIVE);

	fixture_play(&f, "+2");
	ck_assert(!desk_shows("libunwind") && !desk_shows("not counted"));
	p->native = "python";
	fixture_play(&f, "+2 8");
	assert_shows("native frames off: leaktop run --native=stacks");
	fixture_play(&f, "6");
	assert_shows("run --native=stacks for them");
	p->native = "off";
	fixture_play(&f, "+2");
	assert_shows("not counted by this sampler");
	fixture_play(&f, "9");
	assert_shows("native memory is not counted");
}
END_TEST

START_TEST(the_log_of_the_sampler_is_on_the_memory_screen)
{
	static const struct lk_sampler_event events[] = {
		{0, "started", 0}, {60, "native-refused", 0x7f00}, {120, "no\tsuch\x1b[2Jcode", 7}};
	struct puppet *p = puppet_watch(LK_SOURCE_LIVE);

	p->events = events;
	p->event_count = LK_COUNT_OF(events);
	fixture_play(&f, "+2 6 <End>");
	assert_shows("sampler's log");
	assert_shows("an object could not be hooked, at 0x7f00");
	assert_shows("no such?[2Jcode 7");
	assert_shows("sampling began");
}
END_TEST

static const struct {
	struct lk_gc_pauses pauses;
	enum lk_source_state state;
	const char *first, *second;
} pauses[] = {
	{{42.3, 5241, 402, 7, 341e3, 96e3, 8.2e3, 2, 11.4e3, false}, LK_SOURCE_LIVE,
	    "0.8% of 42s; longest 96ms +-8.2ms, generation 2",
	    "7 of 402 runs seen by looks 8.1ms apart; others < 11ms"},
	{{42.3, 5241, 0, 0, 0, NAN, NAN, NAN, 0, false}, LK_SOURCE_LIVE,
	    "0.0% of 42s", "0 of 0 runs seen by looks 8.1ms apart"},
	{{7500, 0, 31e3, 30.5e3, 1e6, 1.234e6, 0, 1, 420, true}, LK_SOURCE_OFFLINE,
	    "0.0% of 2h05m; longest 1.23s, generation 1",
	    "31.0k runs, timed by Python itself; others < 420us"},
	{{3, 300, 1, 1, 9e9, 9e9, 120, NAN, 0, false}, LK_SOURCE_LIVE,
	    "longest 2h30m +-120us", "1 of 1 runs seen by looks 10ms apart"},
	{{NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, false}, LK_SOURCE_LIVE,
	    "time in it, est.", "not known yet: looked at while this is shown"},
	{{NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, false}, LK_SOURCE_OFFLINE,
	    "time in it, est.", "unknown: nobody looked when this was taken"},
};

START_TEST(how_long_the_collector_collects_is_on_the_memory_screen)
{
	struct puppet *p = puppet_watch(LK_SOURCE_LIVE);

	p->pauses = &pauses[_i].pauses;
	fixture_play(&f, "+2");
	p->state = pauses[_i].state;
	fixture_play(&f, "6 +2 <End>");
	assert_shows(pauses[_i].first);
	assert_shows(pauses[_i].second);
	ck_assert(desk_shows("time in it, est.") == !pauses[_i].pauses.exact);
}
END_TEST

START_TEST(a_recording_is_played)
{
	struct puppet *p = puppet_watch(LK_SOURCE_OFFLINE);

	fixture_play(&f, "+1 Z");
	assert_shows("it stands still");
	ck_assert(!f.desk.session.paused && !desk_shows("PAUSED"));
	p->moment_count = 5;
	p->moment = 4;
	fixture_play(&f, "+10");
	assert_shows("go through the recording");
	fixture_play(&f, ",");
	ck_assert_uint_eq(p->moment, 3);
	fixture_play(&f, ".");
	ck_assert_uint_eq(p->moment, 4);
	fixture_play(&f, "Z");		/* at its end it begins again */
	assert_shows("PLAYING");
	ck_assert_uint_eq(p->moment, 0);
	ck_assert_int_ge(lk_desk_timeout(&f.desk, f.now_ms), 0);
	ck_assert_int_le(lk_desk_timeout(&f.desk, f.now_ms), 1000);
	fixture_play(&f, "+2");
	ck_assert_uint_eq(p->moment, 2);
	fixture_play(&f, "Z +5");
	ck_assert(!desk_shows("PLAYING"));
	ck_assert_uint_eq(p->moment, 2);
	fixture_play(&f, "Z +1 ,");	/* by hand: it stops */
	ck_assert_uint_eq(p->moment, 2);
	ck_assert(!desk_shows("PLAYING"));
	fixture_play(&f, "Z +3");
	assert_shows("that was the last moment");
	ck_assert(!desk_shows("PLAYING"));
	ck_assert_uint_eq(p->moment, 4);
}
END_TEST

START_TEST(two_files_are_a_diff)
{
	size_t lines;

	puppet_watch(LK_SOURCE_OFFLINE);
	f.desk.session.before = lk_snapshot_get(f.desk.session.now != NULL ? f.desk.session.now :
	    lk_source_snapshot(f.desk.session.source));
	fixture_play(&f, "+120");
	assert_shows(">");
	assert_shows("A live  B live");
	ck_assert(strstr(desk_screen(), "cart.price_key") != NULL);
	lines = desk_table()->count;
	fixture_play(&f, "tt");	/* files */
	assert_shows("/cart.py");
	ck_assert_uint_lt(desk_table()->count, lines);
	fixture_play(&f, "t");	/* types: nobody asked before these files were written */
	assert_shows("not in this file: no types");
	fixture_play(&f, "ttt");	/* domains */
	ck_assert_uint_le(desk_table()->count, 4);
	ck_assert_uint_gt(desk_table()->count, 0);
	fixture_play(&f, "8");
	assert_shows("two files: 1 Stacks shows what grew from A to B");
}
END_TEST

/* ---- the list ---------------------------------------------------------------- */

START_TEST(a_process_opens_and_q_returns_to_the_list)
{
	ck_assert_str_eq(desk_view(), "processes");
	fixture_play(&f, "1");
	ck_assert_str_eq(desk_view(), "processes");
	assert_shows("choose a process first");
	fixture_play(&f, "<Enter> +1");
	ck_assert_str_eq(desk_view(), "stacks");
	assert_shows("41207");
	fixture_play(&f, "q");
	ck_assert_str_eq(desk_view(), "processes");
	ck_assert_int_eq(f.wish, LK_DESK_NOTHING);
	ck_assert_ptr_null(f.desk.session.source);
	fixture_play(&f, "q");
	ck_assert_int_eq(f.wish, LK_DESK_QUIT);
}
END_TEST

START_TEST(without_a_sampler_it_is_said_what_to_do)
{
	fixture_play(&f, "/unattended<Enter> <Enter>");
	ck_assert_str_eq(desk_view(), "processes");
	assert_shows("A puts it in");
}
END_TEST

static int attached_pid, looked_pid, attach_result;

static int
attach(void *ctx, int pid, bool perform, char *words, size_t words_bytes)
{
	(void)ctx;
	*(perform ? &attached_pid : &looked_pid) = pid;
	snprintf(words, words_bytes, attach_result < 0 ? "it is stopped by a signal" :
	    "counts since 12:00:00");
	return attach_result;
}

static void
select_unattended(int result)
{
	attached_pid = looked_pid = 0;
	attach_result = result;
	f.desk.session.attach = attach;
	fixture_play(&f, "/unattended<Enter>");
}

START_TEST(A_asks_before_it_attaches)
{
	select_unattended(0);
	fixture_play(&f, "A");
	ck_assert_int_eq(looked_pid, 977);
	assert_shows("977: stop a thread for milliseconds");
	fixture_play(&f, "n<Enter>");
	assert_shows("977 is left alone");
	fixture_play(&f, "A<Enter>");
	ck_assert_int_eq(attached_pid, 0);
	fixture_play(&f, "Ay<Enter>");
	ck_assert_int_eq(attached_pid, 977);
	ck_assert_str_eq(desk_view(), "stacks");	/* and it is opened */
	assert_shows("counts since 12:00:00");
}
END_TEST

START_TEST(A_says_why_it_does_not_attach)
{
	select_unattended(-EPERM);
	fixture_play(&f, "A");
	assert_shows("it is stopped by a signal");
	ck_assert(!f.desk.session.prompt.open);
	f.desk.session.readonly = true;
	looked_pid = 0;
	fixture_play(&f, "A");
	assert_shows("--readonly");
	ck_assert_int_eq(looked_pid, 0);
	f.desk.session.readonly = false;
	fixture_play(&f, "<Esc>/gunicorn<Enter>A");
	assert_shows("has the sampler");
}
END_TEST

START_TEST(workers_fold_into_their_sum)
{
	fixture_play(&f, "_");
	assert_shows("2 workers");
	assert_shows("3.62G");
	fixture_play(&f, "_");
	ck_assert_uint_eq(desk_table()->count, 5);
}
END_TEST

/* A heap is that of one worker: the way there and back are two keys and one. */
START_TEST(a_view_of_one_heap_chooses_a_worker)
{
	fixture_play(&f, "_<Enter> +10 4");
	assert_shows("a heap is that of one process");
	fixture_play(&f, "<Enter>");
	assert_shows("Enter opens the worker in Types");
	fixture_play(&f, "<Enter> +20");
	assert_shows("4TYPE");
	assert_shows("who allocated these");
	assert_shows("a worker alone; w: all of 41200 again");
	fixture_play(&f, "w +2");
	assert_shows("sum of 3 processes");
	assert_shows("Enter opens the worker in Types");
	fixture_play(&f, "5w");
	assert_shows("Enter opens the worker in Containers");
	fixture_play(&f, "<Enter> +5");
	assert_shows("5CONT");
	fixture_play(&f, "<Esc> +2");
	assert_shows("sum of 3 processes");
	fixture_play(&f, "1");
	ck_assert_int_eq(f.desk.session.choice.view, 0);
	fixture_play(&f, "w<Enter> +2");
	assert_shows("1STK");
}
END_TEST

/* The group's stack is known to the worker by another number. */
START_TEST(who_holds_is_asked_of_a_worker)
{
	fixture_play(&f, "_<Enter> +10 r");
	assert_shows("a heap is that of one process");
	fixture_play(&f, "<Enter>");
	assert_shows("Enter opens the worker in Referrers");
	fixture_play(&f, "<Enter> +20");
	assert_shows("rREF");
	assert_shows("held by");
	ck_assert_int_eq(f.desk.session.freeze.held.kind, LK_HELD_STACK);
	fixture_play(&f, "w +2 1t_t_t");
	assert_shows("by type");
	assert_shows("a heap is that of one process");
	fixture_play(&f, "<Enter><Enter> +20");
	assert_shows("by type");
	assert_shows("types as of the scan");
}
END_TEST

static Suite *
watch_suite(void)
{
	Suite *suite = suite_create("watch");
	TCase *tc = tcase_create("watch"), *list = tcase_create("list");

	tcase_add_checked_fixture(tc, desk_open, desk_close);
	tcase_add_loop_test(tc, a_state_is_said_and_the_numbers_stay, 0, (int)LK_COUNT_OF(states));
	tcase_add_test(tc, a_successor_is_offered);
	tcase_add_test(tc, what_is_missing_of_native_memory_is_said);
	tcase_add_test(tc, the_log_of_the_sampler_is_on_the_memory_screen);
	tcase_add_loop_test(tc, how_long_the_collector_collects_is_on_the_memory_screen, 0,
	    (int)LK_COUNT_OF(pauses));
	tcase_add_test(tc, a_recording_is_played);
	tcase_add_test(tc, two_files_are_a_diff);
	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(list, desk_open_list, desk_close);
	tcase_add_test(list, a_process_opens_and_q_returns_to_the_list);
	tcase_add_test(list, without_a_sampler_it_is_said_what_to_do);
	tcase_add_test(list, workers_fold_into_their_sum);
	tcase_add_test(list, a_view_of_one_heap_chooses_a_worker);
	tcase_add_test(list, who_holds_is_asked_of_a_worker);
	tcase_add_test(list, A_asks_before_it_attaches);
	tcase_add_test(list, A_says_why_it_does_not_attach);
	suite_add_tcase(suite, list);
	return suite;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {watch_suite, NULL};

	return lk_suites_run(suites);
}
