/* What the client reads from the wire: every golden line, every cut of it, every lie. */
#include "config.h"

#include "proto/message.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "leaktop/wire.h"

#include "golden.h"
#include "suites.h"

static struct lk_message message;

static void
read_golden(const char *name)
{
	size_t length;
	char *line = lk_golden_read("golden", name, &length);
	int rc = lk_message_parse(line, length - 1, &message);

	ck_assert_msg(rc == 0, "%s: %d", name, rc);
	free(line);
}

static int
parse(const char *line)
{
	memset(&message, 0, sizeof(message));
	return lk_message_parse(line, strlen(line), &message);
}

static void
type_is_the_word_before_the_dash(const char *name)
{
	static const char *const words[] = {
	    [LK_MESSAGE_HELLO] = "hello",
	    [LK_MESSAGE_REPLY] = "reply",
	    [LK_MESSAGE_NAMES] = "names",
	    [LK_MESSAGE_RESET] = "reset",
	    [LK_MESSAGE_LIVE] = "live",
	    [LK_MESSAGE_TICK] = "tick",
	    [LK_MESSAGE_BASELINES] = "baselines",
	    [LK_MESSAGE_BASELINE] = "baseline",
	    [LK_MESSAGE_HISTORY] = "history",
	    [LK_MESSAGE_TRENDS] = "trends",
	    [LK_MESSAGE_MEMORY] = "memory",
	    [LK_MESSAGE_CONTAINERS] = "containers",
	    [LK_MESSAGE_PROGRESS] = "progress",
	    [LK_MESSAGE_FROZEN] = "frozen",
	    [LK_MESSAGE_CYCLES] = "cycles",
	    [LK_MESSAGE_UNCOLLECTABLE] = "uncollectable",
	    [LK_MESSAGE_TYPES] = "types",
	    [LK_MESSAGE_REFERRERS] = "referrers",
	    [LK_MESSAGE_REVEALED] = "revealed",
	    [LK_MESSAGE_EVENTS] = "events",
	    [LK_MESSAGE_BYE] = "bye",
	};
	size_t word_length = strcspn(name, "-");

	read_golden(name);
	ck_assert_uint_ne(message.type, LK_MESSAGE_UNKNOWN);
	ck_assert_uint_lt(message.type, LK_COUNT_OF(words));
	ck_assert_uint_eq(strlen(words[message.type]), word_length);
	ck_assert_int_eq(strncmp(words[message.type], name, word_length), 0);
	lk_message_release(&message);
}

START_TEST(every_golden_line_is_read_as_its_type)
{
	ck_assert_uint_ge(lk_golden_each("golden", type_is_the_word_before_the_dash), 13);
}
END_TEST

static void
cut_everywhere(const char *name)
{
	size_t length;
	char *line = lk_golden_read("golden", name, &length);

	for (size_t cut = 0; cut + 1 < length; cut++) {
		/* a copy of its own, so that a read beyond it is seen by the sanitizer */
		char *part = malloc(cut + 1);

		ck_assert_ptr_nonnull(part);
		memcpy(part, line, cut);
		ck_assert_msg(lk_message_parse(part, cut, &message) == -EBADMSG,
		    "%s cut at %zu was accepted", name, cut);
		free(part);
	}
	free(line);
}

START_TEST(a_line_cut_anywhere_is_refused)
{
	lk_golden_each("golden", cut_everywhere);
}
END_TEST

/* Any single byte replaced must give either an answer or a clean refusal. */
static void
spoil_everywhere(const char *name)
{
	static const char bytes[] = "\"\\{}[],:0-9.\x80 n";
	size_t length;
	char *line = lk_golden_read("golden", name, &length);

	for (size_t i = 0; i + 1 < length; i++) {
		char saved = line[i];

		line[i] = bytes[i % (sizeof(bytes) - 1)];
		if (lk_message_parse(line, length - 1, &message) == 0)
			lk_message_release(&message);
		line[i] = saved;
	}
	free(line);
}

START_TEST(a_spoilt_byte_never_harms)
{
	ck_assert_uint_gt(lk_golden_each("golden", spoil_everywhere), 0);
}
END_TEST

START_TEST(hello_is_read)
{
	read_golden("hello");
	ck_assert_uint_eq(message.hello.pid, 41207);
	ck_assert_uint_eq(message.hello.start_time, 1234567);
	ck_assert_str_eq(message.hello.python, "3.11.2");
	ck_assert_double_eq(message.hello.started_at_s, 1763640000.125);
	ck_assert_str_eq(message.hello.mode, "slots");
	lk_message_release(&message);
}
END_TEST

