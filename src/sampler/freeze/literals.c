#include "config.h"

#include "sampler/freeze/literals.h"

#include <float.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "base/print.h"
#include "sampler/cpython/layout.h"
#include "sampler/cpython/names.h"
#include "sampler/cpython/symbols.h"
#include "sampler/freeze/answer.h"
#include "sampler/freeze/kinds.h"

#define DEPTH_MAX		3u	/* of tuples in tuples */
#define TAGGED_INT_MINOR	12	/* the low bits of an int's size are its sign */
#define TAG_ZERO		1
#define TAG_NEGATIVE		2
#define INT_DIGITS_AT		24
#define INT_DIGIT_BITS		30
#define INT_DIGITS_WRITTEN	7	/* 210 bits: 64 decimal digits */
#define GROUP			1000000000u
#define GROUP_DIGITS		9
#define FLOAT_VALUE_AT		16
#define REAL_DIGITS		15
#define REAL_POINT_LEAST	(-4)	/* smaller and larger ones have an exponent */
#define REAL_POINT_MOST		15

/* The child's, and only there. */
static const struct lk_kinds *k;
static struct lk_print *to;
static uint32_t left;		/* characters */
static bool is_cut;

/* BYTES that are CHARACTERS, all or none of them. */
static void
put(const char *bytes, size_t length, uint32_t characters)
{
	is_cut |= characters > left;
	left = is_cut ? 0 : left - characters;
	if (!is_cut)
		lk_print_put(to, bytes, length);
}

static void
put_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		put(text, 1, 1);
}

/* ---- text --------------------------------------------------------------------------------- */

/* Not seen, or not where it is: controls, marks of direction, what joins and parts words, halves
 * of pairs. */
