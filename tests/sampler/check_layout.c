/* Which row an interpreter gets, and what it may say of its own structs. */
#include "config.h"

#include <string.h>

#include <check.h>

#include "base/attr.h"
#include "sampler/cpython/layout.h"
#include "sampler/cpython/offsets.h"

#include "suites.h"

#define COOKIE		0x7970677562656478ULL	/* "xdebugpy" */
#define WORD_VERSION	1
#define WORD_FREE_THREADED 2
#define WORD_FINALIZING	4
#define WORD_RUNTIME_SIZE 3

/* _Py_DebugOffsets as interpreters that are built from the released sources have it. */
static const struct said {
	const struct lk_layout *row;
	const char	*version;
	uint64_t	 words[112];
} said[] = {
	{&lk_py_v313, "3.13.0 (main)", {COOKIE,
	    51183856, 0, 283320, 608, 632, 194968, 7272, 7264, 7344, 7400, 7656, 7640, 7648, 16,
	    7752, 0, 7768, 7760, 304, 0, 8, 16, 72, 152, 160, 232, 32, 80, 8, 0, 56, 72, 70, 208,
	    112, 120, 128, 136, 68, 52, 96, 104, 200, 16, 8, 416, 24, 88, 168, 32, 24, 16, 40, 24,
	    16, 48, 32, 40, 24, 16, 32, 16, 24, 40, 16, 32, 64, 32, 16, 40, 240, 200}},
	{&lk_py_v314, "3.14.10 (main)", {COOKIE,
	    51251952, 0, 316616, 784, 808, 225864, 7280, 7272, 7344, 7360, 7408, 7688, 7672, 7680,
	    16, 7784, 0, 7800, 7792, 7992, 0, 832, 0, 8, 16, 72, 152, 160, 232, 32, 88, 8, 0, 56,
	    80, 74, 64, 0, 216, 112, 120, 128, 136, 68, 52, 96, 104, 208, 0, 16, 8, 416, 24, 88,
	    168, 40, 32, 16, 40, 24, 16, 200, 24, 40, 32, 48, 32, 40, 24, 16, 32, 16, 24, 40, 16,
	    32, 64, 32, 16, 40, 264, 192, 160, 24, 72, 67, 0, 8, 24, 304, 8076, 0, 4, 512}},
	{&lk_py_v315, "3.15.2 (main)", {COOKIE,
	    51315440, 0, 346568, 912, 936, 226240, 7272, 7264, 7336, 7352, 7400, 7592, 7576, 7584,
	    16, 7736, 0, 7752, 7744, 7944, 0, 888, 0, 8, 16, 72, 80, 88, 96, 176, 184, 256, 32,
	    36, 40, 136, 288, 0, 88, 8, 0, 56, 80, 74, 64, 0, 216, 112, 120, 128, 136, 68, 52, 96,
	    104, 208, 0, 16, 8, 424, 24, 88, 168, 32, 288, 944, 888, 40, 32, 16, 40, 24, 16, 200,
	    24, 40, 32, 48, 32, 40, 24, 16, 32, 16, 24, 40, 16, 32, 64, 32, 16, 40, 56, 176, 112,
	    120, 1120, 104, 160, 24, 72, 67, 0, 8, 24, 344, 8028, 0, 4, 512}},
	{&lk_py_v313t, "3.13.15 experimental free-threading build (main)", {COOKIE,
	    51187696, 1, 328384, 608, 632, 215616, 7272, 7264, 7344, 7400, 7664, 7648, 7656, 16,
	    7760, 0, 7784, 7776, 312, 0, 8, 16, 72, 152, 160, 232, 32, 80, 8, 0, 56, 72, 70, 224,
	    128, 136, 144, 152, 84, 68, 112, 120, 216, 32, 24, 432, 40, 104, 184, 48, 40, 32, 56,
	    40, 32, 64, 48, 56, 40, 32, 48, 32, 40, 56, 32, 48, 80, 48, 32, 56, 248, 200}},
	{&lk_py_v314t, "3.14.7 free-threading build (main)", {COOKIE,
	    51251184, 1, 362368, 784, 808, 246720, 7280, 7272, 7344, 7360, 7408, 7712, 7696, 7704,
	    16, 7808, 0, 7832, 7824, 8024, 17628, 832, 0, 8, 16, 72, 152, 160, 232, 32, 88, 8, 0,
	    56, 80, 78, 64, 72, 240, 128, 136, 144, 152, 84, 68, 112, 120, 232, 224, 32, 24, 432,
	    40, 104, 184, 56, 48, 32, 56, 40, 32, 216, 40, 56, 48, 64, 48, 56, 40, 32, 48, 32, 40,
	    56, 32, 48, 80, 48, 32, 56, 288, 192, 176, 40, 88, 83, 0, 8, 24, 304, 8108, 0, 4,
	    512}},
};

static struct said fake;
static struct lk_layout taken;

static const char *
take(void)
{
	memset(&taken, 0xee, sizeof(taken));
	return lk_offsets_take(fake.row, fake.words, &taken);
}

START_TEST(each_minor_has_its_row)
{
	static const struct {
		const char	*version;
		int		 minor;
	} known[] = {
		{"3.8.0 (default, Oct 2019)", 8}, {"3.9.2 (default) [GCC]", 9}, {"3.10.13", 10},
		{"3.11.0rc1", 11}, {"3.12.1+", 12}, {"3.13.5 (main)", 13}, {"3.14.0b2", 14},
		{"3.15.2", 15},
	};
	const char *why = NULL;
	size_t i;

	for (i = 0; i < LK_COUNT_OF(known); i++) {
		ck_assert_ptr_nonnull(lk_layout_for(known[i].version, &why));
		ck_assert_int_eq(lk_layout_for(known[i].version, &why)->minor, known[i].minor);
		ck_assert_ptr_null(why);
	}
}
END_TEST

