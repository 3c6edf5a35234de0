/* Lines out (ask) and lines in (framing). */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/attr.h"
#include "leaktop/wire.h"
#include "proto/ask.h"
#include "proto/framing.h"

#include "golden.h"
#include "suites.h"

static const struct {
	const char *file;
	struct lk_ask ask;
} asked[] = {
    {"ping", {.id = 1, .op = LK_ASK_PING}},
    {"subscribe", {.id = 2, .op = LK_ASK_SUBSCRIBE, .number = 1000}},
    {"unsubscribe", {.id = 3, .op = LK_ASK_UNSUBSCRIBE}},
    {"baseline", {.id = 4, .op = LK_ASK_BASELINE}},
    {"baseline-named", {.id = 5, .op = LK_ASK_BASELINE, .text = "warm \"caf\303\251\""}},
    {"baseline.rename", {.id = 6, .op = LK_ASK_BASELINE_RENAME, .number = 2, .text = "after load"}},
    {"baseline.drop", {.id = 7, .op = LK_ASK_BASELINE_DROP, .number = 2}},
    {"baseline.rows", {.id = 8, .op = LK_ASK_BASELINE_ROWS, .number = 1}},
    {"history", {.id = 9, .op = LK_ASK_HISTORY}},
    {"trends", {.id = 10, .op = LK_ASK_TRENDS}},
    {"memory", {.id = 11, .op = LK_ASK_MEMORY}},
    {"memory-watch", {.id = 11, .op = LK_ASK_MEMORY, .number = 15}},
    {"containers", {.id = 12, .op = LK_ASK_CONTAINERS}},
    {"containers-limited", {.id = 13, .op = LK_ASK_CONTAINERS, .number = 100, .limit = 1000}},
    {"pause", {.id = 14, .op = LK_ASK_PAUSE}},
    {"resume", {.id = 15, .op = LK_ASK_RESUME}},
    {"detach", {.id = 20, .op = LK_ASK_DETACH}},
    {"interval", {.id = 16, .op = LK_ASK_INTERVAL, .number = 65536}},
    {"types", {.id = 18, .op = LK_ASK_TYPES, .limit = 100}},
    {"types-baseline", {.id = 18, .op = LK_ASK_TYPES, .number = 2, .limit = 100}},
    {"referrers", {.id = 19, .op = LK_ASK_REFERRERS, .text = "shop.cart.Item", .limit = 10}},
    {"referrers-stack", {.id = 20, .op = LK_ASK_REFERRERS_STACK, .number = 3, .limit = 10}},
    {"referrers-address",
     {.id = 21, .op = LK_ASK_REFERRERS_ADDRESS, .text = "0x7f2a10004000"}},
    {"reveal",
     {.id = 23,
      .op = LK_ASK_REVEAL,
      .number = 1763640000125,
      .text = "0x7f2a10004000",
      .limit = 8}},
    {"cancel", {.id = 22, .op = LK_ASK_CANCEL}},
    {"events", {.id = 17, .op = LK_ASK_EVENTS}},
};

START_TEST(request_means_its_golden_line)
{
	char line[LK_WIRE_REQUEST_MAX];
	size_t golden_length;
	char *golden = lk_golden_read("requests", asked[_i].file, &golden_length);
	json_t *expected = json_loads(golden, 0, NULL), *got;
	long length = lk_ask_format(&asked[_i].ask, line, sizeof(line));

	ck_assert_int_gt(length, 0);
	ck_assert_int_eq(line[length - 1], '\n');
	ck_assert_int_eq(line[length], '\0');
	ck_assert_ptr_eq(strchr(line, '\n'), line + length - 1);
	got = json_loads(line, 0, NULL);
	ck_assert(json_equal(expected, got));
	json_decref(got);
	json_decref(expected);
	free(golden);
}
END_TEST

static void
count_nothing(const char *name)
{
	ck_assert_ptr_nonnull(name);
}

START_TEST(every_golden_request_is_asked)
{
	ck_assert_uint_eq(lk_golden_each("requests", count_nothing), LK_COUNT_OF(asked));
}
END_TEST

