#include "config.h"

#include "suites.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "util/clock.h"
#include "util/index.h"
#include "util/order.h"
#include "util/text.h"

#define K 1024.0
#define M (K * K)
#define G (K * M)

static const struct {
	double value;
	const char *plain, *with_sign;
} bytes_rows[] = {
	{0, "0", "0"},
	{0.4, "0", "0"},
	{1, "1B", "+1B"},
	{-1, "-1B", "-1B"},
	{512, "512B", "+512B"},
	{999, "999B", "+999B"},
	{1000, "1.0K", "+1.0K"},
	{1024, "1.0K", "+1.0K"},
	{105.4 * M, "105.4M", "+105.4M"},
	{-7.7 * M, "-7.7M", "-7.7M"},
	{999.94 * K, "999.9K", "+999.9K"},
	{999.95 * K, "1.0M", "+1.0M"},
	{1023 * K, "1.0M", "+1.0M"},
	{1.82 * G, "1.82G", "+1.82G"},
	{9.996 * G, "10.0G", "+10.0G"},
	{999.9 * G, "999.9G", "+999.9G"},
	{NAN, "-", "-"},
	{-INFINITY, "-", "-"},
	{1e30, "-", "-"},
};

START_TEST(bytes_are_six_cells)
{
	char out[LK_TEXT_BYTES];

	ck_assert_str_eq(lk_text_bytes(bytes_rows[_i].value, out, sizeof(out)),
	    bytes_rows[_i].plain);
	ck_assert_uint_le(strlen(out), bytes_rows[_i].value < 0 ? 7 : 6);
	ck_assert_str_eq(lk_text_bytes_signed(bytes_rows[_i].value, out, sizeof(out)),
	    bytes_rows[_i].with_sign);
	ck_assert_uint_le(strlen(out), 7);
}
END_TEST

START_TEST(sizes_in_other_units)
{
	static const struct {
		double	    value;
		const char *decimal, *whole;
	} rows[] = {
		{0, "0", "0"}, {999, "999B", "999"}, {1000, "1.0k", "1000"},
		{1024, "1.0k", "1024"}, {105400000, "105.4M", "105400000"},
		{-1.82e9, "-1.82G", "-1820000000"}, {999950, "1.0M", "999950"},
		{0x1p62, "4.61E", "4611686018427387904"}, {NAN, "-", "-"},
	};
	char out[LK_TEXT_BYTES];

	for (size_t i = 0; i < LK_COUNT_OF(rows); i++) {
		lk_text_use_unit(LK_TEXT_DECIMAL);
		ck_assert_str_eq(lk_text_bytes(rows[i].value, out, sizeof(out)), rows[i].decimal);
		lk_text_use_unit(LK_TEXT_WHOLE);
		ck_assert_str_eq(lk_text_bytes(rows[i].value, out, sizeof(out)), rows[i].whole);
	}
	ck_assert_str_eq(lk_text_rate_per_min(1234567, out, sizeof(out)), "+1234567/min");
	lk_text_use_unit(LK_TEXT_BINARY);
	for (int i = 0; i < LK_TEXT_UNIT_COUNT; i++)
		ck_assert_int_eq(lk_text_unit_parse(lk_text_unit_name((enum lk_text_unit)i)), i);
	ck_assert_int_eq(lk_text_unit_parse("Binary"), -1);
	ck_assert_int_eq(lk_text_unit_parse(""), -1);
}
END_TEST

START_TEST(bytes_never_grow_wider_between_the_rows)
{
	char out[LK_TEXT_BYTES];

	for (double value = 1; value < 1024 * G; value *= 1.00037)
		ck_assert_msg(strlen(lk_text_bytes(value, out, sizeof(out))) <= 6, "%f: %s", value,
		    out);
}
END_TEST

