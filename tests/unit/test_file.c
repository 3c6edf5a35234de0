#include "config.h"

#include "files.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/growth.h"
#include "base/attr.h"
#include "client/source.h"
#include "leaktop/snapshot.h"
#include "model/frozen.h"
#include "model/snapshot.h"

/* ---- round trip --------------------------------------------------------- */

/* One question about the frozen heap after the other. */
static void
ask_next(void *ctx, bool ok, uint64_t number, const char *why)
{
	static const struct lk_request questions[] = {
	    {.op = LK_REQUEST_TYPES},
	    {.op = LK_REQUEST_HOLDERS, .text = "shop.cart.Price"},
	    {.op = LK_REQUEST_HOLDERS_STACK, .number = 1},
	    {.op = LK_REQUEST_HOLDERS_ADDRESS, .number = 0x7f2a10004000},
	};
	size_t *next = ctx;

	(void)number;
	ck_assert_msg(ok, "%s", why);
	if (*next < LK_COUNT_OF(questions))
		ck_assert_int_eq(lk_source_request(files_dummy(), &questions[(*next)++], ask_next,
		    ctx), 0);
}

static void
ask_all(void)
{
	size_t next = 0;

	ask_next(&next, true, 0, "");
	for (int64_t ms = 0; ms < 20000; ms += 1000)
		lk_source_dispatch(files_dummy(), NULL, 0, ms);
}

START_TEST(types_of_frozen_heaps_are_in_the_file)
{
	const struct lk_types *types, *back;
	struct lk_source *file;

	ask_all();
	files_export(files_now(), path);
	file = files_open(path);
	ck_assert_uint_eq(lk_source_snapshot(file)->types_count, 1 + 3);
	types = files_now()->types[3];
	back = lk_source_snapshot(file)->types[3];
	ck_assert_uint_eq(back->baseline, 3);
	ck_assert_uint_eq(back->count, types->count);
	ck_assert_str_eq(back->list[0].name, "str");
	ck_assert_double_eq(back->list[0].object_count, types->list[0].object_count);
	ck_assert_double_eq(back->frozen.pause_us, types->frozen.pause_us);
	ck_assert_double_eq(back->descriptors.pipes, 14);
	ck_assert_double_eq(back->cycles.object_count, 20412);
	for (uint32_t i = 0; i < back->count; i++) {
		const struct lk_type *type = &back->list[i];

		ck_assert_double_eq(type->cyclic_count, types->list[i].cyclic_count);
		ck_assert_uint_eq(type->site_count, strcmp(type->name, "shop.cart.Price") == 0 ?
		    2 : strcmp(type->name, "float") == 0);
		if (type->site_count > 0)
			ck_assert_double_eq(type->sites[0].bytes, types->list[i].sites[0].bytes);
	}
	ck_assert_uint_eq(lk_source_snapshot(file)->types[0]->baseline, 1);
	ck_assert(isnan(lk_source_snapshot(file)->types[0]->descriptors.pipes));
	lk_source_close(file);
}
END_TEST

START_TEST(holders_in_frozen_heaps_are_in_the_file)
{
	const struct lk_held held = {LK_HELD_TYPE, "shop.cart.Price", 0};
	const struct lk_held stack = {LK_HELD_STACK, "", 1};
	const struct lk_snapshot *back;
	struct lk_source *file;

	ask_all();
	files_export(files_now(), path);
	file = files_open(path);
	back = lk_source_snapshot(file);
	ck_assert_uint_eq(back->holders_count, 3);
	ck_assert_ptr_eq(lk_frozen_holders(back, &held), back->holders[0]);
	ck_assert_ptr_eq(lk_frozen_holders(back, &stack), back->holders[1]);
	ck_assert_double_eq(back->holders[1]->found_count, 398);
	ck_assert(isnan(back->holders[0]->found_count));
	ck_assert_str_eq(back->holders[0]->list[0].path, "shop.cart._PRICES[]");
	ck_assert(isnan(back->holders[0]->list[2].retained_bytes));
	ck_assert_int_eq(back->holders[2]->held.kind, LK_HELD_ADDRESS);
	ck_assert_uint_eq(back->holders[2]->held.number, 0x7f2a10004000);
	lk_source_close(file);
}
END_TEST

START_TEST(what_was_written_reads_back_to_the_byte)
{
	struct lk_source *file;
	size_t length, again;
	char *first, *second;

	ask_all();
	files_export(files_now(), path);
	file = files_open(path);
	ck_assert_str_eq(lk_source_snapshot(file)->origin, path);
	ck_assert_uint_eq(lk_source_snapshot(file)->seq, 1);
	files_export(lk_source_snapshot(file), other);
	first = files_slurp(path, &length);
	second = files_slurp(other, &again);
	ck_assert_uint_eq(length, again);
	ck_assert_int_eq(memcmp(first, second, length), 0);
	free(first);
	free(second);
	lk_source_close(file);
}
END_TEST