START_TEST(what_is_not_known_is_refused_in_words)
{
	static const char *const others[] = {
		"3.7.16 (default)", "3.16.0a1", "2.7.18", "4.0.0", "3.", "3.800", "", "3.80.1",
	};
	const char *why;
	size_t i;

	for (i = 0; i < LK_COUNT_OF(others); i++) {
		why = NULL;
		ck_assert_ptr_null(lk_layout_for(others[i], &why));
		ck_assert_ptr_nonnull(strstr(why, "3.8 to 3.15"));
	}
}
END_TEST

START_TEST(free_threaded_builds_have_rows_of_their_own)
{
	const char *why = NULL;
	const struct lk_layout *row = lk_layout_for(said[_i].version, &why);

	ck_assert_ptr_eq(row, said[_i].row);
	ck_assert_int_eq(row->free_threaded, strstr(said[_i].version, "free-threading") != NULL);
	fake = said[_i];	/* a vendor who leaves the words out, or says too much */
	fake.words[WORD_FREE_THREADED] ^= 1;
	ck_assert_str_eq(take(), "layout check: whether it is free-threaded");
	ck_assert_ptr_null(lk_layout_for("3.15.2 free-threading build (main)", &why));
	ck_assert_ptr_nonnull(strstr(why, "free-threaded"));
}
END_TEST

START_TEST(the_row_is_what_a_release_says)
{
	fake = said[_i];
	ck_assert_ptr_null(take());
	ck_assert_mem_eq(&taken, fake.row, sizeof(taken));
}
END_TEST

START_TEST(before_3_13_nothing_is_asked)
{
	static const struct lk_layout *const rows[] = {
		&lk_py_v308, &lk_py_v309, &lk_py_v310, &lk_py_v311, &lk_py_v312,
	};

	ck_assert_ptr_null(lk_offsets_take(rows[_i], NULL, &taken));
	ck_assert_mem_eq(&taken, rows[_i], sizeof(taken));
}
END_TEST

/* Each word that differs from the row and fits its struct is believed; a word that is no place in
 * its struct is not; neither hurts anything else. */
START_TEST(what_it_says_is_taken_or_refused)
{
	size_t i;
	int differs;

	for (i = WORD_RUNTIME_SIZE; i < LK_COUNT_OF(fake.words); i++) {
		fake = said[_i];
		fake.words[i] = UINT64_MAX;
		if (take() != NULL)
			ck_assert_ptr_nonnull(strstr(take(), "layout check: "));
		else
			ck_assert_mem_eq(&taken, fake.row, sizeof(taken));
	}
	fake = said[_i];
	fake.words[WORD_FINALIZING] += 8;
	ck_assert_ptr_null(take());
	differs = taken.runtime_finalizing - fake.row->runtime_finalizing;
	ck_assert_int_eq(differs, 8);
	taken.runtime_finalizing -= 8;
	ck_assert_mem_eq(&taken, fake.row, sizeof(taken));
	fake.words[WORD_FINALIZING] = fake.words[WORD_RUNTIME_SIZE];
	ck_assert_str_eq(take(), "layout check: runtime_finalizing");
}
END_TEST

START_TEST(another_struct_is_refused)
{
	fake = said[_i];
	fake.words[0] ^= 1;
	ck_assert_str_eq(take(), "layout check: no debug offsets");
	fake = said[_i];
	fake.words[WORD_VERSION] += 1 << 16;
	ck_assert_str_eq(take(), "layout check: debug offsets of another version");
	fake.words[WORD_VERSION] = said[_i].words[WORD_VERSION] + (17 << 8);	/* 3.x.17 */
	ck_assert_ptr_null(take());
}
END_TEST

START_TEST(the_kind_of_collector_is_told_by_its_size)
{
	static const size_t word[] = {71, 81, 94, 71, 81};
	static const uint64_t sizes[] = {240, 264, 176, 248, 288};

	fake = said[_i];
	ck_assert_uint_eq(fake.words[word[_i]], sizes[_i]);
	fake.words[word[_i]] = 272;
	ck_assert_str_eq(take(), "layout check: size of the collector's state");
	fake.words[word[_i]] = 240;
	if (fake.row->minor == 15 || fake.row->free_threaded)
		ck_assert_ptr_nonnull(take());
	else
		ck_assert_ptr_null(take());
	if (fake.row->minor != 14 || fake.row->free_threaded)
		return;
	ck_assert_int_eq(taken.gc_young, 24);	/* 3.14.0 to 3.14.4 */
	ck_assert_int_eq(taken.gc_generation0, LK_ABSENT);
}
END_TEST

static Suite *
layout_suite(void)
{
	Suite *s = suite_create("layout");
	TCase *tc = tcase_create("layout");

	tcase_add_test(tc, each_minor_has_its_row);
	tcase_add_test(tc, what_is_not_known_is_refused_in_words);
	tcase_add_loop_test(tc, free_threaded_builds_have_rows_of_their_own, 0,
	    LK_COUNT_OF(said));
	tcase_add_loop_test(tc, the_row_is_what_a_release_says, 0, LK_COUNT_OF(said));
	tcase_add_loop_test(tc, before_3_13_nothing_is_asked, 0, 5);
	tcase_add_loop_test(tc, what_it_says_is_taken_or_refused, 0, LK_COUNT_OF(said));
	tcase_add_loop_test(tc, another_struct_is_refused, 0, LK_COUNT_OF(said));
	tcase_add_loop_test(tc, the_kind_of_collector_is_told_by_its_size, 0,
	    LK_COUNT_OF(said));
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {layout_suite, NULL};

	return lk_suites_run(suites);
}
