#include "config.h"

#include "sampler/cpython/names.h"

#include "sampler/cpython/layout.h"

/* PyASCIIObject.state, from unicode_kind_shift on: three bits of kind, compact, ascii. */
#define STATE_KIND_MASK		7u
#define STATE_COMPACT		8u
#define STATE_ASCII		16u

bool
lk_names_open(const struct lk_layout *layout, const void *str, struct lk_names_text *out)
{
	uint32_t state =
	    (uint32_t)lk_read_i32(str, layout->unicode_state) >> layout->unicode_kind_shift;

	out->kind = state & STATE_KIND_MASK;
	out->length = (size_t)lk_read_i64(str, layout->unicode_length);
	out->data = lk_at(str, state & STATE_ASCII ? layout->unicode_ascii :
	    layout->unicode_compact);
	return (state & STATE_COMPACT) && (out->kind == 1 || out->kind == 2 || out->kind == 4);
}

uint32_t
lk_names_character(const struct lk_names_text *text, size_t i)
{
	uint16_t two;
	uint32_t four;

	if (text->kind == 1)
		return (uint8_t)text->data[i];
	if (text->kind == 2) {
		memcpy(&two, text->data + i * 2, sizeof(two));
		return two;
	}
	memcpy(&four, text->data + i * 4, sizeof(four));
	return four;
}

size_t
lk_names_encode(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if ((c >= 0xd800 && c < 0xe000) || c > 0x10ffff)
		c = 0xfffd;
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 63));
		out[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 63));
	out[2] = (char)(0x80 | (c >> 6 & 63));
	out[3] = (char)(0x80 | (c & 63));
	return 4;
}

size_t
lk_names_copy(const struct lk_layout *layout, const void *str, char *out, size_t max)
{
	struct lk_names_text text;
	size_t used = 0, n, i;
	char one[4];

	if (max == 0)
		return 0;
	out[0] = '?';
	if (str == NULL || !lk_names_open(layout, str, &text))
		return 1;
	for (i = 0; i < text.length; i++) {
		n = lk_names_encode(lk_names_character(&text, i), one);
		if (n > max - used)
			break;
		memcpy(out + used, one, n);
		used += n;
	}
	return used;
}
