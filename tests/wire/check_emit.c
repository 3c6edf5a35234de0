/* What the sampler writes: every golden line, byte for byte. */
#include "config.h"

#include "proto/emit.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/print.h"
#include "leaktop/wire.h"

#include "golden.h"
#include "suites.h"

#define HELLO_AT 1763640060.25
#define AT 1763640061.25
#define UNKNOWN LK_EMIT_UNKNOWN

static void
hello(struct lk_print *p)
{
	lk_emit_hello(p, &(struct lk_emit_hello){.version = "0.1.0", .pid = 41207,
	    .start_time = 1234567, .python = "3.11.2", .started_at_s = 1763640000.125,
	    .at_s = HELLO_AT, .interval_bytes = 524288, .memory_cap_bytes = 16777216,
	    .state = "sampling", .reason = "", .mode = "slots"});
}

static void
hello_dormant(struct lk_print *p)
{
	lk_emit_hello(p, &(struct lk_emit_hello){.version = "0.1.0", .pid = 41207,
	    .start_time = 1234567, .python = "3.7.9", .started_at_s = 1763640000.125,
	    .at_s = HELLO_AT, .interval_bytes = 524288, .memory_cap_bytes = 16777216,
	    .state = "dormant", .reason = "Python 3.7 is not supported", .mode = "hash"});
}

static void
tick(struct lk_print *p)
{
	lk_emit_tick(p, &(struct lk_emit_tick){.seq = 12, .at_s = AT, .state = "sampling",
	    .reason = "", .native = "stacks", .interval_bytes = 524288,
	    .rss_bytes = 190840832, .live_bytes = 4718592, .live_objects = 9437.2,
	    .live_variance = 2473901162496, .native_live_bytes = 1048576,
	    .samples_total = 12, .samples_live = 9, .samples_per_s = 0.5, .cost_percent = 0.123,
	    .budget_percent = 1, .duty = 0.25, .hooks = 10,
	    .sampler_bytes = 2097152, .stacks = 3, .clients = 1,
	    .cgroup_limit_bytes = 536870912, .cgroup_used_bytes = 201326592, .events = 1});
}

static void
tick_unknown(struct lk_print *p)
{
	lk_emit_tick(p, &(struct lk_emit_tick){.seq = 13, .at_s = AT + 1, .state = "paused",
	    .reason = "paused by a client", .native = "off", .interval_bytes = 524288,
	    .rss_bytes = 190840832, .sampler_bytes = 2097152, .clients = 1, .duty = 1,
	    .cgroup_limit_bytes = UNKNOWN, .cgroup_used_bytes = UNKNOWN});
}

static const struct lk_emit_memory memory_known = {
	.at_s = AT, .rss_bytes = 190840832, .pss_bytes = 185597952, .uss_bytes = 184549376,
	.anonymous_bytes = 167772160, .file_bytes = 22020096, .shared_bytes = 1048576,
	.python_live_bytes = 4718592, .pymalloc_arena_bytes = 67108864,
	.malloc_live_bytes = 41943040, .malloc_free_bytes = 8388608,
	.malloc_mmap_bytes = 2097152, .sampler_bytes = 2097152,
	.cgroup_limit_bytes = 536870912, .cgroup_used_bytes = 201326592, .gc_enabled = true,
	.gc = {{312, 700, 120, 3400, 0}, {4, 10, 10, 90, 0}, {1, 10, 1, 7, 2}},
	.has_pauses = true,
	.pauses = {.watched_s = 12.5, .looks = 3120, .collections = 41, .seen = 3,
	    .total_us = 98304.5, .longest_us = 84000.25, .longest_error_us = 2900,
	    .longest_generation = 2, .unseen_us = 5900},
};

/* By the interpreter's own times, and nothing has happened. */
static const struct lk_emit_pauses pauses_quiet = {.exact = true, .watched_s = 60,
    .longest_generation = UNKNOWN};