static void
same_growth(const struct lk_snapshot *a, const struct lk_snapshot *b, uint32_t reference,
    uint32_t until, enum lk_group group)
{
	uint32_t missing;
	struct lk_growth_set *x = lk_growth_new(a, reference, until, group, &missing);
	struct lk_growth_set *y = lk_growth_new(b, reference, until, group, &missing);

	ck_assert_uint_eq(x->count, y->count);
	for (size_t i = 0; i < x->count; i++) {
		struct lk_estimate survivors[2][8];

		ck_assert_uint_eq(x->rows[i].key, y->rows[i].key);
		ck_assert_double_eq(x->rows[i].delta_bytes, y->rows[i].delta_bytes);
		ck_assert_double_eq(x->rows[i].delta_error_bytes, y->rows[i].delta_error_bytes);
		ck_assert_int_eq(x->rows[i].significant, y->rows[i].significant);
		lk_growth_survivors(a, &x->rows[i], group, survivors[0]);
		lk_growth_survivors(b, &y->rows[i], group, survivors[1]);
		for (uint32_t k = 0; k <= a->baseline_count; k++)
			ck_assert_double_eq(survivors[0][k].bytes, survivors[1][k].bytes);
	}
	lk_growth_free(x);
	lk_growth_free(y);
}

START_TEST(every_reference_works_in_the_file)
{
	struct lk_source *file;

	files_export(files_now(), path);
	file = files_open(path);
	ck_assert_uint_eq(lk_source_snapshot(file)->baseline_count, 3);
	for (uint32_t reference = 0; reference <= 3; reference++)
		for (int group = 0; group < LK_GROUP_COUNT; group++)
			same_growth(files_now(), lk_source_snapshot(file), reference, 0,
			    (enum lk_group)group);
	same_growth(files_now(), lk_source_snapshot(file), 1, 2, LK_GROUP_STACK);
	lk_source_close(file);
}
END_TEST

START_TEST(events_come_back)
{
	static const struct lk_sampler_event events[] = {
		{1.5, "started", 0}, {NAN, "native-refused", UINT64_C(1) << 47}};
	struct lk_snapshot *s = lk_snapshot_new();
	const struct lk_snapshot *back;
	struct lk_source *file;

	s->at_s = 1;
	s->events = events;
	s->event_count = 2;
	files_export(s, path);
	file = files_open(path);
	back = lk_source_snapshot(file);
	ck_assert_uint_eq(back->event_count, 2);
	ck_assert_double_eq(back->events[0].at_s, 1.5);
	ck_assert(isnan(back->events[1].at_s));
	ck_assert_str_eq(back->events[1].code, "native-refused");
	ck_assert_uint_eq(back->events[1].value, UINT64_C(1) << 47);
	lk_source_close(file);
	lk_snapshot_put(s);
}
END_TEST

START_TEST(a_file_is_offline)
{
	struct lk_request r = {.op = LK_REQUEST_BASELINE};
	struct lk_source *file;
	int timeout_ms = -1;

	files_export(files_now(), path);
	file = files_open(path);
	ck_assert_int_eq(lk_source_state(file), LK_SOURCE_OFFLINE);
	ck_assert_int_eq(lk_source_request(file, &r, NULL, NULL), -EOPNOTSUPP);
	ck_assert_int_eq(lk_source_ask(file, &r, NULL, 10), -EOPNOTSUPP);
	ck_assert_uint_eq(lk_source_poll(file, NULL, 0, &timeout_ms), 0);
	ck_assert_int_eq(timeout_ms, -1);
	ck_assert(!lk_source_dispatch(file, NULL, 0, 1));
	ck_assert_int_eq(lk_source_wait(file, 0, 10), 0);
	ck_assert_int_eq(lk_source_wait(file, 1, 10), -ENOTCONN);
	lk_source_close(file);
}
END_TEST

START_TEST(what_is_unknown_stays_unknown)
{
	struct lk_snapshot *s = lk_snapshot_new();
	const struct lk_snapshot *back;
	struct lk_source *file;

	s->at_s = 1;
	s->process.host = "bad \xff\xfe host";
	files_export(s, path);
	file = files_open(path);
	back = lk_source_snapshot(file);
	ck_assert(isnan(back->rss_bytes) && isnan(back->sampler.interval_bytes));
	ck_assert(isnan(back->memory.at_s) && isnan(back->containers.at_s));
	ck_assert_uint_eq(back->row_count + back->baseline_count + back->series_count, 0);
	ck_assert_str_eq(back->process.host, "bad ?? host");
	lk_source_close(file);
	lk_snapshot_put(s);
}
END_TEST

