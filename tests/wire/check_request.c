/* What the sampler reads: requests whole, cut, spoilt and invented, with jansson as judge. */
#include "config.h"

#include "proto/request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/attr.h"

#include "golden.h"
#include "suites.h"

static struct lk_wire_request request;

static int
parse_bytes(const char *line, size_t length)
{
	/* a copy of its own, so that a read beyond it is seen by the sanitizer */
	char *copy = malloc(length + (length == 0));
	int rc;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, line, length);
	memset(&request, 0xee, sizeof(request));
	rc = lk_request_read(copy, length, &request);
	free(copy);
	ck_assert(rc == 0 || rc == -EBADMSG);
	ck_assert(rc != 0 || (request.op[0] != '\0' &&
	    memchr(request.op, '\0', sizeof(request.op)) != NULL));
	ck_assert(memchr(request.name, '\0', sizeof(request.name)) != NULL);
	return rc;
}

static int
parse(const char *line)
{
	return parse_bytes(line, strlen(line));
}

START_TEST(arguments_are_read)
{
	ck_assert_int_eq(parse(" {\t\"op\" : \"subscribe\", \"period_ms\":250 ,\"id\":-7} \r"), 0);
	ck_assert_str_eq(request.op, "subscribe");
	ck_assert(request.has_id);
	ck_assert_int_eq(request.id, -7);
	ck_assert_int_eq(request.period_ms, 250);
	ck_assert_int_eq(request.limit, LK_REQUEST_ABSENT);
	ck_assert(!request.has_name && !request.bad_argument);
	ck_assert_int_eq(parse("{\"id\":1,\"op\":\"containers\",\"min_length\":1,\"limit\":2,"
	    "\"baseline\":3,\"bytes\":4,\"mood\":{\"a\":[1,2.5e-3,null,true,false,\"x\"]}}"), 0);
	ck_assert_int_eq(request.min_length, 1);
	ck_assert_int_eq(request.limit, 2);
	ck_assert_int_eq(request.baseline, 3);
	ck_assert_int_eq(request.bytes, 4);
	ck_assert_int_eq(request.watch_s, LK_REQUEST_ABSENT);
	ck_assert_int_eq(parse("{\"id\":1,\"op\":\"memory\",\"watch_s\":15}"), 0);
	ck_assert_int_eq(request.watch_s, 15);
	ck_assert_int_eq(request.stack, LK_REQUEST_ABSENT);
	ck_assert_int_eq(parse("{\"op\":\"referrers\",\"stack\":5}"), 0);
	ck_assert_int_eq(request.stack, 5);
	ck_assert_int_eq(request.seen_ms, LK_REQUEST_ABSENT);
	ck_assert_int_eq(parse("{\"op\":\"reveal\",\"seen_ms\":1763640000125}"), 0);
	ck_assert_int_eq(request.seen_ms, 1763640000125);
	ck_assert(!request.has_address);
}
END_TEST

START_TEST(an_address_is_hexadecimal)
{
	static const char *const bad[] = {"\"0x\"", "\"7f00\"", "\"0x7g\"", "\"0x 7\"", "140",
	    "\"0x11112222333344445\"", "null", "\"\"", "\"0X7f\"", "\"0x7\\u0000\""};
	char line[100];
	size_t i;

	ck_assert_int_eq(parse("{\"op\":\"referrers\",\"address\":\"0x7f2A10004000\"}"), 0);
	ck_assert(request.has_address && !request.bad_argument);
	ck_assert_uint_eq(request.address, 0x7f2a10004000);
	ck_assert_int_eq(parse("{\"op\":\"x\",\"address\":\"0xffffffffffffffff\"}"), 0);
	ck_assert_uint_eq(request.address, UINT64_MAX);
	for (i = 0; i < LK_COUNT_OF(bad); i++) {
		snprintf(line, sizeof(line), "{\"op\":\"x\",\"address\":%s}", bad[i]);
		ck_assert_msg(parse(line) < 0 || request.bad_argument, "%s", bad[i]);
	}
}
END_TEST

