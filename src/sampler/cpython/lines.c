#include "config.h"

#include "sampler/cpython/lines.h"

#define NO_LINE		(-1)
#define RANGE_NO_LINE	(-128)

/* ---- 3.8 to 3.10: pairs of bytes, bytecode and lines -------------------------------------- */

static int64_t
find_lnotab(const struct lk_linetable *t, int64_t offset_bytes)
{
	int64_t line = t->first_line, end = 0;
	size_t at;

	for (at = 0; at + 1 < t->length; at += 2) {
		end += t->bytes[at];
		if (end > offset_bytes)
			break;
		line += (int8_t)t->bytes[at + 1];
	}
	return line;
}

static int64_t
find_ranges(const struct lk_linetable *t, int64_t offset_bytes)
{
	int64_t line = t->first_line, end = 0;
	size_t at;
	int delta;

	for (at = 0; at + 1 < t->length; at += 2) {
		end += t->bytes[at];
		delta = (int8_t)t->bytes[at + 1];
		if (delta != RANGE_NO_LINE)
			line += delta;
		if (end > offset_bytes)
			return delta == RANGE_NO_LINE ? NO_LINE : line;
	}
	return NO_LINE;
}

/* ---- 3.11 on: the location table (Objects/locations.md there) ----------------------------- */

/* Kinds of entries: bits 3..6 of the first byte. */
enum {
	KIND_SHORT_LAST = 9,	/* 0..9: one byte of columns, same line */
	KIND_ONE_LINE_FIRST = 10, /* 10..12: line delta 0..2, two bytes of columns */
	KIND_ONE_LINE_LAST = 12,
	KIND_NO_COLUMNS = 13,	/* svarint line delta */
	KIND_LONG = 14,		/* svarint line delta, three varints */
	KIND_NONE = 15,		/* no location */
};

static uint32_t
read_varint(const struct lk_linetable *t, size_t *at)
{
	uint32_t value = 0;
	unsigned int shift = 0;
	uint8_t byte;

	do {
		if (*at >= t->length)
			return value;
		byte = t->bytes[(*at)++];
		if (shift < 32)
			value |= (uint32_t)(byte & 63) << shift;
		shift += 6;
	} while (byte & 64);
	return value;
}

static int32_t
read_svarint(const struct lk_linetable *t, size_t *at)
{
	uint32_t value = read_varint(t, at);

	return value & 1 ? -(int32_t)(value >> 1) : (int32_t)(value >> 1);
}

/* The entry's line delta; *at moves to the next entry. */
static int32_t
read_delta(const struct lk_linetable *t, unsigned int kind, size_t *at)
{
	int32_t delta = 0;

	if (kind == KIND_LONG || kind == KIND_NO_COLUMNS)
		delta = read_svarint(t, at);
	else if (kind >= KIND_ONE_LINE_FIRST && kind <= KIND_ONE_LINE_LAST)
		delta = (int32_t)kind - KIND_ONE_LINE_FIRST;
	if (kind == KIND_LONG) {
		read_varint(t, at);
		read_varint(t, at);
		read_varint(t, at);
	} else if (kind <= KIND_SHORT_LAST) {
		*at += 1;
	} else if (kind <= KIND_ONE_LINE_LAST) {
		*at += 2;
	}
	return delta;
}

static int64_t
find_locations(const struct lk_linetable *t, int64_t offset_bytes)
{
	int64_t line = t->first_line, end = 0;
	unsigned int kind;
	size_t at = 0;

	while (at < t->length) {
		kind = t->bytes[at] >> 3 & 15;
		end += ((t->bytes[at] & 7) + 1) * 2;
		at++;
		line += read_delta(t, kind, &at);
		if (offset_bytes < end)
			return kind == KIND_NONE ? NO_LINE : line;
	}
	return NO_LINE;
}

uint32_t
lk_lines_find(const struct lk_linetable *t, int64_t offset_bytes)
{
	static int64_t (*const find[LK_LINES_FORMS])(const struct lk_linetable *, int64_t) = {
		find_lnotab, find_ranges, find_locations,
	};
	int64_t line = NO_LINE;

	if (offset_bytes >= 0 && (unsigned int)t->form < LK_LINES_FORMS)
		line = find[t->form](t, offset_bytes);
	if (line < 0)
		line = t->first_line;
	return line < 0 ? 0 : line > INT32_MAX ? INT32_MAX : (uint32_t)line;
}
