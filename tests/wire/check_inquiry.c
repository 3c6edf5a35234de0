/* Frozen heaps through a live source: on a connection of its own, with progress, given up,
 * refused. */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "client/descriptors.h"
#include "client/inquiry.h"
#include "client/source.h"
#include "model/frozen.h"
#include "model/revealed.h"
#include "model/snapshot.h"

#include "live.h"

static int live_peer;

static const struct lk_request ask_types = {.op = LK_REQUEST_TYPES};
static const struct lk_request give_up = {.op = LK_REQUEST_GIVE_UP};

/* The fake knows one peer: the live connection is put aside. */
static void
set_up(void)
{
	live_set_up();
	live_step(0);
	fake_accept(&fake);
	fake_say_text(&fake, fake_hello(getpid(), LIVE_STARTED));
	live_step(0);
	live_say_state();
	ck_assert(live_step(0));
	live_peer = fake.peer;
	fake.peer = -1;
}

static void
tear_down(void)
{
	live_tear_down();
	close(live_peer);
}

static void
ask(const struct lk_request *request)
{
	ck_assert_int_eq(lk_source_request(source, request, live_on_reply, &fake), 0);
	fake_accept(&fake);
	ck_assert_ptr_nonnull(lk_source_reading(source));
}

static void say_hello(void);

/* The two baselines of the fake have no types. */
static void
ask_for_types(void)
{
	ask(&ask_types);
	for (int i = 0; i < 2; i++) {
		say_hello();
		fake_say_text(&fake, "{\"t\":\"reply\",\"id\":1,\"ok\":false,"
		    "\"code\":\"unavailable\",\"error\":\"not frozen since\"}\n");
		live_step(0);
		fake_accept(&fake);
	}
	ck_assert_ptr_nonnull(lk_source_reading(source));
}

static void
say_hello(void)
{
	fake_say_text(&fake, fake_hello(getpid(), LIVE_STARTED));
}

static void
answer_types(void)
{
	say_hello();
	fake_say_golden(&fake, "frozen");
	fake_say_golden(&fake, "types");
	fake_say_text(&fake, "{\"t\":\"reply\",\"id\":1,\"ok\":true}\n");
}

static const struct lk_snapshot *
snapshot(void)
{
	return lk_source_snapshot(source);
}

START_TEST(types_come_beside_the_ticks)
{
	const struct lk_types *types;
	struct pollfd fds[4];
	int timeout_ms = -1;

	ask_for_types();
	ck_assert_uint_eq(lk_source_poll(source, fds, 4, &timeout_ms), 2);
	ck_assert_int_eq(timeout_ms, 3000);
	ck_assert(!live_step(10));
	ck_assert_ptr_nonnull(strstr(fake_hear(&fake), "\"op\":\"types\",\"limit\":1000"));
	say_hello();
	fake_say_golden(&fake, "progress");
	ck_assert(live_step(10));
	ck_assert_double_eq(lk_source_reading(source)->done, 122880);
	ck_assert_double_eq(lk_source_reading(source)->found, 612236);
	fake_say_golden(&fake, "frozen");
	ck_assert_uint_eq(snapshot()->types_count, 0);
	live_step(10);
	ck_assert_int_eq(reply_count, 0);
	fake_say_golden(&fake, "types");
	fake_say_text(&fake, "{\"t\":\"reply\",\"id\":1,\"ok\":true}\n");
	ck_assert(live_step(10));
	ck_assert_int_eq(reply_count, 1);
	ck_assert(reply_ok);
	ck_assert_ptr_null(lk_source_reading(source));
	ck_assert_uint_eq(snapshot()->types_count, 1);
	types = snapshot()->types[0];
	ck_assert_double_eq(types->frozen.pause_us, 1285.7);
	ck_assert_double_eq(types->frozen.copied_bytes, 20480);
	ck_assert_uint_eq(types->count, 2);
	ck_assert_str_eq(types->list[1].name, "shop.cart.Item");
	ck_assert_double_eq(types->list[1].garbage_count, 120);
	ck_assert_double_eq(types->list[1].cyclic_count, 120);
	ck_assert_double_eq(types->list[1].sample_count, 21);
	ck_assert_uint_eq(types->list[1].site_count, 2);
	ck_assert_uint_eq(types->list[1].sites[0].stack, 3);
	ck_assert_double_eq(types->list[1].sites[0].bytes, 10485760);
	ck_assert(isnan(types->cycles.object_count));	/* an older sampler does not say */
	ck_assert_double_ge(types->descriptors.sockets, 3);	/* our own: this is the process */
	ck_assert_uint_eq(types->baseline, snapshot()->baselines[1].id);
}
END_TEST

