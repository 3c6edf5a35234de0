#include "config.h"

#include "files.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/diff.h"
#include "analysis/growth.h"
#include "base/attr.h"
#include "client/source.h"
#include "leaktop/snapshot.h"

/* Opening must give a snapshot or a reason, never both and never neither. */
static int
try_text(const char *text, size_t length)
{
	struct lk_source *source = NULL;
	int rc;

	words[0] = '\0';
	rc = lk_source_open_file(files_in_memory(text, length), words, sizeof(words), &source);
	ck_assert_int_eq(rc == 0, source != NULL);
	ck_assert_int_eq(rc < 0, words[0] != '\0');
	if (rc == 0) {
		uint32_t missing;

		/* what was let in can be worked with */
		lk_growth_free(lk_growth_new(lk_source_snapshot(source), LK_REFERENCE_NEWEST, 0,
		    LK_GROUP_LINE, &missing));
		lk_diff_free(lk_diff_new(files_now(), lk_source_snapshot(source)));
	}
	lk_source_close(source);
	return rc;
}

#define HEAD FILES_HEAD
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
	files_spill(path, "", 0);
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

	files_export(files_now(), path);
	text = files_slurp(path, &length);
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

	files_export(files_now(), path);
	text = files_slurp(path, &length);
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

static Suite *
hostile_suite(void)
{
	Suite *s = suite_create("hostile files");
	TCase *tc = tcase_create("read");

	tcase_add_checked_fixture(tc, files_set_up, files_tear_down);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, wrong_values_are_refused, 0, LK_COUNT_OF(texts));
	tcase_add_test(tc, nothing_but_files_is_opened);
	tcase_add_test(tc, floods_are_refused_before_they_cost_memory);
	tcase_add_test(tc, a_file_cut_anywhere_is_refused);
	tcase_add_loop_test(tc, flipped_bytes_never_crash, 0, 4);
	tcase_add_loop_test(tc, every_byte_of_a_small_file_may_be_wrong, 0, 16);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {hostile_suite, NULL};

	return lk_suites_run(suites);
}
