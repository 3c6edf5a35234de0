#include "config.h"

#include "base/print.h"

#include <string.h>

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
lk_print_real(struct lk_print *t, double value)
{
	uint64_t whole, thousandths;
	size_t digits = 3;

	if (!(value > -1e18 && value < 1e18)) {
		lk_print_str(t, "null");
		return;
	}
	if (value < 0) {
		value = -value;
		if (value >= 0.0005)
			lk_print_char(t, '-');
	}
	whole = (uint64_t)value;
	thousandths = (uint64_t)((value - (double)whole) * 1000 + 0.5);
	if (thousandths == 1000) {
		whole++;
		thousandths = 0;
	}
	lk_print_u64(t, whole);
	if (thousandths == 0)
		return;
	for (; thousandths % 10 == 0; thousandths /= 10)
		digits--;
	lk_print_char(t, '.');
	put_digits(t, thousandths, 10, digits);
}

/* Length of the UTF-8 sequence at S, 0 when it is not one (RFC 3629, table in section 4). */
static size_t
utf8_length(const unsigned char *s, size_t left)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n, i;

	if (s[0] < 0x80)
		return 1;
	n = s[0] >= 0xc2 && s[0] <= 0xdf ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 :
	    s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : 0;
	if (n == 0 || n > left)
		return 0;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	for (i = 1; i < n; i++, low = 0x80, high = 0xbf)
		if (s[i] < low || s[i] > high)
			return 0;
	return n;
}

static void
put_escaped(struct lk_print *t, unsigned char c)
{
	switch (c) {
	case '"':
		lk_print_put(t, "\\\"", 2);
		return;
	case '\\':
		lk_print_put(t, "\\\\", 2);
		return;
	case '\n':
		lk_print_put(t, "\\n", 2);
		return;
	case '\t':
		lk_print_put(t, "\\t", 2);
		return;
	}
	if (c >= 0x20 && c != 0x7f) {
		lk_print_char(t, (char)c);
		return;
	}
	lk_print_put(t, "\\u", 2);
	put_digits(t, c, 16, 4);
}

void
lk_print_json(struct lk_print *t, const char *s, size_t length)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t i, n;

	lk_print_char(t, '"');
	for (i = 0; i < length; i += n) {
		n = utf8_length(u + i, length - i);
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