static void
memory(struct lk_print *p)
{
	lk_emit_memory(p, &memory_known);
}

static void
memory_quiet(struct lk_print *p)
{
	struct lk_emit_memory m = memory_known;

	m.pauses = pauses_quiet;
	lk_emit_memory(p, &m);
}

static void
memory_unknown(struct lk_print *p)
{
	struct lk_emit_memory m = memory_known;

	m.pymalloc_arena_bytes = m.malloc_live_bytes = m.malloc_free_bytes = UNKNOWN;
	m.malloc_mmap_bytes = m.cgroup_limit_bytes = m.cgroup_used_bytes = UNKNOWN;
	m.gc_enabled = m.has_pauses = false;
	lk_emit_memory(p, &m);
}

static const struct lk_emit_cell old_cell = {0, 4, 2097152, 4194.3, 1099511627776};

static void
live(struct lk_print *p)
{
	const struct lk_emit_cell cells[] = {old_cell, {1, 5, 2621440, 5242.9, 1374389534720}};

	lk_emit_live_begin(p, 12, AT, false);
	lk_emit_row(p, true, &(struct lk_emit_row){1, 5242880, 10485.8, 10}, cells, 2);
	lk_emit_row(p, false, &(struct lk_emit_row){2, 1048576, 16, 2}, NULL, 0);
	lk_emit_list_end(p);
}

static void
live_more(struct lk_print *p)
{
	const struct lk_emit_cell cells[] = {old_cell, {1, 6, 3145728, 6291.5, 1649267441664}};

	lk_emit_live_begin(p, 13, AT + 1, true);
	lk_emit_row(p, true, &(struct lk_emit_row){1, 5767168, 11534.4, 11}, cells, 2);
	lk_emit_list_end(p);
}

static void
live_empty(struct lk_print *p)
{
	lk_emit_live_begin(p, 14, AT + 2, false);
	lk_emit_list_end(p);
}

static void
baseline(struct lk_print *p)
{
	const struct lk_emit_cell cell = {0, 1, 524288, 8, 274877906944};

	lk_emit_baseline_begin(p, 1, false);
	lk_emit_row(p, true, &(struct lk_emit_row){1, 2097152, 4194.3, 4}, &old_cell, 1);
	lk_emit_row(p, false, &(struct lk_emit_row){2, 524288, 8, 1}, &cell, 1);
	lk_emit_list_end(p);
}

static void
baselines(struct lk_print *p)
{
	lk_emit_baselines_begin(p);
	lk_emit_baselines_item(p, true, 1, "warm", 1763640030.5, 180355072, 2097152, 524288);
	lk_emit_baselines_item(p, false, 2, "", 1763640061, 190840832, 4718592, 524288);
	lk_emit_list_end(p);
}

static void
baselines_empty(struct lk_print *p)
{
	lk_emit_baselines_begin(p);
	lk_emit_list_end(p);
}

static const char *const names_strings[] = {
	"MainThread", "shop.cart.price_key", "/srv/shop/cart.py", "shop.views.cart",
	"/srv/shop/views.py", "json.decoder.raw_decode", "/usr/lib/python3.11/json/decoder.py",
	"\033[2J\"caf\\\303\251\"",
};

static const uint32_t names_frames[][4] = {
	{1, 2, 3, 88}, {2, 4, 5, 52}, {3, 6, 7, 353}, {4, 8, 5, 0},
};

