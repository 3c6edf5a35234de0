/* What may run inside a hook: mathematics, bounded text, the lock. */
#include "config.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/maths.h"
#include "base/print.h"
#include "base/spin.h"

#include "suites.h"

#define RELATIVE 1e-12

static void
ck_close(double found, double wanted)
{
	double scale = fabs(wanted) > 1e-300 ? fabs(wanted) : 1;

	ck_assert_msg(fabs(found - wanted) <= RELATIVE * scale, "%.17g, not %.17g", found, wanted);
}

START_TEST(log_agrees_with_libm)
{
	double x, step;
	int exponent;

	for (exponent = -1000; exponent <= 1000; exponent += 7)
		for (step = 1; step < 2; step += 0.0137) {
			x = ldexp(step, exponent);
			ck_close(lk_maths_log(x), log(x));
		}
	ck_assert_double_eq(lk_maths_log(1), 0);
}
END_TEST

START_TEST(log_is_right_beside_one)
{
	double d;

	for (d = 0x1p-52; d < 0.5; d *= 1.7) {
		ck_close(lk_maths_log(1 + d), log(1 + d));
		ck_close(lk_maths_log(1 - d), log(1 - d));
	}
}
END_TEST

START_TEST(hit_agrees_with_libm)
{
	double x;

	ck_assert_double_eq(lk_maths_hit(0), 0);
	for (x = 1e-300; x < 1e6; x *= 1.0173)
		ck_close(lk_maths_hit(x), -expm1(-x));
	for (x = 0.49; x < 0.51; x += 0.0001)	/* where the method changes */
		ck_close(lk_maths_hit(x), -expm1(-x));
	ck_assert_double_eq(lk_maths_hit(1e300), 1);
}
END_TEST

/* ---- print ------------------------------------------------------------------ */

static char bytes[512];
static struct lk_print text;

static const char *
printed(void)
{
	lk_print_end(&text);
	return bytes;
}

static const char *
real(double value, unsigned int decimals)
{
	lk_print_init(&text, bytes, sizeof(bytes));
	lk_print_real(&text, value, decimals);
	return printed();
}

START_TEST(integers_are_printed)
{
	lk_print_init(&text, bytes, sizeof(bytes));
	lk_print_u64(&text, 0);
	lk_print_char(&text, ' ');
	lk_print_u64(&text, UINT64_MAX);
	lk_print_char(&text, ' ');
	lk_print_i64(&text, INT64_MIN);
	lk_print_char(&text, ' ');
	lk_print_i64(&text, -1);
	lk_print_char(&text, ' ');
	lk_print_hex(&text, 0);
	lk_print_hex(&text, UINT64_MAX);
	ck_assert_str_eq(printed(), "0 18446744073709551615 -9223372036854775808 -1 "
	    "0x00xffffffffffffffff");
}
END_TEST

START_TEST(reals_are_rounded)
{
	ck_assert_str_eq(real(0, 1), "0.0");
	ck_assert_str_eq(real(-0.0, 1), "0.0");
	ck_assert_str_eq(real(0.5, 0), "1");
	ck_assert_str_eq(real(0.49, 0), "0");
	ck_assert_str_eq(real(0.96, 1), "1.0");
	ck_assert_str_eq(real(9.999, 2), "10.00");
	ck_assert_str_eq(real(-9.999, 2), "-10.00");
	ck_assert_str_eq(real(-0.04, 1), "0.0");
	ck_assert_str_eq(real(-0.06, 1), "-0.1");
	ck_assert_str_eq(real(1.000001, 6), "1.000001");
	ck_assert_str_eq(real(0.0625, 3), "0.063");
}
END_TEST

START_TEST(huge_and_absurd_reals)
{
	ck_assert_str_eq(real(1763640061.250, 3), "1763640061.250");
	ck_assert_str_eq(real(0x1p53, 1), "9007199254740992.0");
	ck_assert_str_eq(real(-1e15, 0), "-1000000000000000");
	ck_assert_int_eq(strncmp(real(1e18, 1), "1000000000000000", 15), 0);
	ck_assert_str_eq(real(NAN, 1), "null");
	ck_assert_str_eq(real(INFINITY, 1), "null");
	ck_assert_str_eq(real(-INFINITY, 1), "null");
	ck_assert_str_eq(real(1e33, 1), "null");
	ck_assert_str_eq(real(-1e300, 1), "null");
}
END_TEST

START_TEST(reals_keep_fifteen_digits)
{
	static const double mantissa[] = {1, 1.23456789012345, 9.99999999999999, 7.0000000001};
	double x, back;
	unsigned int decimals = (unsigned int)_i;
	int e;
	size_t i;

	for (e = 0; e < 32; e++)
		for (i = 0; i < sizeof(mantissa) / sizeof(mantissa[0]); i++) {
			x = mantissa[i] * pow(10, e);
			back = strtod(real(x, decimals), NULL);
			ck_assert_msg(fabs(back - x) <= x * 1e-15 + 0.51 * pow(10, -(int)decimals),
			    "%.17g became %s", x, bytes);
			ck_assert_double_eq(strtod(real(-x, decimals), NULL), -back);
		}
}
END_TEST

static void
print_all(struct lk_print *p)
{
	lk_print_str(p, "abc");
	lk_print_u64(p, 1234567);
	lk_print_real(p, -12345.678, 3);
	lk_print_real(p, 1.5e21, 1);
	lk_print_json(p, "\"q\\\n\xff\xc3\xa9 \xed\xa0\x80", 11);
	lk_print_hex(p, 0xbeef);
	lk_print_put(p, "xyz", 3);
}