static void
is_read(const char *name)
{
	size_t length, op = strcspn(name, "-");
	char *line = lk_golden_read("requests", name, &length);

	ck_assert_msg(parse_bytes(line, length - 1) == 0, "%s", name);
	ck_assert_msg(strlen(request.op) == op && memcmp(request.op, name, op) == 0, "%s", name);
	ck_assert(request.has_id && request.id > 0 && !request.bad_argument);
	ck_assert(!request.name_too_long);
	free(line);
}

START_TEST(all_that_the_client_asks_is_read)
{
	ck_assert_uint_eq(lk_golden_each("requests", is_read), 26);
}
END_TEST

static void
cut_everywhere(const char *name)
{
	size_t length, cut;
	char *line = lk_golden_read("requests", name, &length);

	for (cut = 0; cut + 1 < length; cut++)
		ck_assert_msg(parse_bytes(line, cut) == -EBADMSG, "%s cut at %zu", name, cut);
	free(line);
}

START_TEST(a_line_cut_anywhere_is_refused)
{
	lk_golden_each("requests", cut_everywhere);
}
END_TEST

START_TEST(escapes_become_utf8)
{
	ck_assert_int_eq(parse("{\"op\":\"b\\u0061seline\",\"name\":"
	    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC\\ud83d\\udc0d\303\251\"}"), 0);
	ck_assert_str_eq(request.op, "baseline");
	ck_assert_str_eq(request.name,
	    "\"\\/\b\f\n\r\t\303\251\342\202\254\360\237\220\215\303\251");
	ck_assert_int_eq(parse("{\"o\\u0070\":\"ping\"}"), 0);
	ck_assert_str_eq(request.op, "ping");
}
END_TEST

static const char *const refused[] = {
	"", " ", "{", "}", "{}", "[]", "17", "null", "\"op\"", "{\"op\"}", "{\"op\":}",
	"{\"op\":\"\"}", "{\"op\":1}", "{\"op\":null}", "{\"op\":[\"ping\"]}", "{\"id\":1}",
	"{\"op\":\"ping\",}", "{,\"op\":\"ping\"}", "{\"op\":\"ping\"}}", "{\"op\":\"ping\"} x",
	"{op:\"ping\"}", "{'op':'ping'}", "{\"op\":\"pi\nng\"}", "{\"op\":\"ping\" \"id\":1}",
	"{\"op\":\"ping\",\"id\":01}", "{\"op\":\"ping\",\"id\":+1}", "{\"op\":\"ping\",\"id\":-}",
	"{\"op\":\"ping\",\"id\":1.}", "{\"op\":\"ping\",\"id\":.5}", "{\"op\":\"ping\",\"id\":1e}",
	"{\"op\":\"ping\",\"id\":0x1}", "{\"op\":\"ping\",\"x\":tru}",
	    "{\"op\":\"ping\",\"x\":nan}",
	"{\"op\":\"ping\",\"name\":\"\\u0000\"}", "{\"op\":\"ping\",\"name\":\"\\ud800\"}",
	"{\"op\":\"ping\",\"name\":\"\\udc00\"}", "{\"op\":\"ping\",\"name\":\"\\ud800\\u0041\"}",
	"{\"op\":\"ping\",\"name\":\"\\x41\"}", "{\"op\":\"ping\",\"name\":\"\\u12g4\"}",
	"{\"op\":\"ping\",\"name\":\"\xff\"}", "{\"op\":\"ping\",\"name\":\"\xc0\xaf\"}",
	"{\"op\":\"ping\",\"name\":\"\xed\xa0\x80\"}", "{\"op\":\"ping\",\"name\":\"\xe2\x82\"}",
	"{\"op\":\"a-name-that-is-far-too-long-to-be-an-op\"}", "\xef\xbb\xbf{\"op\":\"ping\"}",
};

START_TEST(what_is_no_request_is_refused)
{
	ck_assert_msg(parse(refused[_i]) == -EBADMSG, "%s", refused[_i]);
}
END_TEST

START_TEST(bytes_of_no_text_are_refused)
{
	ck_assert_int_eq(parse_bytes("{\"op\":\"ping\"}\0", 14), -EBADMSG);
	ck_assert_int_eq(parse_bytes("{\"op\":\"pi\0ng\"}", 14), -EBADMSG);
}
END_TEST

