/* Native frames and Python's in the order of the calls. */
#include "config.h"

#include <string.h>

#include <check.h>

#include "sampler/native/merge.h"

#include "suites.h"

#define MAX 16u

/* A stack in letters, innermost first.  Native: n other, l libc, i interpreter, E eval loop,
 * o ours; each becomes a frame whose key is its letter.  Python: letters, a capital ends a run. */
static uint32_t
native_list(const char *letters, struct lk_raw_frame *raw, uint8_t *code)
{
	static const char codes[] = "nliEo";
	uint32_t n;

	for (n = 0; letters[n] != '\0'; n++) {
		raw[n] = (struct lk_raw_frame){.key = (uint8_t)letters[n], .native = true};
		code[n] = (uint8_t)(strchr(codes, letters[n]) - codes);
	}
	return n;
}

static uint32_t
python_list(const char *letters, struct lk_raw_frame *raw)
{
	uint32_t n;

	for (n = 0; letters[n] != '\0'; n++)
		raw[n] = (struct lk_raw_frame){.key = (uint8_t)letters[n],
		    .ends_run = letters[n] < 'a'};
	return n;
}

static void
check(const char *native, bool native_cut, const char *python, bool python_cut,
    const char *expected, bool expected_cut)
{
	struct lk_raw_frame raw[2][MAX * 2], out[MAX];
	uint8_t code[MAX * 2];
	struct lk_merge_list n = {raw[0], code, native_list(native, raw[0], code), native_cut};
	struct lk_merge_list p = {raw[1], NULL, python_list(python, raw[1]), python_cut};
	char found[MAX + 1];
	uint32_t count, i;
	bool cut;

	count = lk_merge_frames(&n, &p, out, MAX, &cut);
	ck_assert_uint_le(count, MAX);
	for (i = 0; i < count; i++)
		found[i] = (char)out[i].key;
	found[count] = '\0';
	ck_assert_str_eq(found, expected);
	ck_assert_int_eq(cut, expected_cut);
}

START_TEST(a_run_stands_where_its_eval_loop_is)
{
	check("oonEil", false, "A", false, "nA", false);
	check("onniEiiEin", false, "aBcdE", false, "nnaBcdE", false);
	check("onEinlEiiEiiln", false, "aBCdE", false, "naBnlCdE", false);
	check("E", false, "abcD", false, "abcD", false);
}
END_TEST

START_TEST(what_starts_a_thread_is_left_out)
{
	check("nEill", false, "A", false, "nA", false);
	check("nEiln", false, "A", false, "nA", false);
	check("nlEinnln", false, "A", false, "nlAnn", false);	/* an embedding program */
	check("nEnn", true, "A", false, "nAnn", true);		/* the last one is not known */
}
END_TEST

START_TEST(without_python_native_frames_stand_alone)
{
	check("oonnlll", false, "", false, "nnlll", false);
	check("onniiEil", false, "", false, "nniiEil", false);
	check("", false, "", false, "", false);
}
END_TEST

START_TEST(without_native_frames_python_stands_alone)
{
	check("", false, "abCD", false, "abCD", false);
	check("ooo", false, "aB", false, "aB", false);
}
END_TEST

START_TEST(numbers_that_disagree_leave_the_innermost)
{
	check("onnEinE", false, "aBCD", false, "nnaBCD", false);	/* one was not seen */
	check("onEinEinE", false, "aBC", false, "naBC", false);		/* one too many */
	check("onli", false, "aB", false, "nlaB", false);	/* the trace ended early */
}
END_TEST

START_TEST(a_list_that_was_cut_is_merged_from_inside)
{
	check("onEnE", true, "aBcDE", false, "naBncDE", true);
	check("onEnEnEln", false, "aBcd", true, "naBncdn", true);
	check("nnnnnnnnnnnnnnnnnnnnE", false, "A", false, "nnnnnnnnnnnnnnnn", true);
	check("nE", false, "abcdefghijklmnopqrstuV", false, "nabcdefghijklmno", true);
}
END_TEST

static Suite *
merge_suite(void)
{
	Suite *s = suite_create("merge");
	TCase *tc = tcase_create("merge");

	tcase_add_test(tc, a_run_stands_where_its_eval_loop_is);
	tcase_add_test(tc, what_starts_a_thread_is_left_out);
	tcase_add_test(tc, without_python_native_frames_stand_alone);
	tcase_add_test(tc, without_native_frames_python_stands_alone);
	tcase_add_test(tc, numbers_that_disagree_leave_the_innermost);
	tcase_add_test(tc, a_list_that_was_cut_is_merged_from_inside);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {merge_suite, NULL};

	return lk_suites_run(suites);
}