static void
same_frame(const struct lk_frame *x, const struct lk_frame *y)
{
	ck_assert_str_eq(x->function, y->function);
	ck_assert_str_eq(x->file, y->file);
	ck_assert_uint_eq(x->line, y->line);
	ck_assert_int_eq(x->native, y->native);
	ck_assert_uint_eq(x->address, y->address);
	ck_assert_int_eq(x->build_id == NULL, y->build_id == NULL);
	if (x->build_id != NULL)
		ck_assert_str_eq(x->build_id, y->build_id);
}

START_TEST(native_frames_are_the_same_in_the_file)
{
	static const struct lk_frame frames[] = {
	    {.function = "xmlNewDoc", .file = "/usr/lib/libxml2.so.2", .native = true,
		.build_id = "0a1b2c", .address = 0x6b9c4},
	    {.function = "(code outside of any file)", .file = "", .native = true,
		.build_id = ""},
	    {.function = "parse", .file = "/srv/shop/feed.py", .line = 7},
	    {.function = "start\xff", .file = "/usr/bin/python3.11", .native = true,
		.build_id = "ff", .address = UINT64_MAX},
	};
	struct lk_stack stack = {.id = 3, .domain = LK_DOMAIN_NATIVE, .thread = "MainThread",
	    .frame_count = LK_COUNT_OF(frames), .frames = frames};
	struct lk_row row = {.stack = &stack};
	struct lk_snapshot *s = lk_snapshot_new();
	const struct lk_snapshot *back;
	struct lk_source *file;

	s->at_s = 1;
	s->rows = &row;
	s->row_count = 1;
	s->sampler.native = "stacks";
	s->est_native_live_bytes = 12345;
	files_export(s, path);
	file = files_open(path);
	back = lk_source_snapshot(file);
	ck_assert_str_eq(back->sampler.native, "stacks");
	ck_assert_double_eq(back->est_native_live_bytes, 12345);
	ck_assert_uint_eq(back->row_count, 1);
	ck_assert_int_eq(back->rows[0].stack->domain, LK_DOMAIN_NATIVE);
	ck_assert_uint_eq(back->rows[0].stack->frame_count, LK_COUNT_OF(frames));
	for (size_t i = 0; i + 1 < LK_COUNT_OF(frames); i++)
		same_frame(&back->rows[0].stack->frames[i], &frames[i]);
	ck_assert_str_eq(back->rows[0].stack->frames[3].function, "start?");
	ck_assert_uint_eq(back->rows[0].stack->frames[3].address, UINT64_MAX);
	lk_source_close(file);
	lk_snapshot_put(s);
}
END_TEST

/* ---- writing ------------------------------------------------------------ */

START_TEST(a_file_is_replaced_whole_and_private)
{
	struct stat st;
	size_t length;
	char *text;

	files_spill(path, "old", 3);
	ck_assert_int_eq(chmod(path, 0644), 0);
	files_export(files_now(), path);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	text = files_slurp(path, &length);
	ck_assert_uint_eq(synced, 2);	/* the file and then the folder */
	ck_assert_int_eq(strncmp(text, "{\"schema\":\"leaktop.snapshot/1\"", 30), 0);
	ck_assert_int_eq(text[length - 1], '\n');
	free(text);
}
END_TEST

static int
export_as(const char *format, uint32_t reference, const char *to)
{
	const struct lk_export_options options = {format, reference, false};

	return lk_export_write(files_now(), &options, to, words, sizeof(words));
}

START_TEST(a_full_disk_leaves_the_old_file)
{
	struct rlimit limit;
	size_t length;
	char *text;

	files_spill(path, "old", 3);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = 2048;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (const char *const *name = lk_export_formats(); *name != NULL; name++) {
		ck_assert_int_eq(export_as(*name, UINT32_MAX, path), -EFBIG);
		ck_assert_ptr_nonnull(strstr(words, path));
		ck_assert_uint_eq(files_strangers(), 0);
	}
	text = files_slurp(path, &length);
	ck_assert_str_eq(text, "old");
	free(text);
}
END_TEST

