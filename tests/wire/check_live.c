/* The connection of a live source: how it begins, is lost and comes back, and whom it answers. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "client/source.h"
#include "leaktop/wire.h"
#include "model/snapshot.h"

#include "live.h"

START_TEST(silence_is_stale_after_three_periods)
{
	int timeout_ms = -1;
	struct pollfd fd;

	live_bring_up(1);
	ck_assert_uint_eq(lk_source_poll(source, &fd, 1, &timeout_ms), 1);
	ck_assert_int_eq(timeout_ms, 3000);
	ck_assert(!live_step(2999));
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LIVE);
	ck_assert(live_step(1));
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_STALE);
	ck_assert_ptr_nonnull(lk_source_snapshot(source));
	fake_say_golden(&fake, "live-empty");
	fake_say_golden(&fake, "tick");
	ck_assert(live_step(10));
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LIVE);
	ck_assert_str_eq(lk_source_words(source), "");
}
END_TEST

START_TEST(a_line_that_never_ends_is_stale_not_stuck)
{
	live_bring_up(1);
	fake_say_text(&fake, "{\"t\":\"live\",\"seq\":13,");
	live_step(100);
	live_step(3000);
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_STALE);
}
END_TEST

START_TEST(lost_connection_comes_back)
{
	int timeout_ms = -1;

	live_bring_up(1);
	fake_hang_up(&fake);
	ck_assert(live_step(0));
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LOST);
	ck_assert_uint_eq(lk_source_snapshot(source)->row_count, 2);
	ck_assert_uint_eq(lk_source_poll(source, NULL, 0, &timeout_ms), 0);
	ck_assert_int_eq(timeout_ms, 100);
	live_step(99);
	ck_assert_int_eq(fake_is_dialled(&fake), 0);
	now_ms++;
	live_bring_up(5);
	ck_assert_uint_eq(lk_source_snapshot(source)->seq, 2);
}
END_TEST

static const char *const garbage[] = {
    "\n",
    "{\"t\":\"live\",\"seq\":13\n",
    "\377\376\n",
    "{\"t\":\"live\",\"seq\":1,\"at\":1,\"more\":false,\"rows\":[[77,1,1,1,[]]]}\n",
    "{\"t\":\"names\",\"strings\":[],\"frames\":[[9,99,99,1]],\"stacks\":[]}\n",
    "{\"t\":\"names\",\"strings\":[],\"frames\":[],\"stacks\":[[9,\"obj\",1,0,[99]]]}\n",
    "{\"t\":\"names\",\"strings\":[],\"frames\":[],\"stacks\":[[9,\"weather\",1,0,[]]]}\n",
    "{\"t\":\"reply\",\"id\":99,\"ok\":true}\n",
};

START_TEST(garbage_ends_the_connection_and_backs_off)
{
	live_bring_up(1);
	fake_say_text(&fake, garbage[_i]);
	ck_assert(live_step(0));
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LOST);
	for (int64_t backoff_ms = 100; backoff_ms <= 3200; backoff_ms *= 2) {
		live_step(backoff_ms - 1);
		ck_assert_int_eq(fake_is_dialled(&fake), 0);
		live_step(1);
		fake_accept(&fake);
		fake_say_text(&fake, garbage[_i]);
		live_step(0);
		ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LOST);
	}
	now_ms += 3200;
	live_bring_up(5);
}
END_TEST

START_TEST(a_flood_without_a_line_end_is_cut_off)
{
	char part[4096];

	memset(part, 'x', sizeof(part));
	live_bring_up(1);
	for (size_t sum = 0; sum < LK_WIRE_LINE_MAX; sum += sizeof(part)) {
		ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LIVE);
		fake_say(&fake, part, sizeof(part));
		live_step(0);
	}
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LOST);
}
END_TEST

START_TEST(an_ended_process_is_gone)
{
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		pause();
		_exit(0);
	}
	lk_source_close(source);
	live_open_for(child);
	live_step(0);
	fake_accept(&fake);
	fake_say_text(&fake, fake_hello(child, LIVE_STARTED));
	live_say_state();
	live_step(0);
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LIVE);
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	fake_say_golden(&fake, "bye");
	live_step(0);
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_GONE);
	ck_assert_ptr_nonnull(lk_source_snapshot(source));
	ck_assert(!live_step(10000));
	ck_assert_int_eq(fake_is_dialled(&fake), 0);
}
END_TEST

START_TEST(another_start_time_is_gone)
{
	char line[1024];
	char *field;

	live_step(0);
	fake_accept(&fake);
	strcpy(line, fake_hello(getpid(), LIVE_STARTED));
	field = strstr(line, "\"start_time\":") + 13;
	*field = *field == '9' ? '1' : '9';
	fake_say_text(&fake, line);
	live_step(0);
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_GONE);
}
END_TEST

START_TEST(refusals_say_why)
{
	static const struct {
		const char *say, *words;
	} cases[] = {
	    {"{\"t\":\"bye\",\"reason\":\"not permitted\"}\n", "refused this user"},
	    {"{\"t\":\"bye\",\"reason\":\"limit\"}\n", "already serves 8 clients"},
	};
	char line[1024];

	for (size_t i = 0; i < LK_COUNT_OF(cases); i++) {
		lk_source_close(source);
		live_open_for(getpid());
		live_step(0);
		fake_accept(&fake);
		fake_say_text(&fake, cases[i].say);
		live_step(0);
		ck_assert_int_eq(lk_source_state(source), LK_SOURCE_REFUSED);
		ck_assert_ptr_nonnull(strstr(lk_source_words(source), cases[i].words));
	}
	now_ms += 5000; /* who was one too many may come again */
	live_bring_up(1);
	lk_source_close(source);
	live_open_for(getpid());
	live_step(0);
	fake_accept(&fake);
	strcpy(line, fake_hello(getpid(), LIVE_STARTED));
	strstr(line, "\"protocol\":1")[11] = '2';
	fake_say_text(&fake, line);
	live_step(0);
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_REFUSED);
	ck_assert_ptr_nonnull(strstr(lk_source_words(source), "protocol 2"));
}
END_TEST