static const char *const wrong_types[] = {
	"{\"op\":\"x\",\"limit\":\"7\"}", "{\"op\":\"x\",\"limit\":7.0}",
	"{\"op\":\"x\",\"limit\":null}", "{\"op\":\"x\",\"limit\":[7]}",
	"{\"op\":\"x\",\"name\":7}", "{\"op\":\"x\",\"name\":null}",
	"{\"op\":\"x\",\"bytes\":1e3}", "{\"op\":\"x\",\"bytes\":1234567890123456789}",
	"{\"op\":\"x\",\"bytes\":-9999999999999999999}", "{\"op\":\"x\",\"period_ms\":true}",
};

START_TEST(wrong_types_are_noticed)
{
	ck_assert_msg(parse(wrong_types[_i]) == 0, "%s", wrong_types[_i]);
	ck_assert_msg(request.bad_argument, "%s", wrong_types[_i]);
}
END_TEST

START_TEST(numbers_keep_their_value)
{
	ck_assert_int_eq(parse("{\"op\":\"x\",\"id\":999999999999999999,\"bytes\":-0}"), 0);
	ck_assert_int_eq(request.id, 999999999999999999);
	ck_assert_int_eq(request.bytes, 0);
	ck_assert_int_eq(parse("{\"op\":\"x\",\"id\":\"1\"}"), 0);
	ck_assert(!request.has_id);
}
END_TEST

START_TEST(a_name_has_its_limit)
{
	char name[200], line[300];
	size_t n;

	for (n = 0; n < 130; n++) {
		memset(name, 'n', n);
		name[n] = '\0';
		snprintf(line, sizeof(line), "{\"op\":\"baseline\",\"name\":\"%s\"}", name);
		ck_assert_int_eq(parse(line), 0);
		ck_assert(request.has_name);
		ck_assert(request.name_too_long == (n > LK_WIRE_NAME_MAX));
		ck_assert_str_eq(request.name, n > LK_WIRE_NAME_MAX ? "" : name);
		snprintf(line, sizeof(line), "{\"op\":\"baseline\",\"name\":\"%s\\u20ac\"}", name);
		ck_assert_int_eq(parse(line), 0);
		ck_assert(request.name_too_long == (n + 3 > LK_WIRE_NAME_MAX));
	}
}
END_TEST

START_TEST(an_op_has_its_limit)
{
	ck_assert_int_eq(parse("{\"op\":\"12345678901234567890123\"}"), 0);
	ck_assert_int_eq(parse("{\"op\":\"123456789012345678901234\"}"), -EBADMSG);
}
END_TEST

START_TEST(nesting_has_its_limit)
{
	char line[LK_WIRE_REQUEST_MAX];
	int depth, n;

	for (depth = 1; depth < 1000; depth += depth < 20 ? 1 : 97) {
		n = snprintf(line, sizeof(line), "{\"op\":\"x\",\"y\":");
		memset(line + n, '[', (size_t)depth);
		memset(line + n + depth, ']', (size_t)depth);
		line[n + 2 * depth] = '}';
		ck_assert_int_eq(parse_bytes(line, (size_t)(n + 2 * depth + 1)),
		    depth < 8 ? 0 : -EBADMSG);
	}
}
END_TEST

/* ---- against jansson ------------------------------------------------------------- */

static uint64_t seed = 42;

static uint32_t
below(uint32_t n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(seed >> 33) % n;
}

/* Nesting and digits beyond what the sampler reads are its own limits. */
static bool
is_request(const char *line, size_t length)
{
	json_t *o = json_loadb(line, length, JSON_DECODE_ANY, NULL);
	const char *op = json_string_value(json_object_get(o, "op"));
	bool is = op != NULL && op[0] != '\0' && strlen(op) < LK_REQUEST_OP_MAX;

	json_decref(o);
	return is;
}

static const char *const pieces[] = {
	"{", "}", "[", "]", ",", ":", "\"op\"", "\"id\"", "\"name\"", "\"x\"", "\"ping\"", "1",
	"-2", "0", "3.5", "1e2", "true", "false", "null", " ", "\t", "\"\\u00e9\"", "\"\\\"\"",
	"{\"op\":\"a\"}", "\"op\":\"b\"", "\"a\":[1,{}]", "\"\xc3\xa9\"", "\"\\q\"", "\"\xc3\"",
	"-", "00", "\"", "\\", "\"\\ud83d\\udc0d\"", "\"\\ud83d\"", "\x01", "nul", "\xe2\x82\xac",
};

