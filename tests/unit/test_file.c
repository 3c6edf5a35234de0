#include "config.h"

#include "suites.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/diff.h"
#include "analysis/growth.h"
#include "base/attr.h"
#include "client/source.h"
#include "export/export.h"
#include "export/recording.h"
#include "leaktop/snapshot.h"
#include "model/arena.h"
#include "model/frozen.h"
#include "model/snapshot.h"

#include "faults.h"

#define FAULTS_MAX 200000

static char folder[] = "/tmp/leaktop-file-XXXXXX", path[64], other[64], words[256];
static struct lk_source *dummy;
static const struct lk_export_options newest = {"json", UINT32_MAX, false};

static void
setup(void)
{
	strcpy(folder, "/tmp/leaktop-file-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a.json", folder);
	snprintf(other, sizeof(other), "%s/b.json", folder);
	ck_assert_int_eq(lk_source_open_dummy(3, &dummy), 0);
	words[0] = '\0';
}

/* Files of the test folder, but for those of path and other. */
static unsigned int
strangers(void)
{
	DIR *d = opendir(folder);
	unsigned int count = 0;
	struct dirent *e;

	ck_assert_ptr_nonnull(d);
	while ((e = readdir(d)) != NULL)
		count += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    strcmp(e->d_name, "a.json") != 0 && strcmp(e->d_name, "b.json") != 0;
	closedir(d);
	return count;
}

static void
teardown(void)
{
	lk_source_close(dummy);
	ck_assert_uint_eq(strangers(), 0);
	unlink(path);
	unlink(other);
	ck_assert_int_eq(rmdir(folder), 0);
}

static const struct lk_snapshot *
now(void)
{
	return lk_source_snapshot(dummy);
}

static void
export_to(const struct lk_snapshot *s, const char *to)
{
	ck_assert_msg(lk_export_write(s, &newest, to, words, sizeof(words)) == 0, "%s", words);
}

static void
export_as(const struct lk_snapshot *s, const char *format, const char *to)
{
	const struct lk_export_options options = {.format = format, .reference = UINT32_MAX};

	ck_assert_msg(lk_export_write(s, &options, to, words, sizeof(words)) == 0, "%s", words);
}

static struct lk_source *
open_file(const char *from)
{
	struct lk_source *source = NULL;

	ck_assert_msg(lk_source_open_file(from, words, sizeof(words), &source) == 0, "%s", words);
	return source;
}

static char *
slurp(const char *from, size_t *length)
{
	FILE *in = fopen(from, "r");
	char *text;

	ck_assert_ptr_nonnull(in);
	ck_assert_int_eq(fseek(in, 0, SEEK_END), 0);
	*length = (size_t)ftell(in);
	rewind(in);
	text = malloc(*length + 1);
	ck_assert_uint_eq(fread(text, 1, *length, in), *length);
	text[*length] = '\0';
	fclose(in);
	return text;
}

static void
spill(const char *to, const char *text, size_t length)
{
	FILE *out = fopen(to, "w");

	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(fwrite(text, 1, length, out), length);
	ck_assert_int_eq(fclose(out), 0);
}

/* Opening must give a snapshot or a reason, never both and never neither. */
static int
try_text(const char *text, size_t length)
{
	struct lk_source *source = NULL;
	int rc;

	spill(other, text, length);
	words[0] = '\0';
	rc = lk_source_open_file(other, words, sizeof(words), &source);
	ck_assert_int_eq(rc == 0, source != NULL);
	ck_assert_int_eq(rc < 0, words[0] != '\0');
	if (rc == 0) {
		uint32_t missing;

		/* what was let in can be worked with */
		lk_growth_free(lk_growth_new(lk_source_snapshot(source), LK_REFERENCE_NEWEST, 0,
		    LK_GROUP_LINE, &missing));
		lk_diff_free(lk_diff_new(now(), lk_source_snapshot(source)));
	}
	lk_source_close(source);
	return rc;
}

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
		ck_assert_int_eq(lk_source_request(dummy, &questions[(*next)++], ask_next, ctx),
		    0);
}