/* "frozen" at that time. */
static void
say_frozen(double at_s)
{
	char line[512];

	snprintf(line, sizeof(line), "{\"t\":\"frozen\",\"at\":%.3f,\"pause_us\":1.0,"
	    "\"walk_ms\":1.0,\"copied_bytes\":null,\"table_bytes\":1,\"objects\":1,"
	    "\"bytes\":1,\"types\":1,\"garbage_objects\":null,\"garbage_bytes\":null,"
	    "\"complete\":false,\"reason\":\"x\"}\n", at_s);
	fake_say_text(&fake, line);
}

/* Each is asked for once; what the sampler kept is before what was read later, or the same. */
START_TEST(types_of_baselines_come_first)
{
	static const char *const heard[] = {"\"op\":\"types\",\"baseline\":1,\"limit\":1000",
	    "\"op\":\"types\",\"baseline\":2,", "\"op\":\"types\",\"limit\""};
	static const double at_s[] = {1763640031, 1763640062.5, 1763640099};

	ask(&ask_types);
	for (int i = 0; i < 3; i++) {
		live_step(0);
		ck_assert_ptr_nonnull(strstr(fake_hear(&fake), heard[i]));
		say_hello();
		say_frozen(at_s[i]);
		fake_say_golden(&fake, "types");
		fake_say_text(&fake, "{\"t\":\"reply\",\"id\":1,\"ok\":true}\n");
		ck_assert_int_eq(reply_count, 0);
		live_step(0);
		if (i < 2)
			fake_accept(&fake);
	}
	ck_assert_int_eq(reply_count, 1);
	ck_assert(reply_ok);
	ck_assert_uint_eq(snapshot()->types_count, 3);
	for (uint32_t i = 0; i < 3; i++) {
		ck_assert_double_eq(snapshot()->types[i]->frozen.at_s, at_s[i]);
		ck_assert_uint_eq(snapshot()->types[i]->baseline, i == 0 ? 1 : 2);
	}
	ck_assert(isnan(snapshot()->types[0]->descriptors.sockets));	/* not looked at then */
	ask(&ask_types);
	live_step(0);
	ck_assert_ptr_nonnull(strstr(fake_hear(&fake), heard[2]));
}
END_TEST

START_TEST(an_older_sampler_knows_no_sites)
{
	ask_for_types();
	say_hello();
	fake_say_golden(&fake, "frozen");
	fake_say_text(&fake, "{\"t\":\"types\",\"more\":false,\"rows\":[[\"str\",7,70,0,0]]}\n");
	fake_say_text(&fake, "{\"t\":\"reply\",\"id\":1,\"ok\":true}\n");
	live_step(1);
	ck_assert(reply_ok);
	ck_assert_double_eq(snapshot()->types[0]->list[0].object_count, 7);
	ck_assert(isnan(snapshot()->types[0]->list[0].cyclic_count));
	ck_assert(isnan(snapshot()->types[0]->list[0].sample_count));
	ck_assert_uint_eq(snapshot()->types[0]->list[0].site_count, 0);
}
END_TEST

START_TEST(a_baseline_that_cannot_be_heard_does_not_stop_types)
{
	ask(&ask_types);
	fake_say_text(&fake, "garbage\n");
	live_step(0);
	ck_assert_int_eq(reply_count, 0);
	fake_accept(&fake);
	answer_types();
	live_step(1);
	ck_assert(reply_ok);
	ck_assert_uint_eq(snapshot()->types_count, 1);
}
END_TEST