START_TEST(requests_are_answered_in_order)
{
	const struct lk_request mark = {.op = LK_REQUEST_BASELINE, .text = "warm"};
	const struct lk_request drop = {.op = LK_REQUEST_BASELINE_DROP, .number = 9};

	ck_assert_int_eq(lk_source_request(source, &mark, live_on_reply, &fake), -ENOTCONN);
	live_bring_up(1);
	ck_assert_int_eq(lk_source_request(source, &mark, live_on_reply, &fake), 0);
	ck_assert_int_eq(lk_source_request(source, &drop, live_on_reply, &fake), 0);
	live_step(0);
	ck_assert_str_eq(fake_hear(&fake), "{\"id\":5,\"op\":\"baseline\",\"name\":\"warm\"}\n"
	    "{\"id\":6,\"op\":\"baseline.drop\",\"baseline\":9}\n");
	ck_assert_int_eq(reply_count, 0);
	fake_say_text(&fake, "{\"t\":\"reply\",\"id\":5,\"ok\":true,\"baseline\":3}\n");
	live_step(0);
	ck_assert_int_eq(reply_count, 1);
	ck_assert(reply_ok);
	ck_assert_uint_eq(reply_number, 3);
	fake_say_text(&fake, "{\"t\":\"reply\",\"id\":6,\"ok\":false,\"code\":\"bad-argument\","
	    "\"error\":\"no baseline 9\\u001b[2J\"}\n");
	live_step(0);
	ck_assert_int_eq(reply_count, 2);
	ck_assert(!reply_ok);
	ck_assert_str_eq(reply_words, "no baseline 9?[2J");
}
END_TEST

START_TEST(a_lost_connection_answers_who_waits)
{
	const struct lk_request memory = {.op = LK_REQUEST_MEMORY};

	live_bring_up(1);
	for (int i = 0; i < 64; i++)
		ck_assert_int_eq(lk_source_request(source, &memory, live_on_reply, &fake), 0);
	ck_assert_int_eq(lk_source_request(source, &memory, live_on_reply, &fake), -ENOSPC);
	fake_hang_up(&fake);
	live_step(0);
	ck_assert_int_eq(reply_count, 64);
	ck_assert(!reply_ok);
}
END_TEST