static const struct {
	double value;
	const char *plain, *with_sign;
} count_rows[] = {
	{0, "0", "0"},
	{999, "999", "+999"},
	{1000, "1.0k", "+1.0k"},
	{1200, "1.2k", "+1.2k"},
	{99950, "100k", "+100k"},
	{231000, "231k", "+231k"},
	{999400, "999k", "+999k"},
	{999600, "1.00M", "+1.00M"},
	{1240000, "1.24M", "+1.24M"},
	{-4100, "-4.1k", "-4.1k"},
	{NAN, "-", "-"},
};

START_TEST(counts_are_five_cells)
{
	char out[LK_TEXT_BYTES];

	ck_assert_str_eq(lk_text_count(count_rows[_i].value, out, sizeof(out)),
	    count_rows[_i].plain);
	ck_assert_str_eq(lk_text_count_signed(count_rows[_i].value, out, sizeof(out)),
	    count_rows[_i].with_sign);
}
END_TEST

static const struct {
	double seconds;
	const char *text;
} duration_rows[] = {
	{0, "0s"},	 {0.85, "850ms"},    {0.9996, "1s"},   {59, "59s"},    {59.6, "1m00s"},
	{842, "14m02s"}, {3599.6, "1h00m"},  {7500, "2h05m"},  {183600, "2d03h"},
	{-30, "-30s"},	 {NAN, "-"},	     {1e13, "-"},
};

START_TEST(durations_read_as_words)
{
	char out[LK_TEXT_BYTES];

	ck_assert_str_eq(lk_text_duration(duration_rows[_i].seconds, out, sizeof(out)),
	    duration_rows[_i].text);
}
END_TEST

START_TEST(clock_and_percent)
{
	char out[LK_TEXT_BYTES];

	ck_assert_int_eq(setenv("TZ", "UTC", 1), 0);
	ck_assert_str_eq(lk_text_clock(1700000000.9, out, sizeof(out)), "22:13:20");
	ck_assert_str_eq(lk_text_clock(NAN, out, sizeof(out)), "-");
	ck_assert_str_eq(lk_text_clock(1e300, out, sizeof(out)), "-");
	ck_assert_str_eq(lk_text_percent(0.6, 100, out, sizeof(out)), "0.6%");
	ck_assert_str_eq(lk_text_percent(76, 100, out, sizeof(out)), "76%");
	ck_assert_str_eq(lk_text_percent(1, 0, out, sizeof(out)), "-");
	ck_assert_str_eq(lk_text_rate_per_min(15 * M, out, sizeof(out)), "+15.0M/min");
	ck_assert_str_eq(lk_text_rate_per_min(NAN, out, sizeof(out)), "-");
}
END_TEST

START_TEST(the_locale_changes_nothing)
{
	char out[LK_TEXT_BYTES];
	uint64_t bytes = 0;

	/* Not every machine has it; the point is that it may be set. */
	if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL)
		setlocale(LC_ALL, "");
	ck_assert_str_eq(lk_text_bytes(1.5 * M, out, sizeof(out)), "1.5M");
	ck_assert_int_eq(lk_text_parse_bytes("1.5K", &bytes), 0);
	ck_assert_uint_eq(bytes, 1536);
}
END_TEST

START_TEST(a_small_buffer_is_respected)
{
	char out[5] = "####";

	lk_text_bytes(105.4 * M, out, 4);
	ck_assert_str_eq(out, "105");
	ck_assert_uint_eq(lk_text_clean("abcdef", out, 4), 3);
	ck_assert_str_eq(out, "abc");
	ck_assert_uint_eq(lk_text_clean("abcdef", out, 0), 0);
	ck_assert_str_eq(out, "abc");
}
END_TEST