START_TEST(holders_are_kept_by_question)
{
	const struct lk_request request = {.op = LK_REQUEST_HOLDERS, .text = "Item"};
	const struct lk_held held = {LK_HELD_TYPE, "Item", 0}, other = {LK_HELD_TYPE, "Cart", 0};
	const struct lk_holders *h;

	for (int i = 0; i < 2; i++) {
		ask(&request);
		live_step(1);
		ck_assert_ptr_nonnull(strstr(fake_hear(&fake),
		    "\"op\":\"referrers\",\"name\":\"Item\",\"limit\":100"));
		say_hello();
		fake_say_golden(&fake, "frozen");
		fake_say_golden(&fake, "referrers");
		fake_say_text(&fake, "{\"t\":\"reply\",\"id\":1,\"ok\":true}\n");
		live_step(1);
		ck_assert(reply_ok);
	}
	ck_assert_uint_eq(snapshot()->holders_count, 1);
	ck_assert_ptr_null(lk_frozen_holders(snapshot(), &other));
	h = lk_frozen_holders(snapshot(), &held);
	ck_assert_ptr_nonnull(h);
	ck_assert_str_eq(h->type, "shop.cart.Item");
	ck_assert_uint_eq(h->count, 3);
	ck_assert_str_eq(h->list[0].path, "shop.cart._PRICES[]");
	ck_assert(isnan(h->list[2].retained_bytes));
}
END_TEST

static const struct {
	struct lk_request request;
	struct lk_held held;
	const char *heard;
} questions[] = {
	{{.op = LK_REQUEST_HOLDERS_STACK, .number = 3}, {LK_HELD_STACK, "", 3},
	    "\"op\":\"referrers\",\"stack\":3,"},
	{{.op = LK_REQUEST_HOLDERS_ADDRESS, .number = 0x7f2a10004000},
	    {LK_HELD_ADDRESS, "", 0x7f2a10004000},
	    "\"op\":\"referrers\",\"address\":\"0x7f2a10004000\","},
};

START_TEST(stacks_and_addresses_can_be_asked_about)
{
	ask(&questions[_i].request);
	live_step(1);
	ck_assert_ptr_nonnull(strstr(fake_hear(&fake), questions[_i].heard));
	say_hello();
	fake_say_golden(&fake, "frozen");
	fake_say_text(&fake, "{\"t\":\"referrers\",\"type\":\"dict\",\"stack\":3,\"samples\":412,"
	    "\"found\":398,\"address\":null,\"objects\":398,\"bytes\":92336,\"paths\":1,"
	    "\"cycles\":[[\"Node -> dict -> Node\",2,7,9]],"
	    "\"rows\":[[\"shop.cart._PRICES[]\",398,92336,null]]}\n");
	fake_say_text(&fake, "{\"t\":\"reply\",\"id\":1,\"ok\":true}\n");
	live_step(1);
	ck_assert_msg(reply_ok, "%s", reply_words);
	ck_assert_ptr_nonnull(lk_frozen_holders(snapshot(), &questions[_i].held));
	ck_assert_double_eq(snapshot()->holders[0]->sample_count, 412);
	ck_assert_double_eq(snapshot()->holders[0]->found_count, 398);
	ck_assert_uint_eq(snapshot()->holders[0]->loop_count, 1);
	ck_assert_str_eq(snapshot()->holders[0]->loops[0].words, "Node -> dict -> Node");
	ck_assert_double_eq(snapshot()->holders[0]->loops[0].object_count, 9);
}
END_TEST

/* What a container holds is for the screen: a snapshot is as it was before. */
START_TEST(what_is_revealed_is_in_no_snapshot)
{
	const struct lk_request request = {.op = LK_REQUEST_REVEAL, .number = 0x7f2a10004000,
	    .seen_ms = 1763640000125};
	const struct lk_revealed *r;

	ck_assert_ptr_null(lk_source_revealed(source));
	ask(&request);
	live_step(1);
	ck_assert_ptr_nonnull(strstr(fake_hear(&fake), "\"op\":\"reveal\","
	    "\"seen_ms\":1763640000125,\"address\":\"0x7f2a10004000\""));
	say_hello();
	fake_say_golden(&fake, "frozen");
	fake_say_golden(&fake, "revealed");
	fake_say_text(&fake, "{\"t\":\"reply\",\"id\":1,\"ok\":true}\n");
	live_step(1);
	ck_assert_msg(reply_ok, "%s", reply_words);
	r = lk_source_revealed(source);
	ck_assert_ptr_nonnull(r);
	ck_assert_uint_eq(r->address, 0x7f2a10004000);
	ck_assert_uint_eq(r->length, 1240000);
	ck_assert_uint_eq(r->count, 2);
	ck_assert(r->is_same && r->items[0].has_key);
	ck_assert_str_eq(r->items[0].key, "('sku', 1)");
	ck_assert_str_eq(r->items[1].value, "19.99");
	ck_assert_uint_eq(snapshot()->holders_count, 0);
	ask(&request);	/* what was shown before is not shown for this one */
	ck_assert_ptr_null(lk_source_revealed(source));
	live_step(1);
	ck_assert_ptr_nonnull(strstr(fake_hear(&fake), "\"op\":\"reveal\""));
	say_hello();
	fake_say_text(&fake, "{\"t\":\"reply\",\"id\":1,\"ok\":true}\n");
	live_step(1);
	ck_assert(!reply_ok);
	ck_assert_str_eq(reply_words, "the sampler did not say it");
}
END_TEST