START_TEST(what_cannot_be_written_is_said)
{
	struct lk_request mark = {.op = LK_REQUEST_BASELINE};

	ck_assert_int_eq(export_as("yaml", 0, path), -EINVAL);
	ck_assert_str_eq(words, "no format is called yaml");
	ck_assert_int_eq(export_as("json", UINT32_MAX, folder), -EEXIST);
	ck_assert_int_eq(export_as("json", UINT32_MAX, "/dev/null"), -EEXIST);
	ck_assert_int_eq(export_as("json", UINT32_MAX, "/nowhere/x.json"), -ENOENT);
	lk_source_request(files_dummy(), &mark, NULL, NULL);
	lk_source_dispatch(files_dummy(), NULL, 0, 1);
	ck_assert_int_eq(export_as("json", UINT32_MAX, path), -ENODATA);
	ck_assert_str_eq(words, "what was live at baseline 4 was not fetched yet");
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(the_default_path_names_host_process_and_time)
{
	char out[256], small[20];

	ck_assert_int_eq(setenv("TZ", "UTC", 1), 0);
	ck_assert_int_eq(chdir(folder), 0);
	ck_assert_int_eq(lk_export_default_path(files_now(), NULL, out, sizeof(out)), 0);
	ck_assert_int_eq(strncmp(out, folder, strlen(folder)), 0);
	ck_assert_str_eq(out + strlen(folder), "/leaktop-web-3-41207-20231114-221320.json");
	ck_assert_int_eq(lk_export_default_path(files_now(), NULL, small, sizeof(small)),
	    -ENAMETOOLONG);
	ck_assert_int_eq(lk_export_default_path(files_now(), "pprof", out, sizeof(out)), 0);
	ck_assert_str_eq(out + strlen(folder), "/leaktop-web-3-41207-20231114-221320.pb.gz");
	ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

START_TEST(the_end_of_a_name_tells_the_format)
{
	static const struct {
		const char *path, *format;
	} names[] = {
		{"a.json", "json"}, {"a.speedscope.json", "speedscope"}, {"x/y.pb.gz", "pprof"},
		{"a.html", "html"}, {"a.folded", "folded"}, {"a.txt", NULL}, {".json", NULL},
		{"json", NULL}, {"", NULL},
	};

	for (size_t i = 0; i < LK_COUNT_OF(names); i++)
		ck_assert_pstr_eq(lk_export_format_of(names[i].path), names[i].format);
	ck_assert(lk_export_has_delta("folded") && !lk_export_has_delta("json"));
	ck_assert(!lk_export_has_delta("yaml"));
	for (const char *const *name = lk_export_formats(); *name != NULL; name++)
		ck_assert_int_eq(export_as(*name, UINT32_MAX, path), 0);
}
END_TEST

START_TEST(too_much_is_cut_to_what_a_reader_takes)
{
	struct lk_snapshot *s = files_huge(12000);
	struct lk_export_options first = {"json", 1, false};
	const struct lk_snapshot *back;
	struct lk_source *file;

	ck_assert_int_eq(lk_export_write(s, &first, path, words, sizeof(words)), 0);
	file = files_open(path);
	back = lk_source_snapshot(file);
	ck_assert_uint_eq(back->row_count, 12000);
	ck_assert_uint_eq(back->rows[7].cell_count, 1);
	ck_assert_uint_ge(back->rows[7].stack->frame_count, 8);
	ck_assert_uint_lt(back->rows[7].stack->frame_count, 128);
	ck_assert_uint_eq(back->rows[7].stack->flags, LK_SNAPSHOT_TRUNCATED);
	ck_assert_uint_eq(back->rows[7].stack->frames[0].line, 1);
	/* the reference and the newest keep their rows, those between lose them first */
	ck_assert(back->baselines[0].has_rows && back->baselines[8].has_rows);
	ck_assert(!back->baselines[1].has_rows);
	lk_source_close(file);
	lk_snapshot_put(s);
}
END_TEST

static Suite *
file_suite(void)
{
	Suite *s = suite_create("snapshot file");
	TCase *tc = tcase_create("round trip"), *write = tcase_create("write");

	tcase_add_checked_fixture(tc, files_set_up, files_tear_down);
	tcase_add_test(tc, types_of_frozen_heaps_are_in_the_file);
	tcase_add_test(tc, holders_in_frozen_heaps_are_in_the_file);
	tcase_add_test(tc, what_was_written_reads_back_to_the_byte);
	tcase_add_test(tc, every_reference_works_in_the_file);
	tcase_add_test(tc, events_come_back);
	tcase_add_test(tc, a_file_is_offline);
	tcase_add_test(tc, what_is_unknown_stays_unknown);
	tcase_add_test(tc, native_frames_are_the_same_in_the_file);
	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(write, files_set_up, files_tear_down);
	tcase_set_timeout(write, 60);
	tcase_add_test(write, a_file_is_replaced_whole_and_private);
	tcase_add_test(write, a_full_disk_leaves_the_old_file);
	tcase_add_test(write, what_cannot_be_written_is_said);
	tcase_add_test(write, the_default_path_names_host_process_and_time);
	tcase_add_test(write, the_end_of_a_name_tells_the_format);
	if (!lk_suites_in_valgrind())	/* a minute there; the sanitizers see it, too */
		tcase_add_test(write, too_much_is_cut_to_what_a_reader_takes);
	suite_add_tcase(s, write);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {file_suite, NULL};

	return lk_suites_run(suites);
}