static void
names(struct lk_print *p)
{
	const uint32_t first[] = {1, 2}, second[] = {3, 4, 2}, *f;
	uint32_t i;

	lk_emit_names_begin(p);
	for (i = 0; i < LK_COUNT_OF(names_strings); i++)
		lk_emit_names_string(p, i == 0, i + 1, names_strings[i],
		    strlen(names_strings[i]));
	lk_emit_names_frames(p);
	for (i = 0; i < LK_COUNT_OF(names_frames); i++) {
		f = names_frames[i];
		lk_emit_names_frame(p, i == 0, f[0], f[1], f[2], f[3]);
	}
	lk_emit_names_stacks(p);
	lk_emit_names_stack(p, true, 1, "obj", 1, 0, first, 2);
	lk_emit_names_stack(p, false, 2, "mem", 1, 3, second, 3);
	lk_emit_names_stack(p, false, 3, "raw", 1, 4, NULL, 0);
	lk_emit_list_end(p);
}

static void
names_native(struct lk_print *p)
{
	static const char *const strings[] = {"0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
		"/usr/lib/x86_64-linux-gnu/libxml2.so.2.9.14", ""};
	const uint32_t mixed[] = {5, 6, 2}, alone[] = {5, 7};
	uint32_t i;

	lk_emit_names_begin(p);
	for (i = 0; i < LK_COUNT_OF(strings); i++)
		lk_emit_names_string(p, i == 0, i + 9, strings[i], strlen(strings[i]));
	lk_emit_names_frames(p);
	lk_emit_names_native_frame(p, true, 5, 9, 10, 440772);
	lk_emit_names_native_frame(p, false, 6, 11, 10, UINT32_MAX);
	lk_emit_names_native_frame(p, false, 7, 11, 11, 0);
	lk_emit_names_stacks(p);
	lk_emit_names_stack(p, true, 4, "native", 1, 0, mixed, 3);
	lk_emit_names_stack(p, false, 5, "native", 1, 4, alone, 2);
	lk_emit_list_end(p);
}

static void
names_empty(struct lk_print *p)
{
	lk_emit_names_begin(p);
	lk_emit_names_frames(p);
	lk_emit_names_stacks(p);
	lk_emit_list_end(p);
}

static void
history(struct lk_print *p)
{
	const double unknown = strtod("nan", NULL);

	lk_emit_history_begin(p, 4);
	lk_emit_history_ring(p, true, 1, 1763640061);
	lk_emit_history_point(p, true, 188743680, 4194304);
	lk_emit_history_point(p, false, unknown, unknown);
	lk_emit_history_point(p, false, 190840832, 4718592);
	lk_emit_ring_end(p);
	lk_emit_history_ring(p, false, 10, 1763640060);
	lk_emit_history_point(p, true, 180355072, 2097152);
	lk_emit_ring_end(p);
	lk_emit_history_ring(p, false, 60, 1763640060);
	lk_emit_ring_end(p);
	lk_emit_history_ring(p, false, 600, 1763640000);
	lk_emit_ring_end(p);
	lk_emit_list_end(p);
}

static void
trends(struct lk_print *p)
{
	const float bytes[] = {0, 1048576, 2097152, 4718592};

	lk_emit_trends_begin(p, 10, 1763640060);
	lk_emit_trends_row(p, true, 1, bytes, 4);
	lk_emit_trends_row(p, false, 2, NULL, 0);
	lk_emit_list_end(p);
}

static void
containers(struct lk_print *p)
{
	lk_emit_containers_begin(p, &(struct lk_emit_containers){.at_s = AT, .by = "freeze",
	    .pause_us = 1893.2, .scan_ms = 41.7, .copied_bytes = 20480, .objects = 48210,
	    .min_length = 1000,
	    .complete = true, .reason = ""});
	lk_emit_container(p, true, &(struct lk_emit_container){.address = 0x7f2a10c04040,
	    .type = "dict", .length = 231000, .shallow_bytes = 10485856, .bound = 0, .stack = 1,
	    .owner = "shop.cart._PRICES", .looked = 4053, .key_count = 1, .value_count = 2,
	    .keys = {{"tuple", 4053}}, .values = {{"shop.cart.Price", 4000}, {"NoneType", 53}}});
	lk_emit_container_then(p, true, 1, 12000);
	lk_emit_container_then(p, false, 2, 190000);
	lk_emit_container_end(p);
	lk_emit_container(p, false, &(struct lk_emit_container){.address = 0x7f2a10c04080,
	    .type = "list", .length = 1200, .shallow_bytes = 9656, .bound = UNKNOWN,
	    .stack = UNKNOWN});
	lk_emit_container_then(p, true, 1, UNKNOWN);
	lk_emit_container_end(p);
	lk_emit_containers_end(p, false);
}