/* Of many after one baseline the first and the last stay. */
START_TEST(the_first_and_the_last_of_a_baseline_stay)
{
	for (int i = 0; i < 5; i++) {
		ask_for_types();
		say_hello();
		say_frozen(1863640000 + i);
		fake_say_golden(&fake, "types");
		fake_say_text(&fake, "{\"t\":\"reply\",\"id\":1,\"ok\":true}\n");
		live_step(1);
	}
	ck_assert_uint_eq(snapshot()->types_count, 2);
	ck_assert_double_eq(snapshot()->types[0]->frozen.at_s, 1863640000);
	ck_assert_double_eq(snapshot()->types[1]->frozen.at_s, 1863640004);
	ck_assert(isnan(snapshot()->types[1]->list[0].garbage_count));
	ck_assert(!snapshot()->types[1]->frozen.complete);
}
END_TEST

START_TEST(giving_up_hangs_up)
{
	char byte;

	ck_assert_int_eq(lk_source_request(source, &give_up, NULL, NULL), -ENOENT);
	ask_for_types();
	ck_assert_int_eq(lk_source_request(source, &ask_types, live_on_reply, &fake), -EBUSY);
	live_step(1);
	fake_hear(&fake);
	ck_assert_int_eq(lk_source_request(source, &give_up, NULL, NULL), 0);
	ck_assert_int_eq(reply_count, 0);	/* never from within a request */
	ck_assert(live_step(1));
	ck_assert_int_eq(reply_count, 1);
	ck_assert(!reply_ok);
	ck_assert_str_eq(reply_words, "given up");
	ck_assert_ptr_null(lk_source_reading(source));
	ck_assert_int_eq(read(fake.peer, &byte, 1), 0);
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LIVE);
	ask_for_types();
	answer_types();
	live_step(1);
	ck_assert(reply_ok);
	ck_assert_uint_eq(snapshot()->types_count, 1);
}
END_TEST

static const struct {
	const char *say, *words;
} failures[] = {
	{"{\"t\":\"reply\",\"id\":1,\"ok\":false,\"code\":\"unavailable\","
	    "\"error\":\"near the limit\\u001b[2J\"}\n", "near the limit?[2J"},
	{"{\"t\":\"bye\",\"reason\":\"exit\"}\n", "the process is ending"},
	{"{\"t\":\"types\",\"more\":false,\"rows\":[]}\n", "Bad message"},
	{"{\"t\":\"reply\",\"id\":1,\"ok\":true}\n", "the sampler did not say all of it"},
	{"garbage\n", "the sampler said what cannot be understood"},
};

START_TEST(what_goes_wrong_is_said)
{
	ask_for_types();
	say_hello();
	fake_say_text(&fake, failures[_i].say);
	ck_assert(live_step(1));
	ck_assert_int_eq(reply_count, 1);
	ck_assert(!reply_ok);
	ck_assert_str_eq(reply_words, failures[_i].words);
	ck_assert_uint_eq(snapshot()->types_count, 0);
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LIVE);
}
END_TEST

START_TEST(a_lost_or_full_connection_is_said)
{
	ask_for_types();
	fake_say_text(&fake, "{\"t\":\"bye\",\"reason\":\"limit\"}\n");
	live_step(1);
	ck_assert_ptr_nonnull(strstr(reply_words, "close one of them"));
	ask_for_types();
	say_hello();
	live_step(1);
	fake_hear(&fake);	/* or it would be a reset */
	fake_hang_up(&fake);
	live_step(1);
	ck_assert_int_eq(reply_count, 2);
	ck_assert_str_eq(reply_words, "the connection was lost before the answer came");
}
END_TEST

