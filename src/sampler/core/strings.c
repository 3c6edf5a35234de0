#include "config.h"

#include "sampler/core/strings.h"

#include <errno.h>
#include <string.h>

#include "sampler/core/pages.h"

int
lk_strings_init(struct lk_strings *s, struct lk_pages *pages, uint32_t capacity, uint32_t bytes)
{
	memset(s, 0, sizeof(*s));
	s->bytes = lk_pages_take(pages, bytes, 1);
	s->offset = lk_pages_take(pages, capacity, sizeof(*s->offset));
	s->index = lk_pages_take(pages, (size_t)capacity * 2, sizeof(*s->index));
	if (s->bytes == NULL || s->offset == NULL || s->index == NULL)
		return -ENOMEM;
	s->bytes_capacity = bytes;
	s->capacity = capacity;
	s->index_mask = capacity * 2 - 1;
	lk_strings_add(s, "", 0);
	return 0;
}

/* FNV-1a: names are short and only hashed when a frame is seen for the first time. */
static uint32_t
hash_of(const char *text, size_t length)
{
	uint32_t h = 2166136261u;
	size_t i;

	for (i = 0; i < length; i++)
		h = (h ^ (unsigned char)text[i]) * 16777619u;
	return h;
}

const char *
lk_strings_get(const struct lk_strings *s, uint32_t id, size_t *length_out)
{
	const char *record = s->bytes + s->offset[id];
	uint16_t length;

	memcpy(&length, record, sizeof(length));
	*length_out = length;
	return record + sizeof(length);
}

static uint32_t
append(struct lk_strings *s, const char *text, size_t length)
{
	uint16_t length16 = (uint16_t)length;
	char *record = s->bytes + s->bytes_used;

	if (s->count == s->capacity ||
	    length + sizeof(length16) > s->bytes_capacity - s->bytes_used) {
		s->rejected_count++;
		return LK_STRINGS_NONE;
	}
	memcpy(record, &length16, sizeof(length16));
	memcpy(record + sizeof(length16), text, length);
	s->offset[s->count] = s->bytes_used;
	s->bytes_used += (uint32_t)(length + sizeof(length16));
	return s->count++;
}

uint32_t
lk_strings_add(struct lk_strings *s, const char *text, size_t length)
{
	uint32_t i, id;
	const char *known;
	size_t known_length;

	if (length > LK_STRINGS_LENGTH_MAX)
		length = LK_STRINGS_LENGTH_MAX;
	for (i = hash_of(text, length) & s->index_mask; s->index[i] != 0;
	    i = (i + 1) & s->index_mask) {
		id = s->index[i] - 1;
		known = lk_strings_get(s, id, &known_length);
		if (known_length == length && memcmp(known, text, length) == 0)
			return id;
	}
	id = append(s, text, length);
	if (id != LK_STRINGS_NONE || s->count == 1)
		s->index[i] = id + 1;
	return id;
}