START_TEST(nothing_past_capacity)
{
	const size_t capacity = (size_t)_i;
	char guarded[256], whole[256];
	struct lk_print p;
	size_t length;

	lk_print_init(&p, whole, sizeof(whole));
	print_all(&p);
	length = p.length;
	ck_assert(!p.full);
	ck_assert_uint_lt(length, 120);
	memset(guarded, 0x55, sizeof(guarded));
	lk_print_init(&p, guarded, capacity);
	print_all(&p);
	ck_assert(p.full == (capacity < length));
	ck_assert_uint_le(p.length, capacity);
	ck_assert_int_eq(memcmp(guarded, whole, p.length), 0);
	lk_print_end(&p);
	ck_assert(capacity == 0 || memchr(guarded, '\0', capacity) != NULL);
	for (; length < sizeof(guarded) - capacity; length++)
		ck_assert_uint_eq((unsigned char)guarded[capacity + length], 0x55);
	ck_assert_uint_eq((unsigned char)guarded[capacity], 0x55);
}
END_TEST

static const char *
json(const char *s, size_t length)
{
	lk_print_init(&text, bytes, sizeof(bytes));
	lk_print_json(&text, s, length);
	return printed();
}

#define REPLACED "\xef\xbf\xbd"

START_TEST(every_byte_in_a_json_string)
{
	char wanted[16];
	int c;
	char one;

	for (c = 0; c < 256; c++) {
		one = (char)c;
		if (c == 0 || c >= 0x80)
			snprintf(wanted, sizeof(wanted), "\"" REPLACED "\"");
		else if (c == '"' || c == '\\')
			snprintf(wanted, sizeof(wanted), "\"\\%c\"", c);
		else if (c < 0x20)
			snprintf(wanted, sizeof(wanted), "\"\\u%04x\"", (unsigned int)c);
		else
			snprintf(wanted, sizeof(wanted), "\"%c\"", c);
		ck_assert_str_eq(json(&one, 1), wanted);
	}
}
END_TEST

START_TEST(what_is_no_utf8_is_replaced)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{"caf\xc3\xa9", "\"caf\xc3\xa9\""},
		{"\xe2\x82\xac\xf0\x9f\x90\x8d", "\"\xe2\x82\xac\xf0\x9f\x90\x8d\""},
		{"\xc0\xaf", "\"" REPLACED REPLACED "\""},			/* overlong / */
		{"\xe0\x9f\xbf", "\"" REPLACED REPLACED REPLACED "\""},		/* overlong */
		{"\xed\xa0\x80", "\"" REPLACED REPLACED REPLACED "\""},		/* U+D800 */
		{"\xed\xbf\xbf", "\"" REPLACED REPLACED REPLACED "\""},		/* U+DFFF */
		{"\xed\x9f\xbf", "\"\xed\x9f\xbf\""},				/* U+D7FF */
		{"\xf4\x8f\xbf\xbf", "\"\xf4\x8f\xbf\xbf\""},			/* U+10FFFF */
		{"\xf4\x90\x80\x80", "\"" REPLACED REPLACED REPLACED REPLACED "\""},
		{"\xf0\x8f\xbf\xbf", "\"" REPLACED REPLACED REPLACED REPLACED "\""},
		{"\xe2\x82", "\"" REPLACED REPLACED "\""},			/* cut */
		{"\xc3x", "\"" REPLACED "x\""},
		{"\x7f", "\"\x7f\""},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_str_eq(json(cases[i].from, strlen(cases[i].from)), cases[i].to);
}
END_TEST

/* ---- the lock ---------------------------------------------------------------- */

static struct lk_spin spin;
static long guarded_count;

static void *
count_under_lock(void *given_up)
{
	long *missed = given_up;
	int i;

	for (i = 0; i < 20000; i++) {
		if (i % 2 == 0) {
			lk_spin_take(&spin);
		} else if (!lk_spin_take_bounded(&spin)) {
			++*missed;
			continue;
		}
		guarded_count++;
		lk_spin_give(&spin);
	}
	return NULL;
}

START_TEST(one_holder_at_a_time)
{
	pthread_t threads[4];
	long missed[4] = {0, 0, 0, 0}, sum = 0;
	int i;

	for (i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, count_under_lock, &missed[i]),
		    0);
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		sum += missed[i];
	}
	ck_assert_int_eq(guarded_count + sum, 80000);
}
END_TEST

START_TEST(a_held_lock_is_not_waited_for_for_ever)
{
	ck_assert(lk_spin_try(&spin));
	ck_assert(!lk_spin_try(&spin));
	ck_assert(!lk_spin_take_bounded(&spin));
	lk_spin_give(&spin);
	ck_assert(lk_spin_take_bounded(&spin));
	lk_spin_give(&spin);
}
END_TEST

static Suite *
base_suite(void)
{
	Suite *s = suite_create("base");
	TCase *tc = tcase_create("base");

	tcase_add_test(tc, log_agrees_with_libm);
	tcase_add_test(tc, log_is_right_beside_one);
	tcase_add_test(tc, hit_agrees_with_libm);
	tcase_add_test(tc, integers_are_printed);
	tcase_add_test(tc, reals_are_rounded);
	tcase_add_test(tc, huge_and_absurd_reals);
	tcase_add_loop_test(tc, reals_keep_fifteen_digits, 0, 7);
	tcase_add_loop_test(tc, nothing_past_capacity, 0, 128);
	tcase_add_test(tc, every_byte_in_a_json_string);
	tcase_add_test(tc, what_is_no_utf8_is_replaced);
	tcase_add_test(tc, one_holder_at_a_time);
	tcase_add_test(tc, a_held_lock_is_not_waited_for_for_ever);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {base_suite, NULL};

	return lk_suites_run(suites);
}