START_TEST(names_are_read)
{
	read_golden("names");
	ck_assert_uint_eq(message.names.text_count, 8);
	ck_assert_str_eq(message.names.texts[7].text, "\033[2J\"caf\\\303\251\"");
	ck_assert_uint_eq(message.names.frames[2].line, 353);
	ck_assert_uint_eq(message.names.stack_count, 3);
	ck_assert_uint_eq(message.names.stacks[1].frame_count, 3);
	ck_assert_uint_eq(message.names.stacks[1].frames[0], 3);
	ck_assert_uint_eq(message.names.stacks[1].frames[2], 2);
	ck_assert_uint_eq(message.names.stacks[2].frame_count, 0);
	ck_assert_uint_eq(message.names.stacks[2].flags, LK_STACK_NO_PYTHON);
	lk_message_release(&message);
}
END_TEST

START_TEST(native_frames_are_read)
{
	const struct lk_message_frame *frames;

	read_golden("names-native");
	frames = message.names.frames;
	ck_assert_uint_eq(message.names.frame_count, 3);
	ck_assert(frames[0].native && frames[1].native && frames[2].native);
	ck_assert_uint_eq(frames[0].function, 9);
	ck_assert_uint_eq(frames[0].file, 10);
	ck_assert_uint_eq(frames[0].address, 440772);
	ck_assert_uint_eq(frames[0].line, 0);
	ck_assert_uint_eq(frames[1].address, UINT32_MAX);
	lk_message_release(&message);
	ck_assert_int_eq(parse("{\"t\":\"names\",\"strings\":[],\"frames\":"
	    "[[1,1,1,9223372036854775807,1],[2,1,1,5]],\"stacks\":[]}"), 0);
	ck_assert_uint_eq(message.names.frames[0].address, INT64_MAX);
	ck_assert(!message.names.frames[1].native);
	ck_assert_uint_eq(message.names.frames[1].line, 5);
	lk_message_release(&message);
}
END_TEST

/* What a sampler said before native memory was counted. */
START_TEST(a_tick_without_native_is_read)
{
	static const char later[] = "\"native\":\"stacks\",";
	static const char bytes[] = "\"native_live_bytes\":1048576.0,";
	size_t length;
	char *line = lk_golden_read("golden", "tick", &length);
	char *at = strstr(line, later);

	memmove(at, at + strlen(later), strlen(at + strlen(later)) + 1);
	at = strstr(line, bytes);
	memmove(at, at + strlen(bytes), strlen(at + strlen(bytes)) + 1);
	ck_assert_int_eq(parse(line), 0);
	ck_assert_str_eq(message.tick.native, "");
	ck_assert(isnan(message.tick.native_live_bytes));
	ck_assert_double_eq(message.tick.live_bytes, 4718592);
	lk_message_release(&message);
	free(line);
	read_golden("tick");
	ck_assert_str_eq(message.tick.native, "stacks");
	ck_assert_double_eq(message.tick.native_live_bytes, 1048576);
	lk_message_release(&message);
}
END_TEST

/* The golden line NAME with LIE in the place of what it SAID. */
static void
refuse(const char *name, const char *said, const char *lie)
{
	size_t length;
	char *line = lk_golden_read("golden", name, &length), *at = strstr(line, said);
	char text[2048];

	ck_assert_ptr_nonnull(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - line), line, lie, at + strlen(said));
	ck_assert_msg(parse(text) == -EBADMSG, "accepted: %s", text);
	free(line);
}

START_TEST(a_tick_that_lies_about_native_is_refused)
{
	static const struct {
		const char *said, *lie;
	} cases[] = {
	    {"\"stacks\"", "17"},
	    {"\"stacks\"", "null"},
	    {"1048576.0", "-1.0"},
	    {"1048576.0", "null"},
	    {"1048576.0", "\"many\""},
	};

	refuse("tick", cases[_i].said, cases[_i].lie);
}
END_TEST

