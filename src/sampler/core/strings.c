#include "config.h"

#include "sampler/core/strings.h"

#include <errno.h>
#include <string.h>

#include "sampler/core/pages.h"
#include "sampler/core/probing.h"

#define NO_ID		UINT32_MAX
#define HOLDERS_MAX	UINT16_MAX

int
lk_strings_init(struct lk_strings *s, struct lk_pages *pages, uint32_t capacity, uint32_t bytes)
{
	memset(s, 0, sizeof(*s));
	s->bytes = lk_pages_take(pages, bytes, 1);
	s->offset = lk_pages_take(pages, capacity, sizeof(*s->offset));
	s->holders = lk_pages_take(pages, capacity, sizeof(*s->holders));
	s->serial = lk_pages_take(pages, capacity, sizeof(*s->serial));
	s->index = lk_pages_take(pages, (size_t)capacity * 2, sizeof(*s->index));
	if (s->bytes == NULL || s->offset == NULL || s->index == NULL || s->holders == NULL ||
	    s->serial == NULL)
		return -ENOMEM;
	s->bytes_capacity = bytes;
	s->capacity = capacity;
	s->index_mask = capacity * 2 - 1;
	s->free_head = NO_ID;
	lk_strings_add(s, "", 0);
	s->holders[LK_STRINGS_NONE] = HOLDERS_MAX;
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

static void
read_head(const char *record, uint32_t *length_out, uint32_t *id_out)
{
	uint16_t length;

	memcpy(&length, record, sizeof(length));
	memcpy(id_out, record + sizeof(length), sizeof(*id_out));
	*length_out = length;
}

const char *
lk_strings_get(const struct lk_strings *s, uint32_t id, size_t *length_out)
{
	const char *record = s->bytes + s->offset[id];
	uint32_t length, owner;

	read_head(record, &length, &owner);
	*length_out = length;
	return record + LK_STRINGS_HEAD;
}

static uint32_t
new_id(struct lk_strings *s)
{
	uint32_t id = s->free_head;

	if (id == NO_ID)
		return s->count++;
	s->free_head = s->offset[id];
	return id;
}

static uint32_t
append(struct lk_strings *s, const char *text, size_t length)
{
	uint16_t length16 = (uint16_t)length;
	char *record = s->bytes + s->bytes_used;
	uint32_t id;

	if (s->used == s->capacity || s->last_serial == UINT32_MAX ||
	    length + LK_STRINGS_HEAD > s->bytes_capacity - s->bytes_used) {
		s->rejected_count++;
		return LK_STRINGS_NONE;
	}
	id = new_id(s);
	memcpy(record, &length16, sizeof(length16));
	memcpy(record + sizeof(length16), &id, sizeof(id));
	memcpy(record + LK_STRINGS_HEAD, text, length);
	s->offset[id] = s->bytes_used;
	s->holders[id] = 0;
	s->bytes_used += (uint32_t)(length + LK_STRINGS_HEAD);
	s->used++;
	/* publish last: the server takes no lock to read what it finds below a serial */
	atomic_store_explicit(&s->serial[id], ++s->last_serial, memory_order_release);
	return id;
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
	if (id != LK_STRINGS_NONE || s->last_serial == 1)
		s->index[i] = id + 1;
	return id;
}

void
lk_strings_hold(struct lk_strings *s, uint32_t id)
{
	if (s->holders[id] != HOLDERS_MAX)
		s->holders[id]++;
}

void
lk_strings_drop(struct lk_strings *s, uint32_t id)
{
	if (s->holders[id] != HOLDERS_MAX)
		s->holders[id]--;
}

static uint32_t
home_of(const void *table, uint32_t id)
{
	size_t length;
	const char *text = lk_strings_get(table, id, &length);

	return hash_of(text, length);
}

uint32_t
lk_strings_sweep(struct lk_strings *s, uint32_t from, uint32_t max)
{
	size_t length;

	for (; from < s->count && max > 0; from++, max--) {
		if (s->holders[from] != 0 ||
		    atomic_load_explicit(&s->serial[from], memory_order_relaxed) == 0)
			continue;
		lk_probing_remove(s->index, s->index_mask, from, home_of, s);
		lk_strings_get(s, from, &length);
		s->bytes_dead += (uint32_t)(length + LK_STRINGS_HEAD);
		atomic_store_explicit(&s->serial[from], 0, memory_order_relaxed);
		s->offset[from] = s->free_head;
		s->free_head = from;
		s->used--;
	}
	return from;
}

/* The record at POSITION is alive when its id still leads to it. */
static bool
is_alive(const struct lk_strings *s, uint32_t id, uint32_t position)
{
	return atomic_load_explicit(&s->serial[id], memory_order_relaxed) != 0 &&
	    s->offset[id] == position;
}

bool
lk_strings_slide(struct lk_strings *s, uint32_t max)
{
	uint32_t end = s->slide_from + max, length, id;

	while (s->slide_from < s->bytes_used && s->slide_from < end) {
		read_head(s->bytes + s->slide_from, &length, &id);
		length += LK_STRINGS_HEAD;
		if (is_alive(s, id, s->slide_from)) {
			memmove(s->bytes + s->slide_to, s->bytes + s->slide_from, length);
			s->offset[id] = s->slide_to;
			s->slide_to += length;
		} else {
			s->bytes_dead -= length;
		}
		s->slide_from += length;
	}
	if (s->slide_from < s->bytes_used)
		return true;
	s->bytes_used = s->slide_to;
	s->slide_from = s->slide_to = 0;
	return false;
}