static const struct {
	const char *in, *out;
} clean_rows[] = {
	{"shop.cart", "shop.cart"},
	{"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
	{"\xf0\x9f\x90\x8d", "\xf0\x9f\x90\x8d"},
	{"a\x1b[31mb", "a?[31mb"},
	{"a\tb\nc\rd", "a b c d"},
	{"\x7f\x01", "??"},
	{"\xc2\x9b" "31m", "?31m"},			/* C1 CSI */
	{"a\xe2\x80\xae" "b", "a?b"},			/* U+202E */
	{"a\xe2\x81\xa6" "b", "a?b"},			/* U+2066 */
	{"\xef\xbb\xbfx", "?x"},			/* U+FEFF */
	{"\xe2\x80\x8bx", "?x"},			/* U+200B */
	{"\xff\xfe", "??"},
	{"\xc0\x80", "??"},				/* overlong NUL */
	{"\xed\xa0\x80", "???"},			/* surrogate */
	{"\xf4\x90\x80\x80", "????"},			/* beyond U+10FFFF */
	{"\xe2\x82", "??"},				/* cut */
	{"", ""},
};

START_TEST(foreign_names_are_made_safe)
{
	char out[64], same[64];

	ck_assert_uint_eq(lk_text_clean(clean_rows[_i].in, out, sizeof(out)),
	    strlen(clean_rows[_i].out));
	ck_assert_str_eq(out, clean_rows[_i].out);
	strcpy(same, clean_rows[_i].in);
	lk_text_clean(same, same, sizeof(same));
	ck_assert_str_eq(same, clean_rows[_i].out);
}
END_TEST

START_TEST(a_character_is_never_cut)
{
	const char *text = "\xc3\xbc\xe2\x82\xac\xf0\x9f\x90\x8d";
	static const size_t whole[] = {0, 0, 0, 2, 2, 2, 5, 5, 5, 5, 9};
	char out[16];

	for (size_t room = 1; room < LK_COUNT_OF(whole); room++)
		ck_assert_uint_eq(lk_text_clean(text, out, room), whole[room]);
}
END_TEST

START_TEST(a_tail_keeps_the_end)
{
	char out[64];

	ck_assert_str_eq(lk_text_tail("shop/cart.py", 12, out, sizeof(out)), "shop/cart.py");
	ck_assert_str_eq(lk_text_tail("shop/cart.py", 10, out, sizeof(out)), "...cart.py");
	ck_assert_str_eq(lk_text_tail("shop/cart.py", 5, out, sizeof(out)), "...py");
	ck_assert_str_eq(lk_text_tail("shop/cart.py", 1, out, sizeof(out)), "y");
	ck_assert_str_eq(lk_text_tail("shop/cart.py", 0, out, sizeof(out)), "");
	ck_assert_str_eq(lk_text_tail("\xc3\xbc\xc3\xbc\xc3\xbc", 2, out, sizeof(out)),
	    ".\xc3\xbc");
}
END_TEST

START_TEST(a_head_keeps_the_beginning)
{
	char out[64];

	ck_assert_str_eq(lk_text_head("price_key", 9, out, sizeof(out)), "price_key");
	ck_assert_str_eq(lk_text_head("price_key", 8, out, sizeof(out)), "price...");
	ck_assert_str_eq(lk_text_head("price_key", 4, out, sizeof(out)), "pr..");
	ck_assert_str_eq(lk_text_head("price_key", 1, out, sizeof(out)), "p");
	ck_assert_str_eq(lk_text_head("price_key", 0, out, sizeof(out)), "");
	ck_assert_str_eq(lk_text_head("price_key", 8, out, 7), "price.");
	ck_assert_str_eq(lk_text_head("price_key", 8, out, 3), "pr");
	ck_assert_str_eq(lk_text_head("\xc3\xbc\xc3\xbc\xc3\xbc", 2, out, sizeof(out)),
	    "\xc3\xbc.");
}
END_TEST

static const struct {
	const char *text;
	int rc;
	uint64_t bytes;
} size_rows[] = {
	{"10M", 0, 10u << 20}, {"1.5G", 0, 3ull << 29}, {"512", 0, 512}, {"64KiB", 0, 65536},
	{"2mb", 0, 2u << 20},  {"0", 0, 0},		{".5k", 0, 512}, {"3T", 0, 3ull << 40},
	{"", -EINVAL, 0},      {".", -EINVAL, 0},	{"-1", -EINVAL, 0}, {"1x", -EINVAL, 0},
	{"1 M", -EINVAL, 0},   {"0x10", -EINVAL, 0},	{"nan", -EINVAL, 0}, {"1.2.3", -EINVAL, 0},
	{"9223372036854775808", -ERANGE, 0}, {"99999999T", -ERANGE, 0},
};

START_TEST(sizes_parse)
{
	uint64_t bytes = 77;

	ck_assert_int_eq(lk_text_parse_bytes(size_rows[_i].text, &bytes), size_rows[_i].rc);
	ck_assert_uint_eq(bytes, size_rows[_i].rc == 0 ? size_rows[_i].bytes : 77);
}
END_TEST

START_TEST(durations_parse)
{
	uint64_t ms = 77;

	ck_assert_int_eq(lk_text_parse_duration("1.5", &ms), 0);
	ck_assert_uint_eq(ms, 1500);
	ck_assert_int_eq(lk_text_parse_duration("250ms", &ms), 0);
	ck_assert_uint_eq(ms, 250);
	ck_assert_int_eq(lk_text_parse_duration("2h", &ms), 0);
	ck_assert_uint_eq(ms, 7200000);
	ck_assert_int_eq(lk_text_parse_duration("1y", &ms), -EINVAL);
	ck_assert_int_eq(lk_text_parse_duration("9999999h", &ms), -ERANGE);
	ck_assert_uint_eq(ms, 7200000);
}
END_TEST

START_TEST(clocks_go_forward)
{
	int64_t first = lk_clock_monotonic_ms();

	ck_assert_int_ge(lk_clock_monotonic_ms(), first);
	ck_assert_double_gt(lk_clock_wall_s(), 1.6e9);
}
END_TEST

/* ---- order ------------------------------------------------------------------------------ */

#define ORDER_MANY	5000u

static struct lk_order order_list[ORDER_MANY], order_scratch[ORDER_MANY];
static double order_values[ORDER_MANY];
static const char *order_texts[ORDER_MANY];

/* A short list and a long one are put in order by different means. */
static const size_t order_counts[] = {1, 2, 40, 48, 49, ORDER_MANY};

static uint32_t
next_number(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static bool
in_order(double a, double b, bool rising)
{
	if (isnan(a) || isnan(b))
		return isnan(b);
	return rising ? a <= b : a >= b;
}

START_TEST(numbers_come_in_order)
{
	static const double odd[] = {0.0, -0.0, NAN, INFINITY, -INFINITY, 5e-324, -1e300, 1};
	size_t count = order_counts[_i / 2];
	bool rising = _i % 2 != 0;
	uint32_t seed = 7;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t number = next_number(&seed);

		order_values[i] = number % 3 == 0 ? odd[number / 3 % LK_COUNT_OF(odd)] :
		    ((double)number - 8e6) / (1 << number % 20);
		order_list[i] = (struct lk_order){lk_order_key(order_values[i], rising), i};
	}
	lk_order_sort(order_list, order_scratch, count);
	for (size_t i = 1; i < count; i++) {
		double a = order_values[order_list[i - 1].number];
		double b = order_values[order_list[i].number];

		ck_assert_msg(in_order(a, b, rising), "%zu: %g %g", i, a, b);
		if (in_order(b, a, rising))	/* equal: as they were */
			ck_assert_uint_lt(order_list[i - 1].number, order_list[i].number);
	}
}
END_TEST

START_TEST(texts_come_in_order)
{
	static const char *const stems[] = {"", "shop.cart.", "shop.cart.price_key.and_more_of_it",
	    "\xc3\xa9t\xc3\xa9", "shop.c"};
	size_t count = order_counts[_i / 2];
	bool falling = _i % 2 != 0;
	uint32_t seed = 11;

	for (uint32_t i = 0; i < count; i++) {
		char text[64];
		uint32_t number = next_number(&seed);

		snprintf(text, sizeof(text), "%s%u", stems[number % LK_COUNT_OF(stems)],
		    number / 8 % 700);
		order_texts[i] = strdup(text);
		order_list[i] = (struct lk_order){0, i};
	}
	lk_order_sort_texts(order_list, order_scratch, count, order_texts, falling);
	for (size_t i = 1; i < count; i++) {
		uint32_t a = order_list[i - 1].number, b = order_list[i].number;
		int sign = strcmp(order_texts[a], order_texts[b]) * (falling ? -1 : 1);

		ck_assert_int_le(sign, 0);
		ck_assert(sign != 0 || a < b);
	}
	for (uint32_t i = 0; i < count; i++)
		free((char *)order_texts[i]);
}
END_TEST

/* Seven of each hash, and many hashes that are near each other. */
START_TEST(numbers_are_found_by_their_hash)
{
	struct lk_index x = {0};
	uint32_t at = 0;

	ck_assert_uint_eq(lk_index_next(&x, 1, &at), LK_INDEX_NONE);
	for (uint32_t i = 0; i < 7000; i++)
		ck_assert_int_eq(lk_index_add(&x, i % 1000, i), 0);
	ck_assert_uint_eq(x.count, 7000);
	for (uint32_t hash = 0; hash < 1000; hash++) {
		uint32_t number, seen = 0;

		for (at = 0; (number = lk_index_next(&x, hash, &at)) != LK_INDEX_NONE;) {
			ck_assert_uint_eq(number % 1000, hash);
			ck_assert_uint_eq(seen & 1u << number / 1000, 0);
			seen |= 1u << number / 1000;
		}
		ck_assert_uint_eq(seen, 127);
	}
	at = 0;
	ck_assert_uint_eq(lk_index_next(&x, 1000, &at), LK_INDEX_NONE);
	lk_index_clear(&x);
	at = 0;
	ck_assert_uint_eq(lk_index_next(&x, 1, &at), LK_INDEX_NONE);
}
END_TEST

static Suite *
order_suite(void)
{
	Suite *s = suite_create("order");
	TCase *tc = tcase_create("order");

	tcase_add_loop_test(tc, numbers_come_in_order, 0, 2 * LK_COUNT_OF(order_counts));
	tcase_add_loop_test(tc, texts_come_in_order, 0, 2 * LK_COUNT_OF(order_counts));
	tcase_add_test(tc, numbers_are_found_by_their_hash);
	suite_add_tcase(s, tc);
	return s;
}

static Suite *
text_suite(void)
{
	Suite *s = suite_create("text");
	TCase *tc = tcase_create("text");

	tcase_add_loop_test(tc, bytes_are_six_cells, 0, LK_COUNT_OF(bytes_rows));
	tcase_add_test(tc, sizes_in_other_units);
	tcase_add_test(tc, bytes_never_grow_wider_between_the_rows);
	tcase_add_loop_test(tc, counts_are_five_cells, 0, LK_COUNT_OF(count_rows));
	tcase_add_loop_test(tc, durations_read_as_words, 0, LK_COUNT_OF(duration_rows));
	tcase_add_test(tc, clock_and_percent);
	tcase_add_test(tc, the_locale_changes_nothing);
	tcase_add_test(tc, a_small_buffer_is_respected);
	tcase_add_loop_test(tc, foreign_names_are_made_safe, 0, LK_COUNT_OF(clean_rows));
	tcase_add_test(tc, a_character_is_never_cut);
	tcase_add_test(tc, a_tail_keeps_the_end);
	tcase_add_test(tc, a_head_keeps_the_beginning);
	tcase_add_loop_test(tc, sizes_parse, 0, LK_COUNT_OF(size_rows));
	tcase_add_test(tc, durations_parse);
	suite_add_tcase(s, tc);
	return s;
}

static Suite *
log_suite(void)
{
	Suite *s = suite_create("log");
	TCase *tc = tcase_create("log and clock");

	tcase_add_test(tc, clocks_go_forward);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {text_suite, order_suite, log_suite, NULL};

	return lk_suites_run(suites);
}
