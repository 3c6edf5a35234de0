#include "config.h"

#include "export/protobuf.h"

#include <stdlib.h>
#include <string.h>

#define VARINT_MAX 10
#define ROOM_MIN 256

enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

static bool
reserve(struct lk_protobuf *p, size_t more)
{
	size_t room = p->room > 0 ? p->room : ROOM_MIN;
	uint8_t *bytes;

	while (room - p->length < more && room <= SIZE_MAX / 2)
		room *= 2;
	if (room == p->room)
		return true;
	bytes = room - p->length < more ? NULL : realloc(p->bytes, room);
	if (bytes == NULL) {
		p->failed = true;
		return false;
	}
	p->bytes = bytes;
	p->room = room;
	return true;
}

void
lk_protobuf_varint(struct lk_protobuf *p, uint64_t value)
{
	if (!reserve(p, VARINT_MAX))
		return;
	for (; value > 0x7f; value >>= 7)
		p->bytes[p->length++] = (uint8_t)(value | 0x80);
	p->bytes[p->length++] = (uint8_t)value;
}

void
lk_protobuf_number(struct lk_protobuf *p, unsigned int number, uint64_t value)
{
	if (value == 0)
		return;
	lk_protobuf_varint(p, number << 3 | WIRE_VARINT);
	lk_protobuf_varint(p, value);
}

void
lk_protobuf_bytes(struct lk_protobuf *p, unsigned int number, const void *bytes, size_t length)
{
	lk_protobuf_varint(p, number << 3 | WIRE_BYTES);
	lk_protobuf_varint(p, length);
	if (length > 0 && reserve(p, length)) {
		memcpy(p->bytes + p->length, bytes, length);
		p->length += length;
	}
}

void
lk_protobuf_message(struct lk_protobuf *p, unsigned int number, struct lk_protobuf *message)
{
	lk_protobuf_bytes(p, number, message->bytes, message->length);
	p->failed |= message->failed;
	message->length = 0;
}

void
lk_protobuf_free(struct lk_protobuf *p)
{
	free(p->bytes);
	memset(p, 0, sizeof(*p));
}
