#include "config.h"

#include "proto/request.h"

#include <errno.h>
#include <string.h>

#include "base/attr.h"
#include "base/utf8.h"

#define DEPTH_MAX 8

struct reader {
	const char	*at, *end;
};

enum kind { KIND_BAD, KIND_STRING, KIND_INTEGER, KIND_OTHER };

struct value {
	enum kind	 kind;
	int64_t		 integer;
	char		 text[LK_WIRE_NAME_MAX + 2];	/* one more than fits: too long */
	size_t		 length;
};

static void
skip_space(struct reader *r)
{
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r'))
		r->at++;
}

static bool
take(struct reader *r, char c)
{
	skip_space(r);
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

/* One more than fits a name is kept, to tell that it is too long. */
static void
keep_bytes(struct value *v, const char *bytes, size_t n)
{
	size_t left = sizeof(v->text) - 1 - v->length;

	n = n < left ? n : left;
	memcpy(v->text + v->length, bytes, n);
	v->length += n;
}

static void
keep(struct value *v, uint32_t c)
{
	char utf8[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4, i;

	if (n == 1) {
		utf8[0] = (char)c;
	} else {
		for (i = n - 1; i > 0; i--, c >>= 6)
			utf8[i] = (char)(0x80 | (c & 63));
		utf8[0] = (char)((0xf00 >> n & 0xff) | c);
	}
	keep_bytes(v, utf8, n);
}

/* More than 15: no digit. */
static uint32_t
hex_of(char c)
{
	return (uint32_t)(c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F' ? c - 'A' + 10 : 0x10000);
}

static bool
read_hex4(struct reader *r, uint32_t *out)
{
	int i;

	if (r->end - r->at < 4)
		return false;
	for (*out = 0, i = 0; i < 4; i++) {
		*out = *out << 4 | hex_of(*r->at++);
	}
	return *out < 0x10000;
}

static bool
read_unicode(struct reader *r, struct value *v)
{
	uint32_t high, low;

	if (!read_hex4(r, &high))
		return false;
	if (high >= 0xd800 && high < 0xdc00) {
		if (r->end - r->at < 2 || r->at[0] != '\\' || r->at[1] != 'u')
			return false;
		r->at += 2;
		if (!read_hex4(r, &low) || low < 0xdc00 || low > 0xdfff)
			return false;
		high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	} else if (high == 0 || (high >= 0xdc00 && high < 0xe000)) {
		return false;
	}
	keep(v, high);
	return true;
}

static bool
read_escape(struct reader *r, struct value *v)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *found;
	char c;

	if (r->at == r->end)
		return false;
	c = *r->at++;
	if (c == 'u')
		return read_unicode(r, v);
	found = c == '\0' ? NULL : strchr(from, c);
	if (found == NULL)
		return false;
	keep(v, (uint32_t)to[found - from]);
	return true;
}

static bool
read_plain(struct reader *r, struct value *v)
{
	size_t n = lk_utf8_length(r->at, (size_t)(r->end - r->at));

	if (n == 0 || (unsigned char)*r->at < 0x20)
		return false;
	keep_bytes(v, r->at, n);
	r->at += n;
	return true;
}

static bool
read_string(struct reader *r, struct value *v)
{
	v->kind = KIND_STRING;
	v->length = 0;
	if (!take(r, '"'))
		return false;
	while (r->at < r->end && *r->at != '"') {
		if (*r->at != '\\') {
			if (!read_plain(r, v))
				return false;
			continue;
		}
		r->at++;
		if (!read_escape(r, v))
			return false;
	}
	v->text[v->length] = '\0';
	return r->at < r->end && *r->at++ == '"';
}

static size_t
skip_digits(struct reader *r)
{
	const char *from = r->at;

	while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
		r->at++;
	return (size_t)(r->at - from);
}

static bool
read_fraction(struct reader *r, struct value *v)
{
	if (r->at < r->end && *r->at == '.') {
		v->kind = KIND_OTHER;
		r->at++;
		if (skip_digits(r) == 0)
			return false;
	}
	if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
		v->kind = KIND_OTHER;
		r->at++;
		if (r->at < r->end && (*r->at == '+' || *r->at == '-'))
			r->at++;
		return skip_digits(r) != 0;
	}
	return true;
}

static bool
read_number(struct reader *r, struct value *v)
{
	bool negative = *r->at == '-';
	const char *digits, *p;
	size_t n;

	r->at += negative;
	digits = r->at;
	n = skip_digits(r);
	if (n == 0 || (n > 1 && *digits == '0'))
		return false;
	v->kind = n <= 18 ? KIND_INTEGER : KIND_OTHER;
	for (v->integer = 0, p = digits; n <= 18 && p < digits + n; p++)
		v->integer = v->integer * 10 + (*p - '0');
	if (negative)
		v->integer = -v->integer;
	return read_fraction(r, v);
}

static bool
read_word(struct reader *r, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0)
		return false;
	r->at += n;
	return true;
}