START_TEST(what_cannot_be_asked_is_refused)
{
	char line[LK_WIRE_REQUEST_MAX], name[LK_WIRE_NAME_MAX + 2];
	struct lk_ask ask = {.op = LK_ASK_BASELINE, .text = name};

	memset(name, 'n', sizeof(name));
	name[LK_WIRE_NAME_MAX] = '\0';
	ck_assert_int_gt(lk_ask_format(&ask, line, sizeof(line)), 0);
	ck_assert_int_eq(lk_ask_format(&ask, line, 20), -ENOSPC);
	name[LK_WIRE_NAME_MAX] = 'n';
	name[LK_WIRE_NAME_MAX + 1] = '\0';
	ck_assert_int_eq(lk_ask_format(&ask, line, sizeof(line)), -EINVAL);
	ask.text = "\377";
	ck_assert_int_eq(lk_ask_format(&ask, line, sizeof(line)), -EINVAL);
	ask.op = LK_ASK_COUNT;
	ck_assert_int_eq(lk_ask_format(&ask, line, sizeof(line)), -EINVAL);
}
END_TEST

/* As the socket would: STEP bytes at a time. */
static void
feed(struct lk_framing *f, const char *bytes, size_t count)
{
	while (count > 0) {
		char *room;
		long fits = lk_framing_room(f, &room);
		size_t n = fits < (long)count ? (size_t)fits : count;

		ck_assert_int_gt(fits, 0);
		memcpy(room, bytes, n);
		lk_framing_wrote(f, n);
		bytes += n;
		count -= n;
	}
}

START_TEST(lines_are_the_same_at_every_cut)
{
	static const char stream[] = "one\n\n{\"t\":1}\nlast";
	static const char *const lines[] = {"one", "", "{\"t\":1}"};
	struct lk_framing f = {0};
	size_t cut = (size_t)_i, seen = 0, length, start = 0;
	const char *line;

	for (int part = 0; part < 2; part++) {
		size_t end = part == 0 ? cut : sizeof(stream) - 1;

		feed(&f, stream + start, end - start);
		start = end;
		while (lk_framing_next(&f, &line, &length) == 1) {
			ck_assert_uint_lt(seen, LK_COUNT_OF(lines));
			ck_assert_uint_eq(length, strlen(lines[seen]));
			ck_assert_int_eq(memcmp(line, lines[seen], length), 0);
			seen++;
		}
	}
	ck_assert_uint_eq(seen, LK_COUNT_OF(lines));
	lk_framing_reset(&f);
	lk_framing_reset(&f);
}
END_TEST

START_TEST(the_longest_line_fits_and_no_longer_one)
{
	struct lk_framing f = {0};
	char *bytes = malloc(LK_WIRE_LINE_MAX), *room;
	const char *line;
	size_t length;

	ck_assert_ptr_nonnull(bytes);
	memset(bytes, 'x', LK_WIRE_LINE_MAX);
	bytes[LK_WIRE_LINE_MAX - 1] = '\n';
	feed(&f, bytes, LK_WIRE_LINE_MAX);
	ck_assert_int_eq(lk_framing_next(&f, &line, &length), 1);
	ck_assert_uint_eq(length, LK_WIRE_LINE_MAX - 1);
	bytes[LK_WIRE_LINE_MAX - 1] = 'x';
	feed(&f, bytes, LK_WIRE_LINE_MAX);
	ck_assert_int_eq(lk_framing_next(&f, &line, &length), 0);
	ck_assert_int_eq(lk_framing_room(&f, &room), -EMSGSIZE);
	lk_framing_reset(&f);
	free(bytes);
}
END_TEST

static Suite *
lines_suite(void)
{
	Suite *suite = suite_create("lines");
	TCase *ask = tcase_create("ask");
	TCase *framing = tcase_create("framing");

	tcase_add_loop_test(ask, request_means_its_golden_line, 0, LK_COUNT_OF(asked));
	tcase_add_test(ask, every_golden_request_is_asked);
	tcase_add_test(ask, what_cannot_be_asked_is_refused);
	tcase_add_loop_test(framing, lines_are_the_same_at_every_cut, 0, 18);
	tcase_add_test(framing, the_longest_line_fits_and_no_longer_one);
	suite_add_tcase(suite, ask);
	suite_add_tcase(suite, framing);
	return suite;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {lines_suite, NULL};

	return lk_suites_run(suites);
}