static size_t
invent(char *line, size_t size)
{
	size_t used = 0, length;
	uint32_t n = 1 + below(9);
	const char *piece;
	bool framed = below(4) != 0;

	if (framed)
		used = (size_t)snprintf(line, size, "{\"op\":\"ping\",");
	while (n-- > 0) {
		piece = pieces[below((uint32_t)LK_COUNT_OF(pieces))];
		length = strlen(piece);
		memcpy(line + used, piece, length);
		used += length;
	}
	if (framed && below(3) != 0)
		line[used++] = '}';
	return used;
}

START_TEST(invented_lines_are_judged_as_jansson_does)
{
	char line[512];
	size_t length;
	uint32_t i, accepted = 0;

	for (i = 0; i < lk_suites_rounds(200000); i++) {
		length = invent(line, sizeof(line));
		ck_assert_msg((parse_bytes(line, length) == 0) == is_request(line, length),
		    "%.*s", (int)length, line);
		accepted += request.op[0] != '\0' && is_request(line, length);
	}
	ck_assert_uint_gt(accepted, lk_suites_rounds(500));
}
END_TEST

/* A valid line with some bytes changed, dropped or repeated. */
START_TEST(spoilt_lines_are_judged_as_jansson_does)
{
	static const char whole[] = "{\"id\":12,\"op\":\"baseline\",\"name\":\"caf\xc3\xa9 \\u20ac "
	    "\\n\",\"x\":[1,-2.5e+3,{\"a\":null}],\"limit\":7,\"ok\":true}";
	static const char spoil[] = "\"\\{}[],:0-9.eE+u/ \xc3\x80\xed\x1fn";
	char line[sizeof(whole) + 16];
	size_t length, at;
	uint32_t i, n, accepted = 0;

	for (i = 0; i < lk_suites_rounds(100000); i++) {
		length = sizeof(whole) - 1;
		memcpy(line, whole, length);
		for (n = 1 + below(3); n > 0; n--) {
			at = below((uint32_t)length);
			if (below(3) == 0)
				memmove(line + at, line + at + 1, --length - at);
			else
				line[at] = spoil[below(sizeof(spoil) - 1)];
		}
		ck_assert_msg((parse_bytes(line, length) == 0) == is_request(line, length),
		    "%.*s", (int)length, line);
		accepted += is_request(line, length);
	}
	ck_assert_uint_gt(accepted, lk_suites_rounds(5000));
}
END_TEST

START_TEST(garbage_is_harmless)
{
	char line[64];
	size_t length, k;
	uint32_t i;

	for (i = 0; i < lk_suites_rounds(100000); i++) {
		length = below(sizeof(line));
		for (k = 0; k < length; k++)
			line[k] = (char)below(256);
		if (length > 0)
			line[0] = '{';
		parse_bytes(line, length);
	}
}
END_TEST

static Suite *
request_suite(void)
{
	Suite *s = suite_create("request");
	TCase *tc = tcase_create("request");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, arguments_are_read);
	tcase_add_test(tc, an_address_is_hexadecimal);
	tcase_add_test(tc, all_that_the_client_asks_is_read);
	tcase_add_test(tc, a_line_cut_anywhere_is_refused);
	tcase_add_test(tc, escapes_become_utf8);
	tcase_add_loop_test(tc, what_is_no_request_is_refused, 0, (int)LK_COUNT_OF(refused));
	tcase_add_test(tc, bytes_of_no_text_are_refused);
	tcase_add_loop_test(tc, wrong_types_are_noticed, 0, (int)LK_COUNT_OF(wrong_types));
	tcase_add_test(tc, numbers_keep_their_value);
	tcase_add_test(tc, a_name_has_its_limit);
	tcase_add_test(tc, an_op_has_its_limit);
	tcase_add_test(tc, nesting_has_its_limit);
	tcase_add_test(tc, invented_lines_are_judged_as_jansson_does);
	tcase_add_test(tc, spoilt_lines_are_judged_as_jansson_does);
	tcase_add_test(tc, garbage_is_harmless);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {request_suite, NULL};

	return lk_suites_run(suites);
}