static void
containers_incomplete(struct lk_print *p)
{
	lk_emit_containers_begin(p, &(struct lk_emit_containers){.at_s = AT, .by = "walk",
	    .pause_us = 1998.4, .scan_ms = 3, .copied_bytes = UNKNOWN, .objects = 1200,
	    .min_length = 1,
	    .reason = "too little memory"});
	lk_emit_containers_end(p, true);
}

static const struct lk_emit_frozen frozen_well = {
	.at_s = AT, .pause_us = 1285.7, .walk_ms = 40, .copied_bytes = 20480,
	.table_bytes = 13312000, .objects = 612236, .bytes = 32195660, .types = 61,
	.garbage_objects = 120, .garbage_bytes = 6720,
	.complete = true, .reason = "",
};

static void
frozen(struct lk_print *p)
{
	lk_emit_frozen(p, &frozen_well);
}

static void
frozen_incomplete(struct lk_print *p)
{
	struct lk_emit_frozen m = frozen_well;

	m.pause_us = 900;
	m.walk_ms = 41.5;
	m.copied_bytes = m.garbage_objects = m.garbage_bytes = UNKNOWN;
	m.complete = false;
	m.reason = "a collection was under way";
	lk_emit_frozen(p, &m);
}

static void
progress(struct lk_print *p)
{
	lk_emit_progress(p, 18, 122880, 612236);
}

static void
types(struct lk_print *p)
{
	lk_emit_types_begin(p);
	lk_emit_type(p, true, &(struct lk_emit_type){"str", 203886, 12266894, 0, 0, 0, 0});
	lk_emit_type_end(p);
	lk_emit_type(p, false, &(struct lk_emit_type){"shop.cart.Item", 200000, 11200000, 120,
	    6720, 120, 21});
	lk_emit_type_site(p, true, &(struct lk_emit_site){.stack = 3, .samples = 20,
	    .bytes = 10485760, .function = "price_key", .function_length = 9,
	    .file = "/srv/shop/cart.py", .file_length = 17, .line = 88});
	lk_emit_type_site(p, false, &(struct lk_emit_site){.stack = 7, .samples = 1,
	    .bytes = 524288, .function = "", .file = ""});
	lk_emit_type_end(p);
	lk_emit_types_end(p, false);
}

static void
uncollectable(struct lk_print *p)
{
	lk_emit_uncollectable_begin(p, 14);
	lk_emit_uncollectable(p, true, "shop.cart.Handle", 12);
	lk_emit_uncollectable(p, false, "dict", 2);
	lk_emit_list_end(p);
}

static void
types_then(struct lk_print *p)
{
	lk_emit_types_begin(p);
	lk_emit_type(p, true, &(struct lk_emit_type){"str", 203886, 12266894, 0, 0, UNKNOWN,
	    UNKNOWN});
	lk_emit_type_end(p);
	lk_emit_types_end(p, false);
}

static void
cycles(struct lk_print *p)
{
	lk_emit_cycles_begin(p, 74, 310, 180);
	lk_emit_cyclic(p, true, "shop.cart.Item", 120, 120);
	lk_emit_cyclic(p, false, "dict", 60, 60);
	lk_emit_cyclic(p, false, "function", 16, 0);
	lk_emit_list_end(p);
}