static bool
is_hidden(uint32_t c)
{
	static const struct {
		uint32_t	first, last;
	} ranges[] = {
		{0, 0x1f}, {0x7f, 0xa0}, {0xad, 0xad}, {0x61c, 0x61c}, {0x180e, 0x180e},
		{0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0xd800, 0xdfff},
		{0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe0fff},
	};
	size_t i;

	for (i = 0; i < LK_COUNT_OF(ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return c > 0x10ffff;
}

static void
put_escape(uint32_t c)
{
	static const char hex[] = "0123456789abcdef";
	uint32_t digits = c < 0x100 ? 2 : c < 0x10000 ? 4 : 8, i;
	char text[10] = {'\\', digits == 2 ? 'x' : digits == 4 ? 'u' : 'U'};

	for (i = 0; i < digits; i++)
		text[2 + i] = hex[c >> 4 * (digits - 1 - i) & 15];
	put(text, 2 + digits, 2 + digits);
}

static void
put_character(uint32_t c)
{
	static const char from[] = "'\\\n\r\t", letters[] = "'\\nrt";
	const char *found = c != 0 && c < 0x80 ? strchr(from, (int)c) : NULL;
	char text[4] = "\\";

	if (found != NULL) {
		text[1] = letters[found - from];
		put(text, 2, 2);
	} else if (is_hidden(c)) {
		put_escape(c);
	} else {
		put(text, lk_names_encode(c, text), 1);
	}
}

static void
put_type(const void *type)
{
	char name[LK_ANSWER_NAME_MAX];
	const char *at = name;
	size_t length;

	lk_kinds_name(k, type, name, sizeof(name));
	put_ascii("<");
	for (; *at != '\0'; at += length) {
		for (length = 1; ((unsigned char)at[length] & 0xc0) == 0x80; length++)
			continue;
		put(at, length, 1);
	}
	put_ascii(">");
}

static void
put_str(const void *str, uint32_t depth)
{
	struct lk_names_text text;
	size_t i;

	(void)depth;
	if (!lk_names_open(k->layout, str, &text)) {	/* of an old form that few modules make */
		put_type(k->symbols->unicode_type);
		return;
	}
	put_ascii("'");
	for (i = 0; i < text.length && !is_cut; i++)
		put_character(lk_names_character(&text, i));
	put_ascii("'");
}

static void
put_bytes(const void *bytes, uint32_t depth)
{
	uint64_t length = (uint64_t)lk_read_i64(bytes, LK_VAR_SIZE), i;
	uint8_t byte;

	(void)depth;
	put_ascii("b'");
	for (i = 0; i < length && !is_cut; i++) {
		byte = lk_read_u8(lk_at(bytes, k->layout->bytes_data), (int)i);
		if (byte < 0x80)
			put_character(byte);
		else
			put_escape(byte);
	}
	put_ascii("'");
}

/* ---- numbers ------------------------------------------------------------------------------ */

static void
put_bits(const void *object, uint64_t digits)
{
	uint32_t top = (uint32_t)lk_read_i32(lk_at(object, INT_DIGITS_AT),
	    (int)(digits - 1) * (int)sizeof(uint32_t));
	uint64_t bits = (digits - 1) * INT_DIGIT_BITS;
	char text[48];
	struct lk_print p;

	for (; top != 0; top >>= 1)
		bits++;
	lk_print_init(&p, text, sizeof(text));
	lk_print_str(&p, "<int of ");
	lk_print_u64(&p, bits);
	lk_print_str(&p, " bits>");
	lk_print_end(&p);
	put_ascii(text);
}

/* DIGITS of base 2^30, the lowest first, which are used up. */
static void
put_digits(uint32_t *digits, int count)
{
	char text[INT_DIGITS_WRITTEN * (GROUP_DIGITS + 1) + 1];
	char *at = text + sizeof(text) - 1;
	uint64_t rest;
	int i;

	*at = '\0';
	while (count > 0) {
		for (rest = 0, i = count - 1; i >= 0; i--) {
			rest = rest << INT_DIGIT_BITS | digits[i];
			digits[i] = (uint32_t)(rest / GROUP);
			rest %= GROUP;
		}
		while (count > 0 && digits[count - 1] == 0)
			count--;
		for (i = 0; i < GROUP_DIGITS && (count > 0 || rest > 0); i++, rest /= 10)
			*--at = (char)('0' + rest % 10);
	}
	put_ascii(at);
}

static void
put_int(const void *object, uint32_t depth)
{
	int64_t size = lk_read_i64(object, LK_VAR_SIZE);
	bool tagged = k->layout->minor >= TAGGED_INT_MINOR;
	bool negative = tagged ? (size & 3) == TAG_NEGATIVE : size < 0;
	uint64_t count = tagged ? (uint64_t)size >> 3 : (uint64_t)(negative ? -size : size), i;
	uint32_t digits[INT_DIGITS_WRITTEN];

	(void)depth;
	if (tagged && (size & 3) == TAG_ZERO)
		count = 0;
	if (count > INT_DIGITS_WRITTEN) {
		put_bits(object, count);
		return;
	}
	for (i = 0; i < count; i++)
		digits[i] = (uint32_t)lk_read_i32(object,
		    INT_DIGITS_AT + (int)i * (int)sizeof(uint32_t));
	while (count > 0 && digits[count - 1] == 0)
		count--;
	if (negative && count > 0)
		put_ascii("-");
	if (count == 0)
		put_ascii("0");
	else
		put_digits(digits, (int)count);
}

/* VALUE above 0 as M times 10^E, M from 1 to 10, in 64 bits of precision or as many as there are.
 * libm is not linked in. */
static long double
scale(long double value, int *exponent)
{
	static const struct {
		int		e;
		long double	power;
	} powers[] = {
		{256, 1e256L}, {128, 1e128L}, {64, 1e64L}, {32, 1e32L}, {16, 1e16L}, {8, 1e8L},
		{4, 1e4L}, {2, 1e2L}, {1, 1e1L},
	};
	size_t i;

	*exponent = 0;
	for (i = 0; i < LK_COUNT_OF(powers) && value >= 10; i++) {
		if (value < powers[i].power)
			continue;
		value /= powers[i].power;
		*exponent += powers[i].e;
	}
	for (i = 0; i < LK_COUNT_OF(powers) && value < 1; i++) {
		if (value * powers[i].power >= 10)
			continue;
		value *= powers[i].power;
		*exponent -= powers[i].e;
	}
	return value;
}

/* COUNT of DIGITS, 0 where there are none. */
static void
put_some(const char *digits, int from, int count)
{
	int length = (int)strlen(digits), i;

	for (i = from; i < from + count; i++)
		put(i >= 0 && i < length ? &digits[i] : "0", 1, 1);
}

static void
put_scaled(const char *digits, int exponent)
{
	int behind = (int)strlen(digits) - 1 - exponent, size = exponent < 0 ? -exponent : exponent;
	char text[4] = {(char)('0' + size / 100), (char)('0' + size / 10 % 10),
	    (char)('0' + size % 10), '\0'};

	if (exponent >= REAL_POINT_LEAST && exponent <= REAL_POINT_MOST) {
		put_some(digits, exponent < 0 ? exponent : 0, exponent < 0 ? 1 : exponent + 1);
		put_ascii(".");
		put_some(digits, exponent + 1, behind > 0 ? behind : 1);
		return;
	}
	put_some(digits, 0, 1);
	if (digits[1] != '\0')
		put_ascii(".");
	put_some(digits, 1, (int)strlen(digits) - 1);
	put_ascii(exponent < 0 ? "e-" : "e+");
	put_ascii(text + (size < 100));
}

static void
put_float(const void *object, uint32_t depth)
{
	char digits[REAL_DIGITS + 1];
	int64_t bits = lk_read_i64(object, FLOAT_VALUE_AT);
	uint64_t whole;
	double value;
	int exponent, i;

	(void)depth;
	memcpy(&value, &bits, sizeof(value));
	if (value != value) {
		put_ascii("nan");
		return;
	}
	put_ascii(bits < 0 ? "-" : "");
	value = bits < 0 ? -value : value;
	if (value > DBL_MAX || !(value > 0)) {
		put_ascii(value > 0 ? "inf" : "0.0");
		return;
	}
	whole = (uint64_t)(scale(value, &exponent) * 1e14L + 0.5L);
	if (whole >= UINT64_C(1000000000000000)) {
		whole /= 10;
		exponent++;
	}
	for (i = REAL_DIGITS; i-- > 0; whole /= 10)
		digits[i] = (char)('0' + whole % 10);
	for (i = REAL_DIGITS; i > 1 && digits[i - 1] == '0'; i--)
		continue;
	digits[i] = '\0';
	put_scaled(digits, exponent);
}

/* ---- the whole ---------------------------------------------------------------------------- */

static void put_value(const void *object, uint32_t depth);

static void
put_tuple(const void *tuple, uint32_t depth)
{
	int64_t length = lk_read_i64(tuple, LK_VAR_SIZE), i;
	const void *item;

	if (depth == DEPTH_MAX) {
		put_type(k->symbols->tuple_type);
		return;
	}
	put_ascii("(");
	for (i = 0; i < length && !is_cut; i++) {
		put_ascii(i == 0 ? "" : ", ");
		item = lk_read_ptr(lk_at(tuple, k->layout->tuple_items),
		    (int)i * (int)sizeof(item));
		if (item != NULL)	/* it is being made */
			put_value(item, depth + 1);
	}
	put_ascii(length == 1 ? ",)" : ")");
}

/* Of exactly these types: what comes from one may hold its value back when it is written. */
static void
put_value(const void *object, uint32_t depth)
{
	const struct lk_symbols *s = k->symbols;
	const void *type = lk_read_ptr(object, LK_OBJECT_TYPE);
	const void *bool_type = lk_read_ptr(s->true_object, LK_OBJECT_TYPE);
	const struct {
		const void	*type;
		void		(*put)(const void *object, uint32_t depth);
	} literals[] = {
		{s->unicode_type, put_str}, {s->bytes_type, put_bytes}, {s->float_type, put_float},
		{lk_read_ptr(bool_type, LK_TYPE_BASE), put_int}, {s->tuple_type, put_tuple},
	};
	size_t i;

	if (object == s->none || type == bool_type) {
		put_ascii(object == s->none ? "None" : object == s->true_object ? "True" : "False");
		return;
	}
	for (i = 0; i < LK_COUNT_OF(literals); i++) {
		if (type != literals[i].type)
			continue;
		literals[i].put(object, depth);
		return;
	}
	put_type(type);
}

void
lk_literals_write(const struct lk_kinds *kinds, const void *object, char *out, size_t out_bytes)
{
	struct lk_print p;

	k = kinds;
	to = &p;
	left = LK_LITERALS_CHARACTERS;
	is_cut = false;
	lk_print_init(&p, out, out_bytes);
	put_value(object, 0);
	if (is_cut)
		lk_print_str(&p, "...");
	lk_print_end(&p);
}