START_TEST(what_frozen_heaps_said_is_in_the_file)
{
	const struct lk_held held = {LK_HELD_TYPE, "shop.cart.Price", 0};
	const struct lk_held stack = {LK_HELD_STACK, "", 1};
	const struct lk_snapshot *back;
	struct lk_source *file;
	size_t next = 0;

	ask_next(&next, true, 0, "");
	for (int64_t ms = 0; ms < 20000; ms += 1000)
		lk_source_dispatch(dummy, NULL, 0, ms);
	export_to(now(), path);
	file = open_file(path);
	back = lk_source_snapshot(file);
	ck_assert_uint_eq(back->types_count, 1 + 3);
	ck_assert_uint_eq(back->types[3]->count, now()->types[3]->count);
	ck_assert_str_eq(back->types[3]->list[0].name, "str");
	ck_assert_double_eq(back->types[3]->list[0].object_count,
	    now()->types[3]->list[0].object_count);
	ck_assert_double_eq(back->types[3]->frozen.pause_us, now()->types[3]->frozen.pause_us);
	ck_assert_double_eq(back->types[3]->descriptors.pipes, 14);
	ck_assert_uint_eq(back->types[0]->baseline, 1);
	for (uint32_t i = 0; i < back->types[3]->count; i++) {
		const struct lk_type *type = &back->types[3]->list[i];

		ck_assert_double_eq(type->cyclic_count, now()->types[3]->list[i].cyclic_count);
		ck_assert_uint_eq(type->site_count, strcmp(type->name, "shop.cart.Price") == 0 ?
		    2 : strcmp(type->name, "float") == 0);
		if (type->site_count > 0)
			ck_assert_double_eq(type->sites[0].bytes,
			    now()->types[3]->list[i].sites[0].bytes);
	}
	ck_assert(isnan(back->types[0]->descriptors.pipes));
	ck_assert_double_eq(back->types[3]->cycles.object_count, 20412);
	ck_assert_double_eq(back->holders[1]->found_count, 398);
	ck_assert(isnan(back->holders[0]->found_count));
	ck_assert_uint_eq(back->types[3]->baseline, 3);
	ck_assert_uint_eq(back->holders_count, 3);
	ck_assert_ptr_eq(lk_frozen_holders(back, &held), back->holders[0]);
	ck_assert_ptr_eq(lk_frozen_holders(back, &stack), back->holders[1]);
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
	size_t next = 0;

	ask_next(&next, true, 0, "");
	for (int64_t ms = 0; ms < 20000; ms += 1000)
		lk_source_dispatch(dummy, NULL, 0, ms);
	export_to(now(), path);
	file = open_file(path);
	ck_assert_str_eq(lk_source_snapshot(file)->origin, path);
	ck_assert_uint_eq(lk_source_snapshot(file)->seq, 1);
	export_to(lk_source_snapshot(file), other);
	first = slurp(path, &length);
	second = slurp(other, &again);
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

	export_to(now(), path);
	file = open_file(path);
	ck_assert_uint_eq(lk_source_snapshot(file)->baseline_count, 3);
	for (uint32_t reference = 0; reference <= 3; reference++)
		for (int group = 0; group < LK_GROUP_COUNT; group++)
			same_growth(now(), lk_source_snapshot(file), reference, 0,
			    (enum lk_group)group);
	same_growth(now(), lk_source_snapshot(file), 1, 2, LK_GROUP_STACK);
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
	export_to(s, path);
	file = open_file(path);
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

	export_to(now(), path);
	file = open_file(path);
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
	export_to(s, path);
	file = open_file(path);
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
	export_to(s, path);
	file = open_file(path);
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

	spill(path, "old", 3);
	ck_assert_int_eq(chmod(path, 0644), 0);
	export_to(now(), path);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	text = slurp(path, &length);
	ck_assert_int_eq(strncmp(text, "{\"schema\":\"leaktop.snapshot/1\"", 30), 0);
	ck_assert_int_eq(text[length - 1], '\n');
	free(text);
}
END_TEST

START_TEST(a_full_disk_leaves_the_old_file)
{
	struct rlimit limit;
	size_t length;
	char *text;

	spill(path, "old", 3);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = 2048;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (const char *const *name = lk_export_formats(); *name != NULL; name++) {
		const struct lk_export_options options = {*name, UINT32_MAX, false};

		ck_assert_int_eq(lk_export_write(now(), &options, path, words, sizeof(words)),
		    -EFBIG);
		ck_assert_ptr_nonnull(strstr(words, path));
		ck_assert_uint_eq(strangers(), 0);
	}
	text = slurp(path, &length);
	ck_assert_str_eq(text, "old");
	free(text);
}
END_TEST