static void
referrers(struct lk_print *p)
{
	lk_emit_referrers_begin(p, &(struct lk_emit_referrers){.type = "shop.cart.Item",
	    .stack = UNKNOWN, .samples = UNKNOWN, .found = UNKNOWN, .objects = 200000,
	    .bytes = 11200000, .paths = 3});
	lk_emit_loop(p, true, "shop.cart.Item -> dict -> shop.cart.Item", 2, 60, 120);
	lk_emit_loop(p, false, "(others)", 0, 2, 9);
	lk_emit_referrers_rows(p);
	lk_emit_referrer(p, true, "shop.cart._PRICES[]", 190000, 10640000, 22080000);
	lk_emit_referrer(p, false, "(local in work, cart.py:52) c[]", 9880, 553280, 553280);
	lk_emit_referrer(p, false, "(garbage)", 120, 6720, UNKNOWN);
	lk_emit_list_end(p);
}

static void
referrers_stack(struct lk_print *p)
{
	lk_emit_referrers_begin(p, &(struct lk_emit_referrers){.type = "shop.cart.Item",
	    .stack = 3, .samples = 10000, .found = 9990, .objects = 9990, .bytes = 559440,
	    .paths = 2});
	lk_emit_referrers_rows(p);
	lk_emit_referrer(p, true, "shop.cart._PRICES[]", 9812, 549472, 1130000);
	lk_emit_referrer(p, false, "(C or unknown) list[]", 178, 9968, 9968);
	lk_emit_list_end(p);
}

static void
referrers_address(struct lk_print *p)
{
	lk_emit_referrers_begin(p, &(struct lk_emit_referrers){.type = "dict",
	    .stack = UNKNOWN, .samples = UNKNOWN, .found = UNKNOWN, .address = 0x7f2a10004000,
	    .objects = 1, .bytes = 9371752, .paths = 1});
	lk_emit_referrers_rows(p);
	lk_emit_referrer(p, true, "shop.cart._PRICES", 1, 9371752, 31451752);
	lk_emit_list_end(p);
}

static void
events(struct lk_print *p)
{
	lk_emit_events_begin(p);
	lk_emit_event(p, true, 1763640000.125, "started", 0, "");
	lk_emit_event(p, false, 1763640031, "thinned", 1048576, "");
	lk_emit_event(p, false, 1763640032, "revealed", 0x7f2a10004000,
	    "to uid 0, pid 9: dict shop.cart._PRICES");
	lk_emit_list_end(p);
}

static void
reply(struct lk_print *p)
{
	lk_emit_reply(p, 1);
}

static void
reply_baseline(struct lk_print *p)
{
	lk_emit_reply_baseline(p, 2, 2);
}

static void
reply_hooks(struct lk_print *p)
{
	lk_emit_reply_hooks(p, 3, 1);
}

static void
reply_error(struct lk_print *p)
{
	lk_emit_refusal(p, true, 3, "unknown-op", "no such op: \"frobnicate\"");
}

static void
reply_bad_json(struct lk_print *p)
{
	lk_emit_refusal(p, false, 0, "bad-json", "not a JSON object with an op");
}

static void
reset(struct lk_print *p)
{
	lk_emit_reset(p);
}

static void
revealed(struct lk_print *p)
{
	lk_emit_revealed_begin(p, &(struct lk_emit_revealed){.address = 0x7f2a10004000,
	    .type = "dict", .length = 1240000, .owner = "shop.cart._PRICES", .same = true});
	lk_emit_revealed_item(p, true, "('sku', 1)", "<shop.cart.Price>");
	lk_emit_revealed_item(p, false, "'caf\303\251 \\x1b'", "19.99");
	lk_emit_list_end(p);
}

static void
revealed_other(struct lk_print *p)
{
	lk_emit_revealed_begin(p, &(struct lk_emit_revealed){.address = 0x7f2a10004940,
	    .type = "list", .length = 1});
	lk_emit_revealed_item(p, true, NULL, "b'\\x00'");
	lk_emit_list_end(p);
}

