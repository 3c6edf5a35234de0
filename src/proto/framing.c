#include "config.h"

#include "proto/framing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "leaktop/wire.h"

static const size_t first_capacity_bytes = 16u << 10;

long
lk_framing_room(struct lk_framing *f, char **out)
{
	if (f->consumed > 0) {
		memmove(f->bytes, f->bytes + f->consumed, f->used - f->consumed);
		f->used -= f->consumed;
		f->scanned -= f->consumed;
		f->consumed = 0;
	}
	if (f->used == f->capacity) {
		size_t capacity = f->capacity == 0 ? first_capacity_bytes : 2 * f->capacity;
		char *bytes;

		if (f->used >= LK_WIRE_LINE_MAX)
			return -EMSGSIZE;
		if (capacity > LK_WIRE_LINE_MAX)
			capacity = LK_WIRE_LINE_MAX;
		bytes = realloc(f->bytes, capacity);
		if (bytes == NULL)
			return -ENOMEM;
		f->bytes = bytes;
		f->capacity = capacity;
	}
	*out = f->bytes + f->used;
	return (long)(f->capacity - f->used);
}

void
lk_framing_wrote(struct lk_framing *f, size_t count)
{
	f->used += count;
}

int
lk_framing_next(struct lk_framing *f, const char **line, size_t *length)
{
	const char *end;

	if (f->used == f->scanned)
		return 0;
	end = memchr(f->bytes + f->scanned, '\n', f->used - f->scanned);
	if (end == NULL) {
		f->scanned = f->used;
		return 0;
	}
	*line = f->bytes + f->consumed;
	*length = (size_t)(end - *line);
	f->consumed += *length + 1;
	f->scanned = f->consumed;
	return 1;
}

void
lk_framing_reset(struct lk_framing *f)
{
	free(f->bytes);
	memset(f, 0, sizeof(*f));
}