static void
fetch_baseline_rows(void)
{
	const struct lk_request rows = {.op = LK_REQUEST_BASELINE_ROWS, .number = 1};

	live_bring_up(1);
	lk_source_request(source, &rows, live_on_reply, &fake);
	fake_say_golden(&fake, "baseline");
	fake_say_text(&fake, "{\"t\":\"reply\",\"id\":5,\"ok\":true}\n");
	live_step(0);
	ck_assert(lk_source_snapshot(source)->baselines[0].has_rows);
	fake_say_golden(&fake, "baselines"); /* the list again: what was fetched stays */
	live_step(0);
	ck_assert(lk_source_snapshot(source)->baselines[0].has_rows);
	ck_assert_uint_eq(lk_source_snapshot(source)->baselines[0].rows[0].stack->id, 1);
	fake_hang_up(&fake);
	live_step(0);
	live_step(100);
	fake_accept(&fake);
}

START_TEST(rows_of_baselines_are_fetched_again_after_a_reconnect)
{
	fetch_baseline_rows();
	fake_say_text(&fake, fake_hello(getpid(), LIVE_STARTED));
	live_step(0);
	ck_assert_ptr_nonnull(strstr(fake_hear(&fake), "\"baseline.rows\",\"baseline\":1"));
}
END_TEST

START_TEST(a_restarted_sampler_has_other_baselines)
{
	fetch_baseline_rows();
	fake_say_text(&fake, fake_hello(getpid(), "1763649999.000"));
	live_step(0);
	ck_assert_ptr_nonnull(strstr(fake_hear(&fake), "\"subscribe\""));
	ck_assert_ptr_null(strstr(fake.heard, "baseline.rows"));
}
END_TEST

START_TEST(no_socket_yet_is_connecting)
{
	lk_source_close(source);
	ck_assert_int_eq(lk_source_open_live("/tmp/lk-fake-none/s", getpid(), 1000, &source), 0);
	live_step(0);
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_CONNECTING);
	ck_assert_ptr_nonnull(strstr(lk_source_words(source), "leaktop run"));
}
END_TEST

START_TEST(what_cannot_be_opened_leaves_out_alone)
{
	char path[200];
	struct lk_source *untouched = source;

	memset(path, 'p', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(lk_source_open_live(path, 1, 1000, &untouched), -ENAMETOOLONG);
	ck_assert_int_eq(lk_source_open_live("x", 1, 99, &untouched), -EINVAL);
	ck_assert_ptr_eq(untouched, source);
}
END_TEST

static Suite *
live_suite(void)
{
	Suite *suite = suite_create("live");
	TCase *tc = tcase_create("live");

	tcase_add_checked_fixture(tc, live_set_up, live_tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, silence_is_stale_after_three_periods);
	tcase_add_test(tc, a_line_that_never_ends_is_stale_not_stuck);
	tcase_add_test(tc, lost_connection_comes_back);
	tcase_add_loop_test(tc, garbage_ends_the_connection_and_backs_off, 0, LK_COUNT_OF(garbage));
	tcase_add_test(tc, a_flood_without_a_line_end_is_cut_off);
	tcase_add_test(tc, an_ended_process_is_gone);
	tcase_add_test(tc, another_start_time_is_gone);
	tcase_add_test(tc, refusals_say_why);
	tcase_add_test(tc, requests_are_answered_in_order);
	tcase_add_test(tc, a_lost_connection_answers_who_waits);
	tcase_add_test(tc, rows_of_baselines_are_fetched_again_after_a_reconnect);
	tcase_add_test(tc, a_restarted_sampler_has_other_baselines);
	tcase_add_test(tc, no_socket_yet_is_connecting);
	tcase_add_test(tc, what_cannot_be_opened_leaves_out_alone);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {live_suite, NULL};

	return lk_suites_run(suites);
}