START_TEST(silence_ends_it)
{
	ask_for_types();
	say_hello();
	live_step(10);
	fake_say_golden(&fake, "progress");
	live_step(19999);
	live_step(19999);
	ck_assert_int_eq(reply_count, 0);
	live_step(1);
	ck_assert_int_eq(reply_count, 1);
	ck_assert_str_eq(reply_words, "no word from the sampler");
}
END_TEST

START_TEST(nobody_who_listens_is_said_by_the_next_dispatch)
{
	unlink(fake.path);
	ck_assert_int_eq(lk_source_request(source, &ask_types, live_on_reply, &fake), 0);
	live_step(1);	/* of a baseline */
	ck_assert_int_eq(reply_count, 0);
	live_step(1);
	ck_assert_int_eq(reply_count, 1);
	ck_assert_str_eq(reply_words, strerror(ENOENT));
}
END_TEST

START_TEST(the_answer_may_come_in_pieces)
{
	ask_for_types();
	say_hello();
	for (size_t i = 0; i < 3; i++) {
		fake_say_text(&fake, i == 0 ? "{\"t\":\"progress\",\"id\":1," :
		    i == 1 ? "\"done\":1,\"fou" : "nd\":2}\n");
		live_step(1);
	}
	ck_assert_double_eq(lk_source_reading(source)->found, 2);
}
END_TEST

START_TEST(long_names_are_asked_for_by_their_last_words)
{
	static const char tail[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	char name[256];

	ck_assert_str_eq(lk_source_held_name("shop.cart.Item"), "shop.cart.Item");
	snprintf(name, sizeof(name), "module.of.many.words.%s.Item", tail);
	ck_assert_str_eq(lk_source_held_name(name), name + strlen("module.of.many.words."));
	snprintf(name, sizeof(name), "x.%s%s", tail, tail);
	ck_assert_ptr_null(lk_source_held_name(name));
	ck_assert_ptr_null(lk_source_held_name(""));
}
END_TEST

START_TEST(descriptors_have_kinds)
{
	static const char *const links[] = {"socket:[123]", "pipe:[1]", "/srv/a.db",
	    "/var/log/x (deleted)", "/dev/null", "/dev/pts/0", "anon_inode:[eventpoll]",
	    "/memfd:x (deleted)", ""};
	struct lk_descriptors d = {0};

	for (size_t i = 0; i < LK_COUNT_OF(links); i++)
		(*lk_descriptors_kind(&d, links[i]))++;
	ck_assert_double_eq(d.sockets, 1);
	ck_assert_double_eq(d.pipes, 1);
	ck_assert_double_eq(d.files, 2);
	ck_assert_double_eq(d.others, 5);
	lk_descriptors_count(0x7fffffff, &d);
	ck_assert(isnan(d.sockets) && isnan(d.others));
}
END_TEST

static Suite *
inquiry_suite(void)
{
	Suite *suite = suite_create("inquiry");
	TCase *tc = tcase_create("inquiry");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, types_come_beside_the_ticks);
	tcase_add_test(tc, types_of_baselines_come_first);
	tcase_add_test(tc, an_older_sampler_knows_no_sites);
	tcase_add_test(tc, a_baseline_that_cannot_be_heard_does_not_stop_types);
	tcase_add_test(tc, holders_are_kept_by_question);
	tcase_add_loop_test(tc, stacks_and_addresses_can_be_asked_about, 0,
	    LK_COUNT_OF(questions));
	tcase_add_test(tc, what_is_revealed_is_in_no_snapshot);
	tcase_add_test(tc, the_first_and_the_last_of_a_baseline_stay);
	tcase_add_test(tc, giving_up_hangs_up);
	tcase_add_loop_test(tc, what_goes_wrong_is_said, 0, LK_COUNT_OF(failures));
	tcase_add_test(tc, a_lost_or_full_connection_is_said);
	tcase_add_test(tc, silence_ends_it);
	tcase_add_test(tc, nobody_who_listens_is_said_by_the_next_dispatch);
	tcase_add_test(tc, the_answer_may_come_in_pieces);
	tcase_add_test(tc, long_names_are_asked_for_by_their_last_words);
	tcase_add_test(tc, descriptors_have_kinds);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {inquiry_suite, NULL};

	return lk_suites_run(suites);
}