static void
bye(struct lk_print *p)
{
	lk_emit_bye(p, "exit");
}

static void
bye_stranger(struct lk_print *p)
{
	lk_emit_bye(p, "not permitted");
}

static const struct {
	const char	*golden;
	void		(*emit)(struct lk_print *p);
} lines[] = {
	{"baseline", baseline}, {"baselines", baselines}, {"baselines-empty", baselines_empty},
	{"bye", bye}, {"bye-stranger", bye_stranger}, {"containers", containers},
	{"containers-incomplete", containers_incomplete}, {"cycles", cycles}, {"events", events},
	{"frozen", frozen}, {"frozen-incomplete", frozen_incomplete},
	{"hello", hello}, {"hello-dormant", hello_dormant}, {"history", history},
	{"live", live}, {"live-empty", live_empty}, {"live-more", live_more},
	{"memory", memory}, {"memory-quiet", memory_quiet},
	{"memory-unknown", memory_unknown}, {"names", names},
	{"names-empty", names_empty}, {"names-native", names_native}, {"progress", progress},
	{"referrers", referrers}, {"referrers-address", referrers_address},
	{"referrers-stack", referrers_stack},
	{"reply", reply},
	{"reply-bad-json", reply_bad_json},
	{"reply-baseline", reply_baseline}, {"reply-error", reply_error},
	{"reply-hooks", reply_hooks}, {"reset", reset},
	{"revealed", revealed}, {"revealed-other", revealed_other},
	{"tick", tick},
	{"tick-unknown", tick_unknown}, {"trends", trends},
	{"types", types},
	{"uncollectable", uncollectable},
	{"types-then", types_then},
};

static char bytes[16384];

START_TEST(every_golden_line_byte_for_byte)
{
	struct lk_print p;
	size_t length;
	char *wanted = lk_golden_read("golden", lines[_i].golden, &length);

	lk_print_init(&p, bytes, sizeof(bytes));
	lines[_i].emit(&p);
	ck_assert(!p.full);
	ck_assert_msg(p.length == length && memcmp(bytes, wanted, length) == 0,
	    "%s:\n%s%.*s", lines[_i].golden, wanted, (int)p.length, bytes);
	free(wanted);
}
END_TEST

static void
is_listed(const char *name)
{
	size_t i = 0;

	while (i < LK_COUNT_OF(lines) && strcmp(lines[i].golden, name) != 0)
		i++;
	ck_assert_msg(i < LK_COUNT_OF(lines), "%s is not written by anybody", name);
}

START_TEST(every_golden_line_is_written)
{
	ck_assert_uint_eq(lk_golden_each("golden", is_listed), LK_COUNT_OF(lines));
}
END_TEST

START_TEST(without_room_nothing_is_written_past_it)
{
	struct lk_print p;
	size_t capacity, length;

	lk_print_init(&p, bytes, sizeof(bytes));
	lines[_i].emit(&p);
	length = p.length;
	for (capacity = 0; capacity <= length; capacity++) {
		memset(bytes, 0x55, sizeof(bytes));
		lk_print_init(&p, bytes, capacity);
		lines[_i].emit(&p);
		ck_assert(p.full == (capacity < length));
		ck_assert_uint_le(p.length, capacity);
		ck_assert_uint_eq((unsigned char)bytes[capacity], 0x55);
	}
}
END_TEST

static Suite *
emit_suite(void)
{
	Suite *s = suite_create("emit");
	TCase *tc = tcase_create("emit");

	tcase_add_loop_test(tc, every_golden_line_byte_for_byte, 0, (int)LK_COUNT_OF(lines));
	tcase_add_test(tc, every_golden_line_is_written);
	tcase_add_loop_test(tc, without_room_nothing_is_written_past_it, 0,
	    (int)LK_COUNT_OF(lines));
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {emit_suite, NULL};

	return lk_suites_run(suites);
}
