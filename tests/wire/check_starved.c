/* Every allocation of a live source fails once: it may lose the connection or a picture, never
 * its senses.  Not those of jansson: the lexer of 2.14 goes on after its buffer could not grow, and
 * reads beyond it. */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"
#include "client/source.h"
#include "model/snapshot.h"

#include "fake.h"
#include "faults.h"
#include "golden.h"
#include "suites.h"

#define ALLOCATIONS_MAX 5000
#define STARTED		"1763640000.125"

static struct fake fake;
static char talk[32768];
static size_t talk_length;

static void
add_golden(const char *name)
{
	size_t length;
	char *line = lk_golden_read("golden", name, &length);

	ck_assert_uint_lt(talk_length + length, sizeof(talk));
	memcpy(talk + talk_length, line, length);
	talk_length += length;
	free(line);
}

static void
prepare_talk(void)
{
	static const char *const names[] = {"baselines", "names",     "live",	    "tick",
					    "names-native",
					    "history",	 "trends",    "memory",	    "containers",
					    "baseline",	 "reset",     "baselines", "names",
					    "live",	 "baseline",  "live-empty", "tick-unknown"};

	talk_length = (size_t)sprintf(talk, "%s", fake_hello(getpid(), STARTED));
	for (size_t i = 0; i < LK_COUNT_OF(names); i++)
		add_golden(names[i]);
}

static void
step(struct lk_source *source, int64_t *now_ms)
{
	lk_source_dispatch(source, NULL, 0, ++*now_ms);
}

/* The fake and Check allocate too: what they take is not counted. */
static void
talk_at_once(void)
{
	lk_faults_pause(true);
	if (fake_is_dialled(&fake)) {
		fake_accept(&fake);
		send(fake.peer, talk, talk_length, MSG_NOSIGNAL);
	}
	lk_faults_pause(false);
}

/* One conversation in which the NTH allocation fails; NULL when not even that began.  *hit: it has
 * as many. */
static struct lk_source *
converse(unsigned int nth, int64_t *now_ms, bool *hit)
{
	struct lk_source *source = NULL;
	int rc;

	lk_faults_arm(nth);
	rc = lk_source_open_live(fake.path, getpid(), 1000, &source);
	if (rc == 0) {
		step(source, now_ms);
		talk_at_once();
		step(source, now_ms);
	}
	*hit = lk_faults_hit();
	if (rc < 0) {
		ck_assert_int_eq(rc, -ENOMEM);
		ck_assert_ptr_null(source);
	}
	return source;
}

static void
expect_recovery(struct lk_source *source, int64_t *now_ms)
{
	const struct lk_snapshot *s;

	*now_ms += 10000;
	step(source, now_ms);
	if (fake_is_dialled(&fake)) {
		fake_accept(&fake);
		fake_say(&fake, talk, talk_length);
		step(source, now_ms);
	} else {
		fake_say_golden(&fake, "tick");
		step(source, now_ms);
	}
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LIVE);
	s = lk_source_snapshot(source);
	ck_assert_ptr_nonnull(s);
	ck_assert_uint_eq(s->row_count, 2);
	ck_assert_uint_eq(s->baseline_count, 2);
	ck_assert_str_eq(s->rows[0].stack->frames[0].function, "shop.cart.price_key");
}

START_TEST(a_live_source_survives_every_failed_allocation)
{
	int64_t now_ms = 1000;
	unsigned int nth;
	bool hit;

	fake_open(&fake);
	prepare_talk();
	for (nth = 1; nth < ALLOCATIONS_MAX; nth++) {
		struct lk_source *source = converse(nth, &now_ms, &hit);

		if (source != NULL)
			expect_recovery(source, &now_ms);
		lk_source_close(source);
		if (!hit)
			break;
	}
	ck_assert_uint_gt(nth, 40);
	ck_assert_uint_lt(nth, ALLOCATIONS_MAX);
	printf("%u allocations\n", nth - 1);
	fake_close(&fake);
}
END_TEST

/* ---- a frozen heap ------------------------------------------------------------ */

static int answer_count;
static bool answer_ok;

static void
on_answer(void *ctx, bool ok, uint64_t number, const char *words)
{
	(void)ctx;
	(void)number;
	answer_count++;
	answer_ok = ok;
	if (!ok && words[0] == '\0')
		answer_count = -1000;
}

/* The question is on a connection of its own: FAKE's peer meanwhile. */
static void
answer_types(void)
{
	lk_faults_pause(true);
	if (fake_is_dialled(&fake)) {
		fake_accept(&fake);
		fake_say_text(&fake, fake_hello(getpid(), STARTED));
		fake_say_golden(&fake, "frozen");
		fake_say_golden(&fake, "types");
		fake_say_text(&fake, "{\"t\":\"reply\",\"id\":1,\"ok\":true}\n");
	}
	lk_faults_pause(false);
}

#define QUESTIONS 3	/* of two baselines, and of now */

/* Asks for types while the NTH allocation fails.  Returns: of the request.  *hit as above. */
static int
read_types(struct lk_source *source, unsigned int nth, int64_t *now_ms, bool *hit)
{
	const struct lk_request types = {.op = LK_REQUEST_TYPES};
	int rc;

	answer_count = 0;
	lk_faults_arm(nth);
	rc = lk_source_request(source, &types, on_answer, NULL);
	for (int i = 0; rc == 0 && answer_count == 0 && i < QUESTIONS; i++) {
		answer_types();
		step(source, now_ms);
	}
	*hit = lk_faults_hit();
	return rc;
}

START_TEST(a_frozen_heap_survives_every_failed_allocation)
{
	struct lk_source *source = NULL;
	int64_t now_ms = 1000;
	unsigned int nth;
	bool hit, ignored;
	int live_peer;

	fake_open(&fake);
	prepare_talk();
	ck_assert_int_eq(lk_source_open_live(fake.path, getpid(), 1000, &source), 0);
	step(source, &now_ms);
	talk_at_once();
	step(source, &now_ms);
	live_peer = fake.peer;
	fake.peer = -1;
	for (nth = 1; nth < ALLOCATIONS_MAX; nth++) {
		int rc = read_types(source, nth, &now_ms, &hit);

		ck_assert_int_eq(answer_count, rc == 0);
		ck_assert(rc == 0 || rc == -ENOMEM);
		ck_assert_ptr_null(lk_source_reading(source));
		ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LIVE);
		ck_assert_int_eq(read_types(source, 0, &now_ms, &ignored), 0);
		ck_assert_int_eq(answer_count, 1);
		ck_assert(answer_ok);
		ck_assert_uint_ge(lk_source_snapshot(source)->types_count, 1);
		if (nth > 10 && !hit)
			break;
	}
	ck_assert_uint_gt(nth, 10);
	ck_assert_uint_lt(nth, ALLOCATIONS_MAX);
	lk_source_close(source);
	close(live_peer);
	fake_close(&fake);
}
END_TEST

static Suite *
starved_suite(void)
{
	Suite *suite = suite_create("starved");
	TCase *tc = tcase_create("starved");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_live_source_survives_every_failed_allocation);
	tcase_add_test(tc, a_frozen_heap_survives_every_failed_allocation);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {starved_suite, NULL};

	return lk_suites_run(suites);
}