START_TEST(what_cannot_be_written_is_said)
{
	struct lk_export_options odd = {"yaml", 0, false};
	struct lk_request mark = {.op = LK_REQUEST_BASELINE};

	ck_assert_int_eq(lk_export_write(now(), &odd, path, words, sizeof(words)), -EINVAL);
	ck_assert_str_eq(words, "no format is called yaml");
	ck_assert_int_eq(lk_export_write(now(), &newest, folder, words, sizeof(words)), -EEXIST);
	ck_assert_int_eq(lk_export_write(now(), &newest, "/dev/null", words, sizeof(words)),
	    -EEXIST);
	ck_assert_int_eq(lk_export_write(now(), &newest, "/nowhere/x.json", words, sizeof(words)),
	    -ENOENT);
	lk_source_request(dummy, &mark, NULL, NULL);
	lk_source_dispatch(dummy, NULL, 0, 1);
	ck_assert_int_eq(lk_export_write(now(), &newest, path, words, sizeof(words)), -ENODATA);
	ck_assert_str_eq(words, "what was live at baseline 4 was not fetched yet");
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(the_default_path_names_host_process_and_time)
{
	char out[256], small[20];

	ck_assert_int_eq(setenv("TZ", "UTC", 1), 0);
	ck_assert_int_eq(chdir(folder), 0);
	ck_assert_int_eq(lk_export_default_path(now(), NULL, out, sizeof(out)), 0);
	ck_assert_int_eq(strncmp(out, folder, strlen(folder)), 0);
	ck_assert_str_eq(out + strlen(folder), "/leaktop-web-3-41207-20231114-221320.json");
	ck_assert_int_eq(lk_export_default_path(now(), NULL, small, sizeof(small)), -ENAMETOOLONG);
	ck_assert_int_eq(lk_export_default_path(now(), "pprof", out, sizeof(out)), 0);
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
		export_as(now(), *name, path);
}
END_TEST

/* COUNT stacks of 128 frames that share their texts. */
static struct lk_snapshot *
huge_snapshot(uint32_t count)
{
	struct lk_snapshot *s = lk_snapshot_new();
	struct lk_frame *frames = lk_arena_get(s->arena, 128, sizeof(*frames));
	struct lk_stack *stacks = lk_arena_get(s->arena, count, sizeof(*stacks));
	struct lk_row *rows = lk_arena_get(s->arena, count, sizeof(*rows));
	struct lk_cell *cell = lk_arena_get(s->arena, 1, sizeof(*cell));
	struct lk_baseline *b = lk_arena_get(s->arena, 9, sizeof(*b));

	*cell = (struct lk_cell){0, 1, 524288, 1000, 1e11};
	for (uint32_t i = 0; i < 128; i++)
		frames[i] = (struct lk_frame){.function = "Class.method_of_some_length",
		    .file = "/usr/lib/python3/dist-packages/package/module/file.py",
		    .line = i + 1};
	for (uint32_t i = 0; i < count; i++) {
		stacks[i] = (struct lk_stack){i + 1, LK_DOMAIN_OBJ, "MainThread", 0, 128, frames};
		rows[i] = (struct lk_row){.stack = &stacks[i], .cell_count = 1, .cells = cell};
	}
	for (uint32_t i = 0; i < 9; i++)
		b[i] = (struct lk_baseline){i + 1, "", i, 1, 1, 1, true, count, rows};
	s->at_s = 100;
	s->rows = rows;
	s->row_count = count;
	s->baselines = b;
	s->baseline_count = 9;
	return s;
}

START_TEST(too_much_is_cut_to_what_a_reader_takes)
{
	struct lk_snapshot *s = huge_snapshot(12000);
	struct lk_export_options first = {"json", 1, false};
	const struct lk_snapshot *back;
	struct lk_source *file;

	ck_assert_int_eq(lk_export_write(s, &first, path, words, sizeof(words)), 0);
	file = open_file(path);
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

/* ---- reading what nobody vouches for ------------------------------------ */

#define HEAD "{\"schema\":\"leaktop.snapshot/1\",\"taken_at\":5,\"process\":{\"pid\":7}," \
	"\"sampler\":{},"
#define STACK(id) "{\"id\":" #id ",\"domain\":\"obj\",\"frames\":[],\"born\":[]}"
#define GOOD HEAD "\"stacks\":[" STACK(1) "]}"

static const struct {
	const char *text;
	int rc;
} texts[] = {
	{GOOD, 0},
	{HEAD "\"stacks\":[],\"new\":{\"x\":[1]}}", 0},
	{HEAD "\"stacks\":[],\"memory\":null,\"scan\":null,\"gc\":null}", 0},
	{"", -EBADMSG},
	{"null", -EBADMSG},
	{"[]", -EBADMSG},
	{"{}", -EBADMSG},
	{"{\"schema\":1}", -EBADMSG},
	{"{\"schema\":\"other/1\"}", -EBADMSG},
	{"{\"schema\":\"leaktop.snapshot/2\"}", -EPROTONOSUPPORT},
	{"{\"schema\":\"leaktop.snapshot/\"}", -EPROTONOSUPPORT},
	{"{\"schema\":\"leaktop.snapshot/1x\"}", -EPROTONOSUPPORT},
	{"{\"schema\":\"leaktop.snapshot/11111111111111111111\"}", -EPROTONOSUPPORT},
	{"{\"schema\":\"leaktop.snapshot/1\"}", -EBADMSG},
	{GOOD GOOD, -EBADMSG},
	{HEAD "\"stacks\":[" STACK(1) "," STACK(1) "]}", -EBADMSG},
	{HEAD "\"stacks\":[" STACK(-1) "]}", -EBADMSG},
	{HEAD "\"stacks\":[" STACK(4294967295) "]}", -EBADMSG},
	{HEAD "\"stacks\":[" STACK(1.5) "]}", -EBADMSG},
	{HEAD "\"stacks\":[" STACK("1") "]}", -EBADMSG},
	{HEAD "\"stacks\":[7]}", -EBADMSG},
	{HEAD "\"stacks\":{}}", -EBADMSG},
	{HEAD "\"stacks\":[{\"id\":1,\"domain\":\"moon\",\"frames\":[],\"born\":[]}]}", -EBADMSG},
	{HEAD "\"stacks\":[{\"id\":1,\"domain\":\"obj\",\"frames\":[3],\"born\":[]}]}", 0},
	{HEAD "\"stacks\":[{\"id\":1,\"domain\":\"obj\",\"frames\":[{\"line\":-4}],\"born\":[]}]}",
	    -EBADMSG},
	{HEAD "\"stacks\":[{\"id\":1,\"domain\":\"obj\",\"frames\":[],\"born\":[{\"baseline\":0,"
	    "\"samples\":1,\"bytes\":-1,\"objects\":1,\"variance\":1}]}]}", -EBADMSG},
	{HEAD "\"stacks\":[{\"id\":1,\"domain\":\"obj\",\"frames\":[],\"born\":[{\"baseline\":0,"
	    "\"samples\":1,\"bytes\":1e300,\"objects\":1,\"variance\":1}]}]}", -EBADMSG},
	{HEAD "\"stacks\":[{\"id\":1,\"domain\":\"obj\",\"frames\":[],\"born\":[{\"baseline\":0,"
	    "\"samples\":1,\"bytes\":null,\"objects\":1,\"variance\":1}]}]}", -EBADMSG},
	{HEAD "\"stacks\":[],\"taken_at\":6}", -EBADMSG},	/* twice */
	{HEAD "\"stacks\":[],\"baselines\":[{\"id\":0}]}", -EBADMSG},
	{HEAD "\"stacks\":[],\"baselines\":[{\"id\":2},{\"id\":2}]}", -EBADMSG},
	{HEAD "\"stacks\":[],\"baselines\":[{\"id\":2,\"rows\":[{\"stack\":9,\"born\":[]}]}]}",
	    -EBADMSG},
	{HEAD "\"stacks\":[],\"baselines\":[{\"id\":2,\"rows\":3}]}", -EBADMSG},
	{HEAD "\"stacks\":[],\"containers\":[{\"length\":3,\"stack\":4}]}", -EBADMSG},
	{HEAD "\"stacks\":[],\"containers\":[{\"length\":-3}]}", -EBADMSG},
	{HEAD "\"stacks\":[],\"containers\":[{\"length\":3,\"address\":\"0xzz\"}]}", -EBADMSG},
	{HEAD "\"stacks\":[],\"containers\":[{\"length\":3,\"address\":\"0x\"}]}", -EBADMSG},
	{HEAD "\"stacks\":[],\"containers\":[{\"length\":3,\"address\":"
	    "\"0x11111111111111111\"}]}", -EBADMSG},
	{HEAD "\"stacks\":[],\"types\":[7]}", -EBADMSG},
	{HEAD "\"stacks\":[],\"types\":[{\"frozen\":{}}]}", -EBADMSG},
	{HEAD "\"stacks\":[],\"types\":[{\"frozen\":{},\"rows\":[{\"objects\":1}]}]}", -EBADMSG},
	{HEAD "\"stacks\":[],\"types\":[{\"frozen\":{\"pause_us\":-1},\"rows\":[]}]}", -EBADMSG},
	{HEAD "\"stacks\":[],\"referrers\":[{\"frozen\":{},\"rows\":[]}]}", -EBADMSG},
	{HEAD "\"stacks\":[],\"referrers\":[{\"name\":\"a\",\"stack\":1,\"frozen\":{},"
	    "\"rows\":[]}]}", -EBADMSG},
	{HEAD "\"stacks\":[],\"referrers\":[{\"name\":\"a\",\"frozen\":{},\"rows\":[{}]}]}",
	    -EBADMSG},
	{HEAD "\"stacks\":[],\"types\":[{\"frozen\":{},\"rows\":[{\"type\":\"a\"}]}],"
	    "\"referrers\":[{\"name\":\"a\",\"frozen\":{},\"rows\":[]}]}", 0},
	{HEAD "\"stacks\":[],\"events\":[{\"at\":1,\"value\":1}]}", -EBADMSG},
	{HEAD "\"stacks\":[],\"events\":[{\"code\":\"started\",\"value\":-1}]}", -EBADMSG},
	{HEAD "\"stacks\":[],\"history\":{\"series\":[{\"step_s\":0,\"end\":1}]}}", -EBADMSG},
	{HEAD "\"stacks\":[],\"history\":{\"series\":[{\"step_s\":1,\"end\":1,"
	    "\"rss_bytes\":[1],\"live_bytes\":[]}]}}", -EBADMSG},
	{HEAD "\"stacks\":[],\"gc\":{\"generations\":[1,2,3,4]}}", -EMSGSIZE},
	{HEAD "\"stacks\":[],\"host\":\"\\u0000\"}", -EBADMSG},
	{HEAD "\"stacks\":[],\"host\":\"\xff\"}", -EBADMSG},
	{HEAD "\"stacks\":[],\"totals\":{\"rss_bytes\":1e999}}", -EBADMSG},
};

START_TEST(wrong_values_are_refused)
{
	int rc = try_text(texts[_i].text, strlen(texts[_i].text));

	ck_assert_msg(rc == texts[_i].rc, "%d for %s (%s)", rc, texts[_i].text, words);
}
END_TEST

START_TEST(nothing_but_files_is_opened)
{
	struct lk_source *source = NULL;

	ck_assert_int_eq(lk_source_open_file(folder, words, sizeof(words), &source), -EINVAL);
	ck_assert_int_eq(lk_source_open_file("/dev/zero", words, sizeof(words), &source), -EINVAL);
	ck_assert_int_eq(lk_source_open_file(path, words, sizeof(words), &source), -ENOENT);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(lk_source_open_file(path, words, sizeof(words), &source), -EINVAL);
	ck_assert_int_eq(unlink(path), 0);
	spill(path, "", 0);
	ck_assert_int_eq(truncate(path, LK_SNAPSHOT_FILE_MAX + 1), 0);
	ck_assert_int_eq(lk_source_open_file(path, words, sizeof(words), &source), -EFBIG);
	ck_assert_ptr_null(source);
}
END_TEST

START_TEST(floods_are_refused_before_they_cost_memory)
{
	size_t length = LK_SNAPSHOT_VALUES_MAX + 100;
	char *text = malloc(length);

	ck_assert_ptr_nonnull(text);
	memset(text, '[', length);
	ck_assert_int_eq(try_text(text, length), -EMSGSIZE);
	ck_assert_int_eq(try_text(text, 100000), -EBADMSG); /* deep */
	free(text);
}
END_TEST

START_TEST(a_file_cut_anywhere_is_refused)
{
	size_t length, step;
	char *text;

	export_to(now(), path);
	text = slurp(path, &length);
	step = length / (lk_suites_in_valgrind() ? 20 : 150);
	for (size_t cut = 0; cut + 2 < length; cut += cut < 400 ? 7 : step)
		ck_assert_int_eq(try_text(text, cut), -EBADMSG);
	ck_assert_int_eq(try_text(text, length - 2), -EBADMSG);
	ck_assert_int_eq(try_text(text, length - 1), 0); /* only the newline is gone */
	free(text);
}
END_TEST

START_TEST(flipped_bytes_never_crash)
{
	static const char values[] = {'0', '9', '-', '"', '{', ']', ',', '\0', '\xff', 'e'};
	size_t length;
	char *text;

	export_to(now(), path);
	text = slurp(path, &length);
	srandom((unsigned int)_i + 1);
	for (int round = 0; round < (int)lk_suites_rounds(60); round++) {
		size_t at = (size_t)random() % length;
		char was = text[at];

		text[at] = values[(size_t)random() % LK_COUNT_OF(values)];
		try_text(text, length);
		text[at] = was;
	}
	free(text);
}
END_TEST

START_TEST(every_byte_of_a_small_file_may_be_wrong)
{
	const size_t step = lk_suites_in_valgrind() ? 8 : 1;	/* all of it is minutes there */
	char text[] = GOOD;

	for (size_t at = (size_t)_i % step; at < sizeof(text) - 1; at += step) {
		char was = text[at];

		for (int value = _i; value < 256; value += 16) {
			text[at] = (char)value;
			try_text(text, sizeof(text) - 1);
		}
		text[at] = was;
	}
}
END_TEST

/* ---- recordings ----------------------------------------------------------- */

static struct lk_recording *
record_to(const char *to, uint64_t max_bytes)
{
	struct lk_recording *r = NULL;

	ck_assert_msg(lk_recording_open(to, max_bytes, words, sizeof(words), &r) == 0, "%s",
	    words);
	return r;
}

/* A snapshot without anything but its time; SERIAL is its pid. */
static struct lk_snapshot *
bare(int serial)
{
	struct lk_snapshot *s = lk_snapshot_new();

	s->at_s = 1000 + serial;
	s->process.pid = serial + 1;
	return s;
}

static int
add_bare(struct lk_recording *r, int serial)
{
	struct lk_snapshot *s = bare(serial);
	int rc = lk_recording_add(r, s, 0, words, sizeof(words));

	lk_snapshot_put(s);
	return rc;
}

static double
size_of(const char *of)
{
	struct stat st;

	ck_assert_int_eq(stat(of, &st), 0);
	return (double)st.st_size;
}

/* A recording of COUNT bare snapshots, and its end when WHY is given. */
static void
record_bare(int count, const char *why)
{
	struct lk_recording *r = record_to(path, LK_RECORDING_BYTES_MIN);

	for (int i = 0; i < count; i++)
		ck_assert_msg(add_bare(r, i) == 0, "%s", words);
	if (why != NULL)
		ck_assert_int_eq(lk_recording_end(r, 2000, why), 0);
	lk_recording_close(r);
}

START_TEST(a_recording_is_gone_through_in_both_directions)
{
	const struct lk_snapshot *s;
	struct lk_source *file;
	size_t at;

	record_bare(5, "a \"reason\"");
	file = open_file(path);
	ck_assert_uint_eq(lk_source_moments(file, &at), 5);
	ck_assert_uint_eq(at, 4);
	ck_assert_ptr_nonnull(strstr(lk_source_words(file), "5 of 5, the last: a \"reason\""));
	ck_assert_int_eq(lk_source_step(file, 1), -ERANGE);
	s = lk_snapshot_get(lk_source_snapshot(file));
	ck_assert_int_eq(lk_source_step(file, -1), 0);
	ck_assert_int_eq(lk_source_snapshot(file)->process.pid, 4);
	ck_assert_uint_gt(lk_source_snapshot(file)->seq, s->seq);
	ck_assert_str_eq(lk_source_snapshot(file)->origin, path);
	ck_assert_int_eq(s->process.pid, 5); /* who holds it keeps it */
	lk_snapshot_put(s);
	ck_assert_int_eq(lk_source_step(file, -100), 0);
	ck_assert_int_eq(lk_source_snapshot(file)->process.pid, 1);
	ck_assert_int_eq(strncmp(lk_source_words(file), "1 of 5: ", 8), 0);
	ck_assert_int_eq(lk_source_step(file, -1), -ERANGE);
	ck_assert_int_eq(lk_source_step(file, INT32_MIN), -ERANGE);
	ck_assert_int_eq(lk_source_step(file, INT32_MAX), 0);
	ck_assert_int_eq(lk_source_snapshot(file)->process.pid, 5);
	ck_assert(lk_source_state(file) == LK_SOURCE_OFFLINE);
	lk_source_close(file);
	export_to(now(), path);
	file = open_file(path);
	ck_assert_uint_eq(lk_source_moments(file, &at), 1);
	ck_assert_int_eq(lk_source_step(file, -1), -EOPNOTSUPP);
	ck_assert_str_eq(lk_source_words(file), path);
	lk_source_close(file);
}
END_TEST

START_TEST(a_recording_goes_on_where_it_ended)
{
	struct lk_recording *r, *second = NULL;
	struct lk_source *file;
	size_t at;

	record_bare(2, "restart");
	r = record_to(path, LK_RECORDING_BYTES_MIN);
	ck_assert_int_eq(lk_recording_open(path, LK_RECORDING_BYTES_MIN, words, sizeof(words),
	    &second), -EBUSY);
	ck_assert_ptr_nonnull(strstr(words, "somebody records to it"));
	ck_assert_int_eq(add_bare(r, 2), 0);
	lk_recording_close(r);
	file = open_file(path);
	ck_assert_uint_eq(lk_source_moments(file, &at), 3);
	ck_assert_ptr_null(strstr(lk_source_words(file), "restart"));
	lk_source_close(file);
	spill(path, "a note of mine\n", 15);
	ck_assert_int_eq(lk_recording_open(path, 1 << 20, words, sizeof(words), &r), -EEXIST);
	ck_assert_int_eq(lk_recording_open(folder, 1 << 20, words, sizeof(words), &r), -EEXIST);
	ck_assert_int_eq(lk_recording_open("/dev/full", 1 << 20, words, sizeof(words), &r),
	    -EEXIST);
	ck_assert_int_eq(lk_recording_open("/nowhere/x", 1 << 20, words, sizeof(words), &r),
	    -ENOENT);
	ck_assert_double_eq(size_of(path), 15);
}
END_TEST

/* Looks at FILE a second later; whether there is something new to be shown. */
static bool
look(struct lk_source *file)
{
	static int64_t now_ms;

	now_ms += 1000;
	return lk_source_dispatch(file, NULL, 0, now_ms);
}

START_TEST(a_recording_that_grows_is_followed)
{
	struct lk_recording *r;
	struct lk_source *file;
	static char command[50000];
	int last = 2, timeout_ms = -1;
	size_t at, count;

	record_bare(1, NULL);
	file = open_file(path);
	ck_assert(!look(file));
	r = record_to(path, LK_RECORDING_BYTES_MIN);
	for (int i = 1; i <= last; i++)
		ck_assert_int_eq(add_bare(r, i), 0);
	ck_assert(look(file));
	ck_assert(!look(file));
	ck_assert_uint_eq(lk_source_poll(file, NULL, 0, &timeout_ms), 0);
	ck_assert_int_eq(timeout_ms, 1000);
	ck_assert_int_eq(lk_source_snapshot(file)->process.pid, 3);
	ck_assert_int_eq(strncmp(lk_source_words(file), "3 of 3, still recorded, followed: ", 34),
	    0);
	/* who has gone back stays there */
	ck_assert_int_eq(lk_source_step(file, -1), 0);
	ck_assert_int_eq(add_bare(r, ++last), 0);
	ck_assert(look(file));
	ck_assert_int_eq(lk_source_snapshot(file)->process.pid, 2);
	ck_assert_int_eq(strncmp(lk_source_words(file), "2 of 4, still recorded: ", 24), 0);
	ck_assert_int_eq(lk_source_step(file, 2), 0);
	/* it is made shorter by another file, more than once, and the end is still the end */
	memset(command, 'x', sizeof(command) - 1);
	while (last < 50) {
		struct lk_snapshot *s = bare(++last);

		s->process.command = command;
		ck_assert_int_eq(lk_recording_add(r, s, 0, words, sizeof(words)), 0);
		lk_snapshot_put(s);
		if (last % 3 == 0)
			look(file);
	}
	look(file);
	count = lk_source_moments(file, &at);
	ck_assert_uint_eq(at, count - 1);
	ck_assert_uint_lt(count, (size_t)last);
	ck_assert_int_eq(lk_source_snapshot(file)->process.pid, last + 1);
	ck_assert_int_eq(lk_recording_end(r, 2000, "stopped"), 0);
	lk_recording_close(r);
	ck_assert(look(file));
	ck_assert_ptr_nonnull(strstr(lk_source_words(file), ", the last: stopped: "));
	lk_source_close(file);
}
END_TEST

/* Cut anywhere: what is whole is shown, and goes on being recorded to. */
START_TEST(a_recording_may_be_cut_anywhere)
{
	const bool all = !lk_suites_in_valgrind();
	size_t length, at, lines = 0;
	char *text;

	record_bare(3, "the end");
	text = slurp(path, &length);
	for (size_t cut = 1; cut < length; cut++) {
		struct lk_source *source = NULL;
		struct lk_recording *r;
		int rc;

		lines += text[cut - 1] == '\n';
		if (!all && cut % 9 != 0)
			continue;
		spill(other, text, cut);
		rc = lk_source_open_file(other, words, sizeof(words), &source);
		/* a first line without its newline is a snapshot, when it is all there */
		ck_assert_int_eq(rc == 0, lines > 0 || text[cut] == '\n');
		if (rc == 0 && lines > 0) {
			ck_assert_uint_eq(lk_source_moments(source, &at), lines < 3 ? lines : 3);
			ck_assert_int_eq(lk_source_snapshot(source)->process.pid,
			    (int)(lines < 3 ? lines : 3));
			ck_assert_int_eq(strstr(lk_source_words(source), "was cut") != NULL,
			    text[cut - 1] != '\n');
		}
		lk_source_close(source);
		if (cut % 7 != 0 || cut < 20)
			continue;
		r = record_to(other, LK_RECORDING_BYTES_MIN);
		ck_assert_int_eq(add_bare(r, 9), 0);
		lk_recording_close(r);
		source = open_file(other);
		ck_assert_uint_eq(lk_source_moments(source, &at), lines < 3 ? lines + 1 : 4);
		ck_assert_int_eq(lk_source_snapshot(source)->process.pid, 10);
		lk_source_close(source);
	}
	free(text);
}
END_TEST

START_TEST(what_is_damaged_in_a_recording_is_skipped)
{
	struct lk_source *file;
	size_t length, at;
	char *text;

	record_bare(4, NULL);
	text = slurp(path, &length);
	*strstr(strchr(text, '\n') + 1, "\"pid\":2") = 'x';
	text[length - 3] = 'x';
	spill(path, text, length);
	free(text);
	file = open_file(path);
	ck_assert_uint_eq(lk_source_moments(file, &at), 4);
	ck_assert_uint_eq(at, 2);
	ck_assert_int_eq(lk_source_step(file, 1), -ERANGE);
	ck_assert_int_eq(lk_source_snapshot(file)->process.pid, 3);
	ck_assert_int_eq(lk_source_step(file, -1), 0);
	ck_assert_int_eq(lk_source_snapshot(file)->process.pid, 1);
	lk_source_close(file);
}
END_TEST

START_TEST(a_recording_stays_within_its_size)
{
	struct lk_recording *r = record_to(path, LK_RECORDING_BYTES_MIN);
	struct lk_snapshot *huge;
	struct lk_source *file;
	double before = 0, step = 0;
	int last = lk_suites_in_valgrind() ? 1300 : 3000;
	size_t at, count;

	for (int i = 0; i < last; i++) {
		ck_assert_msg(add_bare(r, i) == 0, "%s", words);
		ck_assert_double_le(size_of(path), LK_RECORDING_BYTES_MIN / 3 * 2);
	}
	huge = huge_snapshot(200);
	ck_assert_int_eq(lk_recording_add(r, huge, 0, words, sizeof(words)), -EFBIG);
	ck_assert_ptr_nonnull(strstr(words, "too large for a recording of 1.0M"));
	lk_snapshot_put(huge);
	lk_recording_close(r);
	file = open_file(path);
	count = lk_source_moments(file, &at);
	ck_assert_uint_gt(count, 100);
	ck_assert_int_eq(lk_source_snapshot(file)->process.pid, last);
	ck_assert_int_eq(lk_source_step(file, INT32_MIN), 0);
	ck_assert_int_eq(lk_source_snapshot(file)->process.pid, 1);
	for (size_t i = 1; i < count; i++) {
		before = lk_source_snapshot(file)->at_s;
		ck_assert_int_eq(lk_source_step(file, 1), 0);
		/* the first one stays where it was, so that its distance means nothing */
		if (i > 2)
			ck_assert_double_le(lk_source_snapshot(file)->at_s - before, step);
		step = lk_source_snapshot(file)->at_s - before;
		ck_assert_double_gt(step, 0);
	}
	lk_source_close(file);
}
END_TEST

START_TEST(a_full_disk_leaves_whole_lines)
{
	struct lk_recording *r = record_to(path, LK_RECORDING_BYTES_MIN);
	struct rlimit limit;
	struct lk_source *file;
	size_t length, at;
	char *text;

	/* a large one, as Check writes files, too */
	ck_assert_int_eq(lk_recording_add(r, now(), 0, words, sizeof(words)), 0);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	for (rlim_t more = 0; more < 40; more += 13) {
		limit.rlim_cur = (rlim_t)size_of(path) + more;
		ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
		ck_assert_int_eq(add_bare(r, 1), -EFBIG);
		ck_assert_ptr_nonnull(strstr(words, path));
		text = slurp(path, &length);
		ck_assert_int_eq(text[length - 1], '\n');
		free(text);
	}
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(add_bare(r, 2), 0);
	lk_recording_close(r);
	file = open_file(path);
	ck_assert_uint_eq(lk_source_moments(file, &at), 2);
	ck_assert_int_eq(lk_source_snapshot(file)->process.pid, 3);
	lk_source_close(file);
}
END_TEST

/* ---- every allocation fails once ---------------------------------------- */

/* Small enough to be tried a few thousand times. */
static struct lk_source *
small_file(void)
{
	static const char text[] = HEAD "\"stacks\":[{\"id\":1,\"domain\":\"obj\","
	    "\"frames\":[{\"function\":\"f\",\"file\":\"a.py\",\"line\":3}],\"trend_bytes\":[1,2],"
	    "\"born\":[{\"baseline\":1,\"samples\":2,\"bytes\":9,\"objects\":1,\"variance\":4}]}],"
	    "\"baselines\":[{\"id\":1,\"name\":\"b\",\"at\":3,"
	    "\"rows\":[{\"stack\":1,\"born\":[]}]}],"
	    "\"containers\":[{\"address\":\"0x7f\",\"length\":3,\"stack\":1,"
	    "\"then\":[{\"baseline\":1,\"length\":2}]}],\"scan\":{\"at\":4},"
	    "\"history\":{\"series\":[{\"step_s\":1,\"end\":5,\"rss_bytes\":[1],"
	    "\"live_bytes\":[null]}]},\"types\":[{\"frozen\":{\"at\":4},\"rows\":"
	    "[{\"type\":\"dict\",\"objects\":2,\"bytes\":464}]}],\"referrers\":[{\"name\":\"dict\","
	    "\"frozen\":{\"at\":4},\"rows\":[{\"path\":\"a.b[]\",\"objects\":2}]}],"
	    "\"memory\":{\"at\":1}}";

	spill(path, text, sizeof(text) - 1);
	return open_file(path);
}

/* Nothing here may call Check, which allocates too. */
#define HALF_DONE 1

static int
open_once(void)
{
	struct lk_source *source = NULL;
	int rc = lk_source_open_file(path, words, sizeof(words), &source);

	if ((rc == 0) != (source != NULL))
		return HALF_DONE;
	lk_source_close(source);
	return rc;
}

static const struct lk_snapshot *fault_snapshot;

static int
export_once(void)
{
	int rc = lk_export_write(fault_snapshot, &newest, other, words, sizeof(words));

	if ((rc == 0) != (access(other, F_OK) == 0))
		return HALF_DONE;
	unlink(other);
	return rc;
}

static int
format_once(const char *format)
{
	const struct lk_export_options options = {format, UINT32_MAX, true};
	int rc = lk_export_write(fault_snapshot, &options, other, words, sizeof(words));

	if ((rc == 0) != (access(other, F_OK) == 0))
		return HALF_DONE;
	unlink(other);
	return rc;
}

static int
folded_once(void)
{
	return format_once("folded");
}

static int
speedscope_once(void)
{
	return format_once("speedscope");
}

static int
pprof_once(void)
{
	return format_once("pprof");
}

static int
html_once(void)
{
	return format_once("html");
}

static int
record_once(void)
{
	struct lk_recording *r = NULL;
	int rc = lk_recording_open(other, LK_RECORDING_BYTES_MIN, words, sizeof(words), &r);

	if ((rc == 0) != (r != NULL))
		return HALF_DONE;
	if (rc == 0)
		rc = lk_recording_add(r, fault_snapshot, 0, words, sizeof(words));
	if (rc == 0)
		rc = lk_recording_add(r, fault_snapshot, 0, words, sizeof(words));
	if (rc == 0)
		rc = lk_recording_end(r, 1, "done");
	lk_recording_close(r);
	unlink(other);
	return rc;
}

/* path is the recording then. */
static int
play_once(void)
{
	struct lk_source *source = NULL;
	int rc = lk_source_open_file(path, words, sizeof(words), &source);

	if ((rc == 0) != (source != NULL))
		return HALF_DONE;
	if (rc == 0)
		rc = lk_source_step(source, -1) == 0 ? 0 : -ENOMEM;
	lk_source_close(source);
	return rc;
}

static int
growth_once(void)
{
	uint32_t missing = 9;
	struct lk_growth_set *set =
	    lk_growth_new(fault_snapshot, 1, 0, LK_GROUP_LINE, &missing);

	lk_growth_free(set);
	return missing != 0 ? HALF_DONE : set != NULL ? 0 : -ENOMEM;
}

static int
diff_once(void)
{
	struct lk_diff *diff = lk_diff_new(fault_snapshot, fault_snapshot);

	lk_diff_free(diff);
	return diff != NULL ? 0 : -ENOMEM;
}

static int
dummy_once(void)
{
	struct lk_source *source = NULL;
	int rc = lk_source_open_dummy(1, &source);

	if ((rc == 0) != (source != NULL))
		return HALF_DONE;
	lk_source_close(source);
	return rc;
}

static int (*const victims[])(void) = {open_once, export_once, folded_once, speedscope_once,
	pprof_once, html_once, record_once, growth_once, diff_once, dummy_once, play_once};

START_TEST(every_failed_allocation_is_survived)
{
	const unsigned int step = lk_suites_in_valgrind() ? 5 : 1;
	struct lk_source *file = small_file();
	unsigned int nth = 0;
	bool hit;
	int rc;

	fault_snapshot = lk_source_snapshot(file);
	if (victims[_i] == play_once) {
		unlink(path);
		record_bare(3, "end");
	}
	lk_faults_install();
	do {
		nth += step;
		lk_faults_arm(nth);
		rc = victims[_i]();
		hit = lk_faults_hit();
		/* a fake sample or a sparkline may be given up, a result may not be half */
		ck_assert_msg(rc == 0 || (hit && (rc == -ENOMEM || rc == -EBADMSG)), "%u: %d", nth,
		    rc);
		ck_assert_uint_eq(strangers(), 0);
	} while (hit && nth < FAULTS_MAX);
	ck_assert_uint_gt(nth, 2);
	ck_assert_uint_lt(nth, FAULTS_MAX);
	lk_source_close(file);
}
END_TEST

static Suite *
file_suite(void)
{
	Suite *s = suite_create("snapshot file");
	TCase *tc = tcase_create("round trip"), *write = tcase_create("write");
	TCase *record = tcase_create("record");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_frozen_heaps_said_is_in_the_file);
	tcase_add_test(tc, what_was_written_reads_back_to_the_byte);
	tcase_add_test(tc, every_reference_works_in_the_file);
	tcase_add_test(tc, events_come_back);
	tcase_add_test(tc, a_file_is_offline);
	tcase_add_test(tc, what_is_unknown_stays_unknown);
	tcase_add_test(tc, native_frames_are_the_same_in_the_file);
	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(write, setup, teardown);
	tcase_set_timeout(write, 60);
	tcase_add_test(write, a_file_is_replaced_whole_and_private);
	tcase_add_test(write, a_full_disk_leaves_the_old_file);
	tcase_add_test(write, what_cannot_be_written_is_said);
	tcase_add_test(write, the_default_path_names_host_process_and_time);
	tcase_add_test(write, the_end_of_a_name_tells_the_format);
	if (!lk_suites_in_valgrind())	/* a minute there; the sanitizers see it, too */
		tcase_add_test(write, too_much_is_cut_to_what_a_reader_takes);
	suite_add_tcase(s, write);
	tcase_add_checked_fixture(record, setup, teardown);
	tcase_set_timeout(record, 120);
	tcase_add_test(record, a_recording_is_gone_through_in_both_directions);
	tcase_add_test(record, a_recording_goes_on_where_it_ended);
	tcase_add_test(record, a_recording_that_grows_is_followed);
	tcase_add_test(record, a_recording_may_be_cut_anywhere);
	tcase_add_test(record, what_is_damaged_in_a_recording_is_skipped);
	tcase_add_test(record, a_recording_stays_within_its_size);
	tcase_add_test(record, a_full_disk_leaves_whole_lines);
	suite_add_tcase(s, record);
	return s;
}

static Suite *
hostile_suite(void)
{
	Suite *s = suite_create("hostile files");
	TCase *tc = tcase_create("read"), *faults = tcase_create("no memory");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, wrong_values_are_refused, 0, LK_COUNT_OF(texts));
	tcase_add_test(tc, nothing_but_files_is_opened);
	tcase_add_test(tc, floods_are_refused_before_they_cost_memory);
	tcase_add_test(tc, a_file_cut_anywhere_is_refused);
	tcase_add_loop_test(tc, flipped_bytes_never_crash, 0, 4);
	tcase_add_loop_test(tc, every_byte_of_a_small_file_may_be_wrong, 0, 16);
	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(faults, setup, teardown);
	tcase_set_timeout(faults, 120);
	tcase_add_loop_test(faults, every_failed_allocation_is_survived, 0, LK_COUNT_OF(victims));
	suite_add_tcase(s, faults);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {file_suite, hostile_suite, NULL};

	return lk_suites_run(suites);
}