/* A sampler of before there were any says nothing of pauses. */
START_TEST(a_ledger_without_pauses_is_read)
{
	size_t length;
	char *line = lk_golden_read("golden", "memory", &length);

	strcpy(strstr(line, ",\"gc_pauses\""), "}\n");
	ck_assert_int_eq(parse(line), 0);
	ck_assert(isnan(message.memory.pauses.watched_s));
	ck_assert_double_eq(message.memory.gc[2].uncollectable, 2);
	lk_message_release(&message);
	free(line);
	read_golden("memory-unknown");
	ck_assert(isnan(message.memory.pauses.watched_s));
	lk_message_release(&message);
	read_golden("memory-quiet");
	ck_assert(message.memory.pauses.exact);
	ck_assert_double_eq(message.memory.pauses.total_us, 0);
	ck_assert(isnan(message.memory.pauses.longest_us));
	lk_message_release(&message);
	read_golden("memory");
	ck_assert_double_eq(message.memory.pauses.longest_error_us, 2900);
	ck_assert_double_eq(message.memory.pauses.longest_generation, 2);
	lk_message_release(&message);
}
END_TEST

START_TEST(a_ledger_that_lies_about_pauses_is_refused)
{
	static const struct {
		const char *said, *lie;
	} cases[] = {
	    {"{\"exact\":false", "{\"exact\":0"},
	    {"\"watched_s\":12.500", "\"watched_s\":null"},
	    {"98304.5", "-1.0"},
	    {"84000.3", "\"long\""},
	    {"\"seen\":3,", ""},
	    {"\"seen\":3", "\"seen\":0.5"},
	};

	refuse("memory", cases[_i].said, cases[_i].lie);
}
END_TEST

START_TEST(rows_are_read)
{
	read_golden("live");
	ck_assert_uint_eq(message.rows.seq, 12);
	ck_assert(!message.rows.more);
	ck_assert_uint_eq(message.rows.count, 2);
	ck_assert_uint_eq(message.rows.list[0].cell_count, 2);
	ck_assert_uint_eq(message.rows.list[0].cells[1].epoch, 1);
	ck_assert_double_eq(message.rows.list[0].cells[1].bytes, 2621440);
	ck_assert_uint_eq(message.rows.list[1].cell_count, 0);
	lk_message_release(&message);
}
END_TEST

START_TEST(null_is_unknown_never_zero)
{
	read_golden("tick-unknown");
	ck_assert(isnan(message.tick.cgroup_limit_bytes));
	lk_message_release(&message);
	read_golden("history");
	ck_assert_uint_eq(message.history.rings[0].count, 3);
	ck_assert(isnan(message.history.rings[0].rss_bytes[1]));
	ck_assert_double_eq(message.history.rings[0].live_bytes[2], 4718592);
	ck_assert_double_eq(message.history.rings[1].rss_bytes[0], 180355072);
	lk_message_release(&message);
	read_golden("containers");
	ck_assert_uint_eq(message.containers.list[1].stack, 0);
	ck_assert_ptr_null(message.containers.list[1].owner);
	ck_assert_uint_eq(message.containers.list[0].address, 0x7f2a10c04040);
	ck_assert_double_eq(message.containers.list[0].then[1].length, 190000);
	ck_assert_double_nan(message.containers.list[1].then[0].length);
	ck_assert_double_eq(message.containers.list[0].bound, 0);
	ck_assert_double_nan(message.containers.list[1].bound);
	ck_assert_uint_eq(message.containers.list[0].looked, 4053);
	ck_assert_str_eq(message.containers.list[0].keys[0].type, "tuple");
	ck_assert_uint_eq(message.containers.list[0].value_count, 2);
	ck_assert_uint_eq(message.containers.list[0].values[1].count, 53);
	ck_assert_str_eq(message.containers.by, "freeze");
	ck_assert(!message.containers.more);
	lk_message_release(&message);
}
END_TEST

START_TEST(unknown_types_and_fields_are_ignored)
{
	ck_assert_int_eq(parse("{\"t\":\"weather\",\"rows\":17}"), 0);
	ck_assert_uint_eq(message.type, LK_MESSAGE_UNKNOWN);
	lk_message_release(&message);
	ck_assert_int_eq(parse("{\"t\":\"bye\",\"reason\":\"exit\",\"mood\":[1,{}]}"), 0);
	ck_assert_str_eq(message.bye.reason, "exit");
	lk_message_release(&message);
}
END_TEST