static bool read_value(struct reader *r, struct value *v, int depth);

/* Objects and arrays inside are only checked. */
static bool
skip_nested(struct reader *r, bool object, int depth)
{
	struct value inner;
	char close = object ? '}' : ']';

	if (depth >= DEPTH_MAX)
		return false;
	r->at++;
	if (take(r, close))
		return true;
	do {
		if (object && (!read_string(r, &inner) || !take(r, ':')))
			return false;
		if (!read_value(r, &inner, depth + 1))
			return false;
	} while (take(r, ','));
	return take(r, close);
}

static bool
read_value(struct reader *r, struct value *v, int depth)
{
	skip_space(r);
	if (r->at == r->end)
		return false;
	if (*r->at == '"')
		return read_string(r, v);
	if (*r->at == '-' || (*r->at >= '0' && *r->at <= '9'))
		return read_number(r, v);
	v->kind = KIND_OTHER;
	if (*r->at == '{' || *r->at == '[')
		return skip_nested(r, *r->at == '{', depth);
	return read_word(r, "true") || read_word(r, "false") || read_word(r, "null");
}

static void
set_integer(struct lk_wire_request *out, const char *name, const struct value *v)
{
	const struct {
		const char	*name;
		int64_t		*field;
	} fields[] = {
		{"seen_ms", &out->seen_ms},
		{"period_ms", &out->period_ms}, {"baseline", &out->baseline},
		{"min_length", &out->min_length}, {"limit", &out->limit}, {"bytes", &out->bytes},
		{"stack", &out->stack}, {"watch_s", &out->watch_s},
	};
	size_t i;

	for (i = 0; i < LK_COUNT_OF(fields); i++) {
		if (strcmp(name, fields[i].name) != 0)
			continue;
		if (v->kind == KIND_INTEGER)
			*fields[i].field = v->integer;
		else
			out->bad_argument = true;
	}
}

/* "0x7f2a10004000": digits in either case. */
static bool
read_address(const struct value *v, uint64_t *out)
{
	const char *digit = v->text + 2;

	if (v->kind != KIND_STRING || v->length < 3 || v->length > 2 + 16 ||
	    memcmp(v->text, "0x", 2) != 0)
		return false;
	for (*out = 0; *digit != '\0'; digit++) {
		if (hex_of(*digit) > 15)
			return false;
		*out = *out << 4 | hex_of(*digit);
	}
	return true;
}

static void
set_field(struct lk_wire_request *out, const char *name, const struct value *v)
{
	if (strcmp(name, "id") == 0) {
		out->has_id = v->kind == KIND_INTEGER;
		out->id = out->has_id ? v->integer : 0;
	} else if (strcmp(name, "op") == 0) {
		out->op[0] = '\0';	/* the last one counts */
		if (v->kind == KIND_STRING && v->length < sizeof(out->op))
			memcpy(out->op, v->text, v->length + 1);
	} else if (strcmp(name, "name") == 0) {
		out->has_name = v->kind == KIND_STRING;
		out->bad_argument |= v->kind != KIND_STRING;
		out->name_too_long = out->has_name && v->length > LK_WIRE_NAME_MAX;
		if (out->has_name && !out->name_too_long)
			memcpy(out->name, v->text, v->length + 1);
	} else if (strcmp(name, "address") == 0) {
		out->has_address = read_address(v, &out->address);
		out->bad_argument |= !out->has_address;
	} else {
		set_integer(out, name, v);
	}
}

int
lk_request_read(const char *line, size_t length, struct lk_wire_request *out)
{
	struct reader r = {line, line + length};
	struct value name, value;

	memset(out, 0, sizeof(*out));
	out->seen_ms = LK_REQUEST_ABSENT;
	out->period_ms = out->baseline = out->min_length = LK_REQUEST_ABSENT;
	out->limit = out->bytes = out->stack = out->watch_s = LK_REQUEST_ABSENT;
	if (!take(&r, '{'))
		return -EBADMSG;
	if (take(&r, '}'))
		return -EBADMSG;
	do {
		if (!read_string(&r, &name) || !take(&r, ':') || !read_value(&r, &value, 1))
			return -EBADMSG;
		set_field(out, name.text, &value);
	} while (take(&r, ','));
	if (!take(&r, '}'))
		return -EBADMSG;
	skip_space(&r);
	return r.at == r.end && out->op[0] != '\0' ? 0 : -EBADMSG;
}
