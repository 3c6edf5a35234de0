#include "config.h"

#include "base/print.h"

#include <string.h>

#include "base/utf8.h"

void
lk_print_init(struct lk_print *t, char *bytes, size_t capacity)
{
	t->bytes = bytes;
	t->length = 0;
	t->capacity = capacity;
	t->full = false;
}

void
lk_print_put(struct lk_print *t, const char *s, size_t length)
{
	if (t->full || length > t->capacity - t->length) {
		t->full = true;
		return;
	}
	memcpy(t->bytes + t->length, s, length);
	t->length += length;
}

void
lk_print_char(struct lk_print *t, char c)
{
	lk_print_put(t, &c, 1);
}

void
lk_print_str(struct lk_print *t, const char *s)
{
	lk_print_put(t, s, strlen(s));
}

static void
put_digits(struct lk_print *t, uint64_t value, unsigned int base, size_t at_least)
{
	static const char digits[] = "0123456789abcdef";
	char buffer[24];
	size_t n = sizeof(buffer);

	do {
		buffer[--n] = digits[value % base];
		value /= base;
	} while (value != 0 || sizeof(buffer) - n < at_least);
	lk_print_put(t, buffer + n, sizeof(buffer) - n);
}

void
lk_print_u64(struct lk_print *t, uint64_t value)
{
	put_digits(t, value, 10, 1);
}

void
lk_print_i64(struct lk_print *t, int64_t value)
{
	if (value < 0)
		lk_print_char(t, '-');
	put_digits(t, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, 1);
}

void
lk_print_hex(struct lk_print *t, uint64_t value)
{
	lk_print_str(t, "0x");
	put_digits(t, value, 16, 1);
}

void
lk_print_real(struct lk_print *t, double value, unsigned int decimals)
{
	static const uint64_t power[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
	uint64_t whole, high, part = 0;

	if (!(value > -1e33 && value < 1e33)) {
		lk_print_str(t, "null");
		return;
	}
	if (value < 0) {
		value = -value;
		if (value * (double)power[decimals] >= 0.5)
			lk_print_char(t, '-');
	}
	high = value < 1e18 ? 0 : (uint64_t)(value / 1e15);
	if (high != 0) {	/* two halves: the second has 15 digits */
		put_digits(t, high, 10, 1);
		value -= (double)high * 1e15;
		value = value < 0 ? 0 : value > 999999999999999.0 ? 999999999999999.0 : value;
	}
	whole = (uint64_t)value;
	if (value < 0x1p53)	/* larger ones have no fraction */
		part = (uint64_t)((value - (double)whole) * (double)power[decimals] + 0.5);
	if (part == power[decimals]) {
		whole++;
		part = 0;
	}
	put_digits(t, whole, 10, high == 0 ? 1 : 15);
	if (decimals == 0)
		return;
	lk_print_char(t, '.');
	put_digits(t, part, 10, decimals);
}

static void
put_escaped(struct lk_print *t, unsigned char c)
{
	if (c == 0) {
		lk_print_put(t, "\xef\xbf\xbd", 3);
	} else if (c == '"' || c == '\\') {
		lk_print_char(t, '\\');
		lk_print_char(t, (char)c);
	} else if (c < 0x20) {
		lk_print_put(t, "\\u", 2);
		put_digits(t, c, 16, 4);
	} else {
		lk_print_char(t, (char)c);
	}
}

void
lk_print_json(struct lk_print *t, const char *s, size_t length)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t i, n;

	lk_print_char(t, '"');
	for (i = 0; i < length; i += n) {
		n = lk_utf8_length(s + i, length - i);
		if (n == 0) {
			lk_print_put(t, "\xef\xbf\xbd", 3);
			n = 1;
		} else if (n == 1) {
			put_escaped(t, u[i]);
		} else {
			lk_print_put(t, s + i, n);
		}
	}
	lk_print_char(t, '"');
}

void
lk_print_end(struct lk_print *t)
{
	if (t->capacity == 0)
		return;
	if (t->length == t->capacity)
		t->length--;
	t->bytes[t->length] = '\0';
}