static const char *const lies[] = {
    "",
    "{}",
    "[]",
    "17",
    "null",
    "{\"t\":1}",
    "{\"t\":\"bye\"}",
    "{\"t\":\"bye\",\"reason\":1}",
    "{\"t\":\"bye\",\"reason\":\"x\"}garbage",
    "{\"t\":\"bye\",\"reason\":\"\\u0000\"}",
    "{\"t\":\"reply\",\"ok\":true}",
    "{\"t\":\"reply\",\"id\":-1,\"ok\":true}",
    "{\"t\":\"reply\",\"id\":1,\"ok\":1}",
    "{\"t\":\"reply\",\"id\":1,\"ok\":false}",
    "{\"t\":\"names\",\"strings\":[[0,\"x\"]],\"frames\":[],\"stacks\":[]}",
    "{\"t\":\"names\",\"strings\":[[1,2]],\"frames\":[],\"stacks\":[]}",
    "{\"t\":\"names\",\"strings\":[7],\"frames\":[],\"stacks\":[]}",
    "{\"t\":\"names\",\"strings\":[],\"frames\":[[1,2,3,-4]],\"stacks\":[]}",
    "{\"t\":\"names\",\"strings\":[],\"frames\":[[1,2,3,-4,1]],\"stacks\":[]}",
    "{\"t\":\"names\",\"strings\":[],\"frames\":[[1,2,3,4,0]],\"stacks\":[]}",
    "{\"t\":\"names\",\"strings\":[],\"frames\":[[1,2,3,4,2]],\"stacks\":[]}",
    "{\"t\":\"names\",\"strings\":[],\"frames\":[[1,2,3,4,null]],\"stacks\":[]}",
    "{\"t\":\"names\",\"strings\":[],\"frames\":[[1,2,0,4,1]],\"stacks\":[]}",
    "{\"t\":\"names\",\"strings\":[],\"frames\":[[1,2,3,9223372036854775808,1]],"
    "\"stacks\":[]}",
    "{\"t\":\"names\",\"strings\":[],\"frames\":[],\"stacks\":[[1,\"obj\",1,0,7]]}",
    "{\"t\":\"names\",\"strings\":[],\"frames\":[],\"stacks\":[[1,\"obj\",1,0,[4294967296]]]}",
    "{\"t\":\"live\",\"seq\":1,\"at\":1,\"more\":false,\"rows\":[[1,-1.0,0,0,[]]]}",
    "{\"t\":\"live\",\"seq\":1,\"at\":1,\"more\":false,\"rows\":[[1,0,0,0]]}",
    "{\"t\":\"live\",\"seq\":1,\"at\":1,\"more\":false,\"rows\":[[1,0,0,0,[[2,1,1,1,1],[2,1,1,1,1]]"
    "]]}",
    "{\"t\":\"live\",\"seq\":1,\"at\":1,\"more\":false,\"rows\":[[1,1e300,0,0,[]]]}",
    "{\"t\":\"live\",\"seq\":1,\"at\":1,\"more\":0,\"rows\":[]}",
    "{\"t\":\"live\",\"seq\":1,\"at\":1,\"more\":false,\"rows\":{}}",
    "{\"t\":\"history\",\"series\":[\"rss_bytes\"],\"rings\":[]}",
    "{\"t\":\"history\",\"series\":[\"live_bytes\",\"rss_bytes\"],\"rings\":[]}",
    "{\"t\":\"history\",\"series\":[\"rss_bytes\",\"live_bytes\"],"
    "\"rings\":[{\"step_s\":0,\"end\":1,\"points\":[]}]}",
    "{\"t\":\"history\",\"series\":[\"rss_bytes\",\"live_bytes\"],"
    "\"rings\":[{\"step_s\":1,\"end\":1,\"points\":[[1]]}]}",
    "{\"t\":\"containers\",\"at\":1,\"scan_ms\":1,\"pause_us\":1,\"objects\":1,"
    "\"min_length\":1,\"complete\":true,\"rows\":[{\"address\":\"7f\",\"type\":\"d\","
    "\"length\":1,\"shallow_bytes\":1,\"stack\":null,\"owner\":null,\"then\":[]}]}",
    "{\"t\":\"baselines\",\"list\":[{\"id\":2,\"name\":\"\",\"at\":1,\"rss_bytes\":1,"
    "\"live_bytes\":1,\"interval_bytes\":1},{\"id\":1,\"name\":\"\",\"at\":1,"
    "\"rss_bytes\":1,\"live_bytes\":1,\"interval_bytes\":1}]}",
    "{\"t\":\"types\",\"more\":false,\"rows\":[[\"str\",1,1,0]]}",
    "{\"t\":\"types\",\"more\":false,\"rows\":[[null,1,1,0,0]]}",
    "{\"t\":\"types\",\"more\":false,\"rows\":[[\"str\",1,1,0,0,-1]]}",
    "{\"t\":\"types\",\"more\":false,\"rows\":[[\"str\",1,1,0,0,1,1,1]]}",
    "{\"t\":\"types\",\"more\":false,\"rows\":[[\"str\",1,1,0,0,1,1,[[0,1,1,\"\",\"\",0]]]]}",
    "{\"t\":\"types\",\"more\":false,\"rows\":[[\"str\",1,1,0,0,1,1,[[1,1,1,null,\"\",0]]]]}",
    "{\"t\":\"types\",\"more\":false,\"rows\":[[\"a\",1,1,0,0,1,1,[]],[\"b\",1,1,0,0]]}",
    "{\"t\":\"progress\",\"id\":1,\"done\":-1,\"found\":1}",
    "{\"t\":\"trends\",\"step_s\":10,\"end\":1,\"rows\":[[1,[\"x\"]]]}",
    "{\"t\":\"events\",\"list\":[{\"at\":1,\"code\":\"x\",\"value\":1.5}]}",
};

