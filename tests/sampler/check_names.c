/* The text of a str, from objects made by hand; lines from tables made by hand. */
#include "config.h"

#include <string.h>

#include <check.h>

#include "base/attr.h"
#include "sampler/cpython/layout.h"
#include "sampler/cpython/lines.h"
#include "sampler/cpython/names.h"

#include "suites.h"

static const struct lk_layout *const layouts[] = {&lk_py_v308, &lk_py_v309, &lk_py_v310,
	&lk_py_v311, &lk_py_v312, &lk_py_v313, &lk_py_v314, &lk_py_v315};
static char object[4096];
static char copied[256];

/* A compact str of LENGTH units of KIND bytes; ascii when KIND is 0. */
static void
make(const struct lk_layout *l, const void *units, size_t length, unsigned int kind)
{
	unsigned int unit = kind == 0 ? 1 : kind;
	uint32_t state = unit << 2 | 1u << 5 | (kind == 0 ? 1u << 6 : 0);
	int64_t length64 = (int64_t)length;

	memset(object, 0, sizeof(object));
	memcpy(object + l->unicode_length, &length64, sizeof(length64));
	memcpy(object + l->unicode_state, &state, sizeof(state));
	memcpy(object + (kind == 0 ? l->unicode_ascii : l->unicode_compact), units, length * unit);
}

static const char *
copy(const struct lk_layout *l, size_t max)
{
	size_t n;

	memset(copied, '#', sizeof(copied));
	n = lk_names_copy(l, object, copied, max);
	ck_assert_uint_le(n, max);
	ck_assert_int_eq(copied[max], '#');
	copied[n] = '\0';
	return copied;
}

START_TEST(each_kind_becomes_utf8)
{
	static const uint8_t latin[] = {'c', 'a', 'f', 0xe9, 0x80, 0xff};
	static const uint16_t wide[] = {'x', 0x20ac, 0x7ff, 0x800, 0xffff};
	static const uint32_t widest[] = {'y', 0x1f40d, 0x10ffff, 0x20ac};
	const struct lk_layout *l = layouts[_i];

	make(l, "plain", 5, 0);
	ck_assert_str_eq(copy(l, 200), "plain");
	make(l, latin, 6, 1);
	ck_assert_str_eq(copy(l, 200), "caf\303\251\302\200\303\277");
	make(l, wide, 5, 2);
	ck_assert_str_eq(copy(l, 200), "x\342\202\254\337\277\340\240\200\357\277\277");
	make(l, widest, 4, 4);
	ck_assert_str_eq(copy(l, 200),
	    "y\360\237\220\215\364\217\277\277\342\202\254");
	make(l, "", 0, 0);
	ck_assert_str_eq(copy(l, 200), "");
}
END_TEST

START_TEST(surrogates_are_replaced)
{
	static const uint16_t lone[] = {0xd7ff, 0xd800, 0xdcff, 0xdfff, 0xe000};
	const struct lk_layout *l = layouts[_i];

	make(l, lone, 5, 2);
	ck_assert_str_eq(copy(l, 200),
	    "\355\237\277\357\277\275\357\277\275\357\277\275\356\200\200");
}
END_TEST

START_TEST(a_name_is_cut_at_a_whole_character)
{
	static const uint16_t euros[] = {0x20ac, 0x20ac, 0x20ac};
	const struct lk_layout *l = layouts[_i];
	size_t max;

	make(l, euros, 3, 2);
	for (max = 1; max < 12; max++)
		ck_assert_uint_eq(strlen(copy(l, max)), max < 9 ? max / 3 * 3 : 9);
	ck_assert_uint_eq(lk_names_copy(l, object, copied, 0), 0);
}
END_TEST

START_TEST(what_is_no_str_is_a_question_mark)
{
	const struct lk_layout *l = layouts[_i];
	uint32_t state = 1u << 2;	/* not compact */

	ck_assert_uint_eq(lk_names_copy(l, NULL, copied, 10), 1);
	ck_assert_int_eq(copied[0], '?');
	make(l, "plain", 5, 0);
	memcpy(object + l->unicode_state, &state, sizeof(state));
	ck_assert_str_eq(copy(l, 10), "?");
	state = 3u << 2 | 1u << 5;	/* no such kind */
	memcpy(object + l->unicode_state, &state, sizeof(state));
	ck_assert_str_eq(copy(l, 10), "?");
}
END_TEST

/* ---- lines ------------------------------------------------------------------------ */

START_TEST(a_damaged_table_is_harmless)
{
	uint8_t bytes[16];
	struct lk_linetable t = {bytes, 0, 7, LK_LINES_LOCATIONS};
	uint64_t random = 3;
	int64_t offset;
	size_t i, round;

	ck_assert_uint_eq(lk_lines_find(&t, 0), 7);
	ck_assert_uint_eq(lk_lines_find(&t, -1), 7);
	for (round = 0; round < 20000; round++) {
		for (i = 0; i < sizeof(bytes); i++) {
			random = random * 6364136223846793005ULL + 1442695040888963407ULL;
			bytes[i] = (uint8_t)(random >> 56);
		}
		t.bytes = bytes + round % sizeof(bytes);	/* the end is the array's */
		t.length = sizeof(bytes) - round % sizeof(bytes);
		for (offset = -2; offset < 200; offset += 2)
			lk_lines_find(&t, offset);
	}
}
END_TEST

START_TEST(every_kind_of_entry)
{
	/* short; one line, +1; no columns, -3; long, +2; none; one line, +2, two units */
	static const uint8_t bytes[] = {0x80, 0x00, 0x80 | 11 << 3, 1, 2, 0x80 | 13 << 3, 7,
	    0x80 | 14 << 3, 4, 0, 1, 1, 0x80 | 15 << 3, 0x80 | 12 << 3 | 1, 3, 4};
	static const uint32_t lines[] = {20, 21, 18, 20, 20, 22, 22, 20, 20};
	const struct lk_linetable t = {bytes, sizeof(bytes), 20,
	    LK_LINES_LOCATIONS};
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		ck_assert_uint_eq(lk_lines_find(&t, (int64_t)i * 2), lines[i]);
}
END_TEST

static Suite *
names_suite(void)
{
	Suite *s = suite_create("names");
	TCase *tc = tcase_create("names");

	tcase_add_loop_test(tc, each_kind_becomes_utf8, 0, LK_COUNT_OF(layouts));
	tcase_add_loop_test(tc, surrogates_are_replaced, 0, LK_COUNT_OF(layouts));
	tcase_add_loop_test(tc, a_name_is_cut_at_a_whole_character, 0, LK_COUNT_OF(layouts));
	tcase_add_loop_test(tc, what_is_no_str_is_a_question_mark, 0, LK_COUNT_OF(layouts));
	tcase_add_test(tc, a_damaged_table_is_harmless);
	tcase_add_test(tc, every_kind_of_entry);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {names_suite, NULL};

	return lk_suites_run(suites);
}
