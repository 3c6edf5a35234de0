#include "config.h"

#include "sampler/cpython/names.h"

#include "sampler/cpython/layout.h"

/* PyASCIIObject.state, from unicode_kind_shift on: three bits of kind, compact, ascii. */
#define STATE_KIND_MASK		7u
#define STATE_COMPACT		8u
#define STATE_ASCII		16u

static uint32_t
read_unit(const char *data, unsigned int kind, size_t i)
{
	uint16_t two;
	uint32_t four;

	if (kind == 1)
		return (uint8_t)data[i];
	if (kind == 2) {
		memcpy(&two, data + i * 2, sizeof(two));
		return two;
	}
	memcpy(&four, data + i * 4, sizeof(four));
	return four;
}

/* UTF-8 of C (a lone surrogate becomes U+FFFD).  Returns: bytes, at most 4. */
static size_t
encode(uint32_t c, char *out)
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
	uint32_t state;
	unsigned int kind;
	size_t length, used = 0, n, i;
	const char *data;
	char one[4];

	if (max == 0)
		return 0;
	out[0] = '?';
	if (str == NULL)
		return 1;
	state = (uint32_t)lk_read_i32(str, layout->unicode_state) >> layout->unicode_kind_shift;
	kind = state & STATE_KIND_MASK;
	if (!(state & STATE_COMPACT) || (kind != 1 && kind != 2 && kind != 4))
		return 1;
	length = (size_t)lk_read_i64(str, layout->unicode_length);
	data = lk_at(str, state & STATE_ASCII ? layout->unicode_ascii : layout->unicode_compact);
	for (i = 0; i < length; i++) {
		n = encode(read_unit(data, kind, i), one);
		if (n > max - used)
			break;
		memcpy(out + used, one, n);
		used += n;
	}
	return used;
}