START_TEST(a_lie_is_refused)
{
	ck_assert_msg(parse(lies[_i]) == -EBADMSG, "accepted: %s", lies[_i]);
	ck_assert_ptr_null(message.json);
}
END_TEST

START_TEST(limits_hold_at_the_edge)
{
	static const char head[] = "{\"t\":\"containers\",\"at\":1,\"scan_ms\":1,"
	    "\"pause_us\":1,\"objects\":1,\"min_length\":1,"
	    "\"complete\":true,\"rows\":[";
	static const char row[] = "{\"address\":\"0x1\",\"type\":\"d\",\"length\":1,"
	    "\"shallow_bytes\":1,\"stack\":null,\"owner\":null,\"then\":[]}";
	char *line = malloc(LK_WIRE_LINE_MAX);

	ck_assert_ptr_nonnull(line);
	for (unsigned int extra = 0; extra < 2; extra++) {
		char *end = stpcpy(line, head);

		for (unsigned int i = 0; i < LK_WIRE_CONTAINERS_MAX + extra; i++)
			end = stpcpy(stpcpy(end, i == 0 ? "" : ","), row);
		strcpy(end, "]}");
		ck_assert_int_eq(parse(line), extra == 0 ? 0 : -EMSGSIZE);
		lk_message_release(&message);
	}
	memset(line, ' ', LK_WIRE_LINE_MAX);
	memcpy(line, "{\"t\":\"x\"}", 9);
	ck_assert_int_eq(lk_message_parse(line, LK_WIRE_LINE_MAX - 1, &message), 0);
	lk_message_release(&message);
	ck_assert_int_eq(lk_message_parse(line, LK_WIRE_LINE_MAX, &message), -EMSGSIZE);
	free(line);
}
END_TEST

START_TEST(release_of_nothing_is_fine)
{
	struct lk_message empty = {0};

	lk_message_release(&empty);
	ck_assert_ptr_null(empty.json);
}
END_TEST

static Suite *
message_suite(void)
{
	Suite *suite = suite_create("message");
	TCase *golden = tcase_create("golden");
	TCase *strict = tcase_create("strict");

	tcase_set_timeout(golden, 60);
	tcase_add_test(golden, every_golden_line_is_read_as_its_type);
	tcase_add_test(golden, a_line_cut_anywhere_is_refused);
	tcase_add_test(golden, a_spoilt_byte_never_harms);
	tcase_add_test(golden, hello_is_read);
	tcase_add_test(golden, names_are_read);
	tcase_add_test(golden, native_frames_are_read);
	tcase_add_test(golden, a_tick_without_native_is_read);
	tcase_add_loop_test(golden, a_tick_that_lies_about_native_is_refused, 0, 5);
	tcase_add_test(golden, a_ledger_without_pauses_is_read);
	tcase_add_loop_test(golden, a_ledger_that_lies_about_pauses_is_refused, 0, 6);
	tcase_add_test(golden, rows_are_read);
	tcase_add_test(golden, null_is_unknown_never_zero);
	tcase_add_test(strict, unknown_types_and_fields_are_ignored);
	tcase_add_loop_test(strict, a_lie_is_refused, 0, LK_COUNT_OF(lies));
	tcase_add_test(strict, limits_hold_at_the_edge);
	tcase_add_test(strict, release_of_nothing_is_fine);
	suite_add_tcase(suite, golden);
	suite_add_tcase(suite, strict);
	return suite;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {message_suite, NULL};

	return lk_suites_run(suites);
}
